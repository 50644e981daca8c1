// Epochs: how a reader without locks keeps what it reads from being freed under it.
//
// A thread that is about to follow a published pointer holds an EpochGuard. Whoever unlinks an object (no new reader can find
// it) retires it; it is freed once every guard that was held at that moment is gone. Entering costs one store, leaving another.
// (Fraser, "Practical lock-freedom", 2004, section 5.2.3.)
//
// A guard is for the time of one call: what lives longer (transactions, cursors, snapshots) holds a reference instead.
//
// Thread safety: any thread. Guards nest.
// Limits: kMaxThreads threads have a slot of their own; further ones share a counter, which delays freeing but nothing else.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace sochdb {

class EpochGuard {
 public:
  EpochGuard();
  ~EpochGuard();
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;
};

// Calls `free` once no guard that is held now is held any more: at once, or in a later call of Retire or CollectRetired, on
// whatever thread that is. REQUIRES: the object cannot be found any more.
void RetireInEpoch(std::function<void()> free);
// Frees what can be freed now; the number of retired objects left.
uint64_t CollectRetired();

}  // namespace sochdb
