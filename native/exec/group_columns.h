// GroupColumns: the columns of a table's rows, out of groups of entries (sst/entry_group.h): decoded once, then kept in the
// block cache, and shown where they lie.
//
// A column of a group is the rows of one table in it: what fits into the blocks of a group may be of several. Rows that are
// older than a column have a mark in place of a value, and the plan's default is put there in the batch: what is kept depends
// on what was written alone.
//
//   column     ColumnHead | one byte a row, unless all are 0: 1 is NULL, 2 no value | the values as a ColumnVector has them |
//              the bytes that they view
//
// Thread safety: one thread; what is kept is shared by all. Ownership: the table outlives it; what it showed stays until
// BeginBatch.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exec/batch.h"
#include "exec/table_info.h"
#include "sst/entry_group.h"

namespace sochdb {

class GroupColumns {
 public:
  // prefix: what the keys of the table's rows begin with, and no others.
  GroupColumns(const TableInfo* table, std::span<const uint32_t> projection, std::string_view prefix);
  ~GroupColumns();
  GroupColumns(const GroupColumns&) = delete;
  GroupColumns& operator=(const GroupColumns&) = delete;

  // Lets go of what earlier batches showed.
  void BeginBatch() { shown_.clear(); }
  // Makes the columns of a group ready. *usable false: some row cannot be decoded by this plan. Loading them one by one tells.
  Status Enter(const std::shared_ptr<const EntryGroup>& group, bool* usable);
  // Live entries `first` to first + n - 1 of the group, all of the table, as rows 0 to n - 1, or as rows r to r + n - 1 of
  // columns that were reset. REQUIRES: the last Enter was of this group, which was usable.
  void Show(uint32_t first, uint32_t n, BatchStorage* out) const;
  void Copy(uint32_t first, uint32_t n, uint32_t r, BatchStorage* out) const;

 private:
  struct ColumnHead;
  struct Column {
    uint32_t position;  // in storage order
    RowLayout::Column layout;
    const Value* default_value;
    BlockRef block;  // of the group that was entered
    const ColumnHead* head = nullptr;
    const uint8_t* marks = nullptr;  // null: all are 0
    const char* values = nullptr;
  };
  [[nodiscard]] uint64_t TagOfColumn(const Column& column, uint32_t group) const;
  bool Open(BlockRef block, uint32_t group, Column* column) const;
  Status Make(const EntryGroup& group, std::span<Column* const> missing, bool* usable);
  BlockRef MakeColumn(const EntryGroup& group, uint32_t first, const Column& column) const;
  void CopyColumn(const Column& column, uint32_t first, uint32_t n, uint32_t r, ColumnVector* to) const;

  const TableInfo* const table_;
  const std::string prefix_;
  std::string behind_;  // the least key behind those that begin with the prefix
  std::vector<Column> columns_;
  std::shared_ptr<const EntryGroup> group_;  // entered
  bool usable_ = false;
  std::vector<BlockRef> shown_;
  std::vector<RowReader> readers_;  // of the rows of a group that is decoded
};

}  // namespace sochdb
