// The loop of Analyzer::Analyze: a template, so that what is done with a term costs no call.

#pragma once

#include <string>

#include "index/text/analyzer.h"
#include "index/text/word_reader.h"

namespace sochdb {

template <typename Visit>
uint32_t Analyzer::Analyze(std::string_view text, Mode mode, uint32_t position, Visit visit) const {
  WordReader reader(text);
  Folded folded;
  std::string stemmed;
  Word word;
  Word before;          // an unspaced character that stands right before the word
  bool paired = false;  // and has been given in a pair
  const auto give = [&](size_t begin, size_t end, uint32_t at, bool counts) {
    folded.Assign(text.substr(begin, end - begin));
    visit(Term{folded.view(), at, begin, end, counts});
  };
  const auto give_last_single = [&] {
    if (before.unspaced && !paired && mode == Mode::kQuery) give(before.begin, before.end, position - 1, true);
  };
  while (reader.Next(&word)) {
    const bool adjacent = before.unspaced && word.unspaced && before.end == word.begin;
    if (adjacent) give(before.begin, word.end, position - 1, mode == Mode::kQuery);
    else give_last_single();
    paired = adjacent;
    before = word;
    if (word.unspaced) {
      if (mode == Mode::kDocument) give(word.begin, word.end, position, true);
    } else {
      std::string_view term;
      folded.Assign(text.substr(word.begin, word.end - word.begin));
      if (Finish(folded.view(), &stemmed, &term)) visit(Term{term, position, word.begin, word.end, true});
    }
    ++position;
  }
  give_last_single();
  return position;
}

}  // namespace sochdb
