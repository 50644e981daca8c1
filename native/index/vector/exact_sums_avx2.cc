#include "index/vector/exact_sums.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#include "index/vector/cpu_features.h"

namespace sochdb {
namespace {

// Keeps the compiler from joining the product to the sum that takes it, which would round once where others round twice.
__m256d Rounded(__m256d product) {
  __asm__("" : "+x"(product));
  return product;
}

__m256d LoadDoubles(const float* values) { return _mm256_cvtps_pd(_mm_loadu_ps(values)); }

double SumOfLanes(__m256d low, __m256d high, double rest) {
  double lanes[8];
  _mm256_storeu_pd(lanes, low);
  _mm256_storeu_pd(lanes + 4, high);
  return ((rest + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

double DotAvx2(const float* a, const float* b, size_t length) {
  __m256d low = _mm256_setzero_pd();
  __m256d high = _mm256_setzero_pd();
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    low = _mm256_add_pd(low, _mm256_mul_pd(LoadDoubles(a + i), LoadDoubles(b + i)));  // products of floats are exact
    high = _mm256_add_pd(high, _mm256_mul_pd(LoadDoubles(a + i + 4), LoadDoubles(b + i + 4)));
  }
  double rest = _mm256_cvtsd_f64(low);
  for (; i < length; ++i) rest += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return SumOfLanes(low, high, rest);
}

double DistanceAvx2(const float* a, const float* b, size_t length) {
  __m256d low = _mm256_setzero_pd();
  __m256d high = _mm256_setzero_pd();
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m256d first = _mm256_sub_pd(LoadDoubles(a + i), LoadDoubles(b + i));
    const __m256d second = _mm256_sub_pd(LoadDoubles(a + i + 4), LoadDoubles(b + i + 4));
    low = _mm256_add_pd(low, Rounded(_mm256_mul_pd(first, first)));
    high = _mm256_add_pd(high, Rounded(_mm256_mul_pd(second, second)));
  }
  double rest = _mm256_cvtsd_f64(low);
  for (; i < length; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    double square = difference * difference;
    __asm__("" : "+x"(square));
    rest += square;
  }
  return SumOfLanes(low, high, rest);
}

constexpr ExactSums kAvx2Sums = {"avx2", DotAvx2, DistanceAvx2};

}  // namespace

const ExactSums* Avx2Sums() { return CpuHasAvx2() ? &kAvx2Sums : nullptr; }

}  // namespace sochdb

#else

namespace sochdb {

const ExactSums* Avx2Sums() { return nullptr; }

}  // namespace sochdb

#endif
