// Hash index: from a key to its record, for point reads, misses, the writer's own look-ups and validation. Insert-only open
// addressing with linear probing; a probe costs one cache line, and a record's only when 16 bits of hash agree.
//
//   slot:  0 when free, else tag (16 bits) | address of the KeyRecord (48 bits)
//   hash:  tag (16 bits) | unused (9) | shard (7) | home slot in the shard's table (32, low bits first)
//
// The index is kShards tables that grow one by one, so that no insert waits for all keys to be placed anew (a table of 4,000
// keys takes some tens of microseconds). A grown table is filled first and published by one store; the old one
// stays in the arena for readers inside it. They miss only keys inserted after they loaded its address, and an insert that
// happens before a look-up is in whatever table the look-up loads.
//
// Thread safety: one writer, any number of wait-free readers (a probe ends at the first free slot; a quarter of all slots
// are free).
// Ownership: tables live in the arena; so do the records, which the index only points to.
// Limits: addresses of 48 bits, which is what x86-64 and arm64 hand out unless asked for more: checked.

#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/hash.h"
#include "mem/key_record.h"

namespace sochdb {

class HashIndex {
 public:
  static constexpr int kShardBits = 7;
  static constexpr int kShards = 1 << kShardBits;

  // `seed` keeps whoever chooses keys from choosing their slots too; the arena outlives the index.
  HashIndex(Arena* arena, uint64_t seed) : arena_(arena), seed_(seed) {}
  HashIndex(const HashIndex&) = delete;
  HashIndex& operator=(const HashIndex&) = delete;

  [[nodiscard]] uint64_t HashOf(std::string_view key) const { return Hash64(key, seed_); }

  // The record of `key`, whose hash is `hash`; null when it was never inserted.
  [[nodiscard]] const KeyRecord* Find(std::string_view key, uint64_t hash) const {
    const uint64_t packed = shards_[ShardOf(hash)].table.load(std::memory_order_acquire);
    if (packed == 0) return nullptr;
    const std::atomic<uint64_t>* slots = SlotsOf(packed);
    const uint64_t mask = MaskOf(packed);
    const uint64_t tag = hash >> kAddressBits;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
      const uint64_t slot = slots[i].load(std::memory_order_acquire);
      if (slot == 0) return nullptr;
      if (slot >> kAddressBits != tag) continue;
      const KeyRecord* record = RecordOf(slot);
      __builtin_prefetch(reinterpret_cast<const char*>(record) + 64);  // where a short key's version lies
      if (record->key() == key) return record;
    }
  }

  // Asks for the memory that Find looks at first.
  void Prefetch(uint64_t hash) const {
    const uint64_t packed = shards_[ShardOf(hash)].table.load(std::memory_order_acquire);
    if (packed != 0) __builtin_prefetch(SlotsOf(packed) + (hash & MaskOf(packed)));
  }

  // Makes sure that the next insert of this hash allocates nothing. Throws bad_alloc, the index unchanged.
  void MakeRoom(uint64_t hash) {
    Shard& shard = shards_[ShardOf(hash)];
    if (shard.used >= shard.limit) Grow(&shard);
  }
  // REQUIRES: the writer; MakeRoom(hash); no record of this key was inserted.
  void Insert(const KeyRecord* record, uint64_t hash);

 private:
  static constexpr int kAddressBits = 48;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << kAddressBits) - 1;
  static constexpr uint32_t kFirstSlots = 16;  // two cache lines
  static constexpr uint32_t kMaxSlotBits = 31;

  struct Shard {
    // 0 while empty, else log2 of the number of slots << 48 | address of the first.
    std::atomic<uint64_t> table{0};
    uint32_t used = 0;   // the writer's own
    uint32_t limit = 0;  // the writer's own: grow at this many
  };

  static uint64_t ShardOf(uint64_t hash) { return (hash >> 32) & (kShards - 1); }
  static const std::atomic<uint64_t>* SlotsOf(uint64_t packed) {
    return reinterpret_cast<const std::atomic<uint64_t>*>(packed & kAddressMask);
  }
  static uint64_t MaskOf(uint64_t packed) { return (uint64_t{1} << (packed >> kAddressBits)) - 1; }
  static const KeyRecord* RecordOf(uint64_t slot) { return reinterpret_cast<const KeyRecord*>(slot & kAddressMask); }

  void Grow(Shard* shard);

  Arena* const arena_;
  const uint64_t seed_;
  Shard shards_[kShards];
};

}  // namespace sochdb
