// RowExpressions: what a table computes over one row: generated columns, checks, and what its indexes look at.
//
// Thread safety: one thread. Ownership: results live until the next NextRow; the row's bytes are not copied and outlive it.

#pragma once

#include <span>
#include <vector>

#include "exec/eval.h"
#include "exec/exec_context.h"

namespace sochdb {

class RowExpressions {
 public:
  RowExpressions(ExecContext* context, const TableInfo* table);

  // Forgets what was computed.
  void NextRow() { evaluator_.BeginBatch(); }
  // Sets the generated columns of a row that has all others.
  Status Generate(std::span<Value> row);
  // kCheck, naming the constraint. NULL passes.
  Status Check(std::span<const Value> row);
  // TableInfo::computed, in order.
  Status Compute(std::span<const Value> row, std::vector<Value>* out);

 private:
  Status Take(std::span<const Value> row);
  Status Eval(const Expr& expr, Value* out);

  const TableInfo* table_;
  Evaluator evaluator_;
  BatchStorage storage_;
  Batch batch_;
};

}  // namespace sochdb
