#include "exec/executor.h"

#include <algorithm>

#include "base/hash.h"
#include "exec/catalog_check.h"
#include "exec/identity.h"

namespace sochdb {
namespace {

bool UsesParameters(const Expr* expr) {
  if (expr == nullptr) return false;
  return expr->op == ExprOp::kParam || std::any_of(expr->args.begin(), expr->args.end(), UsesParameters);
}

// Inserts of one row of values, whose parameters are looked at nowhere else, take many parameter rows at once.
bool TakesBulk(const PlanNode& root) {
  if (root.op != PlanOp::kInsert) return false;
  const auto& insert = static_cast<const InsertNode&>(root);
  if (insert.child->op != PlanOp::kValues || static_cast<const ValuesNode&>(*insert.child).rows != 1) return false;
  const auto set_uses = [](const Assignment& set) { return UsesParameters(set.expr); };
  const InsertNode::Conflict& conflict = insert.conflict;
  if (!insert.more.empty() || conflict.rows.plan != nullptr || insert.returning_rows.plan != nullptr) return false;
  return !UsesParameters(conflict.predicate) && std::none_of(conflict.sets.begin(), conflict.sets.end(), set_uses) &&
         std::none_of(insert.returning.begin(), insert.returning.end(), UsesParameters);
}

}  // namespace

Execution::Execution(std::shared_ptr<const PreparedPlan> plan, const ExecutionTarget& target, std::string_view params,
                     uint32_t row_count, const CancelToken* cancel, const ExecutionLimits& limits)
    : plan_(std::move(plan)),
      context_(limits.query_memory_bytes),
      parameters_(params, row_count, plan_->parameter_count()),
      output_(&context_.memory) {
  context_.plan = plan_.get();
  context_.engine = target.engine;
  context_.reader = target.reader != nullptr ? target.reader : target.txn;
  context_.txn = target.txn;
  context_.deferred = target.deferred;
  context_.identities = target.identities;
  context_.cancel = cancel;
  context_.slots.resize(plan_->slot_count());
  context_.working_tables.resize(plan_->working_table_count());
  context_.rows_one_by_one = limits.rows_one_by_one;
  // Where this lies in memory is not to be guessed from outside.
  context_.hash_seed = HashNumber(reinterpret_cast<uintptr_t>(this));
}

Execution::~Execution() = default;

Result<std::unique_ptr<Execution>> Execution::Open(std::shared_ptr<const PreparedPlan> plan, const ExecutionTarget& target,
                                                   std::string_view params, uint32_t row_count, const CancelToken* cancel,
                                                   const ExecutionLimits& limits) {
  if (plan->is_write() && target.txn == nullptr) return Status(Code::kReadOnly, "A statement that writes needs a transaction.");
  std::unique_ptr<Execution> execution(new Execution(std::move(plan), target, params, row_count, cancel, limits));
  SOCHDB_TRY(execution->Start());
  return execution;
}

Status Execution::Start() {
  if (context_.cancel != nullptr) SOCHDB_TRY(context_.cancel->Check());
  SOCHDB_TRY(CheckCatalog(&context_));
  const PlanNode& root = plan_->root();
  output_.Init(plan_->output_types());
  const bool writes = plan_->is_write();
  if (writes && !plan_->foreign_keys().empty()) {
    foreign_keys_ = std::make_unique<ForeignKeys>(&context_);
    context_.foreign_keys = foreign_keys_.get();
  }
  if (plan_->analyzes()) {
    profile_ = std::make_unique<PlanProfile>(context_.engine == nullptr ? nullptr : context_.engine->env());
    context_.profile = profile_.get();
    if (writes) profile_->Add();
  }
  if (writes) write_ = MakeWriteOperator(root, &context_);
  SOCHDB_ASSIGN(top, MakeOperator(writes ? *static_cast<const WriteNode&>(root).child : root, &context_));
  root_ = std::move(top);
  return writes ? write_->MakeInputs() : Status();
}

Status Execution::Next(uint32_t want, Batch* out) {
  out->Clear();
  if (profile_ != nullptr) return NextProfile(out);
  if (write_ == nullptr) return NextRead(std::clamp(want, 1u, kBatchRows), out);
  if (!started_) {
    started_ = true;
    SOCHDB_TRY(RunWrite());
  }
  return NextReturned(out);
}

Status Execution::RunWrite() {
  const uint32_t at_once = TakesBulk(plan_->root()) ? kBatchRows : 1;
  while (parameters_.rows_left() > 0) {
    SOCHDB_TRY(parameters_.Read(at_once, &context_.parameters));
    ++context_.parameters_read;
    SOCHDB_TRY(write_->Run(root_.get()));
  }
  if (context_.numbered != nullptr) SOCHDB_TRY(context_.identities->EndStatement(&context_));
  if (foreign_keys_ != nullptr) SOCHDB_TRY(foreign_keys_->EndStatement());
  rows_affected_ = write_->rows_affected();
  if (context_.identities != nullptr) context_.identities->Wrote(rows_affected_, context_.inserted_key);
  return {};
}

// Runs to the end. The rows are read and thrown away.
Status Execution::Analyze() {
  const uint64_t start = profile_->Now();
  OperatorProfile whole;
  whole.loops = 1;
  if (write_ != nullptr) {
    SOCHDB_TRY(RunWrite());
    whole.rows = rows_affected_;
  }
  Batch batch;
  while (write_ == nullptr && parameters_.rows_left() > 0) {
    SOCHDB_TRY(parameters_.Read(1, &context_.parameters));
    ++context_.parameters_read;
    SOCHDB_TRY(root_->Open());
    do {
      SOCHDB_TRY(root_->Next(kBatchRows, &batch));
      whole.rows += batch.count();
    } while (batch.count() > 0);
  }
  whole.nanos = profile_->Now() - start;
  // A write is no operator that anyone pulls.
  if (write_ != nullptr) *profile_->first() = whole;
  *profile_->Add() = whole;
  return {};
}

Status Execution::NextProfile(Batch* out) {
  if (!started_) {
    started_ = true;
    SOCHDB_TRY(Analyze());
  }
  if (next_profile_ == profile_->size()) return {};
  SOCHDB_TRY(WriteProfile(*profile_, next_profile_, &output_, out));
  next_profile_ += out->count();
  return {};
}

Status Execution::NextReturned(Batch* out) {
  const Spool& results = write_->returning().results();
  if (next_chunk_ < results.chunks()) results.ExposeChunk(next_chunk_++, out);
  return {};
}

Status Execution::NextRead(uint32_t want, Batch* out) {
  Batch batch;
  for (;;) {
    if (!opened_) {
      if (parameters_.rows_left() == 0) return {};
      SOCHDB_TRY(parameters_.Read(1, &context_.parameters));
      ++context_.parameters_read;
      SOCHDB_TRY(root_->Open());
      opened_ = true;
    }
    SOCHDB_TRY(root_->Next(want, &batch));
    if (batch.count() > 0) return MakeDense(batch, out);
    opened_ = false;
  }
}

Status Execution::MakeDense(const Batch& in, Batch* out) {
  const auto& types = plan_->output_types();
  out->columns.resize(types.size());
  out->SetDense(in.count());
  picked_.resize(in.count());
  for (uint32_t i = 0; i < in.count(); ++i) picked_[i] = in.selection[i];
  for (size_t c = 0; c < types.size(); ++c) {
    const ColumnVector& column = *in.columns[c];
    if (in.selection.rows == nullptr && !column.constant() && column.type() == types[c]) {
      out->columns[c] = &column;
      continue;
    }
    SOCHDB_TRY(GatherRows(column, picked_, &output_.column(c)));
    out->columns[c] = &output_.column(c);
  }
  return {};
}

}  // namespace sochdb
