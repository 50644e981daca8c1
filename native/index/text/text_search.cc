#include "index/text/text_search.h"

#include <algorithm>
#include <bit>

namespace sochdb {
namespace {

using Need = TextClause::Need;

void OrBits(const DocumentBits& from, DocumentBits* to) {
  if (to->size() < from.size()) to->resize(from.size());
  for (size_t word = 0; word < from.size(); ++word) (*to)[word] |= from[word];
}

void AndBits(const DocumentBits& with, DocumentBits* bits) {
  if (bits->size() > with.size()) bits->resize(with.size());
  for (size_t word = 0; word < bits->size(); ++word) (*bits)[word] &= with[word];
}

void ClearBits(const DocumentBits& from, DocumentBits* bits) {
  for (size_t word = 0; word < std::min(from.size(), bits->size()); ++word) (*bits)[word] &= ~from[word];
}

uint64_t CountWords(const uint64_t* words, size_t count) {
  uint64_t bits = 0;
  for (size_t word = 0; word < count; ++word) bits += static_cast<uint64_t>(std::popcount(words[word]));
  return bits;
}

#if defined(__x86_64__)
// The processor's own instruction, which not every one of this architecture has.
__attribute__((target("popcnt"))) uint64_t CountWordsByInstruction(const uint64_t* words, size_t count) {
  uint64_t bits = 0;
  for (size_t word = 0; word < count; ++word) bits += static_cast<uint64_t>(__builtin_popcountll(words[word]));
  return bits;
}
#endif

uint64_t CountBits(const DocumentBits& bits) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("popcnt") != 0;
  if (has_instruction) return CountWordsByInstruction(bits.data(), bits.size());
#endif
  return CountWords(bits.data(), bits.size());
}

template <typename Visit>
void ForEachBit(const DocumentBits& bits, Visit visit) {
  for (size_t word = 0; word < bits.size(); ++word) {
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
      visit(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
  }
}

void AddList(const PostingList& list, DocumentBits* bits) {
  if (!list.bitmap().empty()) {
    OrBits(list.bitmap(), bits);
    return;
  }
  for (size_t i = 0; i < list.size(); ++i) SetBit(bits, list.document(i));
}

void AddView(const ListView& view, DocumentBits* bits) {
  if (view.base != nullptr && view.hidden.empty()) {
    AddList(*view.base, bits);
  } else if (view.base != nullptr) {
    DocumentBits shown;
    AddList(*view.base, &shown);
    for (const uint32_t document : view.hidden) shown[document / 64] &= ~(uint64_t{1} << (document % 64));
    OrBits(shown, bits);
  }
  if (view.extra != nullptr) AddList(*view.extra, bits);
}

// Of lists without changes: how many documents are in any of them. Those that have bitmaps are counted by words.
uint64_t CountAny(const std::vector<const PostingList*>& lists, uint32_t documents) {
  if (lists.size() == 1) return lists.front()->size();
  DocumentBits bits(documents / 64 + 1);
  size_t bitmaps = 0;
  for (const PostingList* list : lists) {
    if (list->bitmap().empty()) continue;
    OrBits(list->bitmap(), &bits);
    ++bitmaps;
  }
  uint64_t count = bitmaps > 0 ? CountBits(bits) : 0;
  for (const PostingList* list : lists) {
    if (!list->bitmap().empty()) continue;
    const uint32_t* const in_list = list->documents();
    for (size_t i = 0; i < list->size(); ++i) {
      uint64_t& word = bits[in_list[i] / 64];
      const uint64_t before = word;
      word |= uint64_t{1} << (in_list[i] % 64);
      count += static_cast<uint64_t>(word != before);
    }
  }
  return count;
}

// The frequency and length of a document in a list; frequency 0: it is not there.
ListedPosting FindPosting(const ListView& view, uint32_t document) {
  const auto in = [document](const PostingList* list) -> ListedPosting {
    const size_t place = list == nullptr ? 0 : list->Find(document);
    if (list == nullptr || place == list->size()) return {};
    return {document, list->frequency(place), list->length(place)};
  };
  if (const ListedPosting extra = in(view.extra.get()); extra.frequency != 0) return extra;
  if (std::binary_search(view.hidden.begin(), view.hidden.end(), document)) return {};
  return in(view.base.get());
}

// How often the words stand at their distances.
uint32_t CountPhrases(const std::vector<TextClause::Word>& words, const std::vector<std::vector<uint32_t>>& positions) {
  uint32_t count = 0;
  for (const uint32_t begin : positions[0]) {
    bool all = true;
    for (size_t i = 1; i < words.size() && all; ++i) {
      all = std::binary_search(positions[i].begin(), positions[i].end(), begin + words[i].position);
    }
    if (all) ++count;
  }
  return count;
}

}  // namespace

Status TextSearch::ReadPhrase(const TextField& field, const FieldStats& stats, const TextClause& clause, Leaf* leaf) {
  std::vector<ListView> views(clause.words.size());
  DocumentBits all;
  for (size_t i = 0; i < views.size(); ++i) {
    SOCHDB_TRY(reader_.ReadList(field.number, clause.words[i].term, stats, &views[i]));
    leaf->weight += Bm25Idf(stats.documents, views[i].size());
    DocumentBits bits;
    AddView(views[i], &bits);
    if (i == 0) all = std::move(bits);
    else AndBits(bits, &all);
  }
  Status status;
  std::vector<ListedPosting> found;
  std::vector<std::vector<uint32_t>> positions(views.size());
  ForEachBit(all, [&](uint32_t document) {
    if (status.ok() && reader_.cancel() != nullptr) status = reader_.cancel()->Check();
    for (size_t i = 0; i < views.size() && status.ok(); ++i) {
      status = reader_.ReadPositions(field.number, clause.words[i].term, document, &positions[i]);
    }
    if (!status.ok()) return;
    const uint32_t frequency = CountPhrases(clause.words, positions);
    if (frequency > 0) found.push_back({document, frequency, FindPosting(views[0], document).length});
  });
  SOCHDB_TRY(status);
  leaf->view.base = std::make_shared<PostingList>(std::move(found), stats.average_length());
  return {};
}

Status TextSearch::ReadLeaf(const TextField& field, const FieldStats& stats, const TextClause& clause, Leaf* leaf) {
  if (clause.kind == TextClause::Kind::kPhrase) {
    SOCHDB_TRY(ReadPhrase(field, stats, clause, leaf));
  } else {
    const std::string& term = clause.words.front().term;
    const bool is_word = clause.kind == TextClause::Kind::kWord;
    SOCHDB_TRY(is_word ? reader_.ReadList(field.number, term, stats, &leaf->view)
                       : reader_.ReadPrefix(field.number, term, stats, &leaf->view));
    leaf->weight = Bm25Idf(stats.documents, leaf->view.size());
  }
  leaf->weight *= field.weight * clause.times;
  leaf->average_length = stats.average_length();
  return {};
}

Status TextSearch::ReadClauses(const TextQuery& query) {
  std::vector<FieldStats> stats(config_.fields.size());
  for (size_t i = 0; i < stats.size(); ++i) SOCHDB_TRY(reader_.ReadStats(config_.fields[i].number, &stats[i]));
  for (const TextClause& clause : query.clauses) {
    const size_t first = leaves_.size();
    for (size_t i = 0; i < stats.size(); ++i) {
      if (stats[i].documents == 0) continue;
      Leaf leaf;
      leaf.slot = static_cast<uint32_t>(leaves_.size());
      SOCHDB_TRY(ReadLeaf(config_.fields[i], stats[i], clause, &leaf));
      if (leaf.view.size() > 0) leaves_.push_back(std::move(leaf));
    }
    clauses_.push_back({clause.need, first, leaves_.size() - first});
  }
  return {};
}

void TextSearch::AddToBits(const Clause& clause, DocumentBits* bits) const {
  for (size_t i = 0; i < clause.leaves; ++i) AddView(leaves_[clause.first_leaf + i].view, bits);
}

DocumentBits TextSearch::MatchBits() const {
  DocumentBits bits(reader_.documents() / 64 + 1);
  bool any_must = false;
  for (const Clause& clause : clauses_) {
    if (clause.need != Need::kMust) continue;
    DocumentBits of_clause;
    AddToBits(clause, &of_clause);
    if (any_must) AndBits(of_clause, &bits);
    else bits = std::move(of_clause);
    any_must = true;
  }
  DocumentBits excluded;
  for (const Clause& clause : clauses_) {
    if (clause.need == Need::kShould && !any_must) AddToBits(clause, &bits);
    if (clause.need == Need::kMustNot) AddToBits(clause, &excluded);
  }
  ClearBits(excluded, &bits);
  return bits;
}

Status TextSearch::Filter(const TextSearchRequest& request, DocumentBits* bits) const {
  const uint32_t known = reader_.known();
  if (request.only != nullptr) {
    DocumentBits kept;
    ForEachBit(*bits, [&](uint32_t document) {
      if (document >= known || request.only->Contains(document)) SetBit(&kept, document);
    });
    *bits = std::move(kept);
  }
  if (request.passes == nullptr) return {};
  Status status;
  DocumentBits kept;
  ForEachBit(*bits, [&](uint32_t document) {
    if (!status.ok()) return;
    bool passes = true;
    if (request.ask_about_all || document >= known) status = request.passes(document, &passes);
    if (passes) SetBit(&kept, document);
  });
  *bits = std::move(kept);
  return status;
}

bool TextSearch::CountPlain(uint64_t* total) const {
  std::vector<const PostingList*> lists;
  for (const Leaf& leaf : leaves_) {
    if (leaf.view.base == nullptr || !leaf.view.hidden.empty() || leaf.view.extra != nullptr) return false;
    lists.push_back(leaf.view.base.get());
  }
  *total = CountAny(lists, reader_.documents());
  return true;
}

Status TextSearch::Run(const TextSearchRequest& request, TextMatches* matches) {
  *matches = {};
  SOCHDB_TRY(ReadClauses(*request.query));
  if (leaves_.empty()) return {};
  const auto is_plain = [](const Clause& clause) { return clause.need == Need::kShould; };
  const bool all_match = request.passes == nullptr && request.only == nullptr && std::ranges::all_of(clauses_, is_plain);
  DocumentBits bits;
  if (!all_match || !CountPlain(&matches->total)) {
    bits = MatchBits();
    SOCHDB_TRY(Filter(request, &bits));
    matches->total = CountBits(bits);
  }

  MaxScoreQuery query;
  query.slots = static_cast<uint32_t>(leaves_.size());
  query.k = request.k;
  query.admitted = all_match ? nullptr : &bits;
  query.admitted_count = matches->total;
  query.before = [this](uint32_t a, uint32_t b) { return reader_.IdOf(a) < reader_.IdOf(b); };
  query.cancel = reader_.cancel();
  query.scored = &matches->scored;
  for (const Clause& clause : clauses_) {
    if (clause.need == Need::kMustNot) continue;
    for (size_t i = clause.first_leaf; i < clause.first_leaf + clause.leaves; ++i) {
      const Leaf& leaf = leaves_[i];
      const ScoredList list{leaf.view.base.get(), &leaf.view.hidden, leaf.weight, leaf.average_length, leaf.slot};
      if (list.list != nullptr) query.lists.push_back(list);
      matches->postings += leaf.view.size();
      if (leaf.view.extra == nullptr) continue;
      query.lists.push_back({leaf.view.extra.get(), nullptr, leaf.weight, leaf.average_length, leaf.slot});
    }
  }
  return FindMaxScores(query, &matches->best);
}

}  // namespace sochdb
