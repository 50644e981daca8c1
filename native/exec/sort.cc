// kSort: all rows, or the first of them, in the order of some expressions.
//
// Rows are spooled, their keys beside them (sort_keys.h). With a limit, no more than about twice the rows that can still be in
// the result are kept at a time, and a row that is behind them is not even copied. Equal rows keep their order.

#include <algorithm>

#include "exec/limit.h"
#include "exec/operator.h"
#include "exec/sort_keys.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

constexpr uint64_t kTopRowsMax = 1 << 20;  // beyond this, keeping only the top saves too little

std::vector<SortKeys::Key> KeysOf(const SortNode& node) {
  std::vector<SortKeys::Key> keys;
  for (const SortNode::Key& key : node.keys) keys.push_back({key.expr->type, key.descending, key.nulls_last});
  return keys;
}

class Sort : public Operator {
 public:
  Sort(const SortNode& node, ExecContext* context, OperatorPtr child)
      : node_(node),
        context_(context),
        evaluator_(context),
        child_(std::move(child)),
        rows_(node.columns, &context->memory),
        keys_(KeysOf(node), context),
        output_(&context->memory) {
    output_.Init(node.columns);
  }

  Status Open() override {
    evaluator_.Restart();
    rows_.Clear();
    keys_.Clear();
    order_.clear();
    sorted_ = false;
    next_ = 0;
    SOCHDB_TRY(EvalLimits(node_.limit, node_.offset, &evaluator_, &limit_, &offset_));
    top_ = limit_ == kNoLimit || offset_ > kNoLimit - limit_ ? kNoLimit : limit_ + offset_;
    return limit_ == 0 ? Status() : child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (limit_ == 0) return {};
    if (!sorted_) {
      SOCHDB_TRY(ReadAll());
      SOCHDB_TRY(keys_.Order(&order_));
      if (order_.size() > top_) order_.resize(top_);
      next_ = std::min<uint64_t>(offset_, order_.size());
      sorted_ = true;
    }
    const auto n = static_cast<uint32_t>(std::min<uint64_t>(want, order_.size() - next_));
    if (n == 0) return {};
    const std::span<const uint32_t> picked(order_.data() + next_, n);
    next_ += n;
    for (size_t c = 0; c < node_.columns.size(); ++c) SOCHDB_TRY(rows_.Gather(picked, c, &output_.column(c)));
    output_.Expose(n, out);
    return {};
  }

 private:
  Status ReadAll() {
    const bool prune = top_ <= kTopRowsMax;
    const uint64_t prune_at = prune ? top_ * 2 + kBatchRows : kNoLimit;
    Batch batch;
    for (;;) {
      SOCHDB_TRY(child_->Next(kBatchRows, &batch));
      if (batch.count() == 0) return {};
      SOCHDB_TRY(context_->Tick(batch.count()));
      SOCHDB_TRY(Keep(batch));
      if (rows_.rows() < prune_at) continue;
      SOCHDB_TRY(keys_.Prune(static_cast<uint32_t>(top_), &order_));
      SOCHDB_TRY(rows_.Keep(order_));
    }
  }

  Status Keep(Batch& batch) {
    evaluator_.BeginBatch();
    columns_.resize(node_.keys.size());
    for (size_t k = 0; k < columns_.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.keys[k].expr, batch, batch.selection, &columns_[k]));
    }
    batch.selection = keys_.NotBehind(columns_, batch.selection, &not_behind_);
    SOCHDB_TRY(keys_.Append(columns_, batch.selection));
    return rows_.Append(batch);
  }

  const SortNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr child_;
  Spool rows_;
  SortKeys keys_;
  BatchStorage output_;
  std::vector<const ColumnVector*> columns_;
  std::vector<uint16_t> not_behind_;
  std::vector<uint32_t> order_;
  uint64_t limit_ = 0;
  uint64_t offset_ = 0;
  uint64_t top_ = 0;
  uint64_t next_ = 0;
  bool sorted_ = false;
};

}  // namespace

OperatorPtr MakeSort(const SortNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Sort>(node, context, std::move(child));
}

}  // namespace sochdb
