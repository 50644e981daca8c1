// Aggregates over the distinct values of a group, and over its rows in an order: what they let through goes to another state.

#include <algorithm>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/hash_table.h"
#include "exec/row_key.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

// Of rows that are equal in the arguments, the first of each group.
class DistinctState : public AggregateState {
 public:
  DistinctState(ExecContext* context, std::unique_ptr<AggregateState> inner)
      : inner_(std::move(inner)), seen_(&context->memory, context->hash_seed) {}

  Status Resize(uint32_t n) override { return inner_->Resize(n); }
  Status Seal() override { return inner_->Seal(); }
  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    return inner_->Finish(group, r, column, out);
  }
  void Clear() override {
    inner_->Clear();
    seen_.Clear();
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    rows_.clear();
    groups_.clear();
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t group = groups == nullptr ? 0 : groups[i];
      const uint32_t r = selection[i];
      key_.clear();
      EncodeBigEndian32(key_.Extend(4), group);
      SOCHDB_TRY(AppendRowKey({&arguments.first, 1}, r, &key_));
      if (arguments.second != nullptr) SOCHDB_TRY(AppendRowKey({&arguments.second, 1}, r, &key_));
      uint32_t id = 0;
      bool first = false;
      SOCHDB_TRY(seen_.FindOrInsert(key_.view(), &id, &first));
      if (!first) continue;
      rows_.push_back(static_cast<uint16_t>(r));
      groups_.push_back(group);
    }
    return inner_->Add({rows_.data(), static_cast<uint32_t>(rows_.size())}, groups_.data(), arguments);
  }

 private:
  std::unique_ptr<AggregateState> inner_;
  ByteTable seen_;  // group and arguments
  KeyBuffer key_;
  std::vector<uint16_t> rows_;
  std::vector<uint32_t> groups_;
};

std::vector<ColumnType> ArgumentTypes(const AggregateNode::Function& fn) {
  std::vector<ColumnType> types = {fn.arg->type};
  if (fn.arg2 != nullptr) types.push_back(fn.arg2->type);
  return types;
}

// Keeps all rows, and sorts them before it hands them on. Rows of equal keys stay as they came.
class OrderedState : public AggregateState {
 public:
  OrderedState(const AggregateNode::Function& fn, ExecContext* context, std::unique_ptr<AggregateState> inner)
      : fn_(fn),
        context_(context),
        inner_(std::move(inner)),
        rows_(ArgumentTypes(fn), &context->memory),
        key_bytes_(std::make_unique<BatchArena>(&context->memory)) {}
  ~OrderedState() override { context_->memory.Release(charged_); }

  Status Resize(uint32_t n) override { return inner_->Resize(n); }
  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    return inner_->Finish(group, r, column, out);
  }
  void Clear() override {
    inner_->Clear();
    Drop();
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    SOCHDB_TRY(Reserve(entries_.size() + selection.count));
    for (uint32_t i = 0; i < selection.count; ++i) {
      key_.clear();
      EncodeBigEndian32(key_.Extend(4), groups == nullptr ? 0 : groups[i]);
      for (size_t k = 0; k < fn_.order.size(); ++k) {
        SOCHDB_TRY(AppendSortKey(*arguments.order[k], selection[i], fn_.order[k].descending, fn_.order[k].nulls_last, &key_));
      }
      Entry entry{{}, rows_.rows() + i};
      if (!key_bytes_->Copy(key_.view(), &entry.key)) return context_->memory.LimitError();
      entries_.push_back(entry);
    }
    Batch batch;
    batch.columns.push_back(arguments.first);
    if (arguments.second != nullptr) batch.columns.push_back(arguments.second);
    batch.selection = selection;
    return rows_.Append(batch);
  }

  Status Seal() override {
    std::sort(entries_.begin(), entries_.end());
    BatchStorage values(&context_->memory);
    values.Init(ArgumentTypes(fn_));
    std::vector<uint32_t> rows;
    std::vector<uint32_t> groups;
    for (size_t from = 0; from < entries_.size(); from += kBatchRows) {
      const auto n = static_cast<uint32_t>(std::min<size_t>(kBatchRows, entries_.size() - from));
      SOCHDB_TRY(context_->Tick(n));
      rows.resize(n);
      groups.resize(n);
      for (uint32_t i = 0; i < n; ++i) {
        rows[i] = entries_[from + i].row;
        groups[i] = DecodeBigEndian32(entries_[from + i].key.data());
      }
      for (size_t c = 0; c < values.size(); ++c) SOCHDB_TRY(rows_.Gather(rows, c, &values.column(c)));
      AggregateArguments arguments{&values.column(0), values.size() > 1 ? &values.column(1) : nullptr, {}};
      SOCHDB_TRY(inner_->Add({nullptr, n}, groups.data(), arguments));
    }
    Drop();
    return inner_->Seal();
  }

 private:
  struct Entry {
    std::string_view key;  // of the group, then of the order
    uint32_t row;
    bool operator<(const Entry& other) const {
      const int order = key.compare(other.key);
      return order != 0 ? order < 0 : row < other.row;
    }
  };

  Status Reserve(size_t n) {
    if (n <= entries_.capacity()) return {};
    const size_t capacity = std::max(n, entries_.capacity() * 2);
    const uint64_t charge = (capacity - entries_.capacity()) * sizeof(Entry);
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    charged_ += charge;
    entries_.reserve(capacity);
    return {};
  }

  void Drop() {
    rows_.Clear();
    entries_.clear();
    key_bytes_ = std::make_unique<BatchArena>(&context_->memory);
  }

  const AggregateNode::Function& fn_;
  ExecContext* context_;
  std::unique_ptr<AggregateState> inner_;
  Spool rows_;
  std::unique_ptr<BatchArena> key_bytes_;
  std::vector<Entry> entries_;
  KeyBuffer key_;
  uint64_t charged_ = 0;
};

}  // namespace

std::unique_ptr<AggregateState> MakeOrderedAggregate(const AggregateNode::Function& fn, ExecContext* context,
                                                     std::unique_ptr<AggregateState> inner) {
  return std::make_unique<OrderedState>(fn, context, std::move(inner));
}

std::unique_ptr<AggregateState> MakeDistinctAggregate(const AggregateNode::Function&, ExecContext* context,
                                                      std::unique_ptr<AggregateState> inner) {
  return std::make_unique<DistinctState>(context, std::move(inner));
}

}  // namespace sochdb
