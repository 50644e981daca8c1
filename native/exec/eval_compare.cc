// Comparisons, over vectors of every physical kind.

#include "exec/eval.h"

namespace sochdb {
namespace {

template <typename T, typename F>
void Loop(const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint8_t* out, F compare) {
  const T* x = a.data<T>();
  const T* y = b.data<T>();
  if (b.constant() && !a.constant()) {
    const T v = y[0];
    selection.ForEach([&](uint32_t r) { out[r] = compare(x[r], v) ? 1 : 0; });
  } else if (!a.constant() && !b.constant()) {
    selection.ForEach([&](uint32_t r) { out[r] = compare(x[r], y[r]) ? 1 : 0; });
  } else {
    selection.ForEach([&](uint32_t r) { out[r] = compare(x[a.at(r)], y[b.at(r)]) ? 1 : 0; });
  }
}

template <typename T>
void CompareNumbers(ExprOp op, const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint8_t* out) {
  switch (op) {
    case ExprOp::kNotEqual:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x != y; });
    case ExprOp::kLess:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x < y; });
    case ExprOp::kLessEqual:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x <= y; });
    case ExprOp::kGreater:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x > y; });
    case ExprOp::kGreaterEqual:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x >= y; });
    default:
      return Loop<T>(a, b, selection, out, [](T x, T y) { return x == y; });
  }
}

bool Holds(ExprOp op, int order) {
  switch (op) {
    case ExprOp::kNotEqual:
      return order != 0;
    case ExprOp::kLess:
      return order < 0;
    case ExprOp::kLessEqual:
      return order <= 0;
    case ExprOp::kGreater:
      return order > 0;
    case ExprOp::kGreaterEqual:
      return order >= 0;
    default:
      return order == 0;
  }
}

// Values whose NULLs must not be looked at.
void CompareBytes(ExprOp op, const ColumnVector& a, const ColumnVector& b, const Selection& selection, ColumnVector* out) {
  uint8_t* truth = out->data<uint8_t>();
  const bool equality = op == ExprOp::kEqual || op == ExprOp::kIsNotDistinct || op == ExprOp::kNotEqual;
  selection.ForEach([&](uint32_t r) {
    if (a.IsNull(r) || b.IsNull(r)) return;
    const std::string_view x = a.bytes(r);
    const std::string_view y = b.bytes(r);
    const bool holds = equality ? (x == y) == (op != ExprOp::kNotEqual) : Holds(op, x.compare(y));
    truth[r] = holds ? 1 : 0;
  });
}

void CompareAnything(ExprOp op, const ColumnVector& a, const ColumnVector& b, const Selection& selection, ColumnVector* out) {
  uint8_t* truth = out->data<uint8_t>();
  selection.ForEach([&](uint32_t r) {
    if (!a.IsNull(r) && !b.IsNull(r)) truth[r] = Holds(op, CompareValues(a.Get(r), b.Get(r))) ? 1 : 0;
  });
}

// a IS b: NULL equals NULL, and the answer is never NULL.
void DecideNulls(const ColumnVector& a, const ColumnVector& b, const Selection& selection, ColumnVector* out) {
  if (!a.may_have_nulls() && !b.may_have_nulls()) return;
  uint8_t* truth = out->data<uint8_t>();
  selection.ForEach([&](uint32_t r) {
    const bool x = a.IsNull(r);
    const bool y = b.IsNull(r);
    if (x || y) truth[r] = x && y ? 1 : 0;
  });
}

}  // namespace

Status EvalCompare(ExprOp op, const Operands& in, const Selection& selection, ColumnVector* out) {
  const ColumnVector& a = *in.a;
  const ColumnVector& b = *in.b;
  uint8_t* truth = out->data<uint8_t>();
  if (a.physical() != b.physical()) {
    CompareAnything(op, a, b, selection, out);  // one side is the literal NULL, compared with IS
  } else {
    switch (a.physical()) {
      case Physical::kBool:
        CompareNumbers<uint8_t>(op, a, b, selection, truth);
        break;
      case Physical::kI64:
        CompareNumbers<int64_t>(op, a, b, selection, truth);
        break;
      case Physical::kF64:
        CompareNumbers<double>(op, a, b, selection, truth);
        break;
      case Physical::kBytes:
        if (a.type() == ColumnType::kDecimal) CompareAnything(op, a, b, selection, out);
        else CompareBytes(op, a, b, selection, out);
        break;
      case Physical::kAny:
        CompareAnything(op, a, b, selection, out);
        break;
    }
  }
  if (op == ExprOp::kIsNotDistinct) DecideNulls(a, b, selection, out);
  else PropagateNulls(a, &b, selection, out);
  return {};
}

}  // namespace sochdb
