// CandidatePool: the best slots a graph search has met, nearest first, each marked once it has been expanded.
//
// One sorted array instead of two heaps: a search inserts near the front most of the time, and a short memmove beats
// the heaps' scattered comparisons at the sizes that searches use (ef up to a few hundred; a thousand still holds).
//
// Thread safety: one thread at a time. Limits: slots below 2^31.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/status.h"

namespace sochdb {

class CandidatePool {
 public:
  struct Entry {
    float distance;
    uint32_t slot_and_flag;

    [[nodiscard]] uint32_t slot() const { return slot_and_flag & ~kExpanded; }
    [[nodiscard]] bool expanded() const { return (slot_and_flag & kExpanded) != 0; }
  };

  void Reset(size_t capacity) {
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    capacity_ = capacity;
    open_ = capacity;
    size_ = 0;
    next_ = 0;
  }

  void Insert(uint32_t slot, float distance) {
    if (size_ == capacity_) {
      if (distance >= entries_[size_ - 1].distance) return;
      --size_;
    }
    size_t low = 0;
    size_t high = size_;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (entries_[middle].distance > distance) high = middle;
      else low = middle + 1;
    }
    std::memmove(&entries_[low + 1], &entries_[low], (size_ - low) * sizeof(Entry));
    entries_[low] = {distance, slot};
    ++size_;
    if (low < next_) next_ = low;
  }

  // Whether a further slot takes the place of another.
  [[nodiscard]] bool full() const { return size_ == capacity_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  // Only what is in the first so many places is given out to be expanded.
  void Open(size_t places) { open_ = places; }
  // Goes on with more places; what was pushed out may come back by Append.
  void Widen(size_t capacity) {
    if (entries_.size() < capacity + 1) entries_.resize(capacity + 1);
    capacity_ = capacity;
  }
  // REQUIRES: there is room, and nothing in the pool is farther.
  void Append(uint32_t slot, float distance) { entries_[size_++] = {distance, slot}; }

  // The nearest slot that has not been expanded, which now is.
  bool PopNearest(uint32_t* slot) {
    SkipExpanded();
    if (next_ == size_ || next_ >= open_) return false;
    *slot = entries_[next_].slot();
    entries_[next_++].slot_and_flag |= kExpanded;
    return true;
  }
  // What PopNearest would give now, were every place open.
  bool PeekNearest(uint32_t* slot) {
    SkipExpanded();
    if (next_ == size_) return false;
    *slot = entries_[next_].slot();
    return true;
  }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const Entry& operator[](size_t i) const { return entries_[i]; }
  [[nodiscard]] uint64_t memory_bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  static constexpr uint32_t kExpanded = 1u << 31;

  void SkipExpanded() {
    while (next_ < size_ && entries_[next_].expanded()) ++next_;
  }

  std::vector<Entry> entries_;
  size_t capacity_ = 0;
  size_t open_ = 0;
  size_t size_ = 0;
  size_t next_ = 0;  // every entry before it is expanded
};

}  // namespace sochdb
