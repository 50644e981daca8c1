// BatchWriter: rows of a batch as one block of bytes that row factories in JavaScript read
// (packages/sochdb/src/sql/result/factory.ts).
//
// Layout, in 32-bit words unless said otherwise, little-endian:
//   0 rows (-1: the next row does not fit)   1 whether more follow   2-3 rows affected (f64)   4-5 handle of the open result
//   (f64)   6 bytes wanted, when rows is -1   7 word at which the ends of texts begin   8 + 3c, per column: ColumnMode,
//   position of its data in elements of its mode, byte at which its NULL bytes begin (0: no NULLs)
// Data follows, each column's part 8-byte aligned. Texts of all columns are one string beside the block in row-major order, cut
// by their ends in UTF-16 units. A column of bytes is one word (the byte where its bytes begin), then the end of each value
// from there; one of tagged values (codec/tagged_value.h) is the same.
//
// Thread safety: one thread at a time. Ownership: whoever attached the block keeps it.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "exec/batch.h"

namespace sochdb::binding {

// Data begins here, and parameters on the way in (exchange.ts: PARAMETERS_AT); columns whose header would reach it are refused:
// more than the 2000 that a statement may have (parser/cursor.ts).
inline constexpr size_t kParametersAt = 24 * 1024;
inline constexpr size_t kHeaderWordsBase = 8;
inline constexpr size_t kMaxResultColumns = (kParametersAt / 4 - kHeaderWordsBase) / 3;

enum class ColumnMode : int32_t {
  kInt32 = 0,
  kFloat64 = 1,
  kInt64 = 2,
  kBoolean = 3,
  kText = 4,
  kBytes = 5,
  kTagged = 6,
};

class BatchWriter {
 public:
  // 8-byte aligned, and at least twice kParametersAt.
  void Attach(std::span<char> block) { block_ = block; }
  [[nodiscard]] std::span<char> block() const { return block_; }

  // Writes rows from `first` on of a dense batch, as many as fit, and leaves their texts in text(). *written 0 means that
  // not even one fits; the header then says how many bytes it wants.
  Status WriteRows(const Batch& batch, uint32_t first, uint32_t* written);
  // The same of a batch of one row, in one pass over its columns.
  Status WriteRow(const Batch& batch, uint32_t* written);
  void WriteNoRows();
  // The rest of the header; WriteRows or WriteNoRows comes before.
  void Finish(bool more, uint64_t rows_affected, uint64_t rows_handle);

  [[nodiscard]] bool has_text() const { return has_text_; }
  [[nodiscard]] const TextRun& text() const { return text_; }
  // Where the last rows end.
  [[nodiscard]] size_t end() const { return end_; }
  // What the next row wants, after *written was 0.
  [[nodiscard]] size_t wanted() const { return wanted_; }

 private:
  // Lays out the one row. False for what it leaves to Layout: bytes, tagged values, UUIDs, text beyond ASCII, rows that may not
  // fit.
  bool LayoutRow(const Batch& batch);
  bool LayoutValue(const ColumnVector& column, int32_t* header, size_t* at);
  // Lays out `count` rows from `first`.
  Status Layout(const Batch& batch, uint32_t first, uint32_t count);
  size_t WriteColumn(const ColumnVector& column, uint32_t first, uint32_t count, int32_t* header, size_t at);
  size_t WriteBytes(const ColumnVector& column, uint32_t first, uint32_t count, char* words_at, size_t at);
  void WriteInt32(size_t word, int32_t value);

  std::span<char> block_;
  size_t end_ = kParametersAt;
  size_t wanted_ = 0;
  bool has_text_ = false;
  TextRun text_;
  std::vector<int32_t> text_columns_;
  std::string tagged_;
};

}  // namespace sochdb::binding
