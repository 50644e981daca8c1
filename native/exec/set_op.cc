// kSetOp: INTERSECT and EXCEPT. The right side is hashed, the left side streams past it.

#include "exec/conform.h"
#include "exec/operator.h"
#include "exec/row_table.h"

namespace sochdb {
namespace {

class SetOp : public Operator {
 public:
  SetOp(const SetOpNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right)
      : node_(node),
        context_(context),
        left_(std::move(left)),
        right_(std::move(right)),
        conformer_(node.columns, &context->memory),
        table_(node.columns, &context->memory, context->hash_seed) {}
  ~SetOp() override { context_->memory.Release(charged_); }

  Status Open() override {
    table_.Clear();
    left_over_.clear();
    context_->memory.Release(charged_);
    charged_ = 0;
    SOCHDB_TRY(right_->Open());
    SOCHDB_TRY(ReadRight());
    // Nothing is in both where one side is empty.
    done_ = node_.kind == SetOpKind::kIntersect && table_.size() == 0;
    return done_ ? Status() : left_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    while (!done_) {
      SOCHDB_TRY(left_->Next(want, out));
      if (out->count() == 0) return {};
      SOCHDB_TRY(context_->Tick(out->count()));
      SOCHDB_TRY(conformer_.Conform(out));
      rows_.clear();
      SOCHDB_TRY(Decide(*out));
      if (rows_.empty()) continue;
      out->selection = {rows_.data(), static_cast<uint32_t>(rows_.size())};
      return {};
    }
    return {};
  }

 private:
  Status ReadRight() {
    Batch batch;
    for (;;) {
      SOCHDB_TRY(right_->Next(kBatchRows, &batch));
      if (batch.count() == 0) return {};
      SOCHDB_TRY(context_->Tick(batch.count()));
      SOCHDB_TRY(conformer_.Conform(&batch));
      fresh_.clear();
      SOCHDB_TRY(table_.FindOrInsert(batch.columns, batch.selection, ids_, &fresh_));
      for (uint32_t i = 0; i < batch.count(); ++i) {
        const bool inserted = ids_[i] == left_over_.size();
        if (inserted) SOCHDB_TRY(AddCount(0));
        if (node_.all || inserted) ++left_over_[ids_[i]];
      }
    }
  }

  Status AddCount(uint64_t count) {
    if (left_over_.size() == left_over_.capacity()) {
      const size_t capacity = left_over_.empty() ? kBatchRows : left_over_.size() * 2;
      const uint64_t charge = capacity * sizeof(uint64_t);
      if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
      context_->memory.Release(charged_);
      charged_ = charge;
      left_over_.reserve(capacity);
    }
    left_over_.push_back(count);
    return {};
  }

  // Adds the rows to yield to rows_.
  Status Decide(const Batch& batch) {
    const bool intersects = node_.kind == SetOpKind::kIntersect;
    // What EXCEPT yields is hashed like the right side, and will not come again.
    if (!intersects && !node_.all) return table_.FindOrInsert(batch.columns, batch.selection, ids_, &rows_);
    SOCHDB_TRY(table_.Find(batch.columns, batch.selection, ids_));
    for (uint32_t i = 0; i < batch.count(); ++i) {
      const uint32_t id = ids_[i];
      const bool matched = id != RowTable::kNone && left_over_[id] > 0;
      if (matched) --left_over_[id];
      if (matched == intersects) rows_.push_back(static_cast<uint16_t>(batch.selection[i]));
    }
    return {};
  }

  const SetOpNode& node_;
  ExecContext* context_;
  OperatorPtr left_;
  OperatorPtr right_;
  Conformer conformer_;
  RowTable table_;
  std::vector<uint64_t> left_over_;  // by right row: how many are yet unmatched; at most 1 unless `all`
  uint32_t ids_[kBatchRows];
  std::vector<uint16_t> fresh_;
  std::vector<uint16_t> rows_;
  uint64_t charged_ = 0;
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeSetOp(const SetOpNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right) {
  return std::make_unique<SetOp>(node, context, std::move(left), std::move(right));
}

}  // namespace sochdb
