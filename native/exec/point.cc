#include "exec/point.h"

#include <algorithm>

#include "base/epoch.h"
#include "codec/row_codec.h"
#include "codec/tagged_value.h"
#include "exec/access.h"
#include "exec/catalog_check.h"
#include "exec/coerce.h"
#include "exec/identity.h"

namespace sochdb {
namespace {

// The newest published state, one get at a time. What was read is valid while it lives.
class EngineReader : public Reader {
 public:
  explicit EngineReader(Engine* engine) : engine_(engine) {}
  Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) override {
    return engine_->Get(tree, key, out, found);
  }
  Result<std::unique_ptr<Cursor>> NewCursor(TreeId, std::string_view, std::string_view, const ScanOptions&) override {
    return Status(Code::kInternal, "A point read has no cursor.");
  }
  Timestamp read_ts() const override { return engine_->visible_ts(); }
  uint64_t now_ms() const override { return 0; }

 private:
  const EpochGuard guard_;
  Engine* engine_;
};

}  // namespace

PointStatement::PointStatement(std::shared_ptr<const PreparedPlan> plan, const ExecutionLimits& limits)
    : plan_(std::move(plan)), context_(limits.query_memory_bytes), arena_(&context_.memory), output_(&context_.memory) {
  context_.plan = plan_.get();
  output_.Init(plan_->output_types());
  if (plan_->point_kind() == PointKind::kSelect) PrepareSelect();
  else PrepareWrite(static_cast<const WriteNode&>(plan_->root()));
}

void PointStatement::PrepareSelect() {
  const PlanNode& root = plan_->root();
  scan_ = AsPointScan(root.op == PlanOp::kScan ? &root : static_cast<const ProjectNode&>(root).child);
  if (root.op == PlanOp::kScan) {
    loader_ = std::make_unique<RowLoader>(scan_->access.table, scan_->access.projection);
    return;
  }
  std::vector<uint32_t> columns;
  std::vector<uint32_t> targets;
  const auto& exprs = static_cast<const ProjectNode&>(root).exprs;
  for (uint32_t i = 0; i < exprs.size(); ++i) {
    if (exprs[i]->op == ExprOp::kColumn) {
      columns.push_back(scan_->access.projection[static_cast<size_t>(exprs[i]->number)]);
      targets.push_back(i);
    } else {
      computed_.push_back({i, exprs[i]});
    }
  }
  loader_ = std::make_unique<RowLoader>(scan_->access.table, columns, targets);
}

void PointStatement::PrepareWrite(const WriteNode& write) {
  if (plan_->point_kind() != PointKind::kInsert) scan_ = AsPointScan(write.child);
  writer_ = std::make_unique<TableWriter>(&context_, write.table);
  if (!plan_->foreign_keys().empty()) {
    foreign_keys_ = std::make_unique<ForeignKeys>(&context_);
    context_.foreign_keys = foreign_keys_.get();
  }
  for (const ColumnInfo& column : write.table->columns) template_.push_back(column.dropped ? Value() : column.default_value);
  row_ = template_;
}

Status PointStatement::BindParameters(std::string_view params) {
  arena_.Reset();
  ParameterReader reader(params, 1, plan_->parameter_count());
  return reader.Read(1, &context_.parameters);
}

Status PointStatement::Execute(const ExecutionTarget& target, std::string_view params) {
  batch_.Clear();
  rows_affected_ = 0;
  context_.inserted_key.reset();
  SOCHDB_TRY(BindParameters(params));
  context_.engine = target.engine;
  context_.txn = target.txn;
  context_.deferred = target.deferred;
  context_.identities = target.identities;
  if (foreign_keys_ != nullptr) foreign_keys_->BeginStatement();
  context_.reader = target.reader != nullptr ? target.reader : target.txn;
  if (plan_->is_write() && target.txn == nullptr) return {Code::kReadOnly, "A statement that writes needs a transaction."};
  if (context_.reader == nullptr) return SelectNewest();
  SOCHDB_TRY(CheckCatalog(&context_));
  switch (plan_->point_kind()) {
    case PointKind::kSelect:
      return Select();
    case PointKind::kInsert:
      return Counted(Insert());
    default:
      return Counted(UpdateOrDelete());
  }
}

