#include "index/text/analyzer.h"

#include <algorithm>

#include "index/text/porter2.h"

namespace sochdb {
namespace {

// ’ and ‘ and ＇ in a word are the apostrophe that keyboards have.
uint32_t FoldForTerm(uint32_t code_point) {
  if (code_point == 0x2019 || code_point == 0x2018 || code_point == 0xff07) return '\'';
  return FoldLetter(code_point);
}

}  // namespace

const std::vector<std::string>& EnglishStopWords() {
  static const std::vector<std::string> words = {"a",    "an",   "and",  "are",  "as",   "at",    "be",   "but",   "by",
                                                 "for",  "if",   "in",   "into", "is",   "it",    "no",   "not",   "of",
                                                 "on",   "or",   "such", "that", "the",  "their", "then", "there", "these",
                                                 "they", "this", "to",   "was",  "will", "with"};
  return words;
}

void Analyzer::Folded::Assign(std::string_view word) {
  size_ = 0;
  for (size_t at = 0; at < word.size() && size_ < kMaxTermBytes;) {
    const CodePoint code_point = DecodeCodePoint(word, at);
    const size_t before = size_;
    AppendCodePoint(FoldForTerm(code_point.value), bytes_, &size_);
    if (size_ > kMaxTermBytes) {
      size_ = before;
      return;
    }
    at += code_point.bytes;
  }
}

Analyzer::Analyzer(const AnalyzerOptions& options) : stem_english_(options.stem_english) {
  Folded folded;
  for (const std::string& word : options.stop_words) {
    folded.Assign(word);
    longest_stop_word_ = std::max(longest_stop_word_, folded.view().size());
    stop_words_.emplace(folded.view());
  }
}

bool Analyzer::Finish(std::string_view folded, std::string* stemmed, std::string_view* term) const {
  *term = folded;
  const bool may_be_stop_word = folded.size() <= longest_stop_word_;
  if (!may_be_stop_word && !stem_english_) return true;
  stemmed->assign(folded);
  if (may_be_stop_word && stop_words_.contains(*stemmed)) return false;
  if (!stem_english_) return true;
  StemEnglish(stemmed);
  // Of "'s" nothing is left.
  if (!stemmed->empty()) *term = *stemmed;
  return true;
}

std::string Analyzer::FoldPrefix(std::string_view text) {
  Folded folded;
  folded.Assign(text);
  return std::string(folded.view());
}

}  // namespace sochdb
