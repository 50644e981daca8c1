// Keys of what a collection stores. Numbers are big-endian, so that bytes sort as they do.
//
//   document        kVectors     namespace u32 | collection u32 | document id
//   metadata entry  kMetadata    namespace u32 | collection u32 | field u32 | value (codec/key_codec.h) | document id
//   navigator       kMetadata    namespace u32 | collection u32 | no field's number (vector/navigator_model.h)
//   posting         kPostings    namespace u32 | collection u32 | field u32 | term | document id (text/posting.h)
//   ordinals        kSequences   namespace u32 | collection u32 | 'o'
//
// Thread safety: functions of their arguments. Limits: ids of 1 to kMaxDocumentIdBytes bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace sochdb {

inline constexpr size_t kCollectionPrefixBytes = 8;
inline constexpr size_t kMaxDocumentIdBytes = 4096;

// Names a collection for good: neither number is ever reused.
struct CollectionId {
  uint32_t namespace_id = 0;
  uint32_t collection_id = 0;

  bool operator==(const CollectionId&) const = default;
  bool operator<(const CollectionId& other) const { return packed() < other.packed(); }
  [[nodiscard]] uint64_t packed() const { return (static_cast<uint64_t>(namespace_id) << 32) | collection_id; }

  // The first eight bytes of every key above.
  [[nodiscard]] std::string Prefix() const {
    std::string prefix;
    PutBigEndian64(&prefix, packed());
    return prefix;
  }
  // The least key above all of them; empty (an open end) when there is none.
  [[nodiscard]] std::string End() const {
    std::string end;
    if (packed() != UINT64_MAX) PutBigEndian64(&end, packed() + 1);
    return end;
  }
  [[nodiscard]] std::string DocumentKey(std::string_view document_id) const {
    std::string key = Prefix();
    key.append(document_id);
    return key;
  }
  [[nodiscard]] std::string OrdinalSequenceKey() const { return Prefix() + 'o'; }
  [[nodiscard]] std::string NavigatorKey() const { return Prefix() + "\xff\xff\xff\xff"; }

  // REQUIRES: at least kCollectionPrefixBytes bytes.
  static CollectionId FromKey(std::string_view key) {
    return {DecodeBigEndian32(key.data()), DecodeBigEndian32(key.data() + 4)};
  }
};

inline std::string_view DocumentIdOfKey(std::string_view document_key) { return document_key.substr(kCollectionPrefixBytes); }

inline Status CheckDocumentId(std::string_view id) {
  if (!id.empty() && id.size() <= kMaxDocumentIdBytes) return {};
  return Status(Code::kInvalidArgument, "A document id has 1 to 4096 bytes.")
      .With("expected", "1 to 4096 bytes")
      .With("actual", std::to_string(id.size()) + " bytes");
}

}  // namespace sochdb
