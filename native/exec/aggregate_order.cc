// Aggregates over the distinct values of a group, and over its rows in an order: what they let through goes to another state.

#include <algorithm>
#include <vector>

#include "exec/aggregate_state.h"
#include "exec/row_key.h"
#include "exec/row_table.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

std::vector<ColumnType> ArgumentTypes(const AggregateNode::Function& fn) {
  std::vector<ColumnType> types = {fn.arg->type};
  if (fn.arg2 != nullptr) types.push_back(fn.arg2->type);
  return types;
}

// What tells rows apart: the group, then the arguments.
std::vector<ColumnType> DistinctTypes(const AggregateNode::Function& fn) {
  std::vector<ColumnType> types = ArgumentTypes(fn);
  types.insert(types.begin(), ColumnType::kInteger);
  return types;
}

// Of rows that are equal in the arguments, the first of each group.
class DistinctState : public AggregateState {
 public:
  DistinctState(const AggregateNode::Function& fn, ExecContext* context, std::unique_ptr<AggregateState> inner)
      : inner_(std::move(inner)),
        alone_(ArgumentTypes(fn), &context->memory, context->hash_seed),
        seen_(DistinctTypes(fn), &context->memory, context->hash_seed),
        group_column_(ColumnType::kInteger, &context->memory) {}

  Status Resize(uint32_t n) override { return inner_->Resize(n); }
  Status Seal() override { return inner_->Seal(); }
  Status Finish(uint32_t group, uint32_t r, size_t column, BatchStorage* out) override {
    return inner_->Finish(group, r, column, out);
  }
  void Clear() override {
    inner_->Clear();
    alone_.Clear();
    seen_.Clear();
  }

  Status Add(const Selection& selection, const uint32_t* groups, const AggregateArguments& arguments) override {
    std::vector<const ColumnVector*> columns = {arguments.first};
    if (arguments.second != nullptr) columns.push_back(arguments.second);
    rows_.clear();
    if (groups == nullptr) {
      SOCHDB_TRY(alone_.FindOrInsert(columns, selection, ids_, &rows_));
      return inner_->Add({rows_.data(), static_cast<uint32_t>(rows_.size())}, nullptr, arguments);
    }
    SOCHDB_TRY(group_column_.Reset(kBatchRows));
    int64_t* group_of = group_column_.data<int64_t>();
    for (uint32_t i = 0; i < selection.count; ++i) group_of[selection[i]] = groups[i];
    columns.insert(columns.begin(), &group_column_);
    SOCHDB_TRY(seen_.FindOrInsert(columns, selection, ids_, &rows_));
    groups_.clear();
    for (const uint16_t r : rows_) groups_.push_back(static_cast<uint32_t>(group_of[r]));
    return inner_->Add({rows_.data(), static_cast<uint32_t>(rows_.size())}, groups_.data(), arguments);
  }

 private:
  std::unique_ptr<AggregateState> inner_;
  RowTable alone_;  // of one group: arguments
  RowTable seen_;   // group and arguments
  ColumnVector group_column_;
  uint32_t ids_[kBatchRows];
  std::vector<uint16_t> rows_;
  std::vector<uint32_t> groups_;
};

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

std::unique_ptr<AggregateState> MakeDistinctAggregate(const AggregateNode::Function& fn, ExecContext* context,
                                                      std::unique_ptr<AggregateState> inner) {
  return std::make_unique<DistinctState>(fn, context, std::move(inner));
}

}  // namespace sochdb
