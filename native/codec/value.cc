#include "codec/value.h"

#include <cmath>

#include "codec/decimal.h"

namespace sochdb {

const char* ColumnTypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kNull:
      return "NULL";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kInteger:
      return "INTEGER";
    case ColumnType::kReal:
      return "REAL";
    case ColumnType::kText:
      return "TEXT";
    case ColumnType::kBlob:
      return "BLOB";
    case ColumnType::kDecimal:
      return "DECIMAL";
    case ColumnType::kTimestamp:
      return "TIMESTAMP";
    case ColumnType::kJson:
      return "JSON";
    case ColumnType::kUuid:
      return "UUID";
    case ColumnType::kVector:
      return "VECTOR";
    case ColumnType::kAny:
      return "ANY";
    case ColumnType::kBigint:
      return "BIGINT";
  }
  return "?";
}

namespace {

// Position of a tag in the order of unlike types; all numbers share one.
int ClassRank(ValueTag tag) {
  switch (tag) {
    case ValueTag::kNull:
      return 0;
    case ValueTag::kBoolean:
      return 1;
    case ValueTag::kInteger:
    case ValueTag::kBigint:
    case ValueTag::kReal:
    case ValueTag::kDecimal:
      return 2;
    case ValueTag::kTimestamp:
      return 3;
    case ValueTag::kText:
      return 4;
    case ValueTag::kBlob:
      return 5;
    case ValueTag::kJson:
      return 6;
    case ValueTag::kUuid:
      return 7;
    case ValueTag::kVector:
      return 8;
    case ValueTag::kAny:
      return 9;
  }
  return 9;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int CompareNumbers(const Value& a, const Value& b) {
  const bool a_real = a.tag == ValueTag::kReal;
  const bool b_real = b.tag == ValueTag::kReal;
  if (a.tag == ValueTag::kDecimal || b.tag == ValueTag::kDecimal) {
    if (a_real && std::isinf(a.f64)) return a.f64 < 0 ? -1 : 1;
    if (b_real && std::isinf(b.f64)) return b.f64 < 0 ? 1 : -1;
    return Decimal::Compare(Decimal::FromNumber(a), Decimal::FromNumber(b));
  }
  if (a_real && b_real) return Order(a.f64, b.f64);
  if (a_real) return -CompareIntegerReal(b.i64, a.f64);
  if (b_real) return CompareIntegerReal(a.i64, b.f64);
  return Order(a.i64, b.i64);
}

}  // namespace

int CompareIntegerReal(int64_t integer, double real) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (real >= kTwo63) return -1;
  if (real < -kTwo63) return 1;
  const double whole = std::trunc(real);  // in the range of int64 now
  const int order = Order(integer, static_cast<int64_t>(whole));
  return order != 0 ? order : Order(whole, real);
}

int CompareValues(const Value& a, const Value& b) {
  const int rank = ClassRank(a.tag);
  const int order = Order(rank, ClassRank(b.tag));
  if (order != 0 || rank == 0) return order;
  if (rank == 2) return CompareNumbers(a, b);
  if (PhysicalOf(a.tag) == Physical::kBytes) return Order(a.bytes.compare(b.bytes), 0);
  return Order(a.i64, b.i64);
}

}  // namespace sochdb
