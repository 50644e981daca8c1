// Conformer: gives columns of the literal NULL the type of the place they come to, where rows of several inputs meet.
//
// Thread safety: one thread. Ownership: the columns it puts in are its own.

#pragma once

#include <memory>
#include <vector>

#include "exec/batch.h"

namespace sochdb {

class Conformer {
 public:
  Conformer(const std::vector<ColumnType>& types, MemoryTracker* memory)
      : types_(types), memory_(memory), nulls_(types.size()) {}

  // REQUIRES: a batch with as many columns, each of the class of its type or of type NULL.
  Status Conform(Batch* batch) {
    if (batch->count() == 0) return {};
    for (size_t c = 0; c < types_.size(); ++c) {
      const bool null = batch->columns[c]->type() == ColumnType::kNull && types_[c] != ColumnType::kNull;
      if (!null) continue;
      if (nulls_[c] == nullptr) {
        nulls_[c] = std::make_unique<ColumnVector>(types_[c], memory_);
        SOCHDB_TRY(nulls_[c]->ResetConstant());
        nulls_[c]->Set(0, Value());
      }
      batch->columns[c] = nulls_[c].get();
    }
    return {};
  }

 private:
  std::vector<ColumnType> types_;
  MemoryTracker* memory_;
  std::vector<std::unique_ptr<ColumnVector>> nulls_;
};

}  // namespace sochdb
