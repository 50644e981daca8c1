// kValues: rows of expressions. In a bulk execution, its one row once per parameter row.

#include <algorithm>

#include "exec/eval.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class Values : public Operator {
 public:
  Values(const ValuesNode& node, ExecContext* context)
      : node_(node), context_(context), evaluator_(context), storage_(&context->memory) {
    storage_.Init(node.columns);
  }

  Status Open() override {
    next_ = 0;
    evaluator_.Restart();
    return {};
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (next_ >= node_.rows) return {};
    return context_->bulk() ? NextBulk(out) : NextRows(want, out);
  }

 private:
  Status NextRows(uint32_t want, Batch* out) {
    const uint32_t n = std::min(want, node_.rows - next_);
    const size_t width = node_.columns.size();
    SOCHDB_TRY(storage_.Reset(n));
    SOCHDB_TRY(context_->Tick(n));
    for (uint32_t r = 0; r < n; ++r) {
      for (size_t c = 0; c < width; ++c) {
        Value value;
        SOCHDB_TRY(evaluator_.EvalConstant(*node_.exprs[size_t{next_ + r} * width + c], &value));
        SOCHDB_TRY(storage_.Set(c, r, value));
      }
    }
    evaluator_.BeginBatch();
    next_ += n;
    storage_.Expose(n, out);
    return {};
  }

  // REQUIRES: one row (the executor sees to it).
  Status NextBulk(Batch* out) {
    next_ = node_.rows;
    evaluator_.BeginBatch();
    input_.SetDense(context_->parameters.rows);
    SOCHDB_TRY(context_->Tick(input_.rows));
    out->columns.resize(node_.exprs.size());
    for (size_t i = 0; i < node_.exprs.size(); ++i) {
      SOCHDB_TRY(evaluator_.Eval(*node_.exprs[i], input_, input_.selection, &out->columns[i]));
    }
    out->SetDense(input_.rows);
    return {};
  }

  const ValuesNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  BatchStorage storage_;
  Batch input_;
  uint32_t next_ = 0;
};

}  // namespace

OperatorPtr MakeValues(const ValuesNode& node, ExecContext* context) { return std::make_unique<Values>(node, context); }

}  // namespace sochdb
