// Keys and records of the catalog tree that the engine itself reads: namespaces, and the containers that were dropped.
//
// The catalog is kept by TypeScript, as JSON documents (packages/sochdb/src/sql/catalog/store.ts); what has to be understood
// without a parser has a fixed form instead. docs/internals/catalog-format.md has every kind.
//
//   key      u32 namespace id, big-endian | kind | name
//   dropped  key    u32 0 | 'd' | u32 namespace id, big-endian [| u32 object id, big-endian: a table or collection of it]
//            value  u32 namespace id | u64 hybrid logical clock when it was dropped, both little-endian
//
// Who discards dead data reads the dropped containers at the timestamp below which no snapshot is left: whatever is listed
// there, nobody can read any more. The clock in the record is that of the dropping transaction's start, for reports.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/types.h"

namespace sochdb {

inline constexpr uint32_t kSystemNamespace = 0;  // what belongs to no namespace: their names, their ids, what was dropped
inline constexpr uint32_t kDefaultNamespace = 1;
inline constexpr size_t kNamespaceIdBytes = 4;
// Every namespace has a second half, under an id of its own: what services keep there (caches, intents) is no key, no
// collection and no graph of the namespace, and goes with it.
inline constexpr uint32_t kServicesBit = uint32_t{1} << 31;

inline constexpr char kCatalogKindNamespace = 'n';
inline constexpr char kCatalogKindDropped = 'd';
inline constexpr char kCatalogKindMetadata = 'm';

inline constexpr size_t kDroppedKeyBytes = 9;         // of a namespace
inline constexpr size_t kDroppedObjectKeyBytes = 13;  // of a table or a collection
inline constexpr size_t kDroppedValueBytes = 12;

struct DroppedContainer {
  uint32_t namespace_id = 0;
  uint32_t object_id = 0;  // 0: the namespace itself
  Timestamp dropped_at = 0;
};

// All dropped containers: the range [DroppedRangeStart(), DroppedRangeEnd()) of TreeId::kCatalog.
inline std::string DroppedRangeStart() {
  std::string key;
  PutBigEndian32(&key, kSystemNamespace);
  key.push_back(kCatalogKindDropped);
  return key;
}
inline std::string DroppedRangeEnd() {
  std::string key = DroppedRangeStart();
  ++key.back();
  return key;
}

inline std::string DroppedKey(uint32_t namespace_id) {
  std::string key = DroppedRangeStart();
  PutBigEndian32(&key, namespace_id);
  return key;
}

inline std::string EncodeDropped(const DroppedContainer& dropped) {
  std::string value;
  PutFixed32(&value, dropped.namespace_id);
  PutFixed64(&value, dropped.dropped_at);
  return value;
}

// False when it is no such record.
inline bool DecodeDropped(std::string_view key, std::string_view value, DroppedContainer* out) {
  const bool of_object = key.size() == kDroppedObjectKeyBytes;
  if ((key.size() != kDroppedKeyBytes && !of_object) || value.size() != kDroppedValueBytes) return false;
  if (of_object) out->object_id = DecodeBigEndian32(key.data() + kDroppedKeyBytes);
  out->namespace_id = DecodeFixed32(value.data());
  out->dropped_at = DecodeFixed64(value.data() + sizeof(uint32_t));
  return out->namespace_id == DecodeBigEndian32(key.data() + kDroppedKeyBytes - sizeof(uint32_t)) &&
         of_object == (out->object_id != 0);
}

}  // namespace sochdb
