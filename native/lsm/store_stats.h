// StoreCounters: what flushes and compactions have done so far; and the sums over levels.
//
// Thread safety: any thread.

#pragma once

#include "env/sync.h"
#include "lsm/level_state.h"
#include "lsm/lsm_store.h"

namespace sochdb {

struct CompactionCounts {
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  uint64_t micros = 0;
  KeepStats kept;
};

class StoreCounters {
 public:
  explicit StoreCounters(Env* env) : mutex_(env) {}

  void Flushed(uint64_t bytes, uint64_t micros, const KeepStats& kept);
  void CompactionBegan();
  void CompactionEnded(bool done, bool moved, const CompactionCounts& counts);
  [[nodiscard]] LsmStats Read() const;  // levels are empty

 private:
  mutable Mutex mutex_;  // guards stats_
  LsmStats stats_;
};

// Adds a tree's tables to the levels, and to index_and_filter_bytes.
void AddLevels(const LevelState& levels, LsmStats* stats);

}  // namespace sochdb
