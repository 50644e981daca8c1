#include "index/text/posting_list.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sochdb {
namespace {

// A bitmap has a bit for each document up to the last: half of what the postings take, at most.
constexpr size_t kDocumentsPerBitmapPosting = 32;
constexpr double kImpactSteps = 255;
// How many documents searches ask for: what the last of so many has is known of each list.
constexpr std::array<size_t, 6> kRanks = {1, 5, 10, 20, 50, 100};

}  // namespace

PostingList::PostingList(std::vector<ListedPosting> postings, double average_length) : average_length_(average_length) {
  const auto by_document = [](const ListedPosting& a, const ListedPosting& b) { return a.document < b.document; };
  if (!std::is_sorted(postings.begin(), postings.end(), by_document)) std::sort(postings.begin(), postings.end(), by_document);
  documents_.reserve(postings.size());
  packed_.reserve(postings.size());
  block_impacts_.reserve(postings.size() / kBlockPostings + 1);
  const auto impact_of = [average_length](const ListedPosting& posting) {
    return Bm25Impact(posting.frequency, Bm25Norm(posting.length, average_length));
  };
  for (const ListedPosting& posting : postings) max_impact_ = std::max(max_impact_, impact_of(posting));
  // A little more than a part of the greatest, so that rounding leaves bounds what they are.
  impact_step_ = max_impact_ / kImpactSteps * (1 + 1e-9);
  bounds_.reserve(postings.size());
  std::vector<float> impacts;
  impacts.reserve(postings.size());
  for (const ListedPosting& posting : postings) {
    const size_t place = documents_.size();
    if (place % kBlockPostings == 0) block_impacts_.push_back(0);
    if (posting.frequency >= kManyFrequency) many_.emplace_back(static_cast<uint32_t>(place), posting.frequency);
    documents_.push_back(posting.document);
    packed_.push_back((std::min(posting.length, kMaxLength) << kFrequencyBits) | std::min(posting.frequency, kManyFrequency));
    const double impact = impact_of(posting);
    impacts.push_back(static_cast<float>(impact));
    bounds_.push_back(static_cast<uint8_t>(std::min(std::ceil(impact / impact_step_), kImpactSteps)));
    // Rounded up: a bound.
    const float above = std::nextafter(static_cast<float>(impact), INFINITY);
    block_impacts_.back() = std::max(block_impacts_.back(), above);
  }
  RankImpacts(std::move(impacts));
  if (documents_.empty() || documents_.size() < documents_.back() / kDocumentsPerBitmapPosting) return;
  bitmap_.resize(documents_.back() / 64 + 1);
  for (const uint32_t document : documents_) bitmap_[document / 64] |= uint64_t{1} << (document % 64);
}

void PostingList::RankImpacts(std::vector<float> impacts) {
  const size_t count = std::min(impacts.size(), kRanks.back());
  std::partial_sort(impacts.begin(), impacts.begin() + static_cast<ptrdiff_t>(count), impacts.end(), std::greater<>());
  for (size_t i = 0; i < kRanks.size() && kRanks[i] <= count; ++i) {
    // Rounded down: a bound.
    ranked_impacts_[i] = std::nextafter(impacts[kRanks[i] - 1], 0.0f);
  }
}

double PostingList::ImpactOfRank(size_t rank) const {
  const auto found = std::ranges::lower_bound(kRanks, rank);
  return found == kRanks.end() ? 0 : ranked_impacts_[static_cast<size_t>(found - kRanks.begin())];
}

size_t PostingList::Seek(size_t from, uint32_t document) const {
  // Steps that double, then halves.
  size_t step = 1;
  size_t lo = from;
  while (lo + step < documents_.size() && documents_[lo + step] < document) {
    lo += step;
    step *= 2;
  }
  const auto begin = documents_.begin() + static_cast<ptrdiff_t>(lo);
  const auto end = documents_.begin() + static_cast<ptrdiff_t>(std::min(lo + step + 1, documents_.size()));
  return static_cast<size_t>(std::lower_bound(begin, end, document) - documents_.begin());
}

size_t PostingList::Find(uint32_t document) const {
  const auto found = std::lower_bound(documents_.begin(), documents_.end(), document);
  if (found == documents_.end() || *found != document) return documents_.size();
  return static_cast<size_t>(found - documents_.begin());
}

uint32_t PostingList::ManyFrequency(size_t i) const {
  const auto found =
      std::lower_bound(many_.begin(), many_.end(), i,
                       [](const std::pair<uint32_t, uint32_t>& each, size_t place) { return each.first < place; });
  return found->second;
}

uint64_t PostingList::memory_bytes() const {
  return sizeof(*this) + documents_.capacity() * sizeof(documents_[0]) + packed_.capacity() * sizeof(packed_[0]) +
         bounds_.capacity() + many_.capacity() * sizeof(many_[0]) + block_impacts_.capacity() * sizeof(block_impacts_[0]) +
         bitmap_.capacity() * sizeof(bitmap_[0]);
}

}  // namespace sochdb
