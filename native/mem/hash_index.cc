#include "mem/hash_index.h"

#include <bit>
#include <new>

namespace sochdb {
namespace {

void Place(std::atomic<uint64_t>* slots, uint64_t mask, uint32_t home, uint64_t slot, std::memory_order order) {
  uint64_t i = home & mask;
  while (slots[i].load(std::memory_order_relaxed) != 0) i = (i + 1) & mask;
  slots[i].store(slot, order);
}

}  // namespace

void HashIndex::Insert(const KeyRecord* record, uint64_t hash) {
  SOCHDB_DCHECK(record->hash == static_cast<uint32_t>(hash));
  const auto address = reinterpret_cast<uint64_t>(record);
  SOCHDB_CHECK((address & ~kAddressMask) == 0);
  Shard& shard = shards_[ShardOf(hash)];
  SOCHDB_CHECK(shard.used < shard.limit);
  const uint64_t packed = shard.table.load(std::memory_order_relaxed);
  auto* slots = const_cast<std::atomic<uint64_t>*>(SlotsOf(packed));
  Place(slots, MaskOf(packed), record->hash, (hash >> kAddressBits) << kAddressBits | address, std::memory_order_release);
  ++shard.used;
}

void HashIndex::Grow(Shard* shard) {
  const uint64_t old = shard->table.load(std::memory_order_relaxed);
  const uint64_t n = old == 0 ? kFirstSlots : (MaskOf(old) + 1) * 2;
  SOCHDB_CHECK(n <= uint64_t{1} << kMaxSlotBits);
  char* bytes = arena_->AllocateAligned(n * sizeof(uint64_t), 64);
  auto* slots = reinterpret_cast<std::atomic<uint64_t>*>(bytes);
  for (uint64_t i = 0; i < n; ++i) new (&slots[i]) std::atomic<uint64_t>(0);
  if (old != 0) {
    // A tag is never checked for being non-zero: an address is not 0.
    const std::atomic<uint64_t>* from = SlotsOf(old);
    for (uint64_t i = 0; i <= MaskOf(old); ++i) {
      const uint64_t slot = from[i].load(std::memory_order_relaxed);
      if (slot != 0) Place(slots, n - 1, RecordOf(slot)->hash, slot, std::memory_order_relaxed);
    }
  }
  const auto address = reinterpret_cast<uint64_t>(slots);
  SOCHDB_CHECK((address & ~kAddressMask) == 0);
  shard->limit = static_cast<uint32_t>(n / 4 * 3);
  shard->table.store(static_cast<uint64_t>(std::countr_zero(n)) << kAddressBits | address, std::memory_order_release);
}

}  // namespace sochdb
