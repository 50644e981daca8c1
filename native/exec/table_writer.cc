#include "exec/table_writer.h"

#include <algorithm>

#include "codec/row_codec.h"

namespace sochdb {
namespace {

constexpr const char* kPrimaryKeyName = "PRIMARY KEY";

std::string_view PrimaryKeyPart(const KeyBuffer& row_key) { return row_key.view().substr(kRowPrefixBytes); }

bool SameKey(const IndexInfo& index, TableWriter::Row a, TableWriter::Row b) {
  return std::all_of(index.key.begin(), index.key.end(),
                     [&](const KeyColumn& key) { return CompareValues(a[key.column], b[key.column]) == 0; });
}

}  // namespace

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

Status TableWriter::UniqueError(int32_t index) const {
  const bool primary = index == kConflictPrimaryKey;
  const auto& key = primary ? table_->primary_key : table_->indexes[static_cast<size_t>(index)].key;
  std::string columns;
  for (const KeyColumn& column : key) columns += (columns.empty() ? "" : ", ") + table_->columns[column.column].name;
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

Status TableWriter::IndexKey(const IndexInfo& index, Row row, std::string_view primary_key, KeyBuffer* out,
                             bool* has_null) const {
  out->clear();
  *has_null = false;
  AppendIndexPrefix(out, context_->ns(), table_->id, index.id);
  for (const KeyColumn& column : index.key) {
    *has_null |= row[column.column].is_null();
    SOCHDB_TRY(AppendKeyValue(out, column.type, row[column.column], column.descending));
  }
  if (!index.unique || *has_null) out->append(primary_key);
  return CheckLength(*out, index.name);
}

Status TableWriter::FindInIndex(int32_t which, Row row, std::string_view primary_key, Conflict* conflict, bool* found) {
  const IndexInfo& index = table_->indexes[static_cast<size_t>(which)];
  bool has_null = false;
  SOCHDB_TRY(IndexKey(index, row, primary_key, &index_key_, &has_null));
  *found = false;
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
  if (which >= 0) return FindInIndex(which, row, PrimaryKeyPart(row_key_), conflict, found);
  if (which == kConflictPrimaryKey) return {};
  for (size_t i = 0; i < table_->indexes.size() && !*found; ++i) {
    if (!table_->indexes[i].unique) continue;
    SOCHDB_TRY(FindInIndex(static_cast<int32_t>(i), row, PrimaryKeyPart(row_key_), conflict, found));
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
  RowReader reader;
  SOCHDB_TRY(reader.Init(table_->layout, *bytes));
  for (size_t i = 0; i < row.size(); ++i) {
    if (reader.Has(i)) SOCHDB_TRY(reader.Read(table_->layout, i, &row[i]));
    else row[i] = table_->columns[i].default_value;
  }
  return {};
}

Status TableWriter::PutEntry(const IndexInfo& index, std::string_view key, std::string_view primary_key) {
  const std::string_view value = index.unique ? primary_key : std::string_view();
  if (table_->moving) SOCHDB_TRY(context_->txn->Put(table_->moving_to.indexes, key, value));
  return context_->txn->Put(table_->trees.indexes, key, value);
}

Status TableWriter::DeleteEntry(std::string_view key) {
  if (table_->moving) SOCHDB_TRY(context_->txn->Delete(table_->moving_to.indexes, key));
  return context_->txn->Delete(table_->trees.indexes, key);
}

Status TableWriter::PutRow() {
  if (table_->moving) SOCHDB_TRY(context_->txn->Put(table_->moving_to.rows, row_key_.view(), row_));
  return context_->txn->Put(table_->trees.rows, row_key_.view(), row_);
}

Status TableWriter::DeleteRow(std::string_view key) {
  if (table_->moving) SOCHDB_TRY(context_->txn->Delete(table_->moving_to.rows, key));
  return context_->txn->Delete(table_->trees.rows, key);
}

Status TableWriter::Insert(Row row) {
  SOCHDB_TRY(EncodeRow(table_->layout, row, &row_));
  SOCHDB_TRY(PrimaryKey(row, &row_key_));
  bool has_null = false;
  for (const IndexInfo& index : table_->indexes) {
    SOCHDB_TRY(IndexKey(index, row, PrimaryKeyPart(row_key_), &index_key_, &has_null));
    SOCHDB_TRY(PutEntry(index, index_key_.view(), PrimaryKeyPart(row_key_)));
  }
  return PutRow();
}

Status TableWriter::Delete(Row row) {
  SOCHDB_TRY(PrimaryKey(row, &row_key_));
  bool has_null = false;
  for (const IndexInfo& index : table_->indexes) {
    SOCHDB_TRY(IndexKey(index, row, PrimaryKeyPart(row_key_), &index_key_, &has_null));
    SOCHDB_TRY(DeleteEntry(index_key_.view()));
  }
  return DeleteRow(row_key_.view());
}

Status TableWriter::UpdateEntry(const IndexInfo& index, Row before, Row after, std::string_view old_primary_key,
                                std::string_view new_primary_key) {
  if (old_primary_key == new_primary_key && SameKey(index, before, after)) return {};
  bool has_null = false;
  SOCHDB_TRY(IndexKey(index, before, old_primary_key, &old_index_key_, &has_null));
  SOCHDB_TRY(IndexKey(index, after, new_primary_key, &index_key_, &has_null));
  if (index_key_.view() != old_index_key_.view()) {
    SOCHDB_TRY(DeleteEntry(old_index_key_.view()));
  }
  return PutEntry(index, index_key_.view(), new_primary_key);
}

// REQUIRES: row_key_ and old_row_key_ are those of `after` and `before`.
Status TableWriter::CheckUnique(Row before, Row after) {
  bool found = false;
  if (row_key_.view() != old_row_key_.view()) {
    ReadValue there;
    SOCHDB_TRY(context_->txn->GetForConstraint(table_->trees.rows, row_key_.view(), &there, &found));
    if (found) return UniqueError(kConflictPrimaryKey);
  }
  for (size_t i = 0; i < table_->indexes.size(); ++i) {
    if (!table_->indexes[i].unique || SameKey(table_->indexes[i], before, after)) continue;
    Conflict conflict;
    SOCHDB_TRY(FindInIndex(static_cast<int32_t>(i), after, PrimaryKeyPart(row_key_), &conflict, &found));
    if (found) return UniqueError(static_cast<int32_t>(i));
  }
  return {};
}

Status TableWriter::Update(Row before, Row after) {
  SOCHDB_TRY(EncodeRow(table_->layout, after, &row_));
  SOCHDB_TRY(PrimaryKey(before, &old_row_key_));
  SOCHDB_TRY(PrimaryKey(after, &row_key_));
  SOCHDB_TRY(CheckUnique(before, after));
  for (const IndexInfo& index : table_->indexes) {
    SOCHDB_TRY(UpdateEntry(index, before, after, PrimaryKeyPart(old_row_key_), PrimaryKeyPart(row_key_)));
  }
  if (row_key_.view() != old_row_key_.view()) SOCHDB_TRY(DeleteRow(old_row_key_.view()));
  return PutRow();
}

}  // namespace sochdb
