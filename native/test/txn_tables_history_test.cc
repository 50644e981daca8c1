// Random histories of transactions over trees whose data moves from memtables to tables, replayed in commit order.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/serial_checker.h"
#include "test/tables_world.h"

namespace sochdb::txn_tables_history_test {
namespace {

using test::GetOr;
using test::Random;
using test::ScanAll;

constexpr TreeId kTree = TreeId::kKeys;

// Transactions interleaved at random while memtables rotate, are flushed and tables compacted between any two operations.
class Histories {
 public:
  explicit Histories(uint64_t seed) : random_(seed), checker_(&world_.env) {}

  void Run() {
    for (int step = 0; step < 4000; ++step) {
      if (random_.OneIn(25)) world_.Rotate();
      if (random_.OneIn(40)) world_.Flush();
      if (random_.OneIn(150)) world_.Compact();
      if (open_.size() < 5 && random_.OneIn(4)) Begin();
      else if (!open_.empty()) Act(random_.Below(open_.size()));
    }
    while (!open_.empty()) Finish(0);
    const auto difference = checker_.Check({});
    EXPECT_EQ(difference.value_or(""), "");
    std::string state;
    for (const auto& [key, value] : checker_.state()) state += key + "=" + value + " ";
    EXPECT_EQ(ScanAll(world_.NewSnapshot().get()), state);
    EXPECT(checker_.size() > 80);
  }

 private:
  struct Open {
    std::unique_ptr<Transaction> transaction;
    test::RecordedTransaction record;
  };

  std::string Key() { return "k" + std::to_string(random_.Below(40)); }

  void Begin() {
    Open open;
    const bool snapshot = random_.OneIn(5);
    open.transaction = world_.Begin(snapshot ? IsolationLevel::kSnapshot : IsolationLevel::kSerializable);
    open.record.name = "t" + std::to_string(++names_);
    open.record.at = open.transaction->read_ts();
    open.record.compare = !snapshot;
    open_.push_back(std::move(open));
  }
  void Act(size_t which) {
    Open& open = open_[which];
    test::RecordedOp op;
    op.key = Key();
    switch (random_.Below(8)) {
      case 0:
      case 1:
        op.kind = test::RecordedOp::Kind::kGet;
        op.value = GetOr(open.transaction.get(), op.key);
        break;
      case 2:
        op.kind = test::RecordedOp::Kind::kScan;
        op.hi = random_.OneIn(3) ? "" : op.key + "z";
        op.reverse = random_.OneIn(2);
        op.limit = random_.OneIn(2) ? 3 : SIZE_MAX;
        op.value = ScanAll(open.transaction.get(), op.key, op.hi, {.reverse = op.reverse}, op.limit);
        break;
      case 3:
        op.kind = test::RecordedOp::Kind::kDelete;
        EXPECT_OK(open.transaction->Delete(kTree, op.key));
        open.record.wrote = true;
        break;
      case 4:
        return Finish(which);
      default:
        op.kind = test::RecordedOp::Kind::kPut;
        op.value = open.record.name + "/" + std::to_string(open.record.ops.size());
        EXPECT_OK(open.transaction->Put(kTree, op.key, op.value));
        open.record.wrote = true;
    }
    open.record.ops.push_back(std::move(op));
  }
  void Finish(size_t which) {
    Open open = std::move(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    if (random_.OneIn(10)) return open.transaction->Abort();
    Result<Timestamp> committed = open.transaction->Commit();
    if (!committed.ok()) {
      EXPECT_EQ(static_cast<int>(committed.status().code()), static_cast<int>(Code::kConflict));
      return;
    }
    if (open.record.wrote) open.record.at = *committed;
    checker_.Add(std::move(open.record));
  }

  test::TablesWorld world_;
  Random random_;
  test::SerialChecker checker_;
  std::vector<Open> open_;
  int names_ = 0;
};

TEST("transactions are serial in the order of their commits, whenever memtables rotate, are flushed and tables compacted") {
  for (int seed = 0; seed < test::SeedCount(); ++seed) {
    Histories histories(test::Seed() + static_cast<uint64_t>(seed));
    histories.Run();
  }
}

}  // namespace
}  // namespace sochdb::txn_tables_history_test
