// Memory of one execution: what it may use, and the arenas its bytes live in.
//
// Thread safety: one thread. Ownership: a BatchArena owns its blocks; a tracker outlives everything charged to it.

#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sochdb {

inline constexpr uint64_t kDefaultQueryMemoryBytes = 256ull * 1024 * 1024;

class MemoryTracker {
 public:
  explicit MemoryTracker(uint64_t limit) : limit_(limit) {}
  // False, charging nothing, when the limit would be passed.
  [[nodiscard]] bool Charge(uint64_t bytes) {
    if (bytes > limit_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void Release(uint64_t bytes) { used_ -= bytes; }
  [[nodiscard]] uint64_t used() const { return used_; }
  [[nodiscard]] uint64_t limit() const { return limit_; }
  [[nodiscard]] Status LimitError() const {
    return {Code::kLimit,
            "The statement needs more than the " + std::to_string(limit_) +
                " bytes of memory it may use. Narrow it, add a LIMIT or an index, or raise queryMemoryBytes.",
            {{"limit", "queryMemoryBytes"}}};
  }

 private:
  uint64_t limit_;
  uint64_t used_ = 0;
};

// Bytes that live until Reset: strings of a batch, rows of a sort. Keeps one block over resets.
class BatchArena {
 public:
  explicit BatchArena(MemoryTracker* memory) : memory_(memory) {}
  ~BatchArena() { memory_->Release(charged_); }
  BatchArena(const BatchArena&) = delete;
  BatchArena& operator=(const BatchArena&) = delete;

  // Null when the memory limit is reached. Not aligned.
  [[nodiscard]] char* Allocate(size_t n) {
    if (n > left_ && !NewBlock(n)) return nullptr;
    char* piece = at_;
    at_ += n;
    left_ -= n;
    return piece;
  }
  // Gives back the last n bytes of the newest piece.
  void ShrinkLast(size_t n) {
    at_ -= n;
    left_ += n;
  }
  [[nodiscard]] bool Copy(std::string_view bytes, std::string_view* out) {
    char* to = Allocate(bytes.size());
    if (to == nullptr) return false;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    *out = {to, bytes.size()};
    return true;
  }
  void Reset();
  [[nodiscard]] MemoryTracker* memory() const { return memory_; }

 private:
  bool NewBlock(size_t n);

  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  MemoryTracker* memory_;
  char* at_ = reinterpret_cast<char*>(this);  // never null, so that empty pieces are not
  size_t left_ = 0;
  uint64_t charged_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace sochdb
