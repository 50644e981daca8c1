// Steps through UTF-8 that the functions of text share.
//
// Thread safety: functions of their arguments. REQUIRES: valid UTF-8; on other bytes they read nothing beyond the end.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/utf8.h"

namespace sochdb {

// The offset n code points further; the end when there are fewer.
inline size_t SkipCodePoints(std::string_view text, uint64_t n) {
  if (n >= text.size()) return text.size();
  size_t at = 0;
  for (; n > 0 && at < text.size(); --n) at += CodePointBytes(text[at]);
  return std::min(at, text.size());
}

// Where the last code point starts. REQUIRES: not empty.
inline size_t LastCodePoint(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

inline uint32_t CodePointAt(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t n = CodePointBytes(text[at]);
  if (n == 1 || at + n > text.size()) return lead;
  uint32_t code = lead & (0x7fu >> n);
  for (size_t i = 1; i < n; ++i) code = code << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3fu);
  return code;
}

inline void AppendCodePoint(uint32_t code, std::string* out) {
  const auto byte = [&](uint32_t b) { out->push_back(static_cast<char>(b)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

}  // namespace sochdb
