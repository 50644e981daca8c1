#include "index/vector/code_kernels.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#include "index/vector/code_loops.h"
#include "index/vector/cpu_features.h"

namespace sochdb {
namespace {

[[gnu::always_inline]] inline int32_t Avx2Sum(__m256i v) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

__m128i Load16(const void* bytes) { return _mm_loadu_si128(static_cast<const __m128i*>(bytes)); }

// Widened to 16 bits first: the instruction that multiplies bytes saturates.
[[gnu::always_inline]] inline int32_t Avx2CodeDot(const uint8_t* row, const int8_t* values, size_t length) {
  __m256i sum0 = _mm256_setzero_si256();
  __m256i sum1 = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 32 <= length; i += 32) {
    const __m256i low = _mm256_madd_epi16(_mm256_cvtepu8_epi16(Load16(row + i)), _mm256_cvtepi8_epi16(Load16(values + i)));
    const __m256i high =
        _mm256_madd_epi16(_mm256_cvtepu8_epi16(Load16(row + i + 16)), _mm256_cvtepi8_epi16(Load16(values + i + 16)));
    sum0 = _mm256_add_epi32(sum0, low);
    sum1 = _mm256_add_epi32(sum1, high);
  }
  if (i + 16 <= length) {
    sum0 = _mm256_add_epi32(sum0,
                            _mm256_madd_epi16(_mm256_cvtepu8_epi16(Load16(row + i)), _mm256_cvtepi8_epi16(Load16(values + i))));
    i += 16;
  }
  int32_t sum = Avx2Sum(_mm256_add_epi32(sum0, sum1));
  for (; i < length; ++i) sum += static_cast<int32_t>(row[i]) * values[i];
  return sum;
}

int32_t Avx2CodeDotRows(const uint8_t* a, const uint8_t* b, size_t length) {
  const __m256i middle = _mm256_set1_epi16(128);
  __m256i sums = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 16 <= length; i += 16) {
    const __m256i values = _mm256_sub_epi16(_mm256_cvtepu8_epi16(Load16(b + i)), middle);
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_cvtepu8_epi16(Load16(a + i)), values));
  }
  int32_t sum = Avx2Sum(sums);
  for (; i < length; ++i) sum += static_cast<int32_t>(a[i]) * (static_cast<int32_t>(b[i]) - 128);
  return sum;
}

void Avx2AddScaled(float factor, const float* row, size_t length, float* sums) {
  const __m256 factors = _mm256_set1_ps(factor);
  for (size_t i = 0; i < length; i += 8) {
    _mm256_storeu_ps(sums + i, _mm256_fmadd_ps(factors, _mm256_loadu_ps(row + i), _mm256_loadu_ps(sums + i)));
  }
}

constexpr CodeKernels kAvx2Codes = {
    "avx2", Avx2CodeDot, Avx2CodeDotRows, BytesMany<Avx2CodeDot>, BitsMany<SumOfBits>, Avx2AddScaled,
};

}  // namespace

const CodeKernels* Avx2CodeKernels() { return CpuHasAvx2() ? &kAvx2Codes : nullptr; }

}  // namespace sochdb

#else

namespace sochdb {
const CodeKernels* Avx2CodeKernels() { return nullptr; }
}  // namespace sochdb

#endif
