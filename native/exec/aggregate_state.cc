#include "exec/aggregate_state.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "exec/aggregate_cells.h"

namespace sochdb {
namespace {

template <typename Cell>
constexpr bool kIsExtreme = std::is_same_v<Cell, IntegerExtremeCell> || std::is_same_v<Cell, RealExtremeCell>;

// The sum of the selected values that are not NULL, exact: upper and lower halves by themselves cannot overflow in a batch.
Int128 SumOf(const ColumnVector& column, const Selection& selection) {
  const int64_t* values = column.data<int64_t>();
  const uint32_t mask = column.at(~0u);
  int64_t upper = 0;
  uint64_t lower = 0;
  const auto add = [&](int64_t v) {
    upper += v >> 32;
    lower += static_cast<uint32_t>(v);
  };
  if (column.may_have_nulls()) {
    const uint8_t* nulls = column.nulls();
    selection.ForEach([&](uint32_t r) { add(nulls[r & mask] != 0 ? 0 : values[r & mask]); });
  } else if (selection.rows == nullptr && !column.constant()) {
    for (uint32_t r = 0; r < selection.count; ++r) add(values[r]);
  } else {
    selection.ForEach([&](uint32_t r) { add(values[r & mask]); });
  }
  return Int128{upper} * (int64_t{1} << 32) + lower;
}

int64_t CountOf(const ColumnVector& column, const Selection& selection) {
  if (!column.may_have_nulls()) return selection.count;
  uint32_t count = 0;
  selection.ForEach([&](uint32_t r) { count += column.IsNull(r) ? 0u : 1u; });
  return count;
}

template <typename Cell>
class CellState : public AggregateState {
 public:
  CellState(const AggregateNode::Function& fn, ExecContext* context)
      : context_{fn.fn, fn.type, &context->memory, true, &charged_}, rows_(fn.fn == AggregateFn::kCountRows) {}
  ~CellState() override { context_.memory->Release(charged_); }

  Status Resize(uint32_t n) override {
    if (n <= cells_.size()) return {};
    if (n > cells_.capacity()) {
      const size_t capacity = std::max<size_t>(n, cells_.capacity() * 2);
      const uint64_t charge = (capacity - cells_.capacity()) * sizeof(Cell);
      if (!context_.memory->Charge(charge)) return context_.memory->LimitError();
      charged_ += charge;
      cells_.reserve(capacity);
    }
    cells_.resize(n);
    return {};
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    if (rows_) {
      AddRows(selection, groups);
      return {};
    }
    const ColumnVector& column = *arguments.first;
    if constexpr (Cell::kPlain || kIsExtreme<Cell>) {
      AddTyped(selection, groups, column);
      return {};
    } else {
      for (uint32_t i = 0; i < selection.count; ++i) {
        const uint32_t r = selection[i];
        if (column.IsNull(r)) continue;
        SOCHDB_TRY(cells_[groups == nullptr ? 0 : groups[i]].Add(context_, column, r));
      }
      return {};
    }
  }

  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    Value value;
    std::string bytes;
    SOCHDB_TRY(cells_[group].Result(context_, &value, &bytes));
    return out->Set(column, r, value);
  }

  Status FinishRange(uint32_t first, uint32_t n, size_t column, BatchStorage* out) override {
    for (uint32_t i = 0; i < n; ++i) SOCHDB_TRY(CellState::Finish(first + i, i, column, out));
    return {};
  }

  void Clear() override {
    const size_t n = cells_.size();
    cells_.clear();
    cells_.resize(n);
    const uint64_t bare = cells_.capacity() * sizeof(Cell);
    context_.memory->Release(charged_ - bare);
    charged_ = bare;
  }

 private:
  void AddRows(const Selection& selection, const uint32_t* groups) {
    if constexpr (std::is_same_v<Cell, CountCell>) {
      CountCell* cells = cells_.data();
      if (groups == nullptr) cells[0].count += selection.count;
      else
        for (uint32_t i = 0; i < selection.count; ++i) ++cells[groups[i]].count;
    }
  }

  void AddTyped(const Selection& selection, const uint32_t* groups, const ColumnVector& column) {
    if constexpr (std::is_same_v<Cell, CountCell>) {
      if (groups == nullptr) cells_[0].count += CountOf(column, selection);
      else Each(selection, groups, column, [](CountCell* cell, uint32_t) { ++cell->count; });
    } else if constexpr (std::is_same_v<Cell, IntegerSumCell>) {
      if (groups == nullptr) {
        cells_[0].sum += SumOf(column, selection);
        cells_[0].count += CountOf(column, selection);
      } else {
        EachValue<int64_t>(selection, groups, column, [](IntegerSumCell* cell, int64_t v) { cell->AddValue(v); });
      }
    } else if constexpr (std::is_same_v<Cell, RealSumCell>) {
      EachValue<double>(selection, groups, column, [](RealSumCell* cell, double v) { cell->AddValue(v); });
    } else {
      using T = decltype(Cell::value);
      if (context_.fn == AggregateFn::kMin) {
        EachValue<T>(selection, groups, column, [](Cell* cell, T v) { cell->Take(AggregateFn::kMin, v); });
      } else if (context_.fn == AggregateFn::kMax) {
        EachValue<T>(selection, groups, column, [](Cell* cell, T v) { cell->Take(AggregateFn::kMax, v); });
      } else {
        EachValue<T>(selection, groups, column, [](Cell* cell, T v) { cell->Take(AggregateFn::kAnyValue, v); });
      }
    }
  }

  template <typename T, typename F>
  void EachValue(const Selection& selection, const uint32_t* groups, const ColumnVector& column, F add) {
    const T* values = column.data<T>();
    const uint32_t mask = column.at(~0u);
    Each(selection, groups, column, [=](Cell* cell, uint32_t r) { add(cell, values[r & mask]); });
  }

  // Calls add(cell, row) for the rows that are not NULL. A cell of its own stays in registers.
  template <typename F>
  void Each(const Selection& selection, const uint32_t* groups, const ColumnVector& column, F add) {
    const uint8_t* nulls = column.may_have_nulls() ? column.nulls() : nullptr;
    const uint32_t mask = column.at(~0u);
    if (groups == nullptr) {
      Cell cell = cells_[0];
      if (nulls == nullptr) {
        selection.ForEach([&](uint32_t r) { add(&cell, r); });
      } else {
        selection.ForEach([&](uint32_t r) {
          if (nulls[r & mask] == 0) add(&cell, r);
        });
      }
      cells_[0] = cell;
      return;
    }
    Cell* cells = cells_.data();
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      if (nulls == nullptr || nulls[r & mask] == 0) add(&cells[groups[i]], r);
    }
  }

  CellContext context_;
  bool rows_;
  std::vector<Cell> cells_;
  uint64_t charged_ = 0;
};

}  // namespace

std::unique_ptr<AggregateState> MakeAggregateState(const AggregateNode::Function& fn, ExecContext* context) {
  std::unique_ptr<AggregateState> state;
  const ColumnType argument = fn.arg == nullptr ? ColumnType::kNull : fn.arg->type;
  const auto make = [&]<typename Cell>(Cell) { state = std::make_unique<CellState<Cell>>(fn, context); };
  if (fn.fn == AggregateFn::kMedian) state = MakeMedian(context);
  else if (!WithCell(fn.fn, argument, make)) state = MakeTextAggregate(fn, context);
  if (!fn.order.empty()) state = MakeOrderedAggregate(fn, context, std::move(state));
  if (fn.distinct && fn.arg != nullptr) state = MakeDistinctAggregate(fn, context, std::move(state));
  return state;
}

}  // namespace sochdb
