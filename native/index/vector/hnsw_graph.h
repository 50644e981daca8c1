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
// Slots can be taken out again (hnsw_unlink.cc), while others are linked, and searches run: BeginUnlinking names those that
// leave, Unlink mends the rows of one that stays, EndUnlinking says that nothing leads to the others any more. Until then they
// are part of the graph, and rows of slots that are linked meanwhile may lead to them: those are to be mended as well.
// Ownership: vectors belong to the caller and outlive the graph. What slots are compared by, full vectors or codes, is theirs
// to say. Limits: 2^31 slots; M from kMinM to kMaxM; kMaxLevel layers above the bottom one.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/cancel_token.h"
#include "base/hash.h"
#include "base/status.h"
#include "env/sync.h"
#include "index/vector/paged_rows.h"
#include "index/vector/search_scratch.h"
#include "index/vector/slot_vectors.h"

namespace sochdb {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

struct HnswOptions {
  static constexpr uint32_t kMinM = 2;
  static constexpr uint32_t kMaxM = 64;

  uint32_t m = 16;
  uint32_t ef_construction = 100;
};

// Which slots a search is among. Any thread.
class SlotTest {
 public:
  virtual ~SlotTest() = default;
  [[nodiscard]] virtual bool Passes(uint32_t slot) const = 0;
  // Asks the processor for what Passes will look at.
  virtual void Prefetch(uint32_t slot) const = 0;
};

struct PassingSearch {
  const SlotTest* test;
  std::span<const uint32_t> seeds;  // slots that pass, to begin at beside the graph's own way to the query
  uint64_t most_evaluations;        // give up after so many distances
  // Where a smaller part than this passes around the query, give up at once and say so.
  double least_part;
  bool* rare_here;
};

// How wide a search goes, decided while it runs.
class SearchStages {
 public:
  virtual ~SearchStages() = default;
  // So many places will be wanted as a rule: what they hold is in order from the beginning.
  [[nodiscard]] virtual size_t Usual() const = 0;
  // How many places it goes on with, more than before; 0: it is over. Asked first when nothing has been compared, then whenever
  // as many slots as there are places have been expanded. The pool has them first, and up to Usual() behind them. evaluations:
  // distances computed since it began.
  virtual size_t Next(const CandidatePool& pool, uint64_t evaluations) = 0;
};

// Which slots belong together: what lies close around a slot may all be of one group, and of a few others. Whoever links looks
// for neighbours in many of them. One thread.
class SlotGroups {
 public:
  virtual ~SlotGroups() = default;
  // Makes room for Count. Throws std::bad_alloc.
  virtual void Begin(SearchScratch* scratch) = 0;
  // How many groups the slots of scratch->pool are of.
  [[nodiscard]] virtual size_t Count(SearchScratch* scratch) const = 0;
};

// How far one thread is with connecting. Searched for are the slots of the layers above, which are one in M, and one in
// `one_in` of all: some of every group of slots that lie together.
struct ConnectPass {
  uint32_t one_in = 8;
  uint32_t next = 0;
  uint32_t below = 0;
};

class HnswGraph {
 public:
  static constexpr uint32_t kMaxLevel = 12;

  HnswGraph(Env* env, const HnswOptions& options, const SlotVectors* vectors);

  // Makes room for `slot`, in no layer yet. Throws std::bad_alloc. REQUIRES: slots come in order.
  void AddSlot(uint32_t slot);
  // The same for a slot that was taken out, and that nobody looks at any more.
  void ResetSlot(uint32_t slot);
  // The memory of slots that are free, as PagedRows says; ResetSlot takes it again.
  void Return(std::span<const uint32_t> slots) { bottom_.Return(slots); }
  // Slots below count may be linked and met from now on; their vectors are complete.
  void Publish(uint32_t count) { published_.store(count, std::memory_order_release); }
  [[nodiscard]] uint32_t published() const { return published_.load(std::memory_order_acquire); }

  // Enters a published slot into its layers; its level comes from level_hash, so the same slots in the same order build
  // the same graph.
  // groups: its candidates shall be of several, if there are any.
  // Throws std::bad_alloc, before anything is changed. REQUIRES: called once for each slot.
  void Link(uint32_t slot, uint64_t level_hash, SearchScratch* scratch, SlotGroups* groups = nullptr);
  // What is to be given to Link for a slot.
  static uint64_t LevelHash(uint32_t slot) { return HashNumber(slot); }

