// Hash64: a seedable 64-bit hash of short byte strings, for hash indexes, Bloom filters and caches.
//
// How it works. The step is a folded multiplication: Fold(a, b) is the high half of the 128-bit product a*b, xored with the low
// half, so every bit of the inputs reaches the whole result. A key of up to 16 bytes is two (possibly overlapping) words,
// each xored with a secret and folded once; a final fold mixes in length and seed. Longer keys are taken 32 bytes a round in
// two lanes that do not wait for each other. The 16 bytes the round left over are folded in last.
//
// Every bit of the result is usable on its own (hash_test.cc measures avalanche and bucket spread). It is not a
// cryptographic hash: who can choose keys and knows the seed can make collisions, so tables take a random seed.
// The numbers may change between versions and machines agree on them (little-endian reads), so Bloom filters on disk
// carry a hash version.
//
// Thread safety: any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sochdb {

namespace internal {
__extension__ using Uint128 = unsigned __int128;

// Odd, with balanced bits: taken from the fractional parts of square roots of primes.
inline constexpr uint64_t kHashSecret0 = 0x6a09e667f3bcc909ull;
inline constexpr uint64_t kHashSecret1 = 0xbb67ae8584caa73bull;
inline constexpr uint64_t kHashSecret2 = 0x3c6ef372fe94f82bull;
inline constexpr uint64_t kHashSecret3 = 0xa54ff53a5f1d36f1ull;

inline uint64_t Fold(uint64_t a, uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
inline uint64_t HashFinish(uint64_t a, uint64_t b, uint64_t length, uint64_t seed) {
  const uint64_t mixed = Fold(a ^ kHashSecret0, b ^ kHashSecret1 ^ seed);
  return Fold(mixed ^ kHashSecret2 ^ length, seed ^ kHashSecret3 ^ a);
}
uint64_t HashLong(std::string_view data, uint64_t seed);
}  // namespace internal

inline uint64_t Hash64(std::string_view data, uint64_t seed = 0) {
  const char* at = data.data();
  const size_t n = data.size();
  if (n > 16) [[unlikely]]
    return internal::HashLong(data, seed);
  if (n >= 8) return internal::HashFinish(DecodeFixed64(at), DecodeFixed64(at + n - 8), n, seed);
  if (n >= 4) return internal::HashFinish(DecodeFixed32(at), DecodeFixed32(at + n - 4), n, seed);
  if (n == 0) return internal::HashFinish(0, 0, 0, seed);
  // First, middle and last byte: all there are.
  const uint64_t a = static_cast<uint8_t>(at[0]);
  const uint64_t b = static_cast<uint8_t>(at[n / 2]);
  const uint64_t c = static_cast<uint8_t>(at[n - 1]);
  return internal::HashFinish(a | (b << 8), c, n, seed);
}

// A number hashed well: for keys that are numbers already, and to spread a weak hash.
inline uint64_t HashNumber(uint64_t v, uint64_t seed = 0) { return internal::HashFinish(v, v >> 32, 8, seed); }

}  // namespace sochdb
