#include "index/vector/navigator.h"

namespace sochdb {

NavigatorState Navigator::state() const {
  if (drifted_.load(std::memory_order_relaxed)) return NavigatorState::kSuspendedByQueries;
  return changes() * kMostChangedPart > model_.trained_vectors ? NavigatorState::kSuspendedByChanges : NavigatorState::kActive;
}

void Navigator::NoteSearch(bool outside) {
  searches_.fetch_add(1, std::memory_order_relaxed);
  const uint32_t judged = judged_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (outside) {
    fallbacks_.fetch_add(1, std::memory_order_relaxed);
    const uint64_t so_far = uint64_t{outside_.fetch_add(1, std::memory_order_relaxed)} + 1;
    if (judged >= kJudgedQueries && so_far * kMostOutsidePart > judged) drifted_.store(true, std::memory_order_relaxed);
  }
  if (judged >= kWindowQueries) {
    judged_.store(judged / 2, std::memory_order_relaxed);
    outside_.store(outside_.load(std::memory_order_relaxed) / 2, std::memory_order_relaxed);
  }
}

NavigatedSearch::NavigatedSearch(const NavigatorModel& model, const float* query, size_t padded, double widening, size_t usual)
    : model_(model), widening_(widening), usual_(usual), eyes_(model.metric, query, padded, model.k) {}

size_t NavigatedSearch::Next(const CandidatePool& pool, uint64_t evaluations) {
  if (!begun_) {
    begun_ = true;
    return Widened();
  }
  eyes_.Look(pool, Widened(), evaluations);
  if (stage_ == 0) {
    outside_ = pool.size() < model_.k || !model_.nearest.Holds(eyes_.nearest()) || !model_.kth.Holds(eyes_.kth());
    if (outside_) return 0;
  }
  if (model_.Ends(stage_, eyes_.features())) return 0;
  ++stage_;
  return Widened();
}

}  // namespace sochdb
