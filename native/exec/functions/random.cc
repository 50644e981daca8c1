#include "exec/functions/random.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

namespace sochdb {

uint64_t RandomNumber() {
  // The generator is for numbers that need not be secret; bytes and ids come from the device.
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

void RandomBytes(char* out, size_t n) {
  thread_local std::random_device device;
  while (n > 0) {
    const auto word = static_cast<uint32_t>(device());
    const size_t part = std::min(n, sizeof word);
    std::memcpy(out, &word, part);
    out += part;
    n -= part;
  }
}

}  // namespace sochdb
