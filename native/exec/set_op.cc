// kSetOp: INTERSECT and EXCEPT. The right side is hashed, the left side streams past it.

#include "exec/conform.h"
#include "exec/hash_table.h"
#include "exec/operator.h"
#include "exec/row_key.h"

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
        table_(&context->memory, context->hash_seed) {}
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
      for (uint32_t i = 0; i < out->count(); ++i) {
        const uint32_t r = out->selection[i];
        bool keep = false;
        SOCHDB_TRY(Decide(*out, r, &keep));
        if (keep) rows_.push_back(static_cast<uint16_t>(r));
      }
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
      for (uint32_t i = 0; i < batch.count(); ++i) {
        uint32_t id = 0;
        bool inserted = false;
        SOCHDB_TRY(Find(batch, batch.selection[i], &id, &inserted));
        if (inserted) SOCHDB_TRY(AddCount(0));
        if (node_.all || inserted) ++left_over_[id];
      }
    }
  }

  Status Find(const Batch& batch, uint32_t row, uint32_t* id, bool* inserted) {
    key_.clear();
    SOCHDB_TRY(AppendRowKey(batch.columns, row, &key_));
    return table_.FindOrInsert(key_.view(), id, inserted);
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

  Status Decide(const Batch& batch, uint32_t row, bool* keep) {
    key_.clear();
    SOCHDB_TRY(AppendRowKey(batch.columns, row, &key_));
    uint32_t id = table_.Find(key_.view());
    // What EXCEPT has added of the left side has no count.
    const bool matched = id < left_over_.size() && left_over_[id] > 0;
    if (node_.kind == SetOpKind::kIntersect) {
      *keep = matched;
      if (matched) --left_over_[id];
      return {};
    }
    if (node_.all) {
      *keep = !matched;
      if (matched) --left_over_[id];
      return {};
    }
    *keep = id == ByteTable::kNone;
    bool inserted = false;  // it will not come again
    if (*keep) SOCHDB_TRY(table_.FindOrInsert(key_.view(), &id, &inserted));
    return {};
  }

  const SetOpNode& node_;
  ExecContext* context_;
  OperatorPtr left_;
  OperatorPtr right_;
  Conformer conformer_;
  ByteTable table_;
  std::vector<uint64_t> left_over_;  // by right row: how many are yet unmatched; at most 1 unless `all`
  KeyBuffer key_;
  std::vector<uint16_t> rows_;
  uint64_t charged_ = 0;
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeSetOp(const SetOpNode& node, ExecContext* context, OperatorPtr left, OperatorPtr right) {
  return std::make_unique<SetOp>(node, context, std::move(left), std::move(right));
}

}  // namespace sochdb
