// EqualBytes: equality of short strings of one length without a call.
//
// Thread safety: a function of its arguments.

#pragma once

#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace sochdb {

inline bool EqualBytes(std::string_view a, std::string_view b) {
  const size_t n = a.size();
  if (n != b.size()) return false;
  const char* x = a.data();
  const char* y = b.data();
  // Two words that may overlap cover everything up to sixteen bytes.
  if (n > 16) return std::memcmp(x, y, n) == 0;
  if (n >= 8) return DecodeFixed64(x) == DecodeFixed64(y) && DecodeFixed64(x + n - 8) == DecodeFixed64(y + n - 8);
  if (n >= 4) return DecodeFixed32(x) == DecodeFixed32(y) && DecodeFixed32(x + n - 4) == DecodeFixed32(y + n - 4);
  return n == 0 || (x[0] == y[0] && x[n / 2] == y[n / 2] && x[n - 1] == y[n - 1]);
}

}  // namespace sochdb
