#include "exec/like.h"

#include "codec/utf8.h"

namespace sochdb {
namespace {

uint8_t Fold(char c, bool fold) {
  const auto byte = static_cast<uint8_t>(c);
  return fold && byte >= 'A' && byte <= 'Z' ? static_cast<uint8_t>(byte + 32) : byte;
}

// One element of a pattern at `at`.
struct Element {
  enum Kind : uint8_t { kByte, kOne, kAny } kind = kByte;
  size_t bytes = 1;  // it takes in the pattern
  char byte = 0;     // kByte: what it matches
};

Element ElementAt(std::string_view pattern, size_t at, std::string_view escape) {
  if (!escape.empty() && pattern.substr(at, escape.size()) == escape)
    return {Element::kByte, escape.size() + 1, pattern[at + escape.size()]};
  if (pattern[at] == '%') return {Element::kAny, 1, 0};
  if (pattern[at] == '_') return {Element::kOne, 1, 0};
  return {Element::kByte, 1, pattern[at]};
}

// Every escape must have something to escape.
Status CheckPattern(std::string_view pattern, std::string_view escape) {
  if (escape.empty()) return {};
  for (size_t i = 0; i < pattern.size();) {
    if (pattern.substr(i, escape.size()) != escape) {
      ++i;
      continue;
    }
    if (i + escape.size() >= pattern.size()) return {Code::kInvalidArgument, "A LIKE pattern ends in its escape character."};
    i += escape.size() + 1;
  }
  return {};
}

}  // namespace

Status Like(std::string_view text, std::string_view pattern, std::string_view escape, bool case_insensitive,
            ExecContext* context, bool* matches) {
  constexpr uint32_t kStepsBetweenTicks = 1 << 16;
  if (!escape.empty() && CodePointCount(escape) != 1)
    return {Code::kInvalidArgument, "The escape of LIKE must be one character."};
  SOCHDB_TRY(CheckPattern(pattern, escape));
  // When a mismatch follows a '%', it takes one more character and what came after it is tried again.
  size_t t = 0;
  size_t p = 0;
  size_t retry_text = 0;
  size_t retry_pattern = std::string_view::npos;
  uint32_t steps = 0;
  while (t < text.size()) {
    if (++steps == kStepsBetweenTicks) {
      SOCHDB_TRY(context->Tick(steps));
      steps = 0;
    }
    if (p < pattern.size()) {
      const Element element = ElementAt(pattern, p, escape);
      if (element.kind == Element::kAny) {
        p += element.bytes;
        retry_text = t;
        retry_pattern = p;
        continue;
      }
      const bool one = element.kind == Element::kOne;
      if (one || Fold(text[t], case_insensitive) == Fold(element.byte, case_insensitive)) {
        t += one ? CodePointBytes(text[t]) : 1;
        p += element.bytes;
        continue;
      }
    }
    if (retry_pattern == std::string_view::npos) {
      *matches = false;
      return {};
    }
    retry_text += CodePointBytes(text[retry_text]);
    t = retry_text;
    p = retry_pattern;
  }
  while (p < pattern.size() && ElementAt(pattern, p, escape).kind == Element::kAny) ++p;
  *matches = t == text.size() && p == pattern.size();
  return {};
}

}  // namespace sochdb
