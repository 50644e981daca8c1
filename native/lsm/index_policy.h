// IndexPolicy: how a tree's data is laid out and compacted. No policy ever drops live data.
//
//   writeOptimized  hash memtable with sorted runs, flushed uncompressed, tiered compaction: the least work for a write
//   balanced        ordered memtable, 4 KiB blocks (a point read expands no more than it must), tiered upper levels over one
//                   leveled bottom ("lazy leveling": Dayan, Idreos, SIGMOD 2018)
//   scanOptimized   ordered memtable, 8 KiB blocks, leveled, two runs at level 0: a scan merges the fewest sources
//   appendOnly      keys that arrive in ascending order: 64 KiB blocks, tables moved, not rewritten, and kept by time windows
//
// Thread safety: values.

#pragma once

#include <cstdint>

#include "base/types.h"
#include "sst/table_properties.h"

namespace sochdb {

// Numbers are on disk and in the API.
enum class IndexPolicy : uint8_t { kWriteOptimized = 0, kBalanced = 1, kScanOptimized = 2, kAppendOnly = 3 };
inline constexpr int kIndexPolicyCount = 4;

enum class CompactionStyle : uint8_t { kTiered, kLazyLeveled, kLeveled, kTimeWindow };

struct PolicySettings {
  IndexPolicy policy = IndexPolicy::kBalanced;
  CompactionStyle style = CompactionStyle::kLazyLeveled;
  bool ordered_memtable = true;
  TableOptions table;
  bool compress_flushes = true;
  bool help_flushes = false;                         // a second thread compresses what a flush writes
  uint32_t level0_trigger = 4;                       // runs at level 0 that start a compaction
  uint32_t runs_per_level = 4;                       // tiered: runs of about one size that are merged
  uint32_t size_ratio = 10;                          // between levels
  uint64_t base_level_bytes = 256ull * 1024 * 1024;  // of level 1
  uint64_t target_file_bytes = 64ull * 1024 * 1024;
  uint64_t window_ms = 3600ull * 1000;  // time windows
  uint32_t slowdown_runs = 12;          // sources a read merges, from which on writes are delayed
  uint32_t stop_runs = 24;              // and from which on they wait
};

// What a policy means; `table` gives compression and level, the policy the rest.
PolicySettings SettingsOf(IndexPolicy policy, const TableOptions& table);

}  // namespace sochdb
