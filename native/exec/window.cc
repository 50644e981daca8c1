// kWindow: functions over partitions of sorted rows. Whole partitions are kept, small ones several at a time, so that batches
// are full; a row leaves as it came, followed by one value for each function.

#include <algorithm>

#include "exec/bytes_equal.h"
#include "exec/operator.h"
#include "exec/row_key.h"
#include "exec/window_functions.h"

namespace sochdb {
namespace {

// The expressions whose values are kept for each row, and where those of each function lie among them.
struct WindowLayout {
  std::vector<const Expr*> exprs;
  std::vector<ColumnType> types;
  std::vector<WindowColumns> functions;
  size_t range_key = kNoValue;

  explicit WindowLayout(const WindowNode& node) {
    if (node.order.size() == 1) range_key = Add(node.order[0].expr);
    for (const WindowNode::Function& fn : node.functions) {
      WindowColumns& columns = functions.emplace_back();
      for (size_t i = 0; i < fn.args.size(); ++i) columns.args[i] = Add(fn.args[i]);
      if (fn.aggregate.filter != nullptr) columns.filter = Add(fn.aggregate.filter);
    }
  }

 private:
  size_t Add(const Expr* expr) {
    exprs.push_back(expr);
    types.push_back(expr->type);
    return exprs.size() - 1;
  }
};

// Marks the places of the selection whose row differs from the one before it in a column. NULLs are equal.
void MarkChanges(const ColumnVector& column, const Selection& selection, uint8_t mark, uint8_t* marks) {
  if (column.constant() || column.type() == ColumnType::kNull) return;
  const auto each = [&](const auto* values, auto equal) {
    const bool nulls = column.may_have_nulls();
    for (uint32_t i = 1; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      const uint32_t before = selection[i - 1];
      bool same = false;
      if (nulls && (column.IsNull(r) || column.IsNull(before))) same = column.IsNull(r) && column.IsNull(before);
      else same = equal(values[r], values[before]);
      marks[i] = std::max(marks[i], same ? uint8_t{0} : mark);
    }
  };
  const auto plainly = [](const auto& a, const auto& b) { return a == b; };
  switch (column.physical()) {
    case Physical::kBool:
      return each(column.data<uint8_t>(), plainly);
    case Physical::kI64:
      return each(column.data<int64_t>(), plainly);
    case Physical::kF64:
      return each(column.data<double>(), plainly);
    case Physical::kBytes:
      if (column.type() != ColumnType::kDecimal) return each(column.data<std::string_view>(), EqualBytes);
      return each(column.data<std::string_view>(), [](std::string_view a, std::string_view b) {
        return CompareValues(Value::Bytes(ColumnType::kDecimal, a), Value::Bytes(ColumnType::kDecimal, b)) == 0;
      });
    case Physical::kAny:
      return each(column.data<Value>(), [](const Value& a, const Value& b) { return CompareValues(a, b) == 0; });
  }
}

class Window : public Operator {
 public:
  Window(const WindowNode& node, ExecContext* context, OperatorPtr child)
      : node_(node),
        context_(context),
        evaluator_(context),
        offsets_(context),
        child_(std::move(child)),
        layout_(node),
        rows_(node.child->columns, layout_.types, &context->memory),
        output_(&context->memory) {
    output_.Init(node.columns);
    for (size_t f = 0; f < node.functions.size(); ++f) {
      const WindowSetup setup{&node, &node.functions[f], layout_.functions[f], layout_.range_key, &rows_, context};
      functions_.push_back(Make(setup));
    }
  }

  Status Open() override {
    evaluator_.Restart();
    offsets_.Restart();
    rows_.Clear();
    batch_.Clear();
    taken_ = 0;
    next_ = 0;
    partition_ = 0;
    ended_ = false;
    any_ = false;
    for (const auto& function : functions_) SOCHDB_TRY(function->Open(&offsets_));
    return child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (next_ == rows_.count()) SOCHDB_TRY(ReadPartitions());
    const uint32_t n = std::min(want, rows_.count() - next_);
    if (n == 0) return {};
    SOCHDB_TRY(context_->Tick(n));
    SOCHDB_TRY(output_.Reset(n));
    const size_t own = node_.child->columns.size();
    for (size_t c = 0; c < own; ++c) SOCHDB_TRY(rows_.rows.GatherRange(next_, n, c, &output_.column(c)));
    for (uint32_t i = 0; i < n;) {
      if (partition_ < rows_.partition_start.size() && next_ + i == rows_.partition_start[partition_]) {
        const WindowPartition partition = rows_.Partition(partition_++);
        for (const auto& function : functions_) SOCHDB_TRY(function->BeginPartition(partition));
      }
      const bool last = partition_ == rows_.partition_start.size();
      const uint32_t end = last ? n : std::min(n, rows_.partition_start[partition_] - next_);
      for (size_t f = 0; f < functions_.size(); ++f) {
        SOCHDB_TRY(functions_[f]->ComputeRange(next_ + i, end - i, i, own + f, &output_));
      }
      i = end;
    }
    next_ += n;
    output_.Expose(n, out);
    return {};
  }

 private:
  // How a row differs from the one before it.
  enum Change : uint8_t { kSame, kPeers, kPartition };

  static std::unique_ptr<WindowFunction> Make(const WindowSetup& setup) {
    if (setup.fn->is_aggregate) return MakeAggregating(setup);
    return setup.fn->fn < WindowFn::kLag ? MakeRanking(setup) : MakePicking(setup);
  }

