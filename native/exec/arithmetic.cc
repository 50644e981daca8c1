#include "exec/arithmetic.h"

#include <cmath>

#include "codec/decimal.h"

namespace sochdb {
namespace {

bool IsNumber(const Value& v) {
  return v.tag == ValueTag::kInteger || v.tag == ValueTag::kReal || v.tag == ValueTag::kDecimal || v.tag == ValueTag::kBigint;
}

Status NoNumber(const Value& v) {
  return {Code::kInvalidArgument, std::string("There is no arithmetic with a value of type ") + ColumnTypeName(v.tag) + "."};
}

double RealOf(const Value& v) {
  if (v.tag == ValueTag::kReal) return v.f64;
  return v.tag == ValueTag::kDecimal ? Decimal::FromNumber(v).ToReal() : static_cast<double>(v.i64);
}

Status KeepDecimal(bool fits, const Decimal& number, BatchArena* arena, Value* out) {
  if (!fits) return DecimalOverflow();
  std::string_view kept;
  if (!arena->Copy(number.ToString(), &kept)) return arena->memory()->LimitError();
  *out = Value::Bytes(ValueTag::kDecimal, kept);
  return {};
}

Status DecimalArithmetic(ExprOp op, const Value& a, const Value& b, BatchArena* arena, Value* out) {
  const Decimal x = Decimal::FromNumber(a);
  const Decimal y = Decimal::FromNumber(b);
  Decimal result;
  switch (op) {
    case ExprOp::kAdd:
      return KeepDecimal(Decimal::Add(x, y, &result), result, arena, out);
    case ExprOp::kSubtract:
      return KeepDecimal(Decimal::Add(x, y.Negated(), &result), result, arena, out);
    case ExprOp::kMultiply:
      return KeepDecimal(Decimal::Multiply(x, y, &result), result, arena, out);
    default:
      break;
  }
  if (y.is_zero()) {
    *out = Value::Null();
    return {};
  }
  if (op == ExprOp::kDivide) return KeepDecimal(Decimal::Divide(x, y, &result), result, arena, out);
  return KeepDecimal(Decimal::Remainder(x, y, &result), result, arena, out);
}

}  // namespace

Status IntegerOverflow() { return {Code::kInvalidArgument, "An INTEGER result is out of range: it needs more than 64 bits."}; }
Status DecimalOverflow() {
  return {Code::kInvalidArgument, "A DECIMAL result is out of range: it needs more than 1000 digits."};
}

Status Arithmetic(ExprOp op, const Value& a, const Value& b, BatchArena* arena, Value* out) {
  *out = Value::Null();
  if (a.is_null() || b.is_null()) return {};
  if (!IsNumber(a)) return NoNumber(a);
  if (!IsNumber(b)) return NoNumber(b);
  bool null = false;
  if (a.tag == ValueTag::kReal || b.tag == ValueTag::kReal) {
    const double result = RealArithmetic(op, RealOf(a), RealOf(b), &null);
    if (!null) *out = Value::Real(result);
    return {};
  }
  if (a.tag == ValueTag::kDecimal || b.tag == ValueTag::kDecimal) return DecimalArithmetic(op, a, b, arena, out);
  int64_t result = 0;
  if (!IntegerArithmetic(op, a.i64, b.i64, &result, &null)) return IntegerOverflow();
  if (!null) *out = Value::Integer(result);
  return {};
}

Status UnaryArithmetic(ExprOp op, const Value& a, BatchArena* arena, Value* out) {
  *out = a;
  if (a.is_null()) return {};
  if (!IsNumber(a)) return NoNumber(a);
  if (a.tag == ValueTag::kReal) {
    out->f64 = op == ExprOp::kAbs ? std::fabs(a.f64) : -a.f64;
    return {};
  }
  if (a.tag == ValueTag::kDecimal) {
    const Decimal number = Decimal::FromNumber(a);
    return KeepDecimal(true, op == ExprOp::kAbs ? number.Absolute() : number.Negated(), arena, out);
  }
  if (op == ExprOp::kAbs && a.i64 >= 0) return {};
  return __builtin_sub_overflow(int64_t{0}, a.i64, &out->i64) ? IntegerOverflow() : Status();
}

}  // namespace sochdb
