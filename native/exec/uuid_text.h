// UUIDs as text: 32 hexadecimal digits in groups of 8-4-4-4-12, lower case when written, either case when read.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstddef>
#include <string_view>

#include "codec/value.h"

namespace sochdb {

inline constexpr size_t kUuidTextBytes = 36;

// Writes kUuidTextBytes characters. Bytes beyond the given ones count as 0.
void FormatUuid(std::string_view uuid, char* out);
// Writes kUuidBytes bytes; false when the text is no UUID.
bool ParseUuid(std::string_view text, char* out);

}  // namespace sochdb
