#include "index/vector/vector_slots.h"

#include <cstring>
#include <new>

namespace sochdb {

VectorSlots::VectorSlots(Env* env, Metric metric, size_t dimension, const HnswOptions& options)
    : metric_(metric),
      dimension_(dimension),
      vectors_(PaddedDimension(dimension)),
      headers_(1),
      documents_(env->Random64()),
      graph_(env, metric, options, &vectors_) {}

void VectorSlots::Put(Timestamp ts, std::string_view id, const DocumentRow& row) {
  const uint32_t slot = published();
  if (slot == kMaxSlots) throw std::bad_alloc();
  vectors_.Reserve(slot + 1);
  headers_.Reserve(slot + 1);
  graph_.AddSlot(slot);
  float* vector = vectors_.view()[slot];
  PrepareStoredVector(metric_, row.vector, vector);

  const uint32_t document = documents_.FindOrAdd(id);
  const uint32_t older = documents_.newest_slot(document);
  const SlotHeader* older_header = older == kNoSlot ? nullptr : headers_.view()[older];
  const bool replaces = older_header != nullptr && older_header->xmax.load(std::memory_order_relaxed) == kMaxTimestamp;
  if (replaces && older_header->expires_ms == row.expires_ms &&
      std::memcmp(vector, vectors_.view()[older], padded() * sizeof(float)) == 0) {
    return;
  }
  new (headers_.view()[slot]) SlotHeader(ts, row.expires_ms, document, older);
  if (row.expires_ms != kNeverExpires) any_expiry_.store(true, std::memory_order_relaxed);
  last_change_.store(ts, std::memory_order_release);
  if (replaces) EndLiveSlot(older, ts);
  graph_.Publish(slot + 1);
  documents_.set_newest_slot(document, slot);
  live_.fetch_add(1, std::memory_order_acq_rel);
}

void VectorSlots::Delete(Timestamp ts, std::string_view id) {
  const std::optional<uint32_t> document = documents_.Find(id);
  if (!document.has_value()) return;
  const uint32_t slot = documents_.newest_slot(*document);
  if (slot == kNoSlot || headers_.view()[slot]->xmax.load(std::memory_order_relaxed) != kMaxTimestamp) return;
  last_change_.store(ts, std::memory_order_release);
  EndLiveSlot(slot, ts);
}

void VectorSlots::EndLiveSlot(uint32_t slot, Timestamp ts) {
  headers_.view()[slot]->xmax.store(ts, std::memory_order_release);
  live_.fetch_sub(1, std::memory_order_acq_rel);
}

uint32_t VectorSlots::VisibleSlot(uint32_t document, Timestamp read_ts, uint64_t now_ms) const {
  uint32_t slot = documents_.newest_slot(document);
  const PagedRows<SlotHeader>::View headers = headers_.view();  // after the slot was read, so it covers it
  while (slot != kNoSlot) {
    const SlotHeader* header = headers[slot];
    if (header->xmin <= read_ts) return header->VisibleAt(read_ts, now_ms) ? slot : kNoSlot;
    slot = header->older_slot;
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
    if (headers[slot]->VisibleAt(read_ts, now_ms)) ++count;
  }
  return count;
}

uint64_t VectorSlots::CountReclaimable(Timestamp oldest) const {
  const uint32_t limit = published();
  const PagedRows<SlotHeader>::View headers = headers_.view();
  uint64_t count = 0;
  for (uint32_t slot = 0; slot < limit; ++slot) {
    if (headers[slot]->xmax.load(std::memory_order_relaxed) <= oldest) ++count;
  }
  return count;
}

uint64_t VectorSlots::memory_bytes() const {
  return sizeof(*this) + vectors_.memory_bytes() + headers_.memory_bytes() + documents_.memory_bytes() + graph_.memory_bytes();
}

}  // namespace sochdb
