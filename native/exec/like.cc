#include "exec/like.h"

#include <bit>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "codec/utf8.h"

namespace sochdb {
namespace {

constexpr uint32_t kStepsBetweenTicks = 1 << 16;

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

// An escape is one character, and must have something to escape.
Status CheckEscape(std::string_view pattern, std::string_view escape) {
  if (escape.empty()) return {};
  if (CodePointCount(escape) != 1) return {Code::kInvalidArgument, "The escape of LIKE must be one character."};
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

// Whether the text has the piece, which is folded, at its beginning. REQUIRES: it is as long.
bool HasPiece(const char* text, std::string_view piece, bool fold) {
  if (!fold) return std::memcmp(text, piece.data(), piece.size()) == 0;
  for (size_t i = 0; i < piece.size(); ++i)
    if (Fold(text[i], true) != static_cast<uint8_t>(piece[i])) return false;
  return true;
}

// What must be set in a byte to compare it with a folded one: letters differ from their capitals in one bit.
uint8_t FoldBit(char c, bool fold) { return fold && c >= 'a' && c <= 'z' ? 0x20 : 0; }

// The first place of a piece, which is folded, in the text from `from` on; npos when it has none. Looks for its first and last
// byte, at many places at a time.
size_t FindPiece(std::string_view text, size_t from, std::string_view piece, bool fold) {
  const size_t m = piece.size();
  if (text.size() < m || from > text.size() - m) return std::string_view::npos;
  const char* at = text.data();
  const size_t last = text.size() - m;
  const uint8_t bit0 = FoldBit(piece[0], fold);
  const uint8_t bit1 = FoldBit(piece[m - 1], fold);
  const auto byte0 = static_cast<uint8_t>(piece[0]);
  const auto byte1 = static_cast<uint8_t>(piece[m - 1]);
  size_t i = from;
#if defined(__SSE2__)
  const auto all = [](uint8_t byte) { return _mm_set1_epi8(static_cast<char>(byte)); };
  const auto load = [](const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); };
  for (; i + m + 15 <= text.size(); i += 16) {
    const __m128i first = _mm_cmpeq_epi8(_mm_or_si128(load(at + i), all(bit0)), all(byte0));
    const __m128i end = _mm_cmpeq_epi8(_mm_or_si128(load(at + i + m - 1), all(bit1)), all(byte1));
    auto both = static_cast<uint32_t>(_mm_movemask_epi8(_mm_and_si128(first, end)));
    for (; both != 0; both &= both - 1) {
      const size_t place = i + static_cast<size_t>(std::countr_zero(both));
      if (HasPiece(at + place, piece, fold)) return place;
    }
  }
#endif
  for (; i <= last; ++i) {
    const bool candidate =
        (static_cast<uint8_t>(at[i]) | bit0) == byte0 && (static_cast<uint8_t>(at[i + m - 1]) | bit1) == byte1;
    if (candidate && HasPiece(at + i, piece, fold)) return i;
  }
  return std::string_view::npos;
}

}  // namespace

Status Like(std::string_view text, std::string_view pattern, std::string_view escape, bool case_insensitive,
            ExecContext* context, bool* matches) {
  SOCHDB_TRY(CheckEscape(pattern, escape));
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

void LikePattern::Split() {
  constexpr size_t kPieceBytesMax = 64;
  split_ = true;
  std::string piece;
  bool after_any = false;
  for (size_t p = 0; p < pattern_.size();) {
    const Element element = ElementAt(pattern_, p, escape_);
    if (element.kind == Element::kOne) return;
    if (element.kind == Element::kByte) {
      piece += static_cast<char>(Fold(element.byte, fold_));
      if (piece.size() > kPieceBytesMax) return;
    } else {
      if (p == 0) open_start_ = true;
      if (!piece.empty()) pieces_.push_back(std::move(piece));
      piece.clear();
    }
    after_any = element.kind == Element::kAny;
    p += element.bytes;
  }
  open_end_ = after_any;
  if (!piece.empty()) pieces_.push_back(std::move(piece));
  plain_ = true;
}

bool LikePattern::MatchesPieces(std::string_view text) const {
  const size_t n = pieces_.size();
  if (n == 0) return open_start_ || text.empty();
  size_t at = 0;
  size_t next = 0;
  if (!open_start_) {
    const std::string& piece = pieces_[0];
    if (text.size() < piece.size() || !HasPiece(text.data(), piece, fold_)) return false;
    at = piece.size();
    next = 1;
    if (n == 1 && !open_end_) return at == text.size();
  }
  // The first place of each is as good as any: '%' takes what is left over.
  const size_t searched = open_end_ ? n : n - 1;
  for (; next < searched; ++next) {
    at = FindPiece(text, at, pieces_[next], fold_);
    if (at == std::string_view::npos) return false;
    at += pieces_[next].size();
  }
  if (open_end_) return true;
  const std::string& piece = pieces_[n - 1];
  return text.size() - at >= piece.size() && HasPiece(text.data() + text.size() - piece.size(), piece, fold_);
}

Status LikePattern::Matches(std::string_view text, ExecContext* context, bool* matches) {
  constexpr size_t kTextBytesMax = 1 << 20;  // longer ones are gone through where it can be stopped
  if (!split_) {
    SOCHDB_TRY(CheckEscape(pattern_, escape_));
    Split();
  }
  if (!plain_ || text.size() > kTextBytesMax) return Like(text, pattern_, escape_, fold_, context, matches);
  *matches = MatchesPieces(text);
  return text.size() < kStepsBetweenTicks ? Status() : context->Tick(static_cast<uint32_t>(text.size()));
}

}  // namespace sochdb
