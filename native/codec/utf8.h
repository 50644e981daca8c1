// UTF-8: validity, and lengths in code points and in UTF-16 units (which is how JavaScript counts).
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sochdb {

// No overlong spellings, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);
bool IsAscii(std::string_view text);

// REQUIRES for the rest: valid UTF-8. On other bytes they give some number, and read nothing beyond the end.
size_t CodePointCount(std::string_view text);
size_t Utf16Length(std::string_view text);

// Bytes of the code point that starts with `lead`; 1 for what cannot start one.
inline size_t CodePointBytes(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  if (byte < 0xc0) return 1;
  return byte < 0xe0 ? 2 : (byte < 0xf0 ? 3 : 4);
}

// Simple case mapping of ASCII, Latin-1 and Latin Extended-A; other letters stay as they are.
void AppendLower(std::string_view text, std::string* out);
void AppendUpper(std::string_view text, std::string* out);

}  // namespace sochdb
