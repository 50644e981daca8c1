#include "binding/exec_exchange.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "binding/napi_util.h"

namespace sochdb::binding {
namespace {

// Texts of one batch: a string that a row keeps a piece of is kept whole, so batches of long texts are cut short.
constexpr uint64_t kTextBytesPerBatch = 64 * 1024;
constexpr auto kMaxExact = static_cast<int64_t>(kMaxSafeInteger);

constexpr size_t Align8(size_t n) { return (n + 7) & ~size_t{7}; }

bool IsText(ColumnType type) {
  return type == ColumnType::kText || type == ColumnType::kDecimal || type == ColumnType::kJson || type == ColumnType::kUuid;
}

bool IsBytes(ColumnType type) { return type == ColumnType::kBlob || type == ColumnType::kVector; }

// The narrowest of int32, float64 and int64 that holds every value exactly.
ColumnMode IntegerMode(const ColumnVector& column, uint32_t first, uint32_t count) {
  int64_t low = 0;
  int64_t high = 0;
  for (uint32_t r = first; r < first + count; ++r) {
    if (column.IsNull(r)) continue;
    low = std::min(low, column.i64(r));
    high = std::max(high, column.i64(r));
  }
  if (low >= std::numeric_limits<int32_t>::min() && high <= std::numeric_limits<int32_t>::max()) return ColumnMode::kInt32;
  return low >= -kMaxExact && high <= kMaxExact ? ColumnMode::kFloat64 : ColumnMode::kInt64;
}

// A column without a type of its own (a bare NULL) can hold NULLs, and nothing else crosses.
bool HoldsUntyped(const ColumnVector& column, uint32_t first, uint32_t count) {
  if (column.type() != ColumnType::kAny) return false;
  for (uint32_t r = first; r < first + count; ++r) {
    if (!column.IsNull(r)) return true;
  }
  return false;
}

// Bytes that a row takes besides its fixed-width values.
uint64_t VariableBytes(const Batch& batch, uint32_t row, uint64_t* text) {
  uint64_t bytes = 0;
  for (const ColumnVector* column : batch.columns) {
    if (column->physical() != Physical::kBytes || column->IsNull(row)) continue;
    if (IsBytes(column->type())) bytes += column->bytes(row).size();
    else *text += column->bytes(row).size();
  }
  return bytes;
}

}  // namespace

ExchangeHandle::~ExchangeHandle() {
  if (reference_ != nullptr) napi_delete_reference(env_, reference_);
}

Status ExchangeHandle::Attach(napi_value buffer) {
  std::span<char> bytes;
  SOCHDB_TRY(ReadArrayBuffer(env_, buffer, "buffer", &bytes));
  if (bytes.size() < 2 * kParametersAt || bytes.size() % 8 != 0) {
    return {Code::kInvalidArgument, "The exchange buffer is too small, or no multiple of 8 bytes."};
  }
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, buffer, 1, &reference) != napi_ok) {
    return {Code::kInternal, "The exchange buffer could not be referenced."};
  }
  if (reference_ != nullptr) napi_delete_reference(env_, reference_);
  reference_ = reference;
  data_ = bytes.data();
  size_ = bytes.size();
  return {};
}

Status ExchangeHandle::Parameters(size_t length, std::string_view* out) const {
  if (length > size_ - kParametersAt) return {Code::kInvalidArgument, "There are not that many bytes of parameters."};
  *out = {data_ + kParametersAt, length};
  return {};
}

void ExchangeHandle::WriteInt32(size_t word, int32_t value) { std::memcpy(data_ + word * 4, &value, sizeof(value)); }

void ExchangeHandle::WriteNoRows() {
  has_text_ = false;
  WriteInt32(0, 0);
}

void ExchangeHandle::Finish(bool more, uint64_t rows_affected, HandleId rows_handle) {
  WriteInt32(1, more ? 1 : 0);
  const auto affected = static_cast<double>(rows_affected);
  const auto handle = static_cast<double>(rows_handle);
  std::memcpy(data_ + 8, &affected, sizeof(affected));
  std::memcpy(data_ + 16, &handle, sizeof(handle));
}

Status ExchangeHandle::WriteRows(const Batch& batch, uint32_t first, uint32_t* written) {
  // First by the fixed widths alone, then by what the rows bring along.
  const size_t columns = batch.columns.size();
  if (columns > kMaxResultColumns) {
    return {Code::kLimit, "The result has too many columns; the limit is " + std::to_string(kMaxResultColumns) + "."};
  }
  const size_t room = size_ - kParametersAt;
  const size_t per_row = columns * (sizeof(int64_t) + 1 + sizeof(int32_t));
  const size_t fixed = columns * 32 + 64;
  uint64_t bytes = fixed;
  uint64_t text = 0;
  uint32_t count = 0;
  while (first + count < batch.count()) {
    bytes += per_row + VariableBytes(batch, first + count, &text);
    if (bytes > room || (count > 0 && text > kTextBytesPerBatch)) break;
    ++count;
  }
  *written = count;
  if (count == 0) {
    has_text_ = false;
    if (bytes + 2 * kParametersAt > std::numeric_limits<int32_t>::max()) return {Code::kLimit, "A row holds more than 2 GiB."};
    WriteInt32(0, -1);
    WriteInt32(6, static_cast<int32_t>(bytes + 2 * kParametersAt));
    return {};
  }
  size_t end = 0;
  SOCHDB_TRY(Layout(batch, first, count, &end));
  SOCHDB_CHECK(end <= size_);
  WriteInt32(0, static_cast<int32_t>(count));
  return {};
}

