// BloomFilter: which keys are certainly not in a table. Blocked: all bits of a key lie in one line of 64 bytes, so that asking
// costs one cache miss.
//
//   +0  1  hash version: kFilterHashVersion. A filter of another version is not used: every key may be there
//   +1  1  probes, 1 to 7
//   +2  2  zero
//   +4  4  lines
//   +8     lines of 64 bytes
//
// A key's hash is Table::FilterHash. Its upper half picks the line; probe i is the bit that bits 9i to 9i+8 of the mixed hash
// name, counted from bit 0 of byte 0 of the line.
//
// At 10 bits a key about 1 % of absent keys pass.
//
// Thread safety: immutable once made.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace sochdb {

inline constexpr uint8_t kFilterHashVersion = 1;
inline constexpr size_t kFilterHeaderBytes = 8;
inline constexpr size_t kFilterLineBytes = 64;

// Appends a filter for these hashes, or nothing when it would be too large to keep.
void BuildBloomFilter(const std::vector<uint64_t>& hashes, uint32_t bits_per_key, std::string* out);

class BloomFilter {
 public:
  // Passes every key.
  BloomFilter() = default;
  // False when the bytes are no filter.
  static bool Parse(std::string_view bytes, BloomFilter* out);

  [[nodiscard]] bool MayContain(uint64_t hash) const {
    if (line_count_ == 0) return true;
    const char* line = lines_ + LineOf(hash, line_count_) * kFilterLineBytes;
    uint64_t bits = Mix(hash);
    for (unsigned i = 0; i < probes_; ++i, bits >>= 9) {
      if ((static_cast<uint8_t>(line[(bits >> 3) & 63]) & (1u << (bits & 7))) == 0) return false;
    }
    return true;
  }
  // Asks for the memory that MayContain will look at.
  void Prefetch(uint64_t hash) const {
    if (line_count_ != 0) __builtin_prefetch(lines_ + LineOf(hash, line_count_) * kFilterLineBytes);
  }
  [[nodiscard]] uint64_t memory_bytes() const { return storage_ == nullptr ? 0 : (line_count_ + 1) * kFilterLineBytes; }

  static uint64_t LineOf(uint64_t hash, uint64_t lines) { return ((hash >> 32) * lines) >> 32; }
  static uint64_t Mix(uint64_t hash) { return internal::Fold(hash, 0x9e3779b97f4a7c15ull); }

 private:
  std::unique_ptr<char[]> storage_;
  const char* lines_ = nullptr;  // in storage_, at a multiple of 64
  uint64_t line_count_ = 0;
  unsigned probes_ = 0;
};

}  // namespace sochdb
