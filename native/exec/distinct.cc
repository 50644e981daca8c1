// kDistinct: the first of every set of equal rows.

#include "exec/hash_table.h"
#include "exec/operator.h"
#include "exec/row_key.h"

namespace sochdb {
namespace {

class Distinct : public Operator {
 public:
  Distinct(ExecContext* context, OperatorPtr child)
      : context_(context), child_(std::move(child)), seen_(&context->memory, context->hash_seed) {}

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
      for (uint32_t i = 0; i < out->count(); ++i) {
        const uint32_t r = out->selection[i];
        key_.clear();
        SOCHDB_TRY(AppendRowKey(out->columns, r, &key_));
        uint32_t id = 0;
        bool inserted = false;
        SOCHDB_TRY(seen_.FindOrInsert(key_.view(), &id, &inserted));
        if (inserted) rows_.push_back(static_cast<uint16_t>(r));
      }
      if (rows_.empty()) continue;
      out->selection = {rows_.data(), static_cast<uint32_t>(rows_.size())};
      return {};
    }
  }

 private:
  ExecContext* context_;
  OperatorPtr child_;
  ByteTable seen_;
  KeyBuffer key_;
  std::vector<uint16_t> rows_;
};

}  // namespace

OperatorPtr MakeDistinct(const DistinctNode&, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Distinct>(context, std::move(child));
}

}  // namespace sochdb
