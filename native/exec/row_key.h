// RowKey: some columns of a row as one string of bytes, equal when the rows are equal there (NULL equals NULL): what groups,
// distinct rows and joins hash, and what sorts compare.
//
// Thread safety: functions of their arguments.

#pragma once

#include <span>

#include "codec/key_codec.h"
#include "exec/batch.h"

namespace sochdb {

inline Status AppendRowKey(std::span<const ColumnVector* const> columns, uint32_t row, KeyBuffer* out) {
  for (const ColumnVector* column : columns) SOCHDB_TRY(AppendKeyValue(out, column->type(), column->Get(row), false));
  return {};
}

// One key of a sort: a byte that places NULLs, then the value, which is inverted when descending.
inline Status AppendSortKey(const ColumnVector& column, uint32_t row, bool descending, bool nulls_last, KeyBuffer* out) {
  const bool null = column.IsNull(row);
  out->push_back(null == nulls_last ? '\x02' : '\x01');
  return null ? Status() : AppendKeyValue(out, column.type(), column.Get(row), descending);
}

}  // namespace sochdb
