// Random concurrent histories at every mix of isolation levels, judged by Adya's phenomena: what a level must prevent never
// occurs, and what it does not promise to prevent does. And the checker itself, on histories made by hand.

#include <string>
#include <vector>

#include "env/mem_env.h"
#include "test/adya_checker.h"
#include "test/harness.h"
#include "test/random_options.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"
#include "test/tables.h"

namespace sochdb::adya_test {
namespace {

using test::AdyaChecker;
using test::AdyaItem;
using test::AdyaOp;
using test::AdyaTransaction;
using test::Phenomenon;

constexpr TreeId kTree = TreeId::kKeys;
constexpr IsolationLevel kLevels[] = {IsolationLevel::kSerializable, IsolationLevel::kSnapshot, IsolationLevel::kReadCommitted};

class AdyaHistory {
 public:
  // levels: each transaction takes one of them.
  AdyaHistory(Env* env, Engine* engine, std::vector<IsolationLevel> levels)
      : env_(env), engine_(engine), levels_(std::move(levels)), checker_(env) {}

  void Run(uint64_t seed, int threads, int transactions) {
    std::vector<std::unique_ptr<Thread>> running;
    for (int t = 0; t < threads; ++t) {
      running.push_back(env_->StartThread("history", [this, seed, t, transactions] {
        SimRandom random(seed * 100 + static_cast<uint64_t>(t));
        for (int i = 0; i < transactions; ++i) One(&random, "t" + std::to_string(t) + "." + std::to_string(i));
      }));
    }
    for (auto& thread : running) thread->Join();
    checker_.Check();
  }
  [[nodiscard]] const AdyaChecker& checker() const { return checker_; }

 private:
  static std::string Key(SimRandom* random) { return std::string(1, static_cast<char>('a' + random->Below(6))); }

  void One(SimRandom* random, const std::string& name) {
    if (random->OneIn(20)) EXPECT_OK(test::FlushTables(engine_));
    AdyaTransaction record;
    record.name = name;
    record.level = levels_[random->Below(levels_.size())];
    TransactionOptions options;
    options.isolation = record.level;
    Result<std::unique_ptr<Transaction>> begun = engine_->Begin(options);
    EXPECT_OK(begun.status());
    Transaction* const txn = begun.value().get();
    const uint64_t ops = 2 + random->Below(4);
    for (uint64_t i = 0; i < ops; ++i) Step(txn, random, name + "#" + std::to_string(i), &record);
    if (random->OneIn(10)) {
      txn->Abort();
    } else {
      const Result<Timestamp> committed = txn->Commit();
      EXPECT(committed.ok() || committed.status().code() == Code::kConflict);
      record.committed = committed.ok();
      if (committed.ok()) record.commit_ts = committed.value();
    }
    checker_.Add(std::move(record));
  }

  static void Step(Transaction* txn, SimRandom* random, const std::string& value, AdyaTransaction* record) {
    AdyaOp op;
    op.item.key = Key(random);
    switch (random->Below(8)) {
      case 0:
      case 1:
      case 2: {
        op.kind = AdyaOp::Kind::kRead;
        const std::string found = test::GetOr(txn, op.item.key, kTree);
        if (found != "-") op.item.value = found;
        break;
      }
      case 3:
      case 4:
        Scan(txn, random, &op);
        break;
      case 5:
        op.kind = AdyaOp::Kind::kWrite;
        EXPECT_OK(txn->Delete(kTree, op.item.key));
        break;
      default:
        op.kind = AdyaOp::Kind::kWrite;
        op.item.value = value;
        EXPECT_OK(txn->Put(kTree, op.item.key, value));
    }
    op.read_ts = txn->read_ts();
    record->ops.push_back(std::move(op));
  }

  static void Scan(Transaction* txn, SimRandom* random, AdyaOp* op) {
    op->kind = AdyaOp::Kind::kScan;
    op->lo = op->item.key;
    op->hi = random->OneIn(2) ? "" : Key(random);
    if (!op->hi.empty() && op->hi < op->lo) std::swap(op->lo, op->hi);
    const size_t limit = random->OneIn(3) ? random->Below(3) : SIZE_MAX;
    Result<std::unique_ptr<Cursor>> cursor = txn->NewCursor(kTree, op->lo, op->hi, {});
    EXPECT_OK(cursor.status());
    for (size_t i = 0;; ++i) {
      bool found = false;
      if (i < limit) EXPECT_OK(cursor.value()->Next(&found));
      if (i == limit) op->hi = op->found.empty() ? op->lo + '\0' : op->found.back().key + '\0';
      if (!found) break;
      op->found.push_back({std::string(cursor.value()->key()), std::string(cursor.value()->value())});
    }
    if (limit == 0) op->hi = op->lo;  // nothing was asked
    if (op->hi == op->lo) op->kind = AdyaOp::Kind::kRead, op->item = {"never written", ""};
  }

