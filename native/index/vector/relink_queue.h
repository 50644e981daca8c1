// RelinkQueue: slots that searches compare one by one, although they lie among those that are in the graph: slots that were
// used again and wait to be linked, and those that are being linked.
//
// A slot is added before the commit that fills it is published, and leaves when its links are complete: a search that asks when
// it begins, and finds a slot missing here, reaches it by the graph.
//
// Thread safety: any thread. Add throws std::bad_alloc, and leaves what there was.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "env/sync.h"

namespace sochdb {

class RelinkQueue {
 public:
  explicit RelinkQueue(Env* env) : mutex_(env) {}

  [[nodiscard]] bool empty() const { return count_.load(std::memory_order_acquire) == 0; }
  [[nodiscard]] size_t size() const { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] bool any_waiting() const { return waiting_count_.load(std::memory_order_acquire) != 0; }

  void Add(uint32_t slot) {
    MutexLock lock(&mutex_);
    waiting_.push_back(slot);
    StoreCounts();
  }
  // Moves the oldest of those that wait to those being linked, and to *taken.
  void Take(size_t most, std::vector<uint32_t>* taken) {
    MutexLock lock(&mutex_);
    const size_t count = std::min(most, waiting_.size());
    linking_.insert(linking_.end(), waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    taken->insert(taken->end(), waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    StoreCounts();
  }
  // One that never waited is being linked.
  void Begin(uint32_t slot) {
    MutexLock lock(&mutex_);
    linking_.push_back(slot);
    StoreCounts();
  }
  // It is in the graph.
  void Finish(uint32_t slot) {
    MutexLock lock(&mutex_);
    std::erase(linking_, slot);
    StoreCounts();
  }
  // It is not, and waits again; without memory it stays where it is.
  void PutBack(uint32_t slot) noexcept {
    MutexLock lock(&mutex_);
    try {
      waiting_.push_back(slot);
    } catch (const std::bad_alloc&) {
      return;
    }
    std::erase(linking_, slot);
    StoreCounts();
  }
  template <typename Leaves>
  void EraseIf(Leaves leaves) {
    MutexLock lock(&mutex_);
    std::erase_if(waiting_, leaves);
    std::erase_if(linking_, leaves);
    StoreCounts();
  }
  void CopyTo(std::vector<uint32_t>* slots) const {
    slots->clear();
    if (empty()) return;
    MutexLock lock(&mutex_);
    slots->insert(slots->end(), waiting_.begin(), waiting_.end());
    slots->insert(slots->end(), linking_.begin(), linking_.end());
  }

 private:
  void StoreCounts() {
    waiting_count_.store(waiting_.size(), std::memory_order_release);
    count_.store(waiting_.size() + linking_.size(), std::memory_order_release);
  }

  mutable Mutex mutex_;  // guards the lists
  std::vector<uint32_t> waiting_;
  std::vector<uint32_t> linking_;
  std::atomic<size_t> waiting_count_{0};
  std::atomic<size_t> count_{0};
};

}  // namespace sochdb
