#include "exec/functions/glob.h"

#include "exec/functions/text_parts.h"

namespace sochdb {
namespace glob_pattern {

// Whether one element of the pattern at *at takes the code point; moves *at behind the element. A set that does not end takes
// nothing.
bool Takes(std::string_view pattern, size_t* at, uint32_t code) {
  const auto next = [&] {
    const uint32_t c = CodePointAt(pattern, *at);
    *at = std::min(*at + CodePointBytes(pattern[*at]), pattern.size());
    return c;
  };
  const uint32_t first = next();
  if (first == '?') return true;
  if (first != '[') return first == code;
  const bool inverted = *at < pattern.size() && pattern[*at] == '^';
  if (inverted) ++*at;
  bool found = false;
  uint32_t low = 0;
  for (bool start = true; *at < pattern.size(); start = false) {
    const uint32_t c = next();
    if (c == ']' && !start) return found != inverted;
    const bool range = c == '-' && !start && *at < pattern.size() && pattern[*at] != ']' && low != 0;
    if (range) {
      const uint32_t high = next();
      found |= code >= low && code <= high;
      low = 0;
    } else {
      found |= c == code;
      low = c;
    }
  }
  return false;
}

}  // namespace glob_pattern

Status Glob(std::string_view text, std::string_view pattern, ExecContext* context, bool* matches) {
  size_t t = 0;
  size_t p = 0;
  size_t retry_text = 0;
  size_t retry_pattern = std::string_view::npos;
  *matches = false;
  while (t < text.size()) {
    SOCHDB_TRY(context->Tick());
    if (p < pattern.size() && pattern[p] == '*') {
      retry_text = t;
      retry_pattern = ++p;
      continue;
    }
    const size_t bytes = std::min(CodePointBytes(text[t]), text.size() - t);
    if (p < pattern.size() && glob_pattern::Takes(pattern, &p, CodePointAt(text, t))) {
      t += bytes;
      continue;
    }
    if (retry_pattern == std::string_view::npos) return {};
    retry_text = std::min(retry_text + CodePointBytes(text[retry_text]), text.size());
    t = retry_text;
    p = retry_pattern;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  *matches = p == pattern.size();
  return {};
}

}  // namespace sochdb
