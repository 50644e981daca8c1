#include "index/vector/hnsw_graph.h"

#include <cmath>
#include <new>

namespace sochdb {
namespace {

constexpr uint32_t kExpansionsBetweenChecks = 256;

}  // namespace

HnswGraph::HnswGraph(Env* env, Metric metric, const HnswOptions& options, const PagedRows<float>* vectors)
    : options_(options),
      distance_(metric, vectors->width()),
      level_scale_(1 / std::log(static_cast<double>(options.m))),
      vectors_(vectors),
      bottom_(2 * options.m),
      nodes_(1),
      upper_(options.m),
      upper_mutex_(env) {
  SOCHDB_CHECK(options.m >= HnswOptions::kMinM && options.m <= HnswOptions::kMaxM);
  static_assert(2 * HnswOptions::kMaxM <= SearchScratch::kMaxRow);
}

void HnswGraph::AddSlot(uint32_t slot) {
  bottom_.Reserve(slot + 1);
  nodes_.Reserve(slot + 1);
  Link32* row = bottom_.view()[slot];
  for (uint32_t i = 0; i < RowWidth(0); ++i) new (row + i) Link32(kNoSlot);
  new (nodes_.view()[slot]) Node();
}

HnswGraph::Views HnswGraph::TakeViews(uint32_t limit) const { return {vectors_->view(), bottom_.view(), nodes_.view(), limit}; }

std::optional<HnswGraph::Entry> HnswGraph::LoadEntry() const {
  const uint64_t entry = entry_.load(std::memory_order_acquire);
  if (entry == 0) return std::nullopt;
  return Entry{static_cast<uint32_t>(entry) - 1, static_cast<uint32_t>(entry >> 32)};
}

HnswGraph::Link32* HnswGraph::RowOf(const Views& views, uint32_t slot, uint32_t level) const {
  if (level == 0) return views.bottom[slot];
  const uint32_t first = views.nodes[slot]->first_upper_row.load(std::memory_order_acquire);
  SOCHDB_DCHECK(first != kNoSlot);
  return upper_.view()[first + level - 1];  // a view taken now: the row may be younger than the operation
}

uint32_t HnswGraph::CollectUnvisited(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch) const {
  const Link32* row = RowOf(views, slot, level);
  const uint32_t width = RowWidth(level);
  uint32_t count = 0;
  for (uint32_t i = 0; i < width; ++i) {
    const uint32_t neighbour = row[i].load(std::memory_order_acquire);
    if (neighbour == kNoSlot) break;
    if (neighbour >= views.limit || !scratch->visited.Visit(neighbour)) continue;
    scratch->slots[count] = neighbour;
    scratch->rows[count] = views.vectors[neighbour];
    ++count;
  }
  return count;
}

uint32_t HnswGraph::Descend(const Views& views, const float* query, uint32_t start, uint32_t from_level, uint32_t to_level,
                            SearchScratch* scratch) const {
  uint32_t nearest = start;
  float nearest_distance = distance_.One(query, views.vectors[start]);
  for (uint32_t level = from_level; level > to_level; --level) {
    scratch->visited.Begin(views.limit);
    bool moved = true;
    while (moved) {
      moved = false;
      const uint32_t count = CollectUnvisited(views, nearest, level, scratch);
      distance_.Many(query, scratch->rows, count, scratch->distances);
      scratch->evaluations += count;
      for (uint32_t i = 0; i < count; ++i) {
        if (scratch->distances[i] >= nearest_distance) continue;
        nearest_distance = scratch->distances[i];
        nearest = scratch->slots[i];
        moved = true;
      }
    }
  }
  return nearest;
}

Status HnswGraph::Beam(const Views& views, const float* query, uint32_t start, uint32_t level, size_t ef,
                       const CancelToken* cancel, SearchScratch* scratch) const {
  CandidatePool& pool = scratch->pool;
  pool.Reset(ef);
  scratch->visited.Begin(views.limit);
  scratch->visited.Visit(start);
  pool.Insert(start, distance_.One(query, views.vectors[start]));
  uint32_t slot = 0;
  for (uint32_t expansions = 1; pool.PopNearest(&slot); ++expansions) {
    const uint32_t count = CollectUnvisited(views, slot, level, scratch);
    distance_.Many(query, scratch->rows, count, scratch->distances);
    scratch->evaluations += count;
    for (uint32_t i = 0; i < count; ++i) pool.Insert(scratch->slots[i], scratch->distances[i]);
    if (pool.PeekNearest(&slot) && level == 0) {
      const Link32* next = views.bottom[slot];
      __builtin_prefetch(next);
      __builtin_prefetch(next + 16);
    }
    if (expansions % kExpansionsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
  }
  return {};
}

Status HnswGraph::Search(const float* query, size_t ef, uint32_t limit, const CancelToken* cancel,
                         SearchScratch* scratch) const {
  scratch->pool.Reset(ef);
  scratch->visited.Begin(limit);
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value()) return {};
  // The entry point may be younger than the caller's limit; the current count covers it, since counts only grow.
  const Views views = TakeViews(entry->slot < limit ? limit : published());
  const uint32_t start = Descend(views, query, entry->slot, entry->level, 0, scratch);
  return Beam(views, query, start, 0, ef, cancel, scratch);
}

uint64_t HnswGraph::memory_bytes() const { return bottom_.memory_bytes() + nodes_.memory_bytes() + upper_.memory_bytes(); }

}  // namespace sochdb
