#include "index/vector/navigator_training.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/hash.h"
#include "index/vector/navigator.h"
#include "index/vector/navigator_fit.h"

namespace sochdb {
namespace {

// Queries, and the slot each was taken from, or kNoSlot.
struct Queries {
  std::vector<float> vectors;  // padded
  std::vector<uint32_t> slots;
  std::vector<float> farthest;  // of each, how far its k-th neighbour is

  [[nodiscard]] size_t count() const { return slots.size(); }
};

class Training {
 public:
  Training(const VectorSlots& slots, const NavigatorTraining& how, SearchScratch* scratch)
      : slots_(slots),
        how_(how),
        scratch_(scratch),
        full_(slots.vectors().full()),
        published_(slots.published()),
        headers_(slots.headers()),
        vectors_(full_.view()),
        codes_(slots.vectors().codes()) {}

  Status Run(NavigatorReport* report) {
    SOCHDB_TRY(ChooseQueries());
    SOCHDB_TRY(FindNeighbours());
    const size_t base = std::max<size_t>(how_.ef, how_.k) * (codes_ != nullptr ? codes_->codec().widening() : 1);
    NavigatorRecords records;
    const std::vector<uint32_t> places = NavigatorPlaces(base, how_.k, &records.plain);
    records.stages = places.size();
    for (size_t i = 0; i < queries_.count(); ++i) {
      if (how_.cancel != nullptr) SOCHDB_TRY(how_.cancel->Check());
      SOCHDB_TRY(SearchAllStages(i, places, base, &records));
      Progress(queries_.count() + i + 1);
    }
    NavigatorModel& model = report->model;
    model.metric = full_.metric();
    model.dimension = static_cast<uint32_t>(full_.dimension());
    model.k = how_.k;
    model.ef = how_.ef;
    model.coded = codes_ != nullptr;
    for (const uint32_t number : places) model.stages.push_back({number, {}});
    model.trained_ts = how_.read_ts;
    model.trained_vectors = slots_.live_vectors();
    if (records.count() < kLeastNavigatorQueries) return TooFew(records.count());
    FitNavigator(records, &model);
    Times times;
    if (how_.clock) SOCHDB_TRY(TimeSearches(model, base, &times));
    Judge(report, times);
    return {};
  }

 private:
  static Status TooFew(size_t count) {
    return Status(Code::kInvalidArgument, "A navigator is trained with at least 100 queries.")
        .With("expected", "at least " + std::to_string(kLeastNavigatorQueries))
        .With("actual", std::to_string(count));
  }

  void Progress(uint64_t done) const {
    if (how_.progress) how_.progress(done, 2 * queries_.count());
  }

  [[nodiscard]] bool Shows(uint32_t slot) const { return headers_[slot]->VisibleAt(how_.read_ts, how_.now_ms); }

  Status ChooseQueries() {
    const size_t padded = full_.padded();
    if (!how_.queries.empty()) {
      queries_.vectors.assign(how_.queries.begin(), how_.queries.end());
      queries_.slots.assign(how_.queries.size() / padded, kNoSlot);
    } else {
      std::vector<uint32_t> able;
      for (uint32_t slot = 0; slot < std::min(how_.linked, published_); ++slot) {
        if (Shows(slot) && slots_.graph().FirstUpperRow(slot) == kNoSlot) able.push_back(slot);
      }
      const size_t count = std::min<size_t>(how_.sample, able.size());
      for (size_t i = 0; i < count; ++i) std::swap(able[i], able[i + HashNumber(how_.seed + i) % (able.size() - i)]);
      queries_.vectors.resize(count * padded);
      for (size_t i = 0; i < count; ++i) {
        std::memcpy(queries_.vectors.data() + i * padded, vectors_[able[i]], padded * sizeof(float));
      }
      queries_.slots.assign(able.begin(), able.begin() + static_cast<ptrdiff_t>(count));
    }
    return queries_.count() < kLeastNavigatorQueries ? TooFew(queries_.count()) : Status();
  }

  [[nodiscard]] const float* query(size_t i) const { return queries_.vectors.data() + i * full_.padded(); }

