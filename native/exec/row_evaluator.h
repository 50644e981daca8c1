// RowEvaluator: the assignments of ON CONFLICT DO UPDATE, over one row at a time.
//
// Thread safety: one thread. Ownership: results live until the next Begin.

#pragma once

#include <span>

#include "exec/eval.h"
#include "exec/over_rows.h"
#include "exec/plan_nodes.h"

namespace sochdb {

class RowEvaluator {
 public:
  // Over the existing row, followed by the proposed one.
  RowEvaluator(const TableInfo& table, const InsertNode::Conflict& conflict, ExecContext* context);

  Status MakeInputs() { return source_.Make(); }

  // Takes the next row and tells whether the predicate (null: always) is true for it.
  Status Begin(std::span<const Value> row, bool* holds);
  // Computes the assignments over that row into `out`.
  Status Assign(std::span<const Value> row, std::span<Value> out);

 private:
  Status Prepare(std::span<const Value> row);

  const InsertNode::Conflict& conflict_;
  std::vector<ColumnType> types_;
  Evaluator evaluator_;
  BatchStorage storage_;
  RowSource source_;
  Batch batch_;
  bool prepared_ = false;  // storage_ holds the row: only where an expression is more than a column or a constant
};

}  // namespace sochdb
