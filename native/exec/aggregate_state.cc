#include "exec/aggregate_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codec/decimal.h"
#include "exec/arithmetic.h"

namespace sochdb {
namespace {

// What rounding lost is only meaningful while the sum is finite.
double Total(double real, double error) { return std::isfinite(real) ? real + error : real; }

}  // namespace

AggregateState::AggregateState(const AggregateNode::Function* fn, ExecContext* context) : fn_(fn), context_(context) {
  if (fn->distinct && fn->arg != nullptr) seen_ = std::make_unique<ByteTable>(&context->memory, context->hash_seed);
}

Status AggregateState::Resize(uint32_t n) {
  if (n <= cells_.size()) return {};
  if (n > cells_.capacity()) {
    const size_t capacity = std::max<size_t>(n, cells_.capacity() * 2);
    const uint64_t charge = (capacity - cells_.capacity()) * sizeof(Cell);
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    charged_ += charge;
    cells_.reserve(capacity);
  }
  cells_.resize(n);
  return {};
}

Status AggregateState::FirstTime(uint32_t group, const Value& value, bool* first) {
  key_.clear();
  EncodeBigEndian32(key_.Extend(4), group);
  SOCHDB_TRY(AppendKeyValue(&key_, fn_->arg->type, value, false));
  uint32_t id = 0;
  return seen_->FindOrInsert(key_.view(), &id, first);
}

Status AggregateState::Add(const Selection& selection, const uint32_t* groups, const ColumnVector* argument) {
  if (argument == nullptr) {
    for (uint32_t i = 0; i < selection.count; ++i) ++cells_[groups[i]].count;
    return {};
  }
  const bool sums = fn_->fn == AggregateFn::kSum || fn_->fn == AggregateFn::kAvg;
  const bool plain = seen_ == nullptr;
  const bool integers = plain && sums && argument->physical() == Physical::kI64;
  const bool reals = plain && sums && argument->physical() == Physical::kF64;
  for (uint32_t i = 0; i < selection.count; ++i) {
    const uint32_t r = selection[i];
    if (argument->IsNull(r)) continue;
    Cell& cell = cells_[groups[i]];
    if (integers || reals || (plain && fn_->fn == AggregateFn::kCount)) {
      ++cell.count;
      if (integers) AddInteger(&cell, argument->i64(r));
      else if (reals) AddReal(&cell, argument->f64(r));
      continue;
    }
    const Value value = argument->Get(r);
    bool first = true;
    if (!plain) SOCHDB_TRY(FirstTime(groups[i], value, &first));
    if (first) SOCHDB_TRY(AddOne(&cell, value));
  }
  return {};
}

Status AggregateState::AddOne(Cell* cell, const Value& value) {
  ++cell->count;
  switch (fn_->fn) {
    case AggregateFn::kCountRows:
    case AggregateFn::kCount:
      return {};
    case AggregateFn::kMin:
    case AggregateFn::kMax:
      return AddExtreme(cell, value);
    case AggregateFn::kSum:
    case AggregateFn::kAvg:
      return AddNumber(cell, value);
    default:
      break;  // refused by the parser
  }
  return {};
}

void AggregateState::AddReal(Cell* cell, double v) {
  const double sum = cell->real + v;
  if (std::isfinite(sum))
    cell->error += std::fabs(cell->real) >= std::fabs(v) ? (cell->real - sum) + v : (v - sum) + cell->real;
  cell->real = sum;
  cell->has_real = true;
}

Status AggregateState::AddNumber(Cell* cell, const Value& value) {
  if (value.tag == ValueTag::kInteger) {
    AddInteger(cell, value.i64);
    return {};
  }
  if (value.tag == ValueTag::kReal) {
    AddReal(cell, value.f64);
    return {};
  }
  if (value.tag != ValueTag::kDecimal) {
    return {Code::kInvalidArgument, std::string("There is no sum of values of type ") + ColumnTypeName(value.tag) + "."};
  }
  Decimal sum = Decimal::FromNumber(value);
  if (!cell->value.is_null() && !Decimal::Add(Decimal::FromNumber(cell->Held()), sum, &sum)) return DecimalOverflow();
  return Keep(cell, Value::Bytes(ValueTag::kDecimal, sum.ToString()));
}

Status AggregateState::AddExtreme(Cell* cell, const Value& value) {
  if (!cell->value.is_null()) {
    const int order = CompareValues(value, cell->Held());
    if (fn_->fn == AggregateFn::kMin ? order >= 0 : order <= 0) return {};
  }
  return Keep(cell, value);
}

Status AggregateState::Keep(Cell* cell, const Value& value) {
  if (value.bytes.size() > cell->bytes.capacity()) {
    const uint64_t charge = value.bytes.size() - cell->bytes.capacity();
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    charged_ += charge;
  }
  cell->bytes = value.bytes;
  cell->value = value;
  return {};
}

Status AggregateState::Sum(const Cell& cell, Value* out, std::string* bytes) const {
  const bool fits = cell.integer >= std::numeric_limits<int64_t>::min() && cell.integer <= std::numeric_limits<int64_t>::max();
  if (cell.has_real) {
    double sum = Total(cell.real, cell.error) + static_cast<double>(cell.integer);
    if (!cell.value.is_null()) sum += Decimal::FromNumber(cell.Held()).ToReal();
    *out = std::isnan(sum) ? Value::Null() : Value::Real(sum);
    return {};
  }
  if (!fits) return IntegerOverflow();
  if (cell.value.is_null()) {
    *out = Value::Integer(static_cast<int64_t>(cell.integer));
    return {};
  }
  Decimal sum = Decimal::FromNumber(cell.Held());
  if (!Decimal::Add(sum, Decimal::FromInteger(static_cast<int64_t>(cell.integer)), &sum)) return DecimalOverflow();
  *bytes = sum.ToString();
  *out = Value::Bytes(ValueTag::kDecimal, *bytes);
  return {};
}

Status AggregateState::Average(const Cell& cell, Value* out, std::string* bytes) const {
  if (fn_->type == ColumnType::kDecimal) {
    Decimal average;
    SOCHDB_TRY(Sum(cell, out, bytes));
    if (!Decimal::Divide(Decimal::FromNumber(*out), Decimal::FromInteger(cell.count), &average)) return DecimalOverflow();
    *bytes = average.ToString();
    *out = Value::Bytes(ValueTag::kDecimal, *bytes);
    return {};
  }
  double sum = Total(cell.real, cell.error) + static_cast<double>(cell.integer);
  if (!cell.value.is_null()) sum += Decimal::FromNumber(cell.Held()).ToReal();
  const double average = sum / static_cast<double>(cell.count);
  *out = std::isnan(average) ? Value::Null() : Value::Real(average);
  return {};
}

Status AggregateState::Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) {
  const Cell& cell = cells_[group];
  Value value;
  std::string bytes;
  switch (fn_->fn) {
    case AggregateFn::kCountRows:
    case AggregateFn::kCount:
      value = Value::Integer(cell.count);
      break;
    case AggregateFn::kMin:
    case AggregateFn::kMax:
      value = cell.Held();
      break;
    case AggregateFn::kSum:
      if (cell.count > 0) SOCHDB_TRY(Sum(cell, &value, &bytes));
      break;
    case AggregateFn::kAvg:
      if (cell.count > 0) SOCHDB_TRY(Average(cell, &value, &bytes));
      break;
    default:
      break;
  }
  return out->Set(column, r, value);
}

}  // namespace sochdb
