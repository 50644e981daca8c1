#include "index/document/row_measure.h"

namespace sochdb {

RowMeasure::Found RowMeasure::To(const DocumentRow& row, Aggregate aggregate) {
  Found found;
  Nearness sum;
  const uint32_t count = aggregate == Aggregate::kFirst ? 1 : row.count();
  for (uint32_t i = 0; i < count; ++i) {
    PrepareStoredVector(metric_, row.vector(i), stored_.data());
    const Nearness nearness = measure_.To(stored_.data());
    sum.score += nearness.score;
    sum.distance += nearness.distance;
    if (i == 0 || nearness.distance < found.nearness.distance) found = {nearness, i};
  }
  if (aggregate != Aggregate::kMean || count == 1) return found;
  found.nearness.distance = sum.distance / count;
  found.nearness.score = metric_ == Metric::kEuclidean ? 1 / (1 + found.nearness.distance) : sum.score / count;
  return found;
}

}  // namespace sochdb
