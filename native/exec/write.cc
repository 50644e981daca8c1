#include "exec/write.h"

#include "exec/spool.h"

namespace sochdb {
namespace {

bool IsOneCursor(const PlanNode& node, bool index_too) {
  switch (node.op) {
    case PlanOp::kScan:
      return index_too || static_cast<const ScanNode&>(node).access.index == nullptr;
    case PlanOp::kFilter:
      return IsOneCursor(*static_cast<const FilterNode&>(node).child, index_too);
    case PlanOp::kProject:
      return IsOneCursor(*static_cast<const ProjectNode&>(node).child, index_too);
    default:
      return false;
  }
}

// Rows read by way of an index are fetched as they are now. An update or delete has not touched those it has yet to come to;
// an insert may have, when it updates on conflict.
bool Streams(const WriteNode& node) {
  return node.child->op == PlanOp::kValues || IsOneCursor(*node.child, node.op != PlanOp::kInsert);
}

}  // namespace

WriteOperator::WriteOperator(const WriteNode& node, ExecContext* context)
    : context_(context), returning_(node, context), node_(node), streams_(Streams(node)) {}

Status WriteOperator::Run(Operator* child) {
  Begin();
  SOCHDB_TRY(child->Open());
  if (!streams_) return Drain(child);
  Batch batch;
  for (;;) {
    SOCHDB_TRY(child->Next(kBatchRows, &batch));
    if (batch.count() == 0) break;
    SOCHDB_TRY(context_->Tick(batch.count()));
    SOCHDB_TRY(Write(batch));
  }
  SOCHDB_TRY(End());
  return returning_.Flush();
}

Status WriteOperator::Drain(Operator* child) {
  Spool rows(node_.child->columns, &context_->memory);
  Batch batch;
  for (;;) {
    SOCHDB_TRY(child->Next(kBatchRows, &batch));
    if (batch.count() == 0) break;
    SOCHDB_TRY(rows.Append(batch));
  }
  for (uint32_t chunk = 0; chunk < rows.chunks(); ++chunk) {
    rows.ExposeChunk(chunk, &batch);
    SOCHDB_TRY(context_->Tick(batch.count()));
    SOCHDB_TRY(Write(batch));
  }
  SOCHDB_TRY(End());
  return returning_.Flush();
}

bool YieldsRowsOnce(const PlanNode& node) {
  switch (node.op) {
    case PlanOp::kScan:
    case PlanOp::kScanKeys:
      return true;
    case PlanOp::kFilter:
      return YieldsRowsOnce(*static_cast<const FilterNode&>(node).child);
    case PlanOp::kSort:
      return YieldsRowsOnce(*static_cast<const SortNode&>(node).child);
    case PlanOp::kLimit:
      return YieldsRowsOnce(*static_cast<const LimitNode&>(node).child);
    case PlanOp::kApply: {
      const auto& apply = static_cast<const ApplyNode&>(node);
      const bool once = apply.kind != ApplyKind::kInner && apply.kind != ApplyKind::kLeft;
      return once && YieldsRowsOnce(*apply.outer);
    }
    case PlanOp::kLoopJoin: {
      const auto& join = static_cast<const LoopJoinNode&>(node);
      return YieldsLeftAlone(join.kind) && YieldsRowsOnce(*join.left);
    }
    case PlanOp::kIndexJoin: {
      const auto& join = static_cast<const IndexJoinNode&>(node);
      return YieldsLeftAlone(join.kind) && YieldsRowsOnce(*join.outer);
    }
    case PlanOp::kProject:
      return YieldsRowsOnce(*static_cast<const ProjectNode&>(node).child);
    default:
      return false;
  }
}

std::unique_ptr<WriteOperator> MakeWriteOperator(const PlanNode& root, ExecContext* context) {
  switch (root.op) {
    case PlanOp::kInsert:
      return MakeInsert(static_cast<const InsertNode&>(root), context);
    case PlanOp::kUpdate:
      return MakeUpdate(static_cast<const UpdateNode&>(root), context);
    case PlanOp::kDelete:
      return MakeDelete(static_cast<const DeleteNode&>(root), context);
    default:
      return nullptr;
  }
}

}  // namespace sochdb
