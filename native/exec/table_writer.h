// TableWriter: rows in and out of one table, with its indexes and its constraints.
//
// Every look for a row in the way is a constraint read: validated at commit in every isolation level.
//
// Thread safety: one thread. Ownership: context and table outlive it; rows are arrays of values in storage order whose bytes
// the caller keeps until the call returns.

#pragma once

#include <span>
#include <string>

#include "codec/key_codec.h"
#include "exec/exec_context.h"
#include "exec/plan_nodes.h"

namespace sochdb {

class TableWriter {
 public:
  using Row = std::span<const Value>;

  // A row that has the same unique key as another.
  struct Conflict {
    int32_t index = kConflictPrimaryKey;  // by which key
    std::string primary_key;              // of the row that is there, as in its key
  };

  TableWriter(ExecContext* context, const TableInfo* table) : context_(context), table_(table) {}

  // kNotNull, naming the column.
  [[nodiscard]] Status CheckNotNull(Row row) const;
  [[nodiscard]] Status NotNullError(size_t column) const;

  // Looks for a row in the way: by one unique index, by the primary key, or by any (in this order: primary key, indexes).
  Status FindConflict(Row row, int32_t which, Conflict* conflict, bool* found);
  [[nodiscard]] Status UniqueError(int32_t index) const;

  // Reads a row for a constraint. Its bytes are copied to `bytes`.
  Status ReadRow(std::string_view primary_key, std::span<Value> row, std::string* bytes);

  // REQUIRES: nothing is in the way.
  Status Insert(Row row);
  Status Delete(Row row);
  // kUnique when a changed key is in the way of another row; NOT NULL is the caller's to check.
  Status Update(Row before, Row after);

 private:
  Status PrimaryKey(Row row, KeyBuffer* out) const;  // the whole key of the row
  Status IndexKey(const IndexInfo& index, Row row, std::string_view primary_key, KeyBuffer* out, bool* has_null) const;
  Status CheckLength(const KeyBuffer& key, const std::string& index) const;
  Status FindInIndex(int32_t which, Row row, std::string_view primary_key, Conflict* conflict, bool* found);
  Status PutEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key);
  // The same in both places, while the table moves.
  Status DeleteEntry(std::string_view key);
  Status PutRow();  // row_ under row_key_
  Status DeleteRow(std::string_view key);
  Status CheckUnique(Row before, Row after);
  Status UpdateEntry(const IndexInfo& index, Row before, Row after, std::string_view old_primary_key,
                     std::string_view new_primary_key);

  ExecContext* context_;
  const TableInfo* table_;
  KeyBuffer row_key_;
  KeyBuffer old_row_key_;
  KeyBuffer index_key_;
  KeyBuffer old_index_key_;
  std::string row_;
};

}  // namespace sochdb
