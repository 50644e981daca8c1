#include "exec/coerce.h"

#include <charconv>
#include <cmath>

#include "codec/decimal.h"
#include "codec/utf8.h"
#include "exec/json_check.h"
#include "exec/timestamp_text.h"
#include "exec/uuid_text.h"

namespace sochdb {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

enum class Mode : uint8_t { kCast, kLossless };

std::string Quoted(const Value& value) {
  constexpr size_t kShownMax = 40;
  if (value.tag == ValueTag::kBlob || value.tag == ValueTag::kVector) return std::string("a ") + ColumnTypeName(value.tag);
  std::string text;
  AppendText(value, &text);
  if (text.size() > kShownMax) {
    size_t cut = kShownMax;
    while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
    text = text.substr(0, cut) + "…";
  }
  return PhysicalOf(value.tag) == Physical::kBytes ? "'" + text + "'" : text;
}

Status Refuse(const Value& value, ColumnType to, const char* why = "") {
  return {Code::kInvalidArgument,
          Quoted(value) + " (" + ColumnTypeName(value.tag) + ") cannot become " + ColumnTypeName(to) + why + "."};
}

std::string_view Trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Status Keep(std::string_view bytes, ColumnType to, BatchArena* arena, Value* out) {
  std::string_view kept;
  if (!arena->Copy(bytes, &kept)) return arena->memory()->LimitError();
  *out = Value::Bytes(to, kept);
  return {};
}

Status ToBoolean(const Value& value, Mode mode, Value* out) {
  switch (value.tag) {
    case ValueTag::kInteger:
    case ValueTag::kBigint:
      if (mode == Mode::kLossless && value.i64 != 0 && value.i64 != 1) break;
      *out = Value::Boolean(value.i64 != 0);
      return {};
    case ValueTag::kReal:
      if (mode == Mode::kLossless && value.f64 != 0 && value.f64 != 1) break;
      *out = Value::Boolean(value.f64 != 0);
      return {};
    case ValueTag::kText: {
      std::string lower;
      AppendLower(Trimmed(value.bytes), &lower);
      for (const char* word : {"true", "t", "1", "yes", "on"})
        if (lower == word) return *out = Value::Boolean(true), Status();
      for (const char* word : {"false", "f", "0", "no", "off"})
        if (lower == word) return *out = Value::Boolean(false), Status();
      break;
    }
    default:
      break;
  }
  return Refuse(value, ColumnType::kBoolean);
}

Status RealToInteger(const Value& value, Mode mode, Value* out) {
  const double whole = std::trunc(value.f64);
  if (!(whole >= -kTwo63 && whole < kTwo63)) return Refuse(value, ColumnType::kInteger, ": it is out of range");
  if (mode == Mode::kLossless && whole != value.f64) return Refuse(value, ColumnType::kInteger, " without loss");
  *out = Value::Integer(static_cast<int64_t>(whole));
  return {};
}

Status DecimalToInteger(const Value& value, const Decimal& number, Mode mode, Value* out) {
  if (mode == Mode::kLossless && !number.IsIntegral()) return Refuse(value, ColumnType::kInteger, " without loss");
  if (!number.ToInteger(&out->i64)) return Refuse(value, ColumnType::kInteger, ": it is out of range");
  out->tag = ValueTag::kInteger;
  return {};
}

Status ToInteger(const Value& value, Mode mode, Value* out) {
  switch (value.tag) {
    case ValueTag::kBoolean:
    case ValueTag::kInteger:
    case ValueTag::kBigint:
    case ValueTag::kTimestamp:
      if (mode == Mode::kLossless && value.tag == ValueTag::kTimestamp) break;
      *out = Value::Integer(value.i64);
      return {};
    case ValueTag::kReal:
      return RealToInteger(value, mode, out);
    case ValueTag::kDecimal:
      return DecimalToInteger(value, Decimal::FromNumber(value), mode, out);
    case ValueTag::kText: {
      Decimal number;
      if (!Decimal::Parse(Trimmed(value.bytes), &number)) break;
      return DecimalToInteger(value, number, mode, out);
    }
    default:
      break;
  }
  return Refuse(value, ColumnType::kInteger);
}

Status ToReal(const Value& value, Mode mode, Value* out) {
  switch (value.tag) {
    case ValueTag::kBoolean:
      *out = Value::Real(value.i64 != 0 ? 1 : 0);
      return {};
    case ValueTag::kInteger:
    case ValueTag::kBigint:
    case ValueTag::kTimestamp:
      if (mode == Mode::kLossless && CompareIntegerReal(value.i64, static_cast<double>(value.i64)) != 0) break;
      *out = Value::Real(static_cast<double>(value.i64));
      return {};
    case ValueTag::kDecimal:
      *out = Value::Real(Decimal::FromNumber(value).ToReal());
      return {};
    case ValueTag::kText: {
      // The grammar of decimals, which leaves out hexadecimal, infinities and NaN.
      Decimal number;
      if (!Decimal::Parse(Trimmed(value.bytes), &number)) break;
      *out = Value::Real(number.ToReal());
      return {};
    }
    default:
      break;
  }
  return Refuse(value, ColumnType::kReal);
}

Status ToDecimal(const Value& value, BatchArena* arena, Value* out) {
  char text[32];
  switch (value.tag) {
    case ValueTag::kBoolean:
    case ValueTag::kInteger:
    case ValueTag::kBigint: {
      const char* end = std::to_chars(text, text + sizeof text, value.i64).ptr;
      return Keep({text, static_cast<size_t>(end - text)}, ColumnType::kDecimal, arena, out);
    }
    case ValueTag::kReal:
    case ValueTag::kText: {
      // A real becomes the shortest decimal that reads as it, which is what its author wrote.
      std::string_view source = Trimmed(value.bytes);
      if (value.tag == ValueTag::kReal)
        source = {text, static_cast<size_t>(std::to_chars(text, text + sizeof text, value.f64).ptr - text)};
      Decimal number;
      if (!Decimal::Parse(source, &number)) break;
      return Keep(number.ToString(), ColumnType::kDecimal, arena, out);
    }
    default:
      break;
  }
  return Refuse(value, ColumnType::kDecimal);
}

Status ToTimestamp(const Value& value, Mode mode, Value* out) {
  if (value.tag == ValueTag::kText) {
    int64_t ms = 0;
    bool exact = true;
    if (!ParseTimestamp(Trimmed(value.bytes), &ms, &exact)) return Refuse(value, ColumnType::kTimestamp);
    if (!exact && mode == Mode::kLossless) return Refuse(value, ColumnType::kTimestamp, " without loss: it holds milliseconds");
    *out = Value::Timestamp(ms);
    return {};
  }
  SOCHDB_TRY(ToInteger(value, mode, out));
  out->tag = ValueTag::kTimestamp;
  return {};
}

Status ToText(const Value& value, BatchArena* arena, Value* out) {
  if (value.tag == ValueTag::kBlob) {
    if (!IsValidUtf8(value.bytes)) return Refuse(value, ColumnType::kText, ": it is not UTF-8");
    *out = Value::Text(value.bytes);
    return {};
  }
  if (value.tag == ValueTag::kJson || value.tag == ValueTag::kDecimal) {
    *out = Value::Text(value.bytes);
    return {};
  }
  std::string text;
  AppendText(value, &text);
  return Keep(text, ColumnType::kText, arena, out);
}

Status ToUuid(const Value& value, BatchArena* arena, Value* out) {
  char bytes[kUuidBytes];
  if (value.tag == ValueTag::kBlob && value.bytes.size() == kUuidBytes) {
    *out = Value::Bytes(ValueTag::kUuid, value.bytes);
    return {};
  }
  if (value.tag != ValueTag::kText || !ParseUuid(value.bytes, bytes)) return Refuse(value, ColumnType::kUuid);
  return Keep({bytes, kUuidBytes}, ColumnType::kUuid, arena, out);
}

// Digits, at most one point with digits on both sides, no needless zero in front: the way ToString spells most decimals.
bool IsCanonicalDecimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text[0] == '0' && (text.size() == 1 || text[1] != '.')) return text.size() == 1;
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

