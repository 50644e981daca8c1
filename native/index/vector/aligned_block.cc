#include "index/vector/aligned_block.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
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

}  // namespace sochdb
