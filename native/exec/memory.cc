#include "exec/memory.h"

#include <algorithm>

namespace sochdb {
namespace {

constexpr size_t kFirstBlockBytes = 1024;
constexpr size_t kBlockBytesMax = 256 * 1024;

}  // namespace

bool BatchArena::NewBlock(size_t n) {
  const size_t grown = blocks_.empty() ? kFirstBlockBytes : std::min(blocks_.back().size * 4, kBlockBytesMax);
  const size_t size = std::max(n, grown);
  if (!memory_->Charge(size)) return false;
  charged_ += size;
  blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
  at_ = blocks_.back().bytes.get();
  left_ = size;
  return true;
}

void BatchArena::Reset() {
  if (blocks_.empty()) return;
  if (blocks_.size() > 1) {
    // Keep the newest of ordinary size: it is the largest of those.
    Block kept = std::move(blocks_.back());
    blocks_.clear();
    if (kept.size <= kBlockBytesMax) blocks_.push_back(std::move(kept));
    const uint64_t size = blocks_.empty() ? 0 : blocks_[0].size;
    memory_->Release(charged_ - size);
    charged_ = size;
  }
  if (blocks_.empty()) {
    at_ = reinterpret_cast<char*>(this);
    left_ = 0;
    return;
  }
  at_ = blocks_[0].bytes.get();
  left_ = blocks_[0].size;
}

}  // namespace sochdb
