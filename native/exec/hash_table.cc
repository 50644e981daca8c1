#include "exec/hash_table.h"

namespace sochdb {
namespace {

constexpr size_t kFirstSlots = 64;

}  // namespace

// The slot of the key, or the free one where it belongs. REQUIRES: slots_ is not empty and has a free slot.
uint32_t* ByteTable::Probe(std::string_view key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    uint32_t& slot = slots_[i];
    if (slot == 0) return &slot;
    const Key& there = keys_[slot - 1];
    if (there.hash == hash && there.bytes == key) return &slot;
  }
}

uint32_t ByteTable::Find(std::string_view key) const {
  if (slots_.empty()) return kNone;
  const uint32_t slot = *Probe(key, Hash64(key, seed_));
  return slot == 0 ? kNone : slot - 1;
}

Status ByteTable::Grow() {
  const size_t slots = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  const uint64_t charge = slots * sizeof(uint32_t) + slots / 2 * sizeof(Key);
  if (slots / 2 >= kNone / 2 || !arena_.memory()->Charge(charge)) return arena_.memory()->LimitError();
  arena_.memory()->Release(charged_);
  charged_ = charge;
  slots_.assign(slots, 0);
  keys_.reserve(slots / 2);
  for (uint32_t id = 0; id < keys_.size(); ++id) *Probe(keys_[id].bytes, keys_[id].hash) = id + 1;
  return {};
}

Status ByteTable::FindOrInsert(std::string_view key, uint32_t* id, bool* inserted) {
  if (keys_.size() * 2 >= slots_.size()) SOCHDB_TRY(Grow());
  const uint64_t hash = Hash64(key, seed_);
  uint32_t* slot = Probe(key, hash);
  *inserted = *slot == 0;
  if (*inserted) {
    std::string_view kept;
    if (!arena_.Copy(key, &kept)) return arena_.memory()->LimitError();
    keys_.push_back({kept, hash});
    *slot = static_cast<uint32_t>(keys_.size());
  }
  *id = *slot - 1;
  return {};
}

void ByteTable::Clear() {
  arena_.Reset();
  keys_.clear();
  slots_.clear();
  slots_.shrink_to_fit();
  arena_.memory()->Release(charged_);
  charged_ = 0;
}

}  // namespace sochdb
