#include "exec/table_writer.h"

#include <algorithm>

#include "codec/row_codec.h"
#include "exec/foreign_keys.h"
#include "exec/identity.h"

namespace sochdb {
namespace {

constexpr const char* kPrimaryKeyName = "PRIMARY KEY";

std::string_view PrimaryKeyPart(const KeyBuffer& row_key) { return row_key.view().substr(kRowPrefixBytes); }

}  // namespace

bool TableWriter::SameKey(const IndexInfo& index, const Keyed& a, const Keyed& b) {
  return a.IsIn(index) == b.IsIn(index) && std::all_of(index.key.begin(), index.key.end(), [&](const KeyColumn& key) {
           return CompareValues(a.at(key.column), b.at(key.column)) == 0;
         });
}

Status TableWriter::NotNullError(size_t column) const {
  const std::string& name = table_->columns[column].name;
  return {Code::kNotNull,
          "Column " + name + " of " + table_->name + " must not be NULL.",
          {{"table", table_->name}, {"column", name}}};
}

Status TableWriter::CheckNotNull(Row row) const {
  for (size_t i = 0; i < row.size(); ++i)
    if (row[i].is_null() && table_->columns[i].not_null) return NotNullError(i);
  return {};
}

Status TableWriter::Number(std::span<Value> row) {
  if (table_->identity < 0) return {};
  if (context_->identities == nullptr) return {Code::kInternal, "There is no counter for the rows of " + table_->name + "."};
  Value& value = row[static_cast<size_t>(table_->identity)];
  if (!value.is_null()) return context_->identities->Note(context_, *table_, value.i64);
  int64_t number = 0;
  SOCHDB_TRY(context_->identities->Next(context_, *table_, &number));
  value = Value::Integer(number);
  return {};
}

Status TableWriter::CheckRow(Row row) {
  SOCHDB_TRY(CheckNotNull(row));
  return expressions_.Check(row);
}

Status TableWriter::UniqueError(int32_t index) const {
  const bool primary = index == kConflictPrimaryKey;
  const auto& key = primary ? table_->primary_key : table_->indexes[static_cast<size_t>(index)].key;
  std::string columns;
  for (const KeyColumn& column : key) columns += (columns.empty() ? "" : ", ") + table_->KeyName(column.column);
  return {Code::kUnique,
          "A row of " + table_->name + " with the same " + columns + " already exists.",
          {{"table", table_->name},
           {"index", primary ? kPrimaryKeyName : table_->indexes[static_cast<size_t>(index)].name},
           {"columns", columns}}};
}

Status TableWriter::CheckLength(const KeyBuffer& key, const std::string& index) const {
  if (key.size() <= kMaxKeyBytes) return {};
  return {Code::kInvalidArgument,
          "A key of " + table_->name + " (" + index + ") would have " + std::to_string(key.size()) + " bytes; the limit is " +
              std::to_string(kMaxKeyBytes) + ".",
          {{"table", table_->name}, {"index", index}, {"limit", "kMaxKeyBytes"}}};
}

Status TableWriter::PrimaryKey(Row row, KeyBuffer* out) const {
  out->clear();
  AppendRowPrefix(out, context_->ns(), table_->id);
  for (const KeyColumn& column : table_->primary_key) SOCHDB_TRY(AppendKeyValue(out, column.type, row[column.column], false));
  return CheckLength(*out, kPrimaryKeyName);
}

Status TableWriter::IndexKey(const IndexInfo& index, const Keyed& row, std::string_view primary_key, KeyBuffer* out,
                             bool* has_null) const {
  out->clear();
  *has_null = false;
  AppendIndexPrefix(out, context_->ns(), table_->id, index.id);
  for (const KeyColumn& column : index.key) {
    const Value& value = row.at(column.column);
    *has_null |= value.is_null() && index.nulls_distinct;
    SOCHDB_TRY(AppendKeyValue(out, column.type, value, column.descending));
  }
  if (!index.unique || *has_null) out->append(primary_key);
  return CheckLength(*out, index.name);
}

Status TableWriter::FindInIndex(int32_t which, const Keyed& row, std::string_view primary_key, Conflict* conflict,
                                bool* found) {
  const IndexInfo& index = table_->indexes[static_cast<size_t>(which)];
  bool has_null = false;
  *found = false;
  if (!row.IsIn(index)) return {};
  SOCHDB_TRY(IndexKey(index, row, primary_key, &index_key_, &has_null));
  if (has_null) return {};  // NULLs are distinct
  ReadValue entry;
  SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.indexes, index_key_.view(), &entry, found));
  if (*found) {
    conflict->index = which;
    conflict->primary_key = entry.data;
  }
  return {};
}

