// Kernels over codes: rows of one byte a value and rows of one bit a value, written once per instruction set.
//
// They compute in whole numbers, so every set gives the same result; factors of each row turn it into a distance. CodeKernels()
// chooses the fastest set that processor and operating system support, once per process; the others stay reachable for tests.
//
// Thread safety: any thread; the tables are constant.
// Limits: up to kMaxDimension values (no sum leaves 32 bits); rows need no alignment.

#pragma once

#include <cstddef>
#include <cstdint>

namespace sochdb {

// A query against rows of bytes: the distance of a row is
//   constant + its bias + its scale * scale * (sum of its bytes times the values - offset).
// The factors of a row stand at factors_at from its beginning: scale f32 | bias f32.
struct ByteQuery {
  const int8_t* values = nullptr;
  size_t length = 0;
  size_t factors_at = 0;
  float scale = 0;
  float constant = 0;
  int32_t offset = 0;
};

// A query against rows of bits: four planes of the query's values (0 to 15), the lowest first, each of `words` words. The
// distance of a row is
//   constant + its bias + its scale * (step * (sum of the values where it has ones) + ones * (ones of the row) + zeros).
// The factors follow the row's words: scale f32 | bias f32 | ones i32.
struct BitQuery {
  const uint64_t* planes = nullptr;
  size_t words = 0;
  float step = 0;
  float ones = 0;
  float zeros = 0;
  float constant = 0;
};

struct CodeKernels {
  const char* name;
  // Sum of row[i] * values[i].
  int32_t (*dot)(const uint8_t* row, const int8_t* values, size_t length);
  // Sum of a[i] * (b[i] - 128).
  int32_t (*dot_rows)(const uint8_t* a, const uint8_t* b, size_t length);
  // out[i] = the distance of the query and rows[i]. Fetches rows ahead of their use.
  void (*bytes_many)(const ByteQuery& query, const uint8_t* const* rows, size_t count, float* out);
  void (*bits_many)(const BitQuery& query, const uint8_t* const* rows, size_t count, float* out);
  // sums[i] += factor * row[i], for length a multiple of 16: may differ in the last bit between sets.
  void (*add_scaled)(float factor, const float* row, size_t length, float* sums);
};

const CodeKernels& BestCodeKernels();

// One set each; null where this build or this processor lacks it. ScalarCodeKernels is never null.
const CodeKernels* ScalarCodeKernels();
const CodeKernels* Avx2CodeKernels();
const CodeKernels* Avx512VnniCodeKernels();
const CodeKernels* NeonCodeKernels();

}  // namespace sochdb
