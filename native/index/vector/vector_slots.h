// VectorSlots: every version of every vector of a collection, and the graph over them.
//
// A slot is one version: a vector (slot_vectors.h), the document it belongs to, and the commits between which it holds. The
// visibility rule: a snapshot (read_ts, now_ms) sees a slot when xmin <= read_ts < xmax and it has not expired at now_ms. Of
// one document's slots a snapshot sees at most one; older_slot chains them, newest first.
//
// A document in chunks has a slot for each of its vectors, with the same commits and document. The last of them stands for the
// version: it is the one that the document, and newer versions, lead to, and each leads to the one before it.
//
// New versions are at once part of what searches see; linking them into the graph is others' later work. A version that differs
// from its predecessor in metadata alone gets no slot.
//
// Slots are used again. One that no snapshot will see any more is retired: nothing leads to it then, and xmin = max says that
// it is nobody's. It is free, for a new version, when all readers have gone that may have held on to it; the owner knows when
// (search_scratch.h). So a reader meets in a slot, as long as it reads, what it met first; or a version that is too young for
// it.
//
// Thread safety: one writer (Put, Delete, Retire, Free); any number of lock-free readers. A reader takes published() first,
// then views; what lies below that count is complete, and what it sees is. Limits: 2^31 - 1 slots. Put throws std::bad_alloc,
// and leaves everything as it was.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/types.h"
#include "index/document/document_row.h"
#include "index/vector/document_table.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/paged_rows.h"
#include "index/vector/slot_vectors.h"

namespace sochdb {

struct SlotHeader {
  SlotHeader(Timestamp from, ExpiryMs expiry, uint32_t of_document, uint32_t older)
      : xmin_(from), expires_ms_(expiry), document_(of_document), older_slot_(older) {}

