#include "index/vector/vector_slots.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace sochdb {

VectorSlots::VectorSlots(Env* env, Metric metric, size_t dimension, const HnswOptions& options, ScratchPlace scratch)
    : vectors_(metric, dimension, std::move(scratch)),
      headers_(1),
      documents_(env->Random64()),
      graph_(env, options, &vectors_) {}

void VectorSlots::ChooseSlots(uint32_t count, bool may_reuse) {
  reused_ = may_reuse ? static_cast<uint32_t>(std::min<size_t>(count, free_.size())) : 0;
  const uint32_t first = published();
  const uint32_t appended = count - reused_;
  if (appended > kMaxSlots - first) throw std::bad_alloc();
  chosen_.clear();
  for (uint32_t i = 0; i < reused_; ++i) chosen_.push_back(free_[free_.size() - 1 - i]);
  for (uint32_t i = 0; i < appended; ++i) chosen_.push_back(first + i);
  vectors_.Reserve(first + appended);
  headers_.Reserve(first + appended);
  for (uint32_t i = 0; i < appended; ++i) graph_.AddSlot(first + i);
  for (uint32_t i = 0; i < reused_; ++i) {
    vectors_.Take(chosen_[i]);
    graph_.ResetSlot(chosen_[i]);
  }
}

void VectorSlots::ReturnFree() {
  std::vector<uint32_t> slots = free_;
  std::sort(slots.begin(), slots.end());
  vectors_.Return(slots);
  graph_.Return(slots);
}

std::span<const uint32_t> VectorSlots::Put(Timestamp ts, std::string_view id, const DocumentRow& row, bool may_reuse) {
  const uint32_t count = row.count();
  ChooseSlots(count, may_reuse);
  const FullVectors& full = vectors_.full();
  for (uint32_t i = 0; i < count; ++i) PrepareStoredVector(full.metric(), row.vector(i), full.view()[chosen_[i]]);

  const uint32_t document = documents_.FindOrAdd(id);
  if (row.chunked) any_chunked_.store(true, std::memory_order_release);
  if (row.aggregate != Aggregate::kMax) any_aggregated_.store(true, std::memory_order_release);
  const PagedRows<SlotHeader>::View headers = headers_.view();
  const uint32_t older = documents_.newest_slot(document);
  const SlotHeader* older_header = older == kNoSlot ? nullptr : headers[older];
  const bool replaces = older_header != nullptr && older_header->xmax() == kMaxTimestamp;
  if (replaces && older_header->expires_ms() == row.expires_ms && SameVectors(older)) return {};
  if (count > 1) any_multiple_.store(true, std::memory_order_release);
  if (row.expires_ms != kNeverExpires) any_expiry_.store(true, std::memory_order_relaxed);
  // Before slots change that a list of this moment may not have (listed_slots.h).
  last_change_.store(ts, std::memory_order_release);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t slot = chosen_[i];
    vectors_.Encode(slot);
    const uint32_t before = i == 0 ? older : chosen_[i - 1] | SlotHeader::kSameVersion;
    if (i < reused_) headers[slot]->Begin(ts, row.expires_ms, document, before);
    else new (headers[slot]) SlotHeader(ts, row.expires_ms, document, before);
  }
  if (replaces) EndLiveSlot(older, ts);
  free_.erase(free_.end() - static_cast<std::ptrdiff_t>(reused_), free_.end());
  unused_.fetch_sub(reused_, std::memory_order_acq_rel);
  graph_.Publish(published() + count - reused_);
  documents_.set_newest_slot(document, chosen_.back());
  live_.fetch_add(1, std::memory_order_acq_rel);
  live_vectors_.fetch_add(count, std::memory_order_acq_rel);
  return chosen_;
}

bool VectorSlots::SameVectors(uint32_t last_slot) const {
  const FullVectors& full = vectors_.full();
  const PagedRows<SlotHeader>::View headers = headers_.view();
  for (size_t i = chosen_.size(); i-- > 0; last_slot = headers[last_slot]->slot_before()) {
    if (headers[last_slot]->is_further_chunk() != (i > 0)) return false;
    if (std::memcmp(full.view()[chosen_[i]], full.view()[last_slot], full.padded() * sizeof(float)) != 0) return false;
  }
  return true;
}

