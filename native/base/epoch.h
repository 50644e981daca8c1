// Epochs: how a reader without locks keeps what it reads from being freed under it.
//
// A thread that is about to follow a published pointer holds an EpochGuard. Whoever unlinks an object (no new reader can find
// it) retires it; it is freed once every guard that was held at that moment is gone. Entering costs one store, leaving another.
// (Fraser, "Practical lock-freedom", 2004, section 5.2.3.)
//
// A guard is for the time of one call: what lives longer (transactions, cursors, snapshots) holds a reference instead.
//
// Why it holds. The order S is the one of all sequentially consistent operations. A reader enters (1: store to its slot), then
// follows the pointer (2: load). Whoever retires has unlinked (3: store to the pointer), then looks at the slots (4: load). If
// 4 comes before 1 in S, then 3 < 4 < 1 < 2: the reader finds what replaced the object. Otherwise 4 sees the slot taken, and
// the object stays. The number in a slot is the epoch at which it was taken; a slot taken in a later epoch than the one that
// the retiring ended was taken after 3, and does not keep the object. So 2 and 3 must be sequentially consistent.
//
// Thread safety: any thread. Guards nest. A guard is released by the thread that took it.
// Limits: kMaxThreads threads have a slot of their own; further ones share a counter, which delays freeing but nothing else.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace sochdb {

namespace internal {

struct EpochSlot {
  std::atomic<uint64_t> epoch{0};  // at which its thread entered; 0: it is outside
};

// What a thread knows of its slot. No constructor and no destructor, so that reaching it costs no check.
struct EpochThread {
  EpochSlot* slot;
  uint64_t depth;
};
extern constinit thread_local EpochThread epoch_thread;
extern constinit std::atomic<uint64_t> global_epoch;

// For a thread that has no slot yet, or gets none.
void EnterEpochSlowly(EpochThread* thread);
void LeaveEpochSlowly();

}  // namespace internal

class EpochGuard {
 public:
  static constexpr int kMaxThreads = 256;

  EpochGuard() : thread_(&internal::epoch_thread) {
    if (thread_->depth++ != 0) return;
    internal::EpochSlot* const slot = thread_->slot;
    if (slot != nullptr) [[likely]]
      slot->epoch.store(internal::global_epoch.load(), std::memory_order_seq_cst);
    else internal::EnterEpochSlowly(thread_);
  }
  ~EpochGuard() {
    if (--thread_->depth != 0) return;
    internal::EpochSlot* const slot = thread_->slot;
    if (slot != nullptr) [[likely]]
      slot->epoch.store(0, std::memory_order_release);
    else internal::LeaveEpochSlowly();
  }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

  // Whether this thread holds one: for what REQUIRES it.
  [[nodiscard]] static bool HeldByThisThread() { return internal::epoch_thread.depth != 0; }

 private:
  internal::EpochThread* const thread_;
};

// Calls `free` once no guard that is held now is held any more: at once, or in a later call of Retire or CollectRetired, on
// whatever thread that is. REQUIRES: the object cannot be found any more. When memory has run out, `free` is never called.
void RetireInEpoch(std::function<void()> free);
// The same, but frees nothing now: for whoever must be quick. A later call does.
void RetireInEpochLater(std::function<void()> free);
// Frees what can be freed now; the number of retired objects left.
uint64_t CollectRetired();

}  // namespace sochdb
