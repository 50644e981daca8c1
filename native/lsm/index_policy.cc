#include "lsm/index_policy.h"

namespace sochdb {

PolicySettings SettingsOf(IndexPolicy policy, const TableOptions& table) {
  PolicySettings settings;
  settings.policy = policy;
  settings.table = table;
  settings.table.block_bytes = 16 * 1024;
  switch (policy) {
    case IndexPolicy::kWriteOptimized:
      settings.style = CompactionStyle::kTiered;
      settings.ordered_memtable = false;
      settings.compress_flushes = false;  // what is flushed is soon merged
      settings.runs_per_level = 4;
      settings.slowdown_runs = 24;
      settings.stop_runs = 48;
      break;
    case IndexPolicy::kBalanced:
      settings.style = CompactionStyle::kLazyLeveled;
      settings.table.block_bytes = 4 * 1024;
      settings.size_ratio = 5;  // the upper levels hold at most a fifth of the bottom
      settings.slowdown_runs = 20;
      settings.stop_runs = 40;
      break;
    case IndexPolicy::kScanOptimized:
      settings.style = CompactionStyle::kLeveled;
      settings.table.block_bytes = 8 * 1024;
      settings.level0_trigger = 2;
      break;
    case IndexPolicy::kAppendOnly:
      settings.style = CompactionStyle::kTimeWindow;
      settings.table.block_bytes = 64 * 1024;
      settings.help_flushes = true;  // there is next to no compaction that would want the processor
      break;
  }
  return settings;
}

}  // namespace sochdb
