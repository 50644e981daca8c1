// Engine: one open store. Owns the log, the tables, the trees, the clock and the commit pipeline.
//
// What is written goes to the log and into memory; threads of the engine write it into tables when memory is full, and keep the
// tables few. A call that takes long (flush, compact, checkpoint, backup, verify) works on the thread that makes it, takes a
// CancelToken (may be null), and leaves the store as it was when it is cancelled or fails.
//
// Thread safety: any thread. One Engine per store and process; threads share it (binding/registry).

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/cancel_token.h"
#include "base/epoch.h"
#include "base/status.h"
#include "base/types.h"
#include "engine/backup.h"
#include "engine/dead_containers.h"
#include "engine/options.h"
#include "engine/stats.h"
#include "engine/verify.h"
#include "env/env.h"
#include "txn/commit_listener.h"
#include "txn/merge_operator.h"
#include "txn/transaction.h"
#include "wal/wal.h"

namespace sochdb {

struct CheckpointInfo {
  Lsn lsn = 0;       // the log below is not needed any more
  Timestamp ts = 0;  // the newest commit that it covers
  uint64_t micros = 0;
};
struct TruncateInfo {
  Lsn upto_lsn = 0;  // the log begins here now: at or below what was asked for, since files go as a whole
  uint64_t bytes_freed = 0;
};
struct SizeEstimate {
  uint64_t bytes = 0;
  uint64_t entries = 0;
};

class Engine {
 public:
  // Locks the store, reads its FORMAT file (or creates one), opens its tables, replays the log. kLocked names the pid that
  // holds it. Merge operators must be the ones the store was written with.
  static Result<std::unique_ptr<Engine>> Open(Env* env, const std::string& path, const EngineOptions& options);
  virtual ~Engine() = default;

  // kTimeout when the writer is not to be had in time (take_writer only).
  virtual Result<std::unique_ptr<Transaction>> Begin(const TransactionOptions& options) = 0;
  virtual Result<std::unique_ptr<Snapshot>> NewSnapshot() = 0;
  // What could be seen at that moment (kLimit when it is further back than retention); what is later than the newest commit
  // sees that one.
  virtual Result<std::unique_ptr<Snapshot>> NewSnapshotAt(Timestamp ts) = 0;

  // The hot paths: one key, autocommitted. Get REQUIRES an EpochGuard (base/epoch.h), held for as long as out->data is used.
  virtual Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) = 0;
  virtual Result<Timestamp> Put(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) = 0;
  virtual Result<Timestamp> Delete(TreeId tree, std::string_view key) = 0;
  // As Put and Delete, but may return before the write is durable and visible: it has succeeded once AwaitPublished says so.
  virtual Result<Timestamp> PutUnpublished(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) = 0;
  virtual Result<Timestamp> DeleteUnpublished(TreeId tree, std::string_view key) = 0;
  // Waits until the commit with this timestamp is durable as SyncMode promises, and visible. Everyone who waits shares one
  // sync. Otherwise why the commit never will be: it is as if it had failed.
  virtual Status AwaitPublished(Timestamp ts) = 0;

  // The commit timestamp of the newest published write to a tree: how caches of the catalog know they are current.
  virtual Timestamp LastWrite(TreeId tree) const = 0;
  virtual Timestamp visible_ts() const = 0;

  // Adds a listener between two commits; returns the timestamp from which on (exclusive) it sees every commit. Removing waits
  // for a running call.
  virtual Timestamp AddListener(CommitListener* listener) = 0;
  virtual void RemoveListener(CommitListener* listener) = 0;
  virtual void SetMergeOperator(TreeId tree, const MergeOperator* op) = 0;

  // Which keys belong to dropped containers, for compaction to discard. Null takes it away; it must outlive the engine's use.
  virtual void SetDeadContainers(const DeadContainers* dead) = 0;

  // Everything committed so far is durable afterwards.
  virtual Status Sync() = 0;
  // Everything committed so far is in tables afterwards.
  virtual Status Flush(const CancelToken* cancel) = 0;
  // Flushes, and rewrites all tables so that nothing superfluous is left. kCorruption names a table that cannot be read.
  virtual Status Compact(const CancelToken* cancel, const ProgressFn& progress) = 0;
  virtual Status CompactLevel(int level, const CancelToken* cancel) = 0;
  // Flushes, and records that the log up to there is in tables: what TruncateWal may let go.
  virtual Result<CheckpointInfo> Checkpoint(const CancelToken* cancel) = 0;
  // A consistent, checked copy in a new or an empty directory, made while the store is in use. On failure nothing is left of
  // it.
  virtual Result<BackupReport> Backup(const std::string& to, const CancelToken* cancel, const ProgressFn& progress) = 0;
  // Reads and checks everything; goes on past faults.
  virtual Result<VerifyReport> Verify(const CancelToken* cancel, const ProgressFn& progress) = 0;
  virtual Result<WalReport> VerifyWal(const CancelToken* cancel, const ProgressFn& progress) = 0;
  // Lets go of the log below `upto`; kInvalidArgument beyond the last checkpoint.
  virtual Result<TruncateInfo> TruncateWal(Lsn upto) = 0;
  // About how much lies in [lo, hi) of a tree (hi empty: open), versions and deletes included.
  virtual Result<SizeEstimate> ApproximateSize(TreeId tree, std::string_view lo, std::string_view hi) = 0;
  // How a tree's data is laid out and compacted from now on; what is there follows as it is compacted.
  virtual Status SetIndexPolicy(TreeId tree, IndexPolicy policy) = 0;
  virtual Result<IndexPolicy> GetIndexPolicy(TreeId tree) const = 0;

  virtual EngineStats stats() const = 0;
  virtual const RecoveryReport& recovery_report() const = 0;
  virtual const EngineOptions& options() const = 0;
  virtual Env* env() const = 0;
  virtual const std::string& path() const = 0;

  // Waits for running commits, aborts open transactions, syncs, records the clean end, releases the lock. Every later call is
  // kClosed.
  virtual Status Close() = 0;
};

}  // namespace sochdb
