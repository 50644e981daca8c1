// WindowFunction: one function of a window, over the rows of its partitions.
//
// Thread safety: one thread. Ownership: values written to the output point into the rows, or into the output's arena.

#pragma once

#include <memory>

#include "exec/exec_context.h"
#include "exec/window_rows.h"

namespace sochdb {

// Where a function's arguments lie among WindowRows::values.
struct WindowColumns {
  size_t args[3] = {kNoValue, kNoValue, kNoValue};
  size_t filter = kNoValue;
};

class WindowFunction {
 public:
  virtual ~WindowFunction() = default;
  virtual Status Open(Evaluator*) { return {}; }
  virtual Status BeginPartition(const WindowPartition& partition) = 0;
  // The result for a row as row r of column `column`. REQUIRES: the rows of a partition come in ascending order.
  virtual Status Compute(uint32_t row, uint32_t r, size_t column, BatchStorage* out) = 0;
  // The same for n rows of one partition from `row` on.
  virtual Status ComputeRange(uint32_t row, uint32_t n, uint32_t r, size_t column, BatchStorage* out) {
    for (uint32_t i = 0; i < n; ++i) SOCHDB_TRY(Compute(row + i, r + i, column, out));
    return {};
  }
};

struct WindowSetup {
  const WindowNode* node = nullptr;
  const WindowNode::Function* fn = nullptr;
  WindowColumns columns;
  size_t range_key = kNoValue;
  const WindowRows* rows = nullptr;
  ExecContext* context = nullptr;
};

std::unique_ptr<WindowFunction> MakeRanking(const WindowSetup& setup);      // window_ranking.cc
std::unique_ptr<WindowFunction> MakePicking(const WindowSetup& setup);      // window_picking.cc: a value of another row
std::unique_ptr<WindowFunction> MakeAggregating(const WindowSetup& setup);  // window_aggregate.cc

}  // namespace sochdb
