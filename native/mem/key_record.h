// Key records: one per distinct key of a memtable, at the head of the key's versions, newest first. Both indexes of the
// memtable, and the commit ring, point to them.
//
//   KeyRecord:  head (8) | key_size (4) | hash (4) | key bytes | zeros to 8
//   Version:    [next (8) | jump (8), unless it is the oldest] ts (8) | expiry (8) | size and kind (4) | depth (4) | value
//
// A record and its first version are one allocation, so that a point read touches neighbouring cache lines. Each later
// version has two links: to the version below it, and further down (a skew-binary jump pointer: Myers, "An applicative
// random-access stack", 1983), so that an old snapshot finds its version among n in O(log n) steps, however hot the key.
//
// Thread safety: one writer, any number of readers. A version is complete before the release store to `head` that makes
// it reachable, and is never changed afterwards; `head` is never null once the record is in an index.
// Ownership: the memtable's arena; nothing is freed before it.
// Limits: values of less than 16 MiB (the memtable admits kBlobThresholdBytes), 2^32 versions of a key.

#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "mem/version.h"

namespace sochdb {

struct Version {
  Timestamp ts;
  ExpiryMs expiry_ms;
  uint32_t size_and_kind;  // value size << 8 | ValueKind
  uint32_t depth;          // versions below this one

  struct Links {
    const Version* next;  // the next older version
    const Version* jump;  // a version further down, at most as new as next
  };

  [[nodiscard]] const Links& links() const {
    SOCHDB_DCHECK(depth > 0);
    return reinterpret_cast<const Links*>(this)[-1];
  }
  [[nodiscard]] const Version* next() const { return depth == 0 ? nullptr : links().next; }
  [[nodiscard]] const Version* jump() const { return depth == 0 ? this : links().jump; }
  [[nodiscard]] ValueKind kind() const { return static_cast<ValueKind>(size_and_kind & 0xff); }
  [[nodiscard]] std::string_view value() const { return {reinterpret_cast<const char*>(this + 1), size_and_kind >> 8}; }
  [[nodiscard]] VersionView view() const { return {ts, kind(), expiry_ms, value()}; }
};
static_assert(sizeof(Version) == 24 && sizeof(Version::Links) == 16);

struct KeyRecord {
  std::atomic<const Version*> head;
  uint32_t key_size;
  uint32_t hash;  // the low half of Hash64(key(), seed of the store's memtables)

  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::string_view key() const { return {bytes(), key_size}; }
  [[nodiscard]] const Version* newest() const { return head.load(std::memory_order_acquire); }

  // The newest version with ts <= read_ts, null when all are newer.
  [[nodiscard]] const Version* NewestAt(Timestamp read_ts) const {
    const Version* version = newest();
    while (version->ts > read_ts) {
      if (version->depth == 0) return nullptr;
      // Timestamps never rise on the way down, so a jump to a version that is still too new passes over no answer.
      const Version::Links& links = version->links();
      version = links.jump->ts > read_ts ? links.jump : links.next;
    }
    return version;
  }

  // Brings record and first version towards the cache: for whoever walks many.
  void Prefetch() const {
    __builtin_prefetch(this);
    __builtin_prefetch(reinterpret_cast<const char*>(this) + 64);
  }
};
static_assert(sizeof(KeyRecord) == 16);

}  // namespace sochdb
