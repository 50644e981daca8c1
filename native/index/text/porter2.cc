#include "index/text/porter2.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace sochdb {
namespace {

struct Rewrite {
  std::string_view from;
  std::string_view to;
};

constexpr std::array kSpecial = {
    Rewrite{"skis", "ski"},      Rewrite{"skies", "sky"},   Rewrite{"idly", "idl"},    Rewrite{"gently", "gentl"},
    Rewrite{"ugly", "ugli"},     Rewrite{"early", "earli"}, Rewrite{"only", "onli"},   Rewrite{"singly", "singl"},
    Rewrite{"sky", "sky"},       Rewrite{"news", "news"},   Rewrite{"howe", "howe"},   Rewrite{"atlas", "atlas"},
    Rewrite{"cosmos", "cosmos"}, Rewrite{"bias", "bias"},   Rewrite{"andes", "andes"},
};
// Stay as they are after step 1a.
constexpr std::array<std::string_view, 9> kInvariant = {"inning",  "outing",  "canning", "herring", "earring",
                                                        "evening", "proceed", "exceed",  "succeed"};
// Words that would share a stem with others without need: these letters stand before the first region.
constexpr std::array<std::string_view, 9> kLongPrefixes = {"gener", "commun", "arsen", "past", "univers",
                                                           "later", "emerg",  "organ", "inter"};

// Of several endings, the longest counts: it stands first.
constexpr std::array kStep2 = {
    Rewrite{"ization", "ize"}, Rewrite{"ational", "ate"}, Rewrite{"fulness", "ful"}, Rewrite{"ousness", "ous"},
    Rewrite{"iveness", "ive"}, Rewrite{"tional", "tion"}, Rewrite{"biliti", "ble"},  Rewrite{"lessli", "less"},
    Rewrite{"entli", "ent"},   Rewrite{"ation", "ate"},   Rewrite{"alism", "al"},    Rewrite{"aliti", "al"},
    Rewrite{"ousli", "ous"},   Rewrite{"iviti", "ive"},   Rewrite{"fulli", "ful"},   Rewrite{"ogist", "og"},
    Rewrite{"enci", "ence"},   Rewrite{"anci", "ance"},   Rewrite{"abli", "able"},   Rewrite{"izer", "ize"},
    Rewrite{"ator", "ate"},    Rewrite{"alli", "al"},     Rewrite{"bli", "ble"},     Rewrite{"ogi", "og"},
    Rewrite{"li", ""},
};
constexpr std::array kStep3 = {
    Rewrite{"ational", "ate"}, Rewrite{"tional", "tion"}, Rewrite{"alize", "al"},
    Rewrite{"icate", "ic"},    Rewrite{"iciti", "ic"},    Rewrite{"ative", ""},
    Rewrite{"ical", "ic"},     Rewrite{"ness", ""},       Rewrite{"ful", ""},
};
constexpr std::array<std::string_view, 18> kStep4 = {"ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism",
                                                     "ate",   "iti",  "ous",  "ive",  "ize",  "ion",  "al",  "er",  "ic"};

bool IsVowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'; }

class Stemmer {
 public:
  explicit Stemmer(std::string* word) : w_(*word) {}

  void Run() {
    if (w_.front() == '\'') w_.erase(0, 1);
    MarkConsonantY();
    FindRegions();
    Step1a();
    if (std::find(kInvariant.begin(), kInvariant.end(), w_) == kInvariant.end()) {
      Step1b();
      Step1c();
      Step2();
      Step3();
      Step4();
      Step5();
    }
    std::replace(w_.begin(), w_.end(), 'Y', 'y');
  }

 private:
  [[nodiscard]] bool EndsWith(std::string_view suffix) const {
    return !w_.empty() && w_.back() == suffix.back() && w_.ends_with(suffix);
  }
  [[nodiscard]] bool InR1(size_t suffix) const { return w_.size() - suffix >= r1_; }
  [[nodiscard]] bool InR2(size_t suffix) const { return w_.size() - suffix >= r2_; }
  void Replace(size_t suffix, std::string_view by) { w_.replace(w_.size() - suffix, suffix, by); }
  [[nodiscard]] bool HasVowelBefore(size_t end) const {
    return std::any_of(w_.begin(), w_.begin() + static_cast<ptrdiff_t>(end), IsVowel);
  }

  // A y at the beginning or after a vowel is a consonant: Y.
  void MarkConsonantY() {
    for (size_t i = 0; i < w_.size(); ++i) {
      if (w_[i] == 'y' && (i == 0 || IsVowel(w_[i - 1]))) w_[i] = 'Y';
    }
  }

  // What follows the first consonant after a vowel, from `from` on.
  [[nodiscard]] size_t RegionFrom(size_t from) const {
    size_t i = from;
    while (i < w_.size() && !IsVowel(w_[i])) ++i;
    while (i < w_.size() && IsVowel(w_[i])) ++i;
    return std::min(i + 1, w_.size());
  }
  void FindRegions() {
    r1_ = RegionFrom(0);
    for (const std::string_view prefix : kLongPrefixes) {
      if (w_.starts_with(prefix)) r1_ = prefix.size();
    }
    r2_ = RegionFrom(r1_);
  }