void VectorSlots::Delete(Timestamp ts, std::string_view id) {
  const std::optional<uint32_t> document = documents_.Find(id);
  if (!document.has_value()) return;
  const uint32_t slot = documents_.newest_slot(*document);
  if (slot == kNoSlot || headers_.view()[slot]->xmax() != kMaxTimestamp) return;
  last_change_.store(ts, std::memory_order_release);
  EndLiveSlot(slot, ts);
}

void VectorSlots::EndLiveSlot(uint32_t slot, Timestamp ts) {
  const PagedRows<SlotHeader>::View headers = headers_.view();
  uint64_t count = 1;
  for (;; ++count, slot = headers[slot]->slot_before()) {
    headers[slot]->End(ts);
    if (!headers[slot]->is_further_chunk()) break;
  }
  live_.fetch_sub(1, std::memory_order_acq_rel);
  live_vectors_.fetch_sub(count, std::memory_order_acq_rel);
}

void VectorSlots::Adopt(Parts parts) {
  vectors_.Adopt(parts.full, parts.slots, parts.in_file);
  if (parts.codes != nullptr) vectors_.Install(std::move(parts.codes));
  headers_.Adopt(parts.headers, parts.slots, false);
  documents_.Adopt(parts.hash_seed, parts.id_lengths, parts.ids, parts.hashes);
  for (uint32_t document = 0; document < parts.newest_slots.size(); ++document) {
    documents_.set_newest_slot(document, parts.newest_slots[document]);
  }
  live_.store(parts.live, std::memory_order_release);
  live_vectors_.store(parts.live_vectors, std::memory_order_release);
  last_change_.store(parts.last_change, std::memory_order_release);
  any_expiry_.store(parts.any_expiry, std::memory_order_relaxed);
  any_chunked_.store(parts.any_chunked, std::memory_order_release);
  any_multiple_.store(parts.any_multiple, std::memory_order_release);
  any_aggregated_.store(parts.any_aggregated, std::memory_order_release);
  for (uint32_t slot = parts.slots; slot-- > 0;) {
    if (headers_.view()[slot]->unused()) free_.push_back(slot);
  }
  unused_.store(static_cast<uint32_t>(free_.size()), std::memory_order_release);
  graph_.Adopt(parts.extent, parts.slots, parts.bottom, parts.nodes, parts.upper);
}

uint32_t VectorSlots::VisibleSlot(uint32_t document, Timestamp read_ts, uint64_t now_ms) const {
  uint32_t slot = documents_.newest_slot(document);
  const PagedRows<SlotHeader>::View headers = headers_.view();  // after the slot was read, so it covers it
  while (slot != kNoSlot) {
    const SlotHeader* header = headers[slot];
    if (header->xmin() <= read_ts) return header->VisibleAt(read_ts, now_ms) ? slot : kNoSlot;
    slot = header->slot_before();
  }
  return kNoSlot;
}

uint64_t VectorSlots::CountVisible(Timestamp read_ts, uint64_t now_ms) const {
  // A commit stores its timestamp before it changes the count, so an unchanged timestamp around the count vouches for it; and
  // a snapshot at or after that timestamp began when the commit was complete.
  const Timestamp before = last_change();
  const uint64_t live_now = live();
  if (before <= read_ts && last_change() == before && !any_expiry_.load(std::memory_order_relaxed)) return live_now;
  const uint32_t limit = published();
  const PagedRows<SlotHeader>::View headers = headers_.view();
  uint64_t count = 0;
  for (uint32_t slot = 0; slot < limit; ++slot) {
    if (!headers[slot]->is_further_chunk() && headers[slot]->VisibleAt(read_ts, now_ms)) ++count;
  }
  return count;
}

std::vector<uint32_t> VectorSlots::ListReclaimable(Timestamp oldest) const {
  const uint32_t limit = published();
  const PagedRows<SlotHeader>::View headers = headers_.view();
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < limit; ++slot) {
    if (headers[slot]->xmax() <= oldest && !headers[slot]->unused()) slots.push_back(slot);
  }
  return slots;
}

uint64_t VectorSlots::memory_bytes() const {
  return sizeof(*this) + vectors_.memory_bytes() + headers_.memory_bytes() + documents_.memory_bytes() + graph_.memory_bytes();
}

}  // namespace sochdb
