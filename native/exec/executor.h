// Executor: runs a PreparedPlan.
//
// Execution runs any plan, batch by batch. PointStatement (exec/point.h) runs plans of one row by its full key, over and over,
// without building operators.
//
// The caller makes statements whole: Transaction::BeginStatement before, RollbackTo its savepoint when anything here fails, for
// a failed execution may have written.
//
// Thread safety: an Execution belongs to one thread at a time, its transaction's. Plans are shared.
// Ownership: the Execution holds the plan; engine, reader, transaction, token and the bytes of the parameters outlive it. It
// must be destroyed before its transaction or snapshot. Limits: ExecutionLimits; kLimit names the one that was passed.

#pragma once

#include <memory>
#include <string_view>

#include "base/cancel_token.h"
#include "exec/batch.h"
#include "exec/exec_context.h"
#include "exec/foreign_keys.h"
#include "exec/operator.h"
#include "exec/parameters.h"
#include "exec/prepared_plan.h"
#include "exec/profile.h"
#include "exec/write.h"

namespace sochdb {

struct ExecutionLimits {
  uint64_t query_memory_bytes = kDefaultQueryMemoryBytes;
  bool rows_one_by_one = false;  // scans read no runs: what tests compare them with
};

struct ExecutionTarget {
  Engine* engine = nullptr;    // may be null in tests: then the catalog is always looked at
  Reader* reader = nullptr;    // where to read; a transaction is one
  Transaction* txn = nullptr;  // the same transaction, when there is one; writes need it
  // Where it keeps what is checked at its commit; null when it commits with the statement.
  DeferredForeignKeys* deferred = nullptr;
  IdentityCounters* identities = nullptr;  // of the engine; without it, tables that number their rows are refused
};

class Execution {
 public:
  // `params` are row_count rows of tagged values. A plan with more than one row runs once for each, in order, as one statement;
  // inserts of plain values take them in bulk. Reads the catalog where it must: kSchemaChanged asks the caller to bind again.
  static Result<std::unique_ptr<Execution>> Open(std::shared_ptr<const PreparedPlan> plan, const ExecutionTarget& target,
                                                 std::string_view params, uint32_t row_count, const CancelToken* cancel,
                                                 const ExecutionLimits& limits = {});
  ~Execution();

  // The next rows, 1 to kBatchRows, dense and of plan->output_types(); none at the end. The first call of a write writes
  // everything. What the batch points to is valid until the next call.
  Status Next(Batch* out) { return Next(kBatchRows, out); }
  // The same for a caller who wants no more than `want` rows for now: no much further rows are read.
  Status Next(uint32_t want, Batch* out);

  // Whom to ask from now on whether to go on; outlives the execution, or until the next call. null: nobody.
  void set_cancel(const CancelToken* cancel) { context_.cancel = cancel; }

  // Rows inserted, updated or deleted. Known after the first Next.
  [[nodiscard]] uint64_t rows_affected() const { return rows_affected_; }
  [[nodiscard]] const PreparedPlan& plan() const { return *plan_; }

 private:
  Execution(std::shared_ptr<const PreparedPlan> plan, const ExecutionTarget& target, std::string_view params,
            uint32_t row_count, const CancelToken* cancel, const ExecutionLimits& limits);
  Status Start();
  Status RunWrite();
  Status NextRead(uint32_t want, Batch* out);
  Status NextReturned(Batch* out);
  Status NextProfile(Batch* out);
  Status Analyze();
  Status MakeDense(const Batch& in, Batch* out);

  std::shared_ptr<const PreparedPlan> plan_;
  ExecContext context_;
  ParameterReader parameters_;
  std::unique_ptr<PlanProfile> profile_;  // when the plan analyzes
  std::unique_ptr<Operator> root_;        // of a write: its child
  std::unique_ptr<ForeignKeys> foreign_keys_;
  std::unique_ptr<WriteOperator> write_;
  BatchStorage output_;
  std::vector<uint32_t> picked_;
  uint64_t rows_affected_ = 0;
  uint32_t next_chunk_ = 0;
  size_t next_profile_ = 0;
  bool started_ = false;
  bool opened_ = false;  // root_ is open for the current parameter row
};

}  // namespace sochdb
