// ScratchArena: the memory of one transaction's writes, which can be wound back to a mark.
//
// Allocation moves a pointer; nothing is freed but everything after a mark, or everything at once. What is allocated after
// a savepoint was made after it, so rolling back returns exactly that memory.
//
// Thread safety: none. Limits: none of its own; bytes() is what a limit is held against.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sochdb {

class ScratchArena {
 public:
  struct Mark {
    size_t block = 0;
    size_t used = 0;
    uint64_t bytes = 0;
  };

  void* Allocate(size_t size, size_t alignment = alignof(std::max_align_t)) {
    size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (current_ == blocks_.size() || start + size > blocks_[current_].size) {
      AddBlock(size);
      start = 0;
    }
    used_ = start + size;
    bytes_ += size;
    return blocks_[current_].data.get() + start;
  }
  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* const out = static_cast<char*>(Allocate(bytes.size(), 1));
    std::memcpy(out, bytes.data(), bytes.size());
    return {out, bytes.size()};
  }

  [[nodiscard]] Mark mark() const { return {current_, used_, bytes_}; }
  // REQUIRES: the mark was taken of this arena, and no earlier mark has been released since.
  void Release(const Mark& mark) {
    SOCHDB_DCHECK(mark.block < current_ || (mark.block == current_ && mark.used <= used_));
    if (mark.block + 1 < blocks_.size()) blocks_.resize(mark.block + 1);
    current_ = mark.block;
    used_ = mark.used;
    bytes_ = mark.bytes;
  }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }  // handed out

 private:
  static constexpr size_t kFirstBlockBytes = 2048;
  static constexpr size_t kMaxBlockBytes = 256 * 1024;

  struct Block {
    std::unique_ptr<char[]> data;
    size_t size = 0;
  };

  void AddBlock(size_t size) {
    const size_t grown = blocks_.empty() ? kFirstBlockBytes : std::min(blocks_.back().size * 2, kMaxBlockBytes);
    const size_t block_size = std::max(grown, size);
    blocks_.push_back({std::unique_ptr<char[]>(new char[block_size]), block_size});
    current_ = blocks_.size() - 1;
  }

  std::vector<Block> blocks_;
  size_t current_ = 0;  // the block that is being filled: the last one, or 0 while there is none
  size_t used_ = 0;     // of the current block
  uint64_t bytes_ = 0;
};

// Hands a ScratchArena's memory to a standard container. Deallocation does nothing.
template <typename T>
class ScratchAllocator {
 public:
  using value_type = T;
  explicit ScratchAllocator(ScratchArena* arena) : arena_(arena) {}
  template <typename U>
  ScratchAllocator(const ScratchAllocator<U>& other) : arena_(other.arena()) {}  // NOLINT: as allocators are
  T* allocate(size_t n) { return static_cast<T*>(arena_->Allocate(n * sizeof(T), alignof(T))); }
  void deallocate(T*, size_t) {}
  [[nodiscard]] ScratchArena* arena() const { return arena_; }
  template <typename U>
  bool operator==(const ScratchAllocator<U>& other) const {
    return arena_ == other.arena();
  }

 private:
  ScratchArena* arena_;
};

}  // namespace sochdb
