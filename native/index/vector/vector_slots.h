// VectorSlots: every version of every vector of a collection, and the graph over them.
//
// A slot is one version: a prepared vector, the document it belongs to, and the commits between which it holds. The visibility
// rule: a snapshot (read_ts, now_ms) sees a slot when xmin <= read_ts < xmax and it has not expired at now_ms. Of one
// document's slots a snapshot sees at most one; older_slot chains them, newest first.
//
// New versions are appended and at once part of what searches see; linking them into the graph is others' later work. A version
// that differs from its predecessor in metadata alone gets no slot.
//
// Thread safety: one writer (Put, Delete); any number of lock-free readers. A reader takes published() first, then views; what
// lies below that count is complete.
// Limits: 2^31 - 1 slots. Put throws std::bad_alloc, and leaves everything as it was.

#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "index/document/document_row.h"
#include "index/vector/document_table.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/metric.h"
#include "index/vector/paged_rows.h"

namespace sochdb {

struct SlotHeader {
  SlotHeader(Timestamp from, ExpiryMs expiry, uint32_t of_document, uint32_t older)
      : xmin(from), expires_ms(expiry), document(of_document), older_slot(older) {}

  const Timestamp xmin;
  std::atomic<Timestamp> xmax{kMaxTimestamp};
  const ExpiryMs expires_ms;
  const uint32_t document;
  const uint32_t older_slot;  // kNoSlot: the document's first

  [[nodiscard]] bool VisibleAt(Timestamp read_ts, uint64_t now_ms) const {
    return xmin <= read_ts && read_ts < xmax.load(std::memory_order_relaxed) &&
           (expires_ms == kNeverExpires || expires_ms > now_ms);
  }
};

class VectorSlots {
 public:
  static constexpr uint32_t kMaxSlots = (1u << 31) - 1;

  VectorSlots(Env* env, Metric metric, size_t dimension, const HnswOptions& options);

  // The writer's. ts never decreases. REQUIRES: the row has this collection's dimension.
  void Put(Timestamp ts, std::string_view id, const DocumentRow& row);
  void Delete(Timestamp ts, std::string_view id);

  [[nodiscard]] uint32_t published() const { return graph_.published(); }
  [[nodiscard]] PagedRows<float>::View vectors() const { return vectors_.view(); }
  [[nodiscard]] PagedRows<SlotHeader>::View headers() const { return headers_.view(); }
  [[nodiscard]] const DocumentTable& documents() const { return documents_; }
  [[nodiscard]] const HnswGraph& graph() const { return graph_; }
  [[nodiscard]] HnswGraph* mutable_graph() { return &graph_; }
  [[nodiscard]] Metric metric() const { return metric_; }
  [[nodiscard]] size_t dimension() const { return dimension_; }
  [[nodiscard]] size_t padded() const { return vectors_.width(); }

  // The slot a snapshot sees of a document; kNoSlot when it sees none.
  [[nodiscard]] uint32_t VisibleSlot(uint32_t document, Timestamp read_ts, uint64_t now_ms) const;
  [[nodiscard]] uint64_t CountVisible(Timestamp read_ts, uint64_t now_ms) const;

  // Documents that the newest state has, expired ones included.
  [[nodiscard]] uint64_t live() const { return live_.load(std::memory_order_acquire); }
  // The newest commit that changed a slot: snapshots from there on all see the same, up to expiry.
  [[nodiscard]] Timestamp last_change() const { return last_change_.load(std::memory_order_acquire); }
  // Slots that no snapshot at or after `oldest` sees: what a reclaiming pass could free.
  [[nodiscard]] uint64_t CountReclaimable(Timestamp oldest) const;
  [[nodiscard]] uint64_t memory_bytes() const;

 private:
  // Ends the document's live slot, if it has one.
  void EndLiveSlot(uint32_t slot, Timestamp ts);

  const Metric metric_;
  const size_t dimension_;
  PagedRows<float> vectors_;
  PagedRows<SlotHeader> headers_;
  DocumentTable documents_;
  HnswGraph graph_;
  std::atomic<uint64_t> live_{0};
  std::atomic<Timestamp> last_change_{0};
  std::atomic<bool> any_expiry_{false};
};

}  // namespace sochdb
