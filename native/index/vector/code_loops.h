// The loops over many rows of codes that every instruction set shares, around a kernel for one.
//
// Included only by the code_kernels_*.cc files; everything has internal linkage, and no header with inline functions of ours
// or of the standard library is included, for the reason that distance_loops.h gives.

#pragma once

#include <cstddef>
#include <cstdint>

#include "index/vector/code_kernels.h"

namespace sochdb {
namespace {

constexpr size_t kCodeRowsAhead = 12;        // how many rows before its use a row is fetched
constexpr size_t kCodePrefetchBytes = 1024;  // of each: the processor's own prefetcher takes over beyond
constexpr size_t kCodeLineBytes = 64;

inline void PrefetchCodes(const uint8_t* row, size_t bytes) {
  const size_t end = bytes < kCodePrefetchBytes ? bytes : kCodePrefetchBytes;
  for (size_t i = 0; i < end; i += kCodeLineBytes) __builtin_prefetch(row + i);
  __builtin_prefetch(row + end - 1);
}

inline float FloatAt(const uint8_t* bytes) {
  float value;
  __builtin_memcpy(&value, bytes, sizeof(value));
  return value;
}

inline int32_t IntAt(const uint8_t* bytes) {
  int32_t value;
  __builtin_memcpy(&value, bytes, sizeof(value));
  return value;
}

template <int32_t (*dot)(const uint8_t*, const int8_t*, size_t)>
void BytesMany(const ByteQuery& query, const uint8_t* const* rows, size_t count, float* out) {
  const size_t bytes = query.factors_at + 2 * sizeof(float);
  for (size_t i = 0; i < count && i < kCodeRowsAhead; ++i) PrefetchCodes(rows[i], bytes);
  for (size_t i = 0; i < count; ++i) {
    if (i + kCodeRowsAhead < count) PrefetchCodes(rows[i + kCodeRowsAhead], bytes);
    const auto sum = static_cast<float>(dot(rows[i], query.values, query.length) - query.offset);
    const uint8_t* factors = rows[i] + query.factors_at;
    out[i] = query.constant + FloatAt(factors + sizeof(float)) + FloatAt(factors) * (query.scale * sum);
  }
}

template <int32_t (*sum_of)(const uint64_t*, const uint8_t*, size_t)>
void BitsMany(const BitQuery& query, const uint8_t* const* rows, size_t count, float* out) {
  const size_t factors_at = query.words * sizeof(uint64_t);
  const size_t bytes = factors_at + 3 * sizeof(float);
  for (size_t i = 0; i < count && i < kCodeRowsAhead; ++i) PrefetchCodes(rows[i], bytes);
  for (size_t i = 0; i < count; ++i) {
    if (i + kCodeRowsAhead < count) PrefetchCodes(rows[i + kCodeRowsAhead], bytes);
    const auto sum = static_cast<float>(sum_of(query.planes, rows[i], query.words));
    const uint8_t* factors = rows[i] + factors_at;
    const auto ones = static_cast<float>(IntAt(factors + 2 * sizeof(float)));
    out[i] = query.constant + FloatAt(factors + sizeof(float)) +
             FloatAt(factors) * (query.step * sum + query.ones * ones + query.zeros);
  }
}

inline uint64_t WordAt(const uint8_t* row, size_t word) {
  uint64_t value;
  __builtin_memcpy(&value, row + word * sizeof(value), sizeof(value));
  return value;
}

// Bits counted by the compiler's best means for the instruction set of the file that includes this.
inline int32_t SumOfBits(const uint64_t* planes, const uint8_t* row, size_t words) {
  int32_t sums[4] = {0, 0, 0, 0};
  for (size_t word = 0; word < words; ++word) {
    const uint64_t ones = WordAt(row, word);
    sums[0] += __builtin_popcountll(ones & planes[word]);
    sums[1] += __builtin_popcountll(ones & planes[words + word]);
    sums[2] += __builtin_popcountll(ones & planes[2 * words + word]);
    sums[3] += __builtin_popcountll(ones & planes[3 * words + word]);
  }
  return sums[0] + 2 * sums[1] + 4 * sums[2] + 8 * sums[3];
}

}  // namespace
}  // namespace sochdb
