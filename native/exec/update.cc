// kUpdate and kDelete.

#include "codec/key_codec.h"
#include "exec/hash_table.h"
#include "exec/spool.h"
#include "exec/table_writer.h"
#include "exec/write.h"

namespace sochdb {
namespace {

// What both share: taking whole rows from the child, each at most once however often a join repeats it.
class ChangeRows : public WriteOperator {
 protected:
  ChangeRows(const WriteNode& node, ExecContext* context)
      : WriteOperator(node, context),
        table_(node.table),
        writer_(context, node.table),
        unique_(YieldsRowsOnce(*node.child)),
        seen_(&context->memory, context->hash_seed) {}

  void Begin() override { seen_.Clear(); }
  Status Load(const Batch& batch, uint32_t r, bool* first) {
    row_.resize(batch.columns.size());
    for (size_t c = 0; c < row_.size(); ++c) row_[c] = batch.columns[c]->Get(r);
    *first = true;
    if (unique_) return {};
    key_.clear();
    for (const KeyColumn& column : table_->primary_key) {
      // The row of NULLs that an outer join puts beside a row without a match is none.
      if (row_[column.column].is_null()) return *first = false, Status();
      SOCHDB_TRY(AppendKeyValue(&key_, column.type, row_[column.column], false));
    }
    uint32_t id = 0;
    return seen_.FindOrInsert(key_.view(), &id, first);
  }
  [[nodiscard]] std::span<const Value> table_row() const { return std::span(row_).first(table_->columns.size()); }

  const TableInfo* table_;
  TableWriter writer_;
  std::vector<Value> row_;  // the table's columns, and what else the child yields

 private:
  bool unique_;
  ByteTable seen_;
  KeyBuffer key_;
};

std::vector<ColumnType> TypesOfTwo(const TableInfo& table) {
  std::vector<ColumnType> types;
  for (int side = 0; side < 2; ++side)
    for (const ColumnInfo& column : table.columns) types.push_back(column.type);
  return types;
}

// Rows whose new keys others had when their turn came: those may yet go elsewhere. At the end of the statement they are taken
// out, all of them, and put back as what they became; what is in the way then is in the way.
class Postponed {
 public:
  Postponed(const TableInfo& table, MemoryTracker* memory)
      : types_(TypesOfTwo(table)), row_(types_.size()), batch_(memory), rows_(types_, memory) {}

  Status Add(TableWriter::Row before, TableWriter::Row after) {
    if (count_ == 0) {
      if (!batch_.initialised()) batch_.Init(types_);
      SOCHDB_TRY(batch_.Reset(kBatchRows));
    }
    for (size_t c = 0; c < before.size(); ++c) {
      SOCHDB_TRY(batch_.Set(c, count_, before[c]));
      SOCHDB_TRY(batch_.Set(before.size() + c, count_, after[c]));
    }
    return ++count_ == kBatchRows ? Flush() : Status();
  }

  Status Write(ExecContext* context, TableWriter* writer) {
    SOCHDB_TRY(Flush());
    SOCHDB_TRY(ForEach(context, [&](Row before, Row) { return writer->TakeOut(before); }));
    SOCHDB_TRY(ForEach(context, [&](Row, Row after) { return writer->PutBack(after); }));
    // Who names the rows may be one of them.
    SOCHDB_TRY(ForEach(context, [&](Row before, Row after) { return writer->Moved(before, after); }));
    rows_.Clear();
    return {};
  }

 private:
  using Row = TableWriter::Row;

  template <typename F>
  Status ForEach(ExecContext* context, F&& f) {
    const Row row(row_);
    const size_t n = row.size() / 2;
    for (uint32_t r = 0; r < rows_.rows(); ++r) {
      SOCHDB_TRY(context->Tick());
      for (size_t c = 0; c < row.size(); ++c) row_[c] = rows_.Get(r, c);
      SOCHDB_TRY(f(row.first(n), row.subspan(n)));
    }
    return {};
  }

  Status Flush() {
    if (count_ == 0) return {};
    Batch rows;
    batch_.Expose(count_, &rows);
    count_ = 0;
    return rows_.Append(rows);
  }

  std::vector<ColumnType> types_;
  std::vector<Value> row_;  // before, then after
  BatchStorage batch_;
  Spool rows_;
  uint32_t count_ = 0;  // of batch_
};

class Update : public ChangeRows {
 public:
  Update(const UpdateNode& node, ExecContext* context)
      : ChangeRows(node, context),
        node_(node),
        evaluator_(context),
        postponed_(*node.table, &context->memory),
        replaced_(&context->memory, context->hash_seed) {}

