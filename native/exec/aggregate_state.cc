#include "exec/aggregate_state.h"

#include <algorithm>
#include <vector>

#include "exec/aggregate_cells.h"

namespace sochdb {
namespace {

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
    if constexpr (Cell::kPlain) {
      if (groups == nullptr) AddToOne(selection, column);
      else AddPlain(selection, groups, column);
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
      if (groups == nullptr) cells_[0].count += selection.count;
      else
        for (uint32_t i = 0; i < selection.count; ++i) ++cells_[groups[i]].count;
    }
  }

  // A cell of its own stays in registers.
  void AddToOne(const Selection& selection, const ColumnVector& column) requires(Cell::kPlain) {
    Cell cell = cells_[0];
    if (!column.may_have_nulls()) {
      selection.ForEach([&](uint32_t r) { cell.Add(column, r); });
    } else {
      selection.ForEach([&](uint32_t r) {
        if (!column.IsNull(r)) cell.Add(column, r);
      });
    }
    cells_[0] = cell;
  }

  void AddPlain(const Selection& selection, const uint32_t* groups, const ColumnVector& column) requires(Cell::kPlain) {
    Cell* cells = cells_.data();
    const bool nulls = column.may_have_nulls();
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      if (!nulls || !column.IsNull(r)) cells[groups[i]].Add(column, r);
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
  if (!WithCell(fn.fn, argument, make)) state = MakeTextAggregate(fn, context);
  if (!fn.order.empty()) state = MakeOrderedAggregate(fn, context, std::move(state));
  if (fn.distinct && fn.arg != nullptr) state = MakeDistinctAggregate(fn, context, std::move(state));
  return state;
}

}  // namespace sochdb
