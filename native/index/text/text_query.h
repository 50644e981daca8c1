// TextQuery: what a keyword search asks for.
//
//   words           any of them; a document with more of them, or rarer ones, is better
//   "two words"     a phrase: these words at these distances
//   begin*          any word that begins so
//   +word -word     must have it; must not. So with phrases and beginnings: +"two words" -begin*
//
// A sign stands before a clause without a space, and an asterisk after it. Clauses are parted by spaces. What gives several
// words without spaces (well-known) is these words; with a sign it is a phrase. A quotation mark that is not closed goes to
// the end. Anything else is words: there are no errors of syntax.
//
// Thread safety: immutable once parsed.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "index/text/analyzer.h"

namespace sochdb {

inline constexpr size_t kMaxQueryBytes = 64 * 1024;
inline constexpr size_t kMaxQueryClauses = 1024;

struct TextClause {
  enum class Kind : uint8_t { kWord, kPrefix, kPhrase };
  enum class Need : uint8_t { kShould, kMust, kMustNot };

  struct Word {
    std::string term;
    uint32_t position = 0;  // distances between them count
    bool operator==(const Word&) const = default;
  };

  Kind kind = Kind::kWord;
  Need need = Need::kShould;
  uint32_t times = 1;       // how often it was said
  std::vector<Word> words;  // one, or more of a phrase
};

struct TextQuery {
  std::vector<TextClause> clauses;  // each once, in the order of the query

  // kInvalidArgument when there is too much of it.
  static Result<TextQuery> Parse(std::string_view text, const Analyzer& analyzer);
};

}  // namespace sochdb
