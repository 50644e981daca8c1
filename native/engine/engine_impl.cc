#include "engine/engine_impl.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/epoch.h"
#include "engine/read_only_log.h"
#include "engine/store_format.h"
#include "env/path.h"
#include "txn/transaction_impl.h"
#include "txn/write_batch.h"

namespace sochdb {
namespace {

// A longer log is not left behind: a close flushes what it holds, so that the next opening need not replay it. A segment that
// is hardly begun is gone on with, though nothing needs what it holds.
constexpr uint64_t kKeptLogBytes = 1024 * 1024;
constexpr uint64_t kKeptSegmentShare = 4;
// So much may wait to be flushed, as a multiple of what is written to.
constexpr uint64_t kWaitingShare = 2;
constexpr uint64_t kDefaultLogShare = 4;

uint64_t KeptLogBytes(const EngineOptions& options) { return std::min(kKeptLogBytes, options.memtable_bytes); }

// A full disk keeps no store from being closed: the log has what tables lack, and is only longer than it need be.
Status UnlessFull(Status status) { return status.code() == Code::kDiskFull ? Status() : std::move(status); }

Status Closed() { return {Code::kClosed, "The database is closed."}; }

CommitPipeline::Options PipelineOptions(const EngineOptions& options, Latencies* latencies) {
  return {options.sync_mode, options.wal_enabled, options.group_commit, options.memory_limit_bytes, latencies};
}

WriteThrottle::Limits ThrottleLimits(const EngineOptions& options) {
  return {options.memtable_bytes * kWaitingShare, Flusher::kMaxWaitingOfTree, options.stall_timeout_ms};
}

}  // namespace

EngineImpl::EngineImpl(EngineParts parts)
    : parts_(std::move(parts)),
      trees_(parts_.trees.get()),
      hlc_(parts_.hlc.get()),
      wal_(parts_.recovered.wal.get()),
      store_(parts_.store.get()),
      opened_micros_(parts_.env->MonotonicMicros()),
      latencies_(parts_.env->scheduler() == nullptr),
      snapshots_(parts_.env),
      reader_(parts_.blobs.get()),
      pipeline_(parts_.env, PipelineOptions(parts_.options, &latencies_), trees_, hlc_, wal_),
      context_{parts_.env,
               trees_,
               hlc_,
               &snapshots_,
               &reader_,
               parts_.blobs.get(),
               &pipeline_,
               &stats_,
               {parts_.options.max_transaction_bytes, parts_.options.transaction_timeout_ms, parts_.options.writer_timeout_ms},
               &latencies_},
      catalog_dead_(parts_.env, trees_),
      history_(parts_.env, hlc_, &snapshots_, parts_.options.retention_ms),
      flusher_({parts_.env, trees_, &pipeline_, wal_, store_, &history_, parts_.options.memtable_bytes,
                parts_.options.wal_limit_bytes != 0 ? parts_.options.wal_limit_bytes
                                                    : parts_.options.memtable_bytes * kDefaultLogShare,
                std::min(kKeptLogBytes, parts_.options.wal.segment_bytes / kKeptSegmentShare), parts_.options.wal_enabled,
                parts_.options.block_cache_bytes > 0, parts_.options.background}),
      compactor_({parts_.env, trees_, hlc_, &pipeline_, store_, &history_, [this] { OnTablesChanged(); }}),
      throttle_(parts_.env, ThrottleLimits(parts_.options)),
      memory_told_mutex_(parts_.env),
      pressure_told_mutex_(parts_.env),
      backup_mutex_(parts_.env),
      close_mutex_(parts_.env) {
  snapshots_.RestoreFloor(store_->state().history_floor);
  pipeline_.Restore(parts_.recovered.last_commit_ts, parts_.recovered.last_writes);
  history_.SetDeadContainers(&catalog_dead_);
  checkpoint_lsn_.store(store_->state().checkpoint_lsn, std::memory_order_relaxed);
  history_.SetFold([this](TreeId tree) { return FoldOf(tree); });
  parts_.installer->SetPipeline(&pipeline_);
  if (parts_.options.read_only) (void)pipeline_.Poison(OpenedReadOnly());
  else StartWork();
}

EngineImpl::~EngineImpl() {
  try {
    (void)Close();
  } catch (const std::bad_alloc&) {
    // The next open recovers as after a crash.
  }
}

void EngineImpl::StartWork() {
  flusher_.SetHooks([this] { OnRotated(); }, [this] { OnTablesChanged(); });
  pipeline_.SetRotation(&flusher_, parts_.options.memtable_bytes);
  pipeline_.SetAdmission(&throttle_);
  throttle_.SetCheck([this] { return pipeline_.CheckNotPoisoned(); });
  if (parts_.options.wal_enabled && parts_.options.sync_mode == SyncMode::kOff) {
    log_flusher_ = std::make_unique<LogFlusher>(parts_.env, [this] { (void)pipeline_.Flush(); });  // a failure poisons
    pipeline_.SetFlushHint([this] { log_flusher_->Hint(); });
  }
  if (!parts_.options.background) {
    throttle_.SetInlineWork([this] { RunInline(); });
    return;
  }
  Background::Work work;
  work.flush = [this](bool* worked) { return flusher_.FlushWaiting(worked); };
  work.compact = [this](bool* worked) { return compactor_.RunOne(0, worked); };
  work.help = [this](bool* worked) { return compactor_.RunOne(Compactor::kOverdue, worked); };
  work.tick = [this] {
    CheckDirectory();
    Tick();
  };
  work.flush_threads = parts_.options.flush_threads;
  work.compaction_threads = parts_.options.compaction_threads;
  background_ = std::make_unique<Background>(parts_.env, std::move(work));
  background_->Start();
  background_->HintCompaction();
}

// --- work that writes ask for

// What is measured is told before somebody else measures: an old number that came last would hold writes back for nothing.
void EngineImpl::TellMemory() {
  MutexLock lock(&memory_told_mutex_);
  const Flusher::Stats waiting = flusher_.stats();
  throttle_.SetMemory(waiting.waiting_bytes, waiting.most_waiting_of_tree, waiting.last_failure);
}

void EngineImpl::TellPressure() {
  MutexLock lock(&pressure_told_mutex_);
  const Compactor::Stats compactions = compactor_.stats();
  LsmStore::Pressure pressure = store_->pressure();
  // What lies behind a damaged table is never compacted: reads get slower, but writes must not end for it.
  if (!compactions.damage.ok()) pressure.stop = std::max(pressure.stop, pressure.runs + 1);
  throttle_.SetPressure(pressure, compactions.last_failure);
}

// May be called under the commit mutex.
void EngineImpl::OnRotated() {
  TellMemory();
  if (background_ != nullptr) background_->HintFlush();
  else throttle_.HintInlineWork();
}

void EngineImpl::OnTablesChanged() {
  TellMemory();
  TellPressure();
  ReapFiles();
  if (background_ != nullptr) background_->HintCompaction();
}

void EngineImpl::RunInline() {
  bool worked = true;
  Status status;
  while (worked && status.ok()) status = flusher_.FlushWaiting(&worked);
  if (status.code() == Code::kDiskFull) throttle_.HintInlineWork();  // the next write tries again
  worked = true;
  status = Status();
  while (worked && status.ok()) status = compactor_.RunOne(0, &worked);
  Tick();
}

void EngineImpl::Tick() {
  flusher_.OnTick();
  (void)CollectRetired();
  ReapFiles();
}

// Files that are open outlive their names: what is written to them would be acknowledged, and gone with the process.
void EngineImpl::CheckDirectory() {
  const std::string file = JoinPath(parts_.path, kFormatFileName);
  if (parts_.env->FileExists(file) || !pipeline_.CheckNotPoisoned().ok()) return;
  (void)pipeline_.Poison(
      {Code::kIoError,
       "the directory of the store was deleted, moved or replaced while it was open: " + file + " is missing",
       {{"file", file}}});
}

void EngineImpl::ReapFiles() {
  store_->ReapFiles([this](std::span<const uint64_t> blobs) {
    for (const uint64_t number : blobs) (void)parts_.blobs->Delete(number);
  });
}

KeepRule::Fold EngineImpl::FoldOf(TreeId tree) const {
  const MergeOperator* const op = reader_.merge_operator(tree);
  if (op == nullptr) return nullptr;
  return [op](TreeId, std::string_view key, std::optional<std::string_view> base, const std::vector<std::string_view>& lists,
              std::string* out) -> Status {
    std::vector<std::string_view> operands;
    for (std::string_view list : lists) {
      while (!list.empty()) {
        std::string_view operand;
        if (!TakeOperand(&list, &operand)) return {Code::kCorruption, "A stored list of operands is malformed."};
        operands.push_back(operand);
      }
    }
    return op->Merge(key, base, operands, out);
  };
}

// --- reading and writing

Result<std::unique_ptr<Transaction>> EngineImpl::Begin(const TransactionOptions& options) {
  return TransactionImpl::Begin(&context_, {options.isolation, options.take_writer, options.timeout_ms, options.read_applied});
}

Result<std::unique_ptr<Snapshot>> EngineImpl::NewSnapshot() {
  if (pipeline_.closed()) return Closed();
  return std::unique_ptr<Snapshot>(std::make_unique<SnapshotImpl>(&context_));
}

Result<std::unique_ptr<Snapshot>> EngineImpl::NewSnapshotAt(Timestamp ts) {
  SOCHDB_ASSIGN(snapshot, SnapshotImpl::AsOf(&context_, ts));
  // Judged once it is registered: a flush or compaction that began before did not reach so far, a later one sees it.
  SOCHDB_TRY(history_.CheckRemembered(ts));
  return snapshot;
}

Status EngineImpl::Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) {
  *found = false;
  if (pipeline_.closed()) [[unlikely]]
    return Closed();
  if (!Trees::IsTree(tree) || key.size() > kMaxKeyBytes) [[unlikely]]
    return CheckKey(tree, key);
  stats_.reads.Add(1);
  const LatencyTimer timer(parts_.env, latencies_.Sampled<&Latencies::get>());
  const Tree* const data = trees_->Find(tree);
  if (data == nullptr) return {};
  SOCHDB_DCHECK(EpochGuard::HeldByThisThread());
  Timestamp ts = 0;
  const SuperVersion* const current = data->ReadNewest([this] { return pipeline_.visible_ts(); }, &ts);
  VersionView version;
  if (Status status = current->Get(key, ts, &version, &out->pin, found); !status.ok()) [[unlikely]]
    return stats_.EndRead(std::move(status));
  if (!*found) return {};
  if (version.kind == ValueKind::kValue && version.expiry_ms == kNeverExpires) [[likely]] {
    stats_.bytes_read.Add(key.size() + version.value.size());
    out->data = version.value;
    out->ts = version.ts;
    out->expiry_ms = kNeverExpires;
    return {};
  }
  if (version.kind == ValueKind::kDelete) {
    *found = false;
    return {};
  }
  SOCHDB_TRY(stats_.EndRead(reader_.Resolve(current, tree, key, version, {ts, hlc_->NowMillis()}, false, out, found)));
  if (*found) stats_.bytes_read.Add(key.size() + out->data.size());
  return {};
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
  const LatencyTimer timer(parts_.env, latencies_.Sampled<&Latencies::put>());
  try {
    return pipeline_.CommitOne(write, parts_.options.writer_timeout_ms, await_published);
  } catch (const std::bad_alloc&) {
    return Status(Code::kOutOfMemory, "Memory ran out; nothing was written.");
  }
}

