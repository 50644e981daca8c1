// HnswGraph: a hierarchical navigable small world over slots, the structure that finds near vectors without looking at all.
//
// A slot is in the bottom layer and, with probability 1/M each, in layers above; the layers above have rows of at most M
// neighbours, the bottom one of 2M. A row ends at kNoSlot or at its width. A search descends greedily from the
// entry point and expands the ef nearest slots it meets in the bottom layer (docs/internals/vector-index.md).
//
// The graph knows no versions: it leads to every slot ever linked, and who searches decides which of them it may see.
//
// Thread safety: one thread calls AddSlot and Publish (the owner's writer). Any number of threads call Link, each for slots of
// its own, and any number search, without locks. A row is changed under its node's spinlock by relaxed stores, so a search may
// see half of a change: a mixture of old and new neighbours, all of them linked slots. What makes following one safe
// is the limit: a search takes the published count first and ignores neighbours beyond it, and everything below that
// count was complete when it was published.
// Ownership: vectors belong to the caller and outlive the graph.
// Limits: 2^31 slots; M from kMinM to kMaxM; kMaxLevel layers above the bottom one.

#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/cancel_token.h"
#include "base/status.h"
#include "env/sync.h"
#include "index/vector/metric.h"
#include "index/vector/paged_rows.h"
#include "index/vector/search_scratch.h"

namespace sochdb {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

struct HnswOptions {
  static constexpr uint32_t kMinM = 2;
  static constexpr uint32_t kMaxM = 64;

  uint32_t m = 16;
  uint32_t ef_construction = 100;
};

class HnswGraph {
 public:
  static constexpr uint32_t kMaxLevel = 12;

  // A row of `vectors` is a prepared vector (metric.h).
  HnswGraph(Env* env, Metric metric, const HnswOptions& options, const PagedRows<float>* vectors);

  // Makes room for `slot`, in no layer yet. Throws std::bad_alloc. REQUIRES: slots come in order.
  void AddSlot(uint32_t slot);
  // Slots below count may be linked and met from now on; their vectors are complete.
  void Publish(uint32_t count) { published_.store(count, std::memory_order_release); }
  [[nodiscard]] uint32_t published() const { return published_.load(std::memory_order_acquire); }

  // Enters a published slot into its layers; its level comes from level_hash, so the same slots in the same order build
  // the same graph.
  // Throws std::bad_alloc, before anything is changed. REQUIRES: called once for each slot.
  void Link(uint32_t slot, uint64_t level_hash, SearchScratch* scratch);

  // Leaves the ef slots nearest to query that it met in scratch->pool, nearest first, and what it compared marked in
  // scratch->visited. Slots from `limit` on may be among them, where the entry point is one. REQUIRES: limit <= published(),
  // read before; query is a prepared vector.
  Status Search(const float* query, size_t ef, uint32_t limit, const CancelToken* cancel, SearchScratch* scratch) const;

  [[nodiscard]] uint64_t memory_bytes() const;
  [[nodiscard]] const HnswOptions& options() const { return options_; }

 private:
  using Link32 = std::atomic<uint32_t>;
  struct Node {
    std::atomic<uint32_t> first_upper_row{kNoSlot};  // of layer 1; those of higher layers follow
    std::atomic<bool> locked{false};
  };
  struct Entry {
    uint32_t slot;
    uint32_t level;
  };
  // What one operation holds on to: rows reserved when it began.
  struct Views {
    PagedRows<float>::View vectors;
    PagedRows<Link32>::View bottom;
    PagedRows<Node>::View nodes;
    uint32_t limit;
  };
  class NodeLock;

  [[nodiscard]] Views TakeViews(uint32_t limit) const;
  [[nodiscard]] std::optional<Entry> LoadEntry() const;
  [[nodiscard]] uint32_t LevelOf(uint64_t hash) const;
  [[nodiscard]] uint32_t RowWidth(uint32_t level) const { return level == 0 ? 2 * options_.m : options_.m; }
  [[nodiscard]] Link32* RowOf(const Views& views, uint32_t slot, uint32_t level) const;

  // The slot of `level` nearest to query on a greedy walk from start.
  uint32_t Descend(const Views& views, const float* query, uint32_t start, uint32_t from_level, uint32_t to_level,
                   SearchScratch* scratch) const;
  Status Beam(const Views& views, const float* query, uint32_t start, uint32_t level, size_t ef, const CancelToken* cancel,
              SearchScratch* scratch) const;
  // Gathers the not yet visited neighbours of slot into the scratch; returns how many.
  uint32_t CollectUnvisited(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch) const;

  void AllocateUpperRows(uint32_t slot, uint32_t level);
  void RaiseEntry(uint32_t slot, uint32_t level);
  void LinkInLayer(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch);
  void LinkBack(const Views& views, uint32_t from, uint32_t to, float distance, uint32_t level, SearchScratch* scratch);
  // Moves up to `count` of scratch->candidates (sorted) to scratch->selected: those nearer to the base than to any chosen
  // before, so that a row points into different directions.
  void SelectDiverse(const Views& views, size_t count, SearchScratch* scratch) const;
  void WriteRow(Link32* row, uint32_t width, const SearchScratch& scratch);

  const HnswOptions options_;
  const RowDistance distance_;
  const double level_scale_;  // 1 / ln M
  const PagedRows<float>* const vectors_;
  PagedRows<Link32> bottom_;
  PagedRows<Node> nodes_;
  PagedRows<Link32> upper_;
  std::atomic<uint32_t> published_{0};
  std::atomic<uint64_t> entry_{0};  // level in the high half, slot + 1 in the low one; 0: the graph is empty
  Mutex upper_mutex_;               // guards allocation in upper_ and next_upper_row_
  uint32_t next_upper_row_ = 0;
};

}  // namespace sochdb
