// VectorIndex's learned navigator: training it on what the index holds, and taking one that was stored.

#include <algorithm>
#include <utility>

#include "index/vector/vector_index.h"

namespace sochdb {
namespace {

// Vectors that have come and gone since there were so many at that time.
uint64_t CountChanges(const VectorSlots& slots, Timestamp since, uint64_t vectors_then) {
  const uint32_t limit = slots.published();
  const PagedRows<SlotHeader>::View headers = slots.headers();
  uint64_t come = 0;
  uint64_t stayed = 0;
  for (uint32_t slot = 0; slot < limit; ++slot) {
    const Timestamp xmin = headers[slot]->xmin();
    if (xmin == kMaxTimestamp || headers[slot]->xmax() != kMaxTimestamp) continue;
    ++(xmin > since ? come : stayed);
  }
  const uint64_t gone = vectors_then - std::min(vectors_then, stayed);
  return std::max(come, gone);  // one that was replaced is both
}

}  // namespace

Status VectorIndex::TrainNavigator(NavigatorTraining training, NavigatorReport* report) const {
  if (slots_.any_chunked()) {
    return {Code::kInvalidArgument,
            "A navigator leads searches among documents of one vector; this collection has documents in "
            "chunks."};
  }
  training.linked = linked_.load(std::memory_order_acquire);
  if (slots_.live_vectors() <= kExactBelow || training.linked == 0) {
    return Status(Code::kInvalidArgument, "A navigator leads searches of a graph; collections of up to 2000 vectors have none.")
        .With("expected", "more than " + std::to_string(kExactBelow) + " vectors")
        .With("actual", std::to_string(slots_.live_vectors()));
  }
  const ScratchPool::Lease scratch = scratches_.Take();
  return sochdb::TrainNavigator(slots_, training, scratch.get(), report);
}

void VectorIndex::UseNavigator(std::optional<NavigatorModel> model, bool replace) {
  if (!model.has_value()) {
    navigator_.Set(nullptr, true);
    return;
  }
  if (model->metric != config_.metric || model->dimension != config_.dimension) return;
  const uint64_t changes = CountChanges(slots_, model->trained_ts, model->trained_vectors);
  navigator_.Set(std::make_shared<Navigator>(*std::move(model), changes), replace);
}

}  // namespace sochdb
