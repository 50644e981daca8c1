// The row of a document: the truth from which every index over it is derived.
//
//   0        1        4          8          16           24                  24 + 4d
//   | version| zeros  | d u32    | ordinal  | expiry ms  | vector, d x f32   | metadata, JSON text |
//
// Little-endian. The ordinal is filled in at commit (Transaction::PutAssigned): it numbers every version of every document of
// the collection, and is never reused. The expiry (0: never) stands in the row too, so that indexes derive it
// from there.
//
// Thread safety: functions of their arguments. Ownership: a DocumentRow is views of the bytes it was decoded from.
// Limits: a row stays below kBlobThresholdBytes, so commit listeners always see it whole.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/types.h"

namespace sochdb {

inline constexpr uint8_t kDocumentRowVersion = 1;
inline constexpr uint32_t kDocumentOrdinalOffset = 8;
inline constexpr size_t kDocumentHeaderBytes = 24;

struct DocumentRow {
  uint64_t ordinal = 0;
  ExpiryMs expires_ms = kNeverExpires;
  std::string_view vector;    // f32s at any alignment
  std::string_view metadata;  // a JSON object

  [[nodiscard]] size_t dimension() const { return vector.size() / sizeof(float); }
  [[nodiscard]] bool LiveAt(uint64_t now_ms) const { return expires_ms == kNeverExpires || expires_ms > now_ms; }
};

// The ordinal is left zero.
std::string EncodeDocumentRow(const float* vector, size_t dimension, std::string_view metadata, ExpiryMs expires_ms);

// kCorruption with details {expected, actual} when the bytes are no row of this dimension.
Status DecodeDocumentRow(std::string_view bytes, size_t dimension, DocumentRow* row);

}  // namespace sochdb
