// CAST over vectors.

#include "exec/coerce.h"
#include "exec/eval.h"

namespace sochdb {

Status EvalCast(const Expr& expr, const ColumnVector& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  if (SameClass(in.type(), expr.type)) {
    CopyRows(in, selection, out);
    return {};
  }
  if (in.physical() == Physical::kI64 && expr.type == ColumnType::kReal) {
    double* to = out->data<double>();
    selection.ForEach([&](uint32_t r) { to[r] = static_cast<double>(in.i64(r)); });
    PropagateNulls(in, nullptr, selection, out);
    return {};
  }
  for (uint32_t i = 0; i < selection.count; ++i) {
    const uint32_t r = selection[i];
    Value value;
    SOCHDB_TRY(CastValue(in.Get(r), expr.type, arena, &value));
    out->Set(r, value);
  }
  return {};
}

}  // namespace sochdb
