// Histograms: what a percentile promises.

#include <memory>
#include <vector>

#include "base/histogram.h"
#include "env/env.h"
#include "test/harness.h"

namespace sochdb::engine_histogram_test {
namespace {

TEST("a histogram's buckets cover every value, ascending, each within a sixteenth") {
  uint64_t previous = 0;
  for (size_t bucket = 1; bucket < Histogram::kBuckets; ++bucket) {
    const uint64_t top = Histogram::UpperBound(bucket);
    EXPECT(top > previous);
    EXPECT_EQ(Histogram::BucketOf(top), bucket);
    EXPECT_EQ(Histogram::BucketOf(previous + 1), bucket);
    EXPECT(top - previous <= previous / 16 + 1);
    previous = top;
  }
  EXPECT_EQ(Histogram::BucketOf(UINT64_MAX), Histogram::kBuckets - 1);
}

TEST("a histogram's percentiles are right within a sixteenth, and never beyond the greatest value") {
  auto histogram = std::make_unique<Histogram>();
  EXPECT_EQ(histogram->Summary().p99, 0u);
  for (uint64_t i = 1; i <= 10'000; ++i) histogram->Record(i);
  const LatencySummary summary = histogram->Summary();
  EXPECT_EQ(summary.count, 10'000u);
  EXPECT_EQ(summary.sum, 50'005'000u);
  EXPECT_EQ(summary.max, 10'000u);
  const auto near = [](uint64_t got, uint64_t wanted) { return got >= wanted && got <= wanted + wanted / 16 + 1; };
  EXPECT(near(summary.p50, 5000) && near(summary.p90, 9000) && near(summary.p99, 9900));
  EXPECT(summary.p999 >= 9990 && summary.p999 <= 10'000);
}

TEST("threads that record together lose nothing") {
  auto histogram = std::make_unique<Histogram>();
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < 4; ++t) {
    threads.push_back(Env::Posix()->StartThread("recorder", [&histogram] {
      for (uint64_t i = 0; i < 5000; ++i) histogram->Record(i);
    }));
  }
  for (auto& thread : threads) thread->Join();
  EXPECT_EQ(histogram->Summary().count, 20'000u);
  EXPECT_EQ(histogram->Summary().max, 4999u);
}

}  // namespace
}  // namespace sochdb::engine_histogram_test
