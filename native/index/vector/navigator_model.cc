#include "index/vector/navigator_model.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/bytes.h"

namespace sochdb {
namespace {

constexpr uint8_t kNavigatorRecordVersion = 1;
constexpr double kStageParts[kMostStages] = {0.25, 0.375, 0.5, 0.75, 1, 1.5, 2, 3, 4};
constexpr double kPlainPart = 1;
constexpr double kTiny = 1e-9;

void PutReal(std::string* out, double value) { PutFixed64(out, std::bit_cast<uint64_t>(value)); }

bool ReadReal(ByteReader* in, double* value) {
  uint64_t bits = 0;
  if (!in->ReadFixed64(&bits)) return false;
  *value = std::bit_cast<double>(bits);
  return std::isfinite(*value);
}

bool ReadReals(ByteReader* in, std::initializer_list<double*> values) {
  return std::ranges::all_of(values, [in](double* value) { return ReadReal(in, value); });
}

// Dot products grow with the query; what is learned is not to.
double ScaleOf(Metric metric, const float* query, size_t padded) {
  if (metric != Metric::kDot) return 1;
  double squares = 0;
  for (size_t i = 0; i < padded; ++i) squares += static_cast<double>(query[i]) * static_cast<double>(query[i]);
  return squares > 0 ? 1 / std::sqrt(squares) : 1;
}

bool IsKnown(const NavigatorModel& model) {
  return model.metric <= Metric::kEuclidean && model.k >= 1 && model.k <= kMaxNavigatorK && model.ef >= 1;
}

}  // namespace

std::vector<uint32_t> NavigatorPlaces(size_t places, size_t k, size_t* plain) {
  std::vector<uint32_t> all;
  for (const double part : kStageParts) {
    const auto wanted = static_cast<uint32_t>(std::max<double>(static_cast<double>(k), part * static_cast<double>(places)));
    if (all.empty() || wanted > all.back()) all.push_back(wanted);
    if (part == kPlainPart) *plain = all.size() - 1;
  }
  return all;
}

bool NavigatorModel::Ends(size_t stage, const NavigatorFeatures& features) const {
  if (stage + 1 >= stages.size()) return true;
  double gain = 0;
  for (size_t i = 0; i < kNavigatorFeatures; ++i) gain += stages[stage].weights[i] * features[i];
  return gain <= least_gain;  // what is no number goes on
}

std::string NavigatorModel::Encode() const {
  std::string out(1, static_cast<char>(kNavigatorRecordVersion));
  out.push_back(static_cast<char>(metric));
  out.push_back(coded ? 1 : 0);
  out.push_back(static_cast<char>(stages.size()));
  for (const uint32_t number : {dimension, k, ef, measures.queries}) PutFixed32(&out, number);
  PutFixed64(&out, trained_ts);
  PutFixed64(&out, trained_vectors);
  for (const double value : {least_gain, nearest.least, nearest.most, kth.least, kth.most}) PutReal(&out, value);
  for (const double value : {measures.recall, measures.plain_recall, measures.worst_recall, measures.plain_worst_recall,
                             measures.evaluations, measures.plain_evaluations}) {
    PutReal(&out, value);
  }
  for (const Stage& stage : stages) {
    PutFixed32(&out, stage.places);
    for (const double weight : stage.weights) PutReal(&out, weight);
  }
  return out;
}

bool NavigatorModel::Decode(std::string_view record, NavigatorModel* model) {
  if (record.size() < 4 || static_cast<uint8_t>(record[0]) != kNavigatorRecordVersion) return false;
  model->metric = static_cast<Metric>(record[1]);
  model->coded = record[2] != 0;
  const auto stage_count = static_cast<uint8_t>(record[3]);
  ByteReader in(record.substr(4));
  NavigatorMeasures& measured = model->measures;
  for (uint32_t* number : {&model->dimension, &model->k, &model->ef, &measured.queries}) {
    if (!in.ReadFixed32(number)) return false;
  }
  if (!in.ReadFixed64(&model->trained_ts) || !in.ReadFixed64(&model->trained_vectors) ||
      !ReadReals(&in, {&model->least_gain, &model->nearest.least, &model->nearest.most, &model->kth.least, &model->kth.most,
                       &measured.recall, &measured.plain_recall, &measured.worst_recall, &measured.plain_worst_recall,
                       &measured.evaluations, &measured.plain_evaluations})) {
    return false;
  }
  if (!IsKnown(*model) || stage_count == 0 || stage_count > kMostStages) return false;
  model->stages.resize(stage_count);
  uint32_t places = model->k - 1;
  for (Stage& stage : model->stages) {
    if (!in.ReadFixed32(&stage.places) || stage.places <= places) return false;
    places = stage.places;
    for (double& weight : stage.weights) {
      if (!ReadReal(&in, &weight)) return false;
    }
  }
  return in.empty();
}

NavigatorEyes::NavigatorEyes(Metric metric, const float* query, size_t padded, size_t k)
    : offset_(metric == Metric::kCosine ? 1 : 0), scale_(ScaleOf(metric, query, padded)), k_(k) {}

double NavigatorEyes::PartThatIsNew(std::span<const float> before, const CandidatePool& pool, size_t count) {
  // What was among the first is still there, unless `count` nearer ones have come.
  const float last = pool[count - 1].distance;
  const auto kept = std::ranges::count_if(before.first(std::min(before.size(), count)), [last](float d) { return d <= last; });
  return 1 - static_cast<double>(kept) / static_cast<double>(count);
}

void NavigatorEyes::Look(const CandidatePool& pool, size_t places, uint64_t evaluations) {
  const size_t met = std::min(places, pool.size());
  const size_t first = std::min(k_, met);
  const size_t twice = std::min(2 * k_, met);
  const auto distance = [&](size_t i) { return offset_ + scale_ * static_cast<double>(pool[i].distance); };
  nearest_ = distance(0);
  kth_ = distance(first - 1);
  const double last = distance(met - 1);
  const std::span<const float> before(before_.data(), seen_);
  const double new_first = PartThatIsNew(before.first(std::min(k_, seen_)), pool, first);
  const double new_twice = PartThatIsNew(before, pool, twice);
  const double near_part = (kth_ - nearest_) / (last - nearest_ + kTiny);
  const double taken = static_cast<double>(evaluations - last_evaluations_) / static_cast<double>(places - last_places_);
  features_ = {1,
               new_first,
               new_twice,
               nearest_,
               kth_ - nearest_,
               distance(twice - 1) - kth_,
               last - kth_,
               near_part,
               taken,
               new_first * new_first,
               new_twice * new_twice,
               near_part * new_twice};
  seen_ = twice;
  for (size_t i = 0; i < twice; ++i) before_[i] = pool[i].distance;
  last_places_ = places;
  last_evaluations_ = evaluations;
}

}  // namespace sochdb
