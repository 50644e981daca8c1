// Functions of numbers, and of bits. A real result that is no number is NULL.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "codec/decimal.h"
#include "exec/arithmetic.h"
#include "exec/functions/function.h"
#include "exec/functions/random.h"

namespace sochdb {
namespace math_functions {

Status Real(double result, Value* out) {
  if (!std::isnan(result)) *out = Value::Real(result);
  return {};
}

template <double (*f)(double)>
Status Of(FunctionCall*, std::span<const Value> args, Value* out) {
  return Real(f(args[0].f64), out);
}

double Sine(double x) { return std::sin(x); }
double Cosine(double x) { return std::cos(x); }
double Tangent(double x) { return std::tan(x); }
double ArcSine(double x) { return std::asin(x); }
double ArcCosine(double x) { return std::acos(x); }
double ArcTangent(double x) { return std::atan(x); }
double HyperbolicSine(double x) { return std::sinh(x); }
double HyperbolicCosine(double x) { return std::cosh(x); }
double HyperbolicTangent(double x) { return std::tanh(x); }
double AreaSine(double x) { return std::asinh(x); }
double AreaCosine(double x) { return std::acosh(x); }
double AreaTangent(double x) { return std::atanh(x); }
double SquareRoot(double x) { return std::sqrt(x); }
double CubeRoot(double x) { return std::cbrt(x); }
double Exponential(double x) { return std::exp(x); }
double Degrees(double x) { return x * (180 / std::numbers::pi); }
double Radians(double x) { return x * (std::numbers::pi / 180); }
double Cotangent(double x) { return 1 / std::tan(x); }
// Of zero, too, there is none.
double PositiveOnly(double x) { return x > 0 ? x : std::nan(""); }
double Ln(double x) { return std::log(PositiveOnly(x)); }
double Log10(double x) { return std::log10(PositiveOnly(x)); }
double Log2(double x) { return std::log2(PositiveOnly(x)); }

// log(x) is to the base 10; log(base, x).
Status Log(FunctionCall*, std::span<const Value> args, Value* out) {
  if (args.size() == 1) return Real(Log10(args[0].f64), out);
  const double base = args[0].f64;
  const double divisor = Ln(base);
  if (!(divisor != 0)) return {};
  return Real(base == 2 ? Log2(args[1].f64) : (base == 10 ? Log10(args[1].f64) : Ln(args[1].f64) / divisor), out);
}

Status Power(FunctionCall*, std::span<const Value> args, Value* out) { return Real(std::pow(args[0].f64, args[1].f64), out); }

Status ArcTangent2(FunctionCall*, std::span<const Value> args, Value* out) {
  return Real(std::atan2(args[0].f64, args[1].f64), out);
}

Status Pi(FunctionCall*, std::span<const Value>, Value* out) { return Real(std::numbers::pi, out); }

enum class Rounding : uint8_t { kHalfAway, kUp, kDown, kTruncate };

// The decimal with at most `places` digits behind the point.
std::string Rounded(const Decimal& number, size_t places, Rounding rounding) {
  std::string text = number.Absolute().ToString();
  const size_t point = text.find('.');
  if (point == std::string::npos || text.size() - point - 1 <= places) return number.ToString();
  const std::string cut = text.substr(point + 1 + places);
  text.resize(places == 0 ? point : point + 1 + places);
  const bool exact = cut.find_first_not_of('0') == std::string::npos;
  const bool away = rounding == Rounding::kHalfAway ? cut[0] >= '5'
                                                    : (!exact && ((rounding == Rounding::kUp && !number.negative()) ||
                                                                  (rounding == Rounding::kDown && number.negative())));
  if (away) {
    size_t i = text.size();
    while (i > 0 && (text[i - 1] == '9' || text[i - 1] == '.')) {
      --i;
      if (text[i] == '9') text[i] = '0';
    }
    if (i == 0) text.insert(text.begin(), '1');
    else ++text[i - 1];
  }
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return number.negative() && !zero ? "-" + text : text;
}

Status RoundValue(FunctionCall* call, const Value& value, int64_t places, Rounding rounding, Value* out) {
  constexpr int64_t kPlacesMax = 30;
  const auto digits = static_cast<size_t>(std::clamp<int64_t>(places, 0, kPlacesMax));
  if (value.tag == ValueTag::kDecimal) {
    return call->Keep(Rounded(Decimal::FromNumber(value), digits, rounding), ValueTag::kDecimal, out);
  }
  *out = value;
  if (value.tag != ValueTag::kReal) return {};
  const double x = value.f64;
  if (rounding == Rounding::kUp) return Real(std::ceil(x), out);
  if (rounding == Rounding::kDown) return Real(std::floor(x), out);
  if (rounding == Rounding::kTruncate && digits == 0) return Real(std::trunc(x), out);
  // Beyond 2^52 there is nothing behind the point.
  if (!(std::fabs(x) < 4503599627370496.0)) return {};
  if (digits == 0) return Real(std::round(x), out);
  Decimal rounded;
  if (Decimal::Parse(Rounded(Decimal::FromReal(x), digits, rounding), &rounded)) *out = Value::Real(rounded.ToReal());
  return {};
}

template <Rounding rounding>
Status Round(FunctionCall* call, std::span<const Value> args, Value* out) {
  return RoundValue(call, args[0], args.size() > 1 ? args[1].i64 : 0, rounding, out);
}

Status Sign(FunctionCall*, std::span<const Value> args, Value* out) {
  int64_t sign = 0;
  if (args[0].tag == ValueTag::kDecimal) {
    const Decimal number = Decimal::FromNumber(args[0]);
    sign = number.is_zero() ? 0 : (number.negative() ? -1 : 1);
  } else if (args[0].tag == ValueTag::kReal) {
    sign = (args[0].f64 > 0 ? 1 : 0) - (args[0].f64 < 0 ? 1 : 0);
  } else {
    sign = (args[0].i64 > 0 ? 1 : 0) - (args[0].i64 < 0 ? 1 : 0);
  }
  *out = Value::Integer(sign);
  return {};
}

Status Random(FunctionCall*, std::span<const Value>, Value* out) {
  *out = Value::Integer(static_cast<int64_t>(RandomNumber()));
  return {};
}

Status Rand(FunctionCall*, std::span<const Value>, Value* out) {
  *out = Value::Real(static_cast<double>(RandomNumber() >> 11) * 0x1p-53);
  return {};
}

Status And(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(args[0].i64 & args[1].i64);
  return {};
}
Status Or(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(args[0].i64 | args[1].i64);
  return {};
}
Status Xor(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(args[0].i64 ^ args[1].i64);
  return {};
}
Status Not(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(~args[0].i64);
  return {};
}
Status BitCount(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(std::popcount(static_cast<uint64_t>(args[0].i64)));
  return {};
}

// A negative shift goes the other way; what is shifted out is gone, and on the right the sign moves in.
Value Shifted(int64_t x, int64_t n, bool left) {
  if (n < 0) {
    left = !left;
    n = n == std::numeric_limits<int64_t>::min() ? 64 : -n;
  }
  if (left) return Value::Integer(n > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(x) << n));
  return Value::Integer(x >> std::min<int64_t>(n, 63));
}
Status ShiftLeft(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Shifted(args[0].i64, args[1].i64, true);
  return {};
}
Status ShiftRight(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Shifted(args[0].i64, args[1].i64, false);
  return {};
}

// The least or greatest of those that are not NULL.
template <int sign>
Status Extreme(FunctionCall*, std::span<const Value> args, Value* out) {
  for (const Value& value : args) {
    if (value.is_null()) continue;
    if (out->is_null() || CompareValues(value, *out) * sign > 0) *out = value;
  }
  return {};
}

constexpr Function kTable[] = {
    {100, "round", "N[I]:0", kStrict, &Round<Rounding::kHalfAway>},
    {101, "ceil", "N:0", kStrict, &Round<Rounding::kUp>},
    {102, "floor", "N:0", kStrict, &Round<Rounding::kDown>},
    {103, "trunc", "N[I]:0", kStrict, &Round<Rounding::kTruncate>},
    {104, "sign", "N:I", kStrict, &Sign},
    {105, "pow", "RR:R", kStrict, &Power},
    {106, "sqrt", "R:R", kStrict, &Of<SquareRoot>},
    {107, "cbrt", "R:R", kStrict, &Of<CubeRoot>},
    {108, "exp", "R:R", kStrict, &Of<Exponential>},
    {109, "ln", "R:R", kStrict, &Of<Ln>},
    {110, "log", "R[R]:R", kStrict, &Log},
    {111, "log10", "R:R", kStrict, &Of<Log10>},
    {112, "log2", "R:R", kStrict, &Of<Log2>},
    {113, "sin", "R:R", kStrict, &Of<Sine>},
    {114, "cos", "R:R", kStrict, &Of<Cosine>},
    {115, "tan", "R:R", kStrict, &Of<Tangent>},
    {116, "asin", "R:R", kStrict, &Of<ArcSine>},
    {117, "acos", "R:R", kStrict, &Of<ArcCosine>},
    {118, "atan", "R:R", kStrict, &Of<ArcTangent>},
    {119, "atan2", "RR:R", kStrict, &ArcTangent2},
    {120, "sinh", "R:R", kStrict, &Of<HyperbolicSine>},
    {121, "cosh", "R:R", kStrict, &Of<HyperbolicCosine>},
    {122, "tanh", "R:R", kStrict, &Of<HyperbolicTangent>},
    {123, "asinh", "R:R", kStrict, &Of<AreaSine>},
    {124, "acosh", "R:R", kStrict, &Of<AreaCosine>},
    {125, "atanh", "R:R", kStrict, &Of<AreaTangent>},
    {126, "pi", ":R", kStrict, &Pi},
    {127, "degrees", "R:R", kStrict, &Of<Degrees>},
    {128, "radians", "R:R", kStrict, &Of<Radians>},
    {129, "cot", "R:R", kStrict, &Of<Cotangent>},
    {130, "random", ":I", kVolatile, &Random},
    {131, "rand", ":R", kVolatile, &Rand},
    {132, "greatest", "AS*:0", 0, &Extreme<1>},
    {133, "least", "AS*:0", 0, &Extreme<-1>},
    {134, "max_of", "AS*:0", kStrict, &Extreme<1>},
    {135, "min_of", "AS*:0", kStrict, &Extreme<-1>},
    {140, "bit_and_of", "II:I", kStrict, &And},
    {141, "bit_or_of", "II:I", kStrict, &Or},
    {142, "bit_xor_of", "II:I", kStrict, &Xor},
    {143, "bit_not_of", "I:I", kStrict, &Not},
    {144, "shift_left", "II:I", kStrict, &ShiftLeft},
    {145, "shift_right", "II:I", kStrict, &ShiftRight},
    {146, "bit_count", "I:I", kStrict, &BitCount},
};

}  // namespace math_functions

std::span<const Function> MathFunctions() { return math_functions::kTable; }

}  // namespace sochdb