Status Respell(const Value& value, BatchArena* arena, Value* out) {
  return Keep(Decimal::FromNumber(value).ToString(), ColumnType::kDecimal, arena, out);
}

Status Convert(const Value& value, ColumnType to, Mode mode, BatchArena* arena, Value* out) {
  if (value.is_null()) {
    *out = Value::Null();
    return {};
  }
  if (to == ColumnType::kAny || SameClass(value.tag, to)) {
    *out = value;
    return value.tag == ValueTag::kDecimal && !IsCanonicalDecimal(value.bytes) ? Respell(value, arena, out) : Status();
  }
  switch (to) {
    case ColumnType::kBoolean:
      return ToBoolean(value, mode, out);
    case ColumnType::kInteger:
    case ColumnType::kBigint:
      return ToInteger(value, mode, out);
    case ColumnType::kReal:
      return ToReal(value, mode, out);
    case ColumnType::kDecimal:
      return ToDecimal(value, arena, out);
    case ColumnType::kTimestamp:
      return ToTimestamp(value, mode, out);
    case ColumnType::kText:
      return ToText(value, arena, out);
    case ColumnType::kUuid:
      return ToUuid(value, arena, out);
    case ColumnType::kJson:
      if (value.tag != ValueTag::kText) return Refuse(value, to);
      if (!IsValidJson(value.bytes)) return Refuse(value, to, ": it is not JSON");
      *out = Value::Bytes(to, value.bytes);
      return {};
    case ColumnType::kBlob:
      if (value.tag == ValueTag::kText || value.tag == ValueTag::kUuid || value.tag == ValueTag::kJson) {
        *out = Value::Bytes(to, value.bytes);
        return {};
      }
      return Refuse(value, to);
    default:
      return Refuse(value, to);
  }
}

}  // namespace

