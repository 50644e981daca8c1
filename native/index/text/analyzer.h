// Analyzer: the terms of a text: what postings are filed under and queries ask for.
//
// A text's words (word_reader.h) are folded to lower case, typographic apostrophes to '; then stop words are left out, and
// what remains is stemmed, where the collection asks for it. Every word has a position, stop words too: a phrase is terms at
// fitting distances. Terms end after kMaxTermBytes.
//
// Of characters in scripts without spaces a document gets one term each and, of two that stand side by side, another for both;
// a query only takes the pairs, or the single character where there is but one. Both terms have the first one's position, and
// count as one word in a document's length.
//
// Thread safety: Analyzer is immutable; any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/status.h"

namespace sochdb {

inline constexpr size_t kMaxTermBytes = 255;

struct AnalyzerOptions {
  bool stem_english = false;
  std::vector<std::string> stop_words;  // in any case; none: every word counts
};

// Lucene's stop words for English.
const std::vector<std::string>& EnglishStopWords();

struct Term {
  std::string_view text;  // valid during the call that it is given to
  uint32_t position = 0;
  size_t begin = 0;  // bytes of the original text
  size_t end = 0;
  bool counts = true;  // a word of its own, for the length of the document
};

class Analyzer {
 public:
  enum class Mode : uint8_t { kDocument, kQuery };

  explicit Analyzer(const AnalyzerOptions& options);

  // Calls visit(const Term&) for every term, in order. Returns the position after the last word, `position` being the first
  // one's.
  template <typename Visit>
  uint32_t Analyze(std::string_view text, Mode mode, uint32_t position, Visit visit) const;

  // The beginning of a word, for a search of all that begin so: folded, not stemmed. Longer ones end as terms do.
  [[nodiscard]] static std::string FoldPrefix(std::string_view text);

 private:
  // One word folded, in a buffer that is used again.
  class Folded {
   public:
    void Assign(std::string_view word);
    [[nodiscard]] std::string_view view() const { return {bytes_, size_}; }

   private:
    char bytes_[kMaxTermBytes + 4];
    size_t size_ = 0;
  };

  // False: it is a stop word.
  bool Finish(std::string_view folded, std::string* stemmed, std::string_view* term) const;

  bool stem_english_;
  std::unordered_set<std::string> stop_words_;
  size_t longest_stop_word_ = 0;
};

}  // namespace sochdb

#include "index/text/analyzer_inl.h"
