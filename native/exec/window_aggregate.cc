// Aggregates over frames. Frames that start with their partition are one running state. For others, integers that can be
// counted and added exactly have running totals, whose differences are the frames'; everything that can be merged has a tree of
// merged cells, a frame being a few of its nodes; text is put together anew for each frame, as long as it is.

#include <algorithm>
#include <vector>

#include "exec/aggregate_cells.h"
#include "exec/aggregate_state.h"
#include "exec/window_functions.h"

namespace sochdb {
namespace {

class Aggregating : public WindowFunction {
 public:
  explicit Aggregating(const WindowSetup& setup)
      : setup_(setup),
        fn_(setup.fn->aggregate),
        rows_(*setup.rows),
        frames_(*setup.node, setup.fn->frame, setup.range_key, setup.rows) {}

  Status Open(Evaluator* evaluator) override { return frames_.Open(evaluator); }

  Status BeginPartition(const WindowPartition& partition) override {
    partition_ = partition;
    frames_.BeginPartition(partition);
    last_column_row_ = kNoRow;
    return Start();
  }

  Status Compute(uint32_t row, uint32_t r, size_t column, BatchStorage* out) override {
    FrameRows frame;
    frames_.Find(row, &frame);
    // Peers mostly have one frame: what was found for the row before is copied, its bytes shared.
    if (r > 0 && last_column_row_ == r - 1 && frame == last_) {
      ColumnVector& to = out->column(column);
      to.Set(r, to.Get(r - 1));
    } else {
      SOCHDB_TRY(Over(frame, r, column, out));
    }
    last_ = frame;
    last_column_row_ = r;
    return {};
  }

 protected:
  virtual Status Start() = 0;
  virtual Status Over(const FrameRows& frame, uint32_t r, size_t column, BatchStorage* out) = 0;

  // Whether the row counts and its argument is no NULL.
  [[nodiscard]] bool Counts(uint32_t row) const {
    const WindowColumns& c = setup_.columns;
    if (c.filter != kNoValue) {
      const Value holds = rows_.Get(row, c.filter);
      if (holds.is_null() || holds.i64 == 0) return false;
    }
    return c.args[0] == kNoValue || !rows_.IsNull(row, c.args[0]);
  }

  WindowSetup setup_;
  const AggregateNode::Function& fn_;
  const WindowRows& rows_;
  FrameFinder frames_;
  WindowPartition partition_;

 private:
  FrameRows last_;
  uint32_t last_column_row_ = kNoRow;
};

// An aggregation of one group: running, or begun anew for each frame.
class StateAggregating : public Aggregating {
 public:
  explicit StateAggregating(const WindowSetup& setup)
      : Aggregating(setup), running_(frames_.starts_with_partition()), state_(MakeAggregateState(fn_, setup.context)) {}

 private:
  Status Start() override {
    state_->Clear();
    next_ = partition_.begin;
    return state_->Resize(1);
  }

  Status Over(const FrameRows& frame, uint32_t r, size_t column, BatchStorage* out) override {
    if (!running_) state_->Clear();
    for (uint32_t i = 0; i < frame.count; ++i) {
      const FrameRows::Run& run = frame.runs[i];
      SOCHDB_TRY(Add(running_ ? std::max(next_, run.begin) : run.begin, run.end));
      next_ = std::max(next_, run.end);
    }
    return state_->Finish(0, r, column, out);
  }

  Status Add(uint32_t begin, uint32_t end) {
    while (begin < end) {
      const uint32_t chunk = begin / kBatchRows;
      const uint32_t stop = std::min(end, (chunk + 1) * kBatchRows);
      SOCHDB_TRY(setup_.context->Tick(stop - begin));
      picked_.clear();
      const WindowColumns& c = setup_.columns;
      for (uint32_t row = begin; row < stop; ++row) {
        if (c.filter != kNoValue) {
          const Value holds = rows_.Get(row, c.filter);
          if (holds.is_null() || holds.i64 == 0) continue;
        }
        picked_.push_back(static_cast<uint16_t>(row % kBatchRows));
      }
      AggregateArguments arguments;
      if (c.args[0] != kNoValue) arguments.first = &rows_.values.column(begin, c.args[0]);
      if (c.args[1] != kNoValue) arguments.second = &rows_.values.column(begin, c.args[1]);
      SOCHDB_TRY(state_->Add({picked_.data(), static_cast<uint32_t>(picked_.size())}, nullptr, arguments));
      begin = stop;
    }
    return {};
  }

  bool running_;
  std::unique_ptr<AggregateState> state_;
  std::vector<uint16_t> picked_;
  uint32_t next_ = 0;
};

// COUNT, and SUM, AVG and TOTAL of integers: cells of the rows before each row, exact, so that they can be subtracted.
template <typename Cell>
class TotalsAggregating : public Aggregating {
 public:
  explicit TotalsAggregating(const WindowSetup& setup)
      : Aggregating(setup), context_{fn_.fn, fn_.type, &setup.context->memory, false, &charged_} {}
  ~TotalsAggregating() override { context_.memory->Release(charged_); }

