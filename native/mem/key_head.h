// Key heads: eight bytes of a key as a number, so that most comparisons of a search touch no key.
//
// All keys between two bounds share the bounds' common prefix, so a node or a run that knows its bounds takes the head
// after that prefix. Heads order as keys do, except that equal heads say nothing (a short key is padded with zeros):
// then the keys themselves are compared, from the end of the prefix on.
//
// Thread safety: functions of their arguments.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace sochdb {

// The number of bytes that a and b begin with in common.
inline size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const uint64_t difference = DecodeFixed64(a.data() + i) ^ DecodeFixed64(b.data() + i);
    if (difference != 0) return i + static_cast<size_t>(std::countr_zero(difference)) / 8;
  }
  while (i < n && a[i] == b[i]) ++i;
  return i;
}

// Bytes [skip, skip + 8) of key, big-endian, zeros where it ends. REQUIRES: skip <= key.size().
inline uint64_t KeyHead(std::string_view key, size_t skip) {
  SOCHDB_DCHECK(skip <= key.size());
  const size_t rest = key.size() - skip;
  if (rest >= 8) [[likely]]
    return DecodeBigEndian64(key.data() + skip);
  char padded[8] = {};
  if (rest > 0) std::memcpy(padded, key.data() + skip, rest);
  return DecodeBigEndian64(padded);
}

// Whether a < b, given that their first `skip` bytes are the same.
inline bool KeyLess(std::string_view a, std::string_view b, size_t skip) {
  SOCHDB_DCHECK(skip <= a.size() && skip <= b.size());
  const size_t n = std::min(a.size(), b.size());
  const int order = n == skip ? 0 : std::memcmp(a.data() + skip, b.data() + skip, n - skip);
  return order != 0 ? order < 0 : a.size() < b.size();
}

}  // namespace sochdb
