// kFilter: narrows the selection.

#include <algorithm>

#include "exec/eval.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class Filter : public Operator {
 public:
  Filter(const FilterNode& node, ExecContext* context, OperatorPtr child)
      : node_(node), context_(context), evaluator_(context), child_(std::move(child)) {}

  Status Open() override {
    evaluator_.Restart();
    return child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    // What is wanted may be all there is to read, or a small part of it: ask for more each time.
    for (uint32_t ask = want;; ask = std::min(ask * 2, kBatchRows)) {
      SOCHDB_TRY(child_->Next(ask, out));
      if (out->count() == 0) return {};
      SOCHDB_TRY(context_->Tick(out->count()));
      evaluator_.BeginBatch();
      rows_.clear();
      SOCHDB_TRY(evaluator_.EvalPredicate(*node_.predicate, *out, out->selection, &rows_));
      if (rows_.empty()) continue;
      out->selection = {rows_.data(), static_cast<uint32_t>(rows_.size())};
      return {};
    }
  }

 private:
  const FilterNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr child_;
  std::vector<uint16_t> rows_;
};

}  // namespace

OperatorPtr MakeFilter(const FilterNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Filter>(node, context, std::move(child));
}

}  // namespace sochdb
