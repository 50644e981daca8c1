// Predicates of filters: which of the selected rows they hold for. Comparisons of plain values pick rows as they compare,
// without branches; conjunctions narrow the selection one operand after the other; all else is evaluated and picked from.

#include <algorithm>

#include "exec/bytes_equal.h"
#include "exec/eval.h"

namespace sochdb {
namespace {

bool IsComparison(ExprOp op) { return op >= ExprOp::kEqual && op <= ExprOp::kGreaterEqual; }

bool ComparesPlainly(const Expr& expr) {
  if (!IsComparison(expr.op)) return false;
  const ColumnType a = expr.args[0]->type;
  const ColumnType b = expr.args[1]->type;
  return PhysicalOf(a) == PhysicalOf(b) && PhysicalOf(a) != Physical::kAny && a != ColumnType::kNull &&
         b != ColumnType::kNull && a != ColumnType::kDecimal && b != ColumnType::kDecimal;
}

// Nothing in it fails on behalf of a row.
bool IsHarmless(const Expr& expr) {
  switch (expr.op) {
    case ExprOp::kAnd:
    case ExprOp::kOr:
    case ExprOp::kNot:
    case ExprOp::kIsNull:
    case ExprOp::kIn:
      break;
    default:
      if (!IsComparison(expr.op)) return expr.IsLeaf();
  }
  return std::all_of(expr.args.begin(), expr.args.end(), [](const Expr* arg) { return IsHarmless(*arg); });
}

// Writes the selected rows for which `holds` to `to`, which may be where the selection has them. Returns how many.
template <typename Holds>
uint32_t Pick(const Selection& selection, uint16_t* to, Holds holds) {
  uint32_t n = 0;
  selection.ForEach([&](uint32_t r) {
    to[n] = static_cast<uint16_t>(r);
    n += holds(r) ? 1u : 0u;
  });
  return n;
}

template <typename T, typename Compare>
uint32_t PickNumbers(const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint16_t* to, Compare compare) {
  const T* x = a.data<T>();
  const T* y = b.data<T>();
  if (a.may_have_nulls() || b.may_have_nulls()) {
    const uint8_t* a_nulls = a.nulls();
    const uint8_t* b_nulls = b.nulls();
    const uint32_t a_mask = a.at(~0u);
    const uint32_t b_mask = b.at(~0u);
    return Pick(selection, to, [=](uint32_t r) {
      const bool none = (a_nulls[r & a_mask] | b_nulls[r & b_mask]) == 0;
      return static_cast<bool>(static_cast<int>(compare(x[r & a_mask], y[r & b_mask])) & static_cast<int>(none));
    });
  }
  if (b.constant()) {
    const T v = y[0];
    if (!a.constant()) return Pick(selection, to, [=](uint32_t r) { return compare(x[r], v); });
  }
  const uint32_t a_mask = a.at(~0u);
  const uint32_t b_mask = b.at(~0u);
  return Pick(selection, to, [=](uint32_t r) { return compare(x[r & a_mask], y[r & b_mask]); });
}

template <typename T>
uint32_t PickNumbers(ExprOp op, const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint16_t* to) {
  switch (op) {
    case ExprOp::kNotEqual:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x != y; });
    case ExprOp::kLess:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x < y; });
    case ExprOp::kLessEqual:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x <= y; });
    case ExprOp::kGreater:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x > y; });
    case ExprOp::kGreaterEqual:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x >= y; });
    default:
      return PickNumbers<T>(a, b, selection, to, [](T x, T y) { return x == y; });
  }
}

template <typename Compare>
uint32_t PickBytes(const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint16_t* to, Compare compare) {
  const auto* x = a.data<std::string_view>();
  const auto* y = b.data<std::string_view>();
  const uint32_t a_mask = a.at(~0u);
  const uint32_t b_mask = b.at(~0u);
  if (!a.may_have_nulls() && !b.may_have_nulls())
    return Pick(selection, to, [=](uint32_t r) { return compare(x[r & a_mask], y[r & b_mask]); });
  return Pick(selection, to, [&](uint32_t r) { return !a.IsNull(r) && !b.IsNull(r) && compare(x[r & a_mask], y[r & b_mask]); });
}

