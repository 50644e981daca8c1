#include "exec/row_evaluator.h"

namespace sochdb {

namespace {

std::vector<ColumnType> TypesOfBoth(const TableInfo& table) {
  std::vector<ColumnType> types;
  for (int side = 0; side < 2; ++side)
    for (const ColumnInfo& column : table.columns) types.push_back(column.type);
  return types;
}

}  // namespace

RowEvaluator::RowEvaluator(const TableInfo& table, const InsertNode::Conflict& conflict, ExecContext* context)
    : conflict_(conflict),
      types_(TypesOfBoth(table)),
      evaluator_(context),
      storage_(&context->memory),
      source_(conflict.rows, types_, context) {}

Status RowEvaluator::Prepare(std::span<const Value> row) {
  if (prepared_) return {};
  prepared_ = true;
  if (!storage_.initialised()) storage_.Init(types_);
  SOCHDB_TRY(storage_.Reset(1));
  // Not copied: the row outlives the evaluation.
  for (size_t c = 0; c < row.size(); ++c) storage_.column(c).Set(0, row[c]);
  storage_.Expose(1, &batch_);
  if (!source_.wanted()) return {};
  SOCHDB_TRY(source_.Open(batch_));
  SOCHDB_TRY(source_.Next(&batch_));
  return batch_.count() == 1 ? Status() : Status(Code::kInternal, "The subqueries over a row do not yield it once.");
}

Status RowEvaluator::Begin(std::span<const Value> row, bool* holds) {
  prepared_ = false;
  *holds = true;
  evaluator_.Restart();
  if (conflict_.predicate == nullptr) return {};
  SOCHDB_TRY(Prepare(row));
  std::vector<uint16_t> rows;
  SOCHDB_TRY(evaluator_.EvalPredicate(*conflict_.predicate, batch_, batch_.selection, &rows));
  *holds = !rows.empty();
  return {};
}

Status RowEvaluator::Assign(std::span<const Value> row, std::span<Value> out) {
  for (const Assignment& set : conflict_.sets) {
    Value& to = out[set.column];
    if (set.expr->op == ExprOp::kColumn && static_cast<size_t>(set.expr->number) < row.size()) {
      to = row[static_cast<size_t>(set.expr->number)];
    } else if (set.expr->IsConstantLeaf()) {
      SOCHDB_TRY(evaluator_.EvalConstant(*set.expr, &to));
    } else {
      SOCHDB_TRY(Prepare(row));
      const ColumnVector* result = nullptr;
      SOCHDB_TRY(evaluator_.Eval(*set.expr, batch_, batch_.selection, &result));
      to = result->Get(batch_.selection[0]);
    }
    to = Stored(to);
  }
  return {};
}

}  // namespace sochdb
