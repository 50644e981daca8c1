#include "exec/row_evaluator.h"

namespace sochdb {

RowEvaluator::RowEvaluator(const InsertNode& node, ExecContext* context) : evaluator_(context), storage_(&context->memory) {
  for (int side = 0; side < 2; ++side)
    for (const ColumnInfo& column : node.table->columns) types_.push_back(column.type);
}

Status RowEvaluator::Prepare(std::span<const Value> row) {
  if (prepared_) return {};
  prepared_ = true;
  if (!storage_.initialised()) storage_.Init(types_);
  SOCHDB_TRY(storage_.Reset(1));
  // Not copied: the row outlives the evaluation.
  for (size_t c = 0; c < row.size(); ++c) storage_.column(c).Set(0, row[c]);
  storage_.Expose(1, &batch_);
  return {};
}

Status RowEvaluator::Begin(std::span<const Value> row, const Expr* predicate, bool* holds) {
  prepared_ = false;
  *holds = true;
  evaluator_.Restart();
  if (predicate == nullptr) return {};
  SOCHDB_TRY(Prepare(row));
  std::vector<uint16_t> rows;
  SOCHDB_TRY(evaluator_.EvalPredicate(*predicate, batch_, batch_.selection, &rows));
  *holds = !rows.empty();
  return {};
}

Status RowEvaluator::Assign(std::span<const Value> row, const std::vector<Assignment>& sets, std::span<Value> out) {
  for (const Assignment& set : sets) {
    Value& to = out[set.column];
    if (set.expr->op == ExprOp::kColumn) {
      to = row[static_cast<size_t>(set.expr->number)];
    } else if (set.expr->IsConstantLeaf()) {
      SOCHDB_TRY(evaluator_.EvalConstant(*set.expr, &to));
    } else {
      SOCHDB_TRY(Prepare(row));
      const ColumnVector* result = nullptr;
      SOCHDB_TRY(evaluator_.Eval(*set.expr, batch_, batch_.selection, &result));
      to = result->Get(0);
    }
    to = Stored(to);
  }
  return {};
}

}  // namespace sochdb
