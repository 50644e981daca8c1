// Navigator: a collection's learned navigator at work: which searches it leads, and when it is not to be trusted any more.
//
// It leads searches of what it was trained for, and says of each query whether it is outside of that (navigator_model.h): such
// a search is done again as a plain one. It is suspended, and every search is plain, from when on
//   - a quarter as many vectors have come or gone as there were in training (kChanges), or
//   - of the last some hundred queries a fifth was outside (kQueries).
// Training anew ends that.
//
// Thread safety: any thread. Counters of searches are exact up to races between them.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "env/sync.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/navigator_model.h"

namespace sochdb {

enum class NavigatorState : uint8_t { kNone, kActive, kSuspendedByChanges, kSuspendedByQueries };

class Navigator {
 public:
  static constexpr uint64_t kMostChangedPart = 4;   // of the vectors of training: one in so many
  static constexpr uint32_t kMostOutsidePart = 5;   // of the queries
  static constexpr uint32_t kJudgedQueries = 128;   // before so many there is no saying
  static constexpr uint32_t kWindowQueries = 1024;  // then the older ones count half

  // changes: vectors that have come and gone since it was trained.
  Navigator(NavigatorModel model, uint64_t changes) : model_(std::move(model)), changes_(changes) {}

  [[nodiscard]] const NavigatorModel& model() const { return model_; }
  [[nodiscard]] NavigatorState state() const;
  // Whether it leads a search of so many documents.
  [[nodiscard]] bool Leads(size_t k, size_t ef, bool coded) const {
    return k <= model_.k && ef == model_.ef && coded == model_.coded && state() == NavigatorState::kActive;
  }
  void NoteChanges(uint64_t vectors) { changes_.fetch_add(vectors, std::memory_order_relaxed); }
  // A search that it began; outside: the query is.
  void NoteSearch(bool outside);

  [[nodiscard]] uint64_t changes() const { return changes_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t searches() const { return searches_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t fallbacks() const { return fallbacks_.load(std::memory_order_relaxed); }

 private:
  const NavigatorModel model_;
  std::atomic<uint64_t> changes_;
  std::atomic<uint64_t> searches_{0};
  std::atomic<uint64_t> fallbacks_{0};
  std::atomic<uint32_t> judged_{0};   // of the window
  std::atomic<uint32_t> outside_{0};  // of these
  std::atomic<bool> drifted_{false};
};

// One search, led by a model.
class NavigatedSearch final : public SearchStages {
 public:
  // widening: how many times more places a search takes, because not every slot may be shown; usual: the places of a plain one.
  NavigatedSearch(const NavigatorModel& model, const float* query, size_t padded, double widening, size_t usual);

  [[nodiscard]] size_t Usual() const override { return usual_; }
  size_t Next(const CandidatePool& pool, uint64_t evaluations) override;
  // The query is unlike those of training; the search ended after its first stage.
  [[nodiscard]] bool outside() const { return outside_; }
  // Of the stage it ended with, as the model has it.
  [[nodiscard]] size_t places() const { return model_.stages[stage_].places; }

 private:
  [[nodiscard]] size_t Widened() const { return static_cast<size_t>(static_cast<double>(places()) * widening_); }

  const NavigatorModel& model_;
  const double widening_;
  const size_t usual_;
  NavigatorEyes eyes_;
  size_t stage_ = 0;
  bool begun_ = false;
  bool outside_ = false;
};

// Where an index has its navigator.
class NavigatorPlace {
 public:
  explicit NavigatorPlace(Env* env) : mutex_(env) {}
  // Null: there is none.
  [[nodiscard]] std::shared_ptr<Navigator> Get() const {
    if (!filled_.load(std::memory_order_acquire)) return nullptr;
    MutexLock lock(&mutex_);
    return navigator_;
  }
  // replace false: unless there is one.
  void Set(std::shared_ptr<Navigator> navigator, bool replace) {
    MutexLock lock(&mutex_);
    if (!replace && navigator_ != nullptr) return;
    filled_.store(navigator != nullptr, std::memory_order_release);
    navigator_ = std::move(navigator);
  }

 private:
  mutable Mutex mutex_;  // guards navigator_
  std::shared_ptr<Navigator> navigator_;
  std::atomic<bool> filled_{false};
};

}  // namespace sochdb
