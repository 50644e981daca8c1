// kLimit: the rows after an offset, up to a limit.

#include "exec/limit.h"

#include <algorithm>

#include "exec/operator.h"

namespace sochdb {
namespace {

Status EvalCount(const Expr* expr, Evaluator* evaluator, uint64_t otherwise, uint64_t* out) {
  *out = otherwise;
  if (expr == nullptr) return {};
  Value value;
  SOCHDB_TRY(evaluator->EvalConstant(*expr, &value));
  if (!value.is_null() && value.i64 >= 0) *out = static_cast<uint64_t>(value.i64);
  return {};
}

class Limit : public Operator {
 public:
  Limit(const LimitNode& node, ExecContext* context, OperatorPtr child)
      : node_(node), evaluator_(context), child_(std::move(child)) {}

  Status Open() override {
    evaluator_.Restart();
    SOCHDB_TRY(EvalLimits(node_.limit, node_.offset, &evaluator_, &left_, &skip_));
    return left_ == 0 ? Status() : child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (left_ == 0) return {};
    for (;;) {
      const uint64_t useful = skip_ + std::min(left_, kNoLimit - skip_);
      const uint64_t ask = skip_ > 0 ? useful : std::min<uint64_t>(useful, want);
      SOCHDB_TRY(child_->Next(static_cast<uint32_t>(std::min<uint64_t>(ask, kBatchRows)), out));
      const uint32_t n = out->count();
      if (n == 0) return {};
      if (skip_ >= n) {
        skip_ -= n;
        continue;
      }
      const auto from = static_cast<uint32_t>(skip_);
      const auto keep = static_cast<uint32_t>(std::min<uint64_t>(left_, n - from));
      skip_ = 0;
      left_ -= left_ == kNoLimit ? 0 : keep;
      Narrow(from, keep, out);
      return {};
    }
  }

 private:
  void Narrow(uint32_t from, uint32_t keep, Batch* out) {
    if (out->selection.rows != nullptr) {
      out->selection = {out->selection.rows + from, keep};
    } else if (from == 0) {
      out->selection.count = keep;
    } else {
      rows_.resize(keep);
      for (uint32_t i = 0; i < keep; ++i) rows_[i] = static_cast<uint16_t>(from + i);
      out->selection = {rows_.data(), keep};
    }
  }

  const LimitNode& node_;
  Evaluator evaluator_;
  OperatorPtr child_;
  uint64_t left_ = 0;
  uint64_t skip_ = 0;
  std::vector<uint16_t> rows_;
};

}  // namespace

Status EvalLimits(const Expr* limit, const Expr* offset, Evaluator* evaluator, uint64_t* limit_rows, uint64_t* offset_rows) {
  SOCHDB_TRY(EvalCount(limit, evaluator, kNoLimit, limit_rows));
  return EvalCount(offset, evaluator, 0, offset_rows);
}

OperatorPtr MakeLimit(const LimitNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Limit>(node, context, std::move(child));
}

}  // namespace sochdb
