// Transactions over trees whose data moves from memtables to tables under them: what they promise stays the same.

#include <memory>
#include <string>
#include <vector>

#include "test/tables_world.h"

namespace sochdb::txn_tables_test {
namespace {

using test::GetOr;
using test::ScanAll;

constexpr TreeId kTree = TreeId::kKeys;

using World = test::TablesWorld;

bool Conflicts(Transaction* transaction) { return transaction->Commit().status().code() == Code::kConflict; }

// --- reading

TEST("a snapshot reads the same before and after its data went to tables and was compacted") {
  World world;
  world.Put("a", "old");
  world.Put("b", "old");
  world.Delete("b");
  const auto before = world.NewSnapshot();
  world.Put("a", "new");
  world.Put("b", "new");
  const auto touched = world.NewSnapshot();
  EXPECT_EQ(GetOr(touched.get(), "a"), "new");
  for (int i = 0; i < 3; ++i) {
    world.RotateAndFlush();
    if (i == 1) world.Compact();
    EXPECT_EQ(GetOr(before.get(), "a"), "old");
    EXPECT_EQ(GetOr(before.get(), "b"), "-");
    EXPECT_EQ(ScanAll(before.get()), "a=old ");
    EXPECT_EQ(ScanAll(touched.get()), "a=new b=new ");
    world.Put("a", "newer");
  }
  EXPECT_EQ(ScanAll(world.NewSnapshot().get()), "a=newer b=new ");
}

TEST("a cursor goes on over what it saw when it opened, while memtables become tables under it") {
  World world;
  for (int i = 0; i < 300; ++i) world.Put("key" + std::to_string(1000 + i), "v" + std::to_string(i));
  const auto transaction = world.Begin();
  auto cursor = std::move(transaction->NewCursor(kTree, "", "", {})).value();
  bool found = false;
  for (int i = 0; i < 300; ++i) {
    if (i % 50 == 10) {
      world.Put("key" + std::to_string(1000 + i) + "x", "new");
      world.RotateAndFlush();
    }
    if (i == 150) world.Compact();
    EXPECT_OK(cursor->Next(&found));
    EXPECT(found && cursor->key() == "key" + std::to_string(1000 + i) && cursor->value() == "v" + std::to_string(i));
  }
  EXPECT_OK(cursor->Next(&found));
  EXPECT(!found);
}

TEST("own writes are merged with rows from tables, both ways, and through a rollback") {
  World world;
  for (int i = 0; i < 20; ++i) world.Put("k" + std::to_string(100 + i), "old");
  world.RotateAndFlush();
  const auto transaction = world.Begin();
  EXPECT_OK(transaction->Put(kTree, "k105", "mine"));
  EXPECT_OK(transaction->Delete(kTree, "k106"));
  const SavepointId savepoint = transaction->SetSavepoint();
  EXPECT_OK(transaction->Put(kTree, "k107x", "gone"));
  auto cursor = std::move(transaction->NewCursor(kTree, "k104", "k109", {})).value();
  bool found = false;
  std::string seen;
  for (int i = 0;; ++i) {
    if (i == 3) EXPECT_OK(transaction->RollbackTo(savepoint));
    EXPECT_OK(cursor->Next(&found));
    if (!found) break;
    seen += std::string(cursor->key()) + "=" + std::string(cursor->value()) + " ";
  }
  EXPECT_EQ(seen, "k104=old k105=mine k107=old k108=old ");
  EXPECT_EQ(ScanAll(transaction.get(), "k104", "k108", {.reverse = true}), "k107=old k105=mine k104=old ");
}

TEST("operands in memtables and tables are combined, each once") {
  World world;
  const auto add = [&](const char* operand) {
    const auto transaction = world.Begin();
    EXPECT_OK(transaction->Merge(TreeId::kPostings, "n", operand));
    EXPECT_OK(transaction->Commit().status());
  };
  world.Put("n", "100", TreeId::kPostings);
  long long sum = 100;
  for (int i = 1; i <= 12; ++i) {
    add(std::to_string(i).c_str());
    sum += i;
    if (i % 3 == 0) world.RotateAndFlush();
    if (i == 7) world.Compact();
    EXPECT_EQ(GetOr(world.NewSnapshot().get(), "n", TreeId::kPostings), std::to_string(sum));
    EXPECT_EQ(ScanAll(world.NewSnapshot().get(), "", "", {}, 9, TreeId::kPostings), "n=" + std::to_string(sum) + " ");
  }
  const auto own = world.Begin();
  EXPECT_OK(own->Merge(TreeId::kPostings, "n", "1000"));
  EXPECT_EQ(GetOr(own.get(), "n", TreeId::kPostings), std::to_string(sum + 1000));
}

TEST("a sequence goes on from where a table says it stands") {
  World world;
  const auto next = [&] {
    const auto transaction = world.Begin();
    EXPECT_OK(transaction->PutAssigned(kTree, "event", std::string(8, '\0'), 0, "sequence"));
    EXPECT_OK(transaction->Commit().status());
    return DecodeFixed64(world.Get("event").data());
  };
  EXPECT_EQ(next(), 1u);
  world.RotateAndFlush();
  EXPECT_EQ(next(), 2u);
  world.RotateAndFlush();
  world.Compact();
  EXPECT_EQ(next(), 3u);
}

TEST("damage in a table fails reads, scans and commits that need it, with its place, and nothing else") {
  World world;
  for (int i = 0; i < 400; ++i) world.Put("key" + std::to_string(1000 + i), std::string(60, 'v'));
  world.RotateAndFlush();
  const auto transaction = world.Begin();
  const auto scanning = world.Begin();
  world.tables()->Damage("tables/1.sst", 700);
  const auto damaged = [](const Status& status) { return status.code() == Code::kCorruption; };
  ReadValue value;
  bool found = false;
  int failures = 0;
  for (int i = 0; i < 400; ++i) {
    failures += damaged(transaction->Get(kTree, "key" + std::to_string(1000 + i), &value, &found)) ? 1 : 0;
  }
  EXPECT(failures > 0 && failures < 60);
  auto cursor = std::move(scanning->NewCursor(kTree, "", "", {})).value();
  Status status;
  int rows = 0;
  for (found = true; status.ok() && found; ++rows) status = cursor->Next(&found);
  EXPECT(damaged(status) && rows < 400);
  EXPECT(damaged(cursor->Next(&found)));
  world.Put("other", "fine");
  EXPECT_EQ(world.Get("other"), "fine");
}

// --- snapshots of the past

TEST("a snapshot of the past shows that moment, until its history is gone") {
  World world;
  const Timestamp first = world.Put("a", "one");
  const Timestamp second = world.Put("a", "two");
  auto past = SnapshotImpl::AsOf(world.context(), first);
  EXPECT_OK(past.status());
  EXPECT_EQ(GetOr(past->get(), "a"), "one");
  world.Put("a", "three");
  world.RotateAndFlush();  // the floor is at what is published now
  EXPECT_EQ(GetOr(past->get(), "a"), "one");
  const auto refused = SnapshotImpl::AsOf(world.context(), second);
  EXPECT_EQ(static_cast<int>(refused.status().code()), static_cast<int>(Code::kLimit));
  const auto ahead = SnapshotImpl::AsOf(world.context(), second + HlcFromMillis(100'000'000));
  EXPECT_EQ(static_cast<int>(ahead.status().code()), static_cast<int>(Code::kInvalidArgument));
}

// --- validation

TEST("a conflict is found in a table when the ring has forgotten the commit") {
  for (const bool compacted : {false, true}) {
    World world;
    world.Put("a", "old");
    const auto reader = world.Begin();
    const auto bystander = world.Begin();
    EXPECT_EQ(GetOr(reader.get(), "a"), "old");
    EXPECT_EQ(GetOr(bystander.get(), "z"), "-");
    world.Put("a", "new");
    world.RotateAndFlush();
    if (compacted) world.Compact();
    EXPECT_OK(reader->Put(kTree, "b", "from a"));
    EXPECT_OK(bystander->Put(kTree, "c", "from z"));
    EXPECT(Conflicts(reader.get()));
    EXPECT_OK(bystander->Commit().status());
  }
}

TEST("a phantom in a range that went to a table is a conflict, and a neighbour is none") {
  for (const char* key : {"m", "x"}) {
    World world;
    world.Put("l", "1");
    world.Put("n", "1");
    const auto transaction = world.Begin();
    EXPECT_EQ(ScanAll(transaction.get(), "l", "o"), "l=1 n=1 ");
    EXPECT_OK(transaction->Put(kTree, "count", "2"));
    world.Put(key, "phantom");
    world.RotateAndFlush();
    EXPECT_EQ(Conflicts(transaction.get()), std::string_view(key) == "m");
  }
}

TEST("a delete that went to a table is a conflict for whoever saw the row") {
  World world;
  world.Put("a", "1");
  const auto transaction = world.Begin();
  EXPECT_EQ(GetOr(transaction.get(), "a"), "1");
  EXPECT_OK(transaction->Put(kTree, "b", "a was there"));
  world.Delete("a");
  world.RotateAndFlush();
  world.Compact();
  EXPECT(Conflicts(transaction.get()));
}

TEST("of two that write one key under snapshot isolation the second fails, the first being in a table; merges pass") {
  World world;
  const auto second = world.Begin(IsolationLevel::kSnapshot);
  const auto merging = world.Begin(IsolationLevel::kSnapshot);
  EXPECT_OK(second->Put(kTree, "a", "second"));
  EXPECT_OK(merging->Merge(TreeId::kPostings, "n", "1"));
  const auto other = world.Begin();
  EXPECT_OK(other->Merge(TreeId::kPostings, "n", "2"));
  EXPECT_OK(other->Commit().status());
  world.Put("a", "first");
  world.RotateAndFlush();
  world.Compact();
  EXPECT(Conflicts(second.get()));
  EXPECT_OK(merging->Commit().status());
  EXPECT_EQ(GetOr(world.NewSnapshot().get(), "n", TreeId::kPostings), "3");
}

// --- the hooks

TEST("when the memtables are full the hook is told, and the pipeline goes on with fresh ones") {
  World world;
  const std::string value(10'000, 'v');
  for (int i = 0; i < 400; ++i) world.Put("key" + std::to_string(i), value);
  EXPECT(world.full() >= 3);
  EXPECT(world.trees()->usage().active() < 1 << 20);
  world.Flush();
  EXPECT_EQ(world.trees()->usage().immutable(), 0u);
  for (int i = 0; i < 400; ++i) EXPECT(world.Get("key" + std::to_string(i)) == value);
}

class Counter : public Admission {
 public:
  Status Admit(uint64_t bytes, uint64_t) override {
    asked.push_back(bytes);
    return answer;
  }
  std::vector<uint64_t> asked;
  Status answer;
};

TEST("writes ask for admission when it is needed; whoever holds the writer was asked when it took it") {
  World world;
  Counter admission;
  world.pipeline()->SetAdmission(&admission);
  world.Put("a", "1");
  EXPECT(admission.asked.empty());
  admission.set_needed(true);
  world.Put("a", "2");
  EXPECT_EQ(admission.asked.size(), 1u);
  const auto closure = world.Begin(IsolationLevel::kSerializable, true);
  EXPECT_EQ(admission.asked.size(), 2u);
  EXPECT_OK(closure->Put(kTree, "a", "3"));
  EXPECT_OK(closure->Commit().status());
  EXPECT_EQ(admission.asked.size(), 2u);
  admission.answer = Status(Code::kTimeout, "stalled");
  const auto refused = world.Begin();
  EXPECT_OK(refused->Put(kTree, "a", std::string(5000, 'x')));
  EXPECT_EQ(static_cast<int>(refused->Commit().status().code()), static_cast<int>(Code::kTimeout));
  EXPECT(admission.asked.back() > 5000);
  EXPECT_EQ(world.Get("a"), "3");
}

}  // namespace
}  // namespace sochdb::txn_tables_test
