// NearestSlots: the nearest so many of the slots that a search compares; equal distances are ordered by id. Where documents
// have several vectors, the nearest few of each.
//
// Twice as many are gathered, then the farther half is cut off: that takes a few comparisons for each that is gathered, however
// many are kept.
//
// Thread safety: one thread at a time.

#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "index/vector/vector_slots.h"

namespace sochdb {

class NearestSlots {
 public:
  // of_each: of one document at most so many are kept; 0: as many as there are.
  NearestSlots(size_t capacity, const VectorSlots& slots, PagedRows<SlotHeader>::View headers, size_t of_each = 0)
      : capacity_(capacity), slots_(&slots), headers_(headers), of_each_(of_each) {
    entries_.reserve(2 * capacity);
  }

  void Add(float distance, uint32_t slot) {
    if (distance > farthest_) return;
    if (std::isnan(distance)) distance = std::numeric_limits<float>::infinity();  // products of huge values; it has an order
    entries_.emplace_back(distance, slot);
    if (entries_.size() < 2 * capacity_) return;
    if (of_each_ != 0) KeepOfEach();
    if (entries_.size() > capacity_) Cut();
  }
  void Clear() {
    entries_.clear();
    farthest_ = std::numeric_limits<float>::infinity();
  }
  // In any order.
  [[nodiscard]] const std::vector<std::pair<float, uint32_t>>& Kept() {
    if (of_each_ != 0) KeepOfEach();
    if (entries_.size() > capacity_) Cut();
    return entries_;
  }

 private:
  using Entry = std::pair<float, uint32_t>;
  [[nodiscard]] bool Nearer(const Entry& a, const Entry& b) const {
    if (a.first != b.first) return a.first < b.first;
    return slots_->documents().id(headers_[a.second]->document()) < slots_->documents().id(headers_[b.second]->document());
  }
  void Cut() {
    const auto last = entries_.begin() + static_cast<ptrdiff_t>(capacity_) - 1;
    std::nth_element(entries_.begin(), last, entries_.end(), [this](const Entry& a, const Entry& b) { return Nearer(a, b); });
    farthest_ = last->first;
    entries_.resize(capacity_);
  }

  void KeepOfEach() {
    const auto document = [this](const Entry& entry) { return headers_[entry.second]->document(); };
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
      const uint32_t of_a = document(a);
      const uint32_t of_b = document(b);
      return of_a != of_b ? of_a < of_b : a < b;
    });
    size_t kept = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const bool more = kept >= of_each_ && document(entries_[kept - of_each_]) == document(entries_[i]);
      if (!more) entries_[kept++] = entries_[i];
    }
    entries_.resize(kept);
  }

  size_t capacity_;  // at least one
  const VectorSlots* slots_;
  PagedRows<SlotHeader>::View headers_;
  size_t of_each_;
  std::vector<Entry> entries_;
  float farthest_ = std::numeric_limits<float>::infinity();  // of those kept by the last cut
};

}  // namespace sochdb
