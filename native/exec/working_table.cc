// kWorkingTable: the rows of the round before, as the recursion around it keeps them.

#include <algorithm>

#include "exec/operator.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

class WorkingTable : public Operator {
 public:
  WorkingTable(const WorkingTableNode& node, ExecContext* context) : node_(node), context_(context) {}

  Status Open() override {
    rows_ = context_->working_tables[node_.table];
    next_ = 0;
    return {};
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    const uint32_t at = next_ % kBatchRows;
    const uint32_t n = std::min({want, rows_->rows() - next_, kBatchRows - at});
    if (n == 0) return {};
    SOCHDB_TRY(context_->Tick(n));
    rows_->ExposeChunk(next_ / kBatchRows, out);
    next_ += n;
    picked_.resize(n);
    for (uint32_t i = 0; i < n; ++i) picked_[i] = static_cast<uint16_t>(at + i);
    out->selection = {picked_.data(), n};
    return {};
  }

 private:
  const WorkingTableNode& node_;
  ExecContext* context_;
  const Spool* rows_ = nullptr;
  uint32_t next_ = 0;
  std::vector<uint16_t> picked_;
};

}  // namespace

OperatorPtr MakeWorkingTable(const WorkingTableNode& node, ExecContext* context) {
  return std::make_unique<WorkingTable>(node, context);
}

}  // namespace sochdb
