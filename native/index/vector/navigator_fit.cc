#include "index/vector/navigator_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sochdb {
namespace {

constexpr size_t kAhead = 2;  // stages whose gain is foretold
constexpr double kPerEvaluations = 1000;
// What expanding a slot costs beside the distances that it takes, in distances: a row of links from anywhere, of which most
// lead to what was met before.
constexpr double kCostOfPlace = 5;
constexpr double kRidge = 1e-3;
constexpr double kLeastSpread = 1e-9;
constexpr size_t kTriedGains = 256;
// What a choice of the least gain has to have to spare on the queries it was made by.
constexpr double kSpareRecall = 0.002;
constexpr double kSparePart = 0.1;  // of what is missing, where that is less
constexpr double kBoundsCut = 0.005;
constexpr double kBoundsMargin = 0.1;
constexpr size_t kWorstOf = 20;  // one query in so many

using Matrix = std::array<NavigatorFeatures, kNavigatorFeatures>;

// Which queries: every second one from `first`.
struct Half {
  const NavigatorRecords& records;
  size_t first;
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t query = first; query < records.count(); query += 2) visit(query);
  }
  [[nodiscard]] size_t count() const { return (records.count() + 1 - first) / 2; }
};

struct Outcome {
  double recall = 0;
  double worst = 0;
  double evaluations = 0;
  double cost = 0;
};

double CostOf(const NavigatorRecord& record) { return record.evaluations + kCostOfPlace * record.places; }

// What a search finds, and takes.
struct Found {
  double recall;
  double evaluations;
  double cost;
};
Found Add(const NavigatorRecord& in_vain, const NavigatorRecord& then) {
  return {then.recall, in_vain.evaluations + then.evaluations, CostOf(in_vain) + CostOf(then)};
}
Found Only(const NavigatorRecord& record) { return {record.recall, record.evaluations, CostOf(record)}; }

// `of(query)`: what a search for it finds, and takes.
template <typename Of>
Outcome Weigh(const Half& half, Of of) {
  Outcome outcome;
  std::vector<double> recalls;
  half.ForEach([&](size_t query) {
    const Found found = of(query);
    recalls.push_back(found.recall);
    outcome.recall += found.recall;
    outcome.evaluations += found.evaluations;
    outcome.cost += found.cost;
  });
  const auto count = static_cast<double>(recalls.size());
  outcome.recall /= count;
  outcome.evaluations /= count;
  outcome.cost /= count;
  const size_t worst = std::max<size_t>(1, recalls.size() / kWorstOf);
  std::ranges::nth_element(recalls, recalls.begin() + static_cast<ptrdiff_t>(worst) - 1);
  for (size_t i = 0; i < worst; ++i) outcome.worst += recalls[i] / static_cast<double>(worst);
  return outcome;
}

Found Led(const NavigatorModel& model, const NavigatorRecords& records, size_t query) {
  const NavigatorRecord& first = records.at(query, 0);
  if (!model.nearest.Holds(first.nearest) || !model.kth.Holds(first.kth)) {
    return Add(first, records.at(query, records.plain));
  }
  size_t stage = 0;
  while (!model.Ends(stage, records.at(query, stage).features)) ++stage;
  return Only(records.at(query, stage));
}

// Solves a x = b for a symmetric, positive definite a, by Cholesky's decomposition.
NavigatorFeatures Solve(Matrix a, NavigatorFeatures b) {
  for (size_t i = 0; i < kNavigatorFeatures; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (size_t n = 0; n < j; ++n) sum -= a[i][n] * a[j][n];
      a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
    }
    for (size_t n = 0; n < i; ++n) b[i] -= a[i][n] * b[n];
    b[i] /= a[i][i];
  }
  for (size_t i = kNavigatorFeatures; i-- > 0;) {
    for (size_t n = i + 1; n < kNavigatorFeatures; ++n) b[i] -= a[n][i] * b[n];
    b[i] /= a[i][i];
  }
  return b;
}