  // How far the k-th neighbour of each query is: what is no farther is found. One pass over the vectors, a scratch full at
  // once.
  Status FindNeighbours() {
    constexpr size_t kRows = SearchScratch::kMaxRow;
    std::vector<std::vector<float>> nearest(queries_.count());  // heaps of the k nearest
    const float* rows[kRows];
    float distances[kRows];
    for (uint32_t from = 0; from < published_;) {
      if (how_.cancel != nullptr) SOCHDB_TRY(how_.cancel->Check());
      size_t count = 0;
      for (; from < published_ && count < kRows; ++from) {
        if (!Shows(from)) continue;
        scratch_->slots[count] = from;
        rows[count++] = vectors_[from];
      }
      for (size_t i = 0; i < queries_.count(); ++i) {
        full_.distance().Many(query(i), rows, count, distances);
        for (size_t row = 0; row < count; ++row) {
          if (scratch_->slots[row] != queries_.slots[i]) Keep(distances[row], &nearest[i]);
        }
      }
      Progress(queries_.count() * from / published_);
    }
    for (const std::vector<float>& kept : nearest) {
      if (kept.size() < how_.k) {
        return Status(Code::kInvalidArgument, "A navigator is trained where there are more vectors than k.")
            .With("expected", "more than " + std::to_string(how_.k))
            .With("actual", std::to_string(kept.size()));
      }
      queries_.farthest.push_back(kept.front());
    }
    return {};
  }

  void Keep(float distance, std::vector<float>* heap) const {
    if (heap->size() == how_.k) {
      if (!(distance < heap->front())) return;
      std::ranges::pop_heap(*heap);
      heap->pop_back();
    }
    heap->push_back(distance);
    std::ranges::push_heap(*heap);
  }

  // Goes through every stage, and notes what could be seen and was found at the end of each.
  class Recorder final : public SearchStages {
   public:
    Recorder(Training* training, size_t i, const std::vector<uint32_t>& places, size_t base)
        : training_(training),
          query_(i),
          places_(places),
          base_(base),
          eyes_(training->full_.metric(), training->query(i), training->full_.padded(), training->how_.k) {}

    [[nodiscard]] size_t Usual() const override { return base_; }
    size_t Next(const CandidatePool& pool, uint64_t evaluations) override {
      if (begun_) {
        const uint32_t places = places_[stages_.size()];
        eyes_.Look(pool, places, evaluations);
        stages_.push_back({eyes_.features(), eyes_.nearest(), eyes_.kth(), training_->Found(query_, pool, base_),
                           static_cast<double>(evaluations), static_cast<double>(places)});
      }
      begun_ = true;
      return stages_.size() < places_.size() ? places_[stages_.size()] : 0;
    }
    [[nodiscard]] const std::vector<NavigatorRecord>& stages() const { return stages_; }

   private:
    Training* const training_;
    const size_t query_;
    const std::vector<uint32_t>& places_;
    const size_t base_;
    NavigatorEyes eyes_;
    std::vector<NavigatorRecord> stages_;
    bool begun_ = false;
  };

  Status SearchAllStages(size_t i, const std::vector<uint32_t>& places, size_t base, NavigatorRecords* records) {
    scratch_->query.Begin(slots_.vectors(), codes_, query(i));
    Recorder recorder(this, i, places, base);
    SOCHDB_TRY(slots_.graph().SearchStaged(&recorder, queries_.slots[i], published_, how_.cancel, scratch_));
    // Nothing was found where the search would have begun at the vector that it steps around.
    if (recorder.stages().size() == places.size()) records->Add(recorder.stages());
    return {};
  }

