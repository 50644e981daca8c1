// Engine: one open store. Owns the log, the trees, the clock and the commit pipeline.
//
// Thread safety: any thread. One Engine per store and process; threads share it (binding/registry).

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/epoch.h"
#include "base/status.h"
#include "base/types.h"
#include "engine/options.h"
#include "engine/stats.h"
#include "env/env.h"
#include "txn/commit_listener.h"
#include "txn/merge_operator.h"
#include "txn/transaction.h"
#include "wal/wal.h"

namespace sochdb {

class Engine {
 public:
  // Locks the store, reads its FORMAT file (or creates one), replays the log. kLocked names the pid that holds it.
  // Merge operators must be the ones the store was written with.
  static Result<std::unique_ptr<Engine>> Open(Env* env, const std::string& path, const EngineOptions& options);
  virtual ~Engine() = default;

  // kTimeout when the writer is not to be had in time (take_writer only).
  virtual Result<std::unique_ptr<Transaction>> Begin(const TransactionOptions& options) = 0;
  virtual Result<std::unique_ptr<Snapshot>> NewSnapshot() = 0;

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

  virtual Status Sync() = 0;  // everything committed so far is durable afterwards
  virtual Result<WalReport> VerifyWal() = 0;
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
