// format() and printf(), as SQLite has them: %d %i %u %f %e %E %g %G %x %X %o %c %s %z %q %Q %w %%; flags - + space 0 # , !;
// a width and a precision, which may be * to come from an argument. Missing arguments are NULL. Widths count characters.
// PostgreSQL's %L is %Q, and its %I a name with quotes where it needs them. What is no directive is an error, a lone % at the
// end apart.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/types.h"
#include "exec/coerce.h"
#include "exec/functions/function.h"
#include "exec/functions/text_parts.h"

namespace sochdb {
namespace printf_function {

constexpr int64_t kWidthMax = 1'000'000;
// More digits say nothing of a REAL.
constexpr int64_t kPrecisionMax = 350;

struct Directive {
  bool left = false;
  bool plus = false;
  bool space = false;
  bool zero = false;
  bool sharp = false;
  bool comma = false;
  bool bang = false;
  int64_t width = 0;
  int64_t precision = -1;
  char type = 0;
};

// A positive number in decimal, d.ddd… times a power of ten. SQLite takes no more than sixteen digits of a REAL for exact, and
// rounds a half away from zero.
class Decimal {
 public:
  explicit Decimal(double number) {
    char text[40];
    std::snprintf(text, sizeof text, "%.16e", number);
    digits_.push_back(text[0]);
    digits_.append(text + 2, 16);
    exponent_ = number == 0 ? 0 : std::atoi(text + 19);
  }
  [[nodiscard]] int exponent() const { return exponent_; }
  [[nodiscard]] char at(int i) const {
    return i >= 0 && i < static_cast<int>(digits_.size()) ? digits_[static_cast<size_t>(i)] : '0';
  }

  void Round(int count, bool all) {
    count = std::min(count, all ? 17 : 16);
    if (count >= static_cast<int>(digits_.size())) return;
    const bool up = count >= 0 && at(count) >= '5';
    digits_.resize(static_cast<size_t>(std::max(count, 0)));
    if (!up) return;
    size_t i = digits_.size();
    while (i > 0 && digits_[i - 1] == '9') digits_[--i] = '0';
    if (i > 0) {
      ++digits_[i - 1];
    } else {
      digits_.insert(0, 1, '1');
      ++exponent_;
    }
  }

  [[nodiscard]] std::string Fixed(int precision) const {
    std::string out;
    for (int i = std::min(exponent_, 0); i <= exponent_; ++i) out += at(i);
    if (exponent_ < 0) out = "0";
    if (precision > 0) out += '.';
    for (int i = 1; i <= precision; ++i) out += at(exponent_ + i);
    return out;
  }
  [[nodiscard]] std::string Scientific(int precision, char e) const {
    std::string out(1, at(0));
    if (precision > 0) out += '.';
    for (int i = 1; i <= precision; ++i) out += at(i);
    char text[16];
    std::snprintf(text, sizeof text, "%c%c%02d", e, exponent_ < 0 ? '-' : '+', std::abs(exponent_));
    return out + text;
  }

 private:
  std::string digits_;
  int exponent_;
};

// Without zeros at the end of the fraction, and without its point where nothing is left of it.
void TrimZeros(std::string* text) {
  const size_t point = text->find('.');
  if (point == std::string::npos) return;
  const size_t end = std::min(text->find_first_of("eE"), text->size());
  size_t last = end;
  while ((*text)[last - 1] == '0') --last;
  if (last == point + 1) last = point;
  text->erase(last, end - last);
}

std::string Spell(const Directive& directive, double number, int precision) {
  Decimal decimal(number);
  const char type = directive.type;
  const bool general = type == 'g' || type == 'G';
  if (general) precision = std::max(precision, 1);
  decimal.Round(general ? precision : type == 'f' ? decimal.exponent() + 1 + precision : precision + 1, directive.bang);
  const int exponent = decimal.exponent();
  std::string out;
  if (type == 'f') out = decimal.Fixed(precision);
  else if (!general) out = decimal.Scientific(precision, type);
  else if (exponent < -4 || exponent >= precision) out = decimal.Scientific(precision - 1, type == 'g' ? 'e' : 'E');
  else out = decimal.Fixed(precision - 1 - exponent);
  if ((general && !directive.sharp) || directive.bang) TrimZeros(&out);
  // With # a point, with ! a digit behind it, too.
  if ((directive.sharp || directive.bang) && out.find('.') == std::string::npos)
    out.insert(std::min(out.find_first_of("eE"), out.size()), directive.bang ? ".0" : ".");
  return out;
}

class Formatter {
 public:
  Formatter(FunctionCall* call, std::span<const Value> args) : call_(call), args_(args) {}

