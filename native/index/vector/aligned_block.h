// AlignedBlock: raw memory for rows that are fetched at random, aligned to cache lines.
//
// A large block is aligned to 2 MiB and asks the system for huge pages: a random row then costs one miss, not two. Memory is
// taken from the system but touched only by its user, so what a block has reserved and not used costs address space alone.
//
// Thread safety: a value type that owns its memory. Throws std::bad_alloc.

#pragma once

#include <cstddef>
#include <utility>

namespace sochdb {

class AlignedBlock {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBlock() = default;
  explicit AlignedBlock(size_t bytes);
  AlignedBlock(AlignedBlock&& other) noexcept { Swap(other); }
  AlignedBlock& operator=(AlignedBlock&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~AlignedBlock();

  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void Swap(AlignedBlock& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(alignment_, other.alignment_);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t alignment_ = kAlignment;
};

}  // namespace sochdb
