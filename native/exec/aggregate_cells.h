// Cells: what an aggregate knows of the rows it has seen. A group has one; so has a node of a window's tree, whose cells are
// merged.
//
// Each has Add (of a row that is not NULL), Merge (with the cell of the rows that follow), and Result. Plain cells cannot fail
// and hold no bytes.
//
// Thread safety: none. Ownership: extremes are copied where the context says so, and viewed otherwise.

#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "codec/decimal.h"
#include "exec/batch.h"
#include "exec/plan_nodes.h"

namespace sochdb {

struct CellContext {
  AggregateFn fn = AggregateFn::kCount;
  ColumnType type = ColumnType::kInteger;  // of the result
  MemoryTracker* memory = nullptr;
  bool copies = true;  // bytes of values do not outlive the row: copy them, and charge for what a cell holds
  uint64_t* charged = nullptr;
};

// The sum of doubles together with what rounding lost of it (Neumaier).
struct CarriedSum {
  double real = 0;
  double error = 0;

  void Add(double v) {
    const double sum = real + v;
    if (std::isfinite(sum)) error += std::fabs(real) >= std::fabs(v) ? (real - sum) + v : (v - sum) + real;
    real = sum;
  }
  void Merge(const CarriedSum& other) {
    Add(other.real);
    error += other.error;
  }
  // What rounding lost is only meaningful while the sum is finite.
  [[nodiscard]] double Total() const { return std::isfinite(real) ? real + error : real; }
};

struct CountCell {
  static constexpr bool kPlain = true;
  int64_t count = 0;

  void Add(const ColumnVector&, uint32_t) { ++count; }
  void Merge(const CountCell& other) { count += other.count; }
  Status Result(const CellContext&, Value* out, std::string*) const {
    *out = Value::Integer(count);
    return {};
  }
};

__extension__ using Int128 = __int128;

// SUM, AVG and TOTAL of integers, exact whatever the order.
struct IntegerSumCell {
  static constexpr bool kPlain = true;
  Int128 sum = 0;
  int64_t count = 0;

  void Add(const ColumnVector& column, uint32_t r) { AddValue(column.i64(r)); }
  void AddValue(int64_t v) {
    sum += v;
    ++count;
  }
  void Merge(const IntegerSumCell& other) {
    sum += other.sum;
    count += other.count;
  }
  Status Result(const CellContext& context, Value* out, std::string* bytes) const;
};

struct RealSumCell {
  static constexpr bool kPlain = true;
  CarriedSum sum;
  int64_t count = 0;

  void Add(const ColumnVector& column, uint32_t r) { AddValue(column.f64(r)); }
  void AddValue(double v) {
    sum.Add(v);
    ++count;
  }
  void Merge(const RealSumCell& other) {
    sum.Merge(other.sum);
    count += other.count;
  }
  Status Result(const CellContext& context, Value* out, std::string* bytes) const;
};

// The same of decimals, and of ANY: numbers of every kind.
struct NumberSumCell {
  static constexpr bool kPlain = false;
  Int128 integer = 0;
  CarriedSum real;
  std::optional<Decimal> decimal;
  int64_t count = 0;
  bool has_real = false;

  Status Add(const CellContext& context, const ColumnVector& column, uint32_t r);
  Status Merge(const CellContext& context, const NumberSumCell& other);
  Status Result(const CellContext& context, Value* out, std::string* bytes) const;

 private:
  Status AddDecimal(const CellContext& context, const Decimal& v);
};

// MIN, MAX, and ANY_VALUE, which is the first.
struct ExtremeCell {
  static constexpr bool kPlain = false;
  Value value;
  std::string bytes;  // those of `value` when they are copied; its own view is stale then

  Status Add(const CellContext& context, const ColumnVector& column, uint32_t r);
  Status Merge(const CellContext& context, const ExtremeCell& other);
  Status Result(const CellContext& context, Value* out, std::string*) const {
    *out = Held(context);
    return {};
  }