Result<Timestamp> EngineImpl::PutBlob(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms,
                                      bool await_published) {
  SOCHDB_TRY(CheckWritable());
  SOCHDB_ASSIGN(ref, parts_.blobs->Write(value));
  std::string encoded;
  ref.EncodeTo(&encoded);
  Result<Timestamp> written = WriteOne({tree, ValueKind::kBlob, expiry_ms, key, encoded}, await_published);
  // After a failed write nobody knows what the log names: the next open decides.
  if (!written.ok() && pipeline_.CheckNotPoisoned().ok()) (void)parts_.blobs->Delete(ref.file_number);
  return written;
}

Status EngineImpl::CheckWritable() {
  if (pipeline_.closed()) return Closed();
  return pipeline_.CheckNotPoisoned();
}

Status EngineImpl::Sync() {
  SOCHDB_TRY(CheckWritable());
  Flusher::Cut cut;
  return parts_.options.wal_enabled ? pipeline_.Sync() : flusher_.FlushAll(nullptr, &cut);
}

// --- the end

Status EngineImpl::Close() {
  MutexLock lock(&close_mutex_);
  if (!parts_.options.read_only && !pipeline_.closed()) CheckDirectory();
  if (!pipeline_.Close()) return {};
  throttle_.Close();
  compactor_.Stop();
  if (background_ != nullptr) background_->Stop();
  if (log_flusher_ != nullptr) log_flusher_->Stop();
  Status status;
  if (parts_.options.read_only) {
    pipeline_.Finish();
  } else {
    status = CloseTables();
    flusher_.Stop();
    for (const Status& closed : {CloseLog(), store_->Close()}) {
      if (status.ok()) status = closed;
    }
    // Without the mark the next open recovers as after a crash.
    if (status.ok()) status = WriteCleanMarker(parts_.env, parts_.path, {wal_->synced_lsn(), hlc_->last()});
  }
  parts_.lock.reset();
  return status;
}

