// DocumentSet: a bitmap over an index's document numbers: what a filter admits, or a transaction hides.
//
// Thread safety: built by one thread, then read by any.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "index/vector/listed_slots.h"

namespace sochdb {

class DocumentSet {
 public:
  void Add(uint32_t document) {
    const size_t word = document / 64;
    if (word >= words_.size()) words_.resize(word + word / 2 + 1);
    const uint64_t bit = uint64_t{1} << (document % 64);
    if ((words_[word] & bit) == 0) ++count_;
    words_[word] |= bit;
  }
  void Remove(uint32_t document) {
    if (!Contains(document)) return;
    words_[document / 64] &= ~(uint64_t{1} << (document % 64));
    --count_;
  }
  [[nodiscard]] bool Contains(uint32_t document) const {
    const size_t word = document / 64;
    return word < words_.size() && ((words_[word] >> (document % 64)) & 1) != 0;
  }
  // Keeps what is in other too.
  void Intersect(const DocumentSet& other) {
    if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
    for (size_t word = 0; word < words_.size(); ++word) words_[word] &= other.words_[word];
    Recount();
  }
  void Unite(const DocumentSet& other) {
    if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
    for (size_t word = 0; word < other.words_.size(); ++word) words_[word] |= other.words_[word];
    Recount();
  }
  // Keeps what is not in other.
  void Subtract(const DocumentSet& other) {
    const size_t shared = std::min(words_.size(), other.words_.size());
    for (size_t word = 0; word < shared; ++word) words_[word] &= ~other.words_[word];
    Recount();
  }
  // Ascending.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t word = 0; word < words_.size(); ++word) {
      for (uint64_t left = words_[word]; left != 0; left &= left - 1) {
        visit(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
      }
    }
  }
  // Some of them, spread over all: about `wanted`, at least one where there is one.
  template <typename Visit>
  void ForEachSampled(uint32_t wanted, Visit visit) const {
    size_t from = 0;
    for (uint32_t i = 0; i < wanted; ++i) {
      size_t word = std::max(from, words_.size() * i / wanted);
      while (word < words_.size() && words_[word] == 0) ++word;
      if (word == words_.size()) return;
      visit(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(words_[word]))));
      from = word + 1;
    }
  }
  [[nodiscard]] uint32_t count() const { return count_; }
  // Not counted as memory of the set: it comes and goes while the set is shared.
  [[nodiscard]] const ListedSlots& listed() const { return listed_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint64_t memory_bytes() const { return words_.capacity() * sizeof(uint64_t); }

 private:
  void Recount() {
    count_ = 0;
    for (const uint64_t word : words_) count_ += static_cast<uint32_t>(std::popcount(word));
  }

  std::vector<uint64_t> words_;
  uint32_t count_ = 0;
  ListedSlots listed_;
};

}  // namespace sochdb
