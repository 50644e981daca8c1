#include "exec/access.h"

namespace sochdb {
namespace {

constexpr uint32_t kRowsToShow = 128;         // fewer are copied, so that batches do not become small
constexpr size_t kAwaitedBytes = 256 * 1024;  // of keys

}  // namespace

AccessReader::AccessReader(ExecContext* context, const IndexAccess* access)
    : context_(context), access_(access), loader_(access->table, access->projection) {}

void AccessReader::AppendPrefix(KeyBuffer* out) const {
  if (access_->index == nullptr) AppendRowPrefix(out, context_->ns(), access_->table->id);
  else AppendIndexPrefix(out, context_->ns(), access_->table->id, access_->index->id);
}

Status AccessReader::AppendKey(size_t part, const Value& value, KeyBuffer* out) const {
  const KeyColumn& column = access_->key()[part];
  return AppendKeyValue(out, column.type, value, column.descending);
}

Status AccessReader::Damaged(const char* what) const {
  return {Code::kCorruption,
          std::string("An index entry is damaged: ") + what + ".",
          {{"table", access_->table->name}, {"index", access_->index->name}}};
}

bool PrimaryKeyOf(const IndexInfo& index, std::string_view key, std::string_view value, std::string_view* out) {
  if (index.unique) {
    *out = value;
    return true;
  }
  if (key.size() < kIndexPrefixBytes) return false;
  key.remove_prefix(kIndexPrefixBytes);
  for (const KeyColumn& column : index.key)
    if (!SkipKeyValue(&key, column.descending)) return false;
  *out = key;
  return true;
}

Status AccessReader::LoadEntry(std::string_view key, std::string_view value, uint32_t r, size_t first, BatchStorage* out) {
  if (access_->index == nullptr) return loader_.Load(value, r, first, out);
  if (access_->covering) return LoadCovered(key, value, r, first, out);
  std::string_view primary_key;
  if (!PrimaryKeyOf(*access_->index, key, value, &primary_key)) return Damaged("its key does not decode");
  return LoadRow(primary_key, r, first, out);
}

Status AccessReader::AddEntry(std::string_view key, std::string_view value, uint32_t r, BatchStorage* out) {
  if (access_->index == nullptr || access_->covering || context_->rows_one_by_one) return LoadEntry(key, value, r, 0, out);
  std::string_view primary_key;
  if (!PrimaryKeyOf(*access_->index, key, value, &primary_key)) return Damaged("its key does not decode");
  return AddRow(primary_key, r, out);
}

Status AccessReader::AddRow(std::string_view primary_key, uint32_t r, BatchStorage* out) {
  if (row_prefix_.size() == 0) AppendRowPrefix(&row_prefix_, context_->ns(), access_->table->id);
  awaited_keys_.append(row_prefix_.view()).append(primary_key);
  awaited_.push_back({awaited_keys_.size(), r});
  return awaited_.size() < kPointsAtOnce && awaited_keys_.size() < kAwaitedBytes ? Status() : Finish(out);
}

Status AccessReader::Finish(BatchStorage* out) {
  Status status = awaited_.empty() ? Status() : LoadAwaited(out);
  awaited_.clear();
  awaited_keys_.clear();
  return status;
}

Status AccessReader::LoadAwaited(BatchStorage* out) {
  keys_.clear();
  size_t begin = 0;
  for (const AwaitedRow& row : awaited_) {
    keys_.push_back(std::string_view(awaited_keys_).substr(begin, row.key_end - begin));
    begin = row.key_end;
  }
  SOCHDB_TRY(context_->reader->GetMany(access_->table->trees.rows, keys_, &read_));
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (!read_.items[i].found) return Damaged("its row is not there");
    SOCHDB_TRY(loader_.Load(read_.items[i].data, awaited_[i].r, 0, out));
  }
  return {};
}

