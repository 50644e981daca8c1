#include "txn/commit_pipeline.h"

#include <algorithm>
#include <new>

namespace sochdb {
namespace {

// So many writes since the snapshot are walked inside the gate; more are validated before it.
constexpr uint64_t kWritesValidatedInside = 512;
constexpr int kValidationPassesBefore = 3;
constexpr size_t kSmallRingEntries = 4;
// What a write takes of memory besides its key and value.
constexpr uint64_t kWriteOverheadBytes = 96;
// Of a commit's writes, the memory where they go is asked for so many writes ahead.
constexpr size_t kPrefetchedWrites = 8;

uint64_t BitOf(TreeId tree) { return uint64_t{1} << static_cast<unsigned>(tree); }

uint64_t MaskOf(std::span<const CommittedWrite> writes) {
  uint64_t mask = 0;
  for (const CommittedWrite& write : writes) mask |= BitOf(write.tree);
  return mask;
}

uint64_t BytesOf(std::span<const CommittedWrite> writes) {
  uint64_t bytes = 0;
  for (const CommittedWrite& write : writes) bytes += write.key.size() + write.value.size() + kWriteOverheadBytes;
  return bytes;
}

Status ReadOnly(const Status& cause) {
  if (cause.code() == Code::kReadOnly) return cause;  // it says so itself
  return {Code::kReadOnly,
          "The database is read-only since a write to its files failed (" + cause.message() +
              "). What was acknowledged can be read. Mend the cause, then close and open the database.",
          cause.details()};
}

}  // namespace

CommitPipeline::CommitPipeline(Env* env, const Options& options, Trees* trees, Hlc* hlc, Wal* wal)
    : options_(options),
      trees_(trees),
      hlc_(hlc),
      wal_(wal),
      env_(env),
      writes_validated_inside_(env->Buggify("txn.validate-before-gate") ? 0 : kWritesValidatedInside),
      gate_(env),
      ring_(env->Buggify("txn.small-commit-ring") ? kSmallRingEntries : CommitRing::kDefaultEntries),
      validator_(trees, &ring_),
      publish_mutex_(env),
      published_(env) {}

void CommitPipeline::Restore(Timestamp ts, const std::array<Timestamp, kTreeCount>& last_writes) {
  for (size_t i = 0; i < last_writes.size(); ++i) last_write_[i].store(last_writes[i], std::memory_order_relaxed);
  applied_ts_.store(ts, std::memory_order_relaxed);
  applied_lsn_.store(wal_->end_lsn(), std::memory_order_relaxed);
  ForgetRing(ts);
  {
    MutexLock lock(&publish_mutex_);
    durable_lsn_ = wal_->synced_lsn();
  }
  visible_ts_.store(ts, std::memory_order_release);
}

Result<Timestamp> CommitPipeline::Commit(const Request& request, PreparedCommit* prepared) {
  const LatencyTimer timer(env_, options_.latencies == nullptr ? nullptr : options_.latencies->Always(&Latencies::commit));
  Timestamp ts = 0;
  Lsn end_lsn = 0;
  Status status;
  try {
    if (request.validation.reads != nullptr) request.validation.reads->Seal();
    status = ValidateAndApply(request, prepared, &ts, &end_lsn);
  } catch (const std::bad_alloc&) {
    if (request.writer != nullptr) gate_.Release(request.writer);
    throw;
  }
  if (request.writer != nullptr) gate_.Release(request.writer);  // waiting for the disk needs no writer
  if (status.code() == Code::kConflict) {
    AwaitPublished();                // so that a retry sees what it conflicted with
    SOCHDB_TRY(CheckNotPoisoned());  // or it never will
  }
  if (!status.ok()) return status;
  if (publishes_after_sync() && request.await_published) SOCHDB_TRY(AwaitDurable(end_lsn));
  return ts;
}

Status CommitPipeline::ValidateAndApply(const Request& request, PreparedCommit* prepared, Timestamp* ts, Lsn* end_lsn) {
  // Whoever holds the writer was admitted when it took it.
  if (request.writer == nullptr) SOCHDB_TRY(Admit(BytesOf(prepared->writes()), request.gate_timeout_ms));
  Timestamp checked = 0;
  SOCHDB_TRY(ValidateBefore(request, &checked));
  GatePass pass(&gate_);
  SOCHDB_TRY(pass.Enter(request.writer, request.gate_timeout_ms));
  SOCHDB_TRY(ValidateInside(request, checked));
  SOCHDB_TRY(prepared->AssignSequences(*trees_));
  SOCHDB_TRY(LogAndApply(prepared->writes(), request.min_expiry_ms, ts, end_lsn));
  if (publishes_after_sync() && !options_.group_commit) return AwaitDurable(*end_lsn);
  return {};
}

Result<Timestamp> CommitPipeline::CommitOne(const CommittedWrite& write, uint64_t gate_timeout_ms, bool await_published) {
  Timestamp ts = 0;
  Lsn end_lsn = 0;
  SOCHDB_TRY(Admit(BytesOf({&write, 1}), gate_timeout_ms));
  {
    GatePass pass(&gate_);
    SOCHDB_TRY(pass.Enter(nullptr, gate_timeout_ms));
    SOCHDB_TRY(LogAndApply({&write, 1}, kNeverExpires, &ts, &end_lsn));
    single_commits_.store(single_commits_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (publishes_after_sync() && !options_.group_commit) SOCHDB_TRY(AwaitDurable(end_lsn));
  }
  if (publishes_after_sync() && await_published) SOCHDB_TRY(AwaitDurable(end_lsn));
  return ts;
}

// Covers every commit up to *checked, which stays 0 when that is left to ValidateInside.
Status CommitPipeline::ValidateBefore(const Request& request, Timestamp* checked) const {
  *checked = 0;
  if (request.validation.empty()) return {};
  uint64_t writes = request.writes_at_begin;
  for (int i = 0; i < kValidationPassesBefore; ++i) {
    const uint64_t writes_now = applied_writes_.load(std::memory_order_relaxed);
    // Inside, the ring answers; where it does not reach back, tables may have to be read, and nobody should wait for that.
    const Timestamp from = std::max(*checked, request.validation.oldest_since());
    const bool beyond_ring = from < ring_floor_.load(std::memory_order_relaxed);
    if (writes_now - writes <= writes_validated_inside_ && !beyond_ring) break;
    const Timestamp applied = applied_ts_.load(std::memory_order_acquire);
    SOCHDB_TRY(validator_.AgainstTrees(request.validation));
    *checked = applied;
    writes = writes_now;
  }
  return {};
}

Status CommitPipeline::ValidateInside(const Request& request, Timestamp checked) const {
  if (request.validation.empty()) return {};
  const Timestamp from = std::max(checked, request.validation.oldest_since());
  if (applied_ts_.load(std::memory_order_relaxed) <= from) return {};  // nothing has been committed since
  if (ring_.ReachesBackTo(from)) return validator_.AgainstRing(request.validation, from);
  return validator_.AgainstTrees(request.validation);
}

Status CommitPipeline::CheckNotPoisoned() {
  if (!is_poisoned_.load(std::memory_order_acquire)) [[likely]]
    return {};
  return ReadOnly(poisoned());
}

Status CommitPipeline::CheckRoom(std::span<const CommittedWrite> writes) {
  if (options_.memory_limit_bytes == 0) return {};
  const uint64_t bytes = trees_->memory_bytes() + BytesOf(writes);
  if (bytes <= options_.memory_limit_bytes) return {};
  return Status(Code::kLimit,
                "The write would pass the memory limit of this database. Nothing was written; raise memoryLimitBytes, or "
                "split the data.")
      .With("limit", std::to_string(options_.memory_limit_bytes))
      .With("needed", std::to_string(bytes));
}

// REQUIRES: inside the gate.
Status CommitPipeline::LogAndApply(std::span<const CommittedWrite> writes, ExpiryMs min_expiry_ms, Timestamp* ts,
                                   Lsn* end_lsn) {
  SOCHDB_TRY(CheckNotPoisoned());
  SOCHDB_TRY(CheckRoom(writes));
  if (options_.wal_enabled) {
    batch_.Start(writes.size());
    for (const CommittedWrite& write : writes) batch_.Add(write.tree, write.kind, write.key, write.value, write.expiry_ms);
    if (Status status = wal_->Reserve(batch_.payload().size()); !status.ok()) {
      return status.code() == Code::kIoError ? Poison(std::move(status)) : status;
    }
  }
  SOCHDB_TRY(ReserveMemory(writes));
  *ts = hlc_->Next();
  if (min_expiry_ms != kNeverExpires && HlcMillis(*ts) >= min_expiry_ms) return Validator::ExpiryConflict();
  const uint64_t mask = MaskOf(writes);
  try {
    const Lsn first_lsn = options_.wal_enabled ? wal_->end_lsn() : kNoLsn;
    if (options_.wal_enabled) SOCHDB_TRY(Append(*ts, end_lsn));
    Apply(*ts, writes, mask, first_lsn, *end_lsn);
    CallListeners(*ts, writes, mask);
    if (publishes_after_sync()) {
      MutexLock lock(&publish_mutex_);
      unpublished_.push_back({*ts, *end_lsn, mask});
    } else {
      Publish(*ts, mask);
    }
  } catch (const std::bad_alloc&) {
    return PoisonOutOfMemory();
  }
  RotateWhenFull();
  return {};
}

void CommitPipeline::RotateWhenFull() {
  if (rotation_ == nullptr) return;
  uint64_t bytes = trees_->usage().active();
  if (env_->Buggify("txn.flush-early")) bytes = UINT64_MAX;
  if (bytes < rotation_limit_bytes_) [[likely]]
    return;
  try {
    rotation_->OnMemtablesFull(bytes);
  } catch (const std::bad_alloc&) {
    // Nothing was rotated; the next commit asks again.
  }
}

// Takes the memory that applying will need, so that it cannot run out once the commit is in the log.
Status CommitPipeline::ReserveMemory(std::span<const CommittedWrite> writes) {
  if (validating_.load(std::memory_order_relaxed) != 0) written_.reserve(writes.size());
  for (size_t i = 0; i < writes.size();) {
    const size_t first = i;
    uint64_t bytes = 0;
    for (; i < writes.size() && writes[i].tree == writes[first].tree; ++i)
      bytes += writes[i].key.size() + writes[i].value.size();
    SOCHDB_TRY(trees_->Ensure(writes[first].tree)->Reserve(i - first, bytes));
  }
  return {};
}

Status CommitPipeline::Append(Timestamp ts, Lsn* end_lsn) {
  Result<Lsn> appended = wal_->Append(ts, batch_.payload());
  if (!appended.ok()) return Poison(appended.status());
  *end_lsn = *appended;
  if (options_.sync_mode == SyncMode::kNormal) {
    if (Status status = wal_->Flush(); !status.ok()) return Poison(std::move(status));
  } else if (options_.sync_mode == SyncMode::kOff && !flush_hinted_ && flush_hint_) {
    flush_hinted_ = true;
    flush_hint_();
  }
  applied_lsn_.store(*end_lsn, std::memory_order_release);
  return {};
}

void CommitPipeline::Apply(Timestamp ts, std::span<const CommittedWrite> writes, uint64_t tree_mask, Lsn first_lsn,
                           Lsn end_lsn) {
  SOCHDB_DCHECK(ts > applied_ts_.load(std::memory_order_relaxed) && tree_mask != 0);
  const bool ring = validating_.load(std::memory_order_relaxed) != 0;
  Tree* tree = nullptr;
  uint64_t bytes = 0;
  for (size_t i = 0; i < writes.size(); ++i) {
    const CommittedWrite& write = writes[i];
    if (tree == nullptr || tree->id() != write.tree) {
      tree = trees_->Ensure(write.tree);
      tree->NoteLog(first_lsn, end_lsn);
    }
    if (i + kPrefetchedWrites < writes.size() && writes[i + kPrefetchedWrites].tree == write.tree) {
      tree->PrefetchAdd(writes[i + kPrefetchedWrites].key);
    }
    bytes += write.key.size() + write.value.size();
    const KeyRecord* const record = tree->Add(write.key, ts, write.kind, write.value, write.expiry_ms);
    if (ring) written_.push_back({write.tree, record});
  }
  if (ring) ring_.Append(ts, written_);
  else ring_.Forget(ts);
  NoteRingFloor();
  written_.clear();
  applied_writes_.store(applied_writes_.load(std::memory_order_relaxed) + writes.size(), std::memory_order_relaxed);
  applied_bytes_.store(applied_bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  applied_ts_.store(ts, std::memory_order_release);
}

void CommitPipeline::CallListeners(Timestamp ts, std::span<const CommittedWrite> writes, uint64_t tree_mask) {
  for (CommitListener* listener : listeners_) {
    const uint64_t wanted = listener->tree_mask();
    if ((wanted & tree_mask) == 0) continue;
    if ((tree_mask & ~wanted) == 0) {
      listener->OnCommit(ts, writes);
      continue;
    }
    for_listener_.clear();
    for (const CommittedWrite& write : writes) {
      if ((BitOf(write.tree) & wanted) != 0) for_listener_.push_back(write);
    }
    listener->OnCommit(ts, for_listener_);
  }
}

Timestamp CommitPipeline::AddListener(CommitListener* listener) {
  MutexLock lock(gate_.mutex());
  listeners_.push_back(listener);
  return applied_ts_.load(std::memory_order_relaxed);
}

void CommitPipeline::RemoveListener(CommitListener* listener) {
  MutexLock lock(gate_.mutex());
  std::erase(listeners_, listener);
}

}  // namespace sochdb
