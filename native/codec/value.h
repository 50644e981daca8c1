// Value: one SQL value by itself, for the places where rows are handled singly. Columns of values are in exec/batch.h.
//
// Thread safety: a value type. Ownership: `bytes` is a view; whoever makes a Value says how long it lives.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/column_type.h"

namespace sochdb {

inline constexpr size_t kUuidBytes = 16;  // of a UUID as a value

struct Value {
  ValueTag tag = ValueTag::kNull;
  union {
    int64_t i64 = 0;  // boolean (0, 1), integer, timestamp
    double f64;       // real; never NaN
  };
  std::string_view bytes;  // text, blob, decimal, json, uuid, vector

  [[nodiscard]] bool is_null() const { return tag == ValueTag::kNull; }

  static Value Null() { return {}; }
  static Value Boolean(bool v) { return Int(ValueTag::kBoolean, v ? 1 : 0); }
  static Value Integer(int64_t v) { return Int(ValueTag::kInteger, v); }
  static Value Timestamp(int64_t ms) { return Int(ValueTag::kTimestamp, ms); }
  static Value Real(double v) {
    Value value;
    value.tag = ValueTag::kReal;
    value.f64 = v;
    return value;
  }
  static Value Text(std::string_view v) { return Bytes(ValueTag::kText, v); }
  static Value Bytes(ValueTag tag, std::string_view v) {
    Value value;
    value.tag = tag;
    value.bytes = v;
    return value;
  }
  static Value Int(ValueTag tag, int64_t v) {
    Value value;
    value.tag = tag;
    value.i64 = v;
    return value;
  }
};

// A value as rows hold it: -0 is 0.
inline Value Stored(Value value) {
  if (value.tag == ValueTag::kReal && value.f64 == 0) value.f64 = 0;
  return value;
}

// The one total order of values of any type, which keys of ANY columns follow: NULL, booleans, numbers (integers, reals and
// decimals compared exactly), timestamps, text, blobs, JSON, uuids, vectors. Negative, 0 or positive.
int CompareValues(const Value& a, const Value& b);

// Exact, whatever the magnitudes. REQUIRES: real is no NaN.
int CompareIntegerReal(int64_t integer, double real);

}  // namespace sochdb
