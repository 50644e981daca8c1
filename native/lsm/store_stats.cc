#include "lsm/store_stats.h"

namespace sochdb {

void StoreCounters::Flushed(uint64_t bytes, uint64_t micros, const KeepStats& kept) {
  MutexLock lock(&mutex_);
  ++stats_.flushes;
  stats_.flushed_bytes += bytes;
  stats_.flush_micros += micros;
  stats_.kept.Add(kept);
}

void StoreCounters::CompactionBegan() {
  MutexLock lock(&mutex_);
  ++stats_.running_compactions;
}

void StoreCounters::CompactionEnded(bool done, bool moved, const CompactionCounts& counts) {
  MutexLock lock(&mutex_);
  --stats_.running_compactions;
  stats_.compaction_micros += counts.micros;
  if (!done) return;
  ++(moved ? stats_.moves : stats_.compactions);
  stats_.compaction_read_bytes += counts.read_bytes;
  stats_.compaction_written_bytes += counts.written_bytes;
  stats_.kept.Add(counts.kept);
}

LsmStats StoreCounters::Read() const {
  MutexLock lock(&mutex_);
  return stats_;
}

void AddLevels(const LevelState& levels, LsmStats* stats) {
  for (size_t i = 0; i < levels.levels.size(); ++i) {
    LevelStats& level = stats->levels[i];
    for (const SortedRun& run : levels.levels[i]) {
      ++level.runs;
      level.files += run.files.size();
      level.bytes += run.bytes;
      level.entries += run.entries;
      for (const TableFilePtr& file : run.files) {
        level.data_bytes += file->properties().data_bytes;
        level.raw_bytes += file->properties().raw_bytes;
        level.deletes += file->properties().deletes;
        stats->index_and_filter_bytes += file->table().memory_bytes();
      }
    }
  }
}

}  // namespace sochdb
