// TableWriter: rows in and out of one table, with its indexes and its constraints.
//
// Every look for a row in the way is a constraint read: validated at commit in every isolation level. So is a row that is
// replaced or deleted: its index entries go by what the statement saw of it.
//
// A row goes through NextRow, Complete, CheckRow, then Insert or Update. What foreign keys ask of a change is noted with the
// context's ForeignKeys, and settled at the end of the statement.
//
// Thread safety: one thread. Ownership: context and table outlive it; rows are arrays of values in storage order whose bytes
// the caller keeps until the call returns.

#pragma once

#include <span>
#include <string>

#include "codec/key_codec.h"
#include "exec/exec_context.h"
#include "exec/plan_nodes.h"
#include "exec/row_expressions.h"

namespace sochdb {

// A stored row as values, defaults in the place of columns that it is older than. Views of the bytes.
Status DecodeRow(const TableInfo& table, std::string_view bytes, std::span<Value> row);

// Of NOT NULL or a check: what INSERT OR IGNORE leaves rows out for.
inline bool IsViolation(const Status& status) { return status.code() == Code::kNotNull || status.code() == Code::kCheck; }

class TableWriter {
 public:
  using Row = std::span<const Value>;

  // A row that has the same unique key as another.
  struct Conflict {
    int32_t index = kConflictPrimaryKey;  // by which key
    std::string primary_key;              // of the row that is there, as in its key
  };

  TableWriter(ExecContext* context, const TableInfo* table) : context_(context), table_(table), expressions_(context, table) {}

  // Lets go of what was computed for the rows before.
  void NextRow() { expressions_.NextRow(); }
  // Whether the table gives the column a number where a row has none.
  [[nodiscard]] bool IsNumbered(size_t column) const { return table_->identity == static_cast<int32_t>(column); }
  // Numbers a row that has no number; one that has moves the counter.
  Status Number(std::span<Value> row);
  // Sets generated columns. Their bytes are kept until NextRow.
  Status Complete(std::span<Value> row) { return expressions_.Generate(row); }
  // kNotNull, naming the column; kCheck, naming the constraint.
  Status CheckRow(Row row);
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
  // kUnique when a changed key is in the way of another row; the rest is the caller's to check. With `conflict`, *found tells
  // of that row, and nothing is written then.
  Status Update(Row before, Row after) { return Update(before, after, nullptr, nullptr); }
  Status Update(Row before, Row after, Conflict* conflict, bool* found);
  // An update in steps, for rows that change places: all are taken out, then all put back as what they became (kUnique when
  // another row has a key of one), and then the foreign keys are told.
  Status TakeOut(Row before);
  Status PutBack(Row after);
  Status Moved(Row before, Row after);

  // For an index that is being built: the key of the entry of a row that is there already, valid until the next call; *is_in
  // false where the row has no entry.
  Status BackfillKey(int32_t index, Row row, std::string_view primary_key, std::string_view* key, bool* is_in);
  // Puts that entry. kUnique when another row has its place.
  Status Backfill(int32_t index, std::string_view key, std::string_view primary_key);

 private:
  // A row, and what the table computes over it for its indexes.
  struct Keyed {
    Row row;
    std::vector<Value> computed;
    [[nodiscard]] const Value& at(uint32_t column) const {
      return column < row.size() ? row[column] : computed[column - row.size()];
    }
    [[nodiscard]] bool IsIn(const IndexInfo& index) const {
      if (index.where < 0) return true;
      const Value& holds = computed[static_cast<size_t>(index.where)];
      return !holds.is_null() && holds.i64 != 0;
    }
  };
  Status Compute(Row row, Keyed* out) {
    out->row = row;
    return expressions_.Compute(row, &out->computed);
  }
  [[nodiscard]] static bool SameKey(const IndexInfo& index, const Keyed& a, const Keyed& b);

  Status PrimaryKey(Row row, KeyBuffer* out) const;  // the whole key of the row
  Status IndexKey(const IndexInfo& index, const Keyed& row, std::string_view primary_key, KeyBuffer* out, bool* has_null) const;
  Status CheckLength(const KeyBuffer& key, const std::string& index) const;
  Status FindInIndex(int32_t which, const Keyed& row, std::string_view primary_key, Conflict* conflict, bool* found);
  Status PutEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key);
  // The same in both places, while the table moves.
  Status DeleteEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key);
  Status PutRow();  // row_ under row_key_
  Status DeleteRow(std::string_view key);
  Status Remove(Row row);  // without a word to the foreign keys
  Status Put(Row row);
  Status FindChanged(Conflict* conflict, bool* found);  // before_ and after_
  Status UpdateEntry(const IndexInfo& index, std::string_view old_primary_key, std::string_view new_primary_key);

  ExecContext* context_;
  const TableInfo* table_;
  RowExpressions expressions_;
  Keyed before_;
  Keyed after_;
  KeyBuffer row_key_;
  KeyBuffer old_row_key_;
  KeyBuffer index_key_;
  KeyBuffer old_index_key_;
  std::string row_;
};

}  // namespace sochdb
