// GROUP_CONCAT and the aggregates that make JSON: what they yield grows with every row.

#include <algorithm>
#include <string>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/json_write.h"

namespace sochdb {
namespace {

class TextState : public AggregateState {
 public:
  TextState(const AggregateNode::Function& fn, ExecContext* context)
      : fn_(fn.fn),
        array_(fn_ == AggregateFn::kJsonGroupArray || fn_ == AggregateFn::kJsonArrayAgg),
        null_of_none_(fn_ == AggregateFn::kJsonArrayAgg || fn_ == AggregateFn::kJsonObjectAgg),
        memory_(&context->memory) {}
  ~TextState() override { memory_->Release(charged_); }

  Status Resize(uint32_t n) override {
    if (n <= cells_.size()) return {};
    const uint64_t charge = (n - cells_.size()) * sizeof(Cell);
    if (!memory_->Charge(charge)) return memory_->LimitError();
    charged_ += charge;
    cells_.resize(n);
    return {};
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      Cell& cell = cells_[groups == nullptr ? 0 : groups[i]];
      if (!array_ && arguments.first->IsNull(r)) continue;
      SOCHDB_TRY(Append(&cell.text, cell.any, arguments, r));
      cell.any = true;
      if (cell.text.capacity() > cell.charged) {
        const uint64_t charge = cell.text.capacity() - cell.charged;
        if (!memory_->Charge(charge)) return memory_->LimitError();
        charged_ += charge;
        cell.charged = cell.text.capacity();
      }
    }
    return {};
  }

  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    const Cell& cell = cells_[group];
    if (fn_ == AggregateFn::kGroupConcat) return out->Set(column, r, cell.any ? Value::Text(cell.text) : Value::Null());
    if (null_of_none_ && !cell.any) return out->Set(column, r, Value::Null());
    const size_t size = cell.text.size() + 2;
    char* bytes = out->arena().Allocate(size);
    if (bytes == nullptr) return memory_->LimitError();
    bytes[0] = array_ ? '[' : '{';
    std::copy(cell.text.begin(), cell.text.end(), bytes + 1);
    bytes[size - 1] = array_ ? ']' : '}';
    out->column(column).Set(r, Value::Bytes(ValueTag::kJson, {bytes, size}));
    return {};
  }

  void Clear() override {
    for (Cell& cell : cells_) {
      cell.text.clear();
      cell.any = false;
    }
  }

 private:
  struct Cell {
    std::string text;
    size_t charged = 0;
    bool any = false;
  };

  [[nodiscard]] Status Append(std::string* text, bool any, const AggregateArguments& arguments, uint32_t r) const {
    if (fn_ == AggregateFn::kGroupConcat) {
      if (any && !arguments.second->IsNull(r)) text->append(arguments.second->bytes(r));
      text->append(arguments.first->bytes(r));
      return {};
    }
    if (any) text->push_back(',');
    if (array_) return AppendJson(arguments.first->Get(r), text);
    AppendJsonString(arguments.first->bytes(r), text);
    text->push_back(':');
    return AppendJson(arguments.second->Get(r), text);
  }

  AggregateFn fn_;
  bool array_;         // of JSON
  bool null_of_none_;  // the result of no rows
  MemoryTracker* memory_;
  std::vector<Cell> cells_;
  uint64_t charged_ = 0;
};

}  // namespace

std::unique_ptr<AggregateState> MakeTextAggregate(const AggregateNode::Function& fn, ExecContext* context) {
  return std::make_unique<TextState>(fn, context);
}

}  // namespace sochdb
