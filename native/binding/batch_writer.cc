#include "binding/batch_writer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "binding/napi_util.h"
#include "codec/tagged_value.h"
#include "codec/utf8.h"

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

// Bytes that a row takes besides its fixed-width values.
uint64_t VariableBytes(const Batch& batch, uint32_t row, uint64_t* text) {
  uint64_t bytes = 0;
  for (const ColumnVector* column : batch.columns) {
    if (column->IsNull(row)) continue;
    if (column->physical() == Physical::kAny) bytes += TaggedBytes(column->Get(row));
    if (column->physical() != Physical::kBytes) continue;
    if (IsBytes(column->type())) bytes += column->bytes(row).size();
    else *text += column->bytes(row).size();
  }
  return bytes;
}

}  // namespace

void BatchWriter::WriteInt32(size_t word, int32_t value) { std::memcpy(block_.data() + word * 4, &value, sizeof(value)); }

void BatchWriter::WriteNoRows() {
  has_text_ = false;
  WriteInt32(0, 0);
}

void BatchWriter::Finish(bool more, uint64_t rows_affected, uint64_t rows_handle) {
  WriteInt32(1, more ? 1 : 0);
  const auto affected = static_cast<double>(rows_affected);
  const auto handle = static_cast<double>(rows_handle);
  std::memcpy(block_.data() + 8, &affected, sizeof(affected));
  std::memcpy(block_.data() + 16, &handle, sizeof(handle));
}

Status BatchWriter::WriteRows(const Batch& batch, uint32_t first, uint32_t* written) {
  // First by the fixed widths alone, then by what the rows bring along.
  const size_t columns = batch.columns.size();
  if (columns > kMaxResultColumns) {
    return {Code::kLimit, "The result has too many columns; the limit is " + std::to_string(kMaxResultColumns) + "."};
  }
  const size_t room = block_.size() - kParametersAt;
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
    wanted_ = bytes + 2 * kParametersAt;
    WriteInt32(0, -1);
    WriteInt32(6, static_cast<int32_t>(wanted_));
    return {};
  }
  SOCHDB_TRY(Layout(batch, first, count));
  SOCHDB_CHECK(end_ <= block_.size());
  WriteInt32(0, static_cast<int32_t>(count));
  return {};
}

Status BatchWriter::WriteRow(const Batch& batch, uint32_t* written) {
  if (!LayoutRow(batch)) return WriteRows(batch, 0, written);
  *written = 1;
  WriteInt32(0, 1);
  return {};
}

bool BatchWriter::LayoutRow(const Batch& batch) {
  const size_t columns = batch.columns.size();
  // A value or a NULL mark, and the end of a text.
  if (columns > kMaxResultColumns || columns * 16 > block_.size() - kParametersAt) return false;
  text_.bytes.clear();
  text_.ends.clear();
  size_t at = kParametersAt;
  char* header_at = block_.data() + kHeaderWordsBase * 4;
  for (const ColumnVector* column : batch.columns) {
    int32_t header[3] = {0, 0, 0};
    if (column->IsNull(0)) {
      header[2] = static_cast<int32_t>(at);
      block_[at] = 1;
      at += sizeof(int64_t);
    } else if (!LayoutValue(*column, header, &at)) {
      return false;
    }
    if (IsText(column->type())) {
      header[0] = static_cast<int32_t>(ColumnMode::kText);
      text_.ends.push_back(static_cast<int32_t>(text_.bytes.size()));
    }
    std::memcpy(header_at, header, sizeof(header));
    header_at += sizeof(header);
  }
  has_text_ = !text_.ends.empty();
  if (has_text_) {
    text_.ascii = IsAscii(text_.bytes);
    if (!text_.ascii) return false;
    WriteInt32(7, static_cast<int32_t>(at / 4));
    std::memcpy(block_.data() + at, text_.ends.data(), text_.ends.size() * sizeof(int32_t));
    at += text_.ends.size() * sizeof(int32_t);
  }
  end_ = at;
  return true;
}

