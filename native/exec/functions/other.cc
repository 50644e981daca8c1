// Types, bytes, ids, vectors.

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>

#include "codec/utf8.h"
#include "env/env.h"
#include "exec/coerce.h"
#include "exec/functions/function.h"
#include "exec/functions/md5.h"
#include "exec/functions/moment.h"
#include "exec/functions/random.h"
#include "exec/functions/to_char.h"

namespace sochdb {
namespace other_functions {

constexpr char kDigits[] = "0123456789ABCDEF";

Status TypeOf(FunctionCall*, std::span<const Value> args, Value* out) {
  static constexpr std::string_view kNames[] = {"null",      "boolean", "integer", "real",   "text", "blob",   "decimal",
                                                "timestamp", "json",    "uuid",    "vector", "any",  "integer"};
  *out = Value::Text(kNames[static_cast<size_t>(args[0].tag)]);
  return {};
}

void AppendHex(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    out->push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out->push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
}

Status Hex(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string text;
  if (!args[0].is_null()) AppendHex(args[0].bytes, &text);
  return call->KeepText(text, out);
}

Status ToHex(FunctionCall* call, std::span<const Value> args, Value* out) {
  char text[20];
  const int n = std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(args[0].i64));
  return call->KeepText({text, static_cast<size_t>(n)}, out);
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Pairs of digits; between pairs, anything of `ignored` may stand. NULL for anything else.
bool ReadHex(std::string_view text, std::string_view ignored, std::string* out) {
  for (size_t i = 0; i < text.size();) {
    const int high = DigitOf(text[i]);
    if (high < 0) {
      const std::string_view letter = text.substr(i, CodePointBytes(text[i]));
      if (ignored.find(letter) == std::string_view::npos) return false;
      i += letter.size();
      continue;
    }
    const int low = i + 1 < text.size() ? DigitOf(text[i + 1]) : -1;
    if (low < 0) return false;
    out->push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return true;
}

Status Unhex(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string bytes;
  if (!ReadHex(args[0].bytes, args.size() > 1 ? args[1].bytes : "", &bytes)) return {};
  return call->Keep(bytes, ValueTag::kBlob, out);
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string ToBase64(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out.push_back(k <= n ? kBase64[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

bool FromBase64(std::string_view text, std::string* out) {
  uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    const size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if ((count += 6) >= 8) out->push_back(static_cast<char>(bits >> (count -= 8)));
  }
  return true;
}

Status Encode(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string text;
  if (args[1].bytes == "base64") return call->KeepText(ToBase64(args[0].bytes), out);
  if (args[1].bytes != "hex") return call->Fail("there are the formats 'hex' and 'base64'");
  AppendHex(args[0].bytes, &text);
  for (char& c : text) c = c >= 'A' ? static_cast<char>(c + 32) : c;
  return call->KeepText(text, out);
}

Status Decode(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string bytes;
  const bool base64 = args[1].bytes == "base64";
  if (!base64 && args[1].bytes != "hex") return call->Fail("there are the formats 'hex' and 'base64'");
  if (!(base64 ? FromBase64(args[0].bytes, &bytes) : ReadHex(args[0].bytes, "", &bytes)))
    return call->Fail("the text is not " + std::string(args[1].bytes));
  return call->Keep(bytes, ValueTag::kBlob, out);
}

Status Md5(FunctionCall* call, std::span<const Value> args, Value* out) { return call->KeepText(Md5Hex(args[0].bytes), out); }

Status ToChar(FunctionCall* call, std::span<const Value> args, Value* out) {
  const Value& value = args[0];
  std::string text;
  std::string why;
  Moment moment;
  bool painted = false;
  if (value.tag == ValueTag::kInteger || value.tag == ValueTag::kReal || value.tag == ValueTag::kDecimal) {
    painted = PictureNumber(value, args[1].bytes, &text, &why);
  } else if ((value.tag == ValueTag::kTimestamp || value.tag == ValueTag::kText) && ReadMoment(value, &moment) &&
             IsValid(moment)) {
    painted = PictureMoment(moment.ms, args[1].bytes, &text, &why);
  } else {
    why = "it takes a number or a point in time";
  }
  return painted ? call->KeepText(text, out) : call->Fail(why);
}

// The value as a literal of SQL.
Status Quote(FunctionCall* call, std::span<const Value> args, Value* out) {
  const Value& value = args[0];
  std::string text;
  switch (value.tag) {
    case ValueTag::kNull:
      text = "NULL";
      break;
    case ValueTag::kBlob:
    case ValueTag::kVector:
      text = "X'";
      AppendHex(value.bytes, &text);
      text += '\'';
      break;
    case ValueTag::kBoolean:
    case ValueTag::kInteger:
    case ValueTag::kDecimal:
      AppendText(value, &text);
      break;
    case ValueTag::kReal:
      if (std::isinf(value.f64)) text = value.f64 < 0 ? "-9.0e+999" : "9.0e+999";
      else AppendText(value, &text);
      if (text.find('.') == std::string::npos) text.insert(std::min(text.find('e'), text.size()), ".0");
      break;
    default: {
      std::string plain;
      AppendText(value, &plain);
      text = "'";
      for (const char c : plain) text.append(c == '\'' ? 2 : 1, c);
      text += '\'';
    }
  }
  return call->KeepText(text, out);
}

Status ZeroBlob(FunctionCall* call, std::span<const Value> args, Value* out) {
  const auto n = static_cast<uint64_t>(std::max<int64_t>(args[0].i64, 0));
  char* to = nullptr;
  SOCHDB_TRY(call->Room(n, &to));
  if (n > 0) std::memset(to, 0, n);
  *out = Value::Bytes(ValueTag::kBlob, {to, static_cast<size_t>(n)});
  return {};
}

Status RandomBlob(FunctionCall* call, std::span<const Value> args, Value* out) {
  const auto n = static_cast<uint64_t>(std::max<int64_t>(args[0].i64, 1));
  char* to = nullptr;
  SOCHDB_TRY(call->Room(n, &to));
  RandomBytes(to, static_cast<size_t>(n));
  *out = Value::Bytes(ValueTag::kBlob, {to, static_cast<size_t>(n)});
  return {};
}

Status Uuid(FunctionCall* call, int version, std::array<char, kUuidBytes>* bytes, Value* out) {
  (*bytes)[6] = static_cast<char>(((*bytes)[6] & 0x0f) | version << 4);
  (*bytes)[8] = static_cast<char>(((*bytes)[8] & 0x3f) | 0x80);
  return call->Keep({bytes->data(), bytes->size()}, ValueTag::kUuid, out);
}

Status RandomUuid(FunctionCall* call, std::span<const Value>, Value* out) {
  std::array<char, kUuidBytes> bytes;
  RandomBytes(bytes.data(), bytes.size());
  return Uuid(call, 4, &bytes, out);
}

// 48 bits of milliseconds, a counter of 12 bits within them, then random: ascending for the whole process.
Status TimeUuid(FunctionCall* call, std::span<const Value>, Value* out) {
  static std::atomic<uint64_t> last{0};
  const uint64_t wanted = Env::Posix()->NowMillis() << 12;
  uint64_t before = last.load(std::memory_order_relaxed);
  uint64_t time = 0;
  do time = std::max(wanted, before + 1);
  while (!last.compare_exchange_weak(before, time, std::memory_order_relaxed));
  std::array<char, kUuidBytes> bytes;
  RandomBytes(bytes.data(), bytes.size());
  for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<char>(time >> (52 - 8 * i));
  bytes[6] = static_cast<char>(time >> 8 & 0x0f);
  bytes[7] = static_cast<char>(time);
  return Uuid(call, 7, &bytes, out);
}

enum class Distance : uint8_t { kCosine, kL2, kDot };

template <Distance kind>
Status VectorDistance(FunctionCall* call, std::span<const Value> args, Value* out) {
  const size_t n = args[0].bytes.size() / sizeof(float);
  if (args[0].bytes.size() != args[1].bytes.size()) {
    return call->Fail("the vectors have " + std::to_string(n) + " and " + std::to_string(args[1].bytes.size() / sizeof(float)) +
                      " dimensions");
  }
  double dot = 0;
  double aa = 0;
  double bb = 0;
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    float x = 0;  // values lie unaligned
    float y = 0;
    std::memcpy(&x, args[0].bytes.data() + i * sizeof x, sizeof x);
    std::memcpy(&y, args[1].bytes.data() + i * sizeof y, sizeof y);
    const double a = x;
    const double b = y;
    dot += a * b;
    aa += a * a;
    bb += b * b;
    squares += (a - b) * (a - b);
  }
  double result = 0;
  if (kind == Distance::kL2) result = std::sqrt(squares);
  else if (kind == Distance::kDot) result = dot;
  else result = 1 - dot / std::sqrt(aa * bb);
  if (!std::isnan(result)) *out = Value::Real(result);
  return {};
}

Status VectorDims(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(static_cast<int64_t>(args[0].bytes.size() / sizeof(float)));
  return {};
}

constexpr Function kTable[] = {
    {200, "typeof", "A:T", 0, &TypeOf},
    {201, "hex", "B:T", 0, &Hex},
    {202, "to_hex", "I:T", kStrict, &ToHex},
    {203, "unhex", "T[T]:X", kStrict, &Unhex},
    {204, "encode", "BT:T", kStrict, &Encode},
    {205, "decode", "TT:X", kStrict, &Decode},
    {206, "quote", "A:T", 0, &Quote},
    {207, "zeroblob", "I:X", kStrict, &ZeroBlob},
    {208, "randomblob", "I:X", kStrict | kVolatile, &RandomBlob},
    {209, "gen_random_uuid", ":U", kVolatile, &RandomUuid},
    {210, "uuid7", ":U", kVolatile, &TimeUuid},
    {211, "vector_distance_cosine", "VV:R", kStrict, &VectorDistance<Distance::kCosine>},
    {212, "vector_distance_l2", "VV:R", kStrict, &VectorDistance<Distance::kL2>},
    {213, "vector_distance_dot", "VV:R", kStrict, &VectorDistance<Distance::kDot>},
    {214, "vector_dims", "V:I", kStrict, &VectorDims},
    {215, "md5", "B:T", kStrict, &Md5},
    {216, "to_char", "AT:T", kStrict, &ToChar},
};

}  // namespace other_functions

std::span<const Function> OtherFunctions() { return other_functions::kTable; }

}  // namespace sochdb
