#include "exec/operator.h"

#include "exec/over_rows.h"
#include "exec/profile.h"

namespace sochdb {

namespace {

Result<OperatorPtr> MakeUnion(const UnionAllNode& node, ExecContext* context) {
  std::vector<OperatorPtr> children;
  for (const PlanNode* child : node.children) {
    SOCHDB_ASSIGN(made, MakeOperator(*child, context));
    children.push_back(std::move(made));
  }
  return MakeUnionAll(node, context, std::move(children));
}

// Its inputs come by way of MakeOperator.
Result<OperatorPtr> MakePlain(const PlanNode& node, ExecContext* context) {
  const auto with_child = [&](const auto& n, auto maker) -> Result<OperatorPtr> {
    SOCHDB_ASSIGN(child, MakeOperator(*n.child, context));
    return maker(n, context, std::move(child));
  };
  const auto with_sides = [&](const auto& n, const PlanNode* a, const PlanNode* b, auto maker) -> Result<OperatorPtr> {
    SOCHDB_ASSIGN(first, MakeOperator(*a, context));
    SOCHDB_ASSIGN(second, MakeOperator(*b, context));
    return maker(n, context, std::move(first), std::move(second));
  };
  switch (node.op) {
    case PlanOp::kScan:
      return MakeScan(static_cast<const ScanNode&>(node), context);
    case PlanOp::kScanKeys:
      return MakeScanKeys(static_cast<const ScanKeysNode&>(node), context);
    case PlanOp::kFilter:
      return with_child(static_cast<const FilterNode&>(node), MakeFilter);
    case PlanOp::kProject:
      return with_child(static_cast<const ProjectNode&>(node), MakeProject);
    case PlanOp::kSort:
      return with_child(static_cast<const SortNode&>(node), MakeSort);
    case PlanOp::kLimit:
      return with_child(static_cast<const LimitNode&>(node), MakeLimit);
    case PlanOp::kAggregate:
      return with_child(static_cast<const AggregateNode&>(node), MakeAggregate);
    case PlanOp::kWindow:
      return with_child(static_cast<const WindowNode&>(node), MakeWindow);
    case PlanOp::kDistinct:
      return with_child(static_cast<const DistinctNode&>(node), MakeDistinct);
    case PlanOp::kValues:
      return MakeValues(static_cast<const ValuesNode&>(node), context);
    case PlanOp::kIndexJoin: {
      const auto& join = static_cast<const IndexJoinNode&>(node);
      SOCHDB_ASSIGN(outer, MakeOperator(*join.outer, context));
      return MakeIndexJoin(join, context, std::move(outer));
    }
    case PlanOp::kLoopJoin: {
      const auto& join = static_cast<const LoopJoinNode&>(node);
      SOCHDB_ASSIGN(left, MakeOperator(*join.left, context));
      SOCHDB_ASSIGN(right, MakeOperator(*join.right, context));
      std::vector<ColumnType> types;
      const size_t left_columns = join.left->columns.size();
      for (const uint32_t c : join.pair_columns) {
        types.push_back(c < left_columns ? join.left->columns[c] : join.right->columns[c - left_columns]);
      }
      auto pairs = std::make_unique<RowSource>(join.pairs, types, context);
      SOCHDB_TRY(pairs->Make());
      return MakeLoopJoin(join, context, std::move(left), std::move(right), std::move(pairs));
    }
    case PlanOp::kUnionAll:
      return MakeUnion(static_cast<const UnionAllNode&>(node), context);
    case PlanOp::kSetOp: {
      const auto& op = static_cast<const SetOpNode&>(node);
      return with_sides(op, op.left, op.right, MakeSetOp);
    }
    case PlanOp::kRecursive: {
      const auto& recursive = static_cast<const RecursiveNode&>(node);
      return with_sides(recursive, recursive.anchor, recursive.step, MakeRecursive);
    }
    case PlanOp::kWorkingTable:
      return MakeWorkingTable(static_cast<const WorkingTableNode&>(node), context);
    case PlanOp::kApply: {
      const auto& apply = static_cast<const ApplyNode&>(node);
      return with_sides(apply, apply.outer, apply.inner, MakeApply);
    }
    case PlanOp::kTableFunction:
      return MakeTableFunction(static_cast<const TableFunctionNode&>(node), context);
    case PlanOp::kInsert:
    case PlanOp::kUpdate:
    case PlanOp::kDelete:
      break;  // roots, executed by Execution (write.h)
  }
  return Status(Code::kInternal, "An operator cannot be executed here.");
}

}  // namespace

Result<std::unique_ptr<Operator>> MakeOperator(const PlanNode& node, ExecContext* context) {
  if (context->profile == nullptr) return MakePlain(node, context);
  OperatorProfile* const counts = context->profile->Add();
  SOCHDB_ASSIGN(op, MakePlain(node, context));
  return Measured(std::move(op), context->profile, counts);
}

}  // namespace sochdb
