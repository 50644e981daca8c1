#include "binding/exec_run.h"

#include "binding/handles.h"

namespace sochdb::binding {

DeferredForeignKeys* DeferredOf(const Target& target) {
  return target.transaction == nullptr ? nullptr : static_cast<TransactionHandle*>(target.handle)->deferred.get();
}

// In a transaction every statement is one of its own, a reading one too: it may see a newer state (readCommitted).
Status RunningStatement::OpenView(const Target& target) {
  if (plan_->is_write() || target.transaction != nullptr) {
    SOCHDB_TRY(writing_.emplace().Begin(target));
    reader_ = transaction_ = writing_->transaction();
  } else if (target.reader != nullptr) {
    reader_ = target.reader;
  } else {
    SOCHDB_ASSIGN(snapshot, target.engine->NewSnapshot());
    own_snapshot_ = std::move(snapshot);
    reader_ = own_snapshot_.get();
  }
  return {};
}

Status RunningStatement::Open(const Target& target, std::string_view parameters, uint32_t rows, const CancelToken* cancel) {
  parameters_.assign(parameters);
  SOCHDB_TRY(OpenView(target));
  const ExecutionTarget execution_target{target.engine, reader_, transaction_, DeferredOf(target), identities_};
  SOCHDB_ASSIGN(execution, Execution::Open(plan_, execution_target, parameters_, rows, cancel, limits_));
  execution_ = std::move(execution);
  return {};
}

Status RunningStatement::Fetch() {
  handed_over_ = 0;
  return execution_->Next(&batch_);
}

// Looks one batch ahead: most results end with the batch they begin with, and that is one call from JavaScript.
Status RunningStatement::Next(BatchWriter* out, bool* more) {
  *more = false;
  if (!started_) SOCHDB_TRY(Fetch());
  started_ = true;
  out->WriteNoRows();
  if (batch_.count() == 0) return Complete();
  uint32_t written = 0;
  SOCHDB_TRY(out->WriteRows(batch_, handed_over_, &written));
  handed_over_ += written;
  if (handed_over_ == batch_.count()) SOCHDB_TRY(Fetch());
  *more = batch_.count() > 0;
  return *more ? Status() : Complete();
}

Status RunningStatement::Complete() {
  rows_affected_ = execution_->rows_affected();
  execution_.reset();
  return writing_.has_value() ? writing_->Keep(&unpublished_) : Status();
}

}  // namespace sochdb::binding
