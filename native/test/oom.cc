#include "test/oom.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

bool MustFail() {
  sochdb::test::OomState& oom = sochdb::test::g_oom;
  if (oom.paused != 0) return false;
  if (oom.failing) return true;
  if (oom.left == 0 || --oom.left != 0) return false;
  oom.fired = true;
  oom.failing = oom.and_later;
  return true;
}

void* Take(std::size_t bytes, std::size_t alignment) {
  if (MustFail()) throw std::bad_alloc();
  const std::size_t wanted = bytes == 0 ? 1 : bytes;
  void* const memory = alignment <= alignof(max_align_t)
                           ? std::malloc(wanted)
                           : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The array forms of the standard library end up in these.
void* operator new(std::size_t bytes) { return Take(bytes, 0); }
// AddressSanitizer's own would not.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return Take(bytes, 0);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new(std::size_t bytes, std::align_val_t alignment) { return Take(bytes, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
