// Histogram: how long things took, in a fixed amount of memory: counts in buckets whose width grows with the value, 16 to each
// power of two, so that a percentile is right within about 6 %. (The layout of HdrHistogram, Gil Tene.)
//
// Thread safety: any thread. Record adds to one of kStripes copies, so that threads rarely meet; a snapshot that is taken while
// others record may miss what is under way.
// Limits: values of 2^40 and above share the last bucket; as nanoseconds that is 18 minutes.

#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sochdb {

// What a histogram held at one moment.
struct LatencySummary {
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t p50 = 0;
  uint64_t p90 = 0;
  uint64_t p99 = 0;
  uint64_t p999 = 0;
  uint64_t max = 0;
};

class Histogram {
 public:
  static constexpr int kSubBits = 4;
  static constexpr int kMaxBits = 40;
  static constexpr size_t kBuckets = (static_cast<size_t>(kMaxBits - kSubBits) + 1) << kSubBits;
  static constexpr size_t kStripes = 4;

  void Record(uint64_t value) {
    Stripe& stripe = stripes_[StripeOfThread()];
    stripe.counts[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
    stripe.sum.fetch_add(value, std::memory_order_relaxed);
    uint64_t max = stripe.max.load(std::memory_order_relaxed);
    while (value > max && !stripe.max.compare_exchange_weak(max, value, std::memory_order_relaxed)) {
    }
  }

  [[nodiscard]] LatencySummary Summary() const;

  // The bucket of a value, and the greatest value of a bucket.
  static constexpr size_t BucketOf(uint64_t value) {
    constexpr uint64_t kSub = uint64_t{1} << kSubBits;
    if (value < kSub) return static_cast<size_t>(value);
    if (value >> kMaxBits != 0) return kBuckets - 1;
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kSubBits;
    return (static_cast<size_t>(shift) << kSubBits) + static_cast<size_t>(value >> shift);
  }
  static constexpr uint64_t UpperBound(size_t bucket) {
    constexpr size_t kSub = size_t{1} << kSubBits;
    if (bucket < kSub) return bucket;
    const int shift = static_cast<int>(bucket >> kSubBits) - 1;
    const uint64_t from = (bucket & (kSub - 1)) + kSub;
    return ((from + 1) << shift) - 1;
  }

 private:
  struct alignas(64) Stripe {
    std::array<std::atomic<uint64_t>, kBuckets> counts{};
    std::atomic<uint64_t> sum{0};
    std::atomic<uint64_t> max{0};
  };

  static size_t StripeOfThread() {
    static std::atomic<size_t> next{0};
    static thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Stripe, kStripes> stripes_;
};

}  // namespace sochdb
