// EngineImpl: one open store: holds its parts and the order in which they are made and taken down.
//
// Thread safety: any thread.
// Ownership: snapshots, transactions and cursors point into the engine; they may outlive Close, not the engine.

#pragma once

#include <memory>
#include <string>

#include "base/hlc.h"
#include "engine/background.h"
#include "engine/catalog_dead_containers.h"
#include "engine/compactor.h"
#include "engine/engine.h"
#include "engine/flusher.h"
#include "engine/history.h"
#include "engine/level_installer.h"
#include "engine/log_flusher.h"
#include "engine/recovery.h"
#include "engine/store_format.h"
#include "engine/write_throttle.h"
#include "env/sync.h"
#include "txn/commit_pipeline.h"
#include "txn/snapshot_list.h"
#include "txn/transaction_context.h"
#include "txn/trees.h"
#include "txn/version_reader.h"
#include "wal/blob_store.h"

namespace sochdb {

// What opening a store has put together.
struct EngineParts {
  Env* env = nullptr;
  std::string path;
  EngineOptions options;
  std::unique_ptr<FileLock> lock;
  StoreFormat format;
  std::unique_ptr<Hlc> hlc;
  std::unique_ptr<LsmStore> store;  // outlives what holds its tables
  std::unique_ptr<Trees> trees;
  std::unique_ptr<LevelInstaller> installer;
  std::unique_ptr<BlobStore> blobs;
  Recovered recovered;
  RecoveryReport report;
};

class EngineImpl final : public Engine {
 public:
  explicit EngineImpl(EngineParts parts);
  ~EngineImpl() override;
  EngineImpl(const EngineImpl&) = delete;
  EngineImpl& operator=(const EngineImpl&) = delete;

  Result<std::unique_ptr<Transaction>> Begin(const TransactionOptions& options) override;
  Result<std::unique_ptr<Snapshot>> NewSnapshot() override;
  Result<std::unique_ptr<Snapshot>> NewSnapshotAt(Timestamp ts) override;

  Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) override;
  Result<Timestamp> Put(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) override {
    return PutAs(tree, key, value, expiry_ms, true);
  }
  Result<Timestamp> Delete(TreeId tree, std::string_view key) override { return DeleteAs(tree, key, true); }
  Result<Timestamp> PutUnpublished(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) override {
    return PutAs(tree, key, value, expiry_ms, false);
  }
  Result<Timestamp> DeleteUnpublished(TreeId tree, std::string_view key) override { return DeleteAs(tree, key, false); }
  Status AwaitPublished(Timestamp ts) override { return pipeline_.AwaitPublished(ts); }

  Timestamp LastWrite(TreeId tree) const override { return pipeline_.LastWrite(tree); }
  Timestamp visible_ts() const override { return pipeline_.visible_ts(); }

  Timestamp AddListener(CommitListener* listener) override { return pipeline_.AddListener(listener); }
  void RemoveListener(CommitListener* listener) override { pipeline_.RemoveListener(listener); }
  void SetMergeOperator(TreeId tree, const MergeOperator* op) override { reader_.SetMergeOperator(tree, op); }
  void SetDeadContainers(const DeadContainers* dead) override { history_.SetDeadContainers(dead); }

  Status Sync() override;
  Status Flush(const CancelToken* cancel) override;
  Status Compact(const CancelToken* cancel, const ProgressFn& progress) override;
  Status CompactLevel(int level, const CancelToken* cancel) override;
  Result<CheckpointInfo> Checkpoint(const CancelToken* cancel) override;
  Result<BackupReport> Backup(const std::string& to, const CancelToken* cancel, const ProgressFn& progress) override;
  Result<VerifyReport> Verify(const CancelToken* cancel, const ProgressFn& progress) override;
  Result<WalReport> VerifyWal(const CancelToken* cancel, const ProgressFn& progress) override;
  Result<TruncateInfo> TruncateWal(Lsn upto) override;
  Result<SizeEstimate> ApproximateSize(TreeId tree, std::string_view lo, std::string_view hi) override;
  Status SetIndexPolicy(TreeId tree, IndexPolicy policy) override;
  Result<IndexPolicy> GetIndexPolicy(TreeId tree) const override;

  EngineStats stats() const override;
  const RecoveryReport& recovery_report() const override { return parts_.report; }
  const EngineOptions& options() const override { return parts_.options; }
  Env* env() const override { return parts_.env; }
  const std::string& path() const override { return parts_.path; }
  Status Close() override;

 private:
  Result<Timestamp> PutAs(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms, bool await_published);
  Result<Timestamp> DeleteAs(TreeId tree, std::string_view key, bool await_published);
  Result<Timestamp> WriteOne(const CommittedWrite& write, bool await_published);
  Result<Timestamp> PutBlob(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms,
                            bool await_published);
  // OK unless the store is closed or may not be changed.
  Status CheckWritable();
  void StartWork();
  void RunInline();
  void OnRotated();
  void OnTablesChanged();
  void TellMemory();
  void TellPressure();
  void Tick();
  void CheckDirectory();
  void ReapFiles();
  KeepRule::Fold FoldOf(TreeId tree) const;
  Status RecordCheckpoint(Lsn lsn);
  Status CloseTables();
  Status CloseLog();

  EngineParts parts_;
  Trees* const trees_;
  Hlc* const hlc_;
  Wal* const wal_;
  LsmStore* const store_;
  const uint64_t opened_micros_;
  Latencies latencies_;
  SnapshotList snapshots_;
  VersionReader reader_;
  CommitPipeline pipeline_;
  mutable TransactionStats stats_;
  TransactionContext context_;
  CatalogDeadContainers catalog_dead_;
  History history_;
  Flusher flusher_;
  Compactor compactor_;
  WriteThrottle throttle_;
  Mutex memory_told_mutex_;    // held while memory is measured and told; behind the commit mutex
  Mutex pressure_told_mutex_;  // the same of tables; before the store's locks
  std::unique_ptr<LogFlusher> log_flusher_;
  std::unique_ptr<Background> background_;
  Mutex backup_mutex_;  // held by Backup, Checkpoint and Verify: one at a time
  std::atomic<Lsn> checkpoint_lsn_{0};
  std::atomic<uint64_t> checkpoint_at_ms_{0};
  Mutex close_mutex_;  // held by Close
};

}  // namespace sochdb
