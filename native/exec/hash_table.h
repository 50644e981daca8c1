// ByteTable: byte strings to dense numbers 0, 1, 2 … in the order they were first seen: groups, distinct rows, join keys.
//
// Open addressing with linear probing; keys lie in an arena of the table's.
// Thread safety: one thread. Limits: the memory tracker's; 2^31 keys.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "exec/memory.h"

namespace sochdb {

class ByteTable {
 public:
  static constexpr uint32_t kNone = ~0u;

  ByteTable(MemoryTracker* memory, uint64_t seed) : arena_(memory), seed_(seed) {}
  ~ByteTable() { arena_.memory()->Release(charged_); }
  ByteTable(const ByteTable&) = delete;
  ByteTable& operator=(const ByteTable&) = delete;

  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(keys_.size()); }
  [[nodiscard]] std::string_view key(uint32_t id) const { return keys_[id].bytes; }
  // kNone when it is not there.
  [[nodiscard]] uint32_t Find(std::string_view key) const;
  // The key's number; *inserted when it is new. kLimit when there is no memory for it.
  Status FindOrInsert(std::string_view key, uint32_t* id, bool* inserted);
  void Clear();

 private:
  struct Key {
    std::string_view bytes;
    uint64_t hash;
  };
  [[nodiscard]] uint32_t* Probe(std::string_view key, uint64_t hash) const;
  Status Grow();

  BatchArena arena_;
  uint64_t seed_;
  std::vector<Key> keys_;
  mutable std::vector<uint32_t> slots_;  // number + 1, or 0; a power of two of them
  uint64_t charged_ = 0;
};

}  // namespace sochdb
