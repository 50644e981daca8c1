#include <algorithm>
#include <utility>

#include "exec/plan_parser.h"

namespace sochdb {
namespace {

const std::vector<ColumnType> kNoColumns;

void Append(std::vector<ColumnType>* to, const std::vector<ColumnType>& from) {
  to->insert(to->end(), from.begin(), from.end());
}

std::vector<ColumnType> ProjectedTypes(const IndexAccess& access) {
  std::vector<ColumnType> types;
  for (const uint32_t column : access.projection) types.push_back(access.table->columns[column].type);
  return types;
}

bool IsIntegral(ColumnType type) { return type == ColumnType::kNull || SameClass(type, ColumnType::kInteger); }

// The least and greatest column an expression looks at; false when it looks at none.
bool ColumnSpan(const Expr& expr, int32_t* least, int32_t* greatest) {
  if (expr.op == ExprOp::kColumn) {
    *least = std::min(*least, expr.number);
    *greatest = std::max(*greatest, expr.number);
  }
  for (const Expr* arg : expr.args)
    if (arg != nullptr) ColumnSpan(*arg, least, greatest);
  return *greatest >= 0;
}

// Whether there was nothing else to find.
bool FindEqualities(const Expr& expr, int32_t left_columns, std::vector<LoopJoinNode::Equality>* out) {
  if (expr.op == ExprOp::kAnd) {
    bool only = true;
    for (const Expr* arg : expr.args) only &= FindEqualities(*arg, left_columns, out);
    return only;
  }
  if (expr.op != ExprOp::kEqual) return false;
  int32_t least[2] = {INT32_MAX, INT32_MAX};
  int32_t greatest[2] = {-1, -1};
  for (size_t i = 0; i < 2; ++i)
    if (!ColumnSpan(*expr.args[i], &least[i], &greatest[i])) return false;
  if (greatest[0] < left_columns && least[1] >= left_columns) out->push_back({expr.args[0], expr.args[1]});
  else if (greatest[1] < left_columns && least[0] >= left_columns) out->push_back({expr.args[1], expr.args[0]});
  else return false;
  return true;
}

}  // namespace

Status PlanParser::NodeAt(int32_t offset, int32_t parent, int32_t word, int depth, const PlanNode** out) {
  SOCHDB_TRY(CheckOffset(offset, parent, word));
  if (depth > kPlanDepthMax) return Fail(offset, "the plan is nested deeper than " + std::to_string(kPlanDepthMax));
  if (!visited_.insert(offset).second) return Fail(word, "two nodes point to word " + std::to_string(offset));
  Words words(this, offset);
  int32_t op = 0;
  SOCHDB_TRY(words.Next(&op));
  const bool writes = op >= static_cast<int32_t>(PlanOp::kInsert) && op <= static_cast<int32_t>(PlanOp::kDelete);
  if (writes && depth != 0) return Fail(offset, "only the root may write");
  std::unique_ptr<PlanNode> node;
  const uint32_t used_before = std::exchange(least_binding_, kNoBinding);
  const size_t around = bindings_.size();
  SOCHDB_TRY(ParseNode(static_cast<PlanOp>(op), &words, depth, &node));
  if (least_binding_ < around) node->outer_binding = least_binding_;
  least_binding_ = std::min(used_before, node->outer_binding);
  columns_total_ += node->columns.size();
  if (columns_total_ > kPlanColumnsTotalMax) return Fail(offset, "there are too many columns");
  node->word = offset;
  *out = node.get();
  plan_->nodes_.push_back(std::move(node));
  return {};
}

Status PlanParser::NextNode(Words* words, int depth, const PlanNode** out) {
  int32_t offset = 0;
  SOCHDB_TRY(words->Next(&offset));
  return NodeAt(offset, words->start(), words->last(), depth + 1, out);
}

Status PlanParser::ParseNode(PlanOp op, Words* words, int depth, std::unique_ptr<PlanNode>* out) {
  const auto parse = [&]<typename Node>(Status (PlanParser::*method)(Words*, int, Node*)) {
    auto node = std::make_unique<Node>();
    Node* raw = node.get();
    *out = std::move(node);
    return (this->*method)(words, depth, raw);
  };
  switch (op) {
    case PlanOp::kScan:
      return parse(&PlanParser::ParseScan);
    case PlanOp::kScanKeys:
      return parse(&PlanParser::ParseScanKeys);
    case PlanOp::kProject:
      return parse(&PlanParser::ParseProject);
    case PlanOp::kSort:
      return parse(&PlanParser::ParseSort);
    case PlanOp::kAggregate:
      return parse(&PlanParser::ParseAggregate);
    case PlanOp::kWindow:
      return parse(&PlanParser::ParseWindow);
    case PlanOp::kIndexJoin:
      return parse(&PlanParser::ParseIndexJoin);
    case PlanOp::kLoopJoin:
      return parse(&PlanParser::ParseLoopJoin);
    case PlanOp::kValues:
      return parse(&PlanParser::ParseValues);
    case PlanOp::kUnionAll:
      return parse(&PlanParser::ParseUnionAll);
    case PlanOp::kSetOp:
      return parse(&PlanParser::ParseSetOp);
    case PlanOp::kRecursive:
      return parse(&PlanParser::ParseRecursive);
    case PlanOp::kWorkingTable:
      return parse(&PlanParser::ParseWorkingTable);
    case PlanOp::kApply:
      return parse(&PlanParser::ParseApply);
    case PlanOp::kTableFunction:
      return parse(&PlanParser::ParseTableFunction);
    case PlanOp::kInsert:
      return parse(&PlanParser::ParseInsert);
    case PlanOp::kUpdate:
      return parse(&PlanParser::ParseUpdate);
    case PlanOp::kDelete:
      return parse(&PlanParser::ParseDelete);
    case PlanOp::kFilter: {
      auto node = std::make_unique<FilterNode>();
      SOCHDB_TRY(NextNode(words, depth, &node->child));
      node->columns = node->child->columns;
      SOCHDB_TRY(NextPredicate(words, depth, node->columns, &node->predicate));
      if (node->predicate == nullptr) return Fail(words->last(), "a filter has a predicate");
      *out = std::move(node);
      return {};
    }
    case PlanOp::kLimit: {
      auto node = std::make_unique<LimitNode>();
      SOCHDB_TRY(NextNode(words, depth, &node->child));
      node->columns = node->child->columns;
      SOCHDB_TRY(ParseLimits(words, depth, &node->limit, &node->offset));
      *out = std::move(node);
      return {};
    }
    case PlanOp::kDistinct: {
      auto node = std::make_unique<DistinctNode>();
      SOCHDB_TRY(NextNode(words, depth, &node->child));
      node->columns = node->child->columns;
      *out = std::move(node);
      return {};
    }
    default:
      break;  // not read yet
  }
  return Fail(words->start(), "there is no operator " + std::to_string(static_cast<int32_t>(op)));
}

Status PlanParser::KeyExpr(const Expr& expr, const KeyColumn& column) const {
  if (expr.type == ColumnType::kNull || column.type == ColumnType::kAny || SameClass(expr.type, column.type)) return {};
  return Fail(expr.word, std::string("a key column is ") + ColumnTypeName(column.type) + ", not " + ColumnTypeName(expr.type));
}

Status PlanParser::ParseScan(Words* words, int depth, ScanNode* node) {
  SOCHDB_TRY(Access(words, &node->access, &node->reverse));
  node->columns = ProjectedTypes(node->access);
  const auto& key = node->access.key();
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (static_cast<size_t>(count) > key.size()) return Fail(words->last(), "there are more equalities than key columns");
  SOCHDB_TRY(NextExprs(words, count, depth, kNoColumns, &node->equals));
  SOCHDB_TRY(NextOptionalExpr(words, depth, kNoColumns, &node->lo));
  SOCHDB_TRY(words->NextFlag(&node->lo_inclusive));
  SOCHDB_TRY(NextOptionalExpr(words, depth, kNoColumns, &node->hi));
  SOCHDB_TRY(words->NextFlag(&node->hi_inclusive));
  for (size_t i = 0; i < node->equals.size(); ++i) SOCHDB_TRY(KeyExpr(*node->equals[i], key[i]));
  for (const Expr* bound : {node->lo, node->hi}) {
    if (bound == nullptr) continue;
    if (node->equals.size() == key.size()) return Fail(bound->word, "there is no key column left for a range");
    SOCHDB_TRY(KeyExpr(*bound, key[node->equals.size()]));
  }
  return {};
}

Status PlanParser::ParseScanKeys(Words* words, int depth, ScanKeysNode* node) {
  SOCHDB_TRY(Access(words, &node->access, nullptr));
  node->columns = ProjectedTypes(node->access);
  const auto& key = node->access.key();
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(0, &count));
  uint32_t width = 0;
  SOCHDB_TRY(words->NextIndex(key.size() + 1, "key width", &width));
  if (width == 0) return Fail(words->last(), "a key has a column");
  node->width = width;
  for (int32_t i = 0; i < count; ++i) {
    for (uint32_t k = 0; k < width; ++k) {
      SOCHDB_TRY(NextExpr(words, depth, kNoColumns, &node->keys.emplace_back()));
      SOCHDB_TRY(KeyExpr(*node->keys.back(), key[k]));
    }
  }
  return {};
}

