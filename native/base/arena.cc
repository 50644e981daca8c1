#include "base/arena.h"

#include <new>

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
  if (n + slack > block_bytes_ / 4) {
    char* start = NewBlock(n + slack);
    return start + ((alignment - (reinterpret_cast<uintptr_t>(start) & slack)) & slack);
  }
  at_ = NewBlock(block_bytes_);
  left_ = block_bytes_;
  return Take(n, alignment);
}

Status Arena::Reserve(size_t n) {
  if (n <= left_) return {};
  const size_t wanted = n > block_bytes_ ? n : block_bytes_;
  try {
    at_ = NewBlock(wanted);
    left_ = wanted;
  } catch (const std::bad_alloc&) {
    return {Code::kOutOfMemory, "There is not enough memory for " + std::to_string(wanted) + " bytes of new data."};
  }
  return {};
}

}  // namespace sochdb
