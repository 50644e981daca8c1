#include "index/vector/hnsw_graph.h"

#include <cmath>
#include <new>

namespace sochdb {
namespace {

constexpr uint32_t kExpansionsBetweenChecks = 256;

}  // namespace

HnswGraph::HnswGraph(Env* env, const HnswOptions& options, const SlotVectors* vectors)
    : options_(options),
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

void HnswGraph::ResetSlot(uint32_t slot) {
  bottom_.Take(slot);
  const Views views = TakeViews(published());
  const uint32_t levels =
      views.nodes[slot]->first_upper_row.load(std::memory_order_acquire) == kNoSlot ? 0 : LevelOf(LevelHash(slot));
  for (uint32_t level = 0; level <= levels; ++level) {
    Link32* row = RowOf(views, slot, level);
    for (uint32_t i = 0; i < RowWidth(level); ++i) row[i].store(kNoSlot, std::memory_order_release);
  }
}

HnswGraph::Views HnswGraph::TakeViews(uint32_t limit) const { return {bottom_.view(), nodes_.view(), limit}; }

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
    if (neighbour >= views.limit) {
      if (neighbour == kNoSlot) break;
      continue;
    }
    // Without a branch that nobody could foresee.
    scratch->slots[count] = neighbour;
    count += static_cast<uint32_t>(scratch->visited.Visit(neighbour));
  }
  return count;
}

uint32_t HnswGraph::Descend(const Views& views, uint32_t start, uint32_t from_level, uint32_t to_level,
                            SearchScratch* scratch) const {
  uint32_t nearest = start;
  float nearest_distance = scratch->query.One(start);
  for (uint32_t level = from_level; level > to_level; --level) {
    scratch->visited.Begin(views.limit);
    bool moved = true;
    while (moved) {
      moved = false;
      const uint32_t count = CollectUnvisited(views, nearest, level, scratch);
      scratch->query.Many(scratch->slots, count, scratch->distances);
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

void HnswGraph::PrefetchNext(const Views& views, uint32_t level, CandidatePool* pool) {
  uint32_t slot = 0;
  if (level != 0 || !pool->PeekNearest(&slot)) return;
  const Link32* links = views.bottom[slot];
  __builtin_prefetch(links);
  __builtin_prefetch(links + 16);
}

Status HnswGraph::Beam(const Views& views, uint32_t start, uint32_t level, size_t ef, const CancelToken* cancel,
                       SearchScratch* scratch, uint32_t skipped) const {
  CandidatePool& pool = scratch->pool;
  pool.Reset(ef);
  scratch->visited.Begin(views.limit);
  if (skipped != kNoSlot) scratch->visited.Visit(skipped);
  scratch->visited.Visit(start);
  pool.Insert(start, scratch->query.One(start));
  uint32_t slot = 0;
  for (uint32_t expansions = 1; pool.PopNearest(&slot); ++expansions) {
    const uint32_t count = CollectUnvisited(views, slot, level, scratch);
    // What comes next unless a neighbour is nearer: its links arrive while distances are computed.
    PrefetchNext(views, level, &pool);
    scratch->query.Many(scratch->slots, count, scratch->distances);
    scratch->evaluations += count;
    for (uint32_t i = 0; i < count; ++i) pool.Insert(scratch->slots[i], scratch->distances[i]);
    PrefetchNext(views, level, &pool);
    if (expansions % kExpansionsBetweenChecks == 0 && cancel != nullptr) SOCHDB_TRY(cancel->Check());
  }
  return {};
}

Status HnswGraph::Search(size_t ef, uint32_t limit, const CancelToken* cancel, SearchScratch* scratch, uint32_t skipped) const {
  scratch->pool.Reset(ef);
  scratch->visited.Begin(limit);
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value()) return {};
  // The entry point may be younger than the caller's limit; the current count covers it, since counts only grow.
  const Views views = TakeViews(entry->slot < limit ? limit : published());
  scratch->query.Cover();
  const uint32_t start = Descend(views, entry->slot, entry->level, 0, scratch);
  return Beam(views, start, 0, ef, cancel, scratch, skipped);
}

uint64_t HnswGraph::memory_bytes() const { return bottom_.memory_bytes() + nodes_.memory_bytes() + upper_.memory_bytes(); }

}  // namespace sochdb