Status PlanParser::ParseProject(Words* words, int depth, ProjectNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, node->child->columns, &node->exprs));
  for (const Expr* expr : node->exprs) node->columns.push_back(expr->type);
  return {};
}

Status PlanParser::ParseLimits(Words* words, int depth, const Expr** limit, const Expr** offset) {
  SOCHDB_TRY(NextOptionalExpr(words, depth, kNoColumns, limit));
  SOCHDB_TRY(NextOptionalExpr(words, depth, kNoColumns, offset));
  for (const Expr* expr : {*limit, *offset}) {
    if (expr != nullptr && !IsIntegral(expr->type)) return Fail(expr->word, "LIMIT and OFFSET are INTEGER");
  }
  return {};
}

Status PlanParser::ParseSort(Words* words, int depth, SortNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  node->columns = node->child->columns;
  SOCHDB_TRY(NextSortKeys(words, depth, node->columns, &node->keys));
  return ParseLimits(words, depth, &node->limit, &node->offset);
}

Status PlanParser::ParseJoinKind(Words* words, JoinKind last, JoinKind* out) {
  uint32_t kind = 0;
  SOCHDB_TRY(words->NextIndex(static_cast<size_t>(last) + 1, "join kind", &kind));
  *out = static_cast<JoinKind>(kind);
  return {};
}

