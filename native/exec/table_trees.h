// TableTrees: in which trees a table's rows and index entries lie: its index policy decides. Keys are the same in all of them,
// so a table changes its policy by being copied from tree to tree (table_move.h).
//
// Thread safety: functions of their arguments.

#pragma once

#include "base/types.h"
#include "lsm/index_policy.h"

namespace sochdb {

struct TableTrees {
  TreeId rows = TreeId::kRows;
  TreeId indexes = TreeId::kIndexes;
};

inline TableTrees TreesOf(IndexPolicy policy) {
  switch (policy) {
    case IndexPolicy::kWriteOptimized:
      return {TreeId::kRowsWriteOptimized, TreeId::kIndexesWriteOptimized};
    case IndexPolicy::kScanOptimized:
      return {TreeId::kRowsScanOptimized, TreeId::kIndexesScanOptimized};
    case IndexPolicy::kAppendOnly:
      return {TreeId::kRowsAppendOnly, TreeId::kIndexesAppendOnly};
    case IndexPolicy::kBalanced:
      break;
  }
  return {};
}

}  // namespace sochdb
