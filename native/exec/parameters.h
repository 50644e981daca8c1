// Parameters: tagged values, row after row, taken from the front of a buffer as they are needed.
//
// Thread safety: one thread. Ownership: values are views of the buffer.

#pragma once

#include <string_view>

#include "exec/exec_context.h"

namespace sochdb {

class ParameterReader {
 public:
  ParameterReader(std::string_view bytes, uint32_t rows, uint32_t per_row)
      : rest_(bytes), rows_left_(rows), per_row_(per_row) {}

  [[nodiscard]] uint32_t rows_left() const { return rows_left_; }
  // Reads up to `max` rows. kInvalidArgument for bytes that are no values, or left over behind the last row.
  Status Read(uint32_t max, ParameterRows* out);

 private:
  std::string_view rest_;
  uint32_t rows_left_;
  uint32_t per_row_;
};

}  // namespace sochdb
