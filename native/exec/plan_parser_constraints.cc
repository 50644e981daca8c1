// What a plan says of rows that are written: expressions over them, and foreign keys.

#include <algorithm>

#include "exec/plan_parser.h"

namespace sochdb {
namespace {

// Whether everything in it is the row's own.
bool IsOfRow(const Expr& expr) {
  if (expr.op == ExprOp::kParam || expr.op == ExprOp::kSlot) return false;
  return std::all_of(expr.args.begin(), expr.args.end(), [](const Expr* arg) { return arg == nullptr || IsOfRow(*arg); });
}

// For each column of a key, its place among `columns`; false when one is not there.
bool PlacesOf(std::span<const KeyColumn> key, const std::vector<uint32_t>& columns, std::vector<uint32_t>* out) {
  for (const KeyColumn& part : key) {
    const auto at = std::find(columns.begin(), columns.end(), part.column);
    if (at == columns.end()) return false;
    out->push_back(static_cast<uint32_t>(at - columns.begin()));
  }
  return true;
}

}  // namespace

Status PlanParser::RowExpr(Words* words, const Types& row, const Expr** out) {
  SOCHDB_TRY(NextExpr(words, 0, row, out));
  if (!IsOfRow(**out)) return Fail(words->last(), "an expression over a row has no parameters");
  return {};
}

Status PlanParser::ParseComputed(Words* words, const Types& row, TableInfo* table) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  for (int32_t i = 0; i < count; ++i) SOCHDB_TRY(RowExpr(words, row, &table->computed.emplace_back()));
  return {};
}

Status PlanParser::ParseConstraints(Words* words, const Types& row, TableInfo* table) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  for (int32_t i = 0; i < count; ++i) {
    CheckInfo& check = table->checks.emplace_back();
    SOCHDB_TRY(Name(words, &check.name));
    SOCHDB_TRY(RowExpr(words, row, &check.expr));
    if (check.expr->type != ColumnType::kBoolean && check.expr->type != ColumnType::kNull) {
      return Fail(words->last(), "a check is a condition");
    }
  }
  SOCHDB_TRY(words->NextCount(2, &count));
  for (int32_t i = 0; i < count; ++i) {
    GeneratedInfo& generated = table->generated.emplace_back();
    SOCHDB_TRY(LiveColumn(words, *table, &generated.column));
    if (!table->columns[generated.column].generated) return Fail(words->last(), "the column is not generated");
    SOCHDB_TRY(RowExpr(words, row, &generated.expr));
    const ColumnType type = table->columns[generated.column].type;
    if (generated.expr->type != ColumnType::kNull && type != ColumnType::kAny && !SameClass(generated.expr->type, type)) {
      return Fail(words->last(), "a generated column is of another type than its expression");
    }
  }
  SOCHDB_TRY(words->Next(&table->identity));
  if (table->identity == -1) return {};
  if (table->identity < 0 || static_cast<size_t>(table->identity) >= table->columns.size()) {
    return Fail(words->last(), "there is no column " + std::to_string(table->identity));
  }
  const ColumnInfo& column = table->columns[static_cast<size_t>(table->identity)];
  if (column.dropped || column.generated || TagOf(column.type) != ColumnType::kInteger) {
    return Fail(words->last(), "only a column of integers takes numbers");
  }
  return {};
}

Status PlanParser::ParseForeignKeys(Words* words) {
  int32_t offset = 0;
  SOCHDB_TRY(words->Next(&offset));
  if (offset == -1) return {};
  SOCHDB_TRY(CheckOffset(offset, words->start(), words->last()));
  Words keys(this, offset);
  int32_t count = 0;
  SOCHDB_TRY(keys.NextCount(11, &count));
  for (int32_t i = 0; i < count; ++i) SOCHDB_TRY(ParseForeignKey(&keys, &plan_->foreign_keys_.emplace_back()));
  return {};
}

Status PlanParser::ParseKeyIndex(Words* words, const TableInfo& table, const IndexInfo** out, bool* primary_key) {
  int32_t index = 0;
  SOCHDB_TRY(words->Next(&index));
  if (index < (primary_key == nullptr ? -1 : -2) || index >= static_cast<int32_t>(table.indexes.size())) {
    return Fail(words->last(), "there is no index " + std::to_string(index));
  }
  if (primary_key != nullptr) *primary_key = index == -2;
  if (index < 0) return {};
  *out = &table.indexes[static_cast<size_t>(index)];
  if ((*out)->building || (*out)->where != -1) return Fail(words->last(), "the index does not have every row");
  return {};
}

Status PlanParser::ParseForeignKey(Words* words, ForeignKeyInfo* key) {
  SOCHDB_TRY(Name(words, &key->name));
  SOCHDB_TRY(Table(words, &key->child));
  SOCHDB_TRY(Table(words, &key->parent));
  int32_t flags = 0;
  SOCHDB_TRY(words->NextFlags(kForeignKeyDeferred, &flags));
  key->deferred = flags != 0;
  for (ReferenceAction* action : {&key->on_delete, &key->on_update}) {
    uint32_t number = 0;
    SOCHDB_TRY(words->NextIndex(5, "action", &number));
    *action = static_cast<ReferenceAction>(number);
  }
  SOCHDB_TRY(ParseKeyIndex(words, *key->parent, &key->parent_index, nullptr));
  SOCHDB_TRY(ParseKeyIndex(words, *key->child, &key->child_index, &key->child_key));
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  for (int32_t i = 0; i < count; ++i) {
    uint32_t child = 0;
    uint32_t parent = 0;
    SOCHDB_TRY(LiveColumn(words, *key->child, &child));
    SOCHDB_TRY(LiveColumn(words, *key->parent, &parent));
    if (!SameClass(key->child->columns[child].type, key->parent->columns[parent].type)) {
      return Fail(words->last(), "the columns of a foreign key are of the types of those they name");
    }
    key->child_columns.push_back(child);
    key->parent_columns.push_back(parent);
  }
  return MatchKeys(words->last(), key);
}

Status PlanParser::MatchKeys(int32_t word, ForeignKeyInfo* key) const {
  const auto& parent = key->parent_index != nullptr ? key->parent_index->key : key->parent->primary_key;
  if (key->parent_index != nullptr && !key->parent_index->unique) return Fail(word, "a foreign key names a unique key");
  if (parent.size() != key->parent_columns.size() || !PlacesOf(parent, key->parent_columns, &key->parent_order)) {
    return Fail(word, "a foreign key names all columns of a unique key");
  }
  if (key->child_index == nullptr && !key->child_key) return {};
  const auto& child = key->child_key ? key->child->primary_key : key->child_index->key;
  if (child.size() < key->child_columns.size() ||
      !PlacesOf(std::span(child).first(key->child_columns.size()), key->child_columns, &key->child_order)) {
    return Fail(word, "the index of a foreign key begins with its columns");
  }
  return {};
}

}  // namespace sochdb
