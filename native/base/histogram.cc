#include "base/histogram.h"

#include <algorithm>

namespace sochdb {

LatencySummary Histogram::Summary() const {
  std::array<uint64_t, kBuckets> counts{};
  LatencySummary out;
  for (const Stripe& stripe : stripes_) {
    for (size_t i = 0; i < kBuckets; ++i) counts[i] += stripe.counts[i].load(std::memory_order_relaxed);
    out.sum += stripe.sum.load(std::memory_order_relaxed);
    out.max = std::max(out.max, stripe.max.load(std::memory_order_relaxed));
  }
  for (const uint64_t count : counts) out.count += count;
  if (out.count == 0) return out;
  // The value that `share` of all values do not pass: a thousandth is counted as a whole one.
  const auto at = [&](uint64_t thousandths) {
    const uint64_t rank = (out.count * thousandths + 999) / 1000;
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts[i];
      if (seen >= rank) return std::min(UpperBound(i), out.max);
    }
    return out.max;
  };
  out.p50 = at(500);
  out.p90 = at(900);
  out.p99 = at(990);
  out.p999 = at(999);
  return out;
}

}  // namespace sochdb
