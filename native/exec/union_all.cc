// kUnionAll: the rows of its children, one child after the other. A child is opened when its turn comes: what stops early has
// not read the others.

#include "exec/conform.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class UnionAll : public Operator {
 public:
  UnionAll(const UnionAllNode& node, ExecContext* context, std::vector<OperatorPtr> children)
      : context_(context), children_(std::move(children)), conformer_(node.columns, &context->memory) {}

  Status Open() override {
    at_ = 0;
    return children_[0]->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    while (at_ < children_.size()) {
      SOCHDB_TRY(children_[at_]->Next(want, out));
      if (out->count() > 0) return conformer_.Conform(out);
      SOCHDB_TRY(context_->Tick());
      if (++at_ < children_.size()) SOCHDB_TRY(children_[at_]->Open());
    }
    return {};
  }

 private:
  ExecContext* context_;
  std::vector<OperatorPtr> children_;
  Conformer conformer_;
  size_t at_ = 0;
};

}  // namespace

OperatorPtr MakeUnionAll(const UnionAllNode& node, ExecContext* context, std::vector<OperatorPtr> children) {
  return std::make_unique<UnionAll>(node, context, std::move(children));
}

}  // namespace sochdb
