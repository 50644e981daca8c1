// One version of one key, as every layer from the memtable up hands it around.

#pragma once

#include <string_view>

#include "base/types.h"

namespace sochdb {

enum class ValueKind : uint8_t {
  kValue = 0,
  kDelete = 1,
  kMerge = 2,  // an operand: combined with older versions by the tree's MergeOperator
  kBlob = 3,   // the value is a BlobRef (wal/blob_store.h)
};

// `value` points into memory that outlives the snapshot the version was read at.
struct VersionView {
  Timestamp ts = 0;
  ValueKind kind = ValueKind::kValue;
  ExpiryMs expiry_ms = kNeverExpires;
  std::string_view value;

  // The visibility rule: a version is seen by a snapshot (read_ts, now_ms) when it is the newest with ts <= read_ts,
  // is no delete, and has not expired at now_ms.
  [[nodiscard]] bool LiveAt(uint64_t now_ms) const {
    return kind != ValueKind::kDelete && (expiry_ms == kNeverExpires || expiry_ms > now_ms);
  }
};

}  // namespace sochdb
