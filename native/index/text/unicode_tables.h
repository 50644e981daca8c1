// What Unicode says of characters, as far as words need it. The tables are generated (unicode_tables.mjs).
//
// Thread safety: constants.

#pragma once

#include <cstddef>
#include <cstdint>

namespace sochdb {

// The Word_Break property of UAX #29, with what behaves alike put together.
enum class WordClass : uint8_t {
  kOther,
  kLetter,
  kDigit,
  kExtend,             // belongs to what stands before it: accents, joiners, marks of format
  kJoiner,             // _ and its kind: holds words together, and is no word alone
  kMidLetter,          // between letters
  kMidNumber,          // between digits
  kMidNumberOrLetter,  // between letters, or between digits
  kKatakana,
  kUnspaced,  // of scripts that put no spaces between words: ideographs, hiragana, Thai, Lao, Khmer, Myanmar …
};

struct WordRange {
  uint32_t first;
  uint32_t last;
  WordClass kind;
};

// Letters first, first + step … last fold to themselves + delta.
struct FoldRange {
  uint32_t first;
  uint32_t last;
  int32_t delta;
  uint32_t step;
};

namespace unicode {
extern const WordRange kWordRanges[];
extern const size_t kWordRangeCount;
extern const FoldRange kFoldRanges[];
extern const size_t kFoldRangeCount;
}  // namespace unicode

}  // namespace sochdb