 private:
  Status Start() override {
    const size_t n = partition_.end - partition_.begin + 1;
    if (n > totals_.capacity()) {
      const uint64_t charge = (n - totals_.capacity()) * sizeof(Cell);
      if (!context_.memory->Charge(charge)) return context_.memory->LimitError();
      charged_ += charge;
      totals_.reserve(n);
    }
    totals_.assign(1, Cell());
    const size_t argument = setup_.columns.args[0];
    for (uint32_t row = partition_.begin; row < partition_.end; ++row) {
      if (row % kBatchRows == 0) SOCHDB_TRY(setup_.context->Tick(kBatchRows));
      Cell cell = totals_.back();
      if (Counts(row)) {
        if constexpr (std::is_same_v<Cell, CountCell>) ++cell.count;
        else cell.AddValue(rows_.values.At<int64_t>(row, argument));
      }
      totals_.push_back(cell);
    }
    return {};
  }

  Status Over(const FrameRows& frame, uint32_t r, size_t column, BatchStorage* out) override {
    Cell cell;
    for (uint32_t i = 0; i < frame.count; ++i) {
      const Cell& before = totals_[frame.runs[i].begin - partition_.begin];
      const Cell& after = totals_[frame.runs[i].end - partition_.begin];
      cell.count += after.count - before.count;
      if constexpr (std::is_same_v<Cell, IntegerSumCell>) cell.sum += after.sum - before.sum;
    }
    Value value;
    SOCHDB_TRY(cell.Result(context_, &value, nullptr));
    out->column(column).Set(r, value);
    return {};
  }

  CellContext context_;
  std::vector<Cell> totals_;
  uint64_t charged_ = 0;
};

// A complete binary tree over the rows of the partition: node i is merged of 2i and 2i + 1, leaves are the rows.
template <typename Cell>
class TreeAggregating : public Aggregating {
 public:
  explicit TreeAggregating(const WindowSetup& setup)
      : Aggregating(setup), context_{fn_.fn, fn_.type, &setup.context->memory, false, &charged_} {}
  ~TreeAggregating() override { context_.memory->Release(charged_); }

 private:
  Status Start() override {
    leaves_ = 1;
    while (leaves_ < partition_.end - partition_.begin) leaves_ *= 2;
    const size_t n = size_t{2} * leaves_;
    if (n > nodes_.capacity()) {
      const uint64_t charge = (n - nodes_.capacity()) * sizeof(Cell);
      if (!context_.memory->Charge(charge)) return context_.memory->LimitError();
      charged_ += charge;
      nodes_.reserve(n);
    }
    nodes_.clear();
    nodes_.resize(n);
    const size_t argument = setup_.columns.args[0];
    for (uint32_t row = partition_.begin; row < partition_.end; ++row) {
      if (!Counts(row)) continue;
      Cell& leaf = nodes_[leaves_ + row - partition_.begin];
      if constexpr (Cell::kPlain) leaf.Add(rows_.values.column(row, argument), row % kBatchRows);
      else SOCHDB_TRY(leaf.Add(context_, rows_.values.column(row, argument), row % kBatchRows));
    }
    for (size_t i = leaves_ - 1; i > 0; --i) {
      if (i % kBatchRows == 0) SOCHDB_TRY(setup_.context->Tick(kBatchRows));
      nodes_[i] = nodes_[2 * i];
      SOCHDB_TRY(Merge(&nodes_[i], nodes_[2 * i + 1]));
    }
    return {};
  }

  Status Merge(Cell* into, const Cell& from) {
    if constexpr (Cell::kPlain) {
      into->Merge(from);
      return {};
    } else {
      return into->Merge(context_, from);
    }
  }

  // The nodes that make up the run, from left to right, since sums of reals and the first value depend on it.
  Status AddRun(const FrameRows::Run& run, Cell* cell) {
    size_t left = leaves_ + run.begin - partition_.begin;
    size_t right = leaves_ + run.end - partition_.begin;
    behind_.clear();
    while (left < right) {
      if (left % 2 == 1) SOCHDB_TRY(Merge(cell, nodes_[left++]));
      if (right % 2 == 1) behind_.push_back(--right);
      left /= 2;
      right /= 2;
    }
    for (size_t i = behind_.size(); i-- > 0;) SOCHDB_TRY(Merge(cell, nodes_[behind_[i]]));
    return {};
  }

  Status Over(const FrameRows& frame, uint32_t r, size_t column, BatchStorage* out) override {
    Cell cell;
    for (uint32_t i = 0; i < frame.count; ++i) SOCHDB_TRY(AddRun(frame.runs[i], &cell));
    Value value;
    std::string bytes;
    SOCHDB_TRY(cell.Result(context_, &value, &bytes));
    return out->Set(column, r, value);
  }

  CellContext context_;
  std::vector<Cell> nodes_;
  std::vector<size_t> behind_;
  size_t leaves_ = 1;
  uint64_t charged_ = 0;
};

}  // namespace

std::unique_ptr<WindowFunction> MakeAggregating(const WindowSetup& setup) {
  const AggregateNode::Function& fn = setup.fn->aggregate;
  const WindowNode::Frame& frame = setup.fn->frame;
  std::unique_ptr<WindowFunction> function;
  if (frame.start.kind != FrameBound::kUnboundedPreceding || frame.exclude != FrameExclude::kNone) {
    WithCell(fn.fn, fn.arg == nullptr ? ColumnType::kNull : fn.arg->type, [&]<typename Cell>(Cell) {
      if constexpr (std::is_same_v<Cell, CountCell> || std::is_same_v<Cell, IntegerSumCell>) {
        function = std::make_unique<TotalsAggregating<Cell>>(setup);
      } else {
        function = std::make_unique<TreeAggregating<Cell>>(setup);
      }
    });
  }
  return function != nullptr ? std::move(function) : std::make_unique<StateAggregating>(setup);
}

}  // namespace sochdb
