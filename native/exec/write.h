// The writing operators: roots that take the rows of their child and change a table.
//
// A write that reads what it changes takes all its rows before it writes the first one, unless the child is one cursor, which
// sees nothing written after it was opened. Rows to return are kept until everything is written: whoever stops reading them
// early has still written everything.
//
// Thread safety: one thread. Ownership: context, node and child outlive them.

#pragma once

#include <memory>

#include "exec/operator.h"
#include "exec/returning.h"

namespace sochdb {

class WriteOperator {
 public:
  virtual ~WriteOperator() = default;
  // The operators that it runs itself, in the order of the plan. To be called once, before Run.
  virtual Status MakeInputs() { return returning_.MakeInputs(); }
  // Opens the child and writes all its rows. May be called again, for the next parameter rows.
  Status Run(Operator* child);
  [[nodiscard]] uint64_t rows_affected() const { return rows_affected_; }
  [[nodiscard]] Returning& returning() { return returning_; }

 protected:
  WriteOperator(const WriteNode& node, ExecContext* context);
  // Before the rows of a parameter row.
  virtual void Begin() {}
  virtual Status Write(const Batch& batch) = 0;
  // After them.
  virtual Status End() { return {}; }

  ExecContext* context_;
  uint64_t rows_affected_ = 0;
  Returning returning_;

 private:
  Status Drain(Operator* child);

  const WriteNode& node_;
  bool streams_;
};

std::unique_ptr<WriteOperator> MakeInsert(const InsertNode& node, ExecContext* context);
std::unique_ptr<WriteOperator> MakeUpdate(const UpdateNode& node, ExecContext* context);
std::unique_ptr<WriteOperator> MakeDelete(const DeleteNode& node, ExecContext* context);
std::unique_ptr<WriteOperator> MakeWriteOperator(const PlanNode& root, ExecContext* context);

// Whether a node yields every row of the table it scans at most once.
bool YieldsRowsOnce(const PlanNode& node);

}  // namespace sochdb
