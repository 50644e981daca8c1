#include "index/vector/code_kernels.h"

#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)

#include <immintrin.h>

#include "index/vector/code_loops.h"
#include "index/vector/cpu_features.h"

namespace sochdb {
namespace {

// By halves: the compiler's own sum over a register takes undefined values inside (GCC 12 warns of them).
[[gnu::always_inline]] inline int32_t VnniSum(__m512i v) {
  constexpr __mmask8 kAll = 0xff;
  const __m256i eight =
      _mm256_add_epi32(_mm512_maskz_extracti32x8_epi32(kAll, v, 0), _mm512_maskz_extracti32x8_epi32(kAll, v, 1));
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

// The lowest `count` of 64, at least one.
__mmask64 LowestBytes(size_t count) { return ~uint64_t{0} >> (64 - count); }

[[gnu::always_inline]] inline int32_t VnniCodeDot(const uint8_t* row, const int8_t* values, size_t length) {
  __m512i sum0 = _mm512_setzero_si512();
  __m512i sum1 = _mm512_setzero_si512();
  size_t i = 0;
  for (; i + 128 <= length; i += 128) {
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_loadu_si512(row + i), _mm512_loadu_si512(values + i));
    sum1 = _mm512_dpbusd_epi32(sum1, _mm512_loadu_si512(row + i + 64), _mm512_loadu_si512(values + i + 64));
  }
  if (i + 64 <= length) {
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_loadu_si512(row + i), _mm512_loadu_si512(values + i));
    i += 64;
  }
  if (i < length) {
    const __mmask64 mask = LowestBytes(length - i);
    sum1 = _mm512_dpbusd_epi32(sum1, _mm512_maskz_loadu_epi8(mask, row + i), _mm512_maskz_loadu_epi8(mask, values + i));
  }
  return VnniSum(_mm512_add_epi32(sum0, sum1));
}

int32_t VnniCodeDotRows(const uint8_t* a, const uint8_t* b, size_t length) {
  const __m512i middle = _mm512_set1_epi8(static_cast<char>(0x80));  // flipping the top bit takes 128 away
  __m512i sum0 = _mm512_setzero_si512();
  __m512i sum1 = _mm512_setzero_si512();
  size_t i = 0;
  for (; i + 128 <= length; i += 128) {
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_loadu_si512(a + i), _mm512_xor_si512(middle, _mm512_loadu_si512(b + i)));
    sum1 = _mm512_dpbusd_epi32(sum1, _mm512_loadu_si512(a + i + 64), _mm512_xor_si512(middle, _mm512_loadu_si512(b + i + 64)));
  }
  for (; i < length; i += 64) {
    const __mmask64 mask = length - i >= 64 ? ~uint64_t{0} : LowestBytes(length - i);
    const __m512i values = _mm512_xor_si512(middle, _mm512_maskz_loadu_epi8(mask, b + i));
    sum0 = _mm512_dpbusd_epi32(sum0, _mm512_maskz_loadu_epi8(mask, a + i), values);
  }
  return VnniSum(_mm512_add_epi32(sum0, sum1));
}

void Avx512AddScaled(float factor, const float* row, size_t length, float* sums) {
  const __m512 factors = _mm512_set1_ps(factor);
  for (size_t i = 0; i < length; i += 16) {
    _mm512_storeu_ps(sums + i, _mm512_fmadd_ps(factors, _mm512_loadu_ps(row + i), _mm512_loadu_ps(sums + i)));
  }
}

constexpr CodeKernels kVnniCodes = {
    "avx512vnni", VnniCodeDot, VnniCodeDotRows, BytesMany<VnniCodeDot>, BitsMany<SumOfBits>, Avx512AddScaled,
};

}  // namespace

const CodeKernels* Avx512VnniCodeKernels() { return CpuHasAvx512Vnni() ? &kVnniCodes : nullptr; }

}  // namespace sochdb

#else

namespace sochdb {
const CodeKernels* Avx512VnniCodeKernels() { return nullptr; }
}  // namespace sochdb

#endif
