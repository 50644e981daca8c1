// SimRandom: a small seeded generator. The same seed gives the same numbers on every machine.
//
// Thread safety: none.

#pragma once

#include <cstdint>

#include "base/hash.h"

namespace sochdb {

class SimRandom {
 public:
  explicit SimRandom(uint64_t seed) : state_(HashNumber(seed, 0x51ed)) {}
  uint64_t Next() { return HashNumber(state_ += 0x9e3779b97f4a7c15ull); }
  // In [0, n). REQUIRES: n > 0.
  uint64_t Below(uint64_t n) { return Next() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace sochdb
