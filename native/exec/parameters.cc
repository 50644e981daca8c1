#include "exec/parameters.h"

#include <algorithm>

#include "codec/tagged_value.h"

namespace sochdb {

Status ParameterReader::Read(uint32_t max, ParameterRows* out) {
  const uint32_t rows = std::min(max, rows_left_);
  out->rows = std::max(rows, 1u);
  out->values.clear();
  for (uint32_t i = 0; i < rows; ++i) {
    for (uint32_t p = 0; p < per_row_; ++p) {
      if (rest_.empty()) {
        return {Code::kInvalidArgument,
                "The statement takes " + std::to_string(per_row_) + " parameters; " + std::to_string(p) + " were given."};
      }
      if (Status status = DecodeTagged(&rest_, &out->values.emplace_back()); !status.ok()) {
        return {status.code(), "Parameter " + std::to_string(p + 1) + ": " + status.message()};
      }
    }
  }
  rows_left_ -= rows;
  if (rows_left_ == 0 && !rest_.empty()) {
    return {Code::kInvalidArgument, "The statement takes " + std::to_string(per_row_) + " parameters; more were given."};
  }
  return {};
}

}  // namespace sochdb
