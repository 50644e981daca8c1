#include "exec/operator.h"

namespace sochdb {

Result<std::unique_ptr<Operator>> MakeOperator(const PlanNode& node, ExecContext* context) {
  const auto with_child = [&](const auto& n, auto maker) -> Result<OperatorPtr> {
    SOCHDB_ASSIGN(child, MakeOperator(*n.child, context));
    return maker(n, context, std::move(child));
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
      return MakeLoopJoin(join, context, std::move(left), std::move(right));
    }
    case PlanOp::kWindow:
    case PlanOp::kInsert:
    case PlanOp::kUpdate:
    case PlanOp::kDelete:
      break;  // roots, executed by Execution (write.h)
    case PlanOp::kUnionAll:
    case PlanOp::kSetOp:
    case PlanOp::kRecursive:
    case PlanOp::kWorkingTable:
    case PlanOp::kApply:
    case PlanOp::kTableFunction:
      break;  // not read yet
  }
  return Status(Code::kInternal, "An operator cannot be executed here.");
}

}  // namespace sochdb
