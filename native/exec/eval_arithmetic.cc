// Arithmetic over vectors.

#include <cmath>
#include <type_traits>

#include "exec/arithmetic.h"
#include "exec/eval.h"

namespace sochdb {
namespace {

// REQUIRES: the NULLs of `out` are set, so that nothing overflows on behalf of a NULL.
template <ExprOp op>
Status Integers(const ColumnVector& a, const ColumnVector& b, const Selection& selection, ColumnVector* out) {
  const int64_t* x = a.data<int64_t>();
  const int64_t* y = b.data<int64_t>();
  int64_t* to = out->data<int64_t>();
  bool overflow = false;
  const auto at = [&](uint32_t r) {
    bool null = false;
    const bool fits = IntegerArithmetic(op, x[a.at(r)], y[b.at(r)], &to[r], &null);
    if (null) out->SetNull(r);
    overflow |= !fits && out->nulls()[r] == 0;
  };
  selection.ForEach(at);
  return overflow ? IntegerOverflow() : Status();
}

template <ExprOp op>
Status Reals(const ColumnVector& a, const ColumnVector& b, const Selection& selection, ColumnVector* out) {
  const double* x = a.data<double>();
  const double* y = b.data<double>();
  double* to = out->data<double>();
  selection.ForEach([&](uint32_t r) {
    bool null = false;
    to[r] = RealArithmetic(op, x[a.at(r)], y[b.at(r)], &null);
    if (null) out->SetNull(r);
  });
  return {};
}

template <typename F>
Status ByOperator(ExprOp op, F&& f) {
  switch (op) {
    case ExprOp::kAdd:
      return f(std::integral_constant<ExprOp, ExprOp::kAdd>());
    case ExprOp::kSubtract:
      return f(std::integral_constant<ExprOp, ExprOp::kSubtract>());
    case ExprOp::kMultiply:
      return f(std::integral_constant<ExprOp, ExprOp::kMultiply>());
    case ExprOp::kDivide:
      return f(std::integral_constant<ExprOp, ExprOp::kDivide>());
    default:
      return f(std::integral_constant<ExprOp, ExprOp::kModulo>());
  }
}

Status OneByOne(ExprOp op, const Operands& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  Status status;
  selection.ForEach([&](uint32_t r) {
    if (!status.ok()) return;
    Value result;
    status = in.b != nullptr ? Arithmetic(op, in.a->Get(r), in.b->Get(r), arena, &result)
                             : UnaryArithmetic(op, in.a->Get(r), arena, &result);
    if (status.ok()) out->Set(r, result);
  });
  return status;
}

Status Unary(ExprOp op, const ColumnVector& a, const Selection& selection, ColumnVector* out) {
  if (out->physical() == Physical::kF64) {
    double* to = out->data<double>();
    selection.ForEach([&](uint32_t r) { to[r] = op == ExprOp::kAbs ? std::fabs(a.f64(r)) : -a.f64(r); });
    return {};
  }
  int64_t* to = out->data<int64_t>();
  bool overflow = false;
  selection.ForEach([&](uint32_t r) {
    const int64_t v = a.i64(r);
    if (op == ExprOp::kAbs && v >= 0) to[r] = v;
    else overflow |= __builtin_sub_overflow(int64_t{0}, v, &to[r]) && out->nulls()[r] == 0;
  });
  return overflow ? IntegerOverflow() : Status();
}

}  // namespace

Status EvalArithmetic(const Expr& expr, const Operands& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  if (out->physical() != Physical::kI64 && out->physical() != Physical::kF64) {
    return OneByOne(expr.op, in, selection, arena, out);
  }
  PropagateNulls(*in.a, in.b, selection, out);
  if (in.b == nullptr) return Unary(expr.op, *in.a, selection, out);
  return ByOperator(expr.op, [&](auto op) {
    if (out->physical() == Physical::kF64) return Reals<decltype(op)::value>(*in.a, *in.b, selection, out);
    return Integers<decltype(op)::value>(*in.a, *in.b, selection, out);
  });
}

}  // namespace sochdb
