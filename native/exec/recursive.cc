// kRecursive: rounds of rows, each made of the round before.

#include "exec/conform.h"
#include "exec/operator.h"
#include "exec/row_table.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

class Recursive : public Operator {
 public:
  Recursive(const RecursiveNode& node, ExecContext* context, OperatorPtr anchor, OperatorPtr step)
      : node_(node),
        context_(context),
        anchor_(std::move(anchor)),
        step_(std::move(step)),
        conformer_(node.columns, &context->memory),
        round_(node.columns, &context->memory),
        next_round_(node.columns, &context->memory),
        seen_(node.columns, &context->memory, context->hash_seed) {}

  Status Open() override {
    round_.Clear();
    next_round_.Clear();
    seen_.Clear();
    from_ = anchor_.get();
    context_->working_tables[node_.table] = &round_;
    return anchor_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    for (;;) {
      SOCHDB_TRY(from_->Next(want, out));
      if (out->count() == 0) {
        if (next_round_.rows() == 0) return {};
        SOCHDB_TRY(BeginRound());
        continue;
      }
      SOCHDB_TRY(context_->Tick(out->count()));
      SOCHDB_TRY(conformer_.Conform(out));
      if (node_.distinct) SOCHDB_TRY(KeepNew(out));
      if (out->count() == 0) continue;
      return next_round_.Append(*out);
    }
  }

 private:
  Status BeginRound() {
    SOCHDB_TRY(context_->Tick());
    std::swap(round_, next_round_);
    next_round_.Clear();
    from_ = step_.get();
    return step_->Open();
  }

  Status KeepNew(Batch* out) {
    rows_.clear();
    SOCHDB_TRY(seen_.FindOrInsert(out->columns, out->selection, ids_, &rows_));
    out->selection = {rows_.data(), static_cast<uint32_t>(rows_.size())};
    return {};
  }

  const RecursiveNode& node_;
  ExecContext* context_;
  OperatorPtr anchor_;
  OperatorPtr step_;
  Conformer conformer_;
  Spool round_;  // what the step reads
  Spool next_round_;
  RowTable seen_;
  Operator* from_ = nullptr;
  uint32_t ids_[kBatchRows];
  std::vector<uint16_t> rows_;
};

}  // namespace

OperatorPtr MakeRecursive(const RecursiveNode& node, ExecContext* context, OperatorPtr anchor, OperatorPtr step) {
  return std::make_unique<Recursive>(node, context, std::move(anchor), std::move(step));
}

}  // namespace sochdb
