// kInsert, with every conflict action.

#include "exec/row_evaluator.h"
#include "exec/table_writer.h"
#include "exec/write.h"

namespace sochdb {
namespace {

class Insert : public WriteOperator {
 public:
  Insert(const InsertNode& node, ExecContext* context)
      : WriteOperator(node, context), node_(node), numbered_(node.table->identity), writer_(context, node.table) {
    for (const ColumnInfo& column : node.table->columns) {
      template_.push_back(column.dropped ? Value() : column.default_value);
    }
    // Evaluating SET sees the existing row, then the proposed one.
    both_.resize(template_.size() * 2);
    const ConflictAction action = node.conflict.action;
    if (action == ConflictAction::kNothing || action == ConflictAction::kUpdate || action == ConflictAction::kIgnore) {
      handlers_.push_back(std::make_unique<Handler>(node, node.conflict, context));
    }
    for (const auto& conflict : node.more) handlers_.push_back(std::make_unique<Handler>(node, conflict, context));
  }

  Status MakeInputs() override {
    for (const auto& handler : handlers_) SOCHDB_TRY(handler->sets.MakeInputs());
    return WriteOperator::MakeInputs();
  }

 protected:
  Status Write(const Batch& batch) override {
    SOCHDB_TRY(CheckNotNull(batch));
    row_ = template_;
    for (uint32_t i = 0; i < batch.count(); ++i) {
      const uint32_t r = batch.selection[i];
      writer_.NextRow();
      if (numbered_ >= 0) row_[static_cast<size_t>(numbered_)] = Value();
      for (size_t c = 0; c < node_.targets.size(); ++c) row_[node_.targets[c]] = Stored(batch.columns[c]->Get(r));
      SOCHDB_TRY(WriteRow());
    }
    return {};
  }

 private:
  // One ON CONFLICT clause.
  struct Handler {
    Handler(const InsertNode& node, const InsertNode::Conflict& conflict_, ExecContext* context)
        : conflict(conflict_), sets(*node.table, conflict_, context) {}
    const InsertNode::Conflict& conflict;
    RowEvaluator sets;
  };

  // Before the first row of the batch is written.
  Status CheckNotNull(const Batch& batch) {
    if (node_.conflict.action == ConflictAction::kIgnore || batch.count() == 0) return {};
    std::vector<bool> given(template_.size());
    for (size_t c = 0; c < node_.targets.size(); ++c) {
      const uint32_t column = node_.targets[c];
      given[column] = true;
      const ColumnVector& values = *batch.columns[c];
      if (!node_.table->columns[column].not_null || writer_.IsNumbered(column) ||
          (!values.may_have_nulls() && values.type() != ColumnType::kNull))
        continue;
      for (uint32_t i = 0; i < batch.count(); ++i)
        if (values.IsNull(batch.selection[i])) return writer_.NotNullError(column);
    }
    for (size_t column = 0; column < given.size(); ++column) {
      const ColumnInfo& info = node_.table->columns[column];
      if (!given[column] && info.not_null && !info.generated && !writer_.IsNumbered(column) && template_[column].is_null())
        return writer_.NotNullError(column);
    }
    return {};
  }

  Status WriteRow() {
    SOCHDB_TRY(writer_.Number(row_));
    SOCHDB_TRY(writer_.Complete(row_));
    if (Status status = writer_.CheckRow(row_); !status.ok()) {
      const bool ignored = node_.conflict.action == ConflictAction::kIgnore && IsViolation(status);
      return ignored ? Status() : std::move(status);
    }
    if (node_.conflict.action == ConflictAction::kReplace) SOCHDB_TRY(DeleteConflicting());
    TableWriter::Conflict conflict;
    bool found = false;
    // The keys the statement speaks of come first: when one is taken, the others do not matter.
    bool all = false;
    for (const auto& handler : handlers_) {
      SOCHDB_TRY(writer_.FindConflict(row_, handler->conflict.index, &conflict, &found));
      if (found)
        return handler->conflict.action == ConflictAction::kUpdate ? UpdateExisting(conflict, &handler->sets) : Status();
      all |= handler->conflict.index == kConflictAny;
    }
    if (!all) {
      SOCHDB_TRY(writer_.FindConflict(row_, kConflictAny, &conflict, &found));
      if (found) return writer_.UniqueError(conflict.index);
    }
    SOCHDB_TRY(writer_.Insert(row_));
    ++rows_affected_;
    return returning_.Add(row_);
  }

  Status DeleteConflicting() {
    existing_.resize(template_.size());
    for (;;) {
      TableWriter::Conflict conflict;
      bool found = false;
      SOCHDB_TRY(writer_.FindConflict(row_, kConflictAny, &conflict, &found));
      if (!found) return {};
      SOCHDB_TRY(writer_.ReadRow(conflict.primary_key, existing_, &existing_bytes_));
      SOCHDB_TRY(writer_.Delete(existing_));
    }
  }

  Status UpdateExisting(const TableWriter::Conflict& conflict, RowEvaluator* sets) {
    const size_t n = template_.size();
    SOCHDB_TRY(writer_.ReadRow(conflict.primary_key, std::span(both_).first(n), &existing_bytes_));
    std::copy(row_.begin(), row_.end(), both_.begin() + static_cast<ptrdiff_t>(n));
    bool wanted = true;
    SOCHDB_TRY(sets->Begin(both_, &wanted));
    if (!wanted) return {};
    existing_.assign(both_.begin(), both_.begin() + static_cast<ptrdiff_t>(n));
    updated_ = existing_;
    SOCHDB_TRY(sets->Assign(both_, updated_));
    SOCHDB_TRY(writer_.Complete(updated_));
    SOCHDB_TRY(writer_.CheckRow(updated_));
    SOCHDB_TRY(writer_.Update(existing_, updated_));
    ++rows_affected_;
    return returning_.Add(updated_);
  }

  const InsertNode& node_;
  const int32_t numbered_;
  TableWriter writer_;
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<Value> template_;  // the defaults
  std::vector<Value> row_;
  std::vector<Value> both_;
  std::vector<Value> existing_;
  std::vector<Value> updated_;
  std::string existing_bytes_;
};

}  // namespace

std::unique_ptr<WriteOperator> MakeInsert(const InsertNode& node, ExecContext* context) {
  return std::make_unique<Insert>(node, context);
}

}  // namespace sochdb
