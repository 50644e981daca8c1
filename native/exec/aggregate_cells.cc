#include "exec/aggregate_cells.h"

#include <limits>

#include "exec/arithmetic.h"
#include "exec/coerce.h"

namespace sochdb {
namespace {

Value NumberOrNull(double v) { return std::isnan(v) ? Value::Null() : Value::Real(v); }

Value AverageOf(AggregateFn fn, double sum, int64_t count) {
  if (fn == AggregateFn::kAvg) return count == 0 ? Value::Null() : NumberOrNull(sum / static_cast<double>(count));
  if (fn == AggregateFn::kTotal || count > 0) return NumberOrNull(sum);
  return Value::Null();
}

Status WholeSum(Int128 sum, Value* out) {
  if (sum < std::numeric_limits<int64_t>::min() || sum > std::numeric_limits<int64_t>::max()) return IntegerOverflow();
  *out = Value::Integer(static_cast<int64_t>(sum));
  return {};
}

bool IsSummand(const Value& v) {
  return v.tag == ValueTag::kInteger || v.tag == ValueTag::kReal || v.tag == ValueTag::kDecimal;
}

Status NoSummand(const Value& v) {
  return {Code::kInvalidArgument, std::string("There is no sum of values of type ") + ColumnTypeName(v.tag) + "."};
}

double RealOfSummand(const Value& v) {
  if (v.tag == ValueTag::kReal) return v.f64;
  return v.tag == ValueTag::kDecimal ? Decimal::FromNumber(v).ToReal() : static_cast<double>(v.i64);
}

Status ChargeGrowth(const CellContext& context, size_t before, size_t after) {
  if (after <= before || !context.copies) return {};
  if (!context.memory->Charge(after - before)) return context.memory->LimitError();
  *context.charged += after - before;
  return {};
}

}  // namespace

Status IntegerSumCell::Result(const CellContext& context, Value* out, std::string*) const {
  if (context.fn == AggregateFn::kSum) return count == 0 ? Status() : WholeSum(sum, out);
  *out = AverageOf(context.fn, static_cast<double>(sum), count);
  return {};
}

Status RealSumCell::Result(const CellContext& context, Value* out, std::string*) const {
  *out = AverageOf(context.fn, sum.Total(), count);
  return {};
}

Status NumberSumCell::AddDecimal(const CellContext& context, const Decimal& v) {
  if (!decimal) {
    decimal = v;
    return ChargeGrowth(context, 0, decimal->digits().size());
  }
  const size_t before = decimal->digits().size();
  if (!Decimal::Add(*decimal, v, &*decimal)) return DecimalOverflow();
  return ChargeGrowth(context, before, decimal->digits().size());
}

Status NumberSumCell::Add(const CellContext& context, const ColumnVector& column, uint32_t r) {
  Value value = column.Get(r);
  if (!IsSummand(value)) {
    // Of ANY: a text that spells a number, a truth value.
    const ColumnType to = value.tag == ValueTag::kBoolean ? ColumnType::kInteger : ColumnType::kReal;
    if (!CanCast(value.tag, to)) return NoSummand(value);
    SOCHDB_TRY(CastValue(Value(value), to, nullptr, &value));
  }
  ++count;
  if (value.tag == ValueTag::kInteger) {
    integer += value.i64;
  } else if (value.tag == ValueTag::kReal) {
    real.Add(value.f64);
    has_real = true;
  } else {
    return AddDecimal(context, Decimal::FromNumber(value));
  }
  return {};
}

Status NumberSumCell::Merge(const CellContext& context, const NumberSumCell& other) {
  integer += other.integer;
  real.Merge(other.real);
  count += other.count;
  has_real = has_real || other.has_real;
  return other.decimal ? AddDecimal(context, *other.decimal) : Status();
}

Status NumberSumCell::Result(const CellContext& context, Value* out, std::string* bytes) const {
  const bool average = context.fn == AggregateFn::kAvg;
  const bool total = context.fn == AggregateFn::kTotal;
  if (count == 0 && !total) return {};
  const bool exact = average ? context.type == ColumnType::kDecimal : !has_real && !total;
  if (!exact) {
    const double sum = real.Total() + static_cast<double>(integer) + (decimal ? decimal->ToReal() : 0);
    *out = AverageOf(context.fn, sum, count);
    return {};
  }
  if (!decimal && !average) return WholeSum(integer, out);
  Value whole;
  SOCHDB_TRY(WholeSum(integer, &whole));
  Decimal sum = Decimal::FromInteger(whole.i64);
  if (decimal && !Decimal::Add(*decimal, sum, &sum)) return DecimalOverflow();
  if (average && !Decimal::Divide(sum, Decimal::FromInteger(count), &sum)) return DecimalOverflow();
  *bytes = sum.ToString();
  *out = Value::Bytes(ValueTag::kDecimal, *bytes);
  return {};
}

Status ExtremeCell::Take(const CellContext& context, const Value& candidate) {
  if (!value.is_null()) {
    if (context.fn == AggregateFn::kAnyValue) return {};
    const int order = CompareValues(candidate, Held(context));
    if (context.fn == AggregateFn::kMin ? order >= 0 : order <= 0) return {};
  }
  value = candidate;
  if (!context.copies) return {};
  SOCHDB_TRY(ChargeGrowth(context, bytes.capacity(), candidate.bytes.size()));
  bytes = candidate.bytes;
  return {};
}

Status ExtremeCell::Add(const CellContext& context, const ColumnVector& column, uint32_t r) {
  return Take(context, column.Get(r));
}

Status ExtremeCell::Merge(const CellContext& context, const ExtremeCell& other) {
  return other.value.is_null() ? Status() : Take(context, other.Held(context));
}

Status MomentCell::Add(const CellContext&, const ColumnVector& column, uint32_t r) {
  const Value value = column.Get(r);
  if (!IsSummand(value)) return NoSummand(value);
  const double v = RealOfSummand(value);
  count += 1;
  const double delta = v - mean;
  mean += delta / count;
  squares += delta * (v - mean);
  return {};
}

Status MomentCell::Merge(const CellContext&, const MomentCell& other) {
  if (other.count == 0) return {};
  if (count == 0) {
    *this = other;
    return {};
  }
  const double sum = count + other.count;
  const double delta = other.mean - mean;
  squares += other.squares + delta * delta * (count * other.count / sum);
  mean += delta * (other.count / sum);
  count = sum;
  return {};
}

Status MomentCell::Result(const CellContext& context, Value* out, std::string*) const {
  const bool sample = context.fn == AggregateFn::kStddevSamp || context.fn == AggregateFn::kVarSamp;
  const bool root = context.fn == AggregateFn::kStddevSamp || context.fn == AggregateFn::kStddevPop;
  const double of = sample ? count - 1 : count;
  if (of <= 0) return {};
  const double variance = squares / of;
  *out = NumberOrNull(root ? std::sqrt(variance) : variance);
  return {};
}

}  // namespace sochdb
