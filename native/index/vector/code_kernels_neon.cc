#include "index/vector/code_kernels.h"

#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>

#include "index/vector/code_loops.h"

namespace sochdb {
namespace {

// Rows are turned into signed bytes, whose products fit 16 bits; the 128 taken away from each is given back with the values.
int32_t NeonCodeDot(const uint8_t* row, const int8_t* values, size_t length) {
  const uint8x16_t middle = vdupq_n_u8(0x80);
  int32x4_t products = vdupq_n_s32(0);
  int32x4_t sums = vdupq_n_s32(0);
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const int8x16_t a = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(row + i), middle));
    const int8x16_t b = vld1q_s8(values + i);
    products = vpadalq_s16(products, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    products = vpadalq_s16(products, vmull_s8(vget_high_s8(a), vget_high_s8(b)));
    sums = vpadalq_s16(sums, vpaddlq_s8(b));
  }
  int32_t sum = vaddvq_s32(products) + 128 * vaddvq_s32(sums);
  for (; i < length; ++i) sum += static_cast<int32_t>(row[i]) * values[i];
  return sum;
}

int32_t NeonCodeDotRows(const uint8_t* a, const uint8_t* b, size_t length) {
  const uint8x16_t middle = vdupq_n_u8(0x80);
  int32x4_t products = vdupq_n_s32(0);
  int32x4_t sums = vdupq_n_s32(0);
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const int8x16_t x = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(a + i), middle));
    const int8x16_t y = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(b + i), middle));
    products = vpadalq_s16(products, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
    products = vpadalq_s16(products, vmull_s8(vget_high_s8(x), vget_high_s8(y)));
    sums = vpadalq_s16(sums, vpaddlq_s8(y));
  }
  int32_t sum = vaddvq_s32(products) + 128 * vaddvq_s32(sums);
  for (; i < length; ++i) sum += static_cast<int32_t>(a[i]) * (static_cast<int32_t>(b[i]) - 128);
  return sum;
}

void NeonAddScaled(float factor, const float* row, size_t length, float* sums) {
  for (size_t i = 0; i < length; i += 4) vst1q_f32(sums + i, vfmaq_n_f32(vld1q_f32(sums + i), vld1q_f32(row + i), factor));
}

constexpr CodeKernels kNeonCodes = {
    "neon", NeonCodeDot, NeonCodeDotRows, BytesMany<NeonCodeDot>, BitsMany<SumOfBits>, NeonAddScaled,
};

}  // namespace

// Part of every 64-bit Arm processor: nothing to ask.
const CodeKernels* NeonCodeKernels() { return &kNeonCodes; }

}  // namespace sochdb

#else

namespace sochdb {
const CodeKernels* NeonCodeKernels() { return nullptr; }
}  // namespace sochdb

#endif
