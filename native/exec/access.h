// AccessReader: reads entries of one index (or the rows) of a table, and gives the columns wanted from each.
//
// A covering index answers from its keys alone; any other leads to the row by the primary key it holds.
//
// Thread safety: one thread. Ownership: context and access outlive it.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/key_codec.h"
#include "exec/exec_context.h"
#include "exec/group_columns.h"
#include "exec/plan_nodes.h"
#include "exec/row_loader.h"

namespace sochdb {

class AccessReader {
 public:
  AccessReader(ExecContext* context, const IndexAccess* access);

  [[nodiscard]] TreeId tree() const {
    return access_->index == nullptr ? access_->table->trees.rows : access_->table->trees.indexes;
  }
  // Namespace, table and index: what every key begins with.
  void AppendPrefix(KeyBuffer* out) const;
  // Appends the value of key column `part`.
  Status AppendKey(size_t part, const Value& value, KeyBuffer* out) const;

  // The wanted columns of an entry into row r of the storage's columns from `first` on.
  Status LoadEntry(std::string_view key, std::string_view value, uint32_t r, size_t first, BatchStorage* out);
  // As LoadEntry from the first column on; but the row that the entry leads to may be read later, with others: by Finish, at
  // the latest.
  Status AddEntry(std::string_view key, std::string_view value, uint32_t r, BatchStorage* out);
  Status Finish(BatchStorage* out);
  // The entries of a run (Cursor::NextRun) of rows, into rows r, r + 1, … from the first column on. Where r is 0 and the run is
  // long, they may be shown where they lie: then the batch is full. What is shown stays until BeginBatch, at the longest as
  // long as the cursor. REQUIRES: the access is of the rows themselves.
  Status LoadRun(EntryRun* run, uint32_t r, BatchStorage* out, bool* full);
  void BeginBatch();
  // The same for the one entry with this whole key; *found false when there is none.
  Status LoadPoint(std::string_view key, uint32_t r, size_t first, BatchStorage* out, bool* found);
  // The same for many whole keys, from the first column on: those found go into rows r, r + 1, …, and rows[i] says where, or
  // kNoRow.
  Status LoadPoints(std::span<const std::string_view> keys, uint32_t r, BatchStorage* out, uint32_t* rows);
  static constexpr size_t kPointsAtOnce = 64;  // more are not read faster

 private:
  Status LoadCovered(std::string_view key, std::string_view value, uint32_t r, size_t first, BatchStorage* out);
  Status LoadRow(std::string_view primary_key, uint32_t r, size_t first, BatchStorage* out);
  Status AddRow(std::string_view primary_key, uint32_t r, BatchStorage* out);
  Status LoadAwaited(BatchStorage* out);
  [[nodiscard]] Status Damaged(const char* what) const;

  ExecContext* context_;
  const IndexAccess* access_;
  RowLoader loader_;
  std::optional<GroupColumns> columns_;            // once a run came as a group
  std::vector<std::shared_ptr<const void>> pins_;  // of the batch's bytes
  KeyBuffer row_key_;
  // Of rows that are to be read together: the end of each key, and where it goes.
  struct AwaitedRow {
    size_t key_end;
    uint32_t r;
  };
  std::string awaited_keys_;
  std::vector<AwaitedRow> awaited_;
  KeyBuffer row_prefix_;
  std::vector<std::string_view> keys_;
  ReadValues read_;
  ReadValues entries_;
  std::string scratch_;
  std::vector<Value> parts_;
};

// The part of an index entry that is the primary key; false when the bytes are no such entry.
bool PrimaryKeyOf(const IndexInfo& index, std::string_view key, std::string_view value, std::string_view* out);

}  // namespace sochdb
