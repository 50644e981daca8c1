#include <algorithm>

#include "codec/key_codec.h"
#include "exec/functions/function.h"
#include "exec/plan_parser.h"

namespace sochdb {

std::string TableInfo::KeyName(uint32_t column) const {
  if (!IsComputed(column)) return columns[column].name;
  // A column that compares by a collation is folded (the binder's collations.ts).
  const Expr* expr = computed[column - columns.size()];
  const bool folded =
      expr->op == ExprOp::kCall && (expr->function->number == kNoCaseFunction || expr->function->number == kTrimEndFunction);
  if (folded) expr = expr->args[0];
  return expr->op == ExprOp::kColumn ? columns[static_cast<size_t>(expr->number)].name : "an expression";
}

Status PlanParser::Table(Words* words, const TableInfo** out) {
  int32_t offset = 0;
  SOCHDB_TRY(words->Next(&offset));
  SOCHDB_TRY(CheckOffset(offset, words->start(), words->last()));
  if (const auto found = tables_.find(offset); found != tables_.end()) {
    *out = found->second;
    return {};
  }
  auto table = std::make_unique<TableInfo>();
  SOCHDB_TRY(ParseTable(offset, table.get()));
  *out = table.get();
  tables_[offset] = table.get();
  plan_->tables_.push_back(std::move(table));
  return {};
}

Status PlanParser::ParseTable(int32_t offset, TableInfo* table) {
  Words words(this, offset);
  int32_t id = 0;
  int32_t version = 0;
  int32_t high = 0;
  int32_t low = 0;
  SOCHDB_TRY(words.Next(&id));
  SOCHDB_TRY(words.Next(&version));
  SOCHDB_TRY(ParsePolicies(&words, table));
  SOCHDB_TRY(Name(&words, &table->catalog_key));
  SOCHDB_TRY(words.Next(&high));
  SOCHDB_TRY(words.Next(&low));
  SOCHDB_TRY(Name(&words, &table->name));
  table->id = static_cast<uint32_t>(id);
  table->schema_version = static_cast<uint32_t>(version);
  table->catalog_ts = static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32 | static_cast<uint32_t>(low);

  int32_t count = 0;
  SOCHDB_TRY(words.NextCount(5, &count));
  if (count < 1 || static_cast<size_t>(count) > kColumnsMax) return Fail(words.last(), "a table has 1 to 4096 columns");
  Types types;
  for (int32_t i = 0; i < count; ++i) {
    SOCHDB_TRY(ParseColumn(&words, &table->columns.emplace_back()));
    types.push_back(table->columns.back().type);
  }
  table->layout = RowLayout(types, table->schema_version);
  SOCHDB_TRY(ParsePrimaryKey(&words, table));
  SOCHDB_TRY(ParseComputed(&words, types, table));
  SOCHDB_TRY(words.NextCount(5, &count));
  for (int32_t i = 0; i < count; ++i) SOCHDB_TRY(ParseIndex(&words, *table, &table->indexes.emplace_back()));
  return ParseConstraints(&words, types, table);
}

Status PlanParser::ParsePolicies(Words* words, TableInfo* table) {
  int32_t policy = 0;
  int32_t target = 0;
  SOCHDB_TRY(words->Next(&policy));
  SOCHDB_TRY(words->Next(&target));
  if (policy < 0 || policy >= kIndexPolicyCount || target < -1 || target >= kIndexPolicyCount || policy == target) {
    return Fail(words->last(), "a table has one of four index policies, and moves to another");
  }
  table->trees = TreesOf(static_cast<IndexPolicy>(policy));
  table->moving = target != -1;
  if (table->moving) table->moving_to = TreesOf(static_cast<IndexPolicy>(target));
  return {};
}

Status PlanParser::ParseColumn(Words* words, ColumnInfo* column) {
  int32_t id = 0;
  int32_t type = 0;
  int32_t flags = 0;
  int32_t index = 0;
  SOCHDB_TRY(words->Next(&id));
  SOCHDB_TRY(words->Next(&type));
  if (type < 1 || type > kColumnTypeMax) return Fail(words->last(), "a column has no type " + std::to_string(type));
  SOCHDB_TRY(words->NextFlags(kColumnNotNull | kColumnDropped | kColumnGenerated, &flags));
  SOCHDB_TRY(words->Next(&index));
  column->id = static_cast<uint32_t>(id);
  column->type = static_cast<ColumnType>(type);
  column->dropped = (flags & kColumnDropped) != 0;
  column->generated = (flags & kColumnGenerated) != 0;
  column->not_null = (flags & kColumnNotNull) != 0 && !column->dropped;
  if (index != -1) {
    SOCHDB_TRY(Constant(index, words->last(), &column->default_value));
    const Value& value = column->default_value;
    if (!value.is_null() && column->type != ColumnType::kAny && !SameClass(value.tag, column->type)) {
      return Fail(words->last(),
                  std::string("the default of a ") + ColumnTypeName(column->type) + " column is of another type");
    }
  }
  return Name(words, &column->name);
}

Status PlanParser::LiveColumn(Words* words, const TableInfo& table, uint32_t* out) {
  SOCHDB_TRY(words->NextIndex(table.columns.size(), "column", out));
  if (table.columns[*out].dropped) return Fail(words->last(), "column " + std::to_string(*out) + " is dropped");
  return {};
}

Status PlanParser::ParsePrimaryKey(Words* words, TableInfo* table) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (count < 1) return Fail(words->last(), "a table has a primary key");
  for (int32_t i = 0; i < count; ++i) {
    uint32_t column = 0;
    SOCHDB_TRY(LiveColumn(words, *table, &column));
    for (const KeyColumn& other : table->primary_key)
      if (other.column == column) return Fail(words->last(), "a column is twice in the primary key");
    table->primary_key.push_back({column, table->columns[column].type, false});
    table->columns[column].not_null = true;
  }
  return {};
}

