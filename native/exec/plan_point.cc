#include <algorithm>

#include "exec/plan_parser.h"

namespace sochdb {
namespace {

bool AllLeaves(const std::vector<const Expr*>& exprs) {
  return std::all_of(exprs.begin(), exprs.end(), [](const Expr* e) { return e->IsLeaf(); });
}

bool AllLeaves(const std::vector<Assignment>& sets) {
  return std::all_of(sets.begin(), sets.end(), [](const Assignment& a) { return a.expr->IsLeaf(); });
}

bool ReadsWholeRows(const WriteNode& write) {
  const ScanNode* scan = AsPointScan(write.child);
  if (scan == nullptr || scan->access.table != write.table) return false;
  if (scan->access.projection.size() != write.table->columns.size()) return false;
  for (uint32_t i = 0; i < scan->access.projection.size(); ++i)
    if (scan->access.projection[i] != i) return false;
  return AllLeaves(write.returning);
}

PointKind ClassifyInsert(const InsertNode& insert) {
  if (insert.child->op != PlanOp::kValues) return PointKind::kNone;
  const auto& values = static_cast<const ValuesNode&>(*insert.child);
  const ConflictAction action = insert.conflict.action;
  const bool updates = action == ConflictAction::kUpdate && insert.conflict.predicate == nullptr &&
                       insert.conflict.rows.plan == nullptr && AllLeaves(insert.conflict.sets);
  const bool simple =
      insert.more.empty() && insert.returning_rows.plan == nullptr &&
      (action == ConflictAction::kError || action == ConflictAction::kNothing || action == ConflictAction::kIgnore || updates);
  if (values.rows != 1 || !simple || !AllLeaves(values.exprs) || !AllLeaves(insert.returning)) return PointKind::kNone;
  return PointKind::kInsert;
}

}  // namespace

const ScanNode* AsPointScan(const PlanNode* node) {
  if (node->op != PlanOp::kScan) return nullptr;
  const auto* scan = static_cast<const ScanNode*>(node);
  if (!scan->access.IsUnique(scan->equals.size())) return nullptr;
  for (const Expr* equal : scan->equals)
    if (!equal->IsConstantLeaf()) return nullptr;
  return scan;
}

PointKind ClassifyPoint(const PlanNode& root) {
  switch (root.op) {
    case PlanOp::kScan:
      return AsPointScan(&root) != nullptr ? PointKind::kSelect : PointKind::kNone;
    case PlanOp::kProject: {
      const auto& project = static_cast<const ProjectNode&>(root);
      return AsPointScan(project.child) != nullptr && AllLeaves(project.exprs) ? PointKind::kSelect : PointKind::kNone;
    }
    case PlanOp::kInsert:
      return ClassifyInsert(static_cast<const InsertNode&>(root));
    case PlanOp::kDelete:
      return ReadsWholeRows(static_cast<const WriteNode&>(root)) ? PointKind::kDelete : PointKind::kNone;
    case PlanOp::kUpdate: {
      const auto& update = static_cast<const UpdateNode&>(root);
      return AllLeaves(update.sets) && update.action == ConflictAction::kError && ReadsWholeRows(update) ? PointKind::kUpdate
                                                                                                         : PointKind::kNone;
    }
    default:
      return PointKind::kNone;
  }
}

}  // namespace sochdb
