#include "exec/plan_parser.h"

namespace sochdb {
namespace {

std::vector<ColumnType> StoredTypes(const TableInfo& table) {
  std::vector<ColumnType> types;
  for (const ColumnInfo& column : table.columns) types.push_back(column.type);
  return types;
}

}  // namespace

Status PlanParser::Storable(const TableInfo& table, uint32_t column, ColumnType type, int32_t word) const {
  const ColumnInfo& info = table.columns[column];
  if (info.dropped) return Fail(word, "column " + std::to_string(column) + " is dropped");
  if (info.generated) return Fail(word, "column " + std::to_string(column) + " is generated");
  if (type == ColumnType::kNull || info.type == ColumnType::kAny || SameClass(type, info.type)) return {};
  return Fail(word, std::string("column ") + info.name + " is " + ColumnTypeName(info.type) + ", not " + ColumnTypeName(type));
}

Status PlanParser::ParseSets(Words* words, int depth, const Types& scope, WriteNode* node) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  std::vector<bool> seen(node->table->columns.size());
  for (int32_t i = 0; i < count; ++i) {
    Assignment& set = node->sets.emplace_back();
    SOCHDB_TRY(LiveColumn(words, *node->table, &set.column));
    if (seen[set.column]) return Fail(words->last(), "a column is set twice");
    seen[set.column] = true;
    SOCHDB_TRY(NextExpr(words, depth, scope, &set.expr));
    SOCHDB_TRY(Storable(*node->table, set.column, set.expr->type, words->last()));
  }
  return {};
}

Status PlanParser::ParseReturning(Words* words, int depth, const Types& scope, WriteNode* node) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, scope, &node->returning));
  for (const Expr* expr : node->returning) node->columns.push_back(expr->type);
  plan_->written_table_ = node->table;
  return ParseForeignKeys(words);
}

// The child of an update or delete yields whole rows, and possibly more behind them.
Status PlanParser::WholeRows(const WriteNode& node) const {
  const auto& columns = node.table->columns;
  if (node.child->columns.size() < columns.size()) return Fail(node.child->word, "the rows to write are not whole");
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!SameClass(node.child->columns[i], columns[i].type))
      return Fail(node.child->word, "the rows to write are not the table's");
  }
  return {};
}

Status PlanParser::ParseConflict(Words* words, InsertNode* node) {
  int32_t action = 0;
  SOCHDB_TRY(words->Next(&action));
  if (action < 0 || action > static_cast<int32_t>(ConflictAction::kReplace)) {
    return Fail(words->last(), "there is no conflict action " + std::to_string(action));
  }
  node->action = static_cast<ConflictAction>(action);
  SOCHDB_TRY(words->Next(&node->conflict_index));
  const int32_t index = node->conflict_index;
  if (index < kConflictAny || index >= static_cast<int32_t>(node->table->indexes.size())) {
    return Fail(words->last(), "there is no index " + std::to_string(index));
  }
  if (index >= 0 && !node->table->indexes[static_cast<size_t>(index)].unique) {
    return Fail(words->last(), "conflicts are over unique indexes");
  }
  return {};
}

Status PlanParser::ParseInsert(Words* words, int depth, InsertNode* node) {
  SOCHDB_TRY(Table(words, &node->table));
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (static_cast<size_t>(count) != node->child->columns.size())
    return Fail(words->last(), "targets and values differ in number");
  std::vector<bool> seen(node->table->columns.size());
  for (int32_t i = 0; i < count; ++i) {
    uint32_t column = 0;
    SOCHDB_TRY(LiveColumn(words, *node->table, &column));
    if (seen[column]) return Fail(words->last(), "a column is a target twice");
    seen[column] = true;
    SOCHDB_TRY(Storable(*node->table, column, node->child->columns[static_cast<size_t>(i)], words->last()));
    node->targets.push_back(column);
  }
  SOCHDB_TRY(ParseConflict(words, node));
  Types scope = StoredTypes(*node->table);
  const Types returned = scope;
  scope.insert(scope.end(), returned.begin(), returned.end());
  SOCHDB_TRY(ParseSets(words, depth, scope, node));
  if (!node->sets.empty() && node->action != ConflictAction::kUpdate) return Fail(words->last(), "only DO UPDATE sets columns");
  SOCHDB_TRY(NextPredicate(words, depth, scope, &node->set_predicate));
  return ParseReturning(words, depth, returned, node);
}

Status PlanParser::ParseUpdate(Words* words, int depth, UpdateNode* node) {
  SOCHDB_TRY(Table(words, &node->table));
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  SOCHDB_TRY(WholeRows(*node));
  SOCHDB_TRY(ParseSets(words, depth, node->child->columns, node));
  return ParseReturning(words, depth, node->child->columns, node);
}

Status PlanParser::ParseDelete(Words* words, int depth, DeleteNode* node) {
  SOCHDB_TRY(Table(words, &node->table));
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  SOCHDB_TRY(WholeRows(*node));
  return ParseReturning(words, depth, node->child->columns, node);
}

}  // namespace sochdb
