// Arena: memory that is handed out piece by piece and freed all at once, for structures that die together (a memtable).
//
// Pieces come from blocks; a piece too large for what is left of a block gets one of its own, so at most a quarter of a block
// is wasted. What was reserved and not used is there for the next. Addresses never move. Blocks begin at multiples of
// kBlockAlignment, so what the same pieces take is always the same and what depends on it (when a memtable is full) can be
// repeated.
//
// Thread safety: one thread allocates; memory_bytes may be read from any thread. Publishing a piece to other threads is the
// caller's business.
// Ownership: the arena owns every block; pieces are never freed singly and no destructors run.
// Limits: allocation throws std::bad_alloc as operator new does. Where that must not happen (past timestamp
// assignment), Reserve comes first.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sochdb {

class Arena {
 public:
  static constexpr size_t kDefaultBlockBytes = 256 * 1024;
  static constexpr size_t kAlignment = 8;
  static constexpr size_t kBlockAlignment = 64;

  explicit Arena(size_t block_bytes = kDefaultBlockBytes) : block_bytes_(block_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised bytes, at any address. REQUIRES: n > 0.
  char* Allocate(size_t n) { return Take(n, 1); }
  // Uninitialised bytes at a multiple of `alignment`, a power of two of at most 64.
  char* AllocateAligned(size_t n, size_t alignment = kAlignment) { return Take(n, alignment); }
  // A copy of bytes that lives as long as the arena.
  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* to = Allocate(bytes.size());
    std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }
  // After this, pieces of together at most n bytes (each counted with alignment - 1 more) cannot fail to be allocated.
  // kOutOfMemory when there is none; never throws.
  [[nodiscard]] Status Reserve(size_t n);

  // What the arena holds from the system, the unused ends of blocks included.
  [[nodiscard]] uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  char* Take(size_t n, size_t alignment) {
    SOCHDB_DCHECK(n > 0);
    const size_t skip = (alignment - (reinterpret_cast<uintptr_t>(at_) & (alignment - 1))) & (alignment - 1);
    if (n <= left_ && skip <= left_ - n) [[likely]] {
      char* piece = at_ + skip;
      at_ = piece + n;
      left_ -= n + skip;
      return piece;
    }
    return TakeFromNewBlock(n, alignment);
  }
  char* TakeFromNewBlock(size_t n, size_t alignment);
  char* TakeFromSpare(size_t n, size_t alignment);
  char* NewBlock(size_t n);

  struct FreeBlock {
    void operator()(char* block) const { ::operator delete[](block, std::align_val_t{kBlockAlignment}); }
  };
  using Block = std::unique_ptr<char[], FreeBlock>;

  const size_t block_bytes_;
  char* at_ = nullptr;
  size_t left_ = 0;
  // The block that the last reservation made: begun when the current one cannot hold a piece, so that the current one's rest,
  // which the reservation did not find large enough, is used up first.
  char* spare_ = nullptr;
  size_t spare_left_ = 0;
  std::vector<Block> blocks_;
  std::atomic<uint64_t> memory_bytes_{0};
};

}  // namespace sochdb
