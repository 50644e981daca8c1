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
      : types_(types.begin(), types.end()), memory_(memory), arena_(std::make_unique<BatchArena>(memory)) {}

  [[nodiscard]] uint32_t rows() const { return rows_; }
  void Clear();
  // Appends the selected rows of a batch with as many columns.
  Status Append(const Batch& batch);

  // Chunks have kBatchRows rows each but the last.
  [[nodiscard]] uint32_t chunks() const { return static_cast<uint32_t>(chunks_.size()); }
  void ExposeChunk(uint32_t chunk, Batch* out) const;
  [[nodiscard]] const ColumnVector& column(uint32_t row, size_t c) const { return *chunks_[row / kBatchRows][c]; }
  [[nodiscard]] Value Get(uint32_t row, size_t c) const { return column(row, c).Get(row % kBatchRows); }

  // out[i] = column c of rows[i]; kNoRow becomes NULL. Bytes stay in the spool.
  Status Gather(std::span<const uint32_t> rows, size_t c, ColumnVector* out) const;

 private:
  using Chunk = std::vector<std::unique_ptr<ColumnVector>>;
  Status CopyInto(const ColumnVector& from, const Selection& selection, uint32_t first, uint32_t n, uint32_t to,
                  ColumnVector* out);

  std::vector<ColumnType> types_;
  MemoryTracker* memory_;
  std::unique_ptr<BatchArena> arena_;
  std::vector<Chunk> chunks_;
  uint32_t rows_ = 0;
};

}  // namespace sochdb
