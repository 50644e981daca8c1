// The row of a document: the truth from which every index over it is derived.
//
//   0        1        4          8          16           24                  24 + 4d
//   | version| zeros  | d u32    | ordinal  | expiry ms  | vector, d x f32   | metadata, JSON text |      version 1
//
//   0        1          2      4       8        16        24         28                  32                36
//   | version| aggregate| zeros| d u32 | ordinal| expiry  | n u32    | metadata bytes u32| texts bytes u32 | n vectors, n x d x
//   f32 | metadata, JSON text | texts: of each vector u32 length and its bytes; or nothing |                   version 2
//
// Little-endian. A document with one vector and no text of its own for it has version 1, every other one version 2: a document
// in chunks. The ordinal is filled in at commit (Transaction::PutAssigned): it numbers every version of every document of the
// collection, and is never reused. The expiry (0: never) stands in the row too, so that indexes derive it from there.
//
// Thread safety: functions of their arguments. Ownership: a DocumentRow is views of the bytes it was decoded from.
// Limits: a row stays below kBlobThresholdBytes, so commit listeners always see it whole.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"

namespace sochdb {

inline constexpr uint8_t kDocumentRowVersion = 1;
inline constexpr uint8_t kChunkedRowVersion = 2;
inline constexpr uint32_t kDocumentOrdinalOffset = 8;
inline constexpr size_t kDocumentHeaderBytes = 24;
inline constexpr size_t kChunkedHeaderBytes = 36;

// How near a document of several vectors is: as its nearest, as all of them in the middle, as its first. On disk: never
// renumber.
enum class Aggregate : uint8_t { kMax = 0, kMean = 1, kFirst = 2 };

struct DocumentRow {
  uint64_t ordinal = 0;
  ExpiryMs expires_ms = kNeverExpires;
  uint32_t dimension = 0;
  std::string_view vectors;   // f32s at any alignment, one vector after the other
  std::string_view metadata;  // a JSON object
  std::string_view texts;     // of chunks; empty: there are none
  bool chunked = false;       // version 2
  Aggregate aggregate = Aggregate::kMax;

  [[nodiscard]] size_t vector_bytes() const { return size_t{dimension} * sizeof(float); }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(vectors.size() / vector_bytes()); }
  [[nodiscard]] std::string_view vector(size_t i) const { return vectors.substr(i * vector_bytes(), vector_bytes()); }
  // The texts of all vectors; none when the document has none.
  [[nodiscard]] std::vector<std::string_view> ChunkTexts() const;
  [[nodiscard]] bool LiveAt(uint64_t now_ms) const { return expires_ms == kNeverExpires || expires_ms > now_ms; }
};

// What a row is made of. REQUIRES: whole vectors, at least one; a text for each of them, or none.
struct DocumentContent {
  std::span<const float> vectors;
  std::string_view metadata;
  std::span<const std::string> texts = {};
  Aggregate aggregate = Aggregate::kMax;
  ExpiryMs expires_ms = kNeverExpires;
};

// The ordinal is left zero.
std::string EncodeDocumentRow(const DocumentContent& content, size_t dimension);
// What EncodeDocumentRow will take.
uint64_t DocumentRowBytes(const DocumentContent& content, size_t dimension);

// kCorruption with details {expected, actual} when the bytes are no row of this dimension.
Status DecodeDocumentRow(std::string_view bytes, size_t dimension, DocumentRow* row);

}  // namespace sochdb
