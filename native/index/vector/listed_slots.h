// ListedSlots: which slots a set of documents has, kept with the set by whoever looked them up.
//
// Finding a document's slot takes two reads at places of their own, as much as comparing it. Which slots a set has stays the
// same until a commit changes the index, so searches by one filter after the first go straight to their rows.
//
// Thread safety: any thread. A copy of a set begins without, since it may be changed.
// Limits: kMaxSlots; larger sets are not worth keeping, since the reads of their rows cost more.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/types.h"

namespace sochdb {

class ListedSlots {
 public:
  static constexpr size_t kMaxSlots = 16 * 1024;

  struct List {
    Timestamp ts;  // the newest change of the index when it was made: it holds for snapshots from there on until the next
    std::vector<uint32_t> slots;
  };

  ListedSlots() = default;
  ListedSlots(const ListedSlots& /*other*/) {}
  ListedSlots& operator=(const ListedSlots& /*other*/) {
    Keep(nullptr);
    return *this;
  }
  ~ListedSlots() = default;

  [[nodiscard]] std::shared_ptr<const List> Kept() const {
    Lock lock(&busy_);
    return list_;
  }
  void Keep(std::shared_ptr<const List> list) const {
    Lock lock(&busy_);
    list_.swap(list);  // the old one is freed by the caller's copy, after the lock
  }

 private:
  // Held for the copying of a pointer.
  class Lock {
   public:
    explicit Lock(std::atomic_flag* flag) : flag_(flag) {
      while (flag_->test_and_set(std::memory_order_acquire)) {
      }
    }
    ~Lock() { flag_->clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic_flag* const flag_;
  };

  mutable std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  mutable std::shared_ptr<const List> list_;
};

}  // namespace sochdb
