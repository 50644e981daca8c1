#include "index/vector/code_trial.h"

#include <algorithm>
#include <utility>

namespace sochdb {
namespace {

// How codes are tried: so many queries, against so many vectors.
constexpr uint32_t kTriedQueries = 32;
constexpr uint32_t kTriedVectors = 1000;
constexpr size_t kTriedNearest = 10;
constexpr double kLeastFound = 0.98;

// Evenly spaced, all of them when there are no more.
std::vector<uint32_t> SampleSlots(uint32_t published, uint32_t most) {
  const uint32_t count = std::min(published, most);
  std::vector<uint32_t> sample(count);
  for (uint32_t i = 0; i < count; ++i) sample[i] = static_cast<uint32_t>(uint64_t{published} * i / count);
  return sample;
}

std::vector<uint32_t> NearestOf(SlotQuery* query, const std::vector<uint32_t>& slots, size_t count) {
  std::vector<std::pair<float, uint32_t>> all;
  for (const uint32_t slot : slots) all.emplace_back(query->One(slot), slot);
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
  std::vector<uint32_t> nearest;
  for (size_t i = 0; i < count; ++i) nearest.push_back(all[i].second);
  return nearest;
}

}  // namespace

std::vector<const float*> SampleVectors(const FullVectors& full, uint32_t published, uint32_t most) {
  const FullVectors::View rows = full.view();
  std::vector<const float*> sample;
  for (const uint32_t slot : SampleSlots(published, most)) sample.push_back(rows[slot]);
  return sample;
}

void EncodeSlots(const FullVectors& full, uint32_t from, uint32_t to, CodeQuery* scratch, VectorCodes* codes) {
  codes->Reserve(to);
  const FullVectors::View vectors = full.view();
  const VectorCodes::View rows = codes->view();
  for (uint32_t slot = from; slot < to; ++slot) codes->codec().Encode(vectors[slot], scratch, rows[slot]);
}

bool CodesTellApart(const SlotVectors& vectors, const VectorCodes& codes, uint32_t encoded) {
  const std::vector<uint32_t> slots = SampleSlots(encoded, kTriedVectors);
  SlotQuery query;
  size_t found = 0;
  size_t wanted = 0;
  for (const uint32_t slot : SampleSlots(encoded, kTriedQueries)) {
    const float* vector = vectors.full().view()[slot];
    query.Begin(vectors, nullptr, vector);
    const std::vector<uint32_t> nearest = NearestOf(&query, slots, kTriedNearest);
    query.Begin(vectors, &codes, vector);
    const std::vector<uint32_t> by_code = NearestOf(&query, slots, 2 * kTriedNearest);
    wanted += nearest.size();
    found += static_cast<size_t>(std::count_if(nearest.begin(), nearest.end(), [&](uint32_t each) {
      return std::find(by_code.begin(), by_code.end(), each) != by_code.end();
    }));
  }
  return static_cast<double>(found) >= kLeastFound * static_cast<double>(wanted);
}

}  // namespace sochdb
