// AccessReader: reads entries of one index (or the rows) of a table, and gives the columns wanted from each.
//
// A covering index answers from its keys alone; any other leads to the row by the primary key it holds.
//
// Thread safety: one thread. Ownership: context and access outlive it.

#pragma once

#include <string>
#include <string_view>

#include "codec/key_codec.h"
#include "exec/exec_context.h"
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
  // The same for the one entry with this whole key; *found false when there is none.
  Status LoadPoint(std::string_view key, uint32_t r, size_t first, BatchStorage* out, bool* found);

 private:
  Status LoadCovered(std::string_view key, std::string_view value, uint32_t r, size_t first, BatchStorage* out);
  Status LoadRow(std::string_view primary_key, uint32_t r, size_t first, BatchStorage* out);
  [[nodiscard]] Status Damaged(const char* what) const;

  ExecContext* context_;
  const IndexAccess* access_;
  RowLoader loader_;
  KeyBuffer row_key_;
  std::string scratch_;
  std::vector<Value> parts_;
};

// The part of an index entry that is the primary key; false when the bytes are no such entry.
bool PrimaryKeyOf(const IndexInfo& index, std::string_view key, std::string_view value, std::string_view* out);

}  // namespace sochdb
