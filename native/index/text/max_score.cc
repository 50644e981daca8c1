#include "index/text/max_score.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

namespace sochdb {
namespace {

constexpr double kSlack = 1 - 1e-9;
constexpr uint32_t kStepsBetweenChecks = 65'536;
// Documents that are admitted are looked up one by one when the lists are so many times as long.
constexpr uint64_t kListedFactor = 16;
// Windows begin small, so that there is something to compare with before much has been added up.
constexpr uint32_t kFirstWindow = 1024;
constexpr uint32_t kMostWindow = 8192;
static_assert(kMostWindow <= UINT16_MAX);
// What all lists together can add, in units. Every list's share is rounded up by less than kMaxSteps: sums fit.
constexpr double kUnits = 1u << 30;
constexpr uint32_t kMaxSteps = 255;
// Looking a document up in a list costs as much as adding so many of the list's postings to sums.
constexpr size_t kLookUpFactor = 16;
// And setting a sum to 0 by itself as much as setting so many that stand side by side.
constexpr size_t kClearFactor = 8;

// A list, and the part of it that lies in the window.
class Source {
 public:
  explicit Source(const ScoredList& of)
      : list_(of.list),
        hidden_(of.hidden),
        weight_(of.weight),
        average_(of.average_length),
        slot_(of.slot),
        growth_(of.weight * ImpactGrowth(of.list->average_length(), of.average_length)),
        bound_(growth_ * of.list->max_impact()) {}

  [[nodiscard]] const PostingList& list() const { return *list_; }
  [[nodiscard]] uint32_t slot() const { return slot_; }
  // The most that the list adds to a score.
  [[nodiscard]] double bound() const { return bound_; }
  // What the k-th best of its documents has at least from this list alone; 0: not known.
  [[nodiscard]] double KthScore(size_t k) const {
    if (hidden_ != nullptr && !hidden_->empty()) return 0;
    return weight_ * list_->ImpactOfRank(k) * ImpactDecline(list_->average_length(), average_);
  }
  void SetScale(double units) {
    scale_ = growth_ * units;
    step_units_ = static_cast<uint32_t>(scale_ * list_->impact_step()) + 1;
  }

  // Goes on to the postings of documents up to `end`, which is above all before.
  void MoveTo(uint32_t end) {
    begin_ = end_;
    end_ = begin_ < list_->size() ? list_->Seek(begin_, end) : begin_;
    window_units_ = 0;
    if (begin_ == end_) return;
    double most = 0;
    const size_t last = (end_ - 1) / PostingList::kBlockPostings;
    for (size_t block = begin_ / PostingList::kBlockPostings; block <= last; ++block) {
      most = std::max(most, list_->block_impact(block));
    }
    window_units_ = std::min(static_cast<uint32_t>(scale_ * most) + 1, step_units_ * kMaxSteps);
  }
  [[nodiscard]] size_t begin() const { return begin_; }
  [[nodiscard]] size_t end() const { return end_; }
  // The most that a posting of the window adds, and what each step of a posting's bound means.
  [[nodiscard]] uint32_t window_units() const { return window_units_; }
  [[nodiscard]] uint32_t step_units() const { return step_units_; }

  // The document's place among the window's; end() where it is not there.
  [[nodiscard]] size_t FindInWindow(uint32_t document) const {
    if (!list_->bitmap().empty() && !HasBit(list_->bitmap(), document)) return end_;
    const uint32_t* const documents = list_->documents();
    const uint32_t* const found = std::lower_bound(documents + begin_, documents + end_, document);
    const auto place = static_cast<size_t>(found - documents);
    return place < end_ && *found == document ? place : end_;
  }
  // The same among those from the last one on, for documents that ascend.
  [[nodiscard]] size_t FindNext(uint32_t document) {
    begin_ = begin_ < list_->size() ? list_->Seek(begin_, document) : begin_;
    return begin_ < list_->size() && list_->document(begin_) == document ? begin_ : list_->size();
  }
  [[nodiscard]] bool Hides(uint32_t document) const {
    return hidden_ != nullptr && !hidden_->empty() && std::binary_search(hidden_->begin(), hidden_->end(), document);
  }
  [[nodiscard]] double ScoreAt(size_t place) const {
    return weight_ * Bm25Impact(list_->frequency(place), Bm25Norm(list_->length(place), average_));
  }