Status AccessReader::LoadPoints(std::span<const std::string_view> keys, uint32_t r, BatchStorage* out, uint32_t* rows) {
  if (context_->rows_one_by_one) {
    for (size_t i = 0; i < keys.size(); ++i) {
      bool found = false;
      SOCHDB_TRY(LoadPoint(keys[i], r, 0, out, &found));
      rows[i] = found ? r++ : kNoRow;
    }
    return {};
  }
  SOCHDB_TRY(context_->reader->GetMany(tree(), keys, &entries_));
  for (size_t i = 0; i < keys.size(); ++i) {
    const ReadValues::Item& entry = entries_.items[i];
    rows[i] = entry.found ? r++ : kNoRow;
    if (entry.found) SOCHDB_TRY(AddEntry(keys[i], entry.data, rows[i], out));
  }
  return Finish(out);
}

void AccessReader::BeginBatch() {
  pins_.clear();
  if (columns_) columns_->BeginBatch();
}

Status AccessReader::LoadRun(EntryRun* run, uint32_t r, BatchStorage* out, bool* full) {
  *full = false;
  if (run->group == nullptr) {
    if (!run->stable) return loader_.Load(run->values.front(), r, 0, out);
    if (run->pin) pins_.push_back(std::move(run->pin));
    return loader_.LoadStable(run->values, r, 0, out);
  }
  if (!columns_) {
    KeyBuffer prefix;
    AppendPrefix(&prefix);
    columns_.emplace(access_->table, access_->projection, prefix.view());
  }
  bool usable = false;
  SOCHDB_TRY(columns_->Enter(run->group, &usable));
  if (!usable) {
    const std::vector<std::string_view>* values = nullptr;
    SOCHDB_TRY(run->group->Values(&values));
    for (uint32_t i = 0; i < run->rows; ++i) SOCHDB_TRY(loader_.Load((*values)[run->first + i], r + i, 0, out));
    return {};
  }
  *full = r == 0 && run->rows >= kRowsToShow;
  if (*full) columns_->Show(run->first, run->rows, out);
  else columns_->Copy(run->first, run->rows, r, out);
  return {};
}

Status AccessReader::LoadPoint(std::string_view key, uint32_t r, size_t first, BatchStorage* out, bool* found) {
  ReadValue value;
  SOCHDB_TRY(context_->reader->Get(tree(), key, &value, found));
  return *found ? LoadEntry(key, value.data, r, first, out) : Status();
}

Status AccessReader::LoadRow(std::string_view primary_key, uint32_t r, size_t first, BatchStorage* out) {
  row_key_.clear();
  AppendRowPrefix(&row_key_, context_->ns(), access_->table->id);
  row_key_.append(primary_key);
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(context_->reader->Get(access_->table->trees.rows, row_key_.view(), &value, &found));
  if (!found) return Damaged("its row is not there");
  return loader_.Load(value.data, r, first, out);
}

Status AccessReader::LoadCovered(std::string_view key, std::string_view value, uint32_t r, size_t first, BatchStorage* out) {
  const IndexInfo& index = *access_->index;
  if (key.size() < kIndexPrefixBytes) return Damaged("its key is short");
  key.remove_prefix(kIndexPrefixBytes);
  // Views into the scratch may move while it grows; so unescaped bytes go to the arena one by one.
  parts_.resize(index.key.size() + access_->table->primary_key.size());
  for (size_t i = 0; i < parts_.size(); ++i) {
    const bool in_index = i < index.key.size();
    if (i == index.key.size() && index.unique) key = value;
    scratch_.clear();
    if (!DecodeKeyValue(&key, in_index && index.key[i].descending, &scratch_, &parts_[i]))
      return Damaged("its key does not decode");
    std::string_view& bytes = parts_[i].bytes;
    if (bytes.data() == scratch_.data() && !bytes.empty()) {
      if (!out->arena().Copy(bytes, &bytes)) return out->arena().memory()->LimitError();
    }
  }
  for (size_t i = 0; i < access_->cover.size(); ++i) {
    const Value& part = parts_[access_->cover[i]];
    const ColumnType type = access_->table->columns[access_->projection[i]].type;
    if (!part.is_null() && !SameClass(part.tag, type)) return Damaged("its key is of other types than its columns");
    SOCHDB_TRY(out->Set(first + i, r, part));
  }
  return {};
}

}  // namespace sochdb
