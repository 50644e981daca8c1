#include "index/vector/exact_sums.h"

namespace sochdb {
namespace {

template <typename Term>
double SumInLanes(size_t length, Term term) {
  double sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += term(i + lane);
  }
  for (; i < length; ++i) sums[0] += term(i);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

double DotInLanes(const float* a, const float* b, size_t length) {
  return SumInLanes(length, [a, b](size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

double DistanceInLanes(const float* a, const float* b, size_t length) {
  return SumInLanes(length, [a, b](size_t i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    return difference * difference;
  });
}

constexpr ExactSums kPortableSums = {"portable", DotInLanes, DistanceInLanes};

}  // namespace

const ExactSums& PortableSums() { return kPortableSums; }

const ExactSums& FastestSums() {
  static const ExactSums& sums = Avx2Sums() != nullptr ? *Avx2Sums() : PortableSums();
  return sums;
}

}  // namespace sochdb
