// The types a column, an expression or a stored value can have. The numbers are on disk, in rows: never reuse one.
//
// packages/sochdb/src/sql/plan/format.ts mirrors them.

#pragma once

#include <cstdint>

namespace sochdb {

// Column and expression types.
enum class ColumnType : int32_t {
  kNull = 0,  // the type of the literal NULL alone
  kBoolean = 1,
  kInteger = 2,  // int64; a JavaScript number while it fits in 2^53
  kReal = 3,
  kText = 4,  // UTF-8, compared bytewise
  kBlob = 5,
  kDecimal = 6,    // exact; text outside
  kTimestamp = 7,  // int64 milliseconds since the epoch; a Date outside
  kJson = 8,       // JSON text; parsed outside
  kUuid = 9,       // 16 bytes; the canonical lower-case text outside
  kVector = 10,    // f32s
  kAny = 11,
  kBigint = 12,  // int64; always a bigint outside
};
using ValueTag = ColumnType;  // kBigint and kAny never tag a value
inline constexpr int32_t kColumnTypeMax = 12;

// How values of a type lie in memory and in the fixed-width section of a row.
enum class Physical : uint8_t {
  kBool,   // one byte
  kI64,    // integer, bigint, timestamp
  kF64,    // real
  kBytes,  // text, blob, decimal, json, uuid (16 bytes), vector (little-endian f32s)
  kAny,    // each value carries its own tag
};

constexpr Physical PhysicalOf(ColumnType type) {
  switch (type) {
    case ColumnType::kNull:
    case ColumnType::kBoolean:
      return Physical::kBool;
    case ColumnType::kInteger:
    case ColumnType::kTimestamp:
    case ColumnType::kBigint:
      return Physical::kI64;
    case ColumnType::kReal:
      return Physical::kF64;
    case ColumnType::kText:
    case ColumnType::kBlob:
    case ColumnType::kDecimal:
    case ColumnType::kJson:
    case ColumnType::kUuid:
    case ColumnType::kVector:
      return Physical::kBytes;
    case ColumnType::kAny:
      return Physical::kAny;
  }
  return Physical::kBool;
}

// The tag a value of this type carries: integers of either outside form are stored alike.
constexpr ValueTag TagOf(ColumnType type) { return type == ColumnType::kBigint ? ColumnType::kInteger : type; }

// Whether values of the two types compare, hash and sort alike without a cast.
constexpr bool SameClass(ColumnType a, ColumnType b) { return TagOf(a) == TagOf(b); }

const char* ColumnTypeName(ColumnType type);

}  // namespace sochdb
