// MEDIAN: keeps the numbers of each group, and finds the middle of them at the end.

#include <algorithm>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/coerce.h"

namespace sochdb {
namespace {

class MedianState : public AggregateState {
 public:
  explicit MedianState(ExecContext* context) : context_(context) {}
  ~MedianState() override { context_->memory.Release(charged_); }

  Status Resize(uint32_t n) override {
    if (n <= groups_.size()) return {};
    SOCHDB_TRY(Charge((n - groups_.size()) * sizeof(groups_[0])));
    groups_.resize(n);
    return {};
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    const ColumnVector& column = *arguments.first;
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      if (column.IsNull(r)) continue;
      std::vector<double>& values = groups_[groups == nullptr ? 0 : groups[i]];
      if (values.size() == values.capacity()) {
        const size_t more = std::max<size_t>(values.capacity(), 4);
        SOCHDB_TRY(Charge(more * sizeof(double)));
        values.reserve(values.capacity() + more);
      }
      values.push_back(column.f64(r));
    }
    return {};
  }

  // A window asks again when it has added more: only the order of the values changes.
  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    std::vector<double>& values = groups_[group];
    if (values.empty()) return out->Set(column, r, Value::Null());
    SOCHDB_TRY(context_->Tick(static_cast<uint32_t>(std::min<size_t>(values.size(), UINT32_MAX))));
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    double median = *middle;
    if (values.size() % 2 == 0) {
      const double below = *std::max_element(values.begin(), middle);
      // No sum that is beyond the largest number, and none of infinities that are equal.
      median = below == median ? median : below / 2 + median / 2;
    }
    return out->Set(column, r, Value::Real(median));
  }

  void Clear() override {
    for (auto& values : groups_) std::vector<double>().swap(values);
    const uint64_t bare = groups_.size() * sizeof(groups_[0]);
    context_->memory.Release(charged_ - bare);
    charged_ = bare;
  }

 private:
  Status Charge(uint64_t bytes) {
    if (!context_->memory.Charge(bytes)) return context_->memory.LimitError();
    charged_ += bytes;
    return {};
  }

  ExecContext* context_;
  std::vector<std::vector<double>> groups_;
  uint64_t charged_ = 0;
};

}  // namespace

std::unique_ptr<AggregateState> MakeMedian(ExecContext* context) { return std::make_unique<MedianState>(context); }

}  // namespace sochdb
