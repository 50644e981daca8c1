// Arithmetic of single values: the rules of DECIMAL and ANY, and of sums.
//
// Integers stay integers, and overflow is an error; division cuts off; x / 0 and x % 0 are NULL; a real result that is no
// number is NULL. Of two kinds of number, REAL wins over DECIMAL wins over INTEGER.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cmath>
#include <limits>

#include "base/status.h"
#include "codec/value.h"
#include "exec/memory.h"
#include "exec/plan_format.h"

namespace sochdb {

Status IntegerOverflow();
Status DecimalOverflow();

// kAdd, kSubtract, kMultiply, kDivide, kModulo. kInvalidArgument when a value is no number. NULL gives NULL.
Status Arithmetic(ExprOp op, const Value& a, const Value& b, BatchArena* arena, Value* out);
// kNegate, kAbs.
Status UnaryArithmetic(ExprOp op, const Value& a, BatchArena* arena, Value* out);

// False on overflow. *null: the result is NULL.
inline bool IntegerArithmetic(ExprOp op, int64_t a, int64_t b, int64_t* out, bool* null) {
  *null = false;
  switch (op) {
    case ExprOp::kAdd:
      return !__builtin_add_overflow(a, b, out);
    case ExprOp::kSubtract:
      return !__builtin_sub_overflow(a, b, out);
    case ExprOp::kMultiply:
      return !__builtin_mul_overflow(a, b, out);
    default:
      break;
  }
  *out = 0;
  if (b == 0) {
    *null = true;
    return true;
  }
  const bool divide = op == ExprOp::kDivide;
  if (b == -1) return !divide || !__builtin_sub_overflow(int64_t{0}, a, out);
  *out = divide ? a / b : a % b;
  return true;
}

inline double RealArithmetic(ExprOp op, double a, double b, bool* null) {
  double result = 0;
  *null = false;
  switch (op) {
    case ExprOp::kAdd:
      result = a + b;
      break;
    case ExprOp::kSubtract:
      result = a - b;
      break;
    case ExprOp::kMultiply:
      result = a * b;
      break;
    case ExprOp::kDivide:
      result = b == 0 ? std::numeric_limits<double>::quiet_NaN() : a / b;
      break;
    default:
      result = b == 0 ? std::numeric_limits<double>::quiet_NaN() : std::fmod(a, b);
      break;
  }
  *null = std::isnan(result);
  return result;
}

}  // namespace sochdb