  // Nanoseconds of all searches of the half that decides.
  struct Times {
    uint64_t led = 0;
    uint64_t plain = 0;
  };
  // Round after round over all of them, so that none finds in a cache what it has just left there itself.
  Status TimeSearches(const NavigatorModel& model, size_t base, Times* times) {
    std::vector<Times> least(queries_.count(), Times{UINT64_MAX, UINT64_MAX});
    for (int round = 0; round < kTimedRounds; ++round) {
      for (size_t i = 1; i < queries_.count(); i += 2) {
        SOCHDB_TRY(TimeOne(&least[i].plain, [&] { return SearchPlainly(i, base); }));
      }
      for (size_t i = 1; i < queries_.count(); i += 2) {
        SOCHDB_TRY(TimeOne(&least[i].led, [&] { return SearchLed(i, model, base); }));
      }
    }
    for (size_t i = 1; i < queries_.count(); i += 2) {
      times->led += least[i].led;
      times->plain += least[i].plain;
    }
    return {};
  }
  template <typename Search>
  Status TimeOne(uint64_t* least, Search search) {
    const uint64_t before = how_.clock();
    SOCHDB_TRY(search());
    *least = std::min(*least, how_.clock() - before);
    return {};
  }
  Status SearchPlainly(size_t i, size_t base) {
    scratch_->query.Begin(slots_.vectors(), codes_, query(i));
    return slots_.graph().Search(base, published_, how_.cancel, scratch_, queries_.slots[i]);
  }
  Status SearchLed(size_t i, const NavigatorModel& model, size_t base) {
    scratch_->query.Begin(slots_.vectors(), codes_, query(i));
    NavigatedSearch led(model, query(i), full_.padded(), 1, base);
    SOCHDB_TRY(slots_.graph().SearchStaged(&led, queries_.slots[i], published_, how_.cancel, scratch_));
    return led.outside() ? SearchPlainly(i, base) : Status();
  }

  // Which part of its neighbours a search of this pool would give: the best of those that it compares again.
  [[nodiscard]] double Found(size_t i, const CandidatePool& pool, size_t base) const {
    const size_t compared = codes_ != nullptr ? codes_->codec().Compared(how_.k, base) : how_.k + kSpare;
    size_t shown = 0;
    size_t found = 0;
    for (size_t at = 0; at < pool.size() && shown < compared; ++at) {
      const uint32_t slot = pool[at].slot();
      if (slot >= published_ || slot == queries_.slots[i] || !Shows(slot)) continue;
      ++shown;
      const float* row = vectors_[slot];
      float distance = 0;
      full_.distance().Many(query(i), &row, 1, &distance);
      if (distance <= queries_.farthest[i]) ++found;
    }
    return static_cast<double>(std::min<size_t>(found, how_.k)) / how_.k;
  }

  void Judge(NavigatorReport* report, const Times& times) const {
    const NavigatorMeasures& measured = report->model.measures;
    const auto at_least = [report](const char* name, double value, double limit) {
      report->checks.push_back({name, value >= limit, value, limit});
    };
    at_least("recall", measured.recall, measured.plain_recall - kMostRecallLost);
    at_least("worstRecall", measured.worst_recall, measured.plain_worst_recall - kMostWorstRecallLost);
    const double most = kMostEvaluationsPart * measured.plain_evaluations;
    report->checks.push_back({"distances", measured.evaluations <= most, measured.evaluations, most});
    if (how_.clock) {
      const auto micros = [&](uint64_t nanos) {
        return static_cast<double>(nanos) / 1000 / static_cast<double>(queries_.count() / 2);
      };
      const double most_micros = kMostTimePart * micros(times.plain);
      report->checks.push_back({"time", micros(times.led) <= most_micros, micros(times.led), most_micros});
    }
    if (how_.min_recall > 0) at_least("minRecall", measured.recall, how_.min_recall);
    report->accepted = std::ranges::all_of(report->checks, [](const NavigatorCheck& check) { return check.passed; });
  }

  static constexpr size_t kSpare = 16;
  static constexpr int kTimedRounds = 5;

  const VectorSlots& slots_;
  const NavigatorTraining& how_;
  SearchScratch* const scratch_;
  const FullVectors& full_;
  const uint32_t published_;
  const PagedRows<SlotHeader>::View headers_;
  const FullVectors::View vectors_;
  const VectorCodes* const codes_;
  Queries queries_;
};

}  // namespace

Status TrainNavigator(const VectorSlots& slots, const NavigatorTraining& training, SearchScratch* scratch,
                      NavigatorReport* report) {
  return Training(slots, training, scratch).Run(report);
}

}  // namespace sochdb
