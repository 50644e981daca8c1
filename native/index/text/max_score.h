// MaxScore: the documents with the highest sums over several posting lists, without looking at every posting.
//
// Lists are ordered by the most that they can add. Once k documents are found, a document that is only in the lists that
// together add less than the k-th has, is not looked for: those lists are only asked about documents of the others. And of the
// others, blocks are left out whose largest impacts together are too small.
//
// A document's score is summed in the order of `slot`, whatever list led to it: all ways to it give the same number. Bounds
// are compared with kSlack to spare for sums in another order.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/text/posting_list.h"

namespace sochdb {

// One posting list of a search. Lists of one slot have no document in common, and one weight.
struct ScoredList {
  const PostingList* list = nullptr;
  const std::vector<uint32_t>* hidden = nullptr;  // documents to be left out, ascending; null: none
  double weight = 0;                              // what an impact counts
  double average_length = 1;                      // of the field, as the snapshot sees it
  uint32_t slot = 0;
};

struct ScoredDocument {
  uint32_t document = 0;
  double score = 0;
};

// A bitmap over document numbers.
using DocumentBits = std::vector<uint64_t>;
inline bool HasBit(const DocumentBits& bits, uint32_t document) {
  const size_t word = document / 64;
  return word < bits.size() && ((bits[word] >> (document % 64)) & 1) != 0;
}
inline void SetBit(DocumentBits* bits, uint32_t document) {
  const size_t word = document / 64;
  if (word >= bits->size()) bits->resize(word + 1);
  (*bits)[word] |= uint64_t{1} << (document % 64);
}

struct MaxScoreQuery {
  std::vector<ScoredList> lists;
  uint32_t slots = 0;
  size_t k = 10;
  const DocumentBits* admitted = nullptr;  // null: every document
  uint64_t admitted_count = 0;             // of these
  // Whether the first document stands before the second when they score the same.
  std::function<bool(uint32_t, uint32_t)> before;
  const CancelToken* cancel = nullptr;
  uint64_t* scored = nullptr;  // documents whose score was worked out are added to it; null: nobody asks
};

// The k best documents, best first.
Status FindMaxScores(const MaxScoreQuery& query, std::vector<ScoredDocument>* best);

}  // namespace sochdb