Status PlanParser::ParseIndexJoin(Words* words, int depth, IndexJoinNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->outer));
  SOCHDB_TRY(ParseJoinKind(words, JoinKind::kAnti, &node->kind));
  SOCHDB_TRY(Access(words, &node->access, nullptr));
  const auto& key = node->access.key();
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (count < 1 || static_cast<size_t>(count) > key.size()) return Fail(words->last(), "a join has 1 to all key columns");
  SOCHDB_TRY(NextExprs(words, count, depth, node->outer->columns, &node->equals));
  for (size_t i = 0; i < node->equals.size(); ++i) SOCHDB_TRY(KeyExpr(*node->equals[i], key[i]));
  node->columns = node->outer->columns;
  Append(&node->columns, ProjectedTypes(node->access));
  SOCHDB_TRY(NextPredicate(words, depth, node->columns, &node->residual));
  if (YieldsLeftAlone(node->kind)) node->columns.resize(node->outer->columns.size());
  return {};
}

Status PlanParser::ParseLoopJoin(Words* words, int depth, LoopJoinNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->left));
  SOCHDB_TRY(NextNode(words, depth, &node->right));
  SOCHDB_TRY(ParseJoinKind(words, JoinKind::kFull, &node->kind));
  node->columns = node->left->columns;
  Append(&node->columns, node->right->columns);
  SOCHDB_TRY(NextPredicate(words, depth, node->columns, &node->predicate));
  if (node->predicate != nullptr) {
    const auto left_columns = static_cast<int32_t>(node->left->columns.size());
    node->only_equalities = FindEqualities(*node->predicate, left_columns, &node->equalities);
  }
  int32_t count = 0;
  Types paired;
  SOCHDB_TRY(words->NextCount(1, &count));
  for (int32_t i = 0; i < count; ++i) {
    SOCHDB_TRY(words->NextIndex(node->columns.size(), "column", &node->pair_columns.emplace_back()));
    paired.push_back(node->columns[node->pair_columns.back()]);
  }
  SOCHDB_TRY(ParseOverRows(words, depth, false, &paired, &node->pairs));
  SOCHDB_TRY(NextPredicate(words, depth, paired, &node->asked));
  if ((node->pairs.plan == nullptr) != (node->asked == nullptr)) {
    return Fail(words->last(), "a join has what runs its subqueries and what asks for them, or neither");
  }
  if (YieldsLeftAlone(node->kind)) node->columns.resize(node->left->columns.size());
  return {};
}

Status PlanParser::ParseValues(Words* words, int depth, ValuesNode* node) {
  int32_t rows = 0;
  int32_t columns = 0;
  SOCHDB_TRY(words->NextCount(0, &rows));
  SOCHDB_TRY(words->NextCount(rows == 0 ? 0 : rows, &columns));
  if (rows > kPlanWordsMax || static_cast<size_t>(columns) > kColumnsMax)
    return Fail(words->last(), "there are too many values");
  node->rows = static_cast<uint32_t>(rows);
  SOCHDB_TRY(NextExprs(words, rows * columns, depth, kNoColumns, &node->exprs));
  node->columns.assign(static_cast<size_t>(columns), ColumnType::kNull);
  for (size_t i = 0; i < node->exprs.size(); ++i) {
    ColumnType& type = node->columns[i % static_cast<size_t>(columns)];
    const Expr& expr = *node->exprs[i];
    if (expr.type == ColumnType::kNull) continue;
    if (type == ColumnType::kNull) type = expr.type;
    else if (!SameClass(type, expr.type)) return Fail(expr.word, "a column of VALUES has values of two types");
  }
  return {};
}

}  // namespace sochdb
