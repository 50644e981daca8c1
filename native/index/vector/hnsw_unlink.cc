// Taking slots out of the graph, after FreshDiskANN (Singh et al., arXiv 2105.09613, section 4.2): a row that leads to slots
// that leave is chosen again among what stays of it and what the leaving ones lead to. What the choice by directions leaves out
// fills the row up to its former length, nearest first: rows would get thinner with every round otherwise.

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "index/vector/hnsw_graph.h"
#include "index/vector/node_lock.h"

namespace sochdb {
namespace {

// Candidates for one row, and leaving slots looked behind for them. Beyond its own neighbours' rows only while there are few.
constexpr size_t kMostCandidates = 256;
constexpr size_t kMostBehind = 128;
// A search that begins anew looks at so many times what linking does, at most: where it is all around slots that leave.
constexpr size_t kMostWidening = 16;

}  // namespace

void HnswGraph::BeginUnlinking(std::span<const uint32_t> leaving) {
  leaving_.assign(published() / 64 + 1, 0);
  for (const uint32_t slot : leaving) leaving_[slot / 64] |= uint64_t{1} << (slot % 64);
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value() || !this->leaving(entry->slot)) return;
  // Searches go on through what leaves as long as nothing stays.
  const uint64_t elected = ElectEntry(published(), [this](uint32_t slot) { return !this->leaving(slot); });
  if (elected != 0) entry_.store(elected, std::memory_order_release);
}

void HnswGraph::EndUnlinking() {
  const std::optional<Entry> entry = LoadEntry();
  if (entry.has_value() && leaving(entry->slot)) {
    entry_.store(ElectEntry(published(), [this](uint32_t slot) { return !leaving(slot); }), std::memory_order_release);
  }
  const PagedRows<Node>::View nodes = nodes_.view();
  for (uint32_t word = 0; word < leaving_.size(); ++word) {
    for (uint64_t left = leaving_[word]; left != 0; left &= left - 1) {
      nodes[word * 64 + static_cast<uint32_t>(std::countr_zero(left))]->linked.store(false, std::memory_order_release);
    }
  }
  leaving_ = {};
}

void HnswGraph::Unlink(uint32_t slot, SearchScratch* scratch) {
  const Views views = TakeViews(published());
  const Node* node = views.nodes[slot];
  if (leaving(slot) || !node->linked.load(std::memory_order_acquire)) return;
  scratch->candidates.reserve(kMostCandidates + RowWidth(0));
  scratch->selected.reserve(RowWidth(0));
  const VectorCodes* codes = vectors_->codes();
  SlotPairs pairs(*vectors_, codes != nullptr && codes->codec().compares_rows() ? codes : nullptr);
  const bool high = node->first_upper_row.load(std::memory_order_acquire) != kNoSlot;
  for (uint32_t level = high ? LevelOf(LevelHash(slot)) + 1 : 1; level-- > 0;)
    UnlinkInLayer(views, &pairs, slot, level, scratch);
}

uint32_t HnswGraph::GatherStaying(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch,
                                  bool* leads) const {
  const uint32_t width = RowWidth(level);
  std::array<uint32_t, kMostBehind> behind;
  size_t behind_count = 0;
  scratch->candidates.clear();
  const auto meet = [&](const Link32* row) {
    uint32_t length = 0;
    for (; length < width; ++length) {
      const uint32_t neighbour = row[length].load(std::memory_order_acquire);
      if (neighbour == kNoSlot) break;
      if (neighbour >= views.limit || !scratch->visited.Visit(neighbour)) continue;
      if (!leaving(neighbour)) scratch->candidates.emplace_back(0.0f, neighbour);
      else if (behind_count < behind.size()) behind[behind_count++] = neighbour;
    }
    return length;
  };
  const auto leads_away = [&](const Link32* row) {
    for (uint32_t i = 0; i < width; ++i) {
      const uint32_t neighbour = row[i].load(std::memory_order_acquire);
      if (neighbour == kNoSlot) return false;
      if (leaving(neighbour)) return true;
    }
    return false;
  };
  const Link32* row = RowOf(views, slot, level);
  *leads = leads_away(row);
  if (!*leads) return 0;
  scratch->visited.Begin(views.limit);
  scratch->visited.Visit(slot);
  const uint32_t length = meet(row);
  const size_t direct = behind_count;
  for (size_t i = 0; i < behind_count && scratch->candidates.size() < kMostCandidates - width; ++i) {
    if (i >= direct && scratch->candidates.size() >= width) break;
    meet(RowOf(views, behind[i], level));
  }
  return length;
}

