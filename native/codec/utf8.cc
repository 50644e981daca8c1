#include "codec/utf8.h"

#include <cstring>

namespace sochdb {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ull;

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// Length of the valid sequence at the start of text, 0 when there is none. REQUIRES: not empty, not ASCII.
size_t ValidSequence(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t n = CodePointBytes(text[0]);
  if (text.size() < n) return 0;
  for (size_t i = 1; i < n; ++i)
    if (!IsContinuation(text[i])) return 0;
  const auto second = static_cast<uint8_t>(text[1]);
  if (lead == 0xe0 && second < 0xa0) return 0;  // overlong
  if (lead == 0xed && second > 0x9f) return 0;  // surrogates
  if (lead == 0xf0 && second < 0x90) return 0;  // overlong
  if (lead == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  return n;
}

void AppendCodePoint(uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else {
    out->push_back(static_cast<char>(0xc0 | (c >> 6)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

// Letters from U+0100 to U+017F come in pairs; in these stretches the lower case is the odd one, elsewhere the even one.
bool PairsWithOddLower(uint32_t c) { return (c < 0x138 && (c & ~1u) != 0x130) || (c >= 0x14a && c < 0x178); }
bool PairsWithEvenLower(uint32_t c) { return (c >= 0x139 && c < 0x149) || (c >= 0x179 && c < 0x17f); }

uint32_t LowerOf(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c < 0x100) return c >= 0xc0 && c <= 0xde && c != 0xd7 ? c + 32 : c;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xff;
  if (PairsWithOddLower(c)) return c | 1;
  if (PairsWithEvenLower(c)) return c + (c & 1);
  return c;
}

uint32_t UpperOf(uint32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c == 0xff) return 0x178;
  if (c < 0x100) return c >= 0xe0 && c != 0xf7 ? c - 32 : c;
  if (c == 0x131) return 'I';
  if (c == 0x17f) return 'S';
  if (PairsWithOddLower(c)) return c & ~1u;
  if (PairsWithEvenLower(c)) return c - ((c & 1) ^ 1);
  return c;
}

template <uint32_t (*Map)(uint32_t)>
void AppendMapped(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      out->push_back(static_cast<char>(Map(lead)));
      ++i;
    } else if (lead >= 0xc2 && lead <= 0xc5 && i + 1 < text.size()) {  // U+0080 to U+017F
      AppendCodePoint(Map((lead & 0x1fu) << 6 | (static_cast<uint8_t>(text[i + 1]) & 0x3fu)), out);
      i += 2;
    } else {
      out->push_back(text[i]);
      ++i;
    }
  }
}

}  // namespace

bool IsAscii(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if ((word & kHighBits) != 0) return false;
  }
  for (; left > 0; ++at, --left)
    if (static_cast<uint8_t>(*at) >= 0x80) return false;
  return true;
}

bool IsValidUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  while (!text.empty()) {
    const size_t n = static_cast<uint8_t>(text[0]) < 0x80 ? 1 : ValidSequence(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

size_t CodePointCount(std::string_view text) {
  size_t n = 0;
  for (const char c : text) n += IsContinuation(c) ? 0u : 1u;
  return n;
}

size_t Utf16Length(std::string_view text) {
  size_t n = 0;
  for (const char c : text) n += (IsContinuation(c) ? 0u : 1u) + (static_cast<uint8_t>(c) >= 0xf0 ? 1u : 0u);
  return n;
}

void AppendLower(std::string_view text, std::string* out) { AppendMapped<LowerOf>(text, out); }
void AppendUpper(std::string_view text, std::string* out) { AppendMapped<UpperOf>(text, out); }

}  // namespace sochdb
