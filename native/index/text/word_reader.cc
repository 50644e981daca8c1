#include "index/text/word_reader.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace sochdb {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

WordClass FindWordClass(uint32_t code_point) {
  const WordRange* const end = unicode::kWordRanges + unicode::kWordRangeCount;
  const WordRange* const range = std::upper_bound(unicode::kWordRanges, end, code_point,
                                                  [](uint32_t cp, const WordRange& each) { return cp < each.first; });
  if (range == unicode::kWordRanges || code_point > range[-1].last) return WordClass::kOther;
  return range[-1].kind;
}

// The first kilobyte of code points (Latin, Greek …) is looked up at once.
constexpr size_t kDirect = 0x400;
const std::array<WordClass, kDirect>& DirectClasses() {
  static const std::array<WordClass, kDirect> classes = [] {
    std::array<WordClass, kDirect> made{};
    for (uint32_t cp = 0; cp < kDirect; ++cp) made[cp] = FindWordClass(cp);
    return made;
  }();
  return classes;
}

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

bool IsLetterOrDigit(WordClass kind) { return kind == WordClass::kLetter || kind == WordClass::kDigit; }

}  // namespace

CodePoint DecodeCodePoint(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto lead = static_cast<uint8_t>(text[at]);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : 2);
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < bytes) return {kReplacement, 1};
  uint32_t value = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[at + i])) return {kReplacement, 1};
    value = (value << 6) | (static_cast<uint8_t>(text[at + i]) & 0x3fu);
  }
  return {value, bytes};
}

WordClass WordClassOf(uint32_t code_point) {
  return code_point < kDirect ? DirectClasses()[code_point] : FindWordClass(code_point);
}

uint32_t FoldLetter(uint32_t code_point) {
  if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  const FoldRange* const end = unicode::kFoldRanges + unicode::kFoldRangeCount;
  const FoldRange* const range = std::upper_bound(unicode::kFoldRanges, end, code_point,
                                                  [](uint32_t cp, const FoldRange& each) { return cp < each.first; });
  if (range == unicode::kFoldRanges) return code_point;
  const FoldRange& found = range[-1];
  if (code_point > found.last || (code_point - found.first) % found.step != 0) return code_point;
  return static_cast<uint32_t>(static_cast<int32_t>(code_point) + found.delta);
}

void AppendCodePoint(uint32_t cp, char* out, size_t* bytes) {
  const auto tail = [&](uint32_t shift) { return static_cast<char>(0x80u | ((cp >> shift) & 0x3fu)); };
  if (cp < 0x80) {
    out[(*bytes)++] = static_cast<char>(cp);
  } else if (cp < 0x800) {
    out[(*bytes)++] = static_cast<char>(0xc0u | (cp >> 6));
    out[(*bytes)++] = tail(0);
  } else if (cp < 0x10000) {
    out[(*bytes)++] = static_cast<char>(0xe0u | (cp >> 12));
    out[(*bytes)++] = tail(6);
    out[(*bytes)++] = tail(0);
  } else {
    out[(*bytes)++] = static_cast<char>(0xf0u | (cp >> 18));
    out[(*bytes)++] = tail(12);
    out[(*bytes)++] = tail(6);
    out[(*bytes)++] = tail(0);
  }
}

WordReader::Place WordReader::PlaceAt(size_t at) const {
  const CodePoint code_point = DecodeCodePoint(text_, at);
  return {at, at + code_point.bytes, code_point.bytes == 0 ? WordClass::kOther : WordClassOf(code_point.value)};
}

size_t WordReader::SkipExtends(size_t at) const {
  for (;;) {
    const Place place = PlaceAt(at);
    if (place.at == place.next || place.kind != WordClass::kExtend) return at;
    at = place.next;
  }
}

bool WordReader::Next(Word* word) {
  while (at_ < text_.size()) {
    const Place place = PlaceAt(at_);
    switch (place.kind) {
      case WordClass::kUnspaced:
        at_ = SkipExtends(place.next);
        *word = {place.at, at_, true};
        return true;
      case WordClass::kLetter:
      case WordClass::kDigit:
      case WordClass::kKatakana:
      case WordClass::kJoiner: {
        bool counts = false;
        at_ = EndOfWord(place, &counts);
        if (!counts) break;
        *word = {place.at, at_, false};
        return true;
      }
      default:
        at_ = place.next;
    }
  }
  return false;
}

size_t WordReader::EndOfWord(const Place& first, bool* counts) const {
  WordClass last = first.kind;
  *counts = last != WordClass::kJoiner;
  size_t end = SkipExtends(first.next);
  for (;;) {
    Place on;
    if (!Continues(last, PlaceAt(end), &on)) return end;
    last = on.kind;
    if (last != WordClass::kJoiner) *counts = true;
    end = SkipExtends(on.next);
  }
}

bool WordReader::Continues(WordClass last, const Place& place, Place* on) const {
  *on = place;
  switch (place.kind) {
    case WordClass::kLetter:
    case WordClass::kDigit:
      return IsLetterOrDigit(last) || last == WordClass::kJoiner;
    case WordClass::kKatakana:
      return last == WordClass::kKatakana || last == WordClass::kJoiner;
    case WordClass::kJoiner:
      return true;
    case WordClass::kMidLetter:
    case WordClass::kMidNumber:
    case WordClass::kMidNumberOrLetter: {
      const bool letters = last == WordClass::kLetter && place.kind != WordClass::kMidNumber;
      const bool digits = last == WordClass::kDigit && place.kind != WordClass::kMidLetter;
      if (!letters && !digits) return false;
      *on = PlaceAt(SkipExtends(place.next));
      return (letters && on->kind == WordClass::kLetter) || (digits && on->kind == WordClass::kDigit);
    }
    default:
      return false;
  }
}

}  // namespace sochdb