  Status Run(std::string_view format, std::string* out) {
    for (size_t at = 0; at < format.size();) {
      if (format[at] != '%') {
        const size_t end = std::min(format.find('%', at), format.size());
        out->append(format.substr(at, end - at));
        at = end;
        continue;
      }
      Directive directive;
      ++at;
      ReadFlags(format, &at, &directive);
      // What does not end ends the text.
      if (at >= format.size()) {
        out->push_back('%');
        return {};
      }
      directive.type = format[at++];
      SOCHDB_TRY(One(directive, out));
      if (out->size() > kMaxValueBytes) return {};  // which KeepText refuses
    }
    return {};
  }

 private:
  static constexpr std::string_view kFlags = "-+ 0#,!";

  Value Next() { return next_ < args_.size() ? args_[next_++] : Value(); }
  Status NextInteger(int64_t* out) {
    Value value;
    SOCHDB_TRY(Cast(Next(), ColumnType::kInteger, &value));
    *out = value.is_null() ? 0 : value.i64;
    return {};
  }
  Status Cast(const Value& from, ColumnType type, Value* out) {
    if (from.is_null()) return {};
    const Status status = CastValue(from, type, call_->arena, out);
    if (status.code() == Code::kInvalidArgument) return call_->Fail("an argument is no number: " + status.message());
    return status;
  }

  void Number(std::string_view format, size_t* at, int64_t* out) {
    *out = 0;
    for (; *at < format.size() && format[*at] >= '0' && format[*at] <= '9'; ++*at)
      *out = std::min<int64_t>(*out * 10 + (format[*at] - '0'), kWidthMax);
  }
  void Star(size_t* at, int64_t* out) {
    ++*at;
    const Value value = Next();
    *out = value.tag == ValueTag::kInteger ? std::clamp(value.i64, -kWidthMax, kWidthMax) : 0;
  }
  void ReadFlags(std::string_view format, size_t* at, Directive* out) {
    bool* const flags[] = {&out->left, &out->plus, &out->space, &out->zero, &out->sharp, &out->comma, &out->bang};
    for (; *at < format.size(); ++*at) {
      const size_t which = kFlags.find(format[*at]);
      if (which == std::string_view::npos) break;
      *flags[which] = true;
    }
    if (*at < format.size() && format[*at] == '*') {
      Star(at, &out->width);
      out->left |= out->width < 0;
      out->width = std::abs(out->width);
    } else {
      Number(format, at, &out->width);
    }
    if (*at < format.size() && format[*at] == '.') {
      ++*at;
      if (*at < format.size() && format[*at] == '*') Star(at, &out->precision);
      else Number(format, at, &out->precision);
      out->precision = std::abs(out->precision);
    }
    while (*at < format.size() && format[*at] == 'l') ++*at;
  }

  static void Pad(const Directive& directive, std::string_view text, std::string* out) {
    const auto length = static_cast<int64_t>(CodePointCount(text));
    const auto missing = static_cast<size_t>(std::max<int64_t>(directive.width - length, 0));
    if (!directive.left) out->append(missing, ' ');
    out->append(text);
    if (directive.left) out->append(missing, ' ');
  }

  // Digits with what stands in front of them; zeros fill the width between the two.
  static void PadNumber(const Directive& directive, std::string_view sign, std::string digits, std::string* out) {
    const auto width = static_cast<size_t>(directive.width);
    if (directive.zero && !directive.left && sign.size() + digits.size() < width)
      digits.insert(0, width - sign.size() - digits.size(), '0');
    Pad(directive, std::string(sign) + digits, out);
  }

  static std::string_view SignOf(const Directive& directive, bool negative) {
    return negative ? "-" : (directive.plus ? "+" : (directive.space ? " " : ""));
  }

  static void Group(std::string* digits) {
    const size_t whole = std::min(digits->find_first_not_of("0123456789"), digits->size());
    for (size_t at = whole; at > 3; at -= 3) digits->insert(at - 3, 1, ',');
  }

  Status Integer(const Directive& directive, std::string* out) {
    int64_t value = 0;
    SOCHDB_TRY(NextInteger(&value));
    const bool is_signed = directive.type == 'd' || directive.type == 'i';
    const bool negative = is_signed && value < 0;
    const uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    const auto as = static_cast<unsigned long long>(magnitude);
    char text[32];
    const char* spelling = directive.type == 'x'   ? "%llx"
                           : directive.type == 'X' ? "%llX"
                           : directive.type == 'o' ? "%llo"
                                                   : "%llu";
    std::string digits(text, static_cast<size_t>(std::snprintf(text, sizeof text, spelling, as)));
    if (directive.precision > static_cast<int64_t>(digits.size()))
      digits.insert(0, static_cast<size_t>(directive.precision) - digits.size(), '0');
    std::string_view sign = is_signed ? SignOf(directive, negative) : "";
    if (directive.sharp && value != 0 && !is_signed && directive.type != 'u')
      sign = directive.type == 'x' ? "0x" : directive.type == 'X' ? "0X" : "0";
    if (directive.comma) Group(&digits);
    PadNumber(directive, sign, std::move(digits), out);
    return {};
  }

