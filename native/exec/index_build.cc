#include "exec/index_build.h"

#include <algorithm>
#include <span>
#include <vector>

#include "exec/catalog_check.h"
#include "exec/table_writer.h"

namespace sochdb {
namespace {

constexpr size_t kSortedBytes = 1024 * 1024;  // of entries that are put in order of their keys

// Entries of an index on their way into it. In order they cost a transaction, and what they are committed to, far less.
class SortedEntries {
 public:
  SortedEntries(TableWriter* writer, int32_t index) : writer_(writer), index_(index) {}

  Status Add(std::string_view key, std::string_view primary_key) {
    entries_.push_back({bytes_.size(), key.size(), primary_key.size()});
    bytes_.append(key).append(primary_key);
    return bytes_.size() + entries_.size() * sizeof(Entry) < kSortedBytes ? Status() : Put();
  }
  Status Put() {
    std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) { return KeyOf(a) < KeyOf(b); });
    for (const Entry& entry : entries_) {
      const std::string_view primary_key(bytes_.data() + entry.begin + entry.key_bytes, entry.primary_key_bytes);
      SOCHDB_TRY(writer_->Backfill(index_, KeyOf(entry), primary_key));
    }
    entries_.clear();
    bytes_.clear();
    return {};
  }

 private:
  struct Entry {
    size_t begin;
    size_t key_bytes;
    size_t primary_key_bytes;
  };
  [[nodiscard]] std::string_view KeyOf(const Entry& entry) const { return {bytes_.data() + entry.begin, entry.key_bytes}; }

  TableWriter* writer_;
  const int32_t index_;
  std::vector<Entry> entries_;
  std::string bytes_;
};

// Sets the columns that the keys of an index are made of; all of them where something is computed.
Status DecodeKeyColumns(const TableInfo& table, const IndexInfo& index, std::string_view bytes, std::span<Value> row) {
  if (!table.computed.empty()) return DecodeRow(table, bytes, row);
  RowReader reader;
  SOCHDB_TRY(reader.Init(table.layout, bytes));
  for (const KeyColumn& key : index.key) {
    if (reader.Has(key.column)) SOCHDB_TRY(reader.Read(table.layout, key.column, &row[key.column]));
    else row[key.column] = table.columns[key.column].default_value;
  }
  return {};
}

}  // namespace

Status FillIndex(const std::shared_ptr<const PreparedPlan>& plan, Engine* engine, Transaction* txn, uint32_t index_id,
                 std::string_view from, uint64_t max_rows, IndexChunk* out) {
  *out = {};
  const TableInfo* table = plan->written_table();
  if (table == nullptr) return {Code::kInvalidArgument, "The plan writes to no table."};
  const auto index = std::find_if(table->indexes.begin(), table->indexes.end(),
                                  [&](const IndexInfo& candidate) { return candidate.id == index_id; });
  if (index == table->indexes.end()) return {Code::kInvalidArgument, "The table has no such index."};
  ExecContext context(kDefaultQueryMemoryBytes);
  context.plan = plan.get();
  context.engine = engine;
  context.reader = txn;
  context.txn = txn;
  SOCHDB_TRY(CheckCatalog(&context));

  KeyBuffer lo;
  AppendRowPrefix(&lo, context.ns(), table->id);
  KeyBuffer hi;
  hi.assign(lo.view());
  MakePrefixSuccessor(&hi);
  if (!from.empty()) lo.assign(from);
  SOCHDB_ASSIGN(cursor, txn->NewCursor(table->trees.rows, lo.view(), hi.view(), {}));
  // A row that another writer commits meanwhile would have no entry.
  txn->RegisterConstraintRange(table->trees.rows, lo.view(), hi.view());
  TableWriter writer(&context, table);
  const auto which = static_cast<int32_t>(index - table->indexes.begin());
  SortedEntries entries(&writer, which);
  KeyBuffer prefix;
  AppendRowPrefix(&prefix, context.ns(), table->id);
  std::vector<Value> row(table->columns.size());
  for (;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) {
      out->done = true;
      return entries.Put();
    }
    if (out->rows == max_rows) {
      out->next = cursor->key();
      return entries.Put();
    }
    ++out->rows;
    SOCHDB_TRY(DecodeKeyColumns(*table, *index, cursor->value(), row));
    const std::string_view primary_key = cursor->key().substr(prefix.size());
    std::string_view key;
    bool is_in = false;
    SOCHDB_TRY(writer.BackfillKey(which, row, primary_key, &key, &is_in));
    if (is_in) SOCHDB_TRY(entries.Add(key, primary_key));
  }
}

}  // namespace sochdb
