// kDistinct: the first of every set of equal rows.

#include "exec/operator.h"
#include "exec/row_table.h"

namespace sochdb {
namespace {

class Distinct : public Operator {
 public:
  Distinct(const DistinctNode& node, ExecContext* context, OperatorPtr child)
      : context_(context), child_(std::move(child)), seen_(node.columns, &context->memory, context->hash_seed) {}

  Status Open() override {
    seen_.Clear();
    return child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    for (;;) {
      SOCHDB_TRY(child_->Next(want, out));
      if (out->count() == 0) return {};
      SOCHDB_TRY(context_->Tick(out->count()));
      rows_.clear();
      SOCHDB_TRY(seen_.FindOrInsert(out->columns, out->selection, ids_, &rows_));
      if (rows_.empty()) continue;
      out->selection = {rows_.data(), static_cast<uint32_t>(rows_.size())};
      return {};
    }
  }

 private:
  ExecContext* context_;
  OperatorPtr child_;
  RowTable seen_;
  uint32_t ids_[kBatchRows];
  std::vector<uint16_t> rows_;
};

}  // namespace

OperatorPtr MakeDistinct(const DistinctNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Distinct>(node, context, std::move(child));
}

}  // namespace sochdb
