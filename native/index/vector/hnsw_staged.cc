// Searching the graph in stages: with few places first, then with more, as far as somebody who looks at the pool wants it.
//
// A search with n places expands the nearest slot it has met, as long as that is among the nearest n. So a wider search
// begins exactly as a narrower one, and what the narrower one has done need not be done again. The pool has places for what a
// search takes as a rule, of which the narrower one expands the first. All that was compared is noted, so that what had no
// place comes back where there are more: copying a row of numbers costs next to nothing, and most searches never look at them.

#include <algorithm>

#include "index/vector/hnsw_graph.h"

namespace sochdb {
namespace {

constexpr uint32_t kExpandedBetweenChecks = 256;

// Gives the pool's free places to the nearest of what was met and is not in it. One that was expanded before is expanded again,
// which brings nothing new. REQUIRES: the pool was full.
void TakeBack(size_t places, SearchScratch* scratch) {
  CandidatePool& pool = scratch->pool;
  std::vector<std::pair<float, uint32_t>>& back = scratch->candidates;
  const float farthest = pool[pool.size() - 1].distance;
  const auto is_in_pool = [&](uint32_t slot) {
    for (size_t i = pool.size(); i-- > 0 && pool[i].distance == farthest;) {
      if (pool[i].slot() == slot) return true;
    }
    return false;
  };
  back.clear();
  for (size_t i = 0; i < scratch->met.size(); ++i) {
    const float distance = scratch->met_distances[i];
    if (distance > farthest || (distance == farthest && !is_in_pool(scratch->met[i]))) {
      back.emplace_back(distance, scratch->met[i]);
    }
  }
  const size_t room = places - pool.size();
  if (back.size() > room) {
    std::nth_element(back.begin(), back.begin() + static_cast<ptrdiff_t>(room), back.end());
    back.resize(room);
  }
  std::sort(back.begin(), back.end());
  pool.Widen(places);
  for (const auto& [distance, slot] : back) pool.Append(slot, distance);
}

}  // namespace

void HnswGraph::Expand(const Views& views, uint32_t slot, SearchScratch* scratch) const {
  CandidatePool& pool = scratch->pool;
  const uint32_t count = CollectUnvisited(views, slot, 0, scratch);
  PrefetchNext(views, 0, &pool);
  scratch->query.Many(scratch->slots, count, scratch->distances);
  scratch->evaluations += count;
  scratch->met.insert(scratch->met.end(), scratch->slots, scratch->slots + count);
  scratch->met_distances.insert(scratch->met_distances.end(), scratch->distances, scratch->distances + count);
  for (uint32_t i = 0; i < count; ++i) pool.Insert(scratch->slots[i], scratch->distances[i]);
  PrefetchNext(views, 0, &pool);
}

Status HnswGraph::SearchStaged(SearchStages* stages, uint32_t skipped, uint32_t limit, const CancelToken* cancel,
                               SearchScratch* scratch) const {
  CandidatePool& pool = scratch->pool;
  pool.Reset(0);
  scratch->visited.Begin(limit);
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value()) return {};
  const uint64_t before = scratch->evaluations;
  const Views views = TakeViews(entry->slot < limit ? limit : published());
  scratch->query.Cover();
  const uint32_t start = Descend(views, entry->slot, entry->level, 0, scratch);
  scratch->visited.Begin(views.limit);
  if (skipped != kNoSlot) scratch->visited.Visit(skipped);
  if (!scratch->visited.Visit(start)) return {};
  size_t places = stages->Next(pool, 0);
  pool.Reset(std::max(places, stages->Usual()));
  scratch->met.assign(1, start);
  scratch->met_distances.assign(1, scratch->query.One(start));
  pool.Insert(start, scratch->met_distances.front());
  for (uint32_t expansions = 1; places != 0; places = stages->Next(pool, scratch->evaluations - before)) {
    if (places > pool.capacity() && pool.full()) TakeBack(places, scratch);
    else if (places > pool.capacity()) pool.Widen(places);
    pool.Open(places);
    for (uint32_t slot = 0; pool.PopNearest(&slot); ++expansions) {
      Expand(views, slot, scratch);
      if (expansions % kExpandedBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
    }
  }
  return {};
}

}  // namespace sochdb
