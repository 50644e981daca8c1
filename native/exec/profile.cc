#include "exec/profile.h"

#include <algorithm>

namespace sochdb {
namespace {

class MeasuredOperator : public Operator {
 public:
  MeasuredOperator(OperatorPtr op, const PlanProfile* profile, OperatorProfile* counts)
      : op_(std::move(op)), profile_(profile), counts_(counts) {}

  Status Open() override {
    ++counts_->loops;
    const uint64_t start = profile_->Now();
    Status status = op_->Open();
    counts_->nanos += profile_->Now() - start;
    return status;
  }

  Status Next(uint32_t want, Batch* out) override {
    const uint64_t start = profile_->Now();
    Status status = op_->Next(want, out);
    counts_->nanos += profile_->Now() - start;
    if (status.ok()) counts_->rows += out->count();
    return status;
  }

 private:
  OperatorPtr op_;
  const PlanProfile* profile_;
  OperatorProfile* counts_;
};

}  // namespace

OperatorPtr Measured(OperatorPtr op, const PlanProfile* profile, OperatorProfile* counts) {
  return std::make_unique<MeasuredOperator>(std::move(op), profile, counts);
}

const std::vector<ColumnType>& ProfileTypes() {
  static const std::vector<ColumnType> types(3, ColumnType::kInteger);
  return types;
}

Status WriteProfile(const PlanProfile& profile, size_t first, BatchStorage* storage, Batch* out) {
  const auto rows = static_cast<uint32_t>(std::min<size_t>(profile.size() - first, kBatchRows));
  SOCHDB_TRY(storage->Reset(rows));
  for (uint32_t r = 0; r < rows; ++r) {
    const OperatorProfile& counts = profile.at(first + r);
    storage->column(0).Set(r, Value::Integer(static_cast<int64_t>(counts.rows)));
    storage->column(1).Set(r, Value::Integer(static_cast<int64_t>(counts.loops)));
    storage->column(2).Set(r, Value::Integer(static_cast<int64_t>(counts.nanos)));
  }
  storage->Expose(rows, out);
  return {};
}

}  // namespace sochdb
