// WordReader: the words of a text, by the word boundaries of UAX #29.
//
//   WordReader reader("The cat's 3.5 paws");
//   for (Word word; reader.Next(&word);) use(word.begin, word.end);      // The, cat's, 3.5, paws
//
// A word has at least one letter, digit or katakana. Where the standard needs a dictionary (Thai, Lao, Khmer, Myanmar …) or
// breaks after every character (ideographs, hiragana), each character with its marks is given by itself, as `unspaced`. As in
// CLDR, ':' joins no words. Bytes that are no UTF-8 separate words.
//
// Thread safety: a reader belongs to one thread. Ownership: it points into the text.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "index/text/unicode_tables.h"

namespace sochdb {

struct Word {
  size_t begin = 0;  // bytes
  size_t end = 0;
  bool unspaced = false;
};

// One code point of a text.
struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: the text is at its end
};

// The code point at `at`; U+FFFD, one byte long, for what is none.
CodePoint DecodeCodePoint(std::string_view text, size_t at);
WordClass WordClassOf(uint32_t code_point);
// Simple case folding.
uint32_t FoldLetter(uint32_t code_point);
void AppendCodePoint(uint32_t code_point, char* out, size_t* bytes);

class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}
  bool Next(Word* word);

 private:
  struct Place {
    size_t at = 0;
    size_t next = 0;  // at = next: the end of the text
    WordClass kind = WordClass::kOther;
  };
  [[nodiscard]] Place PlaceAt(size_t at) const;
  // Steps over what extends the character at `at`.
  [[nodiscard]] size_t SkipExtends(size_t at) const;
  // The end of the word that begins at `first`; *counts says whether it is one.
  size_t EndOfWord(const Place& first, bool* counts) const;
  // Whether a word may go on from a character of class `last` to the next, and over how much in between.
  [[nodiscard]] bool Continues(WordClass last, const Place& place, Place* on) const;

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace sochdb