  // Whole partitions, until there are enough rows for a batch.
  Status ReadPartitions() {
    rows_.Clear();
    next_ = 0;
    partition_ = 0;
    any_ = false;
    for (;;) {
      if (taken_ == batch_.count()) {
        if (ended_) return {};
        SOCHDB_TRY(NextBatch());
        if (ended_) return {};
      }
      const uint32_t first = taken_;
      SOCHDB_TRY(rows_.group_of.Reserve(rows_.count() + batch_.count() - first));
      bool full = false;
      for (; taken_ < batch_.count(); ++taken_) {
        SOCHDB_TRY(Take(changes_[taken_], &full));
        if (full) break;
      }
      SOCHDB_TRY(Keep(first));
      if (full) return {};
    }
  }

  Status NextBatch() {
    SOCHDB_TRY(child_->Next(kBatchRows, &batch_));
    taken_ = 0;
    ended_ = batch_.count() == 0;
    if (ended_) return {};
    SOCHDB_TRY(context_->Tick(batch_.count()));
    evaluator_.BeginBatch();
    const auto eval = [&](const std::vector<const Expr*>& exprs, std::vector<const ColumnVector*>* columns) -> Status {
      columns->resize(exprs.size());
      for (size_t i = 0; i < exprs.size(); ++i) {
        SOCHDB_TRY(evaluator_.Eval(*exprs[i], batch_, batch_.selection, &(*columns)[i]));
      }
      return {};
    };
    SOCHDB_TRY(eval(node_.partition, &partition_columns_));
    SOCHDB_TRY(eval(layout_.exprs, &value_columns_));
    order_columns_.resize(node_.order.size());
    for (size_t k = 0; k < node_.order.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.order[k].expr, batch_, batch_.selection, &order_columns_[k]));
    }
    return FindChanges();
  }

  // Which rows begin a partition or a peer group, those of the batch before them considered.
  Status FindChanges() {
    const uint32_t n = batch_.count();
    changes_.assign(n, kSame);
    for (const ColumnVector* column : order_columns_) MarkChanges(*column, batch_.selection, kPeers, changes_.data());
    for (const ColumnVector* column : partition_columns_) MarkChanges(*column, batch_.selection, kPartition, changes_.data());
    size_t partition_bytes = 0;
    SOCHDB_TRY(BuildKey(batch_.selection[0], &partition_bytes));
    const bool same_partition =
        partition_bytes == last_partition_bytes_ &&
        key_.view().substr(0, partition_bytes) == std::string_view(last_key_).substr(0, partition_bytes);
    if (!same_partition) changes_[0] = kPartition;
    else if (key_.view() != std::string_view(last_key_)) changes_[0] = kPeers;
    SOCHDB_TRY(BuildKey(batch_.selection[n - 1], &last_partition_bytes_));
    last_key_ = key_.view();
    return {};
  }

  Status BuildKey(uint32_t r, size_t* partition_bytes) {
    key_.clear();
    SOCHDB_TRY(AppendRowKey(partition_columns_, r, &key_));
    *partition_bytes = key_.size();
    return AppendRowKey(order_columns_, r, &key_);
  }

  // Puts the next row into its partition and its peer group; *full when it begins a partition that is not for this time.
  Status Take(uint8_t change, bool* full) {
    if (change == kPartition || !any_) {
      *full = rows_.count() >= kBatchRows;
      if (*full) return {};
      SOCHDB_TRY(rows_.partition_start.Reserve(rows_.partition_start.size() + size_t{1}));
      rows_.partition_start.Push(rows_.count());
    }
    if (change != kSame || !any_) {
      SOCHDB_TRY(rows_.group_start.Reserve(rows_.group_start.size() + size_t{1}));
      rows_.group_start.Push(rows_.count());
      any_ = true;
    }
    rows_.group_of.Push(rows_.group_start.size() - 1);
    return {};
  }

  // Copies the rows of the batch from `first` to those taken.
  Status Keep(uint32_t first) {
    if (first == taken_) return {};
    kept_.clear();
    for (uint32_t i = first; i < taken_; ++i) kept_.push_back(static_cast<uint16_t>(batch_.selection[i]));
    Batch part;
    part.columns = batch_.columns;
    part.rows = batch_.rows;
    part.selection = {kept_.data(), static_cast<uint32_t>(kept_.size())};
    SOCHDB_TRY(rows_.rows.Append(part));
    part.columns = value_columns_;
    return rows_.values.Append(part);
  }

  const WindowNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  Evaluator offsets_;
  OperatorPtr child_;
  WindowLayout layout_;
  WindowRows rows_;
  std::vector<std::unique_ptr<WindowFunction>> functions_;
  BatchStorage output_;
  Batch batch_;         // of the child
  uint32_t taken_ = 0;  // how many of its rows are in rows_, or were
  std::vector<const ColumnVector*> partition_columns_;
  std::vector<const ColumnVector*> order_columns_;
  std::vector<const ColumnVector*> value_columns_;
  std::vector<uint8_t> changes_;  // by place in its selection
  KeyBuffer key_;
  std::string last_key_;  // of the last row of the batch before
  size_t last_partition_bytes_ = 0;
  std::vector<uint16_t> kept_;
  uint32_t next_ = 0;
  uint32_t partition_ = 0;
  bool ended_ = false;
  bool any_ = false;
};

}  // namespace

OperatorPtr MakeWindow(const WindowNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Window>(node, context, std::move(child));
}

}  // namespace sochdb
