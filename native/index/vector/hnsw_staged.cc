// Searching the graph in stages: with few places first, then with more, as far as somebody who looks at the pool wants it.
//
// A search with n places expands the nearest slot it has met, as long as that is among the nearest n. So a wider search
// begins exactly as a narrower one, and what the narrower one has done need not be done again: what had no place is kept aside,
// and comes back when there are more.

#include "index/vector/hnsw_graph.h"

namespace sochdb {
namespace {

constexpr uint32_t kExpandedBetweenChecks = 256;

}  // namespace

Status HnswGraph::BeamStage(const Views& views, const CancelToken* cancel, SearchScratch* scratch) const {
  CandidatePool& pool = scratch->pool;
  uint32_t slot = 0;
  for (uint32_t expansions = 1; pool.PopNearest(&slot); ++expansions) {
    const uint32_t count = CollectUnvisited(views, slot, 0, scratch);
    PrefetchNext(views, 0, &pool);
    scratch->query.Many(scratch->slots, count, scratch->distances);
    scratch->evaluations += count;
    for (uint32_t i = 0; i < count; ++i) {
      const float distance = scratch->distances[i];
      if (!pool.full()) {
        pool.Insert(scratch->slots[i], distance);
      } else if (const CandidatePool::Entry farthest = pool[pool.size() - 1]; distance < farthest.distance) {
        scratch->candidates.emplace_back(farthest.distance, farthest.slot_and_flag);
        pool.Insert(scratch->slots[i], distance);
      } else {
        scratch->candidates.emplace_back(distance, scratch->slots[i]);
      }
    }
    PrefetchNext(views, 0, &pool);
    if (expansions % kExpandedBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
  }
  return {};
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
  pool.Reset(stages->Next(pool, 0));
  pool.Insert(start, scratch->query.One(start));
  std::vector<std::pair<float, uint32_t>>& aside = scratch->candidates;
  aside.clear();
  for (;;) {
    SOCHDB_TRY(BeamStage(views, cancel, scratch));
    const size_t places = stages->Next(pool, scratch->evaluations - before);
    if (places == 0) return {};
    pool.Widen(places);
    // What still has no place stays where it is.
    size_t kept = 0;
    for (const auto& [distance, slot_and_flag] : aside) {
      if (!pool.full()) {
        pool.Insert(slot_and_flag, distance);
      } else if (const CandidatePool::Entry farthest = pool[pool.size() - 1]; distance < farthest.distance) {
        pool.Insert(slot_and_flag, distance);
        aside[kept++] = {farthest.distance, farthest.slot_and_flag};
      } else {
        aside[kept++] = {distance, slot_and_flag};
      }
    }
    aside.resize(kept);
  }
}

}  // namespace sochdb