// Ridge regression of the gain over the features of a stage, each taken at its own mean and spread.
NavigatorFeatures FitStage(const Half& half, size_t stage) {
  const NavigatorRecords& records = half.records;
  const size_t ahead = std::min(records.stages - 1, stage + kAhead);
  const auto count = static_cast<double>(half.count());
  NavigatorFeatures mean{};
  NavigatorFeatures spread{};
  double cost = 0;
  half.ForEach([&](size_t query) {
    for (size_t i = 0; i < kNavigatorFeatures; ++i) mean[i] += records.at(query, stage).features[i] / count;
    cost += (CostOf(records.at(query, ahead)) - CostOf(records.at(query, stage))) / count;
  });
  half.ForEach([&](size_t query) {
    for (size_t i = 0; i < kNavigatorFeatures; ++i) {
      const double apart = records.at(query, stage).features[i] - mean[i];
      spread[i] += apart * apart / count;
    }
  });
  for (double& value : spread) value = std::sqrt(value) + kLeastSpread;
  mean[0] = 0;  // the constant stays one
  spread[0] = 1;
  Matrix products{};
  NavigatorFeatures with_gain{};
  half.ForEach([&](size_t query) {
    const NavigatorRecord& now = records.at(query, stage);
    const double gain = (records.at(query, ahead).recall - now.recall) / std::max(1.0, cost) * kPerEvaluations;
    NavigatorFeatures z;
    for (size_t i = 0; i < kNavigatorFeatures; ++i) z[i] = (now.features[i] - mean[i]) / spread[i];
    for (size_t i = 0; i < kNavigatorFeatures; ++i) {
      for (size_t j = 0; j <= i; ++j) products[i][j] += z[i] * z[j] / count;
      with_gain[i] += z[i] * gain / count;
    }
  });
  for (size_t i = 0; i < kNavigatorFeatures; ++i) products[i][i] += kRidge;
  NavigatorFeatures weights = Solve(products, with_gain);
  for (size_t i = 1; i < kNavigatorFeatures; ++i) {
    weights[i] /= spread[i];
    weights[0] -= weights[i] * mean[i];
  }
  return weights;
}

NavigatorModel::Bounds BoundsOf(std::vector<double> values) {
  std::ranges::sort(values);
  const auto cut = static_cast<size_t>(kBoundsCut * static_cast<double>(values.size()));
  const double least = values[cut];
  const double most = values[values.size() - 1 - cut];
  const double margin = kBoundsMargin * (most - least) + kLeastSpread;
  return {least - margin, most + margin};
}

// The least gain with which the least work finds what plain searches find.
void ChooseLeastGain(const Half& half, const Outcome& plain, NavigatorModel* model) {
  const NavigatorRecords& records = half.records;
  std::vector<double> gains;
  half.ForEach([&](size_t query) {
    for (size_t stage = 0; stage + 1 < records.stages; ++stage) {
      double gain = 0;
      for (size_t i = 0; i < kNavigatorFeatures; ++i) {
        gain += model->stages[stage].weights[i] * records.at(query, stage).features[i];
      }
      gains.push_back(gain);
    }
  });
  std::ranges::sort(gains);
  const double wanted = plain.recall + std::min(kSpareRecall, kSparePart * (1 - plain.recall));
  double least = std::numeric_limits<double>::infinity();
  double chosen = gains.empty() ? 0 : gains.front() - 1;  // nothing will do: no search ends early
  for (size_t i = 0; i < kTriedGains && !gains.empty(); ++i) {
    model->least_gain = gains[gains.size() * i / kTriedGains];
    const Outcome outcome = Weigh(half, [&](size_t query) { return Led(*model, records, query); });
    if (outcome.recall < wanted || outcome.worst < plain.worst || outcome.cost >= least) continue;
    least = outcome.cost;
    chosen = model->least_gain;
  }
  model->least_gain = chosen;
}

}  // namespace

void FitNavigator(const NavigatorRecords& records, NavigatorModel* model) {
  const Half learned{records, 0};
  const Half held_out{records, 1};
  const auto plainly = [&](size_t query) { return Only(records.at(query, records.plain)); };
  for (size_t stage = 0; stage + 1 < records.stages; ++stage) model->stages[stage].weights = FitStage(learned, stage);
  std::vector<double> nearest;
  std::vector<double> kth;
  learned.ForEach([&](size_t query) {
    nearest.push_back(records.at(query, 0).nearest);
    kth.push_back(records.at(query, 0).kth);
  });
  model->nearest = BoundsOf(std::move(nearest));
  model->kth = BoundsOf(std::move(kth));
  ChooseLeastGain(learned, Weigh(learned, plainly), model);

  const Outcome led = Weigh(held_out, [&](size_t query) { return Led(*model, records, query); });
  const Outcome plain = Weigh(held_out, plainly);
  model->measures = {static_cast<uint32_t>(held_out.count()),
                     led.recall,
                     plain.recall,
                     led.worst,
                     plain.worst,
                     led.evaluations,
                     plain.evaluations};
}

}  // namespace sochdb
