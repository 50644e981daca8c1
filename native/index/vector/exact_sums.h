// ExactSums: dot products and squared distances of f32 vectors in double precision, added in one order everywhere.
//
// Eight running sums, value i going to sum i % 8 as long as whole eights last and to the first sum after, put together in pairs
// at the end. Every instruction set adds in this order and rounds each product by itself, so that all give the same number.
//
// Thread safety: any thread; the tables are constant. Limits: any length, 0 included; values need no alignment.

#pragma once

#include <cstddef>

namespace sochdb {

struct ExactSums {
  const char* name;
  double (*dot)(const float* a, const float* b, size_t length);
  double (*squared_distance)(const float* a, const float* b, size_t length);
};

// The fastest that this processor has.
const ExactSums& FastestSums();

const ExactSums& PortableSums();
const ExactSums* Avx2Sums();  // null where this build or this processor lacks it

}  // namespace sochdb
