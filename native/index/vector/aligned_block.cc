#include "index/vector/aligned_block.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace sochdb {
namespace {

constexpr size_t kHugePageBytes = 2u << 20;
constexpr size_t kHugeFromBytes = 2 * kHugePageBytes;

}  // namespace

AlignedBlock::AlignedBlock(size_t bytes) {
  if (bytes >= kHugeFromBytes) alignment_ = kHugePageBytes;
  data_ = static_cast<char*>(::operator new (bytes, std::align_val_t{alignment_}));
  size_ = bytes;
#if defined(__linux__)
  // Advice: where it is refused, pages stay small and everything works.
  if (alignment_ == kHugePageBytes) (void)madvise(data_, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
#endif
}

AlignedBlock::~AlignedBlock() {
  if (data_ != nullptr && !mapped()) ::operator delete (data_, std::align_val_t{alignment_});
}

bool ReturnedPages::Return(char* from, size_t bytes) {
#if defined(__linux__)
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<uintptr_t>(from);
  const uintptr_t first = (at + page - 1) / page * page;
  const uintptr_t end = (at + bytes) / page * page;
  if (first >= end) return true;
  size_t more = 0;
  for (uintptr_t each = first; each < end; each += page) more += static_cast<size_t>(pages_.insert(each).second);
  if (madvise(from + (first - at), end - first, MADV_DONTNEED) != 0) {
    for (uintptr_t each = first; each < end; each += page) pages_.erase(each);
    return false;
  }
  bytes_.fetch_add(more * page, std::memory_order_relaxed);
  return true;
#else
  (void)from;
  (void)bytes;
  return false;
#endif
}

void ReturnedPages::Take(const char* from, size_t bytes) {
  if (pages_.empty()) return;
#if defined(__linux__)
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<uintptr_t>(from);
  for (uintptr_t each = at / page * page; each < at + bytes; each += page) {
    if (pages_.erase(each) != 0) bytes_.fetch_sub(page, std::memory_order_relaxed);
  }
#else
  (void)from;
  (void)bytes;
#endif
}

}  // namespace sochdb
