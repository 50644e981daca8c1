#include "codec/row_codec.h"

#include "base/types.h"
#include "codec/tagged_value.h"

namespace sochdb {
namespace {

Status Corrupt(const char* what) { return {Code::kCorruption, std::string("A row is damaged: ") + what + "."}; }

// The row when Init found the header wrong: tells a newer schema from damage.
Status Unreadable(uint32_t row_version, uint32_t layout_version, const char* what) {
  if (row_version > layout_version)
    return {Code::kSchemaChanged, "A row was written under a newer schema than this statement's."};
  return Corrupt(what);
}

size_t StoredBytes(Physical physical, const Value& value) {
  if (value.is_null()) return 0;
  return physical == Physical::kAny ? TaggedBytes(value) : value.bytes.size();
}

}  // namespace

RowLayout::RowLayout(std::span<const ColumnType> types, uint32_t schema_version) : schema_version_(schema_version) {
  uint32_t fixed = 0;
  uint32_t var = 0;
  for (const ColumnType type : types) {
    Column column{type, PhysicalOf(type), fixed, var};
    switch (column.physical) {
      case Physical::kBool:
        fixed += 1;
        break;
      case Physical::kI64:
      case Physical::kF64:
        fixed += 8;
        break;
      case Physical::kBytes:
      case Physical::kAny:
        var += 1;
        break;
    }
    columns_.push_back(column);
    fixed_bytes_.push_back(fixed);
    var_count_.push_back(var);
    head_bytes_.push_back(kRowHeaderBytes + (columns_.size() + 7) / 8 + fixed + size_t{var} * 4);
  }
}

Status EncodeRow(const RowLayout& layout, std::span<const Value> values, std::string* out) {
  SOCHDB_DCHECK(values.size() == layout.size());
  const size_t n = values.size();
  uint64_t var_bytes = 0;
  for (size_t i = 0; i < n; ++i) {
    const Physical physical = layout.column(i).physical;
    if (physical == Physical::kBytes || physical == Physical::kAny) var_bytes += StoredBytes(physical, values[i]);
  }
  if (var_bytes > kMaxValueBytes)
    return {Code::kInvalidArgument, "A row holds more than 512 MiB.", {{"limit", "kMaxValueBytes"}}};

  const size_t bitmap_bytes = (n + 7) / 8;
  const size_t head = layout.head_bytes(n);
  out->clear();
  out->reserve(head + var_bytes);
  out->resize(head);  // zeros
  char* at = out->data();
  at[0] = static_cast<char>(kRowFormat);
  EncodeFixed32(at + 1, layout.schema_version());
  EncodeFixed16(at + 5, static_cast<uint16_t>(n));
  char* nulls = at + kRowHeaderBytes;
  char* fixed = nulls + bitmap_bytes;
  char* ends = fixed + layout.fixed_bytes(n);
  for (size_t i = 0; i < n; ++i) {
    const Value& value = values[i];
    const RowLayout::Column& column = layout.column(i);
    if (value.is_null()) nulls[i >> 3] = static_cast<char>(nulls[i >> 3] | 1 << (i & 7));
    switch (column.physical) {
      case Physical::kBool:
        fixed[column.fixed_offset] = !value.is_null() && value.i64 != 0 ? 1 : 0;
        break;
      case Physical::kI64:
        EncodeFixed64(fixed + column.fixed_offset, value.is_null() ? 0 : static_cast<uint64_t>(value.i64));
        break;
      case Physical::kF64: {
        const double real = value.is_null() || value.f64 == 0 ? 0 : value.f64;
        EncodeFixed64(fixed + column.fixed_offset, std::bit_cast<uint64_t>(real));
        break;
      }
      case Physical::kBytes:
      case Physical::kAny:
        // `out` does not move: its capacity was reserved.
        if (!value.is_null()) column.physical == Physical::kAny ? AppendTagged(value, out) : void(out->append(value.bytes));
        EncodeFixed32(ends + size_t{column.var_index} * 4, static_cast<uint32_t>(out->size() - head));
        break;
    }
  }
  return {};
}

Status RowReader::Refuse(const RowLayout& layout, std::string_view row) {
  if (row.size() < kRowHeaderBytes) return Corrupt("it is shorter than its header");
  if (static_cast<uint8_t>(row[0]) != kRowFormat) return Corrupt("its format is unknown");
  const uint32_t version = DecodeFixed32(row.data() + 1);
  const bool more = DecodeFixed16(row.data() + 5) > layout.size();
  return Unreadable(version, layout.schema_version(),
                    more ? "it has more columns than its table" : "it is shorter than its columns");
}

Status RowReader::Read(const RowLayout& layout, size_t column, Value* out) const {
  *out = Value();
  if (IsNull(column)) return {};
  const RowLayout::Column& c = layout.column(column);
  switch (c.physical) {
    case Physical::kBool:
      *out = Value::Boolean(Boolean(c));
      return {};
    case Physical::kI64:
      *out = Value::Int(TagOf(c.type), Int64(c));
      return {};
    case Physical::kF64:
      *out = Value::Real(Real(c));
      return {};
    case Physical::kBytes: {
      std::string_view bytes;
      if (!Bytes(c, &bytes)) return Corrupt("its offsets do not fit");
      if (c.type == ColumnType::kUuid && bytes.size() != 16) return Corrupt("a UUID has not 16 bytes");
      *out = Value::Bytes(c.type, bytes);
      return {};
    }
    case Physical::kAny: {
      std::string_view bytes;
      if (!Bytes(c, &bytes) || !DecodeStoredTagged(bytes, out)) return Corrupt("an ANY column cannot be read");
      return {};
    }
  }
  return {};
}

}  // namespace sochdb
