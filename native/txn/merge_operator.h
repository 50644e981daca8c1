// MergeOperator: how operands written blindly combine into a value when someone reads.
//
// A merge reads nothing, so hot counters and posting lists create no conflicts. Operators are registered by tree at
// open, before recovery, and are part of the format: changing what one computes changes what old data means.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace sochdb {

class MergeOperator {
 public:
  virtual ~MergeOperator() = default;
  virtual const char* name() const = 0;
  // Operands come oldest first. `base` is the newest plain value below them, if any.
  virtual Status Merge(std::string_view key, std::optional<std::string_view> base, std::span<const std::string_view> operands,
                       std::string* result) const = 0;
};

}  // namespace sochdb
