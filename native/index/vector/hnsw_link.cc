// Linking: how a slot enters the graph. Searching is in hnsw_graph.cc.

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "index/vector/hnsw_graph.h"
#include "index/vector/node_lock.h"

namespace sochdb {
namespace {

// Candidates of fewer groups than a third of efConstruction lead into too few directions, where the vectors of a group lie
// close together. The pool grows until there are as many, up to eight times its size.
constexpr size_t kPlacesOfGroup = 3;
constexpr size_t kMostPlaces = 8;
constexpr double kSpareGroups = 1.1;

}  // namespace

uint32_t HnswGraph::LevelOf(uint64_t hash) const {
  // The top 53 bits as a number in (0, 1].
  const double uniform = (static_cast<double>(hash >> 11) + 1) * 0x1.0p-53;
  const double level = -std::log(uniform) * level_scale_;
  return std::min(kMaxLevel, static_cast<uint32_t>(level));
}

void HnswGraph::AllocateUpperRows(uint32_t slot, uint32_t level) {
  if (level == 0 || nodes_.view()[slot]->first_upper_row.load(std::memory_order_acquire) != kNoSlot) return;
  MutexLock lock(&upper_mutex_);
  upper_.Reserve(next_upper_row_ + level);
  const PagedRows<Link32>::View rows = upper_.view();
  for (uint32_t row = next_upper_row_; row < next_upper_row_ + level; ++row) {
    for (uint32_t i = 0; i < options_.m; ++i) new (rows[row] + i) Link32(kNoSlot);
  }
  nodes_.view()[slot]->first_upper_row.store(next_upper_row_, std::memory_order_release);
  next_upper_row_ += level;
}

void HnswGraph::Link(uint32_t slot, uint64_t level_hash, SearchScratch* scratch, SlotGroups* groups) {
  const size_t most_places = options_.ef_construction * (groups == nullptr ? 1 : kMostPlaces);
  scratch->candidates.reserve(std::max<size_t>(most_places, RowWidth(0) + 1));
  scratch->selected.reserve(RowWidth(0));
  scratch->visited.Begin(published());
  scratch->pool.Reset(most_places);
  if (groups != nullptr) groups->Begin(scratch);
  const uint32_t level = LevelOf(level_hash);
  AllocateUpperRows(slot, level);

  std::optional<Entry> entry = LoadEntry();
  while (!entry.has_value()) {
    uint64_t empty = 0;
    if (entry_.compare_exchange_strong(empty, (static_cast<uint64_t>(level) << 32) | (slot + 1))) {
      nodes_.view()[slot]->linked.store(true, std::memory_order_release);
      return;
    }
    entry = LoadEntry();
  }
  const Views views = TakeViews(published());  // after the entry point, so that it lies below the limit
  SOCHDB_DCHECK(slot < views.limit && entry->slot < views.limit);
  const VectorCodes* codes = vectors_->codes();
  scratch->query.Begin(*vectors_, codes, vectors_->full().view()[slot]);
  SlotPairs pairs(*vectors_, codes != nullptr && codes->codec().compares_rows() ? codes : nullptr);
  uint32_t start = Descend(views, entry->slot, entry->level, level, scratch);
  for (uint32_t layer = std::min(level, entry->level) + 1; layer-- > 0;) {
    if (layer == 0 && groups != nullptr) BeamAmongGroups(views, start, *groups, scratch);
    else (void)Beam(views, start, layer, options_.ef_construction, nullptr, scratch);
    start = scratch->pool[0].slot();
    LinkInLayer(views, &pairs, slot, layer, scratch);
  }
  views.nodes[slot]->linked.store(true, std::memory_order_release);
  if (level > entry->level) RaiseEntry(slot, level);
}

void HnswGraph::BeamAmongGroups(const Views& views, uint32_t start, const SlotGroups& groups, SearchScratch* scratch) {
  const size_t least = options_.ef_construction;
  const size_t most = kMostPlaces * least;
  const size_t wanted = least / kPlacesOfGroup;
  size_t places = std::clamp<size_t>(group_places_.load(std::memory_order_relaxed), least, most);
  for (;;) {
    (void)Beam(views, start, 0, places, nullptr, scratch);
    const size_t found = std::max<size_t>(1, groups.Count(scratch));
    const double enough = kSpareGroups * static_cast<double>(places * wanted) / static_cast<double>(found);
    const size_t next = std::clamp(static_cast<size_t>(enough), least, most);
    if (found >= wanted || places == most || scratch->pool.size() < places) {
      // One that met too many says how few are enough.
      group_places_.store(static_cast<uint32_t>(next), std::memory_order_relaxed);
      return;
    }
    start = scratch->pool[0].slot();
    places = next;
  }
}

void HnswGraph::RaiseEntry(uint32_t slot, uint32_t level) {
  uint64_t current = entry_.load(std::memory_order_acquire);
  while (level > (current >> 32)) {
    if (entry_.compare_exchange_weak(current, (static_cast<uint64_t>(level) << 32) | (slot + 1))) return;
  }
}

void HnswGraph::LinkInLayer(const Views& views, SlotPairs* pairs, uint32_t slot, uint32_t level, SearchScratch* scratch) {
  scratch->candidates.clear();
  for (size_t i = 0; i < scratch->pool.size(); ++i) {
    const CandidatePool::Entry& entry = scratch->pool[i];
    if (entry.slot() != slot) scratch->candidates.emplace_back(entry.distance, entry.slot());
  }
  if (scratch->query.codes() != nullptr && !pairs->by_codes()) {
    // Candidates were met by codes that say too little to choose among them.
    for (auto& [distance, candidate] : scratch->candidates) distance = pairs->Between(slot, candidate);
    std::sort(scratch->candidates.begin(), scratch->candidates.end());
  }
  SelectDiverse(*pairs, options_.m, scratch);
  std::array<std::pair<float, uint32_t>, HnswOptions::kMaxM> chosen;
  const size_t count = scratch->selected.size();
  std::copy(scratch->selected.begin(), scratch->selected.end(), chosen.begin());
  {
    NodeLock lock(views.nodes[slot]);
    Link32* row = RowOf(views, slot, level);
    // Others may have linked to this slot since it appeared in a layer above: keep what they wrote, as far as there is room.
    for (uint32_t i = 0; i < RowWidth(level) && scratch->selected.size() < RowWidth(level); ++i) {
      const uint32_t existing = row[i].load(std::memory_order_relaxed);
      if (existing == kNoSlot) break;
      const auto same = [existing](const auto& pair) { return pair.second == existing; };
      if (std::none_of(chosen.begin(), chosen.begin() + count, same)) scratch->selected.emplace_back(0.0f, existing);
    }
    WriteRow(row, RowWidth(level), *scratch);
  }
  for (size_t i = 0; i < count; ++i) LinkBack(views, pairs, chosen[i].second, {chosen[i].first, slot}, level, scratch);
}

void HnswGraph::LinkBack(const Views& views, SlotPairs* pairs, uint32_t from, const std::pair<float, uint32_t>& to,
                         uint32_t level, SearchScratch* scratch) {
  NodeLock lock(views.nodes[from]);
  Link32* row = RowOf(views, from, level);
  const uint32_t width = RowWidth(level);
  uint32_t count = 0;
  for (; count < width; ++count) {
    const uint32_t neighbour = row[count].load(std::memory_order_acquire);
    if (neighbour == kNoSlot) break;
    if (neighbour == to.second) return;
    scratch->slots[count] = neighbour;
  }
  if (count < width) {
    row[count].store(to.second, std::memory_order_release);
    return;
  }
  // The row is full: choose again among its neighbours and the new one. They may be younger than this operation.
  pairs->Cover();
  scratch->candidates.clear();
  scratch->candidates.push_back(to);
  pairs->Many(from, scratch->slots, count, scratch->distances);
  for (uint32_t i = 0; i < count; ++i) scratch->candidates.emplace_back(scratch->distances[i], scratch->slots[i]);
  std::sort(scratch->candidates.begin(), scratch->candidates.end());
  SelectDiverse(*pairs, width, scratch);
  WriteRow(row, width, *scratch);
}

void HnswGraph::SelectDiverse(const SlotPairs& pairs, size_t count, SearchScratch* scratch) {
  auto& selected = scratch->selected;
  selected.clear();
  for (const auto& candidate : scratch->candidates) {
    if (selected.size() == count) return;
    const bool hidden = std::any_of(selected.begin(), selected.end(), [&](const auto& chosen) {
      return pairs.Between(candidate.second, chosen.second) < candidate.first;
    });
    if (!hidden) selected.push_back(candidate);
  }
}

// The end marks come last: until they stand, a reader meets old neighbours there, which are neighbours still.
void HnswGraph::WriteRow(Link32* row, uint32_t width, const SearchScratch& scratch) {
  uint32_t i = 0;
  for (const auto& chosen : scratch.selected) row[i++].store(chosen.second, std::memory_order_release);
  for (; i < width; ++i) row[i].store(kNoSlot, std::memory_order_release);
}

}  // namespace sochdb
