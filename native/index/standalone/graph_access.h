// GraphAccess: the links of a graph, for who writes them to a file or takes them from one.
//
// Thread safety: while nobody links. Setting rows: before anybody searches.

#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "index/vector/hnsw_graph.h"

namespace sochdb {

class GraphAccess {
 public:
  struct Entry {
    uint32_t slot;
    uint32_t level;
  };

  static uint32_t LevelOf(const HnswGraph& graph, uint64_t level_hash) { return graph.LevelOf(level_hash); }
  static uint32_t Width(const HnswGraph& graph, uint32_t level) { return graph.RowWidth(level); }
  // Whether a slot has rows above the bottom one: none before it is linked.
  static bool HasUpperRows(const HnswGraph& graph, uint32_t slot) {
    return graph.nodes_.view()[slot]->first_upper_row.load(std::memory_order_acquire) != kNoSlot;
  }
  // Width(level) links, kNoSlot from the end of the row on. REQUIRES: the slot is in that layer.
  static void ReadRow(const HnswGraph& graph, uint32_t slot, uint32_t level, uint32_t* out) {
    const auto views = graph.TakeViews(graph.published());
    const auto* row = graph.RowOf(views, slot, level);
    for (uint32_t i = 0; i < graph.RowWidth(level); ++i) out[i] = row[i].load(std::memory_order_acquire);
  }
  static std::optional<Entry> ReadEntry(const HnswGraph& graph) {
    const auto entry = graph.LoadEntry();
    if (!entry.has_value()) return std::nullopt;
    return Entry{entry->slot, entry->level};
  }

  // Puts an added slot into the layers up to `level`, with empty rows. Throws std::bad_alloc.
  static void Place(HnswGraph* graph, uint32_t slot, uint32_t level) { graph->AllocateUpperRows(slot, level); }
  // REQUIRES: the slot is in that layer, the links are below the published count, and at most Width(level).
  static void SetRow(HnswGraph* graph, uint32_t slot, uint32_t level, std::span<const uint32_t> links) {
    const auto views = graph->TakeViews(graph->published());
    auto* row = graph->RowOf(views, slot, level);
    for (uint32_t i = 0; i < graph->RowWidth(level); ++i) {
      row[i].store(i < links.size() ? links[i] : kNoSlot, std::memory_order_release);
    }
  }
  static void SetEntry(HnswGraph* graph, const Entry& entry) {
    graph->entry_.store((static_cast<uint64_t>(entry.level) << 32) | (entry.slot + 1), std::memory_order_release);
  }
};

}  // namespace sochdb
