// kTableFunction: the rows of a function.

#include "exec/table_function.h"

#include "exec/eval.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class TableFunctionScan : public Operator {
 public:
  TableFunctionScan(const TableFunctionNode& node, ExecContext* context)
      : node_(node),
        context_(context),
        evaluator_(context),
        function_(node.function->make(context)),
        args_(node.args.size()),
        storage_(&context->memory) {
    storage_.Init(node.columns);
  }

  Status Open() override {
    evaluator_.Restart();
    for (size_t i = 0; i < args_.size(); ++i) SOCHDB_TRY(evaluator_.EvalConstant(*node_.args[i], &args_[i]));
    done_ = false;
    return function_->Open(args_);
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (done_) return {};
    uint32_t rows = 0;
    SOCHDB_TRY(storage_.Reset(want));
    SOCHDB_TRY(function_->Next(want, &storage_, &rows));
    done_ = rows == 0;
    SOCHDB_TRY(context_->Tick(rows));
    storage_.Expose(rows, out);
    return {};
  }

 private:
  const TableFunctionNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  std::unique_ptr<TableFunction> function_;
  std::vector<Value> args_;
  BatchStorage storage_;
  bool done_ = false;
};

}  // namespace

const TableFunctionInfo* FindTableFunction(int32_t number) {
  static constexpr const TableFunctionInfo* kAll[] = {&kGenerateSeries, &kJsonEach, &kJsonTree, &kKvRows, &kUnnest};
  for (const TableFunctionInfo* info : kAll)
    if (info->number == number) return info;
  return nullptr;
}

OperatorPtr MakeTableFunction(const TableFunctionNode& node, ExecContext* context) {
  return std::make_unique<TableFunctionScan>(node, context);
}

}  // namespace sochdb
