// PointStatement: a plan of one row by its full key (PreparedPlan::is_point), executed over and over without operators.
//
// A select encodes the key, gets the row and takes the columns out of it: nothing is allocated once it has run before. Inserts,
// updates and deletes of one row go straight to the table. What it does is what Execution does with the same plan.
//
// Thread safety: one thread at a time. Ownership: it holds the plan; the batch it fills is its own, valid until the next
// Execute.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/executor.h"
#include "exec/foreign_keys.h"
#include "exec/row_loader.h"
#include "exec/table_writer.h"

namespace sochdb {

class PointStatement {
 public:
  // REQUIRES: plan->is_point().
  explicit PointStatement(std::shared_ptr<const PreparedPlan> plan, const ExecutionLimits& limits = {});

  // Executes with one row of parameters. A select may go without a reader: it then sees the newest published state of the
  // engine. As with Execution, a failed write is the caller's to roll back.
  Status Execute(const ExecutionTarget& target, std::string_view params);

  // The row selected or returned; no rows when there is none.
  [[nodiscard]] const Batch& batch() const { return batch_; }
  [[nodiscard]] uint64_t rows_affected() const { return rows_affected_; }
  [[nodiscard]] const std::shared_ptr<const PreparedPlan>& plan() const { return plan_; }

 private:
  // Where an output column comes from, when it is no column of the row.
  struct Computed {
    uint32_t target;
    const Expr* expr;
  };

  void PrepareSelect();
  void PrepareWrite(const WriteNode& write);
  Status BindParameters(std::string_view params);
  Status Leaf(const Expr& expr, std::span<const Value> row, Value* out);
  Status BuildKey(bool* null);
  // Finds the row's bytes by the scan's key.
  Status Find(ReadValue* row, bool* found);
  Status Select();
  // What is published, without a reader of the caller's.
  Status SelectNewest();
  Status Insert();
  Status UpdateExisting(std::string_view primary_key);
  Status UpdateOrDelete();
  Status EndStatement();
  // Tells those who ask later what was written.
  Status Counted(Status status);
  Status Return(std::span<const Value> row);

  std::shared_ptr<const PreparedPlan> plan_;
  ExecContext context_;
  BatchArena arena_;  // coerced parameters
  const ScanNode* scan_ = nullptr;
  std::unique_ptr<RowLoader> loader_;
  std::vector<Computed> computed_;
  std::unique_ptr<TableWriter> writer_;
  std::unique_ptr<ForeignKeys> foreign_keys_;
  std::vector<Value> template_;
  std::vector<Value> row_;
  std::vector<Value> after_;
  std::vector<Value> both_;  // a row in the way of an upsert, and the proposed one
  std::string existing_;     // the bytes of the first
  KeyBuffer key_;
  KeyBuffer row_key_;
  BatchStorage output_;
  Batch batch_;
  uint64_t rows_affected_ = 0;
};

}  // namespace sochdb
