#include "base/hash.h"

namespace sochdb::internal {

uint64_t HashLong(std::string_view data, uint64_t seed) {
  const char* at = data.data();
  size_t left = data.size();
  uint64_t lane0 = seed ^ kHashSecret2;
  uint64_t lane1 = seed ^ kHashSecret3;
  for (; left > 32; at += 32, left -= 32) {
    lane0 = Fold(DecodeFixed64(at) ^ kHashSecret0 ^ lane0, DecodeFixed64(at + 8) ^ kHashSecret1 ^ (lane0 >> 32));
    lane1 = Fold(DecodeFixed64(at + 16) ^ kHashSecret2 ^ lane1, DecodeFixed64(at + 24) ^ kHashSecret3 ^ (lane1 >> 32));
  }
  if (left > 16) {
    lane0 = Fold(DecodeFixed64(at) ^ kHashSecret1 ^ lane0, DecodeFixed64(at + 8) ^ kHashSecret0 ^ (lane0 >> 32));
  }
  // The last 16 bytes, which may overlap what was read already: data is longer than 16 bytes here.
  const char* tail = at + left - 16;
  const uint64_t a = DecodeFixed64(tail) ^ lane0;
  const uint64_t b = DecodeFixed64(tail + 8) ^ lane1;
  return HashFinish(a, b, data.size(), seed);
}

}  // namespace sochdb::internal