// The value of row 0, which is not NULL.
bool BatchWriter::LayoutValue(const ColumnVector& column, int32_t* header, size_t* at) {
  const auto place = [&](ColumnMode mode, auto value, size_t width) {
    header[0] = static_cast<int32_t>(mode);
    header[1] = static_cast<int32_t>(*at / width);
    std::memcpy(block_.data() + *at, &value, sizeof(value));
    *at += sizeof(int64_t);
    return true;
  };
  switch (column.type()) {
    case ColumnType::kBoolean:
      return place(ColumnMode::kBoolean, static_cast<uint8_t>(column.boolean(0) ? 1 : 0), 1);
    case ColumnType::kReal:
      return place(ColumnMode::kFloat64, column.f64(0), 8);
    case ColumnType::kBigint:
      return place(ColumnMode::kInt64, column.i64(0), 8);
    case ColumnType::kTimestamp:
      return place(ColumnMode::kFloat64, static_cast<double>(column.i64(0)), 8);
    case ColumnType::kInteger: {
      const int64_t value = column.i64(0);
      if (value == static_cast<int32_t>(value)) return place(ColumnMode::kInt32, static_cast<int32_t>(value), 4);
      if (value >= -kMaxExact && value <= kMaxExact) return place(ColumnMode::kFloat64, static_cast<double>(value), 8);
      return place(ColumnMode::kInt64, value, 8);
    }
    case ColumnType::kText:
    case ColumnType::kDecimal:
    case ColumnType::kJson:
      if (text_.bytes.size() + column.bytes(0).size() > kTextBytesPerBatch) return false;
      text_.bytes.append(column.bytes(0));
      return true;
    default:
      return false;
  }
}

Status BatchWriter::Layout(const Batch& batch, uint32_t first, uint32_t count) {
  size_t at = kParametersAt;
  text_columns_.clear();
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const ColumnVector& column = *batch.columns[c];
    int32_t header[3] = {0, 0, 0};
    if (IsText(column.type())) {
      header[0] = static_cast<int32_t>(ColumnMode::kText);
      text_columns_.push_back(static_cast<int32_t>(c));
    } else {
      at = WriteColumn(column, first, count, header, at);
    }
    if (column.may_have_nulls()) {
      header[2] = static_cast<int32_t>(at);
      std::memcpy(block_.data() + at, column.nulls() + first, count);
      at = Align8(at + count);
    }
    std::memcpy(block_.data() + (kHeaderWordsBase + 3 * c) * 4, header, sizeof(header));
  }
  has_text_ = !text_columns_.empty();
  if (has_text_) {
    SOCHDB_TRY(GatherText(batch, text_columns_, first, count, true, &text_));
    WriteInt32(7, static_cast<int32_t>(at / 4));
    std::memcpy(block_.data() + at, text_.ends.data(), text_.ends.size() * sizeof(int32_t));
    at = Align8(at + text_.ends.size() * sizeof(int32_t));
  }
  end_ = at;
  return {};
}

size_t BatchWriter::WriteColumn(const ColumnVector& column, uint32_t first, uint32_t count, int32_t* header, size_t at) {
  const auto place = [&](ColumnMode mode, size_t width) {
    header[0] = static_cast<int32_t>(mode);
    header[1] = static_cast<int32_t>(at / width);
    return block_.data() + at;
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
    case ColumnType::kVector:
      return WriteBytes(column, first, count, place(ColumnMode::kBytes, 4), at);
    case ColumnType::kAny:
      return WriteBytes(column, first, count, place(ColumnMode::kTagged, 4), at);
    default:
      return at;  // a column of NULLs: its NULL bytes say all
  }
}

size_t BatchWriter::WriteBytes(const ColumnVector& column, uint32_t first, uint32_t count, char* words_at, size_t at) {
  auto* words = reinterpret_cast<int32_t*>(words_at);
  const size_t bytes_at = Align8(at + (count + 1) * sizeof(int32_t));
  words[0] = static_cast<int32_t>(bytes_at);
  int32_t end = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (!column.IsNull(first + i)) {
      std::string_view bytes;
      if (column.physical() == Physical::kAny) {
        tagged_.clear();
        AppendTagged(column.Get(first + i), &tagged_);
        bytes = tagged_;
      } else {
        bytes = column.bytes(first + i);
      }
      if (!bytes.empty()) std::memcpy(block_.data() + bytes_at + end, bytes.data(), bytes.size());
      end += static_cast<int32_t>(bytes.size());
    }
    words[i + 1] = end;
  }
  return Align8(bytes_at + static_cast<size_t>(end));
}

}  // namespace sochdb::binding