 private:
  [[nodiscard]] Value Held(const CellContext& context) const {
    Value held = value;
    if (context.copies) held.bytes = bytes;
    return held;
  }
  Status Take(const CellContext& context, const Value& candidate);
};

// The same of numbers of one kind.
template <typename T>
struct NumberExtremeCell {
  static constexpr bool kPlain = false;
  T value = 0;
  bool any = false;

  Status Add(const CellContext& context, const ColumnVector& column, uint32_t r) {
    Take(context.fn, column.data<T>()[column.at(r)]);
    return {};
  }
  Status Merge(const CellContext& context, const NumberExtremeCell& other) {
    if (other.any) Take(context.fn, other.value);
    return {};
  }
  Status Result(const CellContext& context, Value* out, std::string*) const {
    if (!any) *out = Value::Null();
    else if constexpr (std::is_same_v<T, double>) *out = Value::Real(value);
    else *out = Value::Int(TagOf(context.type), value);
    return {};
  }
  void Take(AggregateFn fn, T v) {
    const bool better = !any || (fn == AggregateFn::kMin ? v < value : fn == AggregateFn::kMax && v > value);
    if (better) value = v;
    any = true;
  }
};
using IntegerExtremeCell = NumberExtremeCell<int64_t>;
using RealExtremeCell = NumberExtremeCell<double>;

// BOOL_AND, BOOL_OR, BIT_AND, BIT_OR.
struct LogicCell {
  static constexpr bool kPlain = false;
  int64_t bits = 0;
  bool any = false;

  Status Add(const CellContext& context, const ColumnVector& column, uint32_t r) {
    Take(context, column.physical() == Physical::kBool ? (column.boolean(r) ? 1 : 0) : column.i64(r));
    return {};
  }
  Status Merge(const CellContext& context, const LogicCell& other) {
    if (other.any) Take(context, other.bits);
    return {};
  }
  Status Result(const CellContext& context, Value* out, std::string*) const {
    *out = any ? Value::Int(TagOf(context.type), bits) : Value::Null();
    return {};
  }

 private:
  void Take(const CellContext& context, int64_t v) {
    const bool both = context.fn == AggregateFn::kBoolAnd || context.fn == AggregateFn::kBitAnd;
    bits = !any ? v : (both ? bits & v : bits | v);
    any = true;
  }
};

// Variances and standard deviations: count, mean and the sum of squared distances from it (Welford; merged as Chan does).
struct MomentCell {
  static constexpr bool kPlain = false;
  double count = 0;
  double mean = 0;
  double squares = 0;

  Status Add(const CellContext& context, const ColumnVector& column, uint32_t r);
  Status Merge(const CellContext& context, const MomentCell& other);
  Status Result(const CellContext& context, Value* out, std::string* bytes) const;
};

// Calls f with a cell of the type that the function has over an argument of a type. False for functions whose results are as
// long as their input: they have no cells.
template <typename F>
bool WithCell(AggregateFn fn, ColumnType argument, F&& f) {
  const Physical physical = PhysicalOf(argument);
  switch (fn) {
    case AggregateFn::kCountRows:
    case AggregateFn::kCount:
      f(CountCell());
      return true;
    case AggregateFn::kSum:
    case AggregateFn::kAvg:
    case AggregateFn::kTotal:
      if (physical == Physical::kI64) f(IntegerSumCell());
      else if (physical == Physical::kF64) f(RealSumCell());
      else f(NumberSumCell());
      return true;
    case AggregateFn::kMin:
    case AggregateFn::kMax:
    case AggregateFn::kAnyValue:
      if (physical == Physical::kI64) f(IntegerExtremeCell());
      else if (physical == Physical::kF64) f(RealExtremeCell());
      else f(ExtremeCell());
      return true;
    case AggregateFn::kBoolAnd:
    case AggregateFn::kBoolOr:
    case AggregateFn::kBitAnd:
    case AggregateFn::kBitOr:
      f(LogicCell());
      return true;
    case AggregateFn::kStddevSamp:
    case AggregateFn::kStddevPop:
    case AggregateFn::kVarSamp:
    case AggregateFn::kVarPop:
      f(MomentCell());
      return true;
    default:
      return false;
  }
}

}  // namespace sochdb