  // Whether the first `end` letters end in a short syllable.
  [[nodiscard]] bool EndsShort(size_t end) const {
    if (w_.compare(0, end, "past") == 0) return true;
    if (end == 2) return IsVowel(w_[0]) && !IsVowel(w_[1]);
    if (end < 3) return false;
    const char last = w_[end - 1];
    return !IsVowel(last) && last != 'w' && last != 'x' && last != 'Y' && IsVowel(w_[end - 2]) && !IsVowel(w_[end - 3]);
  }

  void Step1a() {
    for (const std::string_view suffix : {"'s'", "'s", "'"}) {
      if (!EndsWith(suffix)) continue;
      Replace(suffix.size(), "");
      break;
    }
    if (EndsWith("sses")) {
      Replace(4, "ss");
    } else if (EndsWith("ied") || EndsWith("ies")) {
      Replace(3, w_.size() > 4 ? "i" : "ie");
    } else if (EndsWith("s") && !EndsWith("us") && !EndsWith("ss")) {
      if (w_.size() > 2 && HasVowelBefore(w_.size() - 2)) Replace(1, "");
    }
  }

  void Step1b() {
    for (const std::string_view suffix : {"eedly", "eed"}) {
      if (!EndsWith(suffix)) continue;
      if (InR1(suffix.size())) Replace(suffix.size(), "ee");
      return;
    }
    if (w_.size() == 5 && EndsWith("ying") && !IsVowel(w_[0])) {
      Replace(4, "ie");
      return;
    }
    for (const std::string_view suffix : {"ingly", "edly", "ing", "ed"}) {
      if (!EndsWith(suffix)) continue;
      if (!HasVowelBefore(w_.size() - suffix.size())) return;
      Replace(suffix.size(), "");
      RepairEnd();
      return;
    }
  }
  void RepairEnd() {
    if (EndsWith("at") || EndsWith("bl") || EndsWith("iz")) {
      w_.push_back('e');
    } else if (EndsDouble()) {
      const char first = w_.front();
      if (w_.size() == 3 && (first == 'a' || first == 'e' || first == 'o')) return;
      w_.pop_back();
    } else if (w_.size() == r1_ && EndsShort(w_.size())) {
      w_.push_back('e');
    }
  }
  [[nodiscard]] bool EndsDouble() const {
    const size_t n = w_.size();
    return n >= 2 && w_[n - 1] == w_[n - 2] && std::string_view("bdfgmnprt").find(w_[n - 1]) != std::string_view::npos;
  }

  void Step1c() {
    const size_t n = w_.size();
    if (n > 2 && (w_[n - 1] == 'y' || w_[n - 1] == 'Y') && !IsVowel(w_[n - 2])) w_[n - 1] = 'i';
  }

  void Step2() {
    for (const Rewrite& rule : kStep2) {
      if (!EndsWith(rule.from)) continue;
      if (!InR1(rule.from.size())) return;
      const char before = w_.size() > rule.from.size() ? w_[w_.size() - rule.from.size() - 1] : '\0';
      if (rule.from == "ogi" && before != 'l') return;
      if (rule.from == "li" && std::string_view("cdeghkmnrt").find(before) == std::string_view::npos) return;
      Replace(rule.from.size(), rule.to);
      return;
    }
  }

  void Step3() {
    for (const Rewrite& rule : kStep3) {
      if (!EndsWith(rule.from)) continue;
      if (!InR1(rule.from.size()) || (rule.from == "ative" && !InR2(rule.from.size()))) return;
      Replace(rule.from.size(), rule.to);
      return;
    }
  }

  void Step4() {
    for (const std::string_view suffix : kStep4) {
      if (!EndsWith(suffix)) continue;
      if (!InR2(suffix.size())) return;
      const char before = w_.size() > suffix.size() ? w_[w_.size() - suffix.size() - 1] : '\0';
      if (suffix == "ion" && before != 's' && before != 't') return;
      Replace(suffix.size(), "");
      return;
    }
  }

  void Step5() {
    if (EndsWith("e")) {
      if (InR2(1) || (InR1(1) && !EndsShort(w_.size() - 1))) w_.pop_back();
    } else if (EndsWith("ll") && InR2(1)) {
      w_.pop_back();
    }
  }

  std::string& w_;
  size_t r1_ = 0;
  size_t r2_ = 0;
};

}  // namespace

void StemEnglish(std::string* word) {
  if (word->size() < 3) return;
  const auto known = [](char c) { return (c >= 'a' && c <= 'z') || c == '\''; };
  if (!std::all_of(word->begin(), word->end(), known)) return;
  for (const Rewrite& rule : kSpecial) {
    if (*word != rule.from) continue;
    *word = rule.to;
    return;
  }
  Stemmer(word).Run();
}

}  // namespace sochdb