// What no log keeps goes into tables, and so does what a long one keeps: the next open is quick, and little of the log is left.
Status EngineImpl::CloseTables() {
  SOCHDB_TRY(pipeline_.poisoned());
  Flusher::Cut cut;
  if (!parts_.options.wal_enabled) SOCHDB_TRY(flusher_.FlushAll(nullptr, &cut));
  const uint64_t kept = KeptLogBytes(parts_.options);
  const uint64_t unflushed = flusher_.UnflushedLogBytes();
  // What no tree needs may be all that makes it long.
  if (unflushed == 0 || (unflushed <= kept && wal_->stats().total_bytes > kept)) {
    SOCHDB_TRY(UnlessFull(flusher_.ReleaseAllLog()));
  }
  if (wal_->stats().total_bytes > kept) {
    Status flushed = flusher_.FlushAll(nullptr, &cut);
    if (flushed.ok()) flushed = flusher_.ReleaseAllLog();
    SOCHDB_TRY(UnlessFull(std::move(flushed)));
  }
  ReapFiles();
  return {};
}

Status EngineImpl::CloseLog() {
  Status status = pipeline_.poisoned();
  if (status.ok()) status = pipeline_.Sync();
  pipeline_.Finish();
  const Status closed = wal_->Close();
  return status.ok() ? closed : status;
}

}  // namespace sochdb
