#include "exec/foreign_keys.h"

#include <set>
#include <utility>

#include "codec/tagged_value.h"
#include "exec/access.h"
#include "exec/catalog_check.h"

namespace sochdb {
namespace {

std::string NamesOf(const TableInfo& table, const std::vector<uint32_t>& columns) {
  std::string names;
  for (const uint32_t column : columns) names += (names.empty() ? "" : ", ") + table.columns[column].name;
  return names;
}

Status::Details DetailsOf(const ForeignKeyInfo& key) {
  return {{"table", key.child->name},
          {"constraint", key.name},
          {"columns", NamesOf(*key.child, key.child_columns)},
          {"referencedTable", key.parent->name},
          {"referencedColumns", NamesOf(*key.parent, key.parent_columns)}};
}

Status NamesNone(const ForeignKeyInfo& key) {
  return {Code::kForeignKey,
          "A row of " + key.child->name + " names a row of " + key.parent->name + " that is not there (" +
              NamesOf(*key.child, key.child_columns) + ", " + key.name + ").",
          DetailsOf(key)};
}

Status IsNamed(const ForeignKeyInfo& key) {
  return {Code::kForeignKey,
          "A row of " + key.parent->name + " is named by rows of " + key.child->name + " (" +
              NamesOf(*key.child, key.child_columns) + ", " + key.name + ").",
          DetailsOf(key)};
}

// Another foreign key's action has changed the primary key of a row that was to be changed.
Status MovedTwice(const ForeignKeyInfo& key) {
  return {Code::kForeignKey,
          "A row of " + key.child->name + " names two rows of " + key.parent->name +
              " that change their keys at once: change them in two statements (" + key.name + ").",
          DetailsOf(key)};
}

std::string Tagged(const std::vector<Value>& values) {
  std::string out;
  for (const Value& value : values) AppendTagged(value, &out);
  return out;
}

bool Differ(TableWriter::Row a, TableWriter::Row b, const std::vector<uint32_t>& columns) {
  for (const uint32_t column : columns)
    if (CompareValues(a[column], b[column]) != 0) return true;
  return false;
}

}  // namespace

Status DeferredForeignKeys::Add(std::shared_ptr<const PreparedPlan> plan, const ForeignKeyInfo* key,
                                std::string_view primary_key) {
  if (pending_.size() == kDeferredKeysMax) {
    return {Code::kLimit,
            "A transaction leaves at most " + std::to_string(kDeferredKeysMax) +
                " rows whose foreign keys are checked at its commit: write the rows they name first.",
            {{"limit", "kDeferredKeysMax"}}};
  }
  pending_.push_back({std::move(plan), key, std::string(primary_key)});
  return {};
}

Status DeferredForeignKeys::Check(Engine* engine, Transaction* txn) {
  const std::vector<Pending> pending = std::move(pending_);
  pending_.clear();
  for (const Pending& row : pending)
    if (row.settled == 0) SOCHDB_TRY(CheckOne(row, engine, txn));
  return {};
}

Status DeferredForeignKeys::CheckOne(const Pending& row, Engine* engine, Transaction* txn) {
  ExecContext context(kDefaultQueryMemoryBytes);
  context.plan = row.plan.get();
  context.engine = engine;
  context.reader = txn;
  context.txn = txn;
  return ForeignKeys(&context).CheckRow(*row.key, row.primary_key);
}

// What a row rests on may go later: then the statement that takes it away notes the row again.
Status DeferredForeignKeys::Settle(Engine* engine, Transaction* txn) {
  if (pending_.empty()) return {};
  const SavepointId now = txn->SetSavepoint();
  SOCHDB_TRY(txn->Release(now));
  for (Pending& row : pending_) {
    if (row.settled != 0) continue;
    if (Status status = CheckOne(row, engine, txn); !status.ok()) {
      if (status.code() != Code::kForeignKey) return status;
      return {Code::kForeignKey, "Before the schema changes, deferred foreign keys have to hold: " + status.message(),
              status.details()};
    }
    row.settled = now;
  }
  return {};
}

void DeferredForeignKeys::RolledBackTo(SavepointId savepoint) {
  for (Pending& row : pending_)
    if (row.settled > savepoint) row.settled = 0;
}

void ForeignKeys::BeginStatement() {
  actions_.clear();
  gone_.clear();
  orphans_.clear();
  depth_ = 0;
}

bool ForeignKeys::Pick(Row row, const std::vector<uint32_t>& columns, Values* out) {
  out->clear();
  for (const uint32_t column : columns) {
    if (row[column].is_null()) return false;
    out->push_back(row[column]);
  }
  return true;
}

Status ForeignKeys::Decode(std::string_view tagged, Values* out) {
  out->clear();
  while (!tagged.empty()) SOCHDB_TRY(DecodeTagged(&tagged, &out->emplace_back()));
  return {};
}

TableWriter* ForeignKeys::WriterOf(const TableInfo* table) {
  auto& writer = writers_[table];
  if (writer == nullptr) writer = std::make_unique<TableWriter>(context_, table);
  return writer.get();
}

Status ForeignKeys::Inserted(const TableInfo& table, Row row) {
  for (const ForeignKeyInfo& key : context_->plan->foreign_keys())
    if (key.child == &table) SOCHDB_TRY(CheckChild(key, row));
  return {};
}

Status ForeignKeys::Deleted(const TableInfo& table, Row row) {
  for (const ForeignKeyInfo& key : context_->plan->foreign_keys())
    if (key.parent == &table) SOCHDB_TRY(Went(key, row, nullptr));
  return {};
}

Status ForeignKeys::Updated(const TableInfo& table, Row before, Row after) {
  for (const ForeignKeyInfo& key : context_->plan->foreign_keys()) {
    if (key.child == &table && Differ(before, after, key.child_columns)) SOCHDB_TRY(CheckChild(key, after));
    if (key.parent == &table && Differ(before, after, key.parent_columns)) SOCHDB_TRY(Went(key, before, &after));
  }
  return {};
}

Status ForeignKeys::ParentExists(const ForeignKeyInfo& key, const Values& values, bool* exists) {
  const TableInfo& parent = *key.parent;
  key_.clear();
  if (key.parent_index == nullptr) AppendRowPrefix(&key_, context_->ns(), parent.id);
  else AppendIndexPrefix(&key_, context_->ns(), parent.id, key.parent_index->id);
  const auto& columns = key.parent_index == nullptr ? parent.primary_key : key.parent_index->key;
  for (size_t i = 0; i < columns.size(); ++i) {
    SOCHDB_TRY(AppendKeyValue(&key_, columns[i].type, values[key.parent_order[i]], columns[i].descending));
  }
  if (key_.size() > kMaxKeyBytes) return *exists = false, Status();
  ReadValue found;
  return context_->txn->GetForConstraint(key.parent_index == nullptr ? parent.trees.rows : parent.trees.indexes, key_.view(),
                                         &found, exists);
}

Status ForeignKeys::CheckChild(const ForeignKeyInfo& key, Row row) {
  Values values;
  if (!Pick(row, key.child_columns, &values)) return {};
  bool exists = false;
  SOCHDB_TRY(ParentExists(key, values, &exists));
  if (exists) return {};
  key_.clear();
  for (const KeyColumn& part : key.child->primary_key) {
    SOCHDB_TRY(AppendKeyValue(&key_, part.type, row[part.column], false));
  }
  orphans_.push_back({&key, std::string(key_.view())});
  return {};
}

Status ForeignKeys::Went(const ForeignKeyInfo& key, Row before, const Row* after) {
  Values values;
  if (!Pick(before, key.parent_columns, &values)) return {};
  std::vector<std::string> children;
  SOCHDB_TRY(FindChildren(key, values, 1, &children));
  if (children.empty()) return {};
  const ReferenceAction action = after == nullptr ? key.on_delete : key.on_update;
  if (action == ReferenceAction::kRestrict) return IsNamed(key);
  Gone gone{&key, Tagged(values), {}, after == nullptr, depth_ + 1};
  if (action == ReferenceAction::kNoAction) {
    gone_.push_back(std::move(gone));
    return {};
  }
  if (action == ReferenceAction::kCascade && after != nullptr) {
    for (const uint32_t column : key.parent_columns) AppendTagged((*after)[column], &gone.after);
  }
  actions_.push_back(std::move(gone));
  return {};
}

Status ForeignKeys::FindChildren(const ForeignKeyInfo& key, const Values& values, size_t most,
                                 std::vector<std::string>* primary_keys) {
  return key.child_index != nullptr ? FindByIndex(key, values, most, primary_keys)
                                    : FindByScan(key, values, most, primary_keys);
}

Status ForeignKeys::FindByIndex(const ForeignKeyInfo& key, const Values& values, size_t most,
                                std::vector<std::string>* primary_keys) {
  const IndexInfo& index = *key.child_index;
  const TreeId tree = key.child->trees.indexes;
  KeyBuffer lo;
  AppendIndexPrefix(&lo, context_->ns(), key.child->id, index.id);
  for (size_t i = 0; i < key.child_order.size(); ++i) {
    SOCHDB_TRY(AppendKeyValue(&lo, index.key[i].type, values[key.child_order[i]], index.key[i].descending));
  }
  KeyBuffer hi;
  hi.assign(lo.view());
  MakePrefixSuccessor(&hi);
  context_->txn->RegisterConstraintRange(tree, lo.view(), hi.view());
  SOCHDB_ASSIGN(cursor, context_->txn->NewCursor(tree, lo.view(), hi.view(), {}));
  while (primary_keys->size() < most) {
    SOCHDB_TRY(context_->Tick());
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    std::string_view primary_key;
    if (!PrimaryKeyOf(index, cursor->key(), cursor->value(), &primary_key)) {
      return {Code::kCorruption, "An index entry is damaged.", {{"table", key.child->name}, {"index", index.name}}};
    }
    primary_keys->emplace_back(primary_key);
  }
  return {};
}

Status ForeignKeys::FindByScan(const ForeignKeyInfo& key, const Values& values, size_t most,
                               std::vector<std::string>* primary_keys) {
  const TableInfo& child = *key.child;
  KeyBuffer lo;
  AppendRowPrefix(&lo, context_->ns(), child.id);
  for (size_t i = 0; i < key.child_order.size(); ++i) {
    SOCHDB_TRY(AppendKeyValue(&lo, child.primary_key[i].type, values[key.child_order[i]], false));
  }
  KeyBuffer hi;
  hi.assign(lo.view());
  MakePrefixSuccessor(&hi);
  context_->txn->RegisterConstraintRange(child.trees.rows, lo.view(), hi.view());
  SOCHDB_ASSIGN(cursor, context_->txn->NewCursor(child.trees.rows, lo.view(), hi.view(), {}));
  std::vector<Value> row(child.columns.size());
  Values named;
  while (primary_keys->size() < most) {
    SOCHDB_TRY(context_->Tick());
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    SOCHDB_TRY(DecodeRow(child, cursor->value(), row));
    if (!Pick(row, key.child_columns, &named)) continue;
    bool same = true;
    for (size_t i = 0; i < named.size(); ++i) same = same && CompareValues(named[i], values[i]) == 0;
    if (same) primary_keys->emplace_back(cursor->key().substr(kRowPrefixBytes));
  }
  return {};
}

Status ForeignKeys::ActOnRow(const Gone& gone, const Values& after, TableWriter* writer, Row row) {
  const ForeignKeyInfo& key = *gone.key;
  const ReferenceAction action = gone.deleted ? key.on_delete : key.on_update;
  writer->NextRow();
  if (gone.deleted && action == ReferenceAction::kCascade) return writer->Delete(row);
  std::vector<Value> changed(row.begin(), row.end());
  for (size_t i = 0; i < key.child_columns.size(); ++i) {
    Value& to = changed[key.child_columns[i]];
    if (action == ReferenceAction::kCascade) to = after[i];
    else to = action == ReferenceAction::kSetDefault ? key.child->columns[key.child_columns[i]].default_value : Value();
  }
  SOCHDB_TRY(writer->Complete(changed));
  SOCHDB_TRY(writer->CheckRow(changed));
  SOCHDB_TRY(writer->Update(row, changed));
  // The default may be what it was already.
  return action == ReferenceAction::kSetDefault ? CheckChild(key, changed) : Status();
}

Status ForeignKeys::Act(const Gone& gone) {
  if (gone.depth > kCascadeDepthMax) {
    return {Code::kForeignKey,
            "The actions of foreign keys lead to more than " + std::to_string(kCascadeDepthMax) + " others in a row (" +
                gone.key->name + ").",
            DetailsOf(*gone.key)};
  }
  depth_ = gone.depth;
  Values before;
  Values after;
  SOCHDB_TRY(Decode(gone.before, &before));
  SOCHDB_TRY(Decode(gone.after, &after));
  std::vector<std::string> primary_keys = gone.children;
  if (!gone.has_children) SOCHDB_TRY(FindChildren(*gone.key, before, SIZE_MAX, &primary_keys));
  TableWriter* writer = WriterOf(gone.key->child);
  std::vector<Value> row(gone.key->child->columns.size());
  std::string bytes;
  for (const std::string& primary_key : primary_keys) {
    SOCHDB_TRY(context_->Tick());
    Status read = writer->ReadRow(primary_key, row, &bytes);
    if (gone.has_children && read.code() == Code::kCorruption) return MovedTwice(*gone.key);
    SOCHDB_TRY(std::move(read));
    SOCHDB_TRY(ActOnRow(gone, after, writer, row));
  }
  return {};
}

Status ForeignKeys::Settle(const Gone& gone) {
  Values before;
  SOCHDB_TRY(Decode(gone.before, &before));
  bool exists = false;
  SOCHDB_TRY(ParentExists(*gone.key, before, &exists));
  if (exists) return {};
  const bool deferred = gone.key->deferred && context_->deferred != nullptr;
  std::vector<std::string> children;
  SOCHDB_TRY(FindChildren(*gone.key, before, deferred ? SIZE_MAX : 1, &children));
  if (children.empty()) return {};
  if (!deferred) return IsNamed(*gone.key);
  for (const std::string& child : children) {
    SOCHDB_TRY(context_->deferred->Add(context_->plan->shared_from_this(), gone.key, child));
  }
  return {};
}

Status ForeignKeys::Settle(const Orphan& orphan) {
  Status status = CheckRow(*orphan.key, orphan.primary_key);
  if (status.code() != Code::kForeignKey || !orphan.key->deferred || context_->deferred == nullptr) return status;
  return context_->deferred->Add(context_->plan->shared_from_this(), orphan.key, orphan.primary_key);
}

Status ForeignKeys::CheckRow(const ForeignKeyInfo& key, std::string_view primary_key) {
  key_.clear();
  AppendRowPrefix(&key_, context_->ns(), key.child->id);
  key_.append(primary_key);
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(context_->txn->GetForConstraint(key.child->trees.rows, key_.view(), &value, &found));
  if (!found) return {};
  const std::string bytes(value.data);
  std::vector<Value> row(key.child->columns.size());
  SOCHDB_TRY(DecodeRow(*key.child, bytes, row));
  Values values;
  if (!Pick(row, key.child_columns, &values)) return {};
  SOCHDB_TRY(ParentExists(key, values, &found));
  return found ? Status() : NamesNone(key);
}

Status ForeignKeys::TellApart() {
  std::set<std::pair<const ForeignKeyInfo*, std::string_view>> left;
  for (const Gone& gone : actions_) left.emplace(gone.key, gone.before);
  std::set<const ForeignKeyInfo*> mixed;
  for (const Gone& gone : actions_)
    if (!gone.after.empty() && left.contains({gone.key, gone.after})) mixed.insert(gone.key);
  Values before;
  for (Gone& gone : actions_) {
    if (gone.after.empty() || !mixed.contains(gone.key)) continue;
    SOCHDB_TRY(Decode(gone.before, &before));
    SOCHDB_TRY(FindChildren(*gone.key, before, SIZE_MAX, &gone.children));
    gone.has_children = true;
  }
  return {};
}

Status ForeignKeys::EndStatement() {
  SOCHDB_TRY(TellApart());
  while (!actions_.empty()) {
    const Gone gone = std::move(actions_.front());
    actions_.pop_front();
    SOCHDB_TRY(Act(gone));
  }
  for (const Gone& gone : gone_) SOCHDB_TRY(Settle(gone));
  for (const Orphan& orphan : orphans_) SOCHDB_TRY(Settle(orphan));
  BeginStatement();
  return {};
}

}  // namespace sochdb
