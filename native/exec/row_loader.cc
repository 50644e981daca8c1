#include "exec/row_loader.h"

namespace sochdb {

RowLoader::RowLoader(const TableInfo* table, std::span<const uint32_t> projection) : RowLoader(table, projection, {}) {}

RowLoader::RowLoader(const TableInfo* table, std::span<const uint32_t> projection, std::span<const uint32_t> targets)
    : table_(table) {
  parts_.reserve(projection.size());
  for (uint32_t i = 0; i < projection.size(); ++i) {
    const uint32_t column = projection[i];
    parts_.push_back(
        {column, table->layout.column(column), &table->columns[column].default_value, targets.empty() ? i : targets[i]});
  }
}

Status RowLoader::LoadStable(std::span<const std::string_view> rows, uint32_t r, size_t first, BatchStorage* out) const {
  for (const std::string_view row : rows) SOCHDB_TRY(LoadOne<true>(row, r++, first, out));
  return {};
}

template <bool kStable>
Status RowLoader::LoadOne(std::string_view row, uint32_t r, size_t first, BatchStorage* out) const {
  RowReader reader;
  if (Status status = reader.Init(table_->layout, row); !status.ok()) return std::move(status.With("table", table_->name));
  for (const Part& part : parts_) {
    ColumnVector& to = out->column(first + part.target);
    if (!reader.Has(part.column)) {
      to.Set(r, *part.default_value);  // its bytes live in the plan
      continue;
    }
    if (reader.IsNull(part.column)) {
      to.Set(r, Value());
      continue;
    }
    switch (part.layout.physical) {
      case Physical::kBool:
        to.data<uint8_t>()[r] = reader.Boolean(part.layout) ? 1 : 0;
        break;
      case Physical::kI64:
        to.data<int64_t>()[r] = reader.Int64(part.layout);
        break;
      case Physical::kF64:
        to.data<double>()[r] = reader.Real(part.layout);
        break;
      case Physical::kBytes: {
        std::string_view bytes;
        const bool fits = reader.Bytes(part.layout, &bytes);
        if (!fits || part.layout.type == ColumnType::kUuid) {  // UUIDs have their length checked
          SOCHDB_TRY(LoadBytes(reader, part, r, first + part.target, out));
        } else if (kStable) {
          to.data<std::string_view>()[r] = bytes;
        } else if (!out->arena().Copy(bytes, &to.data<std::string_view>()[r])) {
          return out->arena().memory()->LimitError();
        }
        break;
      }
      case Physical::kAny:
        SOCHDB_TRY(LoadBytes(reader, part, r, first + part.target, out));
        break;
    }
  }
  return {};
}

// What Load calls from the other sources.
template Status RowLoader::LoadOne<false>(std::string_view row, uint32_t r, size_t first, BatchStorage* out) const;

Status RowLoader::LoadBytes(const RowReader& reader, const Part& part, uint32_t r, size_t to, BatchStorage* out) const {
  Value value;
  if (Status status = reader.Read(table_->layout, part.column, &value); !status.ok()) {
    return std::move(status.With("table", table_->name));
  }
  return out->Set(to, r, value);
}

}  // namespace sochdb