Status ExchangeHandle::Layout(const Batch& batch, uint32_t first, uint32_t count, size_t* end) {
  size_t at = kParametersAt;
  text_columns_.clear();
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const ColumnVector& column = *batch.columns[c];
    if (HoldsUntyped(column, first, count)) {
      return {Code::kUnsupported, "A column of the result has no type of its own: cast it to one."};
    }
    int32_t header[3] = {0, 0, 0};
    if (IsText(column.type())) {
      header[0] = static_cast<int32_t>(ColumnMode::kText);
      text_columns_.push_back(static_cast<int32_t>(c));
    } else {
      at = WriteColumn(column, first, count, header, at);
    }
    if (column.may_have_nulls()) {
      header[2] = static_cast<int32_t>(at);
      std::memcpy(data_ + at, column.nulls() + first, count);
      at = Align8(at + count);
    }
    std::memcpy(data_ + (kHeaderWordsBase + 3 * c) * 4, header, sizeof(header));
  }
  has_text_ = !text_columns_.empty();
  if (has_text_) {
    SOCHDB_TRY(GatherText(batch, text_columns_, first, count, true, &text_));
    WriteInt32(7, static_cast<int32_t>(at / 4));
    std::memcpy(data_ + at, text_.ends.data(), text_.ends.size() * sizeof(int32_t));
    at = Align8(at + text_.ends.size() * sizeof(int32_t));
  }
  *end = at;
  return {};
}

size_t ExchangeHandle::WriteColumn(const ColumnVector& column, uint32_t first, uint32_t count, int32_t* header, size_t at) {
  const auto place = [&](ColumnMode mode, size_t width) {
    header[0] = static_cast<int32_t>(mode);
    header[1] = static_cast<int32_t>(at / width);
    return data_ + at;
  };
  switch (column.type()) {
    case ColumnType::kBoolean:
      std::memcpy(place(ColumnMode::kBoolean, 1), column.data<uint8_t>() + first, count);
      return Align8(at + count);
    case ColumnType::kReal:
      std::memcpy(place(ColumnMode::kFloat64, 8), column.data<double>() + first, count * sizeof(double));
      return at + count * sizeof(double);
    case ColumnType::kBigint:
      std::memcpy(place(ColumnMode::kInt64, 8), column.data<int64_t>() + first, count * sizeof(int64_t));
      return at + count * sizeof(int64_t);
    case ColumnType::kTimestamp:
    case ColumnType::kInteger: {
      const ColumnMode mode =
          column.type() == ColumnType::kTimestamp ? ColumnMode::kFloat64 : IntegerMode(column, first, count);
      const int64_t* values = column.data<int64_t>() + first;
      if (mode == ColumnMode::kInt32) {
        auto* out = reinterpret_cast<int32_t*>(place(mode, 4));
        for (uint32_t i = 0; i < count; ++i) out[i] = static_cast<int32_t>(values[i]);
        return Align8(at + count * sizeof(int32_t));
      }
      if (mode == ColumnMode::kInt64) {
        std::memcpy(place(mode, 8), values, count * sizeof(int64_t));
      } else {
        auto* out = reinterpret_cast<double*>(place(mode, 8));
        for (uint32_t i = 0; i < count; ++i) out[i] = static_cast<double>(values[i]);
      }
      return at + count * sizeof(int64_t);
    }
    case ColumnType::kBlob:
    case ColumnType::kVector: {
      auto* words = reinterpret_cast<int32_t*>(place(ColumnMode::kBytes, 4));
      size_t bytes_at = Align8(at + (count + 1) * sizeof(int32_t));
      words[0] = static_cast<int32_t>(bytes_at);
      int32_t end = 0;
      for (uint32_t i = 0; i < count; ++i) {
        if (!column.IsNull(first + i)) {
          const std::string_view bytes = column.bytes(first + i);
          if (!bytes.empty()) std::memcpy(data_ + bytes_at + end, bytes.data(), bytes.size());
          end += static_cast<int32_t>(bytes.size());
        }
        words[i + 1] = end;
      }
      return Align8(bytes_at + static_cast<size_t>(end));
    }
    default:
      return at;  // a column of NULLs: its NULL bytes say all
  }
}

napi_value ExchangeHandle::Text(napi_env env) const {
  if (!has_text_) return Undefined(env);
  napi_value text = nullptr;
  const napi_status status = text_.ascii ? napi_create_string_latin1(env, text_.bytes.data(), text_.bytes.size(), &text)
                                         : napi_create_string_utf8(env, text_.bytes.data(), text_.bytes.size(), &text);
  return status == napi_ok ? text : nullptr;
}

}  // namespace sochdb::binding
