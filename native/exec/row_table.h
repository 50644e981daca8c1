// RowTable: some columns of rows to dense numbers 0, 1, 2 … in the order in which they were first seen, a batch at a time.
// Rows are the same when they are equal in each column; NULL equals NULL, -0 equals 0, decimals and the numbers of ANY are
// equal when their values are.
//
// One column of fixed width is its own key, a 64-bit word; one column of text and the like is hashed where it lies. Anything
// else is put together: of each column eight bytes, or a length and bytes, and behind those of all, where there are NULLs, a
// bit for each column that tells them. It can be read from the front, so no two unlike rows have the same bytes.
//
// Thread safety: one thread. Ownership: it copies what it keeps. Limits: the memory tracker's; 2^31 rows.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codec/key_codec.h"
#include "exec/batch.h"
#include "exec/hash_table.h"

namespace sochdb {

class RowTable {
 public:
  static constexpr uint32_t kNone = ByteTable::kNone;

  RowTable(std::span<const ColumnType> types, MemoryTracker* memory, uint64_t seed);
  ~RowTable();
  RowTable(const RowTable&) = delete;
  RowTable& operator=(const RowTable&) = delete;

  [[nodiscard]] uint32_t size() const { return size_; }
  // ids[i] = the number of the i-th selected row. Appends to `fresh` the rows whose number is new. Columns are of the table's
  // types, of types of their classes, or of the literal NULL.
  Status FindOrInsert(std::span<const ColumnVector* const> columns, const Selection& selection, uint32_t* ids,
                      std::vector<uint16_t>* fresh);
  // The same without adding any: kNone where there is none.
  Status Find(std::span<const ColumnVector* const> columns, const Selection& selection, uint32_t* ids);
  void Clear();

 private:
  enum class Kind : uint8_t { kWord, kBytes, kRow };

  Status Prepare(std::span<const ColumnVector* const> columns, const Selection& selection);
  void PrepareWords(const ColumnVector& column, const Selection& selection);
  void PrepareBytes(const ColumnVector& column, const Selection& selection);
  Status PrepareRows(std::span<const ColumnVector* const> columns, const Selection& selection);
  Status MeasureColumn(size_t c, const ColumnVector& column, const Selection& selection);
  void WriteColumn(size_t c, const ColumnVector& column, const Selection& selection);
  void MarkNulls(std::span<const ColumnVector* const> columns, const Selection& selection);
  // NULL by itself is not in bytes_, whose numbers lack the one it has.
  [[nodiscard]] uint32_t BesideNull(uint32_t id) const { return id >= null_id_ && id != kNone ? id + 1 : id; }
  Status GrowScratch(uint64_t bytes);
  template <typename Look, typename Null>
  Status ForEachKey(const Selection& selection, Look&& look, Null&& null);

  std::vector<ColumnType> types_;
  Kind kind_;
  MemoryTracker* memory_;
  WordTable words_;
  ByteTable bytes_;
  uint32_t size_ = 0;
  uint32_t null_id_ = kNone;  // of kWord and kBytes

  // The keys of a batch, and what they are made of.
  const ColumnVector* with_nulls_ = nullptr;  // of kWord and kBytes: the column, when some of it may be NULL
  bool all_null_ = false;                     // of kWord and kBytes
  std::vector<uint64_t> keys_;
  std::vector<std::string_view> views_;
  std::vector<uint64_t> hashes_;
  std::vector<uint64_t> begins_;  // of kRow: where each row's bytes begin and end
  std::vector<uint64_t> ends_;
  std::vector<uint8_t> has_null_;
  std::unique_ptr<char[]> scratch_;
  uint64_t scratch_bytes_ = 0;
  KeyBuffer coded_;  // values of DECIMAL and ANY columns, and where each ends, column by column
  std::vector<size_t> coded_ends_;
  size_t coded_columns_ = 0;  // that were written
};

// The selected rows that are NULL in none of the columns: `selection`, or what `rows` is filled with.
Selection WithoutNulls(std::span<const ColumnVector* const> columns, const Selection& selection, std::vector<uint16_t>* rows);

}  // namespace sochdb
