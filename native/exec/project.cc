// kProject: computes expressions over the rows of its child.

#include "exec/eval.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class Project : public Operator {
 public:
  Project(const ProjectNode& node, ExecContext* context, OperatorPtr child)
      : node_(node), evaluator_(context), child_(std::move(child)) {}

  Status Open() override {
    evaluator_.Restart();
    return child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    SOCHDB_TRY(child_->Next(want, &input_));
    // At the end there are no columns either: a limit of zero never opens what would fill them.
    if (input_.count() == 0) {
      out->Clear();
      return {};
    }
    evaluator_.BeginBatch();
    out->columns.resize(node_.exprs.size());
    out->rows = input_.rows;
    out->selection = input_.selection;
    for (size_t i = 0; i < node_.exprs.size(); ++i) {
      SOCHDB_TRY(evaluator_.Eval(*node_.exprs[i], input_, input_.selection, &out->columns[i]));
    }
    return {};
  }

 private:
  const ProjectNode& node_;
  Evaluator evaluator_;
  OperatorPtr child_;
  Batch input_;
};

}  // namespace

OperatorPtr MakeProject(const ProjectNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Project>(node, context, std::move(child));
}

}  // namespace sochdb
