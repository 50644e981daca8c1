// Searching a StandaloneIndex: by its graph, or one by one where that is cheaper.

#include <algorithm>
#include <cmath>

#include "index/standalone/standalone_index.h"

namespace sochdb {
namespace {

// What a graph search costs for each of its places, in rows of a scan (vector_search.cc).
constexpr double kRowsPerPlace = 40;
// Slots beyond k that are measured, since f32 distances order them only nearly.
constexpr size_t kMeasuredMore = 16;
constexpr int kMostAttempts = 3;
constexpr double kWidestSearch = 64;

using Candidate = std::pair<float, uint32_t>;

class StandaloneSearch {
 public:
  StandaloneSearch(const StandaloneRows& rows, size_t k, size_t ef, SearchScratch* scratch)
      : rows_(rows),
        version_(rows.version()),
        limit_(rows.graph().published()),
        slots_(rows.slots()),
        codes_(rows.vectors().codes()),
        k_(k),
        ef_(std::max(k, ef) * (codes_ != nullptr ? codes_->codec().widening() : 1)),
        wanted_(codes_ != nullptr ? codes_->codec().Compared(k, ef_) : k + kMeasuredMore),
        scratch_(scratch) {}

  Status Run(const float* query, const CancelToken* cancel, std::vector<StandaloneHit>* hits) {
    const uint32_t live = rows_.live();
    if (k_ == 0 || live == 0) return {};
    bool found = false;
    if (live > StandaloneIndex::kExactBelow) SOCHDB_TRY(SearchGraph(query, live, cancel, &found));
    if (!found) SOCHDB_TRY(Scan(query, cancel));
    else if (codes_ != nullptr) CompareAgain(query);
    Measured(query, hits);
    return {};
  }

 private:
  Status SearchGraph(const float* query, uint32_t live, const CancelToken* cancel, bool* found) {
    const double passing = std::min(1.0, static_cast<double>(live) / limit_);
    if (passing * kWidestSearch < 1) return {};
    scratch_->query.Begin(rows_.vectors(), codes_, query);
    double width = static_cast<double>(ef_) / passing;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt, width *= 2) {
      if (width * kRowsPerPlace >= limit_) return {};
      SOCHDB_TRY(rows_.graph().Search(static_cast<size_t>(std::ceil(width)), limit_, cancel, scratch_));
      const size_t enough = std::max(k_, ef_ / 2);
      TakePool(std::max(enough, wanted_));
      if (nearest_.size() < enough) continue;
      nearest_.resize(std::min(nearest_.size(), wanted_));
      *found = true;
      return {};
    }
    return {};
  }

  void TakePool(size_t most) {
    nearest_.clear();
    for (size_t i = 0; i < scratch_->pool.size() && nearest_.size() < most; ++i) {
      const CandidatePool::Entry& entry = scratch_->pool[i];
      if (entry.slot() < limit_ && slots_[entry.slot()]->VisibleAt(version_))
        nearest_.emplace_back(entry.distance, entry.slot());
    }
  }

  void CompareAgain(const float* query) {
    scratch_->query.Begin(rows_.vectors(), nullptr, query);
    for (auto& [distance, slot] : nearest_) distance = scratch_->query.One(slot);
    std::sort(nearest_.begin(), nearest_.end());
    nearest_.resize(std::min(nearest_.size(), k_ + kMeasuredMore));
  }

  // Compares with every vector, in blocks, and keeps the nearest.
  Status Scan(const float* query, const CancelToken* cancel) {
    scratch_->query.Begin(rows_.vectors(), nullptr, query);
    nearest_.clear();
    const size_t keep = k_ + kMeasuredMore;
    for (uint32_t slot = 0; slot < limit_;) {
      if (cancel != nullptr && slot % (uint32_t{SearchScratch::kMaxRow} * 64) == 0) SOCHDB_TRY(cancel->Check());
      uint32_t count = 0;
      const uint32_t end = std::min(limit_, slot + static_cast<uint32_t>(SearchScratch::kMaxRow));
      for (; slot < end; ++slot) {
        if (slots_[slot]->VisibleAt(version_)) scratch_->slots[count++] = slot;
      }
      scratch_->query.Many(scratch_->slots, count, scratch_->distances);
      for (uint32_t i = 0; i < count; ++i) Keep({scratch_->distances[i], scratch_->slots[i]}, keep);
    }
    return {};
  }

  // A heap with the farthest on top; equal ones by id, so that it does not matter which came first.
  [[nodiscard]] bool Nearer(const Candidate& a, const Candidate& b) const {
    return a.first != b.first ? a.first < b.first : slots_[a.second]->id < slots_[b.second]->id;
  }
  void Keep(const Candidate& candidate, size_t most) {
    const auto nearer = [this](const Candidate& a, const Candidate& b) { return Nearer(a, b); };
    if (nearest_.size() == most) {
      if (candidate.first > nearest_.front().first || !Nearer(candidate, nearest_.front())) return;
      std::pop_heap(nearest_.begin(), nearest_.end(), nearer);
      nearest_.pop_back();
    }
    nearest_.push_back(candidate);
    std::push_heap(nearest_.begin(), nearest_.end(), nearer);
  }

  void Measured(const float* query, std::vector<StandaloneHit>* hits) const {
    const FullVectors& full = rows_.vectors().full();
    const Measure measure(full.metric(), query, full.padded());
    const FullVectors::View vectors = full.view();
    for (const Candidate& candidate : nearest_) {
      hits->push_back({slots_[candidate.second]->id, measure.To(vectors[candidate.second]).distance});
    }
    const auto order = [](const StandaloneHit& a, const StandaloneHit& b) {
      return a.distance != b.distance ? a.distance < b.distance : a.id < b.id;
    };
    std::sort(hits->begin(), hits->end(), order);
    if (hits->size() > k_) hits->resize(k_);
  }

  const StandaloneRows& rows_;
  const uint64_t version_;  // before the count and the views: what it shows lies below them
  const uint32_t limit_;
  const PagedRows<StandaloneSlot>::View slots_;
  const VectorCodes* const codes_;
  const size_t k_;
  const size_t ef_;
  const size_t wanted_;
  SearchScratch* const scratch_;
  std::vector<Candidate> nearest_;
};

}  // namespace

Status StandaloneIndex::Search(std::span<const float> query, size_t k, size_t ef, const CancelToken* cancel,
                               std::vector<StandaloneHit>* hits) {
  hits->clear();
  SOCHDB_TRY(CheckVector(options_.metric, options_.dimension, query.data(), query.size()));
  std::vector<float> prepared(PaddedDimension(options_.dimension));
  PrepareVector(options_.metric, query.data(), query.size(), prepared.data());
  const std::shared_ptr<StandaloneRows> rows = Current();
  const ScratchPool::Lease scratch = scratches_.Take();
  return StandaloneSearch(*rows, k, ef != 0 ? ef : options_.ef_search, scratch.get()).Run(prepared.data(), cancel, hits);
}

}  // namespace sochdb
