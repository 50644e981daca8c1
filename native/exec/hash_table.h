// Hash tables that give keys dense numbers 0, 1, 2 … in the order they were first seen: groups, distinct rows, join keys.
// ByteTable's keys are byte strings, WordTable's are numbers of 64 bits.
//
// Open addressing with linear probing; the bytes of keys lie in an arena of the table's.
// Thread safety: one thread. Limits: the memory tracker's; 2^31 keys.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "exec/bytes_equal.h"
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
  [[nodiscard]] uint64_t HashOf(std::string_view key) const { return Hash64(key, seed_); }
  // kNone when it is not there.
  [[nodiscard]] uint32_t Find(std::string_view key) const { return FindHashed(key, HashOf(key)); }
  [[nodiscard]] uint32_t FindHashed(std::string_view key, uint64_t hash) const {
    return slots_.empty() ? kNone : slots_[Probe(key, hash)].id - 1;  // of none, 0 - 1
  }
  // The key's number; *inserted when it is new. kLimit when there is no memory for it.
  Status FindOrInsert(std::string_view key, uint32_t* id, bool* inserted) {
    return FindOrInsertHashed(key, HashOf(key), id, inserted);
  }
  Status FindOrInsertHashed(std::string_view key, uint64_t hash, uint32_t* id, bool* inserted) {
    if (keys_.size() * 2 >= slots_.size()) SOCHDB_TRY(Grow());
    Slot& slot = slots_[Probe(key, hash)];
    *inserted = slot.id == 0;
    if (*inserted) SOCHDB_TRY(Insert(key, hash, &slot));
    *id = slot.id - 1;
    return {};
  }
  // Fetches what a look for the hash will need.
  void Prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void Clear();

 private:
  struct Key {
    std::string_view bytes;
    uint64_t hash;
  };
  struct Slot {
    uint32_t tag;  // the upper half of the hash
    uint32_t id;   // number + 1, or 0
  };
  // The slot of the key, or the free one where it belongs. REQUIRES: slots_ is not empty and has a free slot.
  [[nodiscard]] size_t Probe(std::string_view key, uint64_t hash) const {
    const size_t mask = slots_.size() - 1;
    const auto tag = static_cast<uint32_t>(hash >> 32);
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.id == 0 || (slot.tag == tag && EqualBytes(keys_[slot.id - 1].bytes, key))) return i;
    }
  }
  Status Insert(std::string_view key, uint64_t hash, Slot* slot);
  Status Grow();

  BatchArena arena_;
  uint64_t seed_;
  std::vector<Key> keys_;
  std::vector<Slot> slots_;  // a power of two of them
  uint64_t charged_ = 0;
};

class WordTable {
 public:
  WordTable(MemoryTracker* memory, uint64_t seed) : memory_(memory), seed_(seed) {}
  ~WordTable() { memory_->Release(charged_); }
  WordTable(const WordTable&) = delete;
  WordTable& operator=(const WordTable&) = delete;

  [[nodiscard]] uint64_t HashOf(uint64_t key) const { return HashNumber(key, seed_); }
  [[nodiscard]] uint32_t Find(uint64_t key, uint64_t hash) const {
    return slots_.empty() ? ByteTable::kNone : slots_[Probe(key, hash)].id - 1;
  }
  // As ByteTable's, but for the number of a key that is new: it is next_id.
  Status FindOrInsert(uint64_t key, uint64_t hash, uint32_t next_id, uint32_t* id) {
    if (size_ * 2 >= slots_.size()) SOCHDB_TRY(Grow());
    Slot& slot = slots_[Probe(key, hash)];
    if (slot.id == 0) {
      slot = {key, next_id + 1};
      ++size_;
    }
    *id = slot.id - 1;
    return {};
  }
  void Prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void Clear();

 private:
  struct Slot {
    uint64_t key;
    uint32_t id;  // number + 1, or 0
  };
  // The slot of the key, or the free one where it belongs. REQUIRES: slots_ is not empty and has a free slot.
  [[nodiscard]] size_t Probe(uint64_t key, uint64_t hash) const {
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask)
      if (slots_[i].id == 0 || slots_[i].key == key) return i;
  }
  Status Grow();

  MemoryTracker* memory_;
  uint64_t seed_;
  size_t size_ = 0;
  std::vector<Slot> slots_;
  uint64_t charged_ = 0;
};

}  // namespace sochdb