  // The commits between which it holds. kMaxTimestamp from the first on: the slot is nobody's.
  [[nodiscard]] Timestamp xmin() const { return xmin_.load(std::memory_order_acquire); }
  [[nodiscard]] Timestamp xmax() const { return xmax_.load(std::memory_order_relaxed); }
  [[nodiscard]] ExpiryMs expires_ms() const { return expires_ms_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint32_t document() const { return document_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool unused() const { return xmin() == kMaxTimestamp; }

  // kNoSlot: there is nothing older. With kSameVersion: not an older version's, but the chunk's before this one.
  static constexpr uint32_t kSameVersion = 1u << 31;
  [[nodiscard]] uint32_t older_slot() const { return older_slot_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_further_chunk() const {
    const uint32_t older = older_slot();
    return older != kNoSlot && (older & kSameVersion) != 0;
  }
  [[nodiscard]] uint32_t slot_before() const {
    const uint32_t older = older_slot();
    return older != kNoSlot ? older & ~kSameVersion : older;
  }

  [[nodiscard]] bool VisibleAt(Timestamp read_ts, uint64_t now_ms) const {
    if (xmin() > read_ts || read_ts >= xmax()) return false;
    const ExpiryMs expires = expires_ms();
    return expires == kNeverExpires || expires > now_ms;
  }

  // The writer's.
  void End(Timestamp ts) { xmax_.store(ts, std::memory_order_release); }
  void Retire() { xmin_.store(kMaxTimestamp, std::memory_order_release); }
  void CutOlder() { older_slot_.store(kNoSlot, std::memory_order_release); }
  // Another version's from now on. REQUIRES: it is free.
  void Begin(Timestamp from, ExpiryMs expiry, uint32_t of_document, uint32_t older) {
    xmax_.store(kMaxTimestamp, std::memory_order_relaxed);
    expires_ms_.store(expiry, std::memory_order_relaxed);
    document_.store(of_document, std::memory_order_relaxed);
    older_slot_.store(older, std::memory_order_relaxed);
    xmin_.store(from, std::memory_order_release);  // the last: whoever may see the version, sees all of it
  }

 private:
  std::atomic<Timestamp> xmin_;
  std::atomic<Timestamp> xmax_{kMaxTimestamp};
  std::atomic<ExpiryMs> expires_ms_;
  std::atomic<uint32_t> document_;
  std::atomic<uint32_t> older_slot_;
};

class VectorSlots {
 public:
  static constexpr uint32_t kMaxSlots = (1u << 31) - 1;

  // scratch: slot_vectors.h.
  VectorSlots(Env* env, Metric metric, size_t dimension, const HnswOptions& options, ScratchPlace scratch = {});

  // The writer's. ts never decreases; may_reuse: free slots are taken first. Returns the slots that were filled: none where the
  // vectors are what they were. They are valid until the next call. REQUIRES: the row has this collection's dimension.
  std::span<const uint32_t> Put(Timestamp ts, std::string_view id, const DocumentRow& row, bool may_reuse);
  void Delete(Timestamp ts, std::string_view id);
  // The writer's: nothing leads to these slots any more, from older versions or the document neither. REQUIRES: no snapshot
  // sees them from now on, nor versions that are older; no slot of the graph leads to them. leaving(slot): whether it is one of
  // them, or will be. Slots of one document come one after the other.
  template <typename Leaving>
  void Retire(std::span<const uint32_t> slots, Leaving leaving);
  // The writer's: readers that may have held on to them have gone.
  void Free(std::span<const uint32_t> slots) { free_.insert(free_.end(), slots.begin(), slots.end()); }
  // The writer's: gives the memory of free slots back to the system, where enough of them lie side by side.
  void ReturnFree();
  void ReserveFree(size_t more) { free_.reserve(free_.size() + more); }
  [[nodiscard]] size_t free_count() const { return free_.size(); }
  // Slots that are nobody's.
  [[nodiscard]] uint32_t unused() const { return unused_.load(std::memory_order_acquire); }

  [[nodiscard]] uint32_t published() const { return graph_.published(); }
  [[nodiscard]] const SlotVectors& vectors() const { return vectors_; }
  [[nodiscard]] SlotVectors* mutable_vectors() { return &vectors_; }
  [[nodiscard]] PagedRows<SlotHeader>::View headers() const { return headers_.view(); }
  [[nodiscard]] const DocumentTable& documents() const { return documents_; }
  [[nodiscard]] const HnswGraph& graph() const { return graph_; }
  [[nodiscard]] HnswGraph* mutable_graph() { return &graph_; }

  // What slots are made of again (vector_checkpoint.h): memory that outlives them, and may be changed.
  struct Parts {
    uint32_t slots = 0;
    HnswGraph::Extent extent;
    uint64_t live = 0;  // documents
    uint64_t live_vectors = 0;
    Timestamp last_change = 0;
    bool any_expiry = false;
    bool any_chunked = false;
    bool any_multiple = false;
    bool any_aggregated = false;
    bool in_file = false;  // the memory belongs to a file
    char* full = nullptr;
    std::unique_ptr<VectorCodes> codes;
    char* headers = nullptr;
    char* bottom = nullptr;
    char* nodes = nullptr;
    char* upper = nullptr;
    uint64_t hash_seed = 0;
    std::span<const uint16_t> id_lengths;
    const char* ids = nullptr;
    std::span<const uint64_t> hashes;
    std::vector<uint32_t> newest_slots;  // by document
  };
  // Throws std::bad_alloc, and is of no use then. REQUIRES: there are none yet, and nobody reads.
  void Adopt(Parts parts);

  // The slot a snapshot sees of a document, the last of its chunks; kNoSlot when it sees none.
  [[nodiscard]] uint32_t VisibleSlot(uint32_t document, Timestamp read_ts, uint64_t now_ms) const;
  // Ahead of VisibleSlot, for whoever asks about many documents: first this, when that has arrived, the other.
  void PrefetchDocument(uint32_t document) const { documents_.Prefetch(document); }
  void PrefetchNewest(uint32_t document) const {
    const uint32_t slot = documents_.newest_slot(document);
    if (slot != kNoSlot) __builtin_prefetch(headers_.view()[slot]);
  }
  [[nodiscard]] uint64_t CountVisible(Timestamp read_ts, uint64_t now_ms) const;

  // Documents that the newest state has, expired ones included.
  [[nodiscard]] uint64_t live() const { return live_.load(std::memory_order_acquire); }
  // Their vectors.
  [[nodiscard]] uint64_t live_vectors() const { return live_vectors_.load(std::memory_order_acquire); }
  // Whether a document in chunks was ever stored; one with several vectors; one that is not as near as its nearest vector.
  // Whoever sees such a document is told so.
  [[nodiscard]] bool any_chunked() const { return any_chunked_.load(std::memory_order_acquire); }
  [[nodiscard]] bool any_multiple() const { return any_multiple_.load(std::memory_order_acquire); }
  [[nodiscard]] bool any_aggregated() const { return any_aggregated_.load(std::memory_order_acquire); }
  // The newest commit that changed a slot: snapshots from there on all see the same, up to expiry.
  [[nodiscard]] Timestamp last_change() const { return last_change_.load(std::memory_order_acquire); }
  [[nodiscard]] bool any_expiry() const { return any_expiry_.load(std::memory_order_relaxed); }
  // Slots that no snapshot at or after `oldest` sees, ascending: what can be retired.
  [[nodiscard]] std::vector<uint32_t> ListReclaimable(Timestamp oldest) const;
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  // Ends a live version.
  void EndLiveSlot(uint32_t slot, Timestamp ts);
  // Chooses the slots of a version of so many vectors; free ones stay free.
  void ChooseSlots(uint32_t count, bool may_reuse);
  // Whether the version that ends with this slot has the vectors that were prepared in chosen_.
  [[nodiscard]] bool SameVectors(uint32_t last_slot) const;

  SlotVectors vectors_;
  PagedRows<SlotHeader> headers_;
  DocumentTable documents_;
  HnswGraph graph_;
  std::vector<uint32_t> free_;    // the writer's
  std::vector<uint32_t> chosen_;  // the writer's: the slots of the version at hand, of which the first reused_ were free
  uint32_t reused_ = 0;
  std::atomic<uint32_t> unused_{0};
  std::atomic<uint64_t> live_{0};
  std::atomic<uint64_t> live_vectors_{0};
  std::atomic<bool> any_chunked_{false};
  std::atomic<bool> any_multiple_{false};
  std::atomic<bool> any_aggregated_{false};
  std::atomic<Timestamp> last_change_{0};
  std::atomic<bool> any_expiry_{false};
};

template <typename Leaving>
void VectorSlots::Retire(std::span<const uint32_t> slots, Leaving leaving) {
  const PagedRows<SlotHeader>::View headers = headers_.view();
  uint32_t last_document = UINT32_MAX;
  for (const uint32_t slot : slots) {
    const uint32_t document = headers[slot]->document();
    if (std::exchange(last_document, document) == document) continue;
    // From the newest version to the first that leaves: nothing older is seen.
    uint32_t at = documents_.newest_slot(document);
    if (at != kNoSlot && leaving(at)) documents_.set_newest_slot(document, at = kNoSlot);
    while (at != kNoSlot) {
      const uint32_t before = headers[at]->slot_before();
      if (before != kNoSlot && leaving(before)) {
        headers[at]->CutOlder();
        break;
      }
      at = before;
    }
  }
  for (const uint32_t slot : slots) headers[slot]->Retire();
  unused_.fetch_add(static_cast<uint32_t>(slots.size()), std::memory_order_acq_rel);
}

}  // namespace sochdb