Status TableWriter::FindConflict(Row row, int32_t which, Conflict* conflict, bool* found) {
  SOCHDB_TRY(PrimaryKey(row, &row_key_));
  SOCHDB_TRY(Compute(row, &after_));
  *found = false;
  if (which == kConflictPrimaryKey || which == kConflictAny) {
    ReadValue there;
    SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.rows, row_key_.view(), &there, found));
    if (*found) {
      conflict->index = kConflictPrimaryKey;
      conflict->primary_key = PrimaryKeyPart(row_key_);
      return {};
    }
  }
  if (which >= 0) return FindInIndex(which, after_, PrimaryKeyPart(row_key_), conflict, found);
  if (which == kConflictPrimaryKey) return {};
  for (size_t i = 0; i < table_->indexes.size() && !*found; ++i) {
    if (!table_->indexes[i].unique) continue;
    SOCHDB_TRY(FindInIndex(static_cast<int32_t>(i), after_, PrimaryKeyPart(row_key_), conflict, found));
  }
  return {};
}

Status TableWriter::ReadRow(std::string_view primary_key, std::span<Value> row, std::string* bytes) {
  row_key_.clear();
  AppendRowPrefix(&row_key_, context_->ns(), table_->id);
  row_key_.append(primary_key);
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.rows, row_key_.view(), &value, &found));
  if (!found) return {Code::kCorruption, "An index entry leads to no row.", {{"table", table_->name}}};
  *bytes = value.data;
  return DecodeRow(*table_, *bytes, row);
}

Status DecodeRow(const TableInfo& table, std::string_view bytes, std::span<Value> row) {
  RowReader reader;
  SOCHDB_TRY(reader.Init(table.layout, bytes));
  for (size_t i = 0; i < row.size(); ++i) {
    if (reader.Has(i)) SOCHDB_TRY(reader.Read(table.layout, i, &row[i]));
    else row[i] = table.columns[i].default_value;
  }
  return {};
}

Status TableWriter::PutEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key) {
  const std::string_view value = index.unique ? primary_key : std::string_view();
  if (table_->moving) SOCHDB_TRY(context_->txn->Put(table_->moving_to.indexes, key, value));
  return context_->txn->Put(table_->trees.indexes, key, value);
}

Status TableWriter::DeleteEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key) {
  if (index.building && index.unique) {
    // The row may have no entry yet, and another one the place.
    ReadValue entry;
    bool found = false;
    SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.indexes, key, &entry, &found));
    if (!found || entry.data != primary_key) return {};
  }
  if (table_->moving) SOCHDB_TRY(context_->txn->Delete(table_->moving_to.indexes, key));
  return context_->txn->Delete(table_->trees.indexes, key);
}

Status TableWriter::PutRow() {
  if (table_->moving) SOCHDB_TRY(context_->txn->Put(table_->moving_to.rows, row_key_.view(), row_));
  return context_->txn->Put(table_->trees.rows, row_key_.view(), row_);
}

Status TableWriter::DeleteRow(std::string_view key) {
  context_->txn->RegisterReplacement(table_->trees.rows, key);
  if (table_->moving) SOCHDB_TRY(context_->txn->Delete(table_->moving_to.rows, key));
  return context_->txn->Delete(table_->trees.rows, key);
}

Status TableWriter::Insert(Row row) {
  SOCHDB_TRY(Put(row));
  if (table_->identity >= 0) context_->inserted_key = row[static_cast<size_t>(table_->identity)].i64;
  return context_->foreign_keys == nullptr ? Status() : context_->foreign_keys->Inserted(*table_, row);
}

Status TableWriter::Put(Row row) {
  SOCHDB_TRY(EncodeRow(table_->layout, row, &row_));
  SOCHDB_TRY(PrimaryKey(row, &row_key_));
  SOCHDB_TRY(Compute(row, &after_));
  bool has_null = false;
  for (const IndexInfo& index : table_->indexes) {
    if (!after_.IsIn(index)) continue;
    SOCHDB_TRY(IndexKey(index, after_, PrimaryKeyPart(row_key_), &index_key_, &has_null));
    SOCHDB_TRY(PutEntry(index, index_key_.view(), PrimaryKeyPart(row_key_)));
  }
  return PutRow();
}

Status TableWriter::Delete(Row row) {
  SOCHDB_TRY(Remove(row));
  return context_->foreign_keys == nullptr ? Status() : context_->foreign_keys->Deleted(*table_, row);
}

Status TableWriter::Remove(Row row) {
  SOCHDB_TRY(PrimaryKey(row, &row_key_));
  SOCHDB_TRY(Compute(row, &before_));
  bool has_null = false;
  for (const IndexInfo& index : table_->indexes) {
    if (!before_.IsIn(index)) continue;
    SOCHDB_TRY(IndexKey(index, before_, PrimaryKeyPart(row_key_), &index_key_, &has_null));
    SOCHDB_TRY(DeleteEntry(index, index_key_.view(), PrimaryKeyPart(row_key_)));
  }
  return DeleteRow(row_key_.view());
}

