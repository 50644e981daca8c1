#include "exec/hash_table.h"

namespace sochdb {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kSlotsMax = size_t{1} << 32;

}  // namespace

Status ByteTable::Grow() {
  const size_t slots = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  const uint64_t charge = slots * sizeof(Slot) + slots / 2 * sizeof(Key);
  if (slots >= kSlotsMax || !arena_.memory()->Charge(charge)) return arena_.memory()->LimitError();
  arena_.memory()->Release(charged_);
  charged_ = charge;
  slots_.assign(slots, {0, 0});
  keys_.reserve(slots / 2);
  for (uint32_t id = 0; id < keys_.size(); ++id) {
    size_t i = keys_[id].hash & (slots - 1);
    while (slots_[i].id != 0) i = (i + 1) & (slots - 1);
    slots_[i] = {static_cast<uint32_t>(keys_[id].hash >> 32), id + 1};
  }
  return {};
}

Status ByteTable::Insert(std::string_view key, uint64_t hash, Slot* slot) {
  std::string_view kept;
  if (!arena_.Copy(key, &kept)) return arena_.memory()->LimitError();
  keys_.push_back({kept, hash});
  *slot = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(keys_.size())};
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

Status WordTable::Grow() {
  const size_t slots = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  const uint64_t charge = slots * sizeof(Slot);
  if (slots >= kSlotsMax || !memory_->Charge(charge)) return memory_->LimitError();
  std::vector<Slot> old(slots, {0, 0});
  std::swap(old, slots_);
  for (const Slot& slot : old)
    if (slot.id != 0) slots_[Probe(slot.key, HashOf(slot.key))] = slot;
  memory_->Release(charged_);
  charged_ = charge;
  return {};
}

void WordTable::Clear() {
  slots_.clear();
  slots_.shrink_to_fit();
  size_ = 0;
  memory_->Release(charged_);
  charged_ = 0;
}

}  // namespace sochdb
