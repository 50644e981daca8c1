// DocumentSet: a bitmap over an index's document numbers: what a filter admits, or a transaction hides.
//
// Thread safety: built by one thread, then read by any.

#pragma once

#include <bit>
#include <cstdint>
#include <vector>

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
  [[nodiscard]] bool Contains(uint32_t document) const {
    const size_t word = document / 64;
    return word < words_.size() && ((words_[word] >> (document % 64)) & 1) != 0;
  }
  // Keeps what is in other too.
  void Intersect(const DocumentSet& other) {
    if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
    count_ = 0;
    for (size_t word = 0; word < words_.size(); ++word) {
      words_[word] &= other.words_[word];
      count_ += static_cast<uint32_t>(std::popcount(words_[word]));
    }
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
  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint64_t memory_bytes() const { return words_.capacity() * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> words_;
  uint32_t count_ = 0;
};

}  // namespace sochdb
