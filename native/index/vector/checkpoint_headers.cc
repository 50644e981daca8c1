#include "index/vector/checkpoint_headers.h"

#include <algorithm>
#include <vector>

namespace sochdb {
namespace {

// Whether what is older of a slot's document is: an older version, or a chunk of the same one that no other chunk follows.
bool OlderMakesSense(const SlotHeader* headers, uint32_t slots, uint32_t slot, std::vector<bool>* followed) {
  const SlotHeader& header = headers[slot];
  if (header.older_slot() == kNoSlot) return true;
  const uint32_t before = header.slot_before();
  if (before >= slots || headers[before].unused() || headers[before].document() != header.document()) return false;
  if (!header.is_further_chunk()) return headers[before].xmin() < header.xmin();
  if (headers[before].xmin() != header.xmin() || (*followed)[before]) return false;
  (*followed)[before] = true;
  return true;
}

// Finds each document's newest slot. False: chunks follow one another in a circle.
bool FindNewest(const SlotHeader* headers, uint32_t slots, const std::vector<bool>& followed, uint32_t used,
                std::vector<uint32_t>* newest) {
  uint32_t met = 0;
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (headers[slot].unused() || followed[slot]) continue;
    uint32_t& of_document = (*newest)[headers[slot].document()];
    if (of_document == kNoSlot || headers[of_document].xmin() < headers[slot].xmin()) of_document = slot;
    ++met;
    for (uint32_t at = slot; headers[at].is_further_chunk(); at = headers[at].slot_before()) ++met;
  }
  return met == used;
}

}  // namespace

bool ReadCheckpointHeaders(const SlotHeader* headers, uint32_t slots, uint32_t documents, uint64_t now_ms,
                           LoadedCheckpoint* loaded) {
  VectorSlots::Parts* const parts = &loaded->parts;
  std::vector<bool> followed(slots);
  for (uint32_t slot = 0; slot < slots; ++slot) {
    const SlotHeader& header = headers[slot];
    if (header.unused()) {
      ++loaded->unused;
      continue;
    }
    if (header.document() >= documents || !OlderMakesSense(headers, slots, slot, &followed)) return false;
    const Timestamp xmax = header.xmax();
    if (xmax == kMaxTimestamp) {
      ++parts->live_vectors;
      if (!header.is_further_chunk()) ++parts->live;
    } else {
      parts->last_change = std::max(parts->last_change, xmax);
    }
    if (xmax != kMaxTimestamp || (header.expires_ms() != kNeverExpires && header.expires_ms() <= now_ms)) ++loaded->dead;
    parts->last_change = std::max(parts->last_change, header.xmin());
  }
  parts->newest_slots.assign(documents, kNoSlot);
  return FindNewest(headers, slots, followed, slots - loaded->unused, &parts->newest_slots);
}

}  // namespace sochdb
