// The loop over many rows that every instruction set shares, around a kernel for one.
//
// Included only by the distance_*.cc files, each of which is compiled for other instructions: everything here has internal
// linkage, or the linker could keep the AVX-512 copy for a processor without it. For the same reason those files
// include no header with inline functions of ours or of the standard library.

#pragma once

#include <cstddef>

namespace sochdb {
namespace {

constexpr size_t kRowsAhead = 8;         // how many rows before its use a row is fetched
constexpr size_t kPrefetchFloats = 256;  // of each: the processor's own prefetcher takes over beyond
constexpr size_t kFloatsPerLine = 16;

inline void PrefetchRow(const float* row, size_t length) {
  const size_t end = length < kPrefetchFloats ? length : kPrefetchFloats;
  for (size_t i = 0; i < end; i += kFloatsPerLine) __builtin_prefetch(row + i);
}

template <float (*kernel)(const float*, const float*, size_t), bool negate>
void ForEachRow(const float* query, const float* const* rows, size_t count, size_t length, float* out) {
  for (size_t i = 0; i < count && i < kRowsAhead; ++i) PrefetchRow(rows[i], length);
  for (size_t i = 0; i < count; ++i) {
    if (i + kRowsAhead < count) PrefetchRow(rows[i + kRowsAhead], length);
    const float value = kernel(query, rows[i], length);
    out[i] = negate ? -value : value;
  }
}

}  // namespace
}  // namespace sochdb
