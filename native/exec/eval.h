// Evaluator: expressions over batches, a vector at a time, with three-valued logic.
//
// Only the selected rows are computed, so that nothing fails on behalf of a row that is filtered out: AND, OR, COALESCE, CASE
// and IN look at an operand only for the rows it still decides.
//
// Thread safety: one thread. Ownership: results are vectors of the input, or of the evaluator and then valid until BeginBatch
// or the next evaluation of the same expression.

#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/expr.h"
#include "exec/functions/function.h"
#include "exec/row_table.h"

namespace sochdb {

class Evaluator {
 public:
  explicit Evaluator(ExecContext* context) : context_(context), arena_(&context->memory) {}

  // Drops the bytes of earlier results.
  void BeginBatch() { arena_.Reset(); }
  // Forgets what depends on the parameters.
  void Restart() {
    in_lists_.clear();
    arena_.Reset();
  }

  Status Eval(const Expr& expr, const Batch& in, const Selection& selection, const ColumnVector** out);
  // Appends to `rows` those selected for which the predicate is true.
  Status EvalPredicate(const Expr& expr, const Batch& in, const Selection& selection, std::vector<uint16_t>* rows);
  // The value of an expression without columns.
  Status EvalConstant(const Expr& expr, Value* out);

 private:
  struct InList {
    InList(ColumnType type, ExecContext* context) : keys({&type, 1}, &context->memory, context->hash_seed) {}
    RowTable keys;
    bool has_null = false;
  };

  ColumnVector* Slot(const Expr& expr);
  Status EvalInto(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status Parameter(const Expr& expr, const Batch& in, ColumnVector* out);

  // eval_select.cc
  Status Select(const Expr& expr, const Batch& in, const Selection& selection, uint16_t* to, uint32_t* count);
  // eval_logic.cc
  Status And(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status Not(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status IsNull(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status Coalesce(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status Case(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  // eval_call.cc
  Status Call(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  // eval_in.cc
  Status In(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out);
  Status InConstants(const Expr& expr, const ColumnVector& value, const Selection& selection, ColumnVector* out);
  Status BuildInList(const Expr& expr, std::unique_ptr<InList>* out);

  ExecContext* context_;
  BatchArena arena_;
  std::unordered_map<uint32_t, std::unique_ptr<ColumnVector>> slots_;
  std::unordered_map<uint32_t, std::unique_ptr<InList>> in_lists_;
  std::unordered_map<uint32_t, std::unique_ptr<FunctionState>> states_;
};

// Kernels over operands that were evaluated. `out` has room for every selected row and no NULLs yet.
struct Operands {
  const ColumnVector* a = nullptr;
  const ColumnVector* b = nullptr;  // null for unary operators
  const ColumnVector* c = nullptr;  // the escape of LIKE
};
Status EvalCompare(ExprOp op, const Operands& in, const Selection& selection, ColumnVector* out);  // eval_compare.cc
Status EvalArithmetic(const Expr& expr, const Operands& in, const Selection& selection, BatchArena* arena,
                      ColumnVector* out);  // eval_arithmetic.cc
Status EvalText(const Expr& expr, const Operands& in, const Selection& selection, ExecContext* context, BatchArena* arena,
                ColumnVector* out);  // eval_text.cc
Status EvalCast(const Expr& expr, const ColumnVector& in, const Selection& selection, BatchArena* arena,
                ColumnVector* out);  // eval_cast.cc
Status EvalTryCast(const Expr& expr, const ColumnVector& in, const Selection& selection, BatchArena* arena,
                   ColumnVector* out);  // eval_call.cc

// Marks the rows NULL where an operand is.
void PropagateNulls(const ColumnVector& a, const ColumnVector* b, const Selection& selection, ColumnVector* out);
// Copies selected rows of one class to the same places.
void CopyRows(const ColumnVector& in, const Selection& selection, ColumnVector* out);
void SetAllNull(const Selection& selection, ColumnVector* out);

}  // namespace sochdb
