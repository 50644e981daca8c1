#include "exec/row_expressions.h"

namespace sochdb {

RowExpressions::RowExpressions(ExecContext* context, const TableInfo* table)
    : table_(table), evaluator_(context), storage_(&context->memory) {}

Status RowExpressions::Take(std::span<const Value> row) {
  if (!storage_.initialised()) {
    std::vector<ColumnType> types;
    for (const ColumnInfo& column : table_->columns) types.push_back(column.type);
    storage_.Init(types);
  }
  SOCHDB_TRY(storage_.Reset(1));
  for (size_t c = 0; c < row.size(); ++c) storage_.column(c).Set(0, row[c]);
  storage_.Expose(1, &batch_);
  return {};
}

Status RowExpressions::Eval(const Expr& expr, Value* out) {
  const ColumnVector* result = nullptr;
  SOCHDB_TRY(evaluator_.Eval(expr, batch_, batch_.selection, &result));
  *out = Stored(result->Get(0));
  return {};
}

Status RowExpressions::Generate(std::span<Value> row) {
  if (table_->generated.empty()) return {};
  SOCHDB_TRY(Take(row));
  for (const GeneratedInfo& generated : table_->generated) {
    SOCHDB_TRY(Eval(*generated.expr, &row[generated.column]));
    ColumnVector& column = storage_.column(generated.column);
    column.nulls()[0] = 0;
    column.Set(0, row[generated.column]);
  }
  return {};
}

Status RowExpressions::Check(std::span<const Value> row) {
  if (table_->checks.empty()) return {};
  SOCHDB_TRY(Take(row));
  for (const CheckInfo& check : table_->checks) {
    Value holds;
    SOCHDB_TRY(Eval(*check.expr, &holds));
    if (holds.is_null() || holds.i64 != 0) continue;
    return {Code::kCheck,
            "A row of " + table_->name + " breaks the check " + check.name + ".",
            {{"table", table_->name}, {"constraint", check.name}}};
  }
  return {};
}

Status RowExpressions::Compute(std::span<const Value> row, std::vector<Value>* out) {
  out->clear();
  if (table_->computed.empty()) return {};
  SOCHDB_TRY(Take(row));
  for (const Expr* expr : table_->computed) SOCHDB_TRY(Eval(*expr, &out->emplace_back()));
  return {};
}

}  // namespace sochdb