void AppendText(const Value& value, std::string* out) {
  char text[40];
  switch (value.tag) {
    case ValueTag::kBoolean:
      *out += value.i64 != 0 ? "true" : "false";
      return;
    case ValueTag::kInteger:
    case ValueTag::kBigint:
      *out += std::to_string(value.i64);
      return;
    case ValueTag::kReal:
      if (std::isinf(value.f64)) *out += value.f64 < 0 ? "-Infinity" : "Infinity";
      else out->append(text, static_cast<size_t>(std::to_chars(text, text + sizeof text, value.f64).ptr - text));
      return;
    case ValueTag::kTimestamp:
      AppendTimestamp(value.i64, out);
      return;
    case ValueTag::kUuid:
      FormatUuid(value.bytes, text);
      out->append(text, kUuidTextBytes);
      return;
    default:
      out->append(value.bytes);
      return;
  }
}

bool CanCast(ColumnType from, ColumnType to) {
  using T = ColumnType;
  if (from == T::kNull || from == T::kAny || to == T::kAny || SameClass(from, to)) return true;
  const auto one_of = [](T type, std::initializer_list<T> types) {
    for (const T t : types)
      if (type == t) return true;
    return false;
  };
  switch (to) {
    case T::kBoolean:
      return one_of(from, {T::kInteger, T::kBigint, T::kReal, T::kText});
    case T::kInteger:
    case T::kBigint:
    case T::kReal:
      return from != T::kBlob && from != T::kJson && from != T::kUuid && from != T::kVector;
    case T::kDecimal:
      return one_of(from, {T::kBoolean, T::kInteger, T::kBigint, T::kReal, T::kText});
    case T::kTimestamp:
      return one_of(from, {T::kInteger, T::kBigint, T::kReal, T::kDecimal, T::kText});
    case T::kText:
      return from != T::kVector;
    case T::kUuid:
      return one_of(from, {T::kText, T::kBlob});
    case T::kJson:
      return from == T::kText;
    case T::kBlob:
      return one_of(from, {T::kText, T::kUuid, T::kJson});
    default:
      return false;
  }
}

Status CastValue(const Value& value, ColumnType to, BatchArena* arena, Value* out) {
  return Convert(value, to, Mode::kCast, arena, out);
}

Status CoerceLossless(const Value& value, ColumnType to, BatchArena* arena, Value* out) {
  return Convert(value, to, Mode::kLossless, arena, out);
}

}  // namespace sochdb
