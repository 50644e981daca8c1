// Operators that put relations together: set operations, recursion, subqueries, functions.

#include <algorithm>

#include "exec/plan_parser.h"
#include "exec/table_function.h"

namespace sochdb {
namespace {

const std::vector<ColumnType> kNoInput;

// Which sides of an apply an expression looks at.
struct Sides {
  bool outer = false;
  bool inner = false;
};

void FindSides(const Expr& expr, size_t outer_columns, Sides* out) {
  if (expr.op == ExprOp::kColumn) (static_cast<size_t>(expr.number) < outer_columns ? out->outer : out->inner) = true;
  for (const Expr* arg : expr.args)
    if (arg != nullptr) FindSides(*arg, outer_columns, out);
}

// Whether the predicate is a conjunction of equalities between the two sides, and nothing else.
bool FindKeys(const Expr& expr, size_t outer_columns, std::vector<ApplyNode::Key>* out) {
  if (expr.op == ExprOp::kAnd) {
    return std::all_of(expr.args.begin(), expr.args.end(), [&](const Expr* arg) { return FindKeys(*arg, outer_columns, out); });
  }
  if (expr.op != ExprOp::kEqual) return false;
  Sides a;
  Sides b;
  FindSides(*expr.args[0], outer_columns, &a);
  FindSides(*expr.args[1], outer_columns, &b);
  if (!a.inner && b.inner && !b.outer) out->push_back({expr.args[0], expr.args[1]});
  else if (!b.inner && a.inner && !a.outer) out->push_back({expr.args[1], expr.args[0]});
  else return false;
  return true;
}

}  // namespace

// Columns of the literal NULL take the type of what stands in their place elsewhere.
Status PlanParser::SameColumns(const PlanNode& child, Types* columns) const {
  if (child.columns.size() != columns->size()) return Fail(child.word, "the inputs differ in their number of columns");
  for (size_t c = 0; c < columns->size(); ++c) {
    const ColumnType type = child.columns[c];
    ColumnType& wanted = (*columns)[c];
    if (type == ColumnType::kNull || SameClass(type, wanted)) continue;
    if (wanted != ColumnType::kNull) {
      return Fail(child.word, "column " + std::to_string(c) + " is " + ColumnTypeName(type) + " here and " +
                                  ColumnTypeName(wanted) + " in another input");
    }
    wanted = type;
  }
  return {};
}

Status PlanParser::ParseUnionAll(Words* words, int depth, UnionAllNode* node) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (count < 1) return Fail(words->last(), "a union has an input");
  for (int32_t i = 0; i < count; ++i) {
    SOCHDB_TRY(NextNode(words, depth, &node->children.emplace_back()));
    if (i == 0) node->columns = node->children[0]->columns;
    SOCHDB_TRY(SameColumns(*node->children.back(), &node->columns));
  }
  return {};
}

Status PlanParser::ParseSetOp(Words* words, int depth, SetOpNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->left));
  SOCHDB_TRY(NextNode(words, depth, &node->right));
  node->columns = node->left->columns;
  SOCHDB_TRY(SameColumns(*node->right, &node->columns));
  bool except = false;
  SOCHDB_TRY(words->NextFlag(&except));
  node->kind = except ? SetOpKind::kExcept : SetOpKind::kIntersect;
  return words->NextFlag(&node->all);
}

Status PlanParser::ParseRecursive(Words* words, int depth, RecursiveNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->anchor));
  node->columns = node->anchor->columns;
  int32_t step = 0;
  uint32_t number = 0;
  SOCHDB_TRY(words->Next(&step));
  const int32_t step_word = words->last();
  SOCHDB_TRY(words->NextFlag(&node->distinct));
  SOCHDB_TRY(words->NextIndex(kBindingNumbers, "working table", &number));
  if (!all_working_tables_.insert(number).second) {
    return Fail(words->last(), "working table " + std::to_string(number) + " is there twice");
  }
  node->table = plan_->working_table_count_++;
  working_tables_[number] = static_cast<uint32_t>(bindings_.size());
  bindings_.push_back({node->table, node->columns});
  SOCHDB_TRY(NodeAt(step, words->start(), step_word, depth + 1, &node->step));
  bindings_.pop_back();
  working_tables_.erase(number);
  Types columns = node->columns;
  SOCHDB_TRY(SameColumns(*node->step, &columns));
  // The working table was read with the types of the anchor.
  if (columns != node->columns) return Fail(node->step->word, "the step has columns of types that the anchor has not");
  return {};
}

Status PlanParser::NextTypes(Words* words, Types* out) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  if (static_cast<size_t>(count) > kColumnsMax) return Fail(words->last(), "there are too many columns");
  for (int32_t i = 0; i < count; ++i) {
    uint32_t type = 0;
    SOCHDB_TRY(words->NextIndex(kColumnTypeMax + 1, "type", &type));
    out->push_back(static_cast<ColumnType>(type));
  }
  return {};
}

