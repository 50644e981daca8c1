#include "index/vector/distance.h"

#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>

#include "index/vector/distance_loops.h"

namespace sochdb {
namespace {

float Dot(const float* a, const float* b, size_t length) {
  float32x4_t sum0 = vdupq_n_f32(0);
  float32x4_t sum1 = vdupq_n_f32(0);
  float32x4_t sum2 = vdupq_n_f32(0);
  float32x4_t sum3 = vdupq_n_f32(0);
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    sum0 = vfmaq_f32(sum0, vld1q_f32(a + i), vld1q_f32(b + i));
    sum1 = vfmaq_f32(sum1, vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
    sum2 = vfmaq_f32(sum2, vld1q_f32(a + i + 8), vld1q_f32(b + i + 8));
    sum3 = vfmaq_f32(sum3, vld1q_f32(a + i + 12), vld1q_f32(b + i + 12));
  }
  for (; i + 4 <= length; i += 4) sum0 = vfmaq_f32(sum0, vld1q_f32(a + i), vld1q_f32(b + i));
  float sum = vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3)));
  for (; i < length; ++i) sum += a[i] * b[i];
  return sum;
}

float SquaredL2(const float* a, const float* b, size_t length) {
  float32x4_t sum0 = vdupq_n_f32(0);
  float32x4_t sum1 = vdupq_n_f32(0);
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const float32x4_t low = vsubq_f32(vld1q_f32(a + i), vld1q_f32(b + i));
    const float32x4_t high = vsubq_f32(vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
    sum0 = vfmaq_f32(sum0, low, low);
    sum1 = vfmaq_f32(sum1, high, high);
  }
  float sum = vaddvq_f32(vaddq_f32(sum0, sum1));
  for (; i < length; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

constexpr DistanceKernels kNeon = {"neon", Dot, SquaredL2, ForEachRow<Dot, true>, ForEachRow<SquaredL2, false>};

}  // namespace

// Part of every 64-bit Arm processor: nothing to ask.
const DistanceKernels* NeonKernels() { return &kNeon; }

}  // namespace sochdb

#else

namespace sochdb {
const DistanceKernels* NeonKernels() { return nullptr; }
}  // namespace sochdb

#endif
