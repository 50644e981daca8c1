// A world for the tests of transactions over tables.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "test/store_fixture.h"
#include "test/tree_fixture.h"
#include "txn/transaction_impl.h"

namespace sochdb::test {

// A store without an engine: the test itself decides when a memtable rotates, is flushed, and when tables are compacted.
class TablesWorld : public RotationHook {
 public:
  explicit TablesWorld(SyncMode mode = SyncMode::kOff)
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
  ~TablesWorld() override { pipeline_.Finish(); }

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
  Timestamp Put(std::string_view key, std::string_view value, TreeId tree = TreeId::kKeys) {
    return pipeline_.CommitOne({tree, ValueKind::kValue, kNeverExpires, key, value}, 1000).value();
  }
  void Delete(std::string_view key) {
    (void)pipeline_.CommitOne({TreeId::kKeys, ValueKind::kDelete, kNeverExpires, key, {}}, 1000);
  }
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
      while (FlushOldest(&tree, &tables_, 50, Rule(), forget)) {
      }
    });
    CollectRetired();
  }
  void RotateAndFlush() {
    Rotate();
    Flush();
  }
  void Compact() {
    trees_.ForEach([this](Tree& tree) { CompactAll(&tree, &tables_, Rule(), 50); });
    CollectRetired();
  }
  [[nodiscard]] int full() const { return full_; }
  CommitPipeline* pipeline() { return &pipeline_; }
  TransactionContext* context() { return &context_; }
  Trees* trees() { return &trees_; }
  TableMaker* tables() { return &tables_; }

  MemEnv env;

 private:
  WalReport wal_report_;
  SumOperator sum_;
  TableMaker tables_;
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

}  // namespace sochdb::test
