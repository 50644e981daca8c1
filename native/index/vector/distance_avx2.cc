#include "index/vector/distance.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#include "index/vector/cpu_features.h"
#include "index/vector/distance_loops.h"

namespace sochdb {
namespace {

float Sum(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// The last length % 8 values, zeros above them.
__m256 LoadTail(const float* values, size_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
  return _mm256_maskload_ps(values, mask);
}

float Dot(const float* a, const float* b, size_t length) {
  __m256 sum0 = _mm256_setzero_ps();
  __m256 sum1 = _mm256_setzero_ps();
  __m256 sum2 = _mm256_setzero_ps();
  __m256 sum3 = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 32 <= length; i += 32) {
    sum0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sum0);
    sum1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), sum1);
    sum2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 16), _mm256_loadu_ps(b + i + 16), sum2);
    sum3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 24), _mm256_loadu_ps(b + i + 24), sum3);
  }
  for (; i + 8 <= length; i += 8) sum0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sum0);
  if (i < length) sum1 = _mm256_fmadd_ps(LoadTail(a + i, length - i), LoadTail(b + i, length - i), sum1);
  return Sum(_mm256_add_ps(_mm256_add_ps(sum0, sum1), _mm256_add_ps(sum2, sum3)));
}

float SquaredL2(const float* a, const float* b, size_t length) {
  __m256 sum0 = _mm256_setzero_ps();
  __m256 sum1 = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const __m256 low = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    const __m256 high = _mm256_sub_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));
    sum0 = _mm256_fmadd_ps(low, low, sum0);
    sum1 = _mm256_fmadd_ps(high, high, sum1);
  }
  for (; i < length; i += 8) {
    const size_t left = length - i;
    const __m256 left_a = left >= 8 ? _mm256_loadu_ps(a + i) : LoadTail(a + i, left);
    const __m256 left_b = left >= 8 ? _mm256_loadu_ps(b + i) : LoadTail(b + i, left);
    const __m256 difference = _mm256_sub_ps(left_a, left_b);
    sum0 = _mm256_fmadd_ps(difference, difference, sum0);
  }
  return Sum(_mm256_add_ps(sum0, sum1));
}

constexpr DistanceKernels kAvx2 = {"avx2", Dot, SquaredL2, ForEachRow<Dot, true>, ForEachRow<SquaredL2, false>};

}  // namespace

const DistanceKernels* Avx2Kernels() { return CpuHasAvx2() ? &kAvx2 : nullptr; }

}  // namespace sochdb

#else

namespace sochdb {
const DistanceKernels* Avx2Kernels() { return nullptr; }
}  // namespace sochdb

#endif