  Status Real(const Directive& directive, std::string* out) {
    Value value;
    SOCHDB_TRY(Cast(Next(), ColumnType::kReal, &value));
    const double number = value.is_null() ? 0 : value.f64;
    const bool negative = std::signbit(number) && number != 0;
    const std::string_view sign = SignOf(directive, negative);
    if (!std::isfinite(number)) {
      Pad(directive, std::string(sign) + (std::isnan(number) ? "NaN" : "Inf"), out);
      return {};
    }
    const auto precision = static_cast<int>(directive.precision < 0 ? 6 : std::min(directive.precision, kPrecisionMax));
    std::string digits = Spell(directive, std::fabs(number), precision);
    if (directive.comma) Group(&digits);
    PadNumber(directive, sign, std::move(digits), out);
    return {};
  }

  // The text of an argument, cut to the precision.
  Status Text(const Directive& directive, std::string* out) {
    const Value value = Next();
    if (value.tag == ValueTag::kVector) return call_->Fail("a vector is no text");
    if (value.tag == ValueTag::kBlob && !IsValidUtf8(value.bytes)) return call_->Fail("a blob that is not UTF-8 is no text");
    const char type = directive.type == 'L' ? 'Q' : directive.type;
    const bool quoted = type == 'q' || type == 'Q' || type == 'w';
    std::string text;
    if (value.is_null()) text = type == 'Q' ? "NULL" : (quoted ? "(NULL)" : "");
    else AppendText(value, &text);
    if (directive.precision >= 0 && !(value.is_null() && quoted))
      text.resize(SkipCodePoints(text, static_cast<uint64_t>(directive.precision)));
    if (quoted && !value.is_null()) {
      const char mark = type == 'w' ? '"' : '\'';
      std::string doubled;
      if (type == 'Q') doubled += mark;
      for (const char c : text) doubled.append(c == mark ? 2 : 1, c);
      if (type == 'Q') doubled += mark;
      text = std::move(doubled);
    }
    Pad(directive, text, out);
    return {};
  }

  // The first character of the argument, as often as the precision says.
  Status Character(const Directive& directive, std::string* out) {
    const Value value = Next();
    std::string text;
    if (!value.is_null()) AppendText(value, &text);
    text.resize(SkipCodePoints(text, 1));
    std::string repeated;
    for (int64_t i = 0; i < std::max<int64_t>(directive.precision, 1); ++i) repeated += text;
    Pad(directive, repeated, out);
    return {};
  }

  // A name as it may stand in a statement.
  Status Name(const Directive& directive, std::string* out) {
    const Value value = next_ < args_.size() ? args_[next_] : Value();
    if (value.is_null()) return call_->Fail("a name must not be NULL");
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    std::string name;
    AppendText(value, &name);
    const bool bare = !name.empty() && (name[0] < '0' || name[0] > '9') && std::all_of(name.begin(), name.end(), plain);
    std::string quoted;
    Directive inner;
    inner.type = bare ? 's' : 'w';
    SOCHDB_TRY(Text(inner, &quoted));
    Pad(directive, bare ? quoted : '"' + quoted + '"', out);
    return {};
  }

  Status One(const Directive& directive, std::string* out) {
    switch (directive.type) {
      case '%':
        Pad(directive, "%", out);
        return {};
      case 'd':
      case 'i':
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        return Integer(directive, out);
      case 'f':
      case 'e':
      case 'E':
      case 'g':
      case 'G':
        return Real(directive, out);
      case 's':
      case 'z':
      case 'q':
      case 'Q':
      case 'L':
      case 'w':
        return Text(directive, out);
      case 'I':
        return Name(directive, out);
      case 'c':
        return Character(directive, out);
      default:
        return call_->Fail(std::string("there is no directive %") + directive.type);
    }
  }

  FunctionCall* call_;
  std::span<const Value> args_;
  size_t next_ = 0;
};

Status Format(FunctionCall* call, std::span<const Value> args, Value* out) {
  if (args[0].is_null()) return {};
  std::string text;
  SOCHDB_TRY(Formatter(call, args.subspan(1)).Run(args[0].bytes, &text));
  return call->KeepText(text, out);
}

constexpr Function kTable[] = {
    {25, "format", "TA*:T", 0, &Format},
};

}  // namespace printf_function

std::span<const Function> FormatFunctions() { return printf_function::kTable; }

}  // namespace sochdb
