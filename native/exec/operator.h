// Operator: one node of a plan while it executes. Operators pull batches from their children.
//
// Thread safety: one thread. Ownership: an operator owns its children; what a batch points to stays valid until the
// operator that filled it is asked again or opened again.

#pragma once

#include <memory>

#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/plan_nodes.h"

namespace sochdb {

class Operator {
 public:
  virtual ~Operator() = default;
  // Starts over with the parameters of the moment. Called before the first Next, and again for every parameter row.
  virtual Status Open() = 0;
  // The next rows: at least one and at most kBatchRows; none at the end. `want` (1 to kBatchRows) is what the parent has a use
  // for; reading much further would register as read what was never asked for.
  virtual Status Next(uint32_t want, Batch* out) = 0;
};

Result<std::unique_ptr<Operator>> MakeOperator(const PlanNode& node, ExecContext* context);

// One maker per operator, each in the file of its operator.
using OperatorPtr = std::unique_ptr<Operator>;
OperatorPtr MakeScan(const ScanNode& node, ExecContext* context);
OperatorPtr MakeScanKeys(const ScanKeysNode& node, ExecContext* context);
OperatorPtr MakeFilter(const FilterNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeProject(const ProjectNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeSort(const SortNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeLimit(const LimitNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeAggregate(const AggregateNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeWindow(const WindowNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeIndexJoin(const IndexJoinNode& node, ExecContext* context, OperatorPtr outer);
class RowSource;
// `pairs` runs the subqueries of the node, where it has some.
OperatorPtr MakeLoopJoin(const LoopJoinNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right,
                         std::unique_ptr<RowSource> pairs);
OperatorPtr MakeDistinct(const DistinctNode& node, ExecContext* context, OperatorPtr child);
OperatorPtr MakeValues(const ValuesNode& node, ExecContext* context);
OperatorPtr MakeUnionAll(const UnionAllNode& node, ExecContext* context, std::vector<OperatorPtr> children);
OperatorPtr MakeSetOp(const SetOpNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right);
OperatorPtr MakeRecursive(const RecursiveNode& node, ExecContext* context, OperatorPtr anchor, OperatorPtr step);
OperatorPtr MakeWorkingTable(const WorkingTableNode& node, ExecContext* context);
OperatorPtr MakeApply(const ApplyNode& node, ExecContext* context, OperatorPtr outer, OperatorPtr inner);
OperatorPtr MakeTableFunction(const TableFunctionNode& node, ExecContext* context);

}  // namespace sochdb
