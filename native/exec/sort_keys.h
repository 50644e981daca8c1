// SortKeys: what rows are sorted by, kept column by column as numbers that compare as the values do, and the order they give.
//
// A value of fixed width is one number; of texts the number is made of eight bytes, and what it leaves open their bytes decide.
// To be put in order, the numbers of as many keys as their ranges allow are packed into one word for each row, which are sorted
// by their digits. Rows that are equal in all keys stay as they came.
//
// Thread safety: one thread. Ownership: it copies what it keeps. Limits: the memory tracker's.

#pragma once

#include <span>
#include <vector>

#include "exec/exec_context.h"
#include "exec/plan_nodes.h"
#include "exec/spool.h"

namespace sochdb {

class SortKeys {
 public:
  struct Key {
    ColumnType type;
    bool descending;
    bool nulls_last;
  };
  SortKeys(std::span<const Key> keys, ExecContext* context);
  ~SortKeys() { context_->memory.Release(charged_); }
  SortKeys(const SortKeys&) = delete;
  SortKeys& operator=(const SortKeys&) = delete;

  [[nodiscard]] uint32_t rows() const { return rows_; }
  void Clear();
  // Appends the keys of the selected rows: a column for each key.
  Status Append(std::span<const ColumnVector* const> columns, const Selection& selection);
  // The numbers of all rows, in order.
  Status Order(std::vector<uint32_t>* rows);

  // Forgets all rows but the first `top` in order, which are numbered anew; `kept` tells what they were. REQUIRES: there are
  // more rows than that.
  Status Prune(uint32_t top, std::vector<uint32_t>* kept);
  // The selected rows that may be among the first ones after all: those not behind what Prune kept. All, before.
  Selection NotBehind(std::span<const ColumnVector* const> columns, const Selection& selection,
                      std::vector<uint16_t>* rows) const;

 private:
  struct Column {
    Key key;
    bool exact;            // the words tell all
    size_t bytes_column;   // unless exact: where the bytes are
    bool settled = false;  // at the end they do after all
    bool any_null = false;
    std::vector<uint64_t> words;  // of NULLs 0
    std::vector<uint8_t> ranks;   // 1 for what comes behind the others: NULLs, or all that is none
  };
  // How a column goes into the packed words.
  struct Field {
    uint64_t low = 0;
    int bits = 0;   // with one for the rank
    int shift = 0;  // of what is too wide
    bool ranked = false;
  };

  void AppendColumn(Column* column, const ColumnVector& values, const Selection& selection);
  Status AppendBytes(std::span<const ColumnVector* const> columns, const Selection& selection);
  Status ChargeRows(size_t rows);
  [[nodiscard]] std::string_view Bytes(const Column& column, uint32_t row) const {
    return bytes_.At<std::string_view>(row, column.bytes_column);
  }
  [[nodiscard]] bool Less(uint32_t a, uint32_t b) const;
  void SkipCommonBytes(Column* column);
  bool Pack(std::vector<Field>* fields, int* bits) const;
  void PackWords(std::span<const Field> fields, std::vector<uint64_t>* packed) const;
  Status OrderByWords(std::span<const Field> fields, int bits, bool exact, std::vector<uint32_t>* rows);
  Status OrderTies(std::span<uint32_t> rows);

  ExecContext* context_;
  std::vector<Column> columns_;
  Spool bytes_;           // of the columns that are not exact
  BatchStorage encoded_;  // DECIMAL and ANY as keys spell them, on their way to bytes_
  bool exact_ = true;     // every column is
  bool coded_ = false;    // some column is encoded
  uint32_t rows_ = 0;
  uint64_t charged_ = 0;
  size_t charged_rows_ = 0;
  // What NotBehind compares with: the last of the rows that Prune kept.
  bool has_last_ = false;
  std::vector<uint64_t> last_words_;
  std::vector<uint8_t> last_ranks_;
};

}  // namespace sochdb
