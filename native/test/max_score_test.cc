// The best documents of several posting lists, compared with scores of every document.

#include "index/text/max_score.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "test/harness.h"

namespace sochdb::max_score_test {
namespace {

using Best = std::vector<std::pair<uint32_t, double>>;

// Lists over documents that are more than a window's, frequent ones and rare ones.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed), documents_(12'000 + Below(8000)) {
    const size_t slots = 1 + Below(5);
    for (size_t slot = 0; slot < slots; ++slot) {
      const uint32_t every = 1 + Below(Below(2) == 0 ? 4 : 2000);
      std::vector<ListedPosting> base;
      std::vector<ListedPosting> extra;
      for (uint32_t document = Below(every); document < documents_; document += 1 + Below(2 * every)) {
        const bool changed = has_changes() && Below(10) == 0;
        if (changed) hidden_[slot].push_back(document);
        if (changed && Below(2) == 0) extra.push_back(Posting(document));
        base.push_back(Posting(document));
      }
      // Bounds were made for fields half or twice as long.
      const double then = average_ * (Below(3) == 0 ? 0.5 : 1 + Below(2));
      Add(slot, std::move(base), &hidden_[slot], then);
      if (!extra.empty()) Add(slot, std::move(extra), nullptr, average_);
    }
    query_.slots = static_cast<uint32_t>(slots);
    query_.before = [](uint32_t a, uint32_t b) { return a > b; };
  }

  Best Found(size_t k, const DocumentBits* admitted) {
    query_.k = k;
    query_.admitted = admitted;
    query_.admitted_count = 0;
    for (uint32_t d = 0; admitted != nullptr && d < documents_; ++d) {
      if (HasBit(*admitted, d)) ++query_.admitted_count;
    }
    std::vector<ScoredDocument> found;
    EXPECT_OK(FindMaxScores(query_, &found));
    Best best;
    for (const ScoredDocument& each : found) best.emplace_back(each.document, each.score);
    return best;
  }

  [[nodiscard]] Best Expected(size_t k, const DocumentBits* admitted) const {
    std::map<uint32_t, std::vector<double>> parts;
    for (const ScoredList& list : query_.lists) {
      for (size_t i = 0; i < list.list->size(); ++i) {
        const uint32_t document = list.list->document(i);
        if (list.hidden != nullptr && std::binary_search(list.hidden->begin(), list.hidden->end(), document)) continue;
        if (admitted != nullptr && !HasBit(*admitted, document)) continue;
        std::vector<double>& of = parts[document];
        of.resize(query_.slots);
        of[list.slot] = list.weight * Bm25Impact(list.list->frequency(i), Bm25Norm(list.list->length(i), list.average_length));
      }
    }
    Best best;
    for (const auto& [document, of] : parts) {
      double score = 0;
      for (const double part : of) score += part;
      best.emplace_back(document, score);
    }
    std::sort(best.begin(), best.end(),
              [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first > b.first; });
    if (best.size() > k) best.resize(k);
    return best;
  }

  DocumentBits Admitted(uint32_t every) {
    DocumentBits bits;
    for (uint32_t document = 0; document < documents_; ++document) {
      if (Below(every) == 0) SetBit(&bits, document);
    }
    return bits;
  }
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

 private:
  [[nodiscard]] bool has_changes() const { return documents_ % 2 == 0; }
  ListedPosting Posting(uint32_t document) { return {document, 1 + Below(3) * Below(3), 1 + Below(30)}; }
  void Add(size_t slot, std::vector<ListedPosting> postings, const std::vector<uint32_t>* hidden, double average) {
    const double weight = Bm25Idf(documents_, postings.size()) * (slot == 1 ? 3 : 1);
    lists_.push_back(std::make_unique<PostingList>(std::move(postings), average));
    query_.lists.push_back({lists_.back().get(), hidden, weight, average_, static_cast<uint32_t>(slot)});
  }

  std::mt19937 random_;
  const uint32_t documents_;
  const double average_ = 12;
  std::map<size_t, std::vector<uint32_t>> hidden_;
  std::vector<std::unique_ptr<PostingList>> lists_;
  MaxScoreQuery query_;
};

}  // namespace

TEST("the best documents of lists are those that scoring every document finds, with the same scores") {
  for (uint32_t seed = 1; seed <= 24; ++seed) {
    World world(seed);
    for (const size_t k : {size_t{1}, size_t{10}, size_t{150}}) {
      EXPECT(world.Found(k, nullptr) == world.Expected(k, nullptr));
    }
    for (const uint32_t every : {2u, 500u}) {
      const DocumentBits admitted = world.Admitted(every);
      EXPECT(world.Found(10, &admitted) == world.Expected(10, &admitted));
    }
  }
}

TEST("a list knows a lower bound of the impact at each rank, and none behind its last posting") {
  std::vector<ListedPosting> postings;
  for (uint32_t document = 0; document < 30; ++document) postings.push_back({document, 1 + document % 7, 5 + document});
  std::vector<double> impacts;
  for (const ListedPosting& each : postings) impacts.push_back(Bm25Impact(each.frequency, Bm25Norm(each.length, 10)));
  std::sort(impacts.begin(), impacts.end(), std::greater<>());
  const PostingList list(postings, 10);
  for (size_t rank = 1; rank <= 20; ++rank) {
    EXPECT(list.ImpactOfRank(rank) <= impacts[rank - 1]);
    EXPECT(list.ImpactOfRank(rank) > 0);
  }
  for (const size_t rank : {size_t{1}, size_t{5}, size_t{10}, size_t{20}}) {
    EXPECT(list.ImpactOfRank(rank) > impacts[rank - 1] * 0.999);
  }
  EXPECT_EQ(list.ImpactOfRank(31), 0.0);
  EXPECT_EQ(list.ImpactOfRank(1000), 0.0);
}

}  // namespace sochdb::max_score_test
