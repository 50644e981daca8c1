// Searches whose hits are not simply the nearest: groups by a field, and the nearest that differ from each other.

#include <algorithm>
#include <limits>
#include <utility>

#include "index/document/collection.h"
#include "index/document/hit_groups.h"

namespace sochdb {

Status Collection::SearchGrouped(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const {
  if (request.k == 0 || request.group->limit == 0) return {};
  SearchRequest wide = request;
  wide.group = nullptr;
  wide.with_metadata = wide.with_vectors = false;
  wide.k = FirstGroupedHits(request.k, request.group->limit);
  for (;; wide.k = std::min(wide.k * kGroupsWiden, kMaxK)) {
    std::vector<SearchResult> nearest;
    SOCHDB_TRY(SearchBegun(view, wide, &nearest));
    HitGroups groups(*request.group, request.k);
    for (size_t i = 0; i < nearest.size() && !groups.full(); ++i) {
      if (i % kRowsBetweenChecks == 0 && request.cancel != nullptr) SOCHDB_TRY(request.cancel->Check());
      ReadValue value;
      DocumentRow row;
      SOCHDB_TRY(ReadFound(view.reader(), nearest[i].document.id, &value, &row));
      groups.Add(nearest[i], row.metadata);
    }
    if (!groups.full() && nearest.size() == wide.k && wide.k < kMaxK) continue;
    *results = groups.Take();
    break;
  }
  if (!request.with_metadata && !request.with_vectors) return {};
  for (SearchResult& hit : *results) {
    ReadValue value;
    DocumentRow row;
    SOCHDB_TRY(ReadFound(view.reader(), hit.document.id, &value, &row));
    FillHit(row, request.with_metadata, request.with_vectors, &hit);
  }
  return {};
}

namespace {

// Picks by relevance less likeness to what was picked before.
class DiversePicker {
 public:
  DiversePicker(Metric metric, size_t padded, double lambda) : metric_(metric), padded_(padded), lambda_(lambda) {}

  void Add(std::string_view stored_vector, double relevance) {
    vectors_.resize(vectors_.size() + padded_);
    PrepareStoredVector(metric_, stored_vector, vectors_.data() + vectors_.size() - padded_);
    relevance_.push_back(relevance);
    likeness_.push_back(-std::numeric_limits<double>::infinity());
    picked_.push_back(false);
  }

  // The best that is left. Of equals the first that was added.
  size_t Pick() {
    size_t best = relevance_.size();
    double best_worth = 0;
    for (size_t i = 0; i < relevance_.size(); ++i) {
      if (picked_[i]) continue;
      const double worth = lambda_ * relevance_[i] - (any_ ? (1 - lambda_) * likeness_[i] : 0);
      if (best != relevance_.size() && worth <= best_worth) continue;
      best = i;
      best_worth = worth;
    }
    picked_[best] = any_ = true;
    const Measure measure(metric_, vectors_.data() + best * padded_, padded_);
    for (size_t i = 0; i < relevance_.size(); ++i) {
      if (!picked_[i]) likeness_[i] = std::max(likeness_[i], measure.To(vectors_.data() + i * padded_).score);
    }
    return best;
  }

 private:
  const Metric metric_;
  const size_t padded_;
  const double lambda_;
  bool any_ = false;
  std::vector<float> vectors_;
  std::vector<double> relevance_;
  std::vector<double> likeness_;  // to the most similar of those that were picked
  std::vector<bool> picked_;
};

}  // namespace

Status Collection::SearchDiverse(ReadView view, const SearchRequest& request, std::vector<SearchResult>* results) const {
  const size_t padded = PaddedDimension(config_.dimension);
  SearchRequest wide = request;
  wide.k = std::max(request.k, request.diversity->fetch);
  if (wide.k > kMaxDiverse || wide.k * padded > kMaxDiverseFloats) {
    return Status(Code::kLimit, "mmr compares 10000 documents at most, and 256 MiB of their vectors.")
        .With("option", "mmr")
        .With("limit", std::to_string(std::min(kMaxDiverse, kMaxDiverseFloats / padded)))
        .With("actual", std::to_string(wide.k));
  }
  wide.diversity = nullptr;
  wide.with_metadata = wide.with_vectors = false;
  std::vector<SearchResult> nearest;
  SOCHDB_TRY(SearchBegun(view, wide, &nearest));
  DiversePicker picker(config_.metric, padded, request.diversity->lambda);
  for (const SearchResult& hit : nearest) {
    ReadValue value;
    DocumentRow row;
    SOCHDB_TRY(ReadFound(view.reader(), hit.document.id, &value, &row));
    picker.Add(row.vector(hit.chunk.value_or(0)), hit.score);
  }
  while (results->size() < std::min(request.k, nearest.size())) {
    if (request.cancel != nullptr) SOCHDB_TRY(request.cancel->Check());
    SearchResult& hit = results->emplace_back(std::move(nearest[picker.Pick()]));
    if (!request.with_metadata && !request.with_vectors) continue;
    ReadValue value;
    DocumentRow row;
    SOCHDB_TRY(ReadFound(view.reader(), hit.document.id, &value, &row));
    FillHit(row, request.with_metadata, request.with_vectors, &hit);
  }
  return {};
}

}  // namespace sochdb
