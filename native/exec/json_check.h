// Whether text is JSON (RFC 8259), for CAST.
//
// Thread safety: a function of its argument. Limits: kJsonDepthMax levels of nesting.

#pragma once

#include <string_view>

namespace sochdb {

inline constexpr int kJsonDepthMax = 1000;

bool IsValidJson(std::string_view text);

}  // namespace sochdb
