// Reclaiming: how slots that no snapshot will see any more become free for new versions, beside commits, searches and linking.
//
//   begin    [nobody links] dead slots that the oldest reader does not see are named; from now on, the index covers what lies
//            after that reader only
//   mend     the rows of all others are mended, some in a turn, between turns of linking
//   finish   [nobody links] those that were linked meanwhile are mended; documents and newer versions let go of the
//            slots, which are nobody's then: retired
//   free     by the writer that needs one: once every reader is gone that was there when they were retired
//   connect  what searches do not find any more, now that they are gone, is led to again, some in a turn
//   return   where it was asked for, what is free: the memory of slots that lie side by side goes back to the system,
//            until they are used again
//
// A new reader is at or after the oldest one that the engine has, or is a moment of the past that was registered before it
// asked whether the index covers it: so first the index says that it does not, then the engine is asked again.

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "index/vector/vector_index.h"

namespace sochdb {
namespace {

// A pass looks at every row: it is due when a fifth of all slots is dead.
constexpr uint64_t kDeadPart = 5;
constexpr uint64_t kLeastDead = 256;
constexpr uint32_t kMendedPerTurn = 128;
constexpr size_t kConnectedPerTurn = 32;
constexpr size_t kRetiredUnderLock = 512;

// The earliest moment that somebody reads at, or will from now on, but for moments of the past.
Timestamp OldestReader(const Engine& engine) {
  const Timestamp visible = engine.visible_ts();  // first: who comes after that reads at this moment or later
  const EngineStats stats = engine.stats();
  return stats.active_snapshots == 0 ? visible : std::min(visible, stats.oldest_snapshot);
}

}  // namespace

class VectorIndex::NobodyLinks {
 public:
  explicit NobodyLinks(VectorIndex* index) : index_(index) {
    index_->exclusive_.store(true, std::memory_order_relaxed);
    while (index_->linking_ > 0) index_->batches_done_.Wait(&index_->mutex_);
  }
  ~NobodyLinks() { index_->exclusive_.store(false, std::memory_order_relaxed); }
  NobodyLinks(const NobodyLinks&) = delete;
  NobodyLinks& operator=(const NobodyLinks&) = delete;

