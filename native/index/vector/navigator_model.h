// NavigatorModel: what a collection's learned navigator has learned, and how it decides how wide a search goes.
//
// A graph search of n places finds what one of fewer has found and goes on (hnsw_staged.cc). So a search begins narrow, and
// whenever it has done what its places allow, a linear model of that stage says by how much recall would grow for what the next
// stages cost, from what can be seen in the pool: how many of the nearest are new since the stage before, how far apart the
// nearest, the k-th and the last place are, and how many distances it took. Where that is not worth it, the search ends: easy
// queries early, hard ones later than a plain search would.
//
// After Li et al., "Improving Approximate Nearest Neighbor Search through Learned Adaptive Early Termination" (SIGMOD 2020),
// which predicts how much there is to search, and Chatzakis et al., "DARTH: Declarative Recall Through Early Termination for
// Approximate Nearest Neighbor Search" (2025), which asks again as the search goes on; with linear models in place of
// trees, and the gain for the cost in place of the recall reached.
//
// A query is outside of what was learned when, after the first stage, its nearest or k-th distance is beyond nearly all that
// was seen in training (Sun et al., "Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022).
//
// Thread safety: a model does not change; a NavigatorEyes belongs to one search.
// Limits: k up to kMaxNavigatorK; kMostStages stages.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "index/vector/candidate_pool.h"
#include "index/vector/metric.h"

namespace sochdb {

inline constexpr size_t kMaxNavigatorK = 100;
inline constexpr size_t kNavigatorFeatures = 12;
inline constexpr size_t kMostStages = 9;

using NavigatorFeatures = std::array<double, kNavigatorFeatures>;

// What acceptance measured on queries that were not learned from, beside a plain search of the collection's ef.
struct NavigatorMeasures {
  uint32_t queries = 0;
  double recall = 0;
  double plain_recall = 0;
  double worst_recall = 0;  // of the twentieth of the queries that have the least
  double plain_worst_recall = 0;
  double evaluations = 0;  // distances, for a query
  double plain_evaluations = 0;
};

struct NavigatorModel {
  struct Stage {
    uint32_t places = 0;
    NavigatorFeatures weights{};
  };
  struct Bounds {
    double least = 0;
    double most = 0;
    [[nodiscard]] bool Holds(double value) const { return value >= least && value <= most; }  // no NaN
  };

  Metric metric = Metric::kCosine;
  uint32_t dimension = 0;
  uint32_t k = 10;
  uint32_t ef = 64;
  bool coded = false;  // searches went by codes
  std::vector<Stage> stages;
  double least_gain = 0;  // of recall, for a thousand distances
  Bounds nearest;
  Bounds kth;
  Timestamp trained_ts = 0;
  uint64_t trained_vectors = 0;
  NavigatorMeasures measures;

  // Whether a stage with this outlook is the last.
  [[nodiscard]] bool Ends(size_t stage, const NavigatorFeatures& features) const;

  // A record that other versions of the program do not misread. Decode: false for one of those, or a damaged one.
  [[nodiscard]] std::string Encode() const;
  [[nodiscard]] static bool Decode(std::string_view record, NavigatorModel* model);
};

// What can be seen of a search when a stage has ended.
class NavigatorEyes {
 public:
  // The query is prepared, and looked at here alone.
  NavigatorEyes(Metric metric, const float* query, size_t padded, size_t k);

  // REQUIRES: pool is not empty. `places` and `evaluations` are those of the search from its beginning.
  void Look(const CandidatePool& pool, size_t places, uint64_t evaluations);
  [[nodiscard]] const NavigatorFeatures& features() const { return features_; }
  // Distances on one scale, whatever the metric.
  [[nodiscard]] double nearest() const { return nearest_; }
  [[nodiscard]] double kth() const { return kth_; }

 private:
  // Which part of the first `count` places has come since the last look.
  static double PartThatIsNew(std::span<const float> before, const CandidatePool& pool, size_t count);

  const double offset_;
  const double scale_;
  const size_t k_;
  NavigatorFeatures features_{};
  double nearest_ = 0;
  double kth_ = 0;
  size_t last_places_ = 0;
  uint64_t last_evaluations_ = 0;
  size_t seen_ = 0;
  std::array<float, 2 * kMaxNavigatorK> before_;  // distances of the first places at the last look
};

// The places of stages around a plain search of `places`; the plain search is one of them: *plain.
std::vector<uint32_t> NavigatorPlaces(size_t places, size_t k, size_t* plain);

}  // namespace sochdb
