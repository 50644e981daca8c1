// BlockCache: uncompressed blocks of tables in memory, by (table id, offset in the file), within a budget of bytes.
//
// Sharded; each shard keeps its blocks in SIEVE order (Zhang et al., NSDI 2024: one visited bit, a hand that moves from tail to
// head), so that a hit writes one flag and moves nothing, and a scan does not wash out what is read often.
//
// Thread safety: any thread.
// Ownership: blocks are reference counted. A BlockRef keeps its block alive after eviction, and after the cache.
// Limits: the budget covers the blocks that the cache holds, with their bookkeeping, and is never exceeded. It is split evenly
// among the shards (of 4 MiB or more, at most 64); a block larger than a shard's part is handed out without being kept.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "env/env.h"

namespace sochdb {

// The bytes of one block, immutable once made.
class Block {
 public:
  // Takes over `bytes`.
  static Block* New(std::unique_ptr<char[]> bytes, uint32_t size);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  [[nodiscard]] std::string_view data() const { return {bytes_.get(), size_}; }
  void Ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  Block(std::unique_ptr<char[]> bytes, uint32_t size) : bytes_(std::move(bytes)), size_(size) {}
  ~Block() = default;
  std::atomic<uint32_t> refs_{1};
  const std::unique_ptr<char[]> bytes_;
  const uint32_t size_;
};

// A share of a block: what keeps a value that was read from a table alive.
class BlockRef {
 public:
  BlockRef() = default;
  explicit BlockRef(Block* adopted) : block_(adopted) {}
  BlockRef(const BlockRef& other) : block_(other.block_) {
    if (block_ != nullptr) block_->Ref();
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() { Reset(); }
  void Reset() {
    if (block_ != nullptr) std::exchange(block_, nullptr)->Unref();
  }
  [[nodiscard]] const Block* get() const { return block_; }
  [[nodiscard]] std::string_view data() const { return block_->data(); }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  Block* block_ = nullptr;
};

class BlockCache {
 public:
  struct Stats {
    uint64_t capacity_bytes = 0;
    uint64_t used_bytes = 0;
    uint64_t blocks = 0;
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t evictions = 0;
  };

  virtual ~BlockCache() = default;
  // capacity_bytes 0: keeps nothing.
  static std::unique_ptr<BlockCache> Create(Env* env, uint64_t capacity_bytes);

  // A number for a table, never used again while the cache lives.
  virtual uint64_t NewTableId() = 0;
  // Empty when it is not there. Counts a hit, or a miss unless the caller will come again for it.
  virtual BlockRef Find(uint64_t table_id, uint64_t offset, bool count_miss = true) = 0;
  // Asks for the memory that finding these blocks will look at.
  virtual void Prefetch(uint64_t table_id, std::span<const uint64_t> offsets) const = 0;
  // Keeps a share of the block, and evicts others for it. When two threads insert one block, the first stays; both may use
  // theirs.
  virtual void Insert(uint64_t table_id, uint64_t offset, const BlockRef& block) = 0;
  // Forgets all blocks of a table that is gone.
  virtual void EraseTable(uint64_t table_id) = 0;
  [[nodiscard]] virtual Stats stats() const = 0;
};

}  // namespace sochdb
