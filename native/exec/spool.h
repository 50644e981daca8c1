// Spool: rows kept in memory, column by column, in chunks: what sorts, joins and writes hold while they read on.
//
// Thread safety: one thread. Ownership: values and their bytes are copies. Limits: the memory tracker's; 2^32 - 2 rows.

#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exec/batch.h"

namespace sochdb {

class Spool {
 public:
  Spool(std::span<const ColumnType> types, MemoryTracker* memory)
      : types_(types.begin(), types.end()),
        memory_(memory),
        arena_(std::make_unique<BatchArena>(memory)),
        lanes_(types.size()) {}

  [[nodiscard]] uint32_t rows() const { return rows_; }
  void Clear();
  // Appends the selected rows of a batch with as many columns.
  Status Append(const Batch& batch);

  // Forgets all but these rows, which are numbered anew, and gives back the memory of the others.
  Status Keep(std::span<const uint32_t> rows);

  // Chunks have kBatchRows rows each but the last.
  [[nodiscard]] uint32_t chunks() const { return static_cast<uint32_t>(chunks_.size()); }
  void ExposeChunk(uint32_t chunk, Batch* out) const;
  [[nodiscard]] const ColumnVector& column(uint32_t row, size_t c) const { return *chunks_[row / kBatchRows][c]; }
  [[nodiscard]] Value Get(uint32_t row, size_t c) const { return column(row, c).Get(row % kBatchRows); }
  // The same of a column whose values are of type T (batch.h), not looking at NULLs.
  template <typename T>
  [[nodiscard]] const T& At(uint32_t row, size_t c) const {
    return static_cast<const T*>(lanes_[c].data[row / kBatchRows])[row % kBatchRows];
  }
  [[nodiscard]] bool IsNull(uint32_t row, size_t c) const {
    return lanes_[c].any_null && lanes_[c].nulls[row / kBatchRows][row % kBatchRows] != 0;
  }
  [[nodiscard]] bool may_have_nulls(size_t c) const { return lanes_[c].any_null; }

  // out[i] = column c of rows[i]; kNoRow becomes NULL. Bytes stay in the spool.
  Status Gather(std::span<const uint32_t> rows, size_t c, ColumnVector* out) const;
  // The same of the n rows from `first` on.
  Status GatherRange(uint32_t first, uint32_t n, size_t c, ColumnVector* out) const;

 private:
  using Chunk = std::vector<std::unique_ptr<ColumnVector>>;
  // Where the values of a column lie, by chunk.
  struct Lane {
    std::vector<const void*> data;
    std::vector<const uint8_t*> nulls;
    bool any_null = false;
  };
  Status CopyInto(const ColumnVector& from, const Selection& selection, uint32_t to, ColumnVector* out);
  template <typename T>
  void GatherInto(const Lane& lane, std::span<const uint32_t> rows, ColumnVector* out) const;

  std::vector<ColumnType> types_;
  MemoryTracker* memory_;
  std::unique_ptr<BatchArena> arena_;
  std::vector<Chunk> chunks_;
  std::vector<Lane> lanes_;
  uint32_t rows_ = 0;
};

}  // namespace sochdb
