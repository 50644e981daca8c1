// ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST, NTILE.

#include "exec/window_functions.h"

namespace sochdb {
namespace {

class Ranking : public WindowFunction {
 public:
  explicit Ranking(const WindowSetup& setup) : fn_(setup.fn->fn), argument_(setup.columns.args[0]), rows_(*setup.rows) {}

  Status BeginPartition(const WindowPartition& partition) override {
    partition_ = partition;
    if (fn_ != WindowFn::kNtile) return {};
    tiles_ = rows_.Get(partition.begin, argument_);
    if (!tiles_.is_null() && tiles_.i64 < 1) return {Code::kInvalidArgument, "ntile() takes a number of at least 1."};
    return {};
  }

  Status Compute(uint32_t row, uint32_t r, size_t column, BatchStorage* out) override {
    out->column(column).Set(r, ValueOf(row));
    return {};
  }

  Status ComputeRange(uint32_t row, uint32_t n, uint32_t r, size_t column, BatchStorage* out) override {
    if (fn_ != WindowFn::kRowNumber) {
      for (uint32_t i = 0; i < n; ++i) out->column(column).Set(r + i, ValueOf(row + i));
      return {};
    }
    int64_t* to = out->column(column).data<int64_t>() + r;
    for (uint32_t i = 0; i < n; ++i) to[i] = int64_t{row} + i - partition_.begin + 1;
    return {};
  }

 private:
  [[nodiscard]] Value ValueOf(uint32_t row) const {
    const uint32_t place = row - partition_.begin;
    const uint32_t size = partition_.end - partition_.begin;
    switch (fn_) {
      case WindowFn::kRank:
        return Value::Integer(rows_.PeersBegin(row) - partition_.begin + 1);
      case WindowFn::kDenseRank:
        return Value::Integer(rows_.group_of[row] - partition_.first_group + 1);
      case WindowFn::kPercentRank:
        return Value::Real(size == 1 ? 0 : static_cast<double>(rows_.PeersBegin(row) - partition_.begin) / (size - 1));
      case WindowFn::kCumeDist:
        return Value::Real(static_cast<double>(rows_.PeersEnd(row) - partition_.begin) / size);
      case WindowFn::kNtile:
        return tiles_.is_null() ? Value::Null() : Value::Integer(TileOf(place, size, tiles_.i64));
      default:
        return Value::Integer(place + 1);
    }
  }

  // The first tiles have one row more where the rows do not divide evenly.
  static int64_t TileOf(int64_t place, int64_t size, int64_t tiles) {
    const int64_t least = size / tiles;
    const int64_t larger = size % tiles;
    if (place < larger * (least + 1)) return place / (least + 1) + 1;
    return larger + (place - larger * (least + 1)) / least + 1;
  }

  WindowFn fn_;
  size_t argument_;
  const WindowRows& rows_;
  WindowPartition partition_;
  Value tiles_;
};

}  // namespace

std::unique_ptr<WindowFunction> MakeRanking(const WindowSetup& setup) { return std::make_unique<Ranking>(setup); }

}  // namespace sochdb
