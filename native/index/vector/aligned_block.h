// AlignedBlock: raw memory for rows that are fetched at random, aligned to cache lines.
//
// A large block is aligned to 2 MiB and asks the system for huge pages: a random row then costs one miss, not two. Memory is
// taken from the system but touched only by its user, so what a block has reserved and not used costs address space alone.
//
// A block can also be memory that a file stands behind (env.h, Mapping): pages that nobody uses cost disk space then.
//
// Thread safety: a value type that owns its memory. Throws std::bad_alloc.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>

#include "env/env.h"

namespace sochdb {

class AlignedBlock {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBlock() = default;
  explicit AlignedBlock(size_t bytes);
  explicit AlignedBlock(std::unique_ptr<Mapping> mapping)
      : data_(mapping->data()), size_(mapping->size()), mapping_(std::move(mapping)) {}
  AlignedBlock(AlignedBlock&& other) noexcept { Swap(other); }
  AlignedBlock& operator=(AlignedBlock&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~AlignedBlock();

  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool mapped() const { return mapping_ != nullptr; }

 private:
  void Swap(AlignedBlock& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(alignment_, other.alignment_);
    std::swap(mapping_, other.mapping_);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t alignment_ = kAlignment;
  std::unique_ptr<Mapping> mapping_;
};

// Memory pages of the system that lie in whole within rows that nobody uses for now, given back to it.
//
// Thread safety: one thread gives back and takes; any asks bytes().
class ReturnedPages {
 public:
  // Of these bytes; what is read there from now on is zeros, or whatever a file has there. Throws std::bad_alloc. False: the
  // system takes nothing back.
  bool Return(char* from, size_t bytes);
  // These bytes are about to be written.
  void Take(const char* from, size_t bytes);
  [[nodiscard]] uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::unordered_set<uintptr_t> pages_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace sochdb
