#include "exec/uuid_text.h"

#include <cstdint>

namespace sochdb {
namespace {

constexpr bool IsDash(size_t position) { return position == 8 || position == 13 || position == 18 || position == 23; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void FormatUuid(std::string_view uuid, char* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  size_t position = 0;
  for (size_t i = 0; i < kUuidBytes; ++i) {
    const auto byte = static_cast<uint8_t>(i < uuid.size() ? uuid[i] : 0);
    if (IsDash(position)) out[position++] = '-';
    out[position++] = kHex[byte >> 4];
    out[position++] = kHex[byte & 15];
  }
}

bool ParseUuid(std::string_view text, char* out) {
  if (text.size() != kUuidTextBytes) return false;
  int high = -1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return false;
      continue;
    }
    const int v = HexValue(text[i]);
    if (v < 0) return false;
    if (high < 0) {
      high = v;
    } else {
      *out++ = static_cast<char>(high << 4 | v);
      high = -1;
    }
  }
  return true;
}

}  // namespace sochdb
