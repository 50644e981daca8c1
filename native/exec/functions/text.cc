// Functions of text. Positions and lengths are in code points; of blobs, in bytes.

#include <algorithm>
#include <limits>

#include "base/types.h"
#include "codec/utf8.h"
#include "exec/coerce.h"
#include "exec/functions/function.h"
#include "exec/functions/glob.h"
#include "exec/functions/text_parts.h"

namespace sochdb {
namespace text_functions {

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

int64_t LengthOf(const Value& value) {
  return static_cast<int64_t>(value.tag == ValueTag::kBlob ? value.bytes.size() : CodePointCount(value.bytes));
}

// The units [first, first + count) of the value, of the same type. Both are in range or beyond the end.
Value Part(const Value& value, int64_t first, int64_t count) {
  if (count <= 0) return Value::Bytes(value.tag, value.bytes.substr(0, 0));
  const bool blob = value.tag == ValueTag::kBlob;
  const auto skip = [&](std::string_view bytes, int64_t n) {
    if (blob) return std::min(bytes.size(), static_cast<size_t>(n));
    return SkipCodePoints(bytes, static_cast<uint64_t>(n));
  };
  const std::string_view rest = value.bytes.substr(skip(value.bytes, first));
  return Value::Bytes(value.tag, count == kEnd ? rest : rest.substr(0, skip(rest, count)));
}

// SQLite's: 1 is the first, -1 the last, 0 the place before the first; a negative length is what stands in front.
Status Substr(FunctionCall*, std::span<const Value> args, Value* out) {
  __int128 start = args[1].i64;
  __int128 count = args.size() > 2 ? args[2].i64 : 1000000000;  // as SQLite: more than any value has
  const bool in_front = count < 0;
  if (in_front) count = -count;
  if (start < 0) {
    start += LengthOf(args[0]);
    if (start < 0) {
      count = std::max<__int128>(count + start, 0);
      start = 0;
    }
  } else if (start > 0) {
    --start;
  } else if (count > 0) {
    --count;
  }
  if (in_front) {
    start -= count;
    if (start < 0) {
      count += start;
      start = 0;
    }
  }
  *out = Part(args[0], static_cast<int64_t>(std::min<__int128>(start, kEnd)),
              static_cast<int64_t>(std::min<__int128>(count, kEnd)));
  return {};
}

Status Left(FunctionCall*, std::span<const Value> args, Value* out) {
  const int64_t n = args[1].i64;
  *out = Part(args[0], 0, n >= 0 ? n : LengthOf(args[0]) + std::max(n, -kEnd));
  return {};
}

Status Right(FunctionCall*, std::span<const Value> args, Value* out) {
  const int64_t n = args[1].i64;
  const int64_t skipped = n < 0 ? -std::max(n, -kEnd) : std::max<int64_t>(LengthOf(args[0]) - n, 0);
  *out = Part(args[0], skipped, kEnd);
  return {};
}

Status Replace(FunctionCall* call, std::span<const Value> args, Value* out) {
  const std::string_view text = args[0].bytes;
  const std::string_view from = args[1].bytes;
  if (from.empty() || text.find(from) == std::string_view::npos) {
    *out = args[0];
    return {};
  }
  std::string built;
  size_t at = 0;
  for (size_t found = text.find(from); found != std::string_view::npos; found = text.find(from, at)) {
    built.append(text, at, found - at).append(args[2].bytes);
    if (built.size() > kMaxValueBytes) return call->KeepText(built, out);
    at = found + from.size();
  }
  return call->KeepText(built.append(text, at), out);
}

enum class Side : uint8_t { kLeft = 1, kRight = 2, kBoth = 3 };

template <Side side>
Status Trim(FunctionCall*, std::span<const Value> args, Value* out) {
  std::string_view text = args[0].bytes;
  const std::string_view set = args.size() > 1 ? args[1].bytes : " ";
  const auto in_set = [&](std::string_view letter) {
    for (size_t i = 0; i < set.size(); i += CodePointBytes(set[i]))
      if (set.substr(i, CodePointBytes(set[i])) == letter) return true;
    return false;
  };
  if (side != Side::kRight) {
    while (!text.empty() && in_set(text.substr(0, CodePointBytes(text[0])))) text.remove_prefix(CodePointBytes(text[0]));
  }
  if (side != Side::kLeft) {
    while (!text.empty()) {
      const size_t last = LastCodePoint(text);
      if (!in_set(text.substr(last))) break;
      text = text.substr(0, last);
    }
  }
  *out = Value::Text(text);
  return {};
}

// The place of the second in the first, from 1; 0 if it is not there.
Status Instr(FunctionCall* call, std::span<const Value> args, Value* out) {
  int64_t first = args.size() > 2 ? args[2].i64 : 1;
  if (first < 1) {
    *out = Value::Integer(0);
    return {};
  }
  const bool blob = args[0].tag == ValueTag::kBlob;
  if (args[0].tag != args[1].tag) return call->Fail("text is looked for in text, and a blob in a blob");
  const std::string_view text = args[0].bytes;
  if (--first > LengthOf(args[0])) {
    *out = Value::Integer(0);
    return {};
  }
  const size_t skipped = blob ? static_cast<size_t>(first) : SkipCodePoints(text, static_cast<uint64_t>(first));
  const size_t found = text.find(args[1].bytes, skipped);
  if (found == std::string_view::npos) *out = Value::Integer(0);
  else *out = Value::Integer(static_cast<int64_t>(blob ? found : CodePointCount(text.substr(0, found))) + 1);
  return {};
}

template <Side side>
Status Pad(FunctionCall* call, std::span<const Value> args, Value* out) {
  const std::string_view text = args[0].bytes;
  const std::string_view fill = args.size() > 2 ? args[2].bytes : " ";
  const int64_t length = LengthOf(args[0]);
  const int64_t wanted = std::max<int64_t>(args[1].i64, 0);
  if (wanted <= length || fill.empty()) {
    *out = Part(args[0], 0, std::min(wanted, length));
    return {};
  }
  const auto missing = static_cast<uint64_t>(wanted - length);
  const uint64_t letters = CodePointCount(fill);
  const size_t rest = SkipCodePoints(fill, missing % letters);
  if (missing / letters > kMaxValueBytes / fill.size()) return call->Room(kMaxValueBytes + 1, nullptr);
  const uint64_t padding = missing / letters * fill.size() + rest;
  char* to = nullptr;
  SOCHDB_TRY(call->Room(padding + text.size(), &to));
  *out = Value::Text({to, padding + text.size()});
  if (side == Side::kRight) to = std::copy(text.begin(), text.end(), to);
  for (uint64_t i = 0; i < missing / letters; ++i) to = std::copy(fill.begin(), fill.end(), to);
  to = std::copy(fill.begin(), fill.begin() + static_cast<std::ptrdiff_t>(rest), to);
  if (side == Side::kLeft) std::copy(text.begin(), text.end(), to);
  return {};
}

Status Reverse(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string_view text = args[0].bytes;
  char* to = nullptr;
  SOCHDB_TRY(call->Room(text.size(), &to));
  *out = Value::Text({to, text.size()});
  while (!text.empty()) {
    const size_t last = LastCodePoint(text);
    to = std::copy(text.begin() + static_cast<std::ptrdiff_t>(last), text.end(), to);
    text = text.substr(0, last);
  }
  return {};
}

Status Repeat(FunctionCall* call, std::span<const Value> args, Value* out) {
  const std::string_view text = args[0].bytes;
  const auto times = static_cast<uint64_t>(std::max<int64_t>(args[1].i64, 0));
  if (text.empty() || times == 0) {
    *out = Value::Text(text.substr(0, 0));
    return {};
  }
  if (times > kMaxValueBytes / text.size()) return call->Room(kMaxValueBytes + 1, nullptr);
  char* to = nullptr;
  SOCHDB_TRY(call->Room(times * text.size(), &to));
  *out = Value::Text({to, times * text.size()});
  for (uint64_t i = 0; i < times; ++i) to = std::copy(text.begin(), text.end(), to);
  return {};
}

Status Join(FunctionCall* call, std::span<const Value> args, std::string_view separator, Value* out) {
  std::string built;
  bool first = true;
  for (const Value& value : args) {
    if (value.is_null()) continue;
    if (value.tag == ValueTag::kVector) return call->Fail("a vector is no text");
    if (value.tag == ValueTag::kBlob && !IsValidUtf8(value.bytes)) return call->Fail("a blob that is not UTF-8 is no text");
    if (!first) built += separator;
    first = false;
    AppendText(value, &built);
    if (built.size() > kMaxValueBytes) break;
  }
  return call->KeepText(built, out);
}

Status ConcatAll(FunctionCall* call, std::span<const Value> args, Value* out) { return Join(call, args, {}, out); }

Status ConcatWs(FunctionCall* call, std::span<const Value> args, Value* out) {
  return args[0].is_null() ? Status() : Join(call, args.subspan(1), args[0].bytes, out);
}

Status InitCap(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string built;
  bool inside = false;
  const std::string_view text = args[0].bytes;
  for (size_t i = 0; i < text.size();) {
    const std::string_view letter = text.substr(i, CodePointBytes(text[i]));
    inside ? AppendLower(letter, &built) : AppendUpper(letter, &built);
    const char c = letter[0];
    inside = static_cast<uint8_t>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    i += letter.size();
  }
  return call->KeepText(built, out);
}

Status Char(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string built;
  for (const Value& value : args) {
    const int64_t n = value.is_null() ? 0 : value.i64;
    AppendCodePoint(n < 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? 0xfffd : static_cast<uint32_t>(n), &built);
  }
  return call->KeepText(built, out);
}

Status Unicode(FunctionCall*, std::span<const Value> args, Value* out) {
  if (!args[0].bytes.empty()) *out = Value::Integer(CodePointAt(args[0].bytes, 0));
  return {};
}

Status OctetLength(FunctionCall*, std::span<const Value> args, Value* out) {
  *out = Value::Integer(static_cast<int64_t>(args[0].bytes.size()));
  return {};
}

// The n-th part between delimiters, from 1; from -1 at the end.
Status SplitPart(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string_view text = args[0].bytes;
  const std::string_view delimiter = args[1].bytes;
  int64_t n = args[2].i64;
  if (n == 0) return call->Fail("parts count from 1, or from -1 at the end");
  if (delimiter.empty()) {
    *out = Value::Text(n == 1 || n == -1 ? text : text.substr(0, 0));
    return {};
  }
  for (; n > 0; --n) {
    const size_t end = text.find(delimiter);
    if (n == 1) text = text.substr(0, end);
    else if (end == std::string_view::npos) return *out = Value::Text({}), Status();
    else text.remove_prefix(end + delimiter.size());
  }
  for (; n < 0; ++n) {
    const size_t start = text.rfind(delimiter);
    if (n == -1) text = start == std::string_view::npos ? text : text.substr(start + delimiter.size());
    else if (start == std::string_view::npos) return *out = Value::Text({}), Status();
    else text = text.substr(0, start);
  }
  *out = Value::Text(text);
  return {};
}

Status Translate(FunctionCall* call, std::span<const Value> args, Value* out) {
  std::string built;
  const std::string_view text = args[0].bytes;
  const std::string_view from = args[1].bytes;
  const std::string_view to = args[2].bytes;
  for (size_t i = 0; i < text.size(); i += CodePointBytes(text[i])) {
    const std::string_view letter = text.substr(i, CodePointBytes(text[i]));
    size_t f = 0;
    uint64_t place = 0;
    for (; f < from.size() && from.substr(f, CodePointBytes(from[f])) != letter; f += CodePointBytes(from[f])) ++place;
    if (f >= from.size()) {
      built += letter;
      continue;
    }
    const size_t t = SkipCodePoints(to, place);
    if (t < to.size()) built += to.substr(t, CodePointBytes(to[t]));
  }
  return call->KeepText(built, out);
}

// overlay(text, by, from, for): the part from there on is replaced.
Status Overlay(FunctionCall* call, std::span<const Value> args, Value* out) {
  const int64_t from = args[2].i64;
  if (from < 1) return call->Fail("positions count from 1");
  const int64_t count = args.size() > 3 ? args[3].i64 : LengthOf(args[1]);
  const std::string_view text = args[0].bytes;
  const size_t head = SkipCodePoints(text, static_cast<uint64_t>(from - 1));
  int64_t end = 0;
  if (__builtin_add_overflow(from - 1, count, &end)) end = kEnd;
  const size_t tail = SkipCodePoints(text, static_cast<uint64_t>(std::max<int64_t>(end, 0)));
  std::string built(text.substr(0, head));
  return call->KeepText(built.append(args[1].bytes).append(text.substr(tail)), out);
}

// What NOCASE compares: ASCII letters in lower case.
Status NoCase(FunctionCall* call, std::span<const Value> args, Value* out) {
  const std::string_view text = args[0].bytes;
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::none_of(text.begin(), text.end(), is_upper)) {
    *out = args[0];
    return {};
  }
  char* to = nullptr;
  SOCHDB_TRY(call->Room(text.size(), &to));
  std::transform(text.begin(), text.end(), to, [&](char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; });
  *out = Value::Text({to, text.size()});
  return {};
}

Status GlobMatches(FunctionCall* call, std::span<const Value> args, Value* out) {
  bool matches = false;
  SOCHDB_TRY(Glob(args[1].bytes, args[0].bytes, call->context, &matches));
  *out = Value::Boolean(matches);
  return {};
}

Status SubstringIndex(FunctionCall*, std::span<const Value> args, Value* out) {
  const std::string_view text = args[0].bytes;
  const std::string_view delimiter = args[1].bytes;
  int64_t n = args[2].i64;
  *out = Value::Text(n == 0 || delimiter.empty() ? text.substr(0, 0) : text);
  if (delimiter.empty()) return {};
  for (size_t at = 0; n > 0; --n) {
    const size_t found = text.find(delimiter, at);
    if (found == std::string_view::npos) return {};
    if (n == 1) *out = Value::Text(text.substr(0, found));
    at = found + delimiter.size();
  }
  for (std::string_view rest = text; n < 0; ++n) {
    const size_t found = rest.rfind(delimiter);
    if (found == std::string_view::npos) return {};
    if (n == -1) *out = Value::Text(text.substr(found + delimiter.size()));
    rest = rest.substr(0, found);
  }
  return {};
}

constexpr Function kTable[] = {
    {1, "substr", "BI[I]:0", kStrict, &Substr},
    {2, "replace", "TTT:T", kStrict, &Replace},
    {3, "trim", "T[T]:T", kStrict, &Trim<Side::kBoth>},
    {4, "ltrim", "T[T]:T", kStrict, &Trim<Side::kLeft>},
    {5, "rtrim", "T[T]:T", kStrict, &Trim<Side::kRight>},
    {6, "instr", "BB[I]:I", kStrict, &Instr},
    {7, "lpad", "TI[T]:T", kStrict, &Pad<Side::kLeft>},
    {8, "rpad", "TI[T]:T", kStrict, &Pad<Side::kRight>},
    {9, "left", "TI:T", kStrict, &Left},
    {10, "right", "TI:T", kStrict, &Right},
    {11, "reverse", "T:T", kStrict, &Reverse},
    {12, "repeat", "TI:T", kStrict, &Repeat},
    {13, "concat", "A*:T", 0, &ConcatAll},
    {14, "concat_ws", "TA*:T", 0, &ConcatWs},
    {15, "initcap", "T:T", kStrict, &InitCap},
    {16, "char", "I*:T", 0, &Char},
    {17, "unicode", "T:I", kStrict, &Unicode},
    {18, "octet_length", "B:I", kStrict, &OctetLength},
    {19, "split_part", "TTI:T", kStrict, &SplitPart},
    {20, "translate", "TTT:T", kStrict, &Translate},
    {21, "overlay", "TTI[I]:T", kStrict, &Overlay},
    {22, "nocase", "T:T", kStrict, &NoCase},
    {23, "glob", "TT:O", kStrict, &GlobMatches},
    {24, "substring_index", "TTI:T", kStrict, &SubstringIndex},
};

}  // namespace text_functions

std::span<const Function> TextFunctions() { return text_functions::kTable; }

}  // namespace sochdb
