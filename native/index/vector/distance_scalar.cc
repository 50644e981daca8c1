#include "index/vector/distance.h"
#include "index/vector/distance_loops.h"

namespace sochdb {
namespace {

// Four sums that do not wait for each other, so that a compiler without fast-math still pipelines them.
float Dot(const float* a, const float* b, size_t length) {
  float sums[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= length; i += 4) {
    for (size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < length; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

float SquaredL2(const float* a, const float* b, size_t length) {
  float sums[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= length; i += 4) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const float difference = a[i + lane] - b[i + lane];
      sums[lane] += difference * difference;
    }
  }
  for (; i < length; ++i) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

constexpr DistanceKernels kScalar = {"scalar", Dot, SquaredL2, ForEachRow<Dot, true>, ForEachRow<SquaredL2, false>};

}  // namespace

const DistanceKernels* ScalarKernels() { return &kScalar; }

}  // namespace sochdb
