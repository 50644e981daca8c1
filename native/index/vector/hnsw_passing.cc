// Searching the graph among some of its slots (ACORN-1): neighbours that do not pass are stepped over, not scored.

#include <utility>

#include "index/vector/hnsw_graph.h"

namespace sochdb {
namespace {

constexpr uint32_t kPassingBetweenChecks = 64;
// A row of which this part passes is expanded as it is.
constexpr uint32_t kPlainPassing = 9;
constexpr uint32_t kPlainOf = 10;

}  // namespace

uint32_t HnswGraph::CollectFresh(const Views& views, uint32_t slot, const SlotTest& test, const VisitedSlots& visited,
                                 uint32_t* fresh) const {
  const Link32* row = RowOf(views, slot, 0);
  const uint32_t width = RowWidth(0);
  uint32_t count = 0;
  for (uint32_t i = 0; i < width; ++i) {
    const uint32_t neighbour = row[i].load(std::memory_order_acquire);
    if (neighbour == kNoSlot) break;
    if (neighbour >= views.limit || visited.visited(neighbour)) continue;
    test.Prefetch(neighbour);
    fresh[count++] = neighbour;
  }
  return count;
}

uint32_t HnswGraph::CollectPassing(const Views& views, uint32_t slot, const SlotTest& test, SearchScratch* scratch) const {
  uint32_t fresh[SearchScratch::kMaxRow];
  uint32_t failing[SearchScratch::kMaxRow];
  const uint32_t enough = RowWidth(0);
  uint32_t count = 0;
  uint32_t failed = 0;
  const auto take = [&](uint32_t passing) {
    scratch->visited.Visit(passing);
    scratch->slots[count++] = passing;
  };
  const uint32_t near = CollectFresh(views, slot, test, scratch->visited, fresh);
  for (uint32_t i = 0; i < near; ++i) {
    if (test.Passes(fresh[i])) take(fresh[i]);
    else failing[failed++] = fresh[i];
  }
  scratch->tested += near;
  if (count * kPlainOf >= near * kPlainPassing) return count;
  // The neighbours of those that fail stand in for them, as many as a row has.
  for (uint32_t i = 0; i < failed && count < enough; ++i) {
    __builtin_prefetch(views.bottom[failing[i + 1 < failed ? i + 1 : i]]);
    scratch->visited.Visit(failing[i]);
    const uint32_t beyond = CollectFresh(views, failing[i], test, scratch->visited, fresh);
    uint32_t j = 0;
    for (; j < beyond && count < enough; ++j) {
      if (test.Passes(fresh[j])) take(fresh[j]);
    }
    scratch->tested += j;
  }
  return count;
}

void HnswGraph::Score(uint32_t count, SearchScratch* scratch) {
  scratch->query.Many(scratch->slots, count, scratch->distances);
  scratch->evaluations += count;
  for (uint32_t i = 0; i < count; ++i) scratch->pool.Insert(scratch->slots[i], scratch->distances[i]);
}

Status HnswGraph::SearchPassing(size_t ef, uint32_t limit, const PassingSearch& how, const CancelToken* cancel,
                                SearchScratch* scratch) const {
  scratch->pool.Reset(ef);
  scratch->visited.Begin(limit);
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value()) return {};
  const Views views = TakeViews(entry->slot < limit ? limit : published());
  const uint64_t first_evaluation = scratch->evaluations;
  scratch->query.Cover();
  uint32_t slot = Descend(views, entry->slot, entry->level, 0, scratch);
  scratch->visited.Begin(views.limit);
  uint32_t count = 0;
  for (const uint32_t seed : how.seeds) {
    if (!scratch->visited.Visit(seed)) continue;
    scratch->slots[count++] = seed;
    if (count == SearchScratch::kMaxRow) Score(std::exchange(count, 0), scratch);
  }
  Score(count, scratch);
  // Wherever the walk from above ends is where the search begins, whether it passes or not.
  if (scratch->visited.Visit(slot) && how.test->Passes(slot)) scratch->pool.Insert(slot, scratch->query.One(slot));
  scratch->tested = 0;
  count = CollectPassing(views, slot, *how.test, scratch);
  if (count < how.least_part * static_cast<double>(scratch->tested)) {
    *how.rare_here = true;
    return {};
  }
  Score(count, scratch);
  for (uint32_t expansions = 1; scratch->pool.PopNearest(&slot); ++expansions) {
    Score(CollectPassing(views, slot, *how.test, scratch), scratch);
    if (uint32_t next = 0; scratch->pool.PeekNearest(&next)) __builtin_prefetch(views.bottom[next]);
    if (expansions % kPassingBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    if (scratch->evaluations - first_evaluation > how.most_evaluations) return {};
  }
  return {};
}

}  // namespace sochdb