Status TableWriter::UpdateEntry(const IndexInfo& index, std::string_view old_primary_key, std::string_view new_primary_key) {
  if (old_primary_key == new_primary_key && SameKey(index, before_, after_)) return {};
  bool has_null = false;
  const bool was_in = before_.IsIn(index);
  const bool is_in = after_.IsIn(index);
  if (was_in) SOCHDB_TRY(IndexKey(index, before_, old_primary_key, &old_index_key_, &has_null));
  if (is_in) SOCHDB_TRY(IndexKey(index, after_, new_primary_key, &index_key_, &has_null));
  if (was_in && (!is_in || index_key_.view() != old_index_key_.view())) {
    SOCHDB_TRY(DeleteEntry(index, old_index_key_.view(), old_primary_key));
  }
  return is_in ? PutEntry(index, index_key_.view(), new_primary_key) : Status();
}

// REQUIRES: row_key_ and old_row_key_ are those of after_ and before_.
Status TableWriter::FindChanged(Conflict* conflict, bool* found) {
  *found = false;
  if (row_key_.view() != old_row_key_.view()) {
    ReadValue there;
    SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.rows, row_key_.view(), &there, found));
    if (*found) {
      conflict->index = kConflictPrimaryKey;
      conflict->primary_key = PrimaryKeyPart(row_key_);
      return {};
    }
  }
  for (size_t i = 0; i < table_->indexes.size() && !*found; ++i) {
    if (!table_->indexes[i].unique || SameKey(table_->indexes[i], before_, after_)) continue;
    SOCHDB_TRY(FindInIndex(static_cast<int32_t>(i), after_, PrimaryKeyPart(row_key_), conflict, found));
  }
  return {};
}

Status TableWriter::Update(Row before, Row after, Conflict* conflict, bool* found) {
  SOCHDB_TRY(EncodeRow(table_->layout, after, &row_));
  SOCHDB_TRY(PrimaryKey(before, &old_row_key_));
  SOCHDB_TRY(PrimaryKey(after, &row_key_));
  SOCHDB_TRY(Compute(before, &before_));
  SOCHDB_TRY(Compute(after, &after_));
  Conflict there;
  bool taken = false;
  SOCHDB_TRY(FindChanged(conflict == nullptr ? &there : conflict, &taken));
  if (found != nullptr) *found = taken;
  if (taken) return found == nullptr ? UniqueError(there.index) : Status();
  for (const IndexInfo& index : table_->indexes) {
    SOCHDB_TRY(UpdateEntry(index, PrimaryKeyPart(old_row_key_), PrimaryKeyPart(row_key_)));
  }
  if (row_key_.view() != old_row_key_.view()) SOCHDB_TRY(DeleteRow(old_row_key_.view()));
  else context_->txn->RegisterReplacement(table_->trees.rows, row_key_.view());
  SOCHDB_TRY(PutRow());
  return Moved(before, after);
}

Status TableWriter::TakeOut(Row before) {
  NextRow();
  return Remove(before);
}

Status TableWriter::PutBack(Row after) {
  NextRow();
  Conflict conflict;
  bool found = false;
  SOCHDB_TRY(FindConflict(after, kConflictAny, &conflict, &found));
  if (found) return UniqueError(conflict.index);
  return Put(after);
}

Status TableWriter::Moved(Row before, Row after) {
  return context_->foreign_keys == nullptr ? Status() : context_->foreign_keys->Updated(*table_, before, after);
}

Status TableWriter::BackfillKey(int32_t which, Row row, std::string_view primary_key, std::string_view* key, bool* is_in) {
  const IndexInfo& index = table_->indexes[static_cast<size_t>(which)];
  NextRow();
  SOCHDB_TRY(Compute(row, &after_));
  *is_in = after_.IsIn(index);
  if (!*is_in) return {};
  bool has_null = false;
  SOCHDB_TRY(IndexKey(index, after_, primary_key, &index_key_, &has_null));
  *key = index_key_.view();
  return {};
}

Status TableWriter::Backfill(int32_t which, std::string_view key, std::string_view primary_key) {
  const IndexInfo& index = table_->indexes[static_cast<size_t>(which)];
  if (index.unique) {
    ReadValue entry;
    bool found = false;
    SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.indexes, key, &entry, &found));
    if (found && entry.data != primary_key) return UniqueError(which);
  }
  return PutEntry(index, key, primary_key);
}

}  // namespace sochdb
