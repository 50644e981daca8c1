#include "codec/key_codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "codec/decimal.h"

namespace sochdb {
namespace {

enum KeyClass : uint8_t {
  kClassNull = kKeyNullByte,
  kClassBoolean = 0x02,
  kClassInteger = 0x03,
  kClassReal = 0x04,
  kClassNumber = 0x05,
  kClassTimestamp = 0x06,
  kClassText = 0x07,
  kClassBlob = 0x08,
  kClassJson = 0x09,
  kClassUuid = 0x0a,
  kClassVector = 0x0b,
};
enum NumberSign : uint8_t { kMinusInfinity = 0, kNegative = 1, kZero = 2, kPositive = 3, kInfinity = 4 };

constexpr uint64_t kSignBit = 1ull << 63;
constexpr int kExponentBias = 0x8000;

void Invert(char* from, char* to) {
  for (; from != to; ++from) *from = static_cast<char>(~*from);
}

void AppendClassAnd64(KeyBuffer* out, KeyClass c, uint64_t bits) {
  char* at = out->Extend(9);
  at[0] = static_cast<char>(c);
  EncodeBigEndian64(at + 1, bits);
}

void AppendEscaped(KeyBuffer* out, KeyClass c, std::string_view bytes) {
  out->push_back(static_cast<char>(c));
  for (;;) {
    const auto zero = bytes.empty() ? nullptr : static_cast<const char*>(std::memchr(bytes.data(), 0, bytes.size()));
    if (zero == nullptr) break;
    const auto n = static_cast<size_t>(zero - bytes.data());
    out->append(bytes.substr(0, n));
    out->append(std::string_view("\x00\xff", 2));
    bytes.remove_prefix(n + 1);
  }
  out->append(bytes);
  out->append(std::string_view("\x00\x00", 2));
}

uint64_t OrderedBits(double v) {
  if (v == 0) v = 0;  // -0 too
  const auto bits = std::bit_cast<uint64_t>(v);
  return (bits & kSignBit) != 0 ? ~bits : bits ^ kSignBit;
}

// `digits` without leading zeros, not empty; the value is 0.digits × 10^exponent.
void AppendDigits(KeyBuffer* out, bool negative, std::string_view digits, int exponent) {
  out->push_back(static_cast<char>(negative ? kNegative : kPositive));
  const size_t start = out->size();
  const auto biased = static_cast<uint32_t>(std::clamp(exponent + kExponentBias, 0, 0xffff));
  out->push_back(static_cast<char>(biased >> 8));
  out->push_back(static_cast<char>(biased & 0xff));
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int low = i + 1 < digits.size() ? digits[i + 1] - '0' : 0;
    out->push_back(static_cast<char>(1 + (digits[i] - '0') * 10 + low));
  }
  out->push_back('\0');
  if (negative) Invert(out->data() + start, out->data() + out->size());
}

void AppendDecimal(KeyBuffer* out, const Decimal& number) {
  if (number.is_zero()) return out->push_back(static_cast<char>(kZero));
  AppendDigits(out, number.negative(), number.digits(), static_cast<int>(number.digits().size()) - number.scale());
}

Status AppendNumber(KeyBuffer* out, const Value& value) {
  out->push_back(static_cast<char>(kClassNumber));
  if (value.tag == ValueTag::kDecimal) {
    Decimal number;
    if (!Decimal::Parse(value.bytes, &number)) return {Code::kCorruption, "A DECIMAL holds text that is no number."};
    AppendDecimal(out, number);
    return {};
  }
  int64_t integer = value.i64;
  if (value.tag == ValueTag::kReal) {
    if (std::isinf(value.f64)) {
      out->push_back(static_cast<char>(value.f64 < 0 ? kMinusInfinity : kInfinity));
      return {};
    }
    if (std::fabs(value.f64) >= 9.2e18 || std::trunc(value.f64) != value.f64) {
      AppendDecimal(out, Decimal::FromReal(value.f64));
      return {};
    }
    integer = static_cast<int64_t>(value.f64);
  }
  if (integer == 0) {
    out->push_back(static_cast<char>(kZero));
    return {};
  }
  char text[24];
  const char* end = std::to_chars(text, text + sizeof text, integer).ptr;
  const char* start = text + (integer < 0 ? 1 : 0);
  AppendDigits(out, integer < 0, {start, static_cast<size_t>(end - start)}, static_cast<int>(end - start));
  return {};
}

Status AppendAscending(KeyBuffer* out, ColumnType type, const Value& value) {
  const bool exact = type == ColumnType::kAny || type == ColumnType::kDecimal;
  switch (value.tag) {
    case ValueTag::kNull:
      out->push_back(static_cast<char>(kClassNull));
      return {};
    case ValueTag::kBoolean:
      out->push_back(static_cast<char>(kClassBoolean));
      out->push_back(static_cast<char>(value.i64 != 0));
      return {};
    case ValueTag::kInteger:
    case ValueTag::kBigint:
      if (exact) return AppendNumber(out, value);
      AppendClassAnd64(out, kClassInteger, static_cast<uint64_t>(value.i64) ^ kSignBit);
      return {};
    case ValueTag::kReal:
      if (std::isnan(value.f64)) return {Code::kInvalidArgument, "NaN has no place in an order: it cannot be a key."};
      if (exact) return AppendNumber(out, value);
      AppendClassAnd64(out, kClassReal, OrderedBits(value.f64));
      return {};
    case ValueTag::kDecimal:
      return AppendNumber(out, value);
    case ValueTag::kTimestamp:
      AppendClassAnd64(out, kClassTimestamp, static_cast<uint64_t>(value.i64) ^ kSignBit);
      return {};
    case ValueTag::kText:
      AppendEscaped(out, kClassText, value.bytes);
      return {};
    case ValueTag::kBlob:
      AppendEscaped(out, kClassBlob, value.bytes);
      return {};
    case ValueTag::kJson:
      AppendEscaped(out, kClassJson, value.bytes);
      return {};
    case ValueTag::kVector:
      AppendEscaped(out, kClassVector, value.bytes);
      return {};
    case ValueTag::kUuid:
      if (value.bytes.size() != kUuidBytes) return {Code::kInvalidArgument, "A UUID has 16 bytes."};
      out->push_back(static_cast<char>(kClassUuid));
      out->append(value.bytes);
      return {};
    case ValueTag::kAny:
      break;
  }
  return {Code::kInternal, "A value without a type cannot be a key."};
}

// Finds the 00 00 that ends an escaped body (inverted: ff ff). False when it is not there.
bool FindEscapedEnd(std::string_view body, char mask, size_t* end, bool* plain) {
  *plain = mask == 0;
  for (size_t i = 0; i + 1 < body.size(); ++i) {
    if ((body[i] ^ mask) != 0) continue;
    const char next = static_cast<char>(body[i + 1] ^ mask);
    if (next == 0) {
      *end = i;
      return true;
    }
    if (next != '\xff') return false;
    *plain = false;
    ++i;
  }
  return false;
}

bool DecodeEscaped(std::string_view* key, char mask, std::string* scratch, std::string_view* out) {
  size_t end = 0;
  bool plain = false;
  if (!FindEscapedEnd(*key, mask, &end, &plain)) return false;
  if (plain) {
    *out = key->substr(0, end);
  } else if (scratch != nullptr) {
    const size_t start = scratch->size();
    for (size_t i = 0; i < end; ++i) {
      scratch->push_back(static_cast<char>((*key)[i] ^ mask));
      if (((*key)[i] ^ mask) == 0) ++i;
    }
    *out = std::string_view(*scratch).substr(start);
  }
  key->remove_prefix(end + 2);
  return true;
}

// Numbers come back as decimal text: ±digits e exponent, spelled canonically. Infinities come back as reals.
bool DecodeNumber(std::string_view* key, char mask, std::string* scratch, Value* out) {
  if (key->empty()) return false;
  const auto sign = static_cast<uint8_t>((*key)[0] ^ mask);
  key->remove_prefix(1);
  if (sign == kMinusInfinity || sign == kInfinity) {
    *out = Value::Real(sign == kInfinity ? HUGE_VAL : -HUGE_VAL);
    return true;
  }
  std::string text = "0";
  if (sign != kZero) {
    if (sign != kNegative && sign != kPositive) return false;
    const char inner = static_cast<char>(sign == kNegative ? ~mask : mask);
    if (key->size() < 3) return false;
    const int high = static_cast<uint8_t>((*key)[0] ^ inner);
    const int exponent = (high << 8 | static_cast<uint8_t>((*key)[1] ^ inner)) - kExponentBias;
    key->remove_prefix(2);
    text = sign == kNegative ? "-0." : "0.";
    for (;;) {
      if (key->empty()) return false;
      const int pair = static_cast<uint8_t>((*key)[0] ^ inner) - 1;
      key->remove_prefix(1);
      if (pair < 0) break;
      if (pair > 99) return false;
      text.push_back(static_cast<char>('0' + pair / 10));
      text.push_back(static_cast<char>('0' + pair % 10));
    }
    text += "e" + std::to_string(exponent);
  }
  if (scratch != nullptr) {
    Decimal number;
    if (!Decimal::Parse(text, &number)) number = {};  // a real with more digits than a decimal may have
    const size_t start = scratch->size();
    *scratch += number.ToString();
    *out = Value::Bytes(ValueTag::kDecimal, std::string_view(*scratch).substr(start));
  }
  return true;
}

bool Decode64(std::string_view* key, char mask, uint64_t* out) {
  if (key->size() < 8) return false;
  *out = DecodeBigEndian64(key->data()) ^ (mask != 0 ? ~0ull : 0ull);
  key->remove_prefix(8);
  return true;
}

bool DecodeUuid(std::string_view* key, char mask, std::string* scratch, std::string_view* out) {
  if (key->size() < kUuidBytes) return false;
  *out = key->substr(0, kUuidBytes);
  if (mask != 0 && scratch != nullptr) {
    const size_t start = scratch->size();
    for (const char c : *out) scratch->push_back(static_cast<char>(c ^ mask));
    *out = std::string_view(*scratch).substr(start);
  }
  key->remove_prefix(kUuidBytes);
  return true;
}

// scratch null: only steps over the value.
bool Decode(std::string_view* key, bool descending, std::string* scratch, Value* out) {
  if (key->empty()) return false;
  const char mask = descending ? '\xff' : '\0';
  const auto c = static_cast<uint8_t>((*key)[0] ^ mask);
  key->remove_prefix(1);
  uint64_t bits = 0;
  switch (c) {
    case kClassNull:
      *out = Value::Null();
      return true;
    case kClassBoolean:
      if (key->empty()) return false;
      *out = Value::Boolean(((*key)[0] ^ mask) != 0);
      key->remove_prefix(1);
      return true;
    case kClassInteger:
    case kClassTimestamp:
      if (!Decode64(key, mask, &bits)) return false;
      *out = Value::Int(c == kClassInteger ? ValueTag::kInteger : ValueTag::kTimestamp, static_cast<int64_t>(bits ^ kSignBit));
      return true;
    case kClassReal:
      if (!Decode64(key, mask, &bits)) return false;
      *out = Value::Real(std::bit_cast<double>((bits & kSignBit) != 0 ? bits ^ kSignBit : ~bits));
      return true;
    case kClassNumber:
      return DecodeNumber(key, mask, scratch, out);
    case kClassText:
      out->tag = ValueTag::kText;
      break;
    case kClassBlob:
      out->tag = ValueTag::kBlob;
      break;
    case kClassJson:
      out->tag = ValueTag::kJson;
      break;
    case kClassVector:
      out->tag = ValueTag::kVector;
      break;
    case kClassUuid:
      out->tag = ValueTag::kUuid;
      return DecodeUuid(key, mask, scratch, &out->bytes);
    default:
      return false;
  }
  return DecodeEscaped(key, mask, scratch, &out->bytes);
}

}  // namespace

void KeyBuffer::Grow(size_t n) {
  const size_t capacity = std::max(capacity_ * 2, size_ + n);
  std::unique_ptr<char[]> bigger(new char[capacity]);
  std::memcpy(bigger.get(), data_, size_);
  heap_ = std::move(bigger);
  data_ = heap_.get();
  capacity_ = capacity;
}

Status AppendKeyValue(KeyBuffer* out, ColumnType type, const Value& value, bool descending) {
  const size_t start = out->size();
  SOCHDB_TRY(AppendAscending(out, type, value));
  if (descending) Invert(out->data() + start, out->data() + out->size());
  return {};
}

bool DecodeKeyValue(std::string_view* key, bool descending, std::string* scratch, Value* out) {
  return Decode(key, descending, scratch, out);
}

bool SkipKeyValue(std::string_view* key, bool descending) {
  Value ignored;
  return Decode(key, descending, nullptr, &ignored);
}

void MakePrefixSuccessor(KeyBuffer* key) {
  size_t n = key->size();
  while (n > 0 && key->data()[n - 1] == '\xff') --n;
  key->resize_down(n);
  if (n > 0) key->data()[n - 1] = static_cast<char>(key->data()[n - 1] + 1);
}

}  // namespace sochdb
