#include "index/standalone/loaded_graph.h"

namespace sochdb {

LoadedGraph::LoadedGraph(Env* env, const StandaloneOptions& options, uint32_t slots)
    : options_(options),
      slots_(slots),
      rows_(std::make_unique<StandaloneRows>(env, options)),
      hidden_(slots),
      prepared_(PaddedDimension(options.dimension)) {
  rows_->Reserve(slots);
}

const char* LoadedGraph::Add(const Slot& slot) {
  // The strictest of checks: lengths bounded, so that no sum overflows, for a prepared cosine vector too.
  const Metric strictest = slot.prepared ? Metric::kEuclidean : options_.metric;
  if (!CheckVector(strictest, options_.dimension, slot.vector, options_.dimension).ok()) {
    return "a vector has values that no vector may have.";
  }
  const uint32_t number = rows_->count();
  if (!slot.prepared) PrepareVector(options_.metric, slot.vector, options_.dimension, prepared_.data());
  rows_->Append(slot.id, 0, slot.prepared ? slot.vector : prepared_.data());
  hidden_[number] = !slot.live;
  if (slot.live) ++live_;
  for (const uint32_t link : slot.links) {
    if (link >= slots_) return "a link leads to a vector that is not there.";
  }
  GraphAccess::SetRow(rows_->mutable_graph(), number, 0, slot.links);
  return nullptr;
}

const char* LoadedGraph::SetLevel(uint32_t slot, uint32_t level) {
  if (level > HnswGraph::kMaxLevel) return "a vector is in more layers than there can be.";
  rows_->slots()[slot]->level = level;
  GraphAccess::Place(rows_->mutable_graph(), slot, level);
  return nullptr;
}

const char* LoadedGraph::SetUpperRow(uint32_t slot, uint32_t level, std::span<const uint32_t> links) {
  for (const uint32_t link : links) {
    if (link >= slots_) return "a link leads to a vector that is not there.";
  }
  GraphAccess::SetRow(rows_->mutable_graph(), slot, level, links);
  return nullptr;
}

const char* LoadedGraph::Finish(uint32_t entry, uint32_t entry_level) {
  const PagedRows<StandaloneSlot>::View slots = rows_->slots();
  uint32_t links[HnswOptions::kMaxM];
  for (uint32_t slot = 0; slot < slots_; ++slot) {
    for (uint32_t level = 1; level <= slots[slot]->level; ++level) {
      GraphAccess::ReadRow(rows_->graph(), slot, level, links);
      for (uint32_t i = 0; i < options_.m && links[i] != kNoSlot; ++i) {
        if (slots[links[i]]->level < level) return "a link leads to a vector that is not in its layer.";
      }
    }
  }
  if (slots_ > 0) {
    if (entry >= slots_ || slots[entry]->level != entry_level)
      return "the entry point is not in the layer that it should be in.";
    GraphAccess::SetEntry(rows_->mutable_graph(), {entry, entry_level});
  }
  rows_->MakeCodes();
  rows_->mutable_graph()->Publish(slots_);
  rows_->Show(0, &hidden_);
  return rows_->live() == live_ ? nullptr : "an id is there twice.";
}

}  // namespace sochdb