 protected:
  void Begin() override {
    ChangeRows::Begin();
    replaced_.Clear();
  }

  Status Write(const Batch& batch) override {
    evaluator_.Restart();
    sets_.resize(node_.sets.size());
    for (size_t i = 0; i < sets_.size(); ++i) {
      SOCHDB_TRY(evaluator_.Eval(*node_.sets[i].expr, batch, batch.selection, &sets_[i]));
    }
    SOCHDB_TRY(CheckNotNull(batch));
    const size_t n = table_->columns.size();
    for (uint32_t i = 0; i < batch.count(); ++i) {
      const uint32_t r = batch.selection[i];
      bool first = false;
      SOCHDB_TRY(Load(batch, r, &first));
      if (!first) continue;
      after_ = row_;
      for (size_t s = 0; s < sets_.size(); ++s) after_[node_.sets[s].column] = Stored(sets_[s]->Get(r));
      writer_.NextRow();
      bool changed = true;
      SOCHDB_TRY(Change(std::span(after_).first(n), &changed));
      if (!changed) continue;
      ++rows_affected_;
      SOCHDB_TRY(returning_.Add(after_));
    }
    return {};
  }

  Status End() override { return postponed_.Write(context_, &writer_); }

 private:
  Status Change(std::span<Value> after, bool* changed) {
    const bool ignores = node_.action == ConflictAction::kIgnore;
    if (node_.action == ConflictAction::kReplace) SOCHDB_TRY(IsThere(changed));
    if (!*changed) return {};
    SOCHDB_TRY(writer_.Complete(after));
    if (Status status = writer_.CheckRow(after); !status.ok()) {
      *changed = false;
      return ignores && IsViolation(status) ? Status() : std::move(status);
    }
    for (;;) {
      TableWriter::Conflict conflict;
      bool taken = false;
      SOCHDB_TRY(writer_.Update(table_row(), after, &conflict, &taken));
      if (!taken) return {};
      if (node_.action == ConflictAction::kError) return postponed_.Add(table_row(), after);
      *changed = !ignores;
      if (ignores) return {};
      SOCHDB_TRY(Replace(conflict));
    }
  }

  // The rows to update were read before those in their way were deleted.
  Status IsThere(bool* there) {
    if (replaced_.size() == 0) return {};
    replaced_key_.clear();
    for (const KeyColumn& column : table_->primary_key)
      SOCHDB_TRY(AppendKeyValue(&replaced_key_, column.type, row_[column.column], false));
    *there = replaced_.Find(replaced_key_.view()) == ByteTable::kNone;
    return {};
  }

  Status Replace(const TableWriter::Conflict& conflict) {
    std::vector<Value> row(table_->columns.size());
    std::string bytes;
    SOCHDB_TRY(writer_.ReadRow(conflict.primary_key, row, &bytes));
    SOCHDB_TRY(writer_.Delete(row));
    uint32_t id = 0;
    bool first = false;
    return replaced_.FindOrInsert(conflict.primary_key, &id, &first);
  }

  // Before the first row of the batch is written.
  Status CheckNotNull(const Batch& batch) const {
    if (node_.action == ConflictAction::kIgnore) return {};
    for (size_t s = 0; s < sets_.size(); ++s) {
      const uint32_t column = node_.sets[s].column;
      if (!table_->columns[column].not_null) continue;
      for (uint32_t i = 0; i < batch.count(); ++i)
        if (sets_[s]->IsNull(batch.selection[i])) return writer_.NotNullError(column);
    }
    return {};
  }

  const UpdateNode& node_;
  Evaluator evaluator_;
  std::vector<const ColumnVector*> sets_;
  std::vector<Value> after_;
  Postponed postponed_;
  ByteTable replaced_;  // the primary keys of rows that were deleted
  KeyBuffer replaced_key_;
};

class Delete : public ChangeRows {
 public:
  Delete(const DeleteNode& node, ExecContext* context) : ChangeRows(node, context) {}

 protected:
  Status Write(const Batch& batch) override {
    for (uint32_t i = 0; i < batch.count(); ++i) {
      bool first = false;
      SOCHDB_TRY(Load(batch, batch.selection[i], &first));
      if (!first) continue;
      writer_.NextRow();
      SOCHDB_TRY(writer_.Delete(table_row()));
      ++rows_affected_;
      SOCHDB_TRY(returning_.Add(row_));
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<WriteOperator> MakeUpdate(const UpdateNode& node, ExecContext* context) {
  return std::make_unique<Update>(node, context);
}

std::unique_ptr<WriteOperator> MakeDelete(const DeleteNode& node, ExecContext* context) {
  return std::make_unique<Delete>(node, context);
}

}  // namespace sochdb
