// Transactions over trees whose data moves from memtables to tables under them: what they promise stays the same.

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "test/serial_checker.h"
#include "test/store_fixture.h"
#include "test/tree_fixture.h"
#include "txn/transaction_impl.h"

namespace sochdb {
namespace {

using test::GetOr;
using test::Random;
using test::ScanAll;

constexpr TreeId kTree = TreeId::kKeys;

// A store without an engine: the test itself decides when a memtable rotates, is flushed, and when tables are compacted.
class World : public RotationHook {
 public:
  explicit World(SyncMode mode = SyncMode::kOff)
      : wal_(Wal::Open(
                 &env, "wal", WalOptions{}, 0, [](const WalEntry&) { return Status(); }, &wal_report_)
                 .value()),
        blobs_(BlobStore::Open(&env, "blobs").value()),
        reader_(blobs_.get()),
        pipeline_(&env, {.sync_mode = mode}, &trees_, &hlc_, wal_.get()),
        context_{&env, &trees_, &hlc_, &snapshots_, &reader_, blobs_.get(), &pipeline_, &stats_, {}} {
    reader_.SetMergeOperator(TreeId::kPostings, &sum_);
    pipeline_.SetRotation(this, 1 << 20);
  }
  ~World() override { pipeline_.Finish(); }

  void OnMemtablesFull(uint64_t bytes) override {
    ++full_;
    EXPECT(bytes >= 1 << 20);
    trees_.ForEach([](Tree& tree) { tree.Rotate(); });
  }

  std::unique_ptr<Transaction> Begin(IsolationLevel isolation = IsolationLevel::kSerializable, bool take_writer = false) {
    auto begun = TransactionImpl::Begin(&context_, {isolation, take_writer, 0});
    EXPECT_OK(begun.status());
    return std::move(begun).value();
  }
  std::unique_ptr<Snapshot> NewSnapshot() { return std::make_unique<SnapshotImpl>(&context_); }
  Timestamp Put(std::string_view key, std::string_view value, TreeId tree = kTree) {
    return pipeline_.CommitOne({tree, ValueKind::kValue, kNeverExpires, key, value}, 1000).value();
  }
  void Delete(std::string_view key) { (void)pipeline_.CommitOne({kTree, ValueKind::kDelete, kNeverExpires, key, {}}, 1000); }
  std::string Get(std::string_view key) { return GetOr(NewSnapshot().get(), key); }

  void Rotate() {
    MutexLock lock(pipeline_.gate()->mutex());
    trees_.ForEach([](Tree& tree) { tree.Rotate(); });
  }
  KeepRule Rule() {
    const ReadPoints points = snapshots_.TakeReadPoints([this] { return pipeline_.visible_ts(); }, kMaxTimestamp);
    KeepRule rule;
    rule.read_points = points.points;
    rule.history_floor = points.history_floor;
    return rule;
  }
  // Everything that waits goes into tables, by the strictest rule; the ring forgets it.
  void Flush() {
    EXPECT_OK(pipeline_.Sync());
    trees_.ForEach([this](Tree& tree) {
      const auto forget = [this](const ImmutableMemtable& flushed) {
        MutexLock lock(pipeline_.gate()->mutex());
        pipeline_.ForgetRing(flushed.newest_ts);
      };
      while (test::FlushOldest(&tree, &tables_, 50, Rule(), forget)) {
      }
    });
    CollectRetired();
  }
  void RotateAndFlush() {
    Rotate();
    Flush();
  }
  void Compact() {
    trees_.ForEach([this](Tree& tree) { test::CompactAll(&tree, &tables_, Rule(), 50); });
    CollectRetired();
  }
  [[nodiscard]] int full() const { return full_; }
  CommitPipeline* pipeline() { return &pipeline_; }
  TransactionContext* context() { return &context_; }
  Trees* trees() { return &trees_; }
  test::TableMaker* tables() { return &tables_; }

  MemEnv env;

 private:
  WalReport wal_report_;
  test::SumOperator sum_;
  test::TableMaker tables_;
  Hlc hlc_{&env};
  Trees trees_{&env, 5};
  std::unique_ptr<Wal> wal_;
  std::unique_ptr<BlobStore> blobs_;
  SnapshotList snapshots_{&env};
  VersionReader reader_;
  CommitPipeline pipeline_;
  TransactionStats stats_;
  TransactionContext context_;
  int full_ = 0;
};

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

// --- everything together

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

  World world_;
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
}  // namespace sochdb
