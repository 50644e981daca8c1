// Keys that are hard on an index, for the tests of mem/: empty, long, with common prefixes, made of the least and greatest
// bytes, prefixes of each other; and a small generator, the same everywhere for a seed.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/hash.h"
#include "mem/key_record.h"

namespace sochdb::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(HashNumber(seed, 0x5eed)) {}
  uint64_t Next() { return HashNumber(++state_); }
  uint64_t Below(uint64_t n) { return Next() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

inline std::string HardKey(Random* random) {
  static constexpr std::string_view kBytes(
      "\x00\x01"
      "a\xfe\xff",
      5);
  const auto tail = [random](uint64_t n) {
    std::string bytes;
    for (uint64_t i = 0; i < n; ++i) bytes.push_back(kBytes[random->Below(kBytes.size())]);
    return bytes;
  };
  switch (random->Below(8)) {
    case 0:
      return tail(random->Below(4));
    case 1:
      return std::string(random->Below(20), '\0');
    case 2:
      return std::string(random->Below(20), '\xff');
    case 3:
      return std::string("namespace/table/") + tail(random->Below(12));
    case 4:
      return std::string("namespace/table/row/") + std::to_string(random->Below(100000));
    case 5:
      return std::to_string(random->Next());
    case 6:
      return random->OneIn(50) ? std::string(64 * 1024 - 4, 'k') + tail(random->Below(5)) : tail(9);
    default:
      return tail(random->Below(40));
  }
}

// A record as the memtable makes it, with one version at ts and an empty value.
inline const KeyRecord* MakeRecord(Arena* arena, std::string_view key, uint64_t hash = 0, Timestamp ts = 1) {
  const size_t version_at = sizeof(KeyRecord) + (key.size() + 7) / 8 * 8;
  char* bytes = arena->AllocateAligned(version_at + sizeof(Version));
  if (!key.empty()) std::memcpy(bytes + sizeof(KeyRecord), key.data(), key.size());
  const auto* version = new (bytes + version_at) Version{ts, 0, 0, 0};
  return new (bytes) KeyRecord{version, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(hash)};
}

}  // namespace sochdb::test
