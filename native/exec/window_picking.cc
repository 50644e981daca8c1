// LAG and LEAD, FIRST_VALUE, LAST_VALUE, NTH_VALUE: the value of another row of the partition, or of the frame.

#include <algorithm>

#include "exec/window_functions.h"

namespace sochdb {
namespace {

class Picking : public WindowFunction {
 public:
  explicit Picking(const WindowSetup& setup)
      : fn_(*setup.fn),
        columns_(setup.columns),
        rows_(*setup.rows),
        frames_(*setup.node, setup.fn->frame, setup.range_key, setup.rows),
        present_(&setup.context->memory) {}

  Status Open(Evaluator* evaluator) override { return frames_.Open(evaluator); }

  Status BeginPartition(const WindowPartition& partition) override {
    partition_ = partition;
    frames_.BeginPartition(partition);
    present_.Clear();
    if (!fn_.ignore_nulls) return {};
    SOCHDB_TRY(present_.Reserve(partition.end - partition.begin));
    for (uint32_t row = partition.begin; row < partition.end; ++row)
      if (!rows_.IsNull(row, columns_.args[0])) present_.Push(row);
    return {};
  }

  Status Compute(uint32_t row, uint32_t r, size_t column, BatchStorage* out) override {
    ColumnVector& to = out->column(column);
    if (fn_.fn == WindowFn::kLag || fn_.fn == WindowFn::kLead) {
      to.Set(r, Shifted(row));
      return {};
    }
    int64_t number = 1;
    if (fn_.fn == WindowFn::kNthValue) {
      const Value given = rows_.Get(row, columns_.args[1]);
      if (!given.is_null() && given.i64 < 1) return {Code::kInvalidArgument, "nth_value() counts from 1."};
      number = given.is_null() ? 0 : given.i64;
    }
    FrameRows frame;
    frames_.Find(row, &frame);
    const uint32_t found = number == 0 ? kNoRow : Nth(frame, static_cast<uint64_t>(number - 1));
    to.Set(r, found == kNoRow ? Value() : rows_.Get(found, columns_.args[0]));
    return {};
  }

 private:
  // How many rows of the frame's run count, and the i-th of them.
  [[nodiscard]] uint32_t CountIn(const FrameRows::Run& run) const {
    return fn_.ignore_nulls ? present_.Rank(run.end) - present_.Rank(run.begin) : run.end - run.begin;
  }
  [[nodiscard]] uint32_t In(const FrameRows::Run& run, uint32_t i) const {
    return fn_.ignore_nulls ? present_[present_.Rank(run.begin) + i] : run.begin + i;
  }

  // From the front, or the last.
  [[nodiscard]] uint32_t Nth(const FrameRows& frame, uint64_t place) const {
    if (fn_.fn == WindowFn::kLastValue) {
      for (uint32_t i = frame.count; i-- > 0;)
        if (const uint32_t count = CountIn(frame.runs[i]); count > 0) return In(frame.runs[i], count - 1);
      return kNoRow;
    }
    for (uint32_t i = 0; i < frame.count; ++i) {
      const uint32_t count = CountIn(frame.runs[i]);
      if (place < count) return In(frame.runs[i], static_cast<uint32_t>(place));
      place -= count;
    }
    return kNoRow;
  }

  [[nodiscard]] Value Shifted(uint32_t row) const {
    int64_t by = 1;
    if (fn_.args.size() > 1) {
      const Value given = rows_.Get(row, columns_.args[1]);
      if (given.is_null()) return {};
      by = given.i64;
    }
    const uint32_t found = Target(row, by);
    if (found != kNoRow) return rows_.Get(found, columns_.args[0]);
    return fn_.args.size() > 2 ? rows_.Get(row, columns_.args[2]) : Value();
  }

  // The row so many before (LAG) or behind, of those that count.
  [[nodiscard]] uint32_t Target(uint32_t row, int64_t by) const {
    if (by == 0) return row;
    __extension__ using Wide = __int128;
    const Wide step = fn_.fn == WindowFn::kLag ? -Wide{by} : Wide{by};
    if (!fn_.ignore_nulls) {
      const Wide at = step + row;
      return at < partition_.begin || at >= partition_.end ? kNoRow : static_cast<uint32_t>(at);
    }
    const Wide at = step < 0 ? step + present_.Rank(row) : step - 1 + present_.Rank(row + 1);
    return at < 0 || at >= present_.size() ? kNoRow : present_[static_cast<size_t>(at)];
  }

  const WindowNode::Function& fn_;
  WindowColumns columns_;
  const WindowRows& rows_;
  FrameFinder frames_;
  WindowPartition partition_;
  RowNumbers present_;  // with IGNORE NULLS: the rows whose value is none
};

}  // namespace

std::unique_ptr<WindowFunction> MakePicking(const WindowSetup& setup) { return std::make_unique<Picking>(setup); }

}  // namespace sochdb
