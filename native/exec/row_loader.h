// RowLoader: from the bytes of a row to one row of a batch, only the columns asked for.
//
// Thread safety: one thread. Ownership: the table outlives it; bytes are copied into the batch's arena, unless they last as
// long as the batch.

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "exec/batch.h"
#include "exec/table_info.h"

namespace sochdb {

class RowLoader {
 public:
  RowLoader(const TableInfo* table, std::span<const uint32_t> projection);
  // projection[i] goes to column targets[i] of the batch.
  RowLoader(const TableInfo* table, std::span<const uint32_t> projection, std::span<const uint32_t> targets);

  // Fills row r of the storage's columns first, first + 1, … (or first + target).
  Status Load(std::string_view row, uint32_t r, size_t first, BatchStorage* out) const {
    return LoadOne<false>(row, r, first, out);
  }
  // Fills rows r, r + 1, … with rows whose bytes last as long as the batch.
  Status LoadStable(std::span<const std::string_view> rows, uint32_t r, size_t first, BatchStorage* out) const;

 private:
  struct Part {
    uint32_t column;
    RowLayout::Column layout;
    const Value* default_value;
    uint32_t target;
  };
  template <bool kStable>
  Status LoadOne(std::string_view row, uint32_t r, size_t first, BatchStorage* out) const;
  Status LoadBytes(const RowReader& reader, const Part& part, uint32_t r, size_t to, BatchStorage* out) const;

  const TableInfo* table_;
  std::vector<Part> parts_;
};

}  // namespace sochdb
