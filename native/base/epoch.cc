#include "base/epoch.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace sochdb {
namespace internal {

constinit thread_local EpochThread epoch_thread{nullptr, 0};
constinit std::atomic<uint64_t> global_epoch{1};

}  // namespace internal

namespace {

using internal::EpochSlot;
using internal::EpochThread;

constexpr uint64_t kNever = UINT64_MAX;

// A cache line each: two threads that enter do not meet.
struct alignas(64) PaddedSlot : EpochSlot {
  std::atomic<bool> taken{false};
};

struct Retired {
  std::function<void()> free;
  uint64_t epoch;  // that its retiring ended
  Retired* next;
};

constinit std::array<PaddedSlot, EpochGuard::kMaxThreads> slots;
constinit std::atomic<size_t> slots_used{0};          // slots from here on were never taken
constinit std::atomic<uint64_t> guards_in_common{0};  // of threads without a slot
constinit std::atomic<Retired*> retired_head{nullptr};
constinit std::atomic<uint64_t> retired_count{0};

EpochSlot* TakeSlot() {
  for (size_t i = 0; i < slots.size(); ++i) {
    bool taken = false;
    if (!slots[i].taken.compare_exchange_strong(taken, true, std::memory_order_acquire)) continue;
    size_t used = slots_used.load();
    while (used <= i && !slots_used.compare_exchange_weak(used, i + 1)) {
    }
    return &slots[i];
  }
  return nullptr;
}

// Gives a thread's slot back when the thread ends.
struct SlotOwner {
  EpochSlot* slot = nullptr;
  bool ended = false;
  ~SlotOwner() {
    ended = true;
    if (slot == nullptr || internal::epoch_thread.depth != 0) return;
    internal::epoch_thread.slot = nullptr;
    static_cast<PaddedSlot*>(slot)->taken.store(false, std::memory_order_release);
  }
};
thread_local SlotOwner slot_owner;

// What was retired in this epoch or a later one may still be read.
uint64_t OldestGuard() {
  if (guards_in_common.load() != 0) return 0;
  uint64_t oldest = kNever;
  const size_t used = slots_used.load();
  for (size_t i = 0; i < used; ++i) {
    const uint64_t epoch = slots[i].epoch.load(std::memory_order_seq_cst);
    if (epoch != 0) oldest = std::min(oldest, epoch);
  }
  return oldest;
}

void PushRetired(Retired* first, Retired* last) {
  last->next = retired_head.load(std::memory_order_relaxed);
  while (!retired_head.compare_exchange_weak(last->next, first, std::memory_order_acq_rel)) {
  }
}

}  // namespace

namespace internal {

void EnterEpochSlowly(EpochThread* thread) {
  if (!slot_owner.ended) slot_owner.slot = TakeSlot();
  thread->slot = slot_owner.ended ? nullptr : slot_owner.slot;
  if (thread->slot == nullptr) guards_in_common.fetch_add(1);
  else thread->slot->epoch.store(global_epoch.load());
}

void LeaveEpochSlowly() { guards_in_common.fetch_sub(1); }

}  // namespace internal

void RetireInEpochLater(std::function<void()> free) {
  // Everyone who enters from here on finds the object no more, and has a greater epoch.
  const uint64_t ended = internal::global_epoch.fetch_add(1);
  try {
    auto* const retired = new Retired{std::move(free), ended, nullptr};
    retired_count.fetch_add(1, std::memory_order_relaxed);
    PushRetired(retired, retired);
  } catch (const std::bad_alloc&) {
    return;  // better kept for ever than freed under a reader
  }
}

void RetireInEpoch(std::function<void()> free) {
  RetireInEpochLater(std::move(free));
  (void)CollectRetired();
}

uint64_t CollectRetired() {
  Retired* list = retired_head.exchange(nullptr, std::memory_order_acq_rel);
  if (list == nullptr) return retired_count.load(std::memory_order_relaxed);
  // Only now: what is in the list was unlinked before.
  const uint64_t oldest = OldestGuard();
  Retired* kept_first = nullptr;
  Retired* kept_last = nullptr;
  Retired* free_first = nullptr;
  while (list != nullptr) {
    Retired* const retired = std::exchange(list, list->next);
    if (retired->epoch < oldest) {
      retired->next = std::exchange(free_first, retired);
    } else {
      retired->next = std::exchange(kept_first, retired);
      if (kept_last == nullptr) kept_last = retired;
    }
  }
  if (kept_first != nullptr) PushRetired(kept_first, kept_last);
  while (free_first != nullptr) {
    Retired* const retired = std::exchange(free_first, free_first->next);
    retired->free();
    delete retired;
    retired_count.fetch_sub(1, std::memory_order_relaxed);
  }
  return retired_count.load(std::memory_order_relaxed);
}

}  // namespace sochdb
