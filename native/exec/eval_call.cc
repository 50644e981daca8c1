// Calls of scalar functions, and casts that give NULL in place of an error.

#include <array>

#include "exec/coerce.h"
#include "exec/eval.h"
#include "exec/functions/function.h"

namespace sochdb {

Status Evaluator::Call(const Expr& expr, const Batch& in, const Selection& selection, ColumnVector* out) {
  const Function& function = *expr.function;
  const bool strict = (function.flags & kStrict) != 0;
  const size_t count = expr.args.size();
  std::array<const ColumnVector*, 8> few_vectors;
  std::array<Value, 8> few_values;
  std::vector<const ColumnVector*> many_vectors(count > few_vectors.size() ? count : 0);
  std::vector<Value> many_values(many_vectors.size());
  const ColumnVector** vectors = count > few_vectors.size() ? many_vectors.data() : few_vectors.data();
  Value* values = count > few_values.size() ? many_values.data() : few_values.data();
  for (size_t i = 0; i < count; ++i) {
    SOCHDB_TRY(Eval(*expr.args[i], in, selection, &vectors[i]));
    const bool null = vectors[i]->type() == ColumnType::kNull || (vectors[i]->constant() && vectors[i]->IsNull(0));
    if (strict && null) {
      SetAllNull(selection, out);
      return {};
    }
  }
  FunctionCall call{&function, expr.type, context_, &arena_, &states_[expr.slot]};
  for (uint32_t n = 0; n < selection.count; ++n) {
    const uint32_t r = selection[n];
    bool null = false;
    for (size_t i = 0; i < count; ++i) {
      values[i] = vectors[i]->Get(r);
      null |= values[i].is_null();
    }
    Value result;
    if (!(strict && null)) SOCHDB_TRY(function.kernel(&call, {values, count}, &result));
    out->Set(r, result);
    SOCHDB_TRY(context_->Tick());
  }
  return {};
}

Status EvalTryCast(const Expr& expr, const ColumnVector& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  for (uint32_t i = 0; i < selection.count; ++i) {
    const uint32_t r = selection[i];
    Value value;
    const Status status = CastValue(in.Get(r), expr.type, arena, &value);
    if (!status.ok() && status.code() != Code::kInvalidArgument) return status;
    out->Set(r, status.ok() ? value : Value());
  }
  return {};
}

}  // namespace sochdb
