// RunningStatement: one statement that runs, on whatever thread, and where it stands.
//
// On a database a read has a snapshot of its own and a write a transaction of its own, which commits when its last row has been
// taken. In a transaction a statement that fails is undone alone; destroying a run undoes what it has not finished.
//
// Thread safety: one thread at a time. Ownership: the target's handle outlives it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "binding/batch_writer.h"
#include "binding/target.h"
#include "exec/executor.h"
#include "exec/prepared_plan.h"

namespace sochdb::binding {

// Where a statement writes: a transaction of its own on a database, a statement of the transaction that is open. Ends by Keep;
// destroyed before, it undoes what was written.
class Writing {
 public:
  Writing() = default;
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    if (transaction_ == nullptr || kept_) return;
    if (own_ != nullptr) {
      own_->Abort();
    } else if (!transaction_->finished()) {
      // Fails only for a transaction that has ended, and then nothing of the statement is left either.
      const Status ignored = transaction_->RollbackTo(savepoint_);
      (void)ignored;
    }
  }

  Status Begin(const Target& target) {
    if (target.transaction == nullptr) {
      TransactionOptions options;
      options.take_writer = true;
      SOCHDB_ASSIGN(transaction, target.engine->Begin(options));
      own_ = std::move(transaction);
      transaction_ = own_.get();
    } else {
      savepoint_ = target.transaction->BeginStatement();
      transaction_ = target.transaction;
    }
    return {};
  }
  // *unpublished: the timestamp at which a commit of its own is still to be published; 0: there is none.
  Status Keep(Timestamp* unpublished) {
    kept_ = true;
    *unpublished = 0;
    if (own_ == nullptr) return transaction_->Release(savepoint_);
    SOCHDB_ASSIGN(ts, own_->CommitUnpublished());
    *unpublished = ts;
    return {};
  }
  [[nodiscard]] Transaction* transaction() const { return transaction_; }

 private:
  std::unique_ptr<Transaction> own_;
  Transaction* transaction_ = nullptr;
  SavepointId savepoint_ = 0;
  bool kept_ = false;
};

// Where statements on the target leave what its commit checks; null where they commit themselves.
DeferredForeignKeys* DeferredOf(const Target& target);

// One running statement: what it reads and writes through, and where it stands. Members are destroyed last to first.
class RunningStatement {
 public:
  RunningStatement(std::shared_ptr<const PreparedPlan> plan, IdentityCounters* identities, const ExecutionLimits& limits)
      : plan_(std::move(plan)), identities_(identities), limits_(limits) {}
  RunningStatement(const RunningStatement&) = delete;
  RunningStatement& operator=(const RunningStatement&) = delete;

  // `cancel` is asked until the end, or until another one takes its place.
  Status Open(const Target& target, std::string_view parameters, uint32_t rows, const CancelToken* cancel);
  void set_cancel(const CancelToken* cancel) {
    if (execution_ != nullptr) execution_->set_cancel(cancel);
  }
  // Writes the next rows. *more: there are rows left, or one that did not fit.
  Status Next(BatchWriter* out, bool* more);
  [[nodiscard]] uint64_t rows_affected() const { return rows_affected_; }
  // At the end of a write on a database: the timestamp to publish at, in the engine; 0 otherwise.
  [[nodiscard]] Timestamp unpublished() const { return unpublished_; }
  [[nodiscard]] const PreparedPlan& plan() const { return *plan_; }

 private:
  Status OpenView(const Target& target);
  Status Fetch();
  Status Complete();

  std::shared_ptr<const PreparedPlan> plan_;
  IdentityCounters* const identities_;
  const ExecutionLimits limits_;
  std::string parameters_;  // the exchange is written over while they are in use
  std::unique_ptr<Snapshot> own_snapshot_;
  std::optional<Writing> writing_;
  Reader* reader_ = nullptr;
  Transaction* transaction_ = nullptr;
  std::unique_ptr<Execution> execution_;
  Batch batch_;
  bool started_ = false;
  uint32_t handed_over_ = 0;  // rows of batch_
  uint64_t rows_affected_ = 0;
  Timestamp unpublished_ = 0;
};

}  // namespace sochdb::binding
