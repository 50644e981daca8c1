// Highlights: the part of a text that best shows why a query matches it, with marks around what matches.
//
// Words, beginnings and, where they stand together, the words of phrases are marked; clauses with - are not. Of a text that is
// too long, the part with most different clauses is taken, then with most marks, then the first; it begins and ends between
// words, and an ellipsis stands where something was left out.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "index/text/analyzer.h"
#include "index/text/text_query.h"

namespace sochdb {

struct HighlightOptions {
  size_t max_characters = 160;  // code points of the text itself
  std::string before = "<em>";
  std::string after = "</em>";
};

// False: nothing in the text matches.
bool HighlightText(const Analyzer& analyzer, const TextQuery& query, std::string_view text, const HighlightOptions& options,
                   std::string* out);

}  // namespace sochdb
