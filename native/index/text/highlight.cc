#include "index/text/highlight.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "codec/utf8.h"
#include "index/text/word_reader.h"

namespace sochdb {
namespace {

// What matches, and by which clause.
struct Mark {
  size_t begin = 0;
  size_t end = 0;
  size_t clause = 0;
};

using Kind = TextClause::Kind;

// The marks of a text, in order.
class Marker {
 public:
  explicit Marker(const TextQuery& query) : query_(query) {
    for (size_t i = 0; i < query.clauses.size(); ++i) {
      const TextClause& clause = query.clauses[i];
      if (clause.need == TextClause::Need::kMustNot) continue;
      for (size_t word = 0; clause.kind != Kind::kPrefix && word < clause.words.size(); ++word) {
        uses_[clause.words[word].term].push_back({i, word});
      }
    }
  }

  std::vector<Mark> Find(const Analyzer& analyzer, std::string_view text) {
    analyzer.Analyze(text, Analyzer::Mode::kDocument, 0, [this](const Term& term) { See(term); });
    for (const auto& [clause, words] : phrases_) FindPhrases(clause, words);
    std::sort(marks_.begin(), marks_.end(), [](const Mark& a, const Mark& b) { return a.begin < b.begin; });
    return std::move(marks_);
  }

 private:
  struct Use {
    size_t clause;
    size_t word;
  };
  struct Place {
    uint32_t position;
    size_t begin;
    size_t end;
  };
  using Places = std::vector<std::vector<Place>>;  // of each word of a phrase, by position

  void See(const Term& term) {
    const auto found = uses_.find(std::string(term.text));
    for (const Use& use : found == uses_.end() ? std::vector<Use>() : found->second) {
      const TextClause& clause = query_.clauses[use.clause];
      if (clause.kind == Kind::kWord) {
        marks_.push_back({term.begin, term.end, use.clause});
        continue;
      }
      Places& places = phrases_[use.clause];
      places.resize(clause.words.size());
      places[use.word].push_back({term.position, term.begin, term.end});
    }
    for (size_t i = 0; i < query_.clauses.size(); ++i) {
      const TextClause& clause = query_.clauses[i];
      if (clause.kind != Kind::kPrefix || clause.need == TextClause::Need::kMustNot) continue;
      if (term.text.starts_with(clause.words[0].term)) marks_.push_back({term.begin, term.end, i});
    }
  }

  void FindPhrases(size_t clause, const Places& places) {
    const std::vector<TextClause::Word>& words = query_.clauses[clause].words;
    for (const Place& first : places[0]) {
      std::vector<Mark> found;
      for (size_t i = 0; i < words.size(); ++i) {
        const uint32_t position = first.position + words[i].position;
        const auto place = std::lower_bound(places[i].begin(), places[i].end(), position,
                                            [](const Place& each, uint32_t wanted) { return each.position < wanted; });
        if (place == places[i].end() || place->position != position) break;
        found.push_back({place->begin, place->end, clause});
      }
      if (found.size() == words.size()) marks_.insert(marks_.end(), found.begin(), found.end());
    }
  }

  const TextQuery& query_;
  std::unordered_map<std::string, std::vector<Use>> uses_;  // by term
  std::unordered_map<size_t, Places> phrases_;              // by clause
  std::vector<Mark> marks_;
};

// The words of a text, so that it is cut between them.
struct Cut {
  size_t begin;
  size_t end;
};

// The code point that is `count` before or after a place.
size_t StepBack(std::string_view text, size_t at, size_t count) {
  for (; count > 0 && at > 0; --count) {
    do --at;
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80);
  }
  return at;
}
size_t StepOn(std::string_view text, size_t at, size_t count) {
  for (; count > 0 && at < text.size(); --count) at = std::min(text.size(), at + CodePointBytes(text[at]));
  return at;
}

// The part of at most so many code points that has most of different clauses, then of marks.
Cut ChoosePart(std::string_view text, const std::vector<Mark>& marks, size_t clauses, size_t characters) {
  size_t best = 0;
  size_t best_different = 0;
  size_t best_count = 0;
  std::vector<size_t> in_part(clauses);
  size_t different = 0;
  size_t last = 0;  // marks before it are in the part that begins with `first`
  for (size_t first = 0; first < marks.size(); ++first) {
    const size_t end = StepOn(text, marks[first].begin, characters);
    for (; last < marks.size() && (marks[last].end <= end || last == first); ++last) {
      if (in_part[marks[last].clause]++ == 0) ++different;
    }
    const size_t count = last - first;
    if (different > best_different || (different == best_different && count > best_count)) {
      best = first;
      best_different = different;
      best_count = count;
    }
    if (--in_part[marks[first].clause] == 0) --different;
  }
  const size_t marks_end = marks[best + best_count - 1].end;
  const size_t used = CodePointCount(text.substr(marks[best].begin, marks_end - marks[best].begin));
  const size_t spare = characters > used ? characters - used : 0;
  const size_t begin = StepBack(text, marks[best].begin, spare / 2);
  const size_t back = CodePointCount(text.substr(begin, marks[best].begin - begin));
  const size_t end = StepOn(text, marks_end, spare - back);
  // What is left over at the end is added in front.
  const size_t rest = spare - back - CodePointCount(text.substr(marks_end, end - marks_end));
  return {StepBack(text, begin, rest), end};
}

// Takes half words at the ends away, unless they are all there is.
Cut TrimToWords(std::string_view text, Cut cut, const Mark& first) {
  WordReader reader(text);
  for (Word word; reader.Next(&word);) {
    if (word.begin < cut.begin && cut.begin < word.end && word.end <= first.begin) cut.begin = word.end;
    if (word.begin < cut.end && cut.end < word.end && word.begin > first.begin) cut.end = word.begin;
  }
  while (cut.begin < first.begin && text[cut.begin] == ' ') ++cut.begin;
  while (cut.end > first.end && text[cut.end - 1] == ' ') --cut.end;
  return cut;
}

}  // namespace

bool HighlightText(const Analyzer& analyzer, const TextQuery& query, std::string_view text, const HighlightOptions& options,
                   std::string* out) {
  const std::vector<Mark> marks = Marker(query).Find(analyzer, text);
  out->clear();
  if (marks.empty()) return false;
  Cut cut{0, text.size()};
  if (CodePointCount(text) > options.max_characters) {
    cut = ChoosePart(text, marks, query.clauses.size(), options.max_characters);
    const auto first = std::find_if(marks.begin(), marks.end(), [&](const Mark& mark) { return mark.begin >= cut.begin; });
    cut = TrimToWords(text, cut, *first);
  }
  if (cut.begin > 0) out->append("\u2026");
  size_t at = cut.begin;
  for (size_t i = 0; i < marks.size();) {
    // What overlaps or touches is one mark.
    const size_t begin = marks[i].begin;
    size_t end = marks[i].end;
    for (++i; i < marks.size() && marks[i].begin <= end; ++i) end = std::max(end, marks[i].end);
    if (begin < cut.begin) continue;
    if (begin >= cut.end) break;
    end = std::min(end, cut.end);
    out->append(text.substr(at, begin - at))
        .append(options.before)
        .append(text.substr(begin, end - begin))
        .append(options.after);
    at = end;
  }
  out->append(text.substr(at, cut.end - at));
  if (cut.end < text.size()) out->append("\u2026");
  return true;
}

}  // namespace sochdb