Status PlanParser::ParseWorkingTable(Words* words, int, WorkingTableNode* node) {
  int32_t number = 0;
  SOCHDB_TRY(words->Next(&number));
  const auto found = working_tables_.find(static_cast<uint32_t>(number));
  if (found == working_tables_.end()) {
    return Fail(words->last(), "there is no working table " + std::to_string(number) + " here");
  }
  const Binding& binding = bindings_[found->second];
  node->table = binding.place;
  least_binding_ = std::min(least_binding_, found->second);
  SOCHDB_TRY(NextTypes(words, &node->columns));
  if (!std::equal(node->columns.begin(), node->columns.end(), binding.types.begin(), binding.types.end(), SameClass)) {
    return Fail(words->last(), "the columns of working table " + std::to_string(number) + " are others");
  }
  return {};
}

Status PlanParser::ParseSlots(Words* words, int depth, ApplyNode* node, std::vector<uint32_t>* numbers) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  for (int32_t i = 0; i < count; ++i) {
    ApplyNode::Slot& slot = node->slots.emplace_back();
    SOCHDB_TRY(words->NextIndex(kBindingNumbers, "slot", &numbers->emplace_back()));
    if (!all_slots_.insert(numbers->back()).second) {
      return Fail(words->last(), "slot " + std::to_string(numbers->back()) + " is set twice");
    }
    SOCHDB_TRY(NextExpr(words, depth, node->outer->columns, &slot.expr));
    slot.slot = plan_->slot_count_++;
  }
  // None of them is there for the expressions of another.
  for (size_t i = 0; i < numbers->size(); ++i) {
    slots_[(*numbers)[i]] = static_cast<uint32_t>(bindings_.size());
    bindings_.push_back({node->slots[i].slot, {node->slots[i].expr->type}});
  }
  return {};
}

Status PlanParser::ParseApply(Words* words, int depth, ApplyNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->outer));
  int32_t inner = 0;
  SOCHDB_TRY(words->Next(&inner));
  const int32_t inner_word = words->last();
  uint32_t kind = 0;
  SOCHDB_TRY(words->NextIndex(static_cast<size_t>(ApplyKind::kAny) + 1, "kind of apply", &kind));
  node->kind = static_cast<ApplyKind>(kind);
  node->first_binding = static_cast<uint32_t>(bindings_.size());
  std::vector<uint32_t> numbers;
  SOCHDB_TRY(ParseSlots(words, depth, node, &numbers));
  SOCHDB_TRY(NodeAt(inner, words->start(), inner_word, depth + 1, &node->inner));
  bindings_.resize(node->first_binding);
  for (const uint32_t number : numbers) slots_.erase(number);
  node->columns = node->outer->columns;
  node->columns.insert(node->columns.end(), node->inner->columns.begin(), node->inner->columns.end());
  SOCHDB_TRY(NextPredicate(words, depth, node->columns, &node->predicate));
  SOCHDB_TRY(CheckApply(*node));
  if (node->kind == ApplyKind::kExists || node->kind == ApplyKind::kAny) {
    node->columns.resize(node->outer->columns.size());
    node->columns.push_back(ColumnType::kBoolean);
  }
  if (node->kind == ApplyKind::kAny && node->slots.empty() &&
      !FindKeys(*node->predicate, node->outer->columns.size(), &node->keys)) {
    node->keys.clear();
  }
  return {};
}

Status PlanParser::CheckApply(const ApplyNode& node) const {
  if (node.kind == ApplyKind::kScalar && node.inner->columns.size() != 1) {
    return Fail(node.inner->word, "a subquery that stands for a value has one column");
  }
  const bool has_predicate = node.predicate != nullptr;
  const bool may = node.kind != ApplyKind::kScalar && node.kind != ApplyKind::kExists;
  if (has_predicate && !may) return Fail(node.predicate->word, "this kind of apply has no predicate");
  if (!has_predicate && node.kind == ApplyKind::kAny) return Fail(node.inner->word, "this kind of apply has a predicate");
  return {};
}

Status PlanParser::ParseSlot(Words* words, Expr* expr) {
  int32_t number = 0;
  SOCHDB_TRY(words->Next(&number));
  const auto found = slots_.find(static_cast<uint32_t>(number));
  if (found == slots_.end()) return Fail(words->last(), "there is no slot " + std::to_string(number) + " here");
  const Binding& binding = bindings_[found->second];
  const ColumnType type = binding.types[0];
  if (type != ColumnType::kNull && !SameClass(type, expr->type)) {
    return Fail(words->last(), std::string("slot ") + std::to_string(number) + " is " + ColumnTypeName(type) + ", not " +
                                   ColumnTypeName(expr->type));
  }
  expr->number = static_cast<int32_t>(binding.place);
  expr->constant = true;
  least_binding_ = std::min(least_binding_, found->second);
  return {};
}

Status PlanParser::ParseTableFunction(Words* words, int depth, TableFunctionNode* node) {
  int32_t number = 0;
  SOCHDB_TRY(words->Next(&number));
  const int32_t number_word = words->last();
  node->function = FindTableFunction(number);
  if (node->function == nullptr) return Fail(words->last(), "there is no table function " + std::to_string(number));
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, kNoInput, &node->args));
  SOCHDB_TRY(NextTypes(words, &node->columns));
  Types args;
  for (const Expr* arg : node->args) args.push_back(arg->type);
  const char* problem = node->function->check(args, node->columns);
  return problem == nullptr ? Status() : Fail(number_word, problem);
}

}  // namespace sochdb
