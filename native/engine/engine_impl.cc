#include "engine/engine_impl.h"

#include <new>
#include <utility>

#include "env/path.h"
#include "txn/transaction_impl.h"

namespace sochdb {
namespace {

Status Closed() { return {Code::kClosed, "The database is closed."}; }

CommitPipeline::Options PipelineOptions(const EngineOptions& options) {
  return {options.sync_mode, options.wal_enabled, options.group_commit, options.memory_limit_bytes};
}

}  // namespace

EngineImpl::EngineImpl(EngineParts parts)
    : parts_(std::move(parts)),
      trees_(parts_.trees.get()),
      hlc_(parts_.hlc.get()),
      wal_(parts_.recovered.wal.get()),
      snapshots_(parts_.env),
      reader_(parts_.blobs.get()),
      pipeline_(parts_.env, PipelineOptions(parts_.options), trees_, hlc_, wal_),
      context_{parts_.env,
               trees_,
               hlc_,
               &snapshots_,
               &reader_,
               parts_.blobs.get(),
               &pipeline_,
               &stats_,
               {parts_.options.max_transaction_bytes, parts_.options.transaction_timeout_ms, parts_.options.writer_timeout_ms}},
      close_mutex_(parts_.env) {
  pipeline_.Restore(parts_.recovered.last_commit_ts, parts_.recovered.last_writes);
  if (parts_.options.wal_enabled && parts_.options.sync_mode == SyncMode::kOff) {
    flusher_ = std::make_unique<LogFlusher>(parts_.env, [this] { (void)pipeline_.Flush(); });  // a failure poisons
    pipeline_.SetFlushHint([this] { flusher_->Hint(); });
  }
}

EngineImpl::~EngineImpl() { (void)Close(); }

Result<std::unique_ptr<Transaction>> EngineImpl::Begin(const TransactionOptions& options) {
  return TransactionImpl::Begin(&context_, {options.isolation, options.take_writer, options.timeout_ms});
}

Result<std::unique_ptr<Snapshot>> EngineImpl::NewSnapshot() {
  if (pipeline_.closed()) return Closed();
  return std::unique_ptr<Snapshot>(std::make_unique<SnapshotImpl>(&context_));
}

Status EngineImpl::Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) {
  *found = false;
  if (pipeline_.closed()) [[unlikely]]
    return Closed();
  if (!Trees::IsTree(tree) || key.size() > kMaxKeyBytes) [[unlikely]]
    return CheckKey(tree, key);
  stats_.reads.Add(1);
  const Tree* const newest = trees_->Find(tree);
  if (newest == nullptr) return {};
  Timestamp ts = 0;
  const SuperVersion* const data = newest->ReadNewest([this] { return pipeline_.visible_ts(); }, &ts);
  VersionView version;
  SOCHDB_TRY(data->Get(key, ts, &version, &out->pin, found));
  if (!*found) return {};
  if (version.kind == ValueKind::kValue && version.expiry_ms == kNeverExpires) [[likely]] {
    out->data = version.value;
    out->ts = version.ts;
    out->expiry_ms = kNeverExpires;
    return {};
  }
  if (version.kind == ValueKind::kDelete) {
    *found = false;
    return {};
  }
  return reader_.Resolve(data, tree, key, version, {ts, hlc_->NowMillis()}, false, out, found);
}

Result<Timestamp> EngineImpl::PutAs(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms,
                                    bool await_published) {
  SOCHDB_TRY(CheckEntry(tree, key, value));
  if (value.size() > kBlobThresholdBytes) return PutBlob(tree, key, value, expiry_ms, await_published);
  return WriteOne({tree, ValueKind::kValue, expiry_ms, key, value}, await_published);
}

Result<Timestamp> EngineImpl::DeleteAs(TreeId tree, std::string_view key, bool await_published) {
  SOCHDB_TRY(CheckKey(tree, key));
  return WriteOne({tree, ValueKind::kDelete, kNeverExpires, key, {}}, await_published);
}

Result<Timestamp> EngineImpl::WriteOne(const CommittedWrite& write, bool await_published) {
  stats_.writes.Add(1);
  try {
    return pipeline_.CommitOne(write, parts_.options.writer_timeout_ms, await_published);
  } catch (const std::bad_alloc&) {
    return Status(Code::kOutOfMemory, "Memory ran out; nothing was written.");
  }
}

Result<Timestamp> EngineImpl::PutBlob(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms,
                                      bool await_published) {
  if (pipeline_.closed()) return Closed();
  SOCHDB_TRY(pipeline_.CheckNotPoisoned());
  SOCHDB_ASSIGN(ref, parts_.blobs->Write(value));
  std::string encoded;
  ref.EncodeTo(&encoded);
  Result<Timestamp> written = WriteOne({tree, ValueKind::kBlob, expiry_ms, key, encoded}, await_published);
  // After a failed write nobody knows what the log names: the next open decides.
  if (!written.ok() && pipeline_.CheckNotPoisoned().ok()) (void)parts_.blobs->Delete(ref.file_number);
  return written;
}

Status EngineImpl::Sync() {
  if (pipeline_.closed()) return Closed();
  if (!parts_.options.wal_enabled) return pipeline_.LogUnlogged(reader_, parts_.blobs.get());
  return pipeline_.Sync();
}

Result<WalReport> EngineImpl::VerifyWal() {
  if (pipeline_.closed()) return Closed();
  SOCHDB_TRY(pipeline_.Flush());
  const Lsn flushed = wal_->flushed_lsn();
  SOCHDB_ASSIGN(report,
                Wal::Verify(parts_.env, JoinPath(parts_.path, kWalDirName), wal_->synced_lsn(), parts_.options.wal.first_lsn));
  if (report.torn && report.torn_lsn >= flushed) {  // what was being written meanwhile
    report.torn = false;
    report.torn_lsn = 0;
    report.torn_bytes = 0;
  }
  return report;
}

EngineStats EngineImpl::stats() const {
  EngineStats stats;
  stats.active_transactions = stats_.active.load(std::memory_order_relaxed);
  stats.committed_transactions = stats_.committed.load(std::memory_order_relaxed) + pipeline_.single_commits();
  stats.aborted_transactions = stats_.aborted.load(std::memory_order_relaxed);
  stats.conflicts = stats_.conflicts.load(std::memory_order_relaxed);
  stats.reads = stats_.reads.value();
  stats.writes = stats_.writes.value();
  stats.key_count = trees_->key_count();
  stats.memory_bytes = trees_->memory_bytes();
  const SnapshotList::Summary snapshots = snapshots_.summary();
  stats.active_snapshots = snapshots.count;
  stats.oldest_snapshot = snapshots.oldest;
  stats.wal = wal_->stats();
  return stats;
}

Status EngineImpl::Close() {
  MutexLock lock(&close_mutex_);
  if (!pipeline_.Close()) return {};
  if (flusher_ != nullptr) flusher_->Stop();
  Status status = CloseLog();
  parts_.lock.reset();
  return status;
}

// Makes everything durable and says so; without that, the next open recovers as after a crash.
Status EngineImpl::CloseLog() {
  Status status = pipeline_.poisoned();
  if (status.ok() && !parts_.options.wal_enabled) status = pipeline_.LogUnlogged(reader_, parts_.blobs.get());
  if (status.ok()) status = pipeline_.Sync();
  pipeline_.Finish();
  const Status closed = wal_->Close();
  if (status.ok()) status = closed;
  if (!status.ok()) return status;
  return WriteCleanMarker(parts_.env, parts_.path, {wal_->synced_lsn(), hlc_->last()});
}

}  // namespace sochdb
