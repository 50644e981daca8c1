// Returning: the rows a write gives back, computed batch by batch and kept until all is written.
//
// Thread safety: one thread. Ownership: values are copies. Limits: the memory tracker's.

#pragma once

#include <span>

#include "exec/eval.h"
#include "exec/over_rows.h"
#include "exec/spool.h"

namespace sochdb {

class Returning {
 public:
  Returning(const WriteNode& node, ExecContext* context);

  [[nodiscard]] bool wanted() const { return !node_.returning.empty(); }
  Status MakeInputs() { return source_.Make(); }
  // Adds one written row: values for the columns RETURNING looks at (the table's, and what else the child had). Does nothing
  // unless wanted.
  Status Add(std::span<const Value> row);
  // Computes what was added since the last time.
  Status Flush();
  [[nodiscard]] const Spool& results() const { return results_; }

 private:
  Status Compute(const Batch& rows);

  const WriteNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  BatchStorage rows_;
  RowSource source_;
  uint32_t count_ = 0;
  Spool results_;
};

}  // namespace sochdb
