#include <algorithm>
#include <utility>

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

Status PlanParser::ParseSets(Words* words, int depth, const Types& scope, const TableInfo& table,
                             std::vector<Assignment>* sets) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  std::vector<bool> seen(table.columns.size());
  for (int32_t i = 0; i < count; ++i) {
    Assignment& set = sets->emplace_back();
    SOCHDB_TRY(LiveColumn(words, table, &set.column));
    if (seen[set.column]) return Fail(words->last(), "a column is set twice");
    seen[set.column] = true;
    SOCHDB_TRY(NextExpr(words, depth, scope, &set.expr));
    SOCHDB_TRY(Storable(table, set.column, set.expr->type, words->last()));
  }
  return {};
}

// `scope` becomes what the expressions behind it see. `afresh`: the plan itself writes rows in between.
Status PlanParser::ParseOverRows(Words* words, int depth, bool afresh, Types* scope, OverRows* out) {
  int32_t plan = 0;
  SOCHDB_TRY(words->Next(&plan));
  const int32_t word = words->last();
  uint32_t number = 0;
  SOCHDB_TRY(words->NextIndex(kBindingNumbers, "working table", &number));
  if (plan == -1) return {};
  if (!all_working_tables_.insert(number).second) {
    return Fail(words->last(), "working table " + std::to_string(number) + " is there twice");
  }
  out->table = plan_->working_table_count_++;
  working_tables_[number] = static_cast<uint32_t>(bindings_.size());
  bindings_.push_back({out->table, *scope});
  const bool around = std::exchange(reads_afresh_, reads_afresh_ || afresh);
  SOCHDB_TRY(NodeAt(plan, words->start(), word, depth + 1, &out->plan));
  reads_afresh_ = around;
  bindings_.pop_back();
  working_tables_.erase(number);
  const Types& columns = out->plan->columns;
  if (columns.size() < scope->size() || !std::equal(scope->begin(), scope->end(), columns.begin(), SameClass)) {
    return Fail(word, "the rows do not come back whole");
  }
  *scope = columns;
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

Status PlanParser::ParseConflictClause(Words* words, int depth, const WriteNode& node, InsertNode::Conflict* out) {
  const TableInfo& table = *node.table;
  int32_t action = 0;
  SOCHDB_TRY(words->Next(&action));
  if (action < 0 || action > static_cast<int32_t>(ConflictAction::kReplace)) {
    return Fail(words->last(), "there is no conflict action " + std::to_string(action));
  }
  out->action = static_cast<ConflictAction>(action);
  SOCHDB_TRY(words->Next(&out->index));
  if (out->index < kConflictAny || out->index >= static_cast<int32_t>(table.indexes.size())) {
    return Fail(words->last(), "there is no index " + std::to_string(out->index));
  }
  if (out->index >= 0 && !table.indexes[static_cast<size_t>(out->index)].unique) {
    return Fail(words->last(), "conflicts are over unique indexes");
  }
  // The row that is there, then the proposed one.
  Types scope = StoredTypes(table);
  const Types proposed = scope;
  scope.insert(scope.end(), proposed.begin(), proposed.end());
  SOCHDB_TRY(ParseOverRows(words, depth, true, &scope, &out->rows));
  SOCHDB_TRY(ParseSets(words, depth, scope, table, &out->sets));
  if (!out->sets.empty() && out->action != ConflictAction::kUpdate) return Fail(words->last(), "only DO UPDATE sets columns");
  return NextPredicate(words, depth, scope, &out->predicate);
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
  SOCHDB_TRY(ParseConflictClause(words, depth, *node, &node->conflict));
  SOCHDB_TRY(words->NextCount(6, &count));
  for (int32_t i = 0; i < count; ++i) {
    InsertNode::Conflict& more = node->more.emplace_back();
    SOCHDB_TRY(ParseConflictClause(words, depth, *node, &more));
    if (more.action != ConflictAction::kNothing && more.action != ConflictAction::kUpdate) {
      return Fail(words->last(), "a further ON CONFLICT does nothing or updates");
    }
  }
  Types scope = StoredTypes(*node->table);
  SOCHDB_TRY(ParseOverRows(words, depth, true, &scope, &node->returning_rows));
  return ParseReturning(words, depth, scope, node);
}

Status PlanParser::ParseUpdate(Words* words, int depth, UpdateNode* node) {
  SOCHDB_TRY(Table(words, &node->table));
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  SOCHDB_TRY(WholeRows(*node));
  SOCHDB_TRY(ParseSets(words, depth, node->child->columns, *node->table, &node->sets));
  int32_t action = 0;
  SOCHDB_TRY(words->Next(&action));
  node->action = static_cast<ConflictAction>(action);
  if (node->action != ConflictAction::kError && node->action != ConflictAction::kIgnore &&
      node->action != ConflictAction::kReplace) {
    return Fail(words->last(), "there is no such conflict action of an update");
  }
  return ParseReturning(words, depth, node->child->columns, node);
}

Status PlanParser::ParseDelete(Words* words, int depth, DeleteNode* node) {
  SOCHDB_TRY(Table(words, &node->table));
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  SOCHDB_TRY(WholeRows(*node));
  return ParseReturning(words, depth, node->child->columns, node);
}

}  // namespace sochdb
