// libFuzzer target: the key codec. Bytes that decode are what encoding gives, two keys compare as their values do, and skipping
// goes where decoding does.
//
//   1  a column type and DESC        then the bytes of a key; and the same bytes as two texts and two numbers to encode and
//   compare

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/key_codec.h"

namespace {

using namespace sochdb;

void Require(bool condition) {
  if (!condition) std::abort();
}

void DecodeAndSkip(std::string_view bytes, bool descending) {
  std::string_view decoded = bytes;
  std::string_view skipped = bytes;
  for (int i = 0; i < 100 && !decoded.empty(); ++i) {
    std::string scratch;
    Value value;
    const bool ok = DecodeKeyValue(&decoded, descending, &scratch, &value);
    if (!ok) return;
    Require(SkipKeyValue(&skipped, descending) && skipped.size() == decoded.size());
  }
}

int Sign(int n) { return n < 0 ? -1 : n > 0 ? 1 : 0; }

void CompareTwo(ColumnType type, const Value& a, const Value& b, bool descending) {
  KeyBuffer key_a;
  KeyBuffer key_b;
  if (!AppendKeyValue(&key_a, type, a, descending).ok() || !AppendKeyValue(&key_b, type, b, descending).ok()) return;
  const int values = CompareValues(Stored(a), Stored(b)) * (descending ? -1 : 1);
  Require(Sign(key_a.view().compare(key_b.view())) == Sign(values));
  std::string_view rest = key_a.view();
  std::string scratch;
  Value back;
  Require(DecodeKeyValue(&rest, descending, &scratch, &back) && rest.empty());
  // The number class gives back a decimal, whose digits are limited: such columns are read from their rows.
  if (KeyKeepsValue(type)) Require(CompareValues(Stored(a), back) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool descending = (data[0] & 1) != 0;
  DecodeAndSkip(bytes, descending);
  const std::string_view view(bytes);
  const std::string_view first = view.substr(0, view.size() / 2);
  const std::string_view second = view.substr(view.size() / 2);
  CompareTwo(ColumnType::kText, Value::Text(first), Value::Text(second), descending);
  CompareTwo(ColumnType::kAny, Value::Bytes(ValueTag::kBlob, first), Value::Text(second), descending);
  if (bytes.size() < 16) return 0;
  const uint64_t a = DecodeFixed64(bytes.data());
  const uint64_t b = DecodeFixed64(bytes.data() + 8);
  const auto integer_a = static_cast<int64_t>(a);
  const auto integer_b = static_cast<int64_t>(b);
  CompareTwo(ColumnType::kInteger, Value::Integer(integer_a), Value::Integer(integer_b), descending);
  CompareTwo(ColumnType::kAny, Value::Integer(integer_a), Value::Integer(integer_b), descending);
  const auto real_a = std::bit_cast<double>(a);
  const auto real_b = std::bit_cast<double>(b);
  if (std::isnan(real_a) || std::isnan(real_b)) return 0;
  CompareTwo(ColumnType::kReal, Value::Real(real_a), Value::Real(real_b), descending);
  CompareTwo(ColumnType::kAny, Value::Real(real_a), Value::Integer(integer_b), descending);
  CompareTwo(ColumnType::kAny, Value::Real(real_a), Value::Real(real_b), descending);
  return 0;
}
