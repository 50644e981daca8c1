// kAggregate: hash aggregation. Groups come out in the order they were first seen.

#include "exec/aggregate_state.h"
#include "exec/eval.h"
#include "exec/operator.h"
#include "exec/row_table.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

std::vector<ColumnType> GroupTypes(const AggregateNode& node) {
  return {node.columns.begin(), node.columns.begin() + static_cast<ptrdiff_t>(node.groups.size())};
}

class Aggregate : public Operator {
 public:
  Aggregate(const AggregateNode& node, ExecContext* context, OperatorPtr child)
      : node_(node),
        context_(context),
        evaluator_(context),
        child_(std::move(child)),
        groups_(GroupTypes(node), &context->memory, context->hash_seed),
        group_values_(GroupTypes(node), &context->memory),
        output_(&context->memory) {
    output_.Init(node.columns);
  }

  Status Open() override {
    evaluator_.Restart();
    groups_.Clear();
    group_values_.Clear();
    states_.clear();
    for (const auto& fn : node_.functions) states_.push_back(MakeAggregateState(fn, context_));
    group_count_ = 0;
    next_ = 0;
    done_ = false;
    return child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (!done_) {
      SOCHDB_TRY(ReadAll());
      done_ = true;
    }
    const uint32_t n = std::min(want, group_count_ - next_);
    if (n == 0) return {};
    SOCHDB_TRY(context_->Tick(n));
    SOCHDB_TRY(output_.Reset(n));
    for (size_t c = 0; c < node_.groups.size(); ++c) SOCHDB_TRY(group_values_.GatherRange(next_, n, c, &output_.column(c)));
    for (size_t f = 0; f < states_.size(); ++f)
      SOCHDB_TRY(states_[f]->FinishRange(next_, n, node_.groups.size() + f, &output_));
    next_ += n;
    output_.Expose(n, out);
    return {};
  }

 private:
  Status ReadAll() {
    if (node_.groups.empty()) SOCHDB_TRY(SetGroupCount(1));
    Batch batch;
    for (;;) {
      SOCHDB_TRY(child_->Next(kBatchRows, &batch));
      if (batch.count() == 0) break;
      SOCHDB_TRY(context_->Tick(batch.count()));
      evaluator_.BeginBatch();
      if (!node_.groups.empty()) SOCHDB_TRY(FindGroups(batch));
      for (size_t f = 0; f < states_.size(); ++f) SOCHDB_TRY(Add(node_.functions[f], states_[f].get(), batch));
    }
    for (const auto& state : states_) SOCHDB_TRY(state->Seal());
    return {};
  }

  Status SetGroupCount(uint32_t n) {
    group_count_ = n;
    for (const auto& state : states_) SOCHDB_TRY(state->Resize(n));
    return {};
  }

  Status FindGroups(const Batch& batch) {
    Batch values;
    values.columns.resize(node_.groups.size());
    for (size_t c = 0; c < node_.groups.size(); ++c) {
      SOCHDB_TRY(evaluator_.Eval(*node_.groups[c], batch, batch.selection, &values.columns[c]));
    }
    rows_of_new_.clear();
    group_of_.resize(batch.count());
    SOCHDB_TRY(groups_.FindOrInsert(values.columns, batch.selection, group_of_.data(), &rows_of_new_));
    if (rows_of_new_.empty()) return {};
    values.rows = batch.rows;
    values.selection = {rows_of_new_.data(), static_cast<uint32_t>(rows_of_new_.size())};
    SOCHDB_TRY(group_values_.Append(values));
    return SetGroupCount(groups_.size());
  }

  Status Add(const AggregateNode::Function& fn, AggregateState* state, const Batch& batch) {
    Selection selection = batch.selection;
    const bool one = node_.groups.empty();
    const uint32_t* groups = one ? nullptr : group_of_.data();
    if (fn.filter != nullptr) {
      filtered_.clear();
      SOCHDB_TRY(evaluator_.EvalPredicate(*fn.filter, batch, batch.selection, &filtered_));
      selection = {filtered_.data(), static_cast<uint32_t>(filtered_.size())};
      if (!one) groups = GroupsOfFiltered(batch);
    }
    AggregateArguments arguments;
    if (fn.arg != nullptr) SOCHDB_TRY(evaluator_.Eval(*fn.arg, batch, selection, &arguments.first));
    if (fn.arg2 != nullptr) SOCHDB_TRY(evaluator_.Eval(*fn.arg2, batch, selection, &arguments.second));
    order_.resize(fn.order.size());
    for (size_t k = 0; k < order_.size(); ++k) SOCHDB_TRY(evaluator_.Eval(*fn.order[k].expr, batch, selection, &order_[k]));
    arguments.order = order_;
    return state->Add(selection, groups, arguments);
  }

  // Both lists of rows ascend: walk them together to find the groups of those that passed.
  const uint32_t* GroupsOfFiltered(const Batch& batch) {
    filtered_groups_.clear();
    uint32_t i = 0;
    for (const uint16_t r : filtered_) {
      while (batch.selection[i] != r) ++i;
      filtered_groups_.push_back(group_of_[i]);
    }
    return filtered_groups_.data();
  }

  const AggregateNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr child_;
  RowTable groups_;
  Spool group_values_;
  std::vector<std::unique_ptr<AggregateState>> states_;
  BatchStorage output_;
  std::vector<uint32_t> group_of_;  // of each selected row of the batch
  std::vector<uint16_t> rows_of_new_;
  std::vector<uint16_t> filtered_;
  std::vector<uint32_t> filtered_groups_;
  std::vector<const ColumnVector*> order_;
  uint32_t group_count_ = 0;
  uint32_t next_ = 0;
  bool done_ = false;
};

}  // namespace

OperatorPtr MakeAggregate(const AggregateNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Aggregate>(node, context, std::move(child));
}

}  // namespace sochdb
