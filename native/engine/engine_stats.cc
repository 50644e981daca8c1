// What the engine says of itself. docs/internals/statistics.md lists the source of every number.

#include <algorithm>

#include "engine/engine_impl.h"

namespace sochdb {

EngineStats EngineImpl::stats() const {
  EngineStats stats;
  stats.active_transactions = stats_.active.load(std::memory_order_relaxed);
  stats.committed_transactions = stats_.committed.load(std::memory_order_relaxed) + pipeline_.single_commits();
  stats.aborted_transactions = stats_.aborted.load(std::memory_order_relaxed);
  stats.conflicts = stats_.conflicts.load(std::memory_order_relaxed);
  stats.reads = stats_.reads.value();
  stats.writes = stats_.writes.value();
  stats.bytes_read = stats_.bytes_read.value();
  stats.bytes_written = pipeline_.applied_bytes();
  stats.latency = {latencies_.get.Summary(), latencies_.put.Summary(), latencies_.commit.Summary(), latencies_.scan.Summary(),
                   latencies_.sync.Summary()};
  parts_.blobs->Usage(&stats.blob_files, &stats.blob_bytes);
  stats.key_count = trees_->key_count();
  stats.memory_bytes = trees_->memory_bytes();
  const SnapshotList::Summary snapshots = snapshots_.summary();
  stats.active_snapshots = snapshots.count;
  stats.oldest_snapshot = snapshots.oldest;
  if (snapshots.count != 0) {
    const uint64_t now_ms = hlc_->NowMillis();
    stats.snapshot_age_ms = now_ms - std::min(now_ms, snapshots.since_ms);
    stats.snapshot_bytes = store_->PinnedBytes(snapshots.oldest);
  }
  stats.history_floor = snapshots_.history_floor();
  stats.uptime_ms = (parts_.env->MonotonicMicros() - opened_micros_) / 1000;
  stats.wal = wal_->stats();
  stats.lsm = store_->stats();
  stats.pending_compactions = stats.lsm.pending_compactions;
  for (const LevelStats& level : stats.lsm.levels) {
    stats.logical_bytes += level.raw_bytes;
    stats.stored_bytes += level.bytes;
    stats.index_bytes += level.bytes - level.data_bytes;
    stats.table_files += level.files;
  }
  stats.stalls = throttle_.stats();
  stats.checkpoint_lsn = checkpoint_lsn_.load(std::memory_order_relaxed);
  stats.checkpoint_at_ms = checkpoint_at_ms_.load(std::memory_order_relaxed);

  const Flusher::Stats flushes = flusher_.stats();
  stats.waiting_memtables = flushes.waiting_memtables;
  stats.waiting_bytes = flushes.waiting_bytes;
  stats.flush_failures = flushes.failures;
  const Compactor::Stats compactions = compactor_.stats();
  stats.compaction_failures = compactions.failures;
  stats.damaged_tables = compactions.damaged_tables;
  for (const Status* status : {&flushes.last_failure, &compactions.last_failure, &compactions.damage}) {
    if (!status->ok() && stats.background_error.empty()) stats.background_error = status->message();
  }
  return stats;
}

}  // namespace sochdb
