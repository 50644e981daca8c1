// The part of the commit pipeline that makes commits durable and visible, and that gives up when it cannot.

#include "txn/commit_pipeline.h"

namespace sochdb {

void CommitPipeline::Publish(Timestamp ts, uint64_t tree_mask) {
  for (uint64_t rest = tree_mask; rest != 0; rest &= rest - 1) {
    last_write_[static_cast<size_t>(__builtin_ctzll(rest))].store(ts, std::memory_order_release);
  }
  visible_ts_.store(ts, std::memory_order_release);
}

// REQUIRES: publish_mutex_.
void CommitPipeline::PublishThrough(Lsn durable) {
  durable_lsn_ = std::max(durable_lsn_, durable);
  while (!unpublished_.empty() && unpublished_.front().end_lsn <= durable_lsn_) {
    Publish(unpublished_.front().ts, unpublished_.front().tree_mask);
    unpublished_.pop_front();
  }
}

Status CommitPipeline::AwaitDurable(Lsn end_lsn) {
  MutexLock lock(&publish_mutex_);
  while (durable_lsn_ < end_lsn) {
    if (!poison_.ok()) return poison_;
    if (finished_) return {Code::kClosed, "The database is closed."};
    if (syncing_) published_.Wait(&publish_mutex_);
    else SOCHDB_TRY(SyncAsLeader());
  }
  return {};
}

// Syncs for everyone who has appended by now. REQUIRES: publish_mutex_, which is released meanwhile.
Status CommitPipeline::SyncAsLeader() {
  syncing_ = true;
  publish_mutex_.Unlock();
  Status status;
  bool out_of_memory = false;
  if (env_->Buggify("txn.slow-sync")) env_->SleepMicros(5000);
  try {
    const LatencyTimer timer(env_, options_.latencies == nullptr ? nullptr : options_.latencies->Always(&Latencies::sync));
    status = wal_->Sync();
  } catch (const std::bad_alloc&) {
    out_of_memory = true;
  }
  Lsn durable = wal_->synced_lsn();
  publish_mutex_.Lock();
  if (!unpublished_.empty() && env_->Buggify("txn.short-group")) durable = std::min(durable, unpublished_.front().end_lsn);
  syncing_ = false;
  if (out_of_memory) status = PoisonOutOfMemoryLocked();
  else if (!status.ok()) status = PoisonLocked(std::move(status));
  else if (poison_.ok()) PublishThrough(durable);
  published_.SignalAll();
  return status;
}

void CommitPipeline::AwaitPublished() {
  if (!publishes_after_sync() || visible_ts() >= applied_ts_.load(std::memory_order_acquire)) return;
  (void)AwaitDurable(applied_lsn_.load(std::memory_order_acquire));
}

Status CommitPipeline::AwaitPublished(Timestamp ts) {
  if (visible_ts() >= ts) return {};
  Lsn end_lsn = 0;
  {
    MutexLock gate(gate_.mutex());  // a listener may ask while the commit is still being applied
    MutexLock lock(&publish_mutex_);
    for (const Unpublished& commit : unpublished_) {
      if (commit.ts > ts) break;
      end_lsn = commit.end_lsn;
    }
  }
  if (end_lsn != 0) return AwaitDurable(end_lsn);
  return visible_ts() >= ts ? Status() : CheckNotPoisoned();
}

Status CommitPipeline::Sync() {
  SOCHDB_TRY(CheckNotPoisoned());
  return AwaitDurable(applied_lsn_.load(std::memory_order_acquire));
}

Status CommitPipeline::Flush() {
  MutexLock lock(gate_.mutex());
  if (closed_.load(std::memory_order_relaxed)) return {Code::kClosed, "The database is closed."};
  SOCHDB_TRY(CheckNotPoisoned());
  flush_hinted_ = false;
  Status status = wal_->Flush();
  return status.ok() ? status : Poison(std::move(status));
}

bool CommitPipeline::Close() {
  {
    MutexLock lock(gate_.mutex());
    if (closed_.load(std::memory_order_relaxed)) return false;
    closed_.store(true, std::memory_order_release);
    gate_.Close();
  }
  AwaitPublished();
  MutexLock lock(&publish_mutex_);
  while (syncing_) published_.Wait(&publish_mutex_);
  return true;
}

void CommitPipeline::Finish() {
  MutexLock lock(&publish_mutex_);
  while (syncing_) published_.Wait(&publish_mutex_);
  finished_ = true;
}

Status CommitPipeline::poisoned() {
  MutexLock lock(&publish_mutex_);
  return poison_;
}

Status CommitPipeline::Poison(Status cause) {
  MutexLock lock(&publish_mutex_);
  Status status = PoisonLocked(std::move(cause));
  published_.SignalAll();
  return status;
}

Status CommitPipeline::PoisonOutOfMemory() {
  MutexLock lock(&publish_mutex_);
  published_.SignalAll();
  return PoisonOutOfMemoryLocked();
}

// The poison works before anything is allocated. REQUIRES: publish_mutex_.
Status CommitPipeline::PoisonOutOfMemoryLocked() {
  is_poisoned_.store(true, std::memory_order_release);
  if (poison_.ok()) poison_ = std::move(out_of_memory_);
  return poison_;
}

// Returns the cause, which the commit that met it reports. REQUIRES: publish_mutex_.
Status CommitPipeline::PoisonLocked(Status cause) {
  is_poisoned_.store(true, std::memory_order_release);
  if (!poison_.ok()) return cause;
  poison_ = std::move(cause);
  return poison_;
}

}  // namespace sochdb
