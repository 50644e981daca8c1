// JoinBuffer: pairs of rows that may join, on their way to becoming a batch.
//
// A join adds pairs, left row by left row; Emit drops those the predicate refuses, puts a row of NULLs beside left rows of a
// left join that nothing matched, and gathers the columns. Of semi and anti joins it yields left rows alone; a full join asks
// for the right rows that nothing matched at its end.
//
// Thread safety: one thread. Ownership: output columns are the buffer's; their bytes stay where the sides have them.

#pragma once

#include <functional>
#include <set>
#include <vector>

#include "exec/eval.h"
#include "exec/over_rows.h"

namespace sochdb {

// The columns that an expression looks at.
void CollectColumns(const Expr& expr, std::set<size_t>* out);

class JoinBuffer {
 public:
  // Fills `out` with a column of the right side, for the given right rows (kNoRow: NULL).
  using GatherRight = std::function<Status(std::span<const uint32_t> rows, size_t column, ColumnVector* out)>;

  // `columns` are those of both sides.
  JoinBuffer(ExecContext* context, JoinKind kind, const Expr* predicate, std::span<const ColumnType> columns,
             size_t left_columns);

  // Of the pairs that the predicate lets pass, only those join for which `asked` holds: over what `pairs` makes of their
  // columns of these numbers.
  void Ask(RowSource* pairs, std::span<const uint32_t> columns, const Expr* asked);

  void Restart();
  void Clear() { left_.clear(), right_.clear(); }
  [[nodiscard]] bool full() const { return left_.size() == kBatchRows; }
  [[nodiscard]] uint32_t pairs() const { return static_cast<uint32_t>(left_.size()); }
  [[nodiscard]] bool empty() const { return left_.empty(); }
  // REQUIRES for both: not full.
  void AddPair(uint32_t left_row, uint32_t right_row) {
    left_.push_back(left_row);
    right_.push_back(right_row);
  }
  // To be called after the last pair of every left row.
  void EndLeft(uint32_t left_row) {
    if (kind_ != JoinKind::kInner) AddPair(left_row, kNoRow);
  }
  // May leave `out` without rows. The rows of `left` are those the pairs name.
  Status Emit(const Batch& left, const GatherRight& gather_right, Batch* out);
  // Semi and anti joins: the left row whose pairs came last has a match; further ones do not matter.
  [[nodiscard]] bool decided() const { return matched_ && YieldsLeftAlone(kind_); }
  // Full joins: where to mark the right rows that match, one byte for each.
  void MarkMatches(uint8_t* right_rows) { marks_ = right_rows; }
  // Right rows beside NULLs.
  Status EmitRight(std::span<const uint32_t> rows, const GatherRight& gather_right, Batch* out);

 private:
  [[nodiscard]] bool Yields(bool passed, bool end) const;
  Status Decide(const Batch& left, const GatherRight& gather_right);
  Status DecideAsked(const Batch& left, const GatherRight& gather_right);
  Status GatherOutput(const Batch& left, const GatherRight& gather_right, Batch* out);
  Status GatherColumn(const Batch& left, const GatherRight& gather_right, size_t c, std::span<const uint32_t> left_rows,
                      std::span<const uint32_t> right_rows, ColumnVector* out) const;

  ExecContext* context_;
  JoinKind kind_;
  const Expr* predicate_;
  size_t left_columns_;
  Evaluator evaluator_;
  std::set<size_t> predicate_columns_;
  BatchStorage candidates_;  // only the predicate's columns are filled
  BatchStorage output_;
  RowSource* pairs_ = nullptr;
  std::span<const uint32_t> pair_columns_;
  const Expr* asked_ = nullptr;
  std::vector<uint16_t> held_;
  std::vector<uint32_t> left_;
  std::vector<uint32_t> right_;  // kNoRow ends a left row
  std::vector<uint16_t> real_;
  std::vector<uint16_t> passed_;
  std::vector<uint32_t> out_left_;
  std::vector<uint32_t> out_right_;
  uint8_t* marks_ = nullptr;
  bool matched_ = false;  // the left row whose pairs are being decided
};

}  // namespace sochdb
