// RowSource: runs subqueries over rows that an operator comes by: those of RETURNING and ON CONFLICT DO UPDATE over what an
// insert writes, those of ON over the pairs of a join.
//
// Those of an insert see what the statement has written so far.
//
// Thread safety: one thread. Ownership: context and node outlive it.

#pragma once

#include <memory>
#include <span>

#include "exec/operator.h"
#include "exec/spool.h"

namespace sochdb {

class RowSource {
 public:
  // `types` of the rows that are handed in.
  RowSource(const OverRows& node, std::span<const ColumnType> types, ExecContext* context)
      : node_(node), context_(context), rows_(types, &context->memory) {}

  // False: there are no subqueries, and the rows do as they are.
  [[nodiscard]] bool wanted() const { return node_.plan != nullptr; }
  // To be called once, before any other.
  Status Make();
  // Begins with these rows, which are copied.
  Status Open(const Batch& rows);
  // The rows in their order, with the values of the subqueries behind them; none at the end. Valid until the next call.
  Status Next(Batch* out) { return operator_->Next(kBatchRows, out); }

 private:
  const OverRows& node_;
  ExecContext* context_;
  Spool rows_;
  std::unique_ptr<Operator> operator_;
};

}  // namespace sochdb