Status PlanParser::ParseIndex(Words* words, const TableInfo& table, IndexInfo* index) {
  int32_t id = 0;
  int32_t flags = 0;
  int32_t count = 0;
  SOCHDB_TRY(words->Next(&id));
  SOCHDB_TRY(words->NextFlags(kIndexUnique | kIndexNullsNotDistinct | kIndexBuilding, &flags));
  SOCHDB_TRY(Name(words, &index->name));
  SOCHDB_TRY(words->Next(&index->where));
  if (index->where < -1 || index->where >= static_cast<int32_t>(table.computed.size()) ||
      (index->where >= 0 && table.computed[static_cast<size_t>(index->where)]->type != ColumnType::kBoolean)) {
    return Fail(words->last(), "an index has no condition " + std::to_string(index->where));
  }
  SOCHDB_TRY(words->NextCount(2, &count));
  if (count < 1) return Fail(words->last(), "an index has a key");
  index->id = static_cast<uint32_t>(id);
  index->unique = (flags & kIndexUnique) != 0;
  index->nulls_distinct = (flags & kIndexNullsNotDistinct) == 0;
  index->building = (flags & kIndexBuilding) != 0;
  for (int32_t i = 0; i < count; ++i) SOCHDB_TRY(ParseIndexKey(words, table, &index->key.emplace_back()));
  return {};
}

Status PlanParser::ParseIndexKey(Words* words, const TableInfo& table, KeyColumn* key) {
  const size_t columns = table.columns.size();
  SOCHDB_TRY(words->NextIndex(columns + table.computed.size(), "column", &key->column));
  if (table.IsComputed(key->column)) {
    key->type = table.computed[key->column - columns]->type;
    if (key->type == ColumnType::kNull) return Fail(words->last(), "a key is of a type");
  } else {
    if (table.columns[key->column].dropped) {
      return Fail(words->last(), "column " + std::to_string(key->column) + " is dropped");
    }
    key->type = table.columns[key->column].type;
  }
  int32_t flags = 0;
  SOCHDB_TRY(words->NextFlags(kKeyDescending, &flags));
  key->descending = flags != 0;
  return {};
}

// table, index, [flags when reverse is asked for,] projection count, column positions…
Status PlanParser::Access(Words* words, IndexAccess* out, bool* reverse) {
  if (reads_afresh_) least_binding_ = 0;  // nothing of it is remembered from Open to Open
  SOCHDB_TRY(Table(words, &out->table));
  int32_t index = 0;
  SOCHDB_TRY(words->Next(&index));
  if (index < -1 || index >= static_cast<int32_t>(out->table->indexes.size())) {
    return Fail(words->last(), "there is no index " + std::to_string(index));
  }
  if (index >= 0) out->index = &out->table->indexes[static_cast<size_t>(index)];
  if (index >= 0 && out->index->building) return Fail(words->last(), "the index is not filled yet");
  int32_t flags = 0;
  if (reverse != nullptr) {
    SOCHDB_TRY(words->NextFlags(kScanReverse, &flags));
    *reverse = flags != 0;
  }
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  for (int32_t i = 0; i < count; ++i) {
    uint32_t column = 0;
    // Writes read whole rows, dropped columns included.
    SOCHDB_TRY(words->NextIndex(out->table->columns.size(), "column", &column));
    out->projection.push_back(column);
  }
  DecideCovering(out);
  return {};
}

void PlanParser::DecideCovering(IndexAccess* access) const {
  // Rows carry every column: only secondary indexes save a read by it.
  if (access->index == nullptr) return;
  std::vector<KeyColumn> parts = access->index->key;
  parts.insert(parts.end(), access->table->primary_key.begin(), access->table->primary_key.end());
  for (const uint32_t column : access->projection) {
    const auto part = std::find_if(parts.begin(), parts.end(), [&](const KeyColumn& key) { return key.column == column; });
    if (part == parts.end() || !KeyKeepsValue(part->type)) {
      access->cover.clear();
      return;
    }
    access->cover.push_back(static_cast<uint32_t>(part - parts.begin()));
  }
  access->covering = true;
}

}  // namespace sochdb