Status PointStatement::Counted(Status status) {
  if (status.ok() && context_.identities != nullptr) context_.identities->Wrote(rows_affected_, context_.inserted_key);
  return status;
}

// An entry, then its row, of one state: the newest, unless something was committed while they were read.
Status PointStatement::SelectNewest() {
  Engine* const engine = context_.engine;
  {
    EngineReader newest(engine);
    context_.reader = &newest;
    const Timestamp seen = engine->visible_ts();
    Status status = CheckCatalog(&context_);
    if (status.ok()) status = Select();
    if (scan_->access.index == nullptr || engine->visible_ts() == seen) return status;
  }
  batch_.Clear();
  SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
  context_.reader = snapshot.get();
  SOCHDB_TRY(CheckCatalog(&context_));
  return Select();
}

Status PointStatement::Leaf(const Expr& expr, std::span<const Value> row, Value* out) {
  switch (expr.op) {
    case ExprOp::kColumn:
      *out = row[static_cast<size_t>(expr.number)];
      return {};
    case ExprOp::kConst:
      *out = expr.value;
      return {};
    default: {
      const Value& given = context_.parameters.values[static_cast<size_t>(expr.number)];
      if (given.tag == expr.type && given.tag != ValueTag::kDecimal) {
        *out = given;
        return {};
      }
      return CoerceLossless(given, expr.type, &arena_, out);
    }
  }
}

Status PointStatement::BuildKey(bool* null) {
  const IndexAccess& access = scan_->access;
  key_.clear();
  if (access.index == nullptr) AppendRowPrefix(&key_, plan_->namespace_id(), access.table->id);
  else AppendIndexPrefix(&key_, plan_->namespace_id(), access.table->id, access.index->id);
  const auto& columns = access.key();
  for (size_t i = 0; i < columns.size(); ++i) {
    Value value;
    SOCHDB_TRY(Leaf(*scan_->equals[i], {}, &value));
    *null = value.is_null();
    if (*null) return {};
    SOCHDB_TRY(AppendKeyValue(&key_, columns[i].type, value, columns[i].descending));
  }
  return {};
}

Status PointStatement::Find(ReadValue* row, bool* found) {
  bool null = false;
  *found = false;
  SOCHDB_TRY(BuildKey(&null));
  if (null) return {};
  const TableTrees& trees = scan_->access.table->trees;
  if (scan_->access.index == nullptr) return context_.reader->Get(trees.rows, key_.view(), row, found);
  ReadValue entry;
  SOCHDB_TRY(context_.reader->Get(trees.indexes, key_.view(), &entry, found));
  if (!*found) return {};
  row_key_.clear();
  AppendRowPrefix(&row_key_, plan_->namespace_id(), scan_->access.table->id);
  row_key_.append(entry.data);
  SOCHDB_TRY(context_.reader->Get(trees.rows, row_key_.view(), row, found));
  if (*found) return {};
  return {Code::kCorruption,
          "An index entry leads to no row.",
          {{"table", scan_->access.table->name}, {"index", scan_->access.index->name}}};
}

Status PointStatement::Select() {
  ReadValue row;
  bool found = false;
  SOCHDB_TRY(Find(&row, &found));
  if (!found) return {};
  SOCHDB_TRY(output_.Reset(1));
  SOCHDB_TRY(loader_->Load(row.data, 0, 0, &output_));
  for (const Computed& computed : computed_) {
    Value value;
    SOCHDB_TRY(Leaf(*computed.expr, {}, &value));
    SOCHDB_TRY(output_.Set(computed.target, 0, value));
  }
  output_.Expose(1, &batch_);
  return {};
}

Status PointStatement::Return(std::span<const Value> row) {
  rows_affected_ = 1;
  const auto& returning = static_cast<const WriteNode&>(plan_->root()).returning;
  if (returning.empty()) return {};
  SOCHDB_TRY(output_.Reset(1));
  for (size_t c = 0; c < returning.size(); ++c) {
    Value value;
    SOCHDB_TRY(Leaf(*returning[c], row, &value));
    SOCHDB_TRY(output_.Set(c, 0, value));
  }
  output_.Expose(1, &batch_);
  return {};
}