  Env* const env_;
  Engine* const engine_;
  const std::vector<IsolationLevel> levels_;
  AdyaChecker checker_;
};

void ExpectNone(const AdyaChecker& checker, Phenomenon phenomenon) {
  if (checker.count(phenomenon) == 0) return;
  test::Fail(__FILE__, __LINE__, std::string(NameOf(phenomenon)) + ": " + checker.example(phenomenon));
}

// What no level allows, and what each allows nobody to do to it, whatever the others run at.
void ExpectAllowed(const AdyaChecker& checker) {
  for (const Phenomenon phenomenon :
       {Phenomenon::kG0, Phenomenon::kG1a, Phenomenon::kG1b, Phenomenon::kG1c, Phenomenon::kMixed, Phenomenon::kWrongRead}) {
    ExpectNone(checker, phenomenon);
  }
  if (checker.single_of(IsolationLevel::kSerializable) + checker.single_of(IsolationLevel::kSnapshot) != 0) {
    test::Fail(__FILE__, __LINE__, "G-single above read committed: " + checker.example(Phenomenon::kGSingle));
  }
}

struct Totals {
  int single = 0;
  int item = 0;
  int predicate = 0;
};

// Histories of one set of levels in the simulated world; the phenomena that none forbids are counted.
Totals RunSimulated(const std::vector<IsolationLevel>& levels, int seeds) {
  Totals totals;
  for (int i = 0; i < seeds; ++i) {
    const uint64_t seed = test::Seed() * 1000 + static_cast<uint64_t>(i);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    SimRandom random(seed);
    auto engine = test::OpenAt(&env, "/db", test::RandomOptions(&random));
    AdyaHistory history(&env, engine.get(), levels);
    history.Run(seed, 4, 20);
    ExpectAllowed(history.checker());
    totals.single += history.checker().count(Phenomenon::kGSingle);
    totals.item += history.checker().count(Phenomenon::kG2Item);
    totals.predicate += history.checker().count(Phenomenon::kG2);
    EXPECT_OK(engine->Close());
  }
  return totals;
}

TEST("random histories that are all serializable have no cycle") {
  const Totals totals = RunSimulated({IsolationLevel::kSerializable}, test::SeedCount());
  EXPECT_EQ(totals.single + totals.item + totals.predicate, 0);
}

TEST("random histories under snapshot isolation have write skew, of items and of predicates, and nothing worse") {
  const Totals totals = RunSimulated({IsolationLevel::kSnapshot}, test::SeedCount());
  EXPECT_EQ(totals.single, 0);
  EXPECT(totals.item > 0);
  EXPECT(totals.predicate > 0);
}

TEST("random histories that are read committed have read skew and lost updates, and nothing dirty") {
  const Totals totals = RunSimulated({IsolationLevel::kReadCommitted}, test::SeedCount());
  EXPECT(totals.single > 0);
  EXPECT(totals.item > 0);
  EXPECT(totals.predicate > 0);
}

TEST("in histories of mixed levels each transaction has what its own level promises") {
  RunSimulated({kLevels[0], kLevels[1], kLevels[2]}, test::SeedCount());
  RunSimulated({kLevels[0], kLevels[2]}, test::SeedCount());
}

TEST("histories of mixed levels on real threads, in every mode, keep every promise") {
  for (const SyncMode mode : {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull}) {
    MemEnv env;
    EngineOptions options;
    options.sync_mode = mode;
    auto engine = test::OpenAt(&env, "/db", options);
    AdyaHistory history(&env, engine.get(), {kLevels[0], kLevels[1], kLevels[2]});
    history.Run(test::Seed(), 4, test::kSanitizer == test::Sanitizer::kNone ? 150 : 60);
    ExpectAllowed(history.checker());
    EXPECT_OK(engine->Close());
  }
}

// --- the checker finds what is wrong

AdyaOp Read(const char* key, const char* value, Timestamp read_ts = 0) {
  AdyaOp op;
  op.item = {key, value};
  op.read_ts = read_ts;
  return op;
}
AdyaOp Write(const char* key, const char* value) {
  AdyaOp op = Read(key, value);
  op.kind = AdyaOp::Kind::kWrite;
  return op;
}
AdyaOp ScanAll(std::vector<AdyaItem> found, Timestamp read_ts) {
  AdyaOp op;
  op.kind = AdyaOp::Kind::kScan;
  op.found = std::move(found);
  op.read_ts = read_ts;
  return op;
}

// The phenomena of a history, by name, in order.
std::string PhenomenaOf(std::vector<AdyaTransaction> history) {
  MemEnv env;
  AdyaChecker checker(&env);
  for (AdyaTransaction& transaction : history) checker.Add(std::move(transaction));
  checker.Check();
  std::string out;
  for (size_t i = 0; i < static_cast<size_t>(Phenomenon::kCount); ++i) {
    if (checker.count(static_cast<Phenomenon>(i)) > 0) out += std::string(NameOf(static_cast<Phenomenon>(i))) + " ";
  }
  return out;
}

AdyaTransaction Made(const char* name, Timestamp at, std::vector<AdyaOp> ops, IsolationLevel level = kLevels[0]) {
  return {name, level, true, at, std::move(ops)};
}

TEST("the checker names each phenomenon, and none in a serial history") {
  const AdyaTransaction first = Made("t0", 1, {Write("x", "x0"), Write("y", "y0")});
  EXPECT_EQ(PhenomenaOf({first, Made("t1", 2, {Read("x", "x0"), Write("x", "x1")}), Made("t2", 3, {Read("x", "x1")})}), "");
  // Two that overwrite each other's writes in different orders: impossible with one timestamp each, so made of two keys.
  EXPECT_EQ(PhenomenaOf({first, Made("t1", 2, {Write("x", "x1"), Read("y", "y2")}),
                         Made("t2", 3, {Write("y", "y2"), Read("x", "x1")})}),
            "G1c mixed cycle ");
  EXPECT_EQ(PhenomenaOf({first, {"t1", kLevels[0], false, 0, {Write("x", "x1")}}, Made("t2", 3, {Read("x", "x1")})}), "G1a ");
  EXPECT_EQ(PhenomenaOf({first, Made("t1", 2, {Write("x", "x1"), Write("x", "x2")}), Made("t2", 3, {Read("x", "x1")})}),
            "G1b ");
  EXPECT_EQ(PhenomenaOf({first, Made("t2", 3, {Read("x", "x9")})}), "wrong read ");
  EXPECT_EQ(PhenomenaOf({first, Made("t2", 3, {Read("x", "", 2)})}), "wrong read ");
  // Read skew.
  EXPECT_EQ(PhenomenaOf({first, Made("t1", 2, {Write("x", "x1"), Write("y", "y1")}),
                         Made("t2", 3, {Read("x", "x0"), Read("y", "y1"), Write("z", "z2")}, kLevels[2])}),
            "G-single G2-item ");
  // A lost update.
  EXPECT_EQ(PhenomenaOf({first, Made("t1", 2, {Read("x", "x0"), Write("x", "x1")}),
                         Made("t2", 3, {Read("x", "x0"), Write("x", "x2")})}),
            "G-single G2-item mixed cycle ");
  // Write skew, under snapshot and where it is forbidden.
  const auto skew = [&](IsolationLevel level) {
    return PhenomenaOf({first, Made("t1", 2, {Read("x", "x0"), Read("y", "y0"), Write("x", "x1")}, level),
                        Made("t2", 3, {Read("x", "x0"), Read("y", "y0"), Write("y", "y2")}, level)});
  };
  EXPECT_EQ(skew(kLevels[1]), "G2-item ");
  EXPECT_EQ(skew(kLevels[0]), "G2-item mixed cycle ");
  // Two that each insert what the other's scan would have shown.
  EXPECT_EQ(PhenomenaOf({Made("t1", 2, {ScanAll({}, 1), Write("x", "x1")}, kLevels[1]),
                         Made("t2", 3, {ScanAll({}, 1), Write("y", "y2")}, kLevels[1])}),
            "G2 ");
}

TEST("a history is the same however its transactions were recorded") {
  const AdyaTransaction a = Made("a", 1, {Write("x", "x1")});
  const AdyaTransaction b = Made("b", 2, {Read("x", "x1"), Write("x", "")});
  const AdyaTransaction c = Made("c", 3, {Read("x", "", 2), ScanAll({}, 2)});
  EXPECT_EQ(PhenomenaOf({a, b, c}), "");
  EXPECT_EQ(PhenomenaOf({c, b, a}), "");
}

}  // namespace
}  // namespace sochdb::adya_test