  [[nodiscard]] uint32_t FirstUpperRow(uint32_t slot) const {
    return nodes_.view()[slot]->first_upper_row.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool linked(uint32_t slot) const { return nodes_.view()[slot]->linked.load(std::memory_order_acquire); }

  // --- Taking slots out (hnsw_unlink.cc). LevelHash says their levels.

  // Throws std::bad_alloc, and changes nothing then. REQUIRES: nobody links or takes out, now and during EndUnlinking.
  void BeginUnlinking(std::span<const uint32_t> leaving);
  [[nodiscard]] bool leaving(uint32_t slot) const {
    return slot / 64 < leaving_.size() && ((leaving_[slot / 64] >> (slot % 64)) & 1) != 0;
  }
  // Where rows of this slot lead to some that leave, others take their places. Throws std::bad_alloc.
  void Unlink(uint32_t slot, SearchScratch* scratch);
  // REQUIRES: every slot that was linked before, and is not one that leaves, was given to Unlink after it was linked.
  void EndUnlinking();

  // --- Finding again what searches have stopped finding (hnsw_connect.cc)

  // Searches for up to `slots` of those there are, and leads to them where they are not found; true: it is over. Throws
  // std::bad_alloc. REQUIRES: no slot is being taken out, from the first call to the last one of a pass.
  bool ConnectSome(ConnectPass* pass, size_t slots, SearchScratch* scratch);

  // Leaves the ef slots nearest to scratch->query that it met in scratch->pool, nearest first, and what it compared marked in
  // scratch->visited. Slots from `limit` on may be among them, where the entry point is one. REQUIRES: limit <= published(),
  // read before; scratch->query has begun.
  // It steps around `skipped` (or kNoSlot), where that is not what it begins at.
  Status Search(size_t ef, uint32_t limit, const CancelToken* cancel, SearchScratch* scratch, uint32_t skipped = kNoSlot) const;

  // The same among the slots that pass alone; those that do not are stepped over, so it costs little more where few pass. It
  // may miss what only a longer way through them leads to, and have less than ef in the pool when it gave up.
  Status SearchPassing(size_t ef, uint32_t limit, const PassingSearch& how, const CancelToken* cancel,
                       SearchScratch* scratch) const;

  // The same as Search, in stages (hnsw_staged.cc): ended after one of n places, the pool begins with what Search(n) leaves
  // there, up to equal distances.
  Status SearchStaged(SearchStages* stages, uint32_t skipped, uint32_t limit, const CancelToken* cancel,
                      SearchScratch* scratch) const;

  // --- Copies of the graph (hnsw_copy.cc)

  // Of the slots below `linked` but for some, at some moment: what leads elsewhere is left out, so a copy made while others
  // link is a graph. REQUIRES: no slot is retired or used again meanwhile.
  struct Extent {
    uint32_t linked = 0;
    uint32_t upper_rows = 0;
    uint64_t entry = 0;            // as the graph keeps it
    std::vector<uint32_t> absent;  // slots that are not linked, ascending
    [[nodiscard]] bool Has(uint32_t slot) const {
      return slot < linked && (absent.empty() || !std::binary_search(absent.begin(), absent.end(), slot));
    }
  };
  [[nodiscard]] Extent TakeExtent(uint32_t linked, std::vector<uint32_t> absent) const;
  // To out: the row of a slot in the bottom layer (2M numbers), a row of the layers above (M), the node of a slot (2).
  void CopyBottomRow(const Extent& extent, uint32_t slot, uint32_t* out) const;
  void CopyUpperRow(const Extent& extent, uint32_t row, uint32_t* out) const;
  void CopyNode(const Extent& extent, uint32_t slot, uint32_t* out) const;
  static constexpr size_t kNodeBytes = 8;
  // Of `count` nodes that were copied, whether any is linked.
  static bool AnyLinked(const char* nodes, uint32_t count);
  // Takes what was copied, for `slots` slots, and publishes them. REQUIRES: as PagedRows::Adopt; there are no slots yet.
  void Adopt(const Extent& extent, uint32_t slots, char* bottom, char* nodes, char* upper);

  [[nodiscard]] uint64_t memory_bytes() const;
  [[nodiscard]] const HnswOptions& options() const { return options_; }

 private:
  friend class GraphAccess;  // index/standalone/graph_access.h: writes graphs to files, and reads them
  using Link32 = std::atomic<uint32_t>;
  struct Node {
    std::atomic<uint32_t> first_upper_row{kNoSlot};  // of layer 1; those of higher layers follow
    std::atomic<bool> locked{false};
    std::atomic<bool> linked{false};
  };
  struct Entry {
    uint32_t slot;
    uint32_t level;
  };
  // What one operation holds on to: rows reserved when it began.
  struct Views {
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

  // The slot of `level` nearest to the query on a greedy walk from start.
  uint32_t Descend(const Views& views, uint32_t start, uint32_t from_level, uint32_t to_level, SearchScratch* scratch) const;
  Status Beam(const Views& views, uint32_t start, uint32_t level, size_t ef, const CancelToken* cancel, SearchScratch* scratch,
              uint32_t skipped = kNoSlot) const;
  // Expands a slot of the bottom layer, and notes what it compares.
  void Expand(const Views& views, uint32_t slot, SearchScratch* scratch) const;
  // Fetches the links of what the pool would give next.
  static void PrefetchNext(const Views& views, uint32_t level, CandidatePool* pool);
  // Gathers the not yet visited neighbours of slot into the scratch; returns how many.
  uint32_t CollectUnvisited(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch) const;

  // The not yet visited neighbours of slot in the bottom layer.
  uint32_t CollectFresh(const Views& views, uint32_t slot, const SlotTest& test, const VisitedSlots& visited,
                        uint32_t* fresh) const;
  // Gathers those that pass into the scratch, and those behind the ones that do not; returns how many.
  uint32_t CollectPassing(const Views& views, uint32_t slot, const SlotTest& test, SearchScratch* scratch) const;
  // Compares with what was gathered, and offers it to the pool.
  static void Score(uint32_t count, SearchScratch* scratch);

  // The highest of the linked slots that are wanted; 0: there is none. As entry_ has it.
  template <typename Wanted>
  [[nodiscard]] uint64_t ElectEntry(uint32_t end, Wanted wanted) const;
  void UnlinkInLayer(const Views& views, SlotPairs* pairs, uint32_t slot, uint32_t level, SearchScratch* scratch);
  // Gathers what stays of a row, and what lies behind those that leave, in scratch->candidates; returns how long the row is.
  // *leads: to some that leave.
  uint32_t GatherStaying(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch, bool* leads) const;
  // The nearest that stay, by a search: for a slot around which nearly all leave.
  void GatherAnew(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch) const;
  void Connect(const Views& views, uint32_t slot, SearchScratch* scratch);
  // The row of `from` in the bottom layer leads to `to` afterwards, whatever else has to leave it.
  void LinkSurely(const Views& views, SlotPairs* pairs, uint32_t from, uint32_t to, SearchScratch* scratch);
  static void CopyRow(const Link32* row, uint32_t width, const Extent& extent, uint32_t* out);
  // Searches the bottom layer for what a slot may be linked with, of so many groups as linking wants.
  void BeamAmongGroups(const Views& views, uint32_t start, const SlotGroups& groups, SearchScratch* scratch);
  void AllocateUpperRows(uint32_t slot, uint32_t level);
  void RaiseEntry(uint32_t slot, uint32_t level);
  void LinkInLayer(const Views& views, SlotPairs* pairs, uint32_t slot, uint32_t level, SearchScratch* scratch);
  void LinkBack(const Views& views, SlotPairs* pairs, uint32_t from, const std::pair<float, uint32_t>& to, uint32_t level,
                SearchScratch* scratch);
  // Moves up to `count` of scratch->candidates (sorted) to scratch->selected: those nearer to the base than to any chosen
  // before, so that a row points into different directions.
  static void SelectDiverse(const SlotPairs& pairs, size_t count, SearchScratch* scratch);
  // Fills scratch->selected up to `length` with the nearest of scratch->candidates (sorted) that are not in it.
  static void Refill(size_t length, SearchScratch* scratch);
  void WriteRow(Link32* row, uint32_t width, const SearchScratch& scratch);

  const HnswOptions options_;
  const double level_scale_;  // 1 / ln M
  const SlotVectors* const vectors_;
  PagedRows<Link32> bottom_;
  PagedRows<Node> nodes_;
  PagedRows<Link32> upper_;
  std::atomic<uint32_t> published_{0};
  std::atomic<uint64_t> entry_{0};  // level in the high half, slot + 1 in the low one; 0: the graph is empty
  mutable Mutex upper_mutex_;       // guards allocation in upper_ and next_upper_row_
  uint32_t next_upper_row_ = 0;
  std::vector<uint64_t> leaving_;  // bits; changed while nobody links
  // With how many places the last slot was linked that had to be of several groups: the next one lies near it, as a rule.
  std::atomic<uint32_t> group_places_{0};
};

template <typename Wanted>
uint64_t HnswGraph::ElectEntry(uint32_t end, Wanted wanted) const {
  const PagedRows<Node>::View nodes = nodes_.view();
  std::optional<Entry> best;
  for (uint32_t slot = 0; slot < end; ++slot) {
    const Node* node = nodes[slot];
    if (!node->linked.load(std::memory_order_acquire)) continue;
    const bool low = node->first_upper_row.load(std::memory_order_acquire) == kNoSlot;
    if (low && best.has_value()) continue;
    const uint32_t level = low ? 0 : LevelOf(LevelHash(slot));
    if ((!best.has_value() || level > best->level) && wanted(slot)) best = Entry{slot, level};
  }
  return best.has_value() ? (static_cast<uint64_t>(best->level) << 32) | (best->slot + 1) : 0;
}

}  // namespace sochdb
