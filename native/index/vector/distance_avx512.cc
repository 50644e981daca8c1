#include "index/vector/distance.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>

#include "index/vector/cpu_features.h"
#include "index/vector/distance_loops.h"

namespace sochdb {
namespace {

float Sum(__m512 v) {
  // The maskz forms, since GCC 12 takes the undefined value inside the plain ones for one of ours.
  constexpr __mmask8 kAll = 0xff;
  const __m256 eight = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(kAll, v, 0), _mm512_maskz_extractf32x8_ps(kAll, v, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

__mmask16 TailMask(size_t count) { return static_cast<__mmask16>((1u << count) - 1u); }

float Dot(const float* a, const float* b, size_t length) {
  __m512 sum0 = _mm512_setzero_ps();
  __m512 sum1 = _mm512_setzero_ps();
  __m512 sum2 = _mm512_setzero_ps();
  __m512 sum3 = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + 64 <= length; i += 64) {
    sum0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum0);
    sum1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), sum1);
    sum2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), sum2);
    sum3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), sum3);
  }
  for (; i + 16 <= length; i += 16) sum0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum0);
  if (i < length) {
    const __mmask16 mask = TailMask(length - i);
    sum1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), sum1);
  }
  return Sum(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
}

float SquaredL2(const float* a, const float* b, size_t length) {
  __m512 sum0 = _mm512_setzero_ps();
  __m512 sum1 = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + 32 <= length; i += 32) {
    const __m512 low = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
    const __m512 high = _mm512_sub_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16));
    sum0 = _mm512_fmadd_ps(low, low, sum0);
    sum1 = _mm512_fmadd_ps(high, high, sum1);
  }
  for (; i < length; i += 16) {
    const __mmask16 mask = length - i >= 16 ? static_cast<__mmask16>(0xffff) : TailMask(length - i);
    const __m512 difference = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i));
    sum0 = _mm512_fmadd_ps(difference, difference, sum0);
  }
  return Sum(_mm512_add_ps(sum0, sum1));
}

constexpr DistanceKernels kAvx512 = {"avx512", Dot, SquaredL2, ForEachRow<Dot, true>, ForEachRow<SquaredL2, false>};

}  // namespace

const DistanceKernels* Avx512Kernels() { return CpuHasAvx512() ? &kAvx512 : nullptr; }

}  // namespace sochdb

#else

namespace sochdb {
const DistanceKernels* Avx512Kernels() { return nullptr; }
}  // namespace sochdb

#endif