uint32_t PickBytes(ExprOp op, const ColumnVector& a, const ColumnVector& b, const Selection& selection, uint16_t* to) {
  using Bytes = std::string_view;
  switch (op) {
    case ExprOp::kNotEqual:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return !EqualBytes(x, y); });
    case ExprOp::kLess:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return x < y; });
    case ExprOp::kLessEqual:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return x <= y; });
    case ExprOp::kGreater:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return x > y; });
    case ExprOp::kGreaterEqual:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return x >= y; });
    default:
      return PickBytes(a, b, selection, to, [](Bytes x, Bytes y) { return EqualBytes(x, y); });
  }
}

bool IsNothingButNull(const ColumnVector& v) { return v.type() == ColumnType::kNull || (v.constant() && v.IsNull(0)); }

uint32_t PickTrue(const ColumnVector& truth, const Selection& selection, uint16_t* to) {
  if (IsNothingButNull(truth)) return 0;
  const auto* values = truth.data<uint8_t>();
  const uint8_t* nulls = truth.nulls();
  const uint32_t mask = truth.at(~0u);
  return Pick(selection, to, [=](uint32_t r) { return (values[r & mask] != 0) & (nulls[r & mask] == 0); });
}

}  // namespace

// Writes the rows for which the predicate is true to `to`, which may be where the selection has them.
Status Evaluator::Select(const Expr& expr, const Batch& in, const Selection& selection, uint16_t* to, uint32_t* count) {
  *count = 0;
  if (!expr.constant && ComparesPlainly(expr)) {
    const ColumnVector* a = nullptr;
    const ColumnVector* b = nullptr;
    SOCHDB_TRY(Eval(*expr.args[0], in, selection, &a));
    SOCHDB_TRY(Eval(*expr.args[1], in, selection, &b));
    if (selection.count == 0 || IsNothingButNull(*a) || IsNothingButNull(*b)) return {};
    if (a->physical() == Physical::kI64) *count = PickNumbers<int64_t>(expr.op, *a, *b, selection, to);
    else if (a->physical() == Physical::kF64) *count = PickNumbers<double>(expr.op, *a, *b, selection, to);
    else if (a->physical() == Physical::kBool) *count = PickNumbers<uint8_t>(expr.op, *a, *b, selection, to);
    else *count = PickBytes(expr.op, *a, *b, selection, to);
    return {};
  }
  // A NULL decides a filter, but leaves AND undecided: what follows must not be able to tell.
  const bool narrows = expr.op == ExprOp::kAnd && !expr.constant &&
                       std::all_of(expr.args.begin() + 1, expr.args.end(), [](const Expr* e) { return IsHarmless(*e); });
  if (narrows) {
    SOCHDB_TRY(Select(*expr.args[0], in, selection, to, count));
    for (size_t i = 1; i < expr.args.size() && *count > 0; ++i) {
      SOCHDB_TRY(Select(*expr.args[i], in, {to, *count}, to, count));
    }
    return {};
  }
  const ColumnVector* truth = nullptr;
  SOCHDB_TRY(Eval(expr, in, selection, &truth));
  if (selection.count > 0) *count = PickTrue(*truth, selection, to);
  return {};
}

Status Evaluator::EvalPredicate(const Expr& expr, const Batch& in, const Selection& selection, std::vector<uint16_t>* rows) {
  const size_t start = rows->size();
  rows->resize(start + selection.count);
  uint32_t count = 0;
  SOCHDB_TRY(Select(expr, in, selection, rows->data() + start, &count));
  rows->resize(start + count);
  return {};
}

}  // namespace sochdb
