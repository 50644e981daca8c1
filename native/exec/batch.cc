#include "exec/batch.h"

#include <algorithm>

#include "base/types.h"
#include "codec/utf8.h"
#include "exec/uuid_text.h"

namespace sochdb {
namespace {

constexpr size_t kElementBytes[] = {1, 8, 8, sizeof(std::string_view), sizeof(Value)};  // by Physical

template <typename T>
void GatherInto(const ColumnVector& in, std::span<const uint32_t> rows, ColumnVector* out) {
  const T* from = in.data<T>();
  T* to = out->data<T>();
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != kNoRow) to[i] = from[in.at(rows[i])];
    else to[i] = T();
  }
}

}  // namespace

Status ColumnVector::Grow(uint32_t n, uint32_t keep) {
  const uint32_t capacity = n <= 1 ? 1 : std::max(std::min(n * 2, kBatchRows), n);
  const size_t element = kElementBytes[static_cast<size_t>(physical_)];
  const uint64_t charge = capacity * (element + 1);
  if (!memory_->Charge(charge)) return memory_->LimitError();
  memory_->Release(charged_);
  charged_ = charge;
  capacity_ = capacity;
  std::unique_ptr<char[]> data(new char[capacity * element]);
  std::unique_ptr<uint8_t[]> nulls(new uint8_t[capacity]);
  if (keep > 0) {
    std::memcpy(data.get(), own_data_.get(), keep * element);
    std::memcpy(nulls.get(), own_nulls_.get(), keep);
  }
  own_data_ = std::move(data);
  own_nulls_ = std::move(nulls);
  data_ = own_data_.get();
  nulls_ = own_nulls_.get();
  return {};
}

Status ColumnVector::Reset(uint32_t n) {
  if (n > capacity_ || capacity_ == 0) SOCHDB_TRY(Grow(std::max(n, 1u), 0));
  data_ = own_data_.get();
  nulls_ = own_nulls_.get();
  mask_ = ~0u;
  may_have_nulls_ = false;
  std::memset(nulls_, 0, n);
  return {};
}

Status ColumnVector::Extend(uint32_t n) { return n > capacity_ ? Grow(n, capacity_) : Status(); }

Status ColumnVector::ResetConstant() {
  SOCHDB_TRY(Reset(1));
  mask_ = 0;
  return {};
}

Value ColumnVector::Get(uint32_t r) const {
  const uint32_t i = at(r);
  if (nulls_[i] != 0) return {};
  switch (physical_) {
    case Physical::kBool:
      return Value::Boolean(data<uint8_t>()[i] != 0);
    case Physical::kI64:
      return Value::Int(TagOf(type_), data<int64_t>()[i]);
    case Physical::kF64:
      return Value::Real(data<double>()[i]);
    case Physical::kBytes:
      return Value::Bytes(type_, data<std::string_view>()[i]);
    case Physical::kAny:
      return data<Value>()[i];
  }
  return {};
}

void ColumnVector::Set(uint32_t r, const Value& value) {
  if (value.is_null()) {
    SetNull(r);
    if (physical_ == Physical::kAny) data<Value>()[r] = Value();
    return;
  }
  switch (physical_) {
    case Physical::kBool:
      data<uint8_t>()[r] = value.i64 != 0 ? 1 : 0;
      break;
    case Physical::kI64:
      data<int64_t>()[r] = value.i64;
      break;
    case Physical::kF64:
      data<double>()[r] = value.f64;
      break;
    case Physical::kBytes:
      data<std::string_view>()[r] = value.bytes;
      break;
    case Physical::kAny:
      data<Value>()[r] = value;
      break;
  }
}

void BatchStorage::Init(std::span<const ColumnType> types) {
  initialised_ = true;
  columns_.clear();
  for (const ColumnType type : types) columns_.push_back(std::make_unique<ColumnVector>(type, arena_.memory()));
}

