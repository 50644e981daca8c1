// Tables as a parsed plan knows them: ids, columns, keys and the layout of their rows.
//
// Thread safety: immutable once parsed. Ownership: a PreparedPlan owns them, their names and defaults.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "codec/row_codec.h"
#include "codec/value.h"
#include "exec/table_trees.h"

namespace sochdb {

struct ColumnInfo {
  uint32_t id = 0;
  ColumnType type = ColumnType::kNull;
  bool not_null = false;  // those of the primary key always are
  bool dropped = false;
  Value default_value;  // of the column's class, or NULL
  std::string name;
};

struct KeyColumn {
  uint32_t column = 0;  // position in storage order
  ColumnType type = ColumnType::kNull;
  bool descending = false;
};

struct IndexInfo {
  uint32_t id = 0;
  bool unique = false;
  std::string name;
  std::vector<KeyColumn> key;
};

// Index entries (docs/internals/row-format.md): a unique index has the key `columns` (+ primary key when one of them is NULL)
// and the primary key as value; any other has the key `columns + primary key` and an empty value.
struct TableInfo {
  uint32_t id = 0;
  uint32_t schema_version = 0;
  TableTrees trees;
  bool moving = false;   // writes go to both places, reads to `trees`
  TableTrees moving_to;  // when moving
  std::string catalog_key;
  Timestamp catalog_ts = 0;  // 0: written by the transaction that executes the plan
  std::string name;
  std::vector<ColumnInfo> columns;
  std::vector<KeyColumn> primary_key;  // always ascending
  std::vector<IndexInfo> indexes;
  RowLayout layout;
};

}  // namespace sochdb