Status PointStatement::EndStatement() {
  if (context_.numbered != nullptr) SOCHDB_TRY(context_.identities->EndStatement(&context_));
  return foreign_keys_ == nullptr ? Status() : foreign_keys_->EndStatement();
}

Status PointStatement::Insert() {
  const auto& insert = static_cast<const InsertNode&>(plan_->root());
  const auto& values = static_cast<const ValuesNode&>(*insert.child);
  row_ = template_;
  for (size_t c = 0; c < insert.targets.size(); ++c) {
    Value& to = row_[insert.targets[c]];
    SOCHDB_TRY(Leaf(*values.exprs[c], {}, &to));
    to = Stored(to);
  }
  const bool lenient = insert.conflict.action != ConflictAction::kError;
  writer_->NextRow();
  SOCHDB_TRY(writer_->Number(row_));
  SOCHDB_TRY(writer_->Complete(row_));
  if (Status status = writer_->CheckRow(row_); !status.ok()) {
    return insert.conflict.action == ConflictAction::kIgnore && IsViolation(status) ? Status() : std::move(status);
  }
  TableWriter::Conflict conflict;
  bool found = false;
  if (lenient) SOCHDB_TRY(writer_->FindConflict(row_, insert.conflict.index, &conflict, &found));
  if (found) {
    return insert.conflict.action == ConflictAction::kUpdate ? UpdateExisting(conflict.primary_key) : Status();
  }
  if (!lenient || insert.conflict.index != kConflictAny) {
    SOCHDB_TRY(writer_->FindConflict(row_, kConflictAny, &conflict, &found));
    if (found) return writer_->UniqueError(conflict.index);
  }
  SOCHDB_TRY(writer_->Insert(row_));
  SOCHDB_TRY(EndStatement());
  return Return(row_);
}

// SET sees the existing row, then the proposed one.
Status PointStatement::UpdateExisting(std::string_view primary_key) {
  const auto& insert = static_cast<const InsertNode&>(plan_->root());
  const size_t n = row_.size();
  both_.resize(2 * n);
  const auto before = std::span(both_).first(n);
  SOCHDB_TRY(writer_->ReadRow(primary_key, before, &existing_));
  std::copy(row_.begin(), row_.end(), both_.begin() + static_cast<ptrdiff_t>(n));
  after_.assign(before.begin(), before.end());
  for (const Assignment& set : insert.conflict.sets) {
    SOCHDB_TRY(Leaf(*set.expr, both_, &after_[set.column]));
    after_[set.column] = Stored(after_[set.column]);
  }
  SOCHDB_TRY(writer_->Complete(after_));
  SOCHDB_TRY(writer_->CheckRow(after_));
  SOCHDB_TRY(writer_->Update(before, after_));
  SOCHDB_TRY(EndStatement());
  return Return(after_);
}

Status PointStatement::UpdateOrDelete() {
  const auto& write = static_cast<const WriteNode&>(plan_->root());
  ReadValue found_row;
  bool found = false;
  SOCHDB_TRY(Find(&found_row, &found));
  if (!found) return {};
  // Kept through the write: what is read of an own write is gone once it is written again.
  std::string_view bytes;
  if (!arena_.Copy(found_row.data, &bytes)) return context_.memory.LimitError();
  const TableInfo& table = *write.table;
  SOCHDB_TRY(DecodeRow(table, bytes, row_));
  writer_->NextRow();
  if (plan_->point_kind() == PointKind::kDelete) {
    SOCHDB_TRY(writer_->Delete(row_));
    SOCHDB_TRY(EndStatement());
    return Return(row_);
  }
  after_ = row_;
  for (const Assignment& set : write.sets) {
    Value& to = after_[set.column];
    SOCHDB_TRY(Leaf(*set.expr, row_, &to));
    to = Stored(to);
    if (to.is_null() && table.columns[set.column].not_null) return writer_->NotNullError(set.column);
  }
  SOCHDB_TRY(writer_->Complete(after_));
  SOCHDB_TRY(writer_->CheckRow(after_));
  SOCHDB_TRY(writer_->Update(row_, after_));
  SOCHDB_TRY(EndStatement());
  return Return(after_);
}

}  // namespace sochdb
