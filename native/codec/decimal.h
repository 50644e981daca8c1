// Decimal: exact decimal numbers, as DECIMAL columns hold them: a sign, digits, and how many of them follow the point.
//
// The scale is kept as it was given (2.50 stays 2.50); comparing, hashing and keys ignore trailing zeros.
//
// Thread safety: a value type. Limits: kDecimalDigitsMax digits; an operation whose result needs more answers false.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/value.h"

namespace sochdb {

inline constexpr size_t kDecimalDigitsMax = 1000;

class Decimal {
 public:
  Decimal() = default;

  // [+-]digits[.digits][e[+-]digits], nothing around it. False when the text is not that, or is too long.
  static bool Parse(std::string_view text, Decimal* out);
  static Decimal FromInteger(int64_t value);
  // Every digit of the double, which is more than its shortest spelling. REQUIRES: finite.
  static Decimal FromReal(double value);
  // Of an integer, real or decimal value; a decimal that does not parse is 0.
  static Decimal FromNumber(const Value& value);

  // The canonical spelling: no plus sign, no exponent, no leading zeros but one before the point.
  [[nodiscard]] std::string ToString() const;
  [[nodiscard]] double ToReal() const;
  // Truncated toward zero; false when it does not fit.
  [[nodiscard]] bool ToInteger(int64_t* out) const;
  [[nodiscard]] bool IsIntegral() const;
  [[nodiscard]] bool is_zero() const { return digits_.empty(); }
  [[nodiscard]] bool negative() const { return negative_; }
  [[nodiscard]] int32_t scale() const { return scale_; }
  // Most significant first, '0' to '9', without leading zeros; empty for zero.
  [[nodiscard]] const std::string& digits() const { return digits_; }
  [[nodiscard]] Decimal Negated() const;
  [[nodiscard]] Decimal Absolute() const;

  static int Compare(const Decimal& a, const Decimal& b);
  static bool Add(const Decimal& a, const Decimal& b, Decimal* out);
  static bool Multiply(const Decimal& a, const Decimal& b, Decimal* out);
  // Rounded half away from zero to at least 16 places, trailing zeros beyond the operands' scales dropped.
  // REQUIRES: b is not zero.
  static bool Divide(const Decimal& a, const Decimal& b, Decimal* out);
  // a - b * trunc(a / b), with the sign of a. REQUIRES: b is not zero.
  static bool Remainder(const Decimal& a, const Decimal& b, Decimal* out);

 private:
  void Normalize();

  bool negative_ = false;
  std::string digits_;
  int32_t scale_ = 0;  // digits after the point, never negative
};

}  // namespace sochdb
