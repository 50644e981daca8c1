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

struct Expr;

struct ColumnInfo {
  uint32_t id = 0;
  ColumnType type = ColumnType::kNull;
  bool not_null = false;   // those of the primary key always are
  bool generated = false;  // computed from the rest of the row, or numbered: no value comes with it
  bool dropped = false;
  Value default_value;  // of the column's class, or NULL
  std::string name;
};

struct KeyColumn {
  uint32_t column = 0;  // position in storage order; behind the columns: in `computed`
  ColumnType type = ColumnType::kNull;
  bool descending = false;
};

struct IndexInfo {
  uint32_t id = 0;
  bool unique = false;
  bool nulls_distinct = true;  // of a unique one
  bool building = false;       // it is being filled: some rows have no entry yet
  int32_t where = -1;          // in `computed`: only rows for which it is true have an entry
  std::string name;
  std::vector<KeyColumn> key;
};

struct CheckInfo {
  std::string name;
  const Expr* expr = nullptr;  // over the row; violated where it is false
};

struct GeneratedInfo {
  uint32_t column = 0;
  const Expr* expr = nullptr;  // over the row, the generated columns before this one in it
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
  std::vector<const Expr*> computed;   // over the row: what expressions in keys and partial indexes look at
  std::vector<IndexInfo> indexes;
  std::vector<CheckInfo> checks;         // of a table that is written, as all below
  std::vector<GeneratedInfo> generated;  // in the order in which they are computed
  int32_t identity = -1;                 // the column that takes a number where a row has none
  RowLayout layout;

  // Whether `column` of a key is an expression.
  [[nodiscard]] bool IsComputed(uint32_t column) const { return column >= columns.size(); }
  // Of a column, or an expression in a key: for messages.
  [[nodiscard]] std::string KeyName(uint32_t column) const;
};

enum class ReferenceAction : uint8_t { kNoAction = 0, kRestrict = 1, kCascade = 2, kSetNull = 3, kSetDefault = 4 };

// Rows of `child` name a row of `parent`. One with a NULL among its columns names none.
struct ForeignKeyInfo {
  std::string name;
  const TableInfo* child = nullptr;
  const TableInfo* parent = nullptr;
  const IndexInfo* parent_index = nullptr;  // null: the primary key
  const IndexInfo* child_index = nullptr;   // begins with the columns
  bool child_key = false;                   // the child's primary key does; neither: all its rows are looked at
  bool deferred = false;                    // checked when the transaction commits
  ReferenceAction on_delete = ReferenceAction::kNoAction;
  ReferenceAction on_update = ReferenceAction::kNoAction;
  std::vector<uint32_t> child_columns;
  std::vector<uint32_t> parent_columns;  // those the columns of the child name, in the same order
  std::vector<uint32_t> parent_order;    // for each column of the parent's key: which of these it is
  std::vector<uint32_t> child_order;     // for the first columns of the child's index or key: which of these they are
};

}  // namespace sochdb
