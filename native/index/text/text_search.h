// TextSearch: the documents that a keyword query matches, counted, and the best of them.
//
// Each clause becomes a list for every field: of a word, of all words with a beginning, or of a phrase (made from the lists of
// its words and the positions of the documents that have all of them). A document's score is the sum over clauses and fields of
// weight * idf * impact (bm25.h). A beginning counts as one word, that stands where any of its words does; a phrase as one word
// whose idf is the sum of its words'.
//
// A document matches when it has every + clause, or without those any other, and no - clause; and the filter admits it.
//
// Thread safety: the view's thread.

#pragma once

#include <functional>
#include <vector>

#include "base/status.h"
#include "index/text/max_score.h"
#include "index/text/posting.h"
#include "index/text/text_query.h"
#include "index/text/text_reader.h"
#include "index/vector/document_set.h"

namespace sochdb {

struct TextSearchRequest {
  const TextQuery* query = nullptr;
  size_t k = 10;
  const DocumentSet* only = nullptr;  // what a filter admits of the documents that the index knows; null: everything
  // Whether a document passes what `only` does not say; null: it does. Of documents that the index does not know it says all.
  std::function<Status(uint32_t document, bool* passes)> passes;
  bool ask_about_all = false;  // false: `passes` is only asked about documents that the index does not know
};

struct TextMatches {
  std::vector<ScoredDocument> best;
  uint64_t total = 0;     // documents that match
  uint64_t postings = 0;  // in the lists that were read
  uint64_t scored = 0;    // documents whose score was worked out
};

class TextSearch {
 public:
  TextSearch(const TextConfig& config, TextReader* reader) : config_(config), reader_(*reader) {}
  Status Run(const TextSearchRequest& request, TextMatches* matches);

 private:
  // A clause's list in a field.
  struct Leaf {
    ListView view;
    double weight = 0;
    double average_length = 1;
    uint32_t slot = 0;
  };
  struct Clause {
    TextClause::Need need;
    size_t first_leaf;
    size_t leaves;
  };

  Status ReadClauses(const TextQuery& query);
  Status ReadLeaf(const TextField& field, const FieldStats& stats, const TextClause& clause, Leaf* leaf);
  Status ReadPhrase(const TextField& field, const FieldStats& stats, const TextClause& clause, Leaf* leaf);
  void AddToBits(const Clause& clause, DocumentBits* bits) const;
  // The documents that clauses admit. Exact.
  [[nodiscard]] DocumentBits MatchBits() const;
  // How many documents match when any word will do; false: lists have changes.
  [[nodiscard]] bool CountPlain(uint64_t* total) const;
  Status Filter(const TextSearchRequest& request, DocumentBits* bits) const;

  const TextConfig& config_;
  TextReader& reader_;
  std::vector<Clause> clauses_;
  std::vector<Leaf> leaves_;
};

}  // namespace sochdb
