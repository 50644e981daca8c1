// Copies of the graph, made while it is linked and searched; and a graph made of one.

#include <algorithm>
#include <cstring>
#include <utility>

#include "index/vector/hnsw_graph.h"

namespace sochdb {

HnswGraph::Extent HnswGraph::TakeExtent(uint32_t linked, std::vector<uint32_t> absent) const {
  Extent extent{.linked = linked, .absent = std::move(absent)};
  extent.entry = entry_.load(std::memory_order_acquire);
  // Where the entry point is one that is being linked, the highest of the others.
  if (extent.entry != 0 && !extent.Has(static_cast<uint32_t>(extent.entry) - 1)) {
    extent.entry = ElectEntry(linked, [&extent](uint32_t slot) { return extent.Has(slot); });
  }
  // Afterwards, so that they hold those of the entry point.
  const MutexLock lock(&upper_mutex_);
  extent.upper_rows = next_upper_row_;
  return extent;
}

void HnswGraph::CopyRow(const Link32* row, uint32_t width, const Extent& extent, uint32_t* out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < width; ++i) {
    const uint32_t neighbour = row[i].load(std::memory_order_acquire);
    if (extent.Has(neighbour)) out[count++] = neighbour;
  }
  std::fill(out + count, out + width, kNoSlot);
}

void HnswGraph::CopyBottomRow(const Extent& extent, uint32_t slot, uint32_t* out) const {
  if (extent.Has(slot)) CopyRow(bottom_.view()[slot], RowWidth(0), extent, out);
  else std::fill(out, out + RowWidth(0), kNoSlot);
}

void HnswGraph::CopyUpperRow(const Extent& extent, uint32_t row, uint32_t* out) const {
  CopyRow(upper_.view()[row], RowWidth(1), extent, out);
}

void HnswGraph::CopyNode(const Extent& extent, uint32_t slot, uint32_t* out) const {
  const Node* from = nodes_.view()[slot];
  const uint32_t first = slot < extent.linked ? from->first_upper_row.load(std::memory_order_acquire) : kNoSlot;
  Node node;
  // One that is being linked may have got rows since.
  node.first_upper_row.store(first < extent.upper_rows ? first : kNoSlot, std::memory_order_relaxed);
  node.linked.store(extent.Has(slot) && from->linked.load(std::memory_order_relaxed), std::memory_order_relaxed);
  std::memset(out, 0, kNodeBytes);
  std::memcpy(out, static_cast<const void*>(&node), sizeof(node));
}

bool HnswGraph::AnyLinked(const char* nodes, uint32_t count) {
  const auto* each = reinterpret_cast<const Node*>(nodes);
  return std::any_of(each, each + count, [](const Node& node) { return node.linked.load(std::memory_order_relaxed); });
}

void HnswGraph::Adopt(const Extent& extent, uint32_t slots, char* bottom, char* nodes, char* upper) {
  static_assert(sizeof(Node) == kNodeBytes && sizeof(Link32) == sizeof(uint32_t));
  bottom_.Adopt(bottom, slots, false);
  nodes_.Adopt(nodes, slots, false);
  upper_.Adopt(upper, extent.upper_rows, false);
  {
    const MutexLock lock(&upper_mutex_);
    next_upper_row_ = extent.upper_rows;
  }
  entry_.store(extent.entry, std::memory_order_release);
  Publish(slots);
}

}  // namespace sochdb
