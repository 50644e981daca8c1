// Distance kernels: dot product and squared Euclidean distance of f32 vectors, written once per instruction set.
//
// Kernels() chooses the fastest set that processor and operating system support, once per process. The other sets stay
// reachable by name for tests. Results of different sets differ in the last bits, since they add in different orders: they
// steer the search; what a caller sees as score and distance is computed by metric.h, in one order everywhere.
//
// Thread safety: any thread; the tables are constant.
// Limits: any length, 0 included; rows need no alignment (aligned and padded ones are faster).

#pragma once

#include <cstddef>

namespace sochdb {

struct DistanceKernels {
  const char* name;
  float (*dot)(const float* a, const float* b, size_t length);
  float (*squared_l2)(const float* a, const float* b, size_t length);
  // out[i] = the distance of query and rows[i], smaller is nearer. Fetches rows ahead of their use, so rows that lie anywhere
  // in memory cost little more than cached ones.
  void (*negated_dot_many)(const float* query, const float* const* rows, size_t count, size_t length, float* out);
  void (*squared_l2_many)(const float* query, const float* const* rows, size_t count, size_t length, float* out);
};

const DistanceKernels& Kernels();

// One set each; null where this build or this processor lacks it. ScalarKernels is never null.
const DistanceKernels* ScalarKernels();
const DistanceKernels* Avx2Kernels();
const DistanceKernels* Avx512Kernels();
const DistanceKernels* NeonKernels();

// Neither NaN nor infinite, all of them.
bool AllFinite(const float* values, size_t length);

}  // namespace sochdb
