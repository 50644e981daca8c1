// AggregateState: one aggregate function over all groups of an aggregation.
//
// plan_format.h says what each function yields. Sums of integers are exact whatever the order of their parts, sums of reals
// carry their rounding errors along.
//
// Thread safety: one thread. Ownership: nothing is kept of the vectors that are added.

#pragma once

#include <memory>
#include <span>

#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/plan_nodes.h"

namespace sochdb {

struct AggregateArguments {
  const ColumnVector* first = nullptr;   // null for kCountRows
  const ColumnVector* second = nullptr;  // null but for functions of two
  std::span<const ColumnVector* const> order;
};

class AggregateState {
 public:
  virtual ~AggregateState() = default;

  // Makes room for groups 0 to n - 1.
  virtual Status Resize(uint32_t n) = 0;
  // Adds the selected rows; groups[i] is the group of the i-th of them. Null: all are of group 0.
  virtual Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) = 0;
  // To be called once when all rows were added.
  virtual Status Seal() { return {}; }
  // The result of a group as row r of `out`.
  virtual Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) = 0;
  // The results of n groups from `first` on as rows 0 to n - 1.
  virtual Status FinishRange(uint32_t first, uint32_t n, size_t column, BatchStorage* out) {
    for (uint32_t i = 0; i < n; ++i) SOCHDB_TRY(Finish(first + i, i, column, out));
    return {};
  }
  // Forgets all rows.
  virtual void Clear() = 0;
};

std::unique_ptr<AggregateState> MakeAggregateState(const AggregateNode::Function& fn, ExecContext* context);

// aggregate_text.cc: the functions whose results are as long as their input.
std::unique_ptr<AggregateState> MakeTextAggregate(const AggregateNode::Function& fn, ExecContext* context);
// aggregate_median.cc: of REALs.
std::unique_ptr<AggregateState> MakeMedian(ExecContext* context);
// aggregate_order.cc: hands rows on to `inner` in the order of the function, or only those that are distinct.
std::unique_ptr<AggregateState> MakeOrderedAggregate(const AggregateNode::Function& fn, ExecContext* context,
                                                     std::unique_ptr<AggregateState> inner);
std::unique_ptr<AggregateState> MakeDistinctAggregate(const AggregateNode::Function& fn, ExecContext* context,
                                                      std::unique_ptr<AggregateState> inner);

}  // namespace sochdb