void HnswGraph::GatherAnew(const Views& views, uint32_t slot, uint32_t level, SearchScratch* scratch) const {
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value() || entry->level < level) return;
  scratch->query.Begin(*vectors_, vectors_->codes(), vectors_->full().view()[slot]);
  const uint32_t start = Descend(views, entry->slot, entry->level, level, scratch);
  for (size_t wide = 1; wide <= kMostWidening; wide *= 4) {
    (void)Beam(views, start, level, wide * options_.ef_construction, nullptr, scratch);
    scratch->candidates.clear();
    for (size_t i = 0; i < scratch->pool.size() && scratch->candidates.size() < kMostCandidates; ++i) {
      const uint32_t met = scratch->pool[i].slot();
      if (met != slot && !leaving(met)) scratch->candidates.emplace_back(0.0f, met);
    }
    if (scratch->candidates.size() >= options_.m) return;
  }
}

void HnswGraph::UnlinkInLayer(const Views& views, SlotPairs* pairs, uint32_t slot, uint32_t level, SearchScratch* scratch) {
  bool leads = false;
  uint32_t length = GatherStaying(views, slot, level, scratch, &leads);
  if (!leads) return;
  const size_t few = std::min(length, options_.m) / 2;
  const bool anew = scratch->candidates.size() < few;
  if (anew) GatherAnew(views, slot, level, scratch);
  const uint32_t width = RowWidth(level);
  pairs->Cover();
  {
    NodeLock lock(views.nodes[slot]);
    Link32* row = RowOf(views, slot, level);
    // Others may have written since.
    for (length = 0; length < width; ++length) {
      const uint32_t neighbour = row[length].load(std::memory_order_relaxed);
      if (neighbour == kNoSlot) break;
      const auto same = [neighbour](const auto& candidate) { return candidate.second == neighbour; };
      if (!leaving(neighbour) && std::ranges::none_of(scratch->candidates, same))
        scratch->candidates.emplace_back(0.0f, neighbour);
    }
    for (size_t from = 0; from < scratch->candidates.size(); from += SearchScratch::kMaxRow) {
      const size_t count = std::min(scratch->candidates.size() - from, SearchScratch::kMaxRow);
      for (size_t i = 0; i < count; ++i) scratch->slots[i] = scratch->candidates[from + i].second;
      pairs->Many(slot, scratch->slots, count, scratch->distances);
      for (size_t i = 0; i < count; ++i) scratch->candidates[from + i].first = scratch->distances[i];
    }
    std::sort(scratch->candidates.begin(), scratch->candidates.end());
    length = anew ? std::max(length, options_.m) : length;
    SelectDiverse(*pairs, length, scratch);
    Refill(length, scratch);
    WriteRow(row, width, *scratch);
  }
  if (!anew) return;
  // Little may lead to it any more.
  std::array<std::pair<float, uint32_t>, 2 * size_t{HnswOptions::kMaxM}> chosen;
  const size_t count = std::min<size_t>(scratch->selected.size(), options_.m);
  std::copy_n(scratch->selected.begin(), count, chosen.begin());
  for (size_t i = 0; i < count; ++i) LinkBack(views, pairs, chosen[i].second, {chosen[i].first, slot}, level, scratch);
}

void HnswGraph::Refill(size_t length, SearchScratch* scratch) {
  auto& selected = scratch->selected;
  const size_t diverse = selected.size();
  for (const auto& candidate : scratch->candidates) {
    if (selected.size() >= length) return;
    const auto end = selected.begin() + static_cast<std::ptrdiff_t>(diverse);
    if (std::find(selected.begin(), end, candidate) == end) selected.push_back(candidate);
  }
}

}  // namespace sochdb
