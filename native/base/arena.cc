#include "base/arena.h"

#include <new>
#include <utility>

namespace sochdb {

char* Arena::NewBlock(size_t n) {
  blocks_.reserve(blocks_.size() + 1);
  Block block(static_cast<char*>(::operator new[](n, std::align_val_t{kBlockAlignment})));
  char* start = block.get();
  blocks_.push_back(std::move(block));
  memory_bytes_.fetch_add(n + sizeof(blocks_[0]), std::memory_order_relaxed);
  return start;
}

char* Arena::TakeFromNewBlock(size_t n, size_t alignment) {
  SOCHDB_DCHECK(alignment != 0 && alignment <= 64 && (alignment & (alignment - 1)) == 0);
  const size_t slack = alignment - 1;
  if (n + slack <= spare_left_) {
    if (n + slack > block_bytes_ / 4) return TakeFromSpare(n, alignment);
    at_ = std::exchange(spare_, nullptr);
    left_ = std::exchange(spare_left_, 0);
    return Take(n, alignment);
  }
  if (n + slack > block_bytes_ / 4) {
    char* start = NewBlock(n + slack);
    return start + ((alignment - (reinterpret_cast<uintptr_t>(start) & slack)) & slack);
  }
  at_ = NewBlock(block_bytes_);
  left_ = block_bytes_;
  return Take(n, alignment);
}

// A large piece, without giving up the rest of the current block.
char* Arena::TakeFromSpare(size_t n, size_t alignment) {
  const size_t skip = (alignment - (reinterpret_cast<uintptr_t>(spare_) & (alignment - 1))) & (alignment - 1);
  char* const piece = spare_ + skip;
  spare_ = piece + n;
  spare_left_ -= n + skip;
  return piece;
}

Status Arena::Reserve(size_t n) {
  if (n <= left_ || n <= spare_left_) return {};
  const size_t wanted = n > block_bytes_ ? n : block_bytes_;
  try {
    char* const block = NewBlock(wanted);
    if (spare_left_ > left_) {  // the smaller of the rests is given up
      at_ = spare_;
      left_ = spare_left_;
    }
    spare_ = block;
    spare_left_ = wanted;
  } catch (const std::bad_alloc&) {
    return {Code::kOutOfMemory, "There is not enough memory for " + std::to_string(wanted) + " bytes of new data."};
  }
  return {};
}

}  // namespace sochdb
