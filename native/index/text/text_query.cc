#include "index/text/text_query.h"

#include <algorithm>
#include <utility>

#include "index/text/word_reader.h"

namespace sochdb {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Parser {
 public:
  Parser(std::string_view text, const Analyzer& analyzer, std::vector<TextClause>* clauses)
      : text_(text), analyzer_(analyzer), clauses_(*clauses) {}

  void Run() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_])) ++at_;
      else ReadClause();
    }
  }

 private:
  using Kind = TextClause::Kind;
  using Need = TextClause::Need;

  [[nodiscard]] bool HasAfter(size_t at) const { return at + 1 < text_.size() && !IsSpace(text_[at + 1]); }

  void ReadClause() {
    Need need = Need::kShould;
    if ((text_[at_] == '+' || text_[at_] == '-') && HasAfter(at_)) {
      need = text_[at_] == '+' ? Need::kMust : Need::kMustNot;
      ++at_;
    }
    if (text_[at_] == '"') {
      const size_t begin = ++at_;
      const size_t end = std::min(text_.find('"', begin), text_.size());
      at_ = std::min(end + 1, text_.size());
      AddPhrase(need, WordsOf(text_.substr(begin, end - begin)));
      return;
    }
    const size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != '"') ++at_;
    ReadWords(need, text_.substr(begin, at_ - begin));
  }

  void ReadWords(Need need, std::string_view chunk) {
    const bool is_prefix = chunk.size() > 1 && chunk.back() == '*' && chunk[chunk.size() - 2] != '*';
    if (is_prefix) {
      // The last word is a beginning: neither a stop word nor stemmed. What stands before it are words.
      chunk.remove_suffix(1);
      const std::string_view last = LastWordOf(chunk);
      if (!last.empty()) {
        Add({Kind::kPrefix, need, 1, {{Analyzer::FoldPrefix(last), 0}}});
        chunk = chunk.substr(0, static_cast<size_t>(last.data() - chunk.data()));
      }
    }
    std::vector<TextClause::Word> words = WordsOf(chunk);
    if (need != Need::kShould) {
      AddPhrase(need, std::move(words));
      return;
    }
    for (TextClause::Word& word : words) Add({Kind::kWord, need, 1, {{std::move(word.term), 0}}});
  }

  // Empty when the text does not end with a word. Characters of scripts without spaces are one word here.
  static std::string_view LastWordOf(std::string_view text) {
    WordReader reader(text);
    size_t begin = text.size();
    size_t end = 0;
    bool unspaced = false;
    for (Word word; reader.Next(&word); end = word.end, unspaced = word.unspaced) {
      if (!(unspaced && word.unspaced && word.begin == end)) begin = word.begin;
    }
    return end == text.size() && end > 0 ? text.substr(begin) : std::string_view();
  }

  [[nodiscard]] std::vector<TextClause::Word> WordsOf(std::string_view text) const {
    std::vector<TextClause::Word> words;
    analyzer_.Analyze(text, Analyzer::Mode::kQuery, 0, [&](const Term& term) {
      words.push_back({std::string(term.text), term.position});
    });
    if (!words.empty()) {
      const uint32_t first = words.front().position;
      for (TextClause::Word& word : words) word.position -= first;
    }
    return words;
  }

  void AddPhrase(Need need, std::vector<TextClause::Word> words) {
    if (words.empty()) return;
    const Kind kind = words.size() == 1 ? Kind::kWord : Kind::kPhrase;
    Add({kind, need, 1, std::move(words)});
  }

  void Add(TextClause clause) {
    for (TextClause& held : clauses_) {
      if (held.kind != clause.kind || held.need != clause.need || !(held.words == clause.words)) continue;
      ++held.times;
      return;
    }
    if (clauses_.size() <= kMaxQueryClauses) clauses_.push_back(std::move(clause));
  }

  const std::string_view text_;
  const Analyzer& analyzer_;
  std::vector<TextClause>& clauses_;
  size_t at_ = 0;
};

}  // namespace

Result<TextQuery> TextQuery::Parse(std::string_view text, const Analyzer& analyzer) {
  if (text.size() > kMaxQueryBytes) {
    return Status(Code::kInvalidArgument, "A keyword query has at most 64 KiB.")
        .With("expected", "at most " + std::to_string(kMaxQueryBytes) + " bytes")
        .With("actual", std::to_string(text.size()) + " bytes");
  }
  TextQuery query;
  Parser(text, analyzer, &query.clauses).Run();
  if (query.clauses.size() <= kMaxQueryClauses) return query;
  return Status(Code::kInvalidArgument, "A keyword query has at most 1024 different clauses.")
      .With("expected", "at most " + std::to_string(kMaxQueryClauses) + " clauses")
      .With("actual", std::to_string(query.clauses.size()) + " clauses");
}

}  // namespace sochdb