Status BatchStorage::Reset(uint32_t n) {
  arena_.Reset();
  for (const auto& column : columns_) SOCHDB_TRY(column->Reset(n));
  return {};
}

Status BatchStorage::Set(size_t column, uint32_t row, const Value& value) {
  Value copy = value;
  if (!value.bytes.empty() && !arena_.Copy(value.bytes, &copy.bytes)) return arena_.memory()->LimitError();
  columns_[column]->Set(row, copy);
  return {};
}

void BatchStorage::Expose(uint32_t n, Batch* out) const {
  out->columns.resize(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) out->columns[i] = columns_[i].get();
  out->SetDense(n);
}

Status GatherRows(const ColumnVector& in, std::span<const uint32_t> rows, ColumnVector* out) {
  SOCHDB_TRY(out->Reset(static_cast<uint32_t>(rows.size())));
  if (in.physical() != out->physical()) {  // a column of the literal NULL in the place of a typed one
    for (uint32_t i = 0; i < rows.size(); ++i) out->Set(i, rows[i] == kNoRow ? Value() : in.Get(rows[i]));
    return {};
  }
  switch (in.physical()) {
    case Physical::kBool:
      GatherInto<uint8_t>(in, rows, out);
      break;
    case Physical::kI64:
      GatherInto<int64_t>(in, rows, out);
      break;
    case Physical::kF64:
      GatherInto<double>(in, rows, out);
      break;
    case Physical::kBytes:
      GatherInto<std::string_view>(in, rows, out);
      break;
    case Physical::kAny:
      GatherInto<Value>(in, rows, out);
      break;
  }
  bool any_null = false;
  uint8_t* nulls = out->nulls();
  for (uint32_t i = 0; i < rows.size(); ++i) {
    nulls[i] = rows[i] == kNoRow ? 1 : in.nulls()[in.at(rows[i])];
    any_null |= nulls[i] != 0;
  }
  out->set_may_have_nulls(any_null);
  return {};
}

Status GatherText(const Batch& batch, std::span<const int32_t> columns, uint32_t first, uint32_t count, bool utf16,
                  TextRun* out) {
  const uint32_t last = first + count;
  out->bytes.clear();
  out->ends.resize(count * columns.size());
  int32_t* end = out->ends.data();
  uint64_t bytes = 0;
  for (const int32_t c : columns) {
    const ColumnVector& column = *batch.columns[static_cast<size_t>(c)];
    const bool uuid = column.type() == ColumnType::kUuid;
    for (uint32_t r = first; r < last; ++r)
      if (!column.IsNull(r)) bytes += uuid ? kUuidTextBytes : column.bytes(r).size();
  }
  if (bytes > kMaxValueBytes)
    return {Code::kLimit, "One batch of results holds more than 512 MiB of text.", {{"limit", "text"}}};
  out->bytes.resize(bytes);
  char* at = out->bytes.data();
  for (uint32_t r = first; r < last; ++r) {
    for (const int32_t c : columns) {
      const ColumnVector& column = *batch.columns[static_cast<size_t>(c)];
      if (!column.IsNull(r)) {
        const std::string_view text = column.bytes(r);
        if (column.type() == ColumnType::kUuid) {
          FormatUuid(text, at);
          at += kUuidTextBytes;
        } else if (!text.empty()) {
          std::memcpy(at, text.data(), text.size());
          at += text.size();
        }
      }
      *end++ = static_cast<int32_t>(at - out->bytes.data());
    }
  }
  out->ascii = IsAscii(out->bytes);
  if (out->ascii || !utf16) return {};
  int32_t from = 0;
  int32_t units = 0;
  for (int32_t& e : out->ends) {
    const auto n = static_cast<size_t>(e - from);
    units += static_cast<int32_t>(Utf16Length({out->bytes.data() + from, n}));
    from = e;
    e = units;
  }
  return {};
}

}  // namespace sochdb
