// kUpdate and kDelete.

#include "codec/key_codec.h"
#include "exec/hash_table.h"
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

class Update : public ChangeRows {
 public:
  Update(const UpdateNode& node, ExecContext* context) : ChangeRows(node, context), node_(node), evaluator_(context) {}

 protected:
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
      const auto after = std::span(after_).first(n);
      writer_.NextRow();
      SOCHDB_TRY(writer_.Complete(after));
      SOCHDB_TRY(writer_.CheckRow(after));
      SOCHDB_TRY(writer_.Update(table_row(), after));
      ++rows_affected_;
      SOCHDB_TRY(returning_.Add(after_));
    }
    return {};
  }

 private:
  // Before the first row of the batch is written.
  Status CheckNotNull(const Batch& batch) const {
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
