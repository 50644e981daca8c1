// Slots that searches have stopped finding: rows are chosen by directions and have little room, so after many slots have left
// and others have come, a group of near vectors may lead to each other, and hardly anything near them to the group. Searching
// for some of all slots shows where; the nearest that were found instead lead there from then on.

#include <algorithm>
#include <array>
#include <optional>

#include "index/vector/hnsw_graph.h"
#include "index/vector/node_lock.h"

namespace sochdb {
namespace {

// From so many of those that were found instead: queries come from all sides.
constexpr size_t kWays = 3;

}  // namespace

bool HnswGraph::ConnectSome(ConnectPass* pass, size_t slots, SearchScratch* scratch) {
  const Views views = TakeViews(published());
  if (pass->next == 0) pass->below = views.limit;
  for (; slots > 0 && pass->next < pass->below; ++pass->next) {
    const Node* node = views.nodes[pass->next];
    if (!node->linked.load(std::memory_order_acquire)) continue;
    const bool high = node->first_upper_row.load(std::memory_order_acquire) != kNoSlot;
    if (!high && HashNumber(pass->next) % pass->one_in != 0) continue;
    Connect(views, pass->next, scratch);
    --slots;
  }
  return pass->next == pass->below;
}

void HnswGraph::Connect(const Views& views, uint32_t slot, SearchScratch* scratch) {
  const std::optional<Entry> entry = LoadEntry();
  if (!entry.has_value()) return;
  const VectorCodes* codes = vectors_->codes();
  scratch->query.Begin(*vectors_, codes, vectors_->full().view()[slot]);
  const uint32_t start = Descend(views, entry->slot, entry->level, 0, scratch);
  (void)Beam(views, start, 0, std::max(options_.m, options_.ef_construction / 2), nullptr, scratch);
  std::array<uint32_t, kWays> ways;
  const size_t count = std::min(ways.size(), scratch->pool.size());
  for (size_t i = 0; i < scratch->pool.size(); ++i) {
    if (scratch->pool[i].slot() == slot) return;
    if (i < count) ways[i] = scratch->pool[i].slot();
  }
  // As many vectors equal to it as were looked for are as good.
  if (scratch->query.One(slot) >= scratch->pool[scratch->pool.size() - 1].distance) return;
  SlotPairs pairs(*vectors_, codes != nullptr && codes->codec().compares_rows() ? codes : nullptr);
  for (size_t i = 0; i < count; ++i) LinkSurely(views, &pairs, ways[i], slot, scratch);
}

void HnswGraph::LinkSurely(const Views& views, SlotPairs* pairs, uint32_t from, uint32_t to, SearchScratch* scratch) {
  NodeLock lock(views.nodes[from]);
  Link32* row = RowOf(views, from, 0);
  const uint32_t width = RowWidth(0);
  uint32_t count = 0;
  for (; count < width; ++count) {
    const uint32_t neighbour = row[count].load(std::memory_order_acquire);
    if (neighbour == to) return;
    if (neighbour == kNoSlot) break;
    scratch->slots[count] = neighbour;
  }
  if (count == width) {
    // The nearest that another one of the row leads to as well makes room; where there is none, the farthest.
    pairs->Cover();
    pairs->Many(from, scratch->slots, count, scratch->distances);
    scratch->candidates.clear();
    for (uint32_t i = 0; i < count; ++i) scratch->candidates.emplace_back(scratch->distances[i], scratch->slots[i]);
    std::sort(scratch->candidates.begin(), scratch->candidates.end());
    SelectDiverse(*pairs, width, scratch);
    const auto hidden = std::ranges::mismatch(scratch->candidates, scratch->selected).in1;
    const uint32_t leaves = hidden == scratch->candidates.end() ? scratch->candidates.back().second : hidden->second;
    count = static_cast<uint32_t>(std::find(scratch->slots, scratch->slots + width, leaves) - scratch->slots);
  }
  row[count].store(to, std::memory_order_release);
}

}  // namespace sochdb
