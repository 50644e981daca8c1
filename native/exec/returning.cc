#include "exec/returning.h"

namespace sochdb {
namespace {

// What RETURNING looks at: the table's row, and for updates and deletes whatever else the child yields.
std::vector<ColumnType> ScopeOf(const WriteNode& node) {
  std::vector<ColumnType> types;
  for (const ColumnInfo& column : node.table->columns) types.push_back(column.type);
  if (node.op != PlanOp::kInsert) {
    types.insert(types.end(), node.child->columns.begin() + static_cast<ptrdiff_t>(types.size()), node.child->columns.end());
  }
  return types;
}

}  // namespace

Returning::Returning(const WriteNode& node, ExecContext* context)
    : node_(node),
      context_(context),
      evaluator_(context),
      rows_(&context->memory),
      source_(node.returning_rows, ScopeOf(node), context),
      results_(node.columns, &context->memory) {
  if (wanted()) rows_.Init(ScopeOf(node));
}

Status Returning::Add(std::span<const Value> row) {
  if (!wanted()) return {};
  if (count_ == 0) SOCHDB_TRY(rows_.Reset(kBatchRows));
  for (size_t c = 0; c < row.size(); ++c) SOCHDB_TRY(rows_.Set(c, count_, row[c]));
  return ++count_ == kBatchRows ? Flush() : Status();
}

Status Returning::Flush() {
  if (count_ == 0) return {};
  Batch rows;
  rows_.Expose(count_, &rows);
  count_ = 0;
  if (!source_.wanted()) return Compute(rows);
  SOCHDB_TRY(source_.Open(rows));
  for (;;) {
    Batch more;
    SOCHDB_TRY(source_.Next(&more));
    if (more.count() == 0) return {};
    SOCHDB_TRY(Compute(more));
  }
}

Status Returning::Compute(const Batch& rows) {
  evaluator_.Restart();
  Batch results;
  results.columns.resize(node_.returning.size());
  results.rows = rows.rows;
  results.selection = rows.selection;
  for (size_t c = 0; c < node_.returning.size(); ++c) {
    SOCHDB_TRY(evaluator_.Eval(*node_.returning[c], rows, rows.selection, &results.columns[c]));
  }
  return results_.Append(results);
}

}  // namespace sochdb
