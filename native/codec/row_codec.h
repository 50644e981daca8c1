// Row codec: a table's row as the value of its key, laid out so that one column is read without touching the others.
//
//   u8 format (1) | u32 schema version | u16 column count n | null bitmap, (n + 7) / 8 bytes, bit i of byte i / 8: column i is
//   NULL | fixed section: per BOOLEAN column 1 byte, per INTEGER, BIGINT, TIMESTAMP, REAL column 8 | ends: per other column the
//   end of its bytes, u32, counted from the start of the last section | the bytes
//
// Little-endian, unaligned. A NULL takes its place in the fixed section all the same, so a column's offset depends on its
// position and on nothing in the row. Columns are in storage order, dropped ones included; columns that were added after
// the row was written are missing at its end and read as their default. TEXT, BLOB, JSON, DECIMAL (canonical text),
// UUID (16 bytes) and VECTOR (f32s) are plain bytes; an ANY value is a tagged value (codec/tagged_value.h). -0 is stored as 0.
//
// Thread safety: a RowLayout is immutable once made. A RowReader is a view of bytes that must outlive it.
// Limits: kColumnsMax columns; 4 GiB of variable-width bytes.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "codec/value.h"

namespace sochdb {

inline constexpr size_t kColumnsMax = 4096;
inline constexpr uint8_t kRowFormat = 1;
inline constexpr size_t kRowHeaderBytes = 7;

// Where the columns of a table lie in its rows.
class RowLayout {
 public:
  struct Column {
    ColumnType type = ColumnType::kNull;
    Physical physical = Physical::kBool;
    uint32_t fixed_offset = 0;  // from the start of the fixed section, for fixed-width columns
    uint32_t var_index = 0;     // among the variable-width columns, for the others
  };

  RowLayout() = default;
  RowLayout(std::span<const ColumnType> types, uint32_t schema_version);

  [[nodiscard]] size_t size() const { return columns_.size(); }
  [[nodiscard]] const Column& column(size_t i) const { return columns_[i]; }
  [[nodiscard]] uint32_t schema_version() const { return schema_version_; }
  // Widths of the sections of a row that has the first n columns.
  [[nodiscard]] uint32_t fixed_bytes(size_t n) const { return fixed_bytes_[n]; }
  [[nodiscard]] uint32_t var_count(size_t n) const { return var_count_[n]; }
  // What stands before the variable-width bytes of such a row.
  [[nodiscard]] size_t head_bytes(size_t n) const { return head_bytes_[n]; }

 private:
  uint32_t schema_version_ = 0;
  std::vector<Column> columns_;
  std::vector<uint32_t> fixed_bytes_{0};
  std::vector<uint32_t> var_count_{0};
  std::vector<size_t> head_bytes_{kRowHeaderBytes};
};

// Replaces `out` by the row. REQUIRES: as many values as columns, each NULL or of its column's class.
// kInvalidArgument when the variable-width bytes pass kMaxValueBytes.
Status EncodeRow(const RowLayout& layout, std::span<const Value> values, std::string* out);

class RowReader {
 public:
  // kCorruption when the sections do not fit into the bytes; kSchemaChanged when the row was written under a newer schema than
  // the layout's.
  Status Init(const RowLayout& layout, std::string_view row) {
    if (row.size() < kRowHeaderBytes || static_cast<uint8_t>(row[0]) != kRowFormat) [[unlikely]]
      return Refuse(layout, row);
    count_ = DecodeFixed16(row.data() + 5);
    if (count_ > layout.size() || row.size() < layout.head_bytes(count_)) [[unlikely]]
      return Refuse(layout, row);
    nulls_ = row.data() + kRowHeaderBytes;
    fixed_ = nulls_ + (count_ + 7) / 8;
    ends_ = fixed_ + layout.fixed_bytes(count_);
    var_ = row.data() + layout.head_bytes(count_);
    var_bytes_ = row.size() - layout.head_bytes(count_);
    return {};
  }

  [[nodiscard]] size_t count() const { return count_; }
  // Whether the row has the column; otherwise its default stands in.
  [[nodiscard]] bool Has(size_t column) const { return column < count_; }
  // REQUIRES for the rest: Has(column).
  [[nodiscard]] bool IsNull(size_t column) const {
    return (static_cast<uint8_t>(nulls_[column >> 3]) >> (column & 7) & 1) != 0;
  }
  [[nodiscard]] bool Boolean(const RowLayout::Column& c) const { return fixed_[c.fixed_offset] != 0; }
  [[nodiscard]] int64_t Int64(const RowLayout::Column& c) const {
    return static_cast<int64_t>(DecodeFixed64(fixed_ + c.fixed_offset));
  }
  [[nodiscard]] double Real(const RowLayout::Column& c) const {
    return std::bit_cast<double>(DecodeFixed64(fixed_ + c.fixed_offset));
  }
  // False when the offsets are damaged.
  [[nodiscard]] bool Bytes(const RowLayout::Column& c, std::string_view* out) const {
    const uint32_t end = DecodeFixed32(ends_ + size_t{c.var_index} * 4);
    const uint32_t start = c.var_index == 0 ? 0 : DecodeFixed32(ends_ + size_t{c.var_index} * 4 - 4);
    if (start > end || end > var_bytes_) return false;
    *out = {var_ + start, end - start};
    return true;
  }
  // Any column as a Value (a NULL one too); its bytes are views of the row.
  Status Read(const RowLayout& layout, size_t column, Value* out) const;

 private:
  static Status Refuse(const RowLayout& layout, std::string_view row);

  size_t count_ = 0;
  const char* nulls_ = nullptr;
  const char* fixed_ = nullptr;
  const char* ends_ = nullptr;
  const char* var_ = nullptr;
  size_t var_bytes_ = 0;
};

}  // namespace sochdb