 private:
  const PostingList* list_;
  const std::vector<uint32_t>* hidden_;
  double weight_;
  double average_;
  uint32_t slot_;
  double growth_;  // of impacts to bounds
  double bound_;
  double scale_ = 0;  // of impacts to units
  uint32_t step_units_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint32_t window_units_ = 0;
};

// The k best so far, the worst of them on top.
class Best {
 public:
  Best(size_t k, const std::function<bool(uint32_t, uint32_t)>& before) : k_(k), before_(before) {
    heap_.reserve(std::min<size_t>(k, 1024));
  }

  // Below it, a score cannot be among the best. Equal ones can: their ids decide.
  [[nodiscard]] double threshold() const { return threshold_; }
  // What the k-th best is known to reach.
  void Raise(double threshold) { threshold_ = std::max(threshold_, threshold); }
  void Offer(uint32_t document, double score) {
    const ScoredDocument offered{document, score};
    const auto better = [this](const ScoredDocument& a, const ScoredDocument& b) { return Better(a, b); };
    if (heap_.size() == k_) {
      if (!Better(offered, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(offered);
    std::push_heap(heap_.begin(), heap_.end(), better);
    if (heap_.size() == k_) Raise(heap_.front().score);
  }
  std::vector<ScoredDocument> Take() {
    std::sort_heap(heap_.begin(), heap_.end(),
                   [this](const ScoredDocument& a, const ScoredDocument& b) { return Better(a, b); });
    return std::move(heap_);
  }

 private:
  [[nodiscard]] bool Better(const ScoredDocument& a, const ScoredDocument& b) const {
    return a.score != b.score ? a.score > b.score : before_(a.document, b.document);
  }

  const size_t k_;
  const std::function<bool(uint32_t, uint32_t)>& before_;
  double threshold_ = 0;
  std::vector<ScoredDocument> heap_;
};

class Searcher {
 public:
  explicit Searcher(const MaxScoreQuery& query) : query_(query), best_(query.k, query.before), parts_(query.slots) {
    double sum = 0;
    for (const ScoredList& list : query.lists) {
      if (list.list->size() == 0) continue;
      sources_.emplace_back(list);
      sum += sources_.back().bound();
      documents_ = std::max(documents_, list.list->document(list.list->size() - 1) + 1);
    }
    std::sort(sources_.begin(), sources_.end(), [](const Source& a, const Source& b) { return a.bound() < b.bound(); });
    const double units = kUnits / sum;
    if (std::isfinite(units)) units_ = units;  // else weights are next to nothing, and every document is looked at
    for (Source& source : sources_) {
      source.SetScale(units_);
      if (query.admitted == nullptr) best_.Raise(source.KthScore(query.k));
    }
    below_.resize(sources_.size() + 1);
  }

  Status Run(std::vector<ScoredDocument>* best) {
    uint64_t postings = 0;
    for (const ScoredList& list : query_.lists) postings += list.list->size();
    const bool listed = query_.admitted != nullptr && query_.admitted_count * kListedFactor < postings;
    SOCHDB_TRY(listed ? ScoreAdmitted() : Search());
    *best = best_.Take();
    if (query_.scored != nullptr) *query_.scored += scored_;
    return {};
  }

 private:
  struct Candidate {
    uint32_t document;
    uint32_t units;  // what the lists that led to it add at most
  };

  [[nodiscard]] Status Check(uint64_t steps) {
    steps_ += steps;
    if (steps_ < kStepsBetweenChecks || query_.cancel == nullptr) return {};
    steps_ = 0;
    return query_.cancel->Check();
  }

  // A document whose bounds add up to less is not among the best.
  [[nodiscard]] uint32_t UnitsNeeded() const { return static_cast<uint32_t>(best_.threshold() * kSlack * units_); }

  Status Search() {
    uint32_t window = kFirstWindow;
    for (uint32_t begin = 0; begin < documents_; begin += window, window = std::min(2 * window, kMostWindow)) {
      window = std::min(window, documents_ - begin);
      uint64_t steps = sources_.size();
      for (size_t i = 0; i < sources_.size(); ++i) {
        sources_[i].MoveTo(begin + window);
        below_[i + 1] = below_[i] + sources_[i].window_units();
        steps += sources_[i].end() - sources_[i].begin();
      }
      SOCHDB_TRY(Check(steps));
      SearchWindow(begin);
    }
    return {};
  }

  void SearchWindow(uint32_t begin) {
    const uint32_t needed = UnitsNeeded();
    size_t first = 0;
    while (first < sources_.size() && below_[first + 1] < needed) ++first;
    // Lists before the first together bring no document among the best. Documents come from the others.
    if (first == sources_.size()) return;
    const auto wanted_with = [&](size_t list) { return std::max(needed - std::min(needed, below_[list]), 1u); };
    candidates_.clear();
    const bool alone = below_[first + 1] == below_.back();
    if (alone) Pick(sources_[first], wanted_with(first));
    else AddUp(begin, first, wanted_with(first));
    for (size_t list = first; list-- > 0 && !candidates_.empty();) Narrow(begin, list, wanted_with(list));
    Clear(begin);
    if (candidates_.size() > 2 * query_.k) {
      // What looks best is scored first: the rest is compared with it.
      std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(query_.k), candidates_.end(),
                       [](const Candidate& a, const Candidate& b) { return a.units > b.units; });
    }
    for (const Candidate& candidate : candidates_) {
      if (query_.admitted == nullptr || HasBit(*query_.admitted, candidate.document)) Score(candidate);
    }
  }

  // The window's documents of one list that reach `wanted` units.
  void Pick(const Source& source, uint32_t wanted) {
    constexpr size_t kAtOnce = 32;
    const uint32_t step = source.step_units();
    const uint32_t steps = (wanted + step - 1) / step;
    if (steps > kMaxSteps) return;
    const auto least = static_cast<uint8_t>(steps);
    const uint8_t* const bounds = source.list().impact_bounds();
    const uint32_t* const documents = source.list().documents();
    for (size_t at = source.begin(); at < source.end(); at += kAtOnce) {
      const size_t end = std::min(at + kAtOnce, source.end());
      uint8_t most = 0;
      for (size_t i = at; i < end; ++i) most = std::max(most, bounds[i]);
      if (most < least) continue;
      for (size_t i = at; i < end; ++i) {
        if (bounds[i] >= least) candidates_.push_back({documents[i], bounds[i] * step});
      }
    }
  }

  // The window's documents that reach `wanted` units in the lists from `first` on together.
  void AddUp(uint32_t begin, size_t first, uint32_t wanted) {
    MakeSums();
    size_t reached = 0;
    for (size_t list = first; list < sources_.size(); ++list) reached = Add(begin, list, wanted, reached);
    for (size_t i = 0; i < reached; ++i) candidates_.push_back({begin + reached_[i], sums_[reached_[i]]});
  }

  void MakeSums() {
    if (!sums_.empty()) return;
    sums_.resize(kMostWindow);
    reached_ = std::make_unique_for_overwrite<uint16_t[]>(kMostWindow + 1);
  }

  // Adds a list to the sums. Notes which of them reach `wanted` by it, behind the `reached` that did; returns how many do.
  size_t Add(uint32_t begin, size_t list, uint32_t wanted, size_t reached) {
    const Source& source = sources_[list];
    const uint8_t* const bounds = source.list().impact_bounds();
    const uint32_t* const documents = source.list().documents();
    const uint32_t step = source.step_units();
    for (size_t i = source.begin(); i < source.end(); ++i) {
      const uint32_t at = documents[i] - begin;
      const uint32_t before = sums_[at];
      const uint32_t sum = before + bounds[i] * step;
      sums_[at] = sum;
      // Written always, kept when it goes above just now: no branch that cannot be foretold.
      reached_[reached] = static_cast<uint16_t>(at);
      reached += static_cast<size_t>(sum >= wanted) & static_cast<size_t>(before < wanted);
    }
    added_.push_back(list);
    return reached;
  }

  // Adds what another list says of the candidates, and keeps those that reach `wanted` units.
  void Narrow(uint32_t begin, size_t list, uint32_t wanted) {
    const Source& source = sources_[list];
    if (source.begin() == source.end()) return;
    if (candidates_.size() * kLookUpFactor < source.end() - source.begin()) {
      for (Candidate& candidate : candidates_) {
        const size_t place = source.FindInWindow(candidate.document);
        if (place != source.end()) candidate.units += source.list().impact_bounds()[place] * source.step_units();
      }
    } else {
      MakeSums();
      for (const Candidate& candidate : candidates_) sums_[candidate.document - begin] = candidate.units;
      Add(begin, list, UINT32_MAX, 0);
      for (Candidate& candidate : candidates_) candidate.units = std::exchange(sums_[candidate.document - begin], 0);
    }
    std::erase_if(candidates_, [wanted](const Candidate& candidate) { return candidate.units < wanted; });
  }

  // Makes every sum 0 again.
  void Clear(uint32_t begin) {
    size_t postings = 0;
    for (const size_t list : added_) postings += sources_[list].end() - sources_[list].begin();
    if (postings > kMostWindow / kClearFactor) {
      std::fill(sums_.begin(), sums_.end(), 0);
    } else {
      for (const size_t list : added_) {
        const Source& source = sources_[list];
        const uint32_t* const documents = source.list().documents();
        for (size_t i = source.begin(); i < source.end(); ++i) sums_[documents[i] - begin] = 0;
      }
    }
    added_.clear();
  }

  void Score(const Candidate& candidate) {
    if (candidate.units < UnitsNeeded()) return;
    std::fill(parts_.begin(), parts_.end(), 0.0);
    bool found = false;
    for (const Source& source : sources_) {
      const size_t place = source.FindInWindow(candidate.document);
      if (place != source.end()) found = AddPart(source, place, candidate.document) || found;
    }
    if (found) Offer(candidate.document);
  }

  // False: the snapshot does not see this posting.
  bool AddPart(const Source& source, size_t place, uint32_t document) {
    if (source.Hides(document)) return false;
    parts_[source.slot()] = source.ScoreAt(place);
    return true;
  }

  void Offer(uint32_t document) {
    double score = 0;
    for (const double part : parts_) score += part;
    ++scored_;
    best_.Offer(document, score);
  }

  Status ScoreAdmitted() {
    for (size_t word = 0; word < query_.admitted->size(); ++word) {
      for (uint64_t left = (*query_.admitted)[word]; left != 0; left &= left - 1) {
        SOCHDB_TRY(Check(1));
        const auto document = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left)));
        std::fill(parts_.begin(), parts_.end(), 0.0);
        bool found = false;
        for (Source& source : sources_) {
          const size_t place = source.FindNext(document);
          if (place != source.list().size()) found = AddPart(source, place, document) || found;
        }
        if (found) Offer(document);
      }
    }
    return {};
  }

  const MaxScoreQuery& query_;
  Best best_;
  std::vector<Source> sources_;  // the one that adds least first
  std::vector<double> parts_;    // of the document at hand, by slot
  double units_ = 0;             // units that a score of 1 is
  uint32_t documents_ = 0;       // one past the greatest in any list
  uint64_t steps_ = 0;
  uint64_t scored_ = 0;

  // Of the window at hand.
  std::vector<uint32_t> below_;  // what the lists before each add at most
  std::vector<Candidate> candidates_;
  std::vector<uint32_t> sums_;  // by document; all 0 between windows
  std::unique_ptr<uint16_t[]> reached_;
  std::vector<size_t> added_;  // lists
};

}  // namespace

Status FindMaxScores(const MaxScoreQuery& query, std::vector<ScoredDocument>* best) {
  best->clear();
  if (query.k == 0) return {};
  return Searcher(query).Run(best);
}

}  // namespace sochdb