 private:
  VectorIndex* const index_;
};

bool VectorIndex::PinSlots() {
  MutexLock lock(&mutex_);
  if (retiring_) return false;
  pins_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void VectorIndex::UnpinSlots() {
  MutexLock lock(&mutex_);
  pins_.fetch_sub(1, std::memory_order_relaxed);
}

uint64_t VectorIndex::CountDead() const {
  const uint64_t used = slots_.published() - uint64_t{slots_.unused()};
  return used - std::min(used, slots_.live_vectors());
}

bool VectorIndex::ReclaimIsDue() const {
  if (snapshots_of_ == nullptr || reclaim_failed_.load(std::memory_order_relaxed) ||
      reclaim_turn_.load(std::memory_order_relaxed) || pins_.load(std::memory_order_relaxed) != 0) {
    return false;
  }
  if (unlinking_.load(std::memory_order_relaxed) || connecting_.load(std::memory_order_relaxed) ||
      reclaim_requested_.load(std::memory_order_relaxed)) {
    return true;
  }
  const uint64_t used = slots_.published() - uint64_t{slots_.unused()};
  return CountDead() >= held_dead_.load(std::memory_order_relaxed) + std::max(kLeastDead, used / kDeadPart);
}

void VectorIndex::ReclaimSome(SearchScratch* scratch, const std::atomic<bool>& stop) noexcept {
  if (reclaim_turn_.exchange(true)) return;
  try {
    if (connecting_.load(std::memory_order_relaxed)) {
      const bool over = slots_.mutable_graph()->ConnectSome(&connect_, kConnectedPerTurn, scratch);
      connecting_.store(!over, std::memory_order_relaxed);
    } else if (!unlinking_.load(std::memory_order_relaxed)) {
      BeginReclaim();
    } else {
      for (uint32_t i = 0; i < kMendedPerTurn && next_to_mend_ < mend_below_ && !stop.load(std::memory_order_relaxed); ++i) {
        slots_.mutable_graph()->Unlink(next_to_mend_, scratch);
        ++next_to_mend_;
      }
      if (next_to_mend_ == mend_below_) FinishReclaim(scratch, stop);
    }
  } catch (const std::bad_alloc&) {
    // What is mended is a graph as well; slots stay what they are.
    reclaim_failed_.store(true, std::memory_order_relaxed);
    connecting_.store(false, std::memory_order_relaxed);
  }
  reclaim_turn_.store(false);
}

bool VectorIndex::ReturnIsDue() const {
  return return_requested_.load() && !ReclaimIsDue() && !reclaim_turn_.load() && pins_.load(std::memory_order_relaxed) == 0;
}

void VectorIndex::ReturnMemory() noexcept {
  MutexLock lock(&mutex_);
  if (pins_.load(std::memory_order_relaxed) != 0 || !return_requested_.exchange(false)) return;
  try {
    FreeRetired();
    slots_.ReturnFree();
  } catch (const std::bad_alloc&) {
    // What was not given back is used again as it is.
  }
}

void VectorIndex::BeginReclaim() {
  const bool requested = reclaim_requested_.exchange(false);
  Timestamp oldest = OldestReader(*snapshots_of_);
  leaving_ = slots_.ListReclaimable(oldest);
  if (!leaving_.empty()) {
    Timestamp base = base_ts_.load(std::memory_order_relaxed);
    while (base < oldest && !base_ts_.compare_exchange_weak(base, oldest)) {
    }
    if (const Timestamp now = OldestReader(*snapshots_of_); now < oldest) leaving_ = slots_.ListReclaimable(oldest = now);
  }
  const uint64_t dead = CountDead();
  held_dead_.store(dead - std::min<uint64_t>(dead, leaving_.size()), std::memory_order_relaxed);
  connect_ = {};
  if (requested) connect_.one_in = 1;  // somebody waits for the best there can be
  if (leaving_.empty()) {
    connecting_.store(requested, std::memory_order_relaxed);
    return;
  }
  MutexLock lock(&mutex_);
  const NobodyLinks nobody(this);
  HnswGraph* const graph = slots_.mutable_graph();
  graph->BeginUnlinking(leaving_);
  relinks_.EraseIf([graph](uint32_t slot) { return graph->leaving(slot); });
  linked_since_.clear();
  next_to_mend_ = 0;
  mend_below_ = linked_.load(std::memory_order_relaxed);
  unlinking_.store(true, std::memory_order_relaxed);
}

void VectorIndex::FinishReclaim(SearchScratch* scratch, const std::atomic<bool>& stop) {
  MutexLock lock(&mutex_);
  if (pins_.load(std::memory_order_relaxed) != 0) return;
  slots_.ReserveFree(slots_.unused() + leaving_.size());
  retired_.reserve(retired_.size() + 1);
  retiring_ = true;  // before the mutex is let go of
  const NobodyLinks nobody(this);
  // Nobody else looks at this list now; commits need the mutex.
  mutex_.Unlock();
  bool mended = true;
  try {
    while (!linked_since_.empty() && !stop.load(std::memory_order_relaxed)) {
      slots_.mutable_graph()->Unlink(linked_since_.back(), scratch);
      linked_since_.pop_back();
    }
    mended = linked_since_.empty();
  } catch (const std::bad_alloc&) {
    mended = false;
    reclaim_failed_.store(true, std::memory_order_relaxed);
  }
  if (mended) RetireLeaving();
  mutex_.Lock();
  retiring_ = false;
  if (!mended) return;
  retired_.push_back({scratches_.epoch(), std::exchange(leaving_, {})});
  unlinking_.store(false, std::memory_order_relaxed);
  connecting_.store(true, std::memory_order_relaxed);
}

void VectorIndex::RetireLeaving() {
  HnswGraph* const graph = slots_.mutable_graph();
  const PagedRows<SlotHeader>::View headers = slots_.headers();
  // Slots of one document together; commits go on between some of them and others.
  std::sort(leaving_.begin(), leaving_.end(), [&](uint32_t a, uint32_t b) {
    const uint32_t document_a = headers[a]->document();
    const uint32_t document_b = headers[b]->document();
    return document_a != document_b ? document_a < document_b : a < b;
  });
  const auto leaves = [graph](uint32_t slot) { return graph->leaving(slot); };
  uint64_t were_linked = 0;
  for (size_t from = 0; from < leaving_.size(); from += kRetiredUnderLock) {
    const std::span<const uint32_t> some =
        std::span<const uint32_t>(leaving_).subspan(from, std::min(kRetiredUnderLock, leaving_.size() - from));
    for (const uint32_t slot : some) {
      if (graph->linked(slot)) ++were_linked;
    }
    MutexLock lock(&mutex_);
    slots_.Retire(some, leaves);
  }
  graph->EndUnlinking();
  linked_count_.fetch_sub(were_linked, std::memory_order_acq_rel);
  reclaimed_.fetch_add(leaving_.size(), std::memory_order_relaxed);
}

void VectorIndex::FreeRetired() {
  if (retired_.empty()) return;
  const uint64_t epoch = scratches_.Advance();
  while (!retired_.empty() && retired_.front().epoch + 2 <= epoch) {
    slots_.Free(retired_.front().slots);
    retired_.erase(retired_.begin());
  }
}

}  // namespace sochdb
