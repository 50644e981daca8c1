#include "exec/functions/random.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "env/env.h"

namespace sochdb {

uint64_t RandomNumber() {
  // The generator is for numbers that need not be secret; bytes and ids come from the environment.
  thread_local std::mt19937_64 generator(Env::Posix()->Random64());
  return generator();
}

void RandomBytes(char* out, size_t n) {
  while (n > 0) {
    const uint64_t word = Env::Posix()->Random64();
    const size_t part = std::min(n, sizeof word);
    std::memcpy(out, &word, part);
    out += part;
    n -= part;
  }
}

}  // namespace sochdb
