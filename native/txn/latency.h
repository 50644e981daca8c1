// Latencies: how long operations take, in nanoseconds. Commits and syncs are all timed; of single reads, single writes and
// steps of cursors about one in kSample is, since reading the clock twice would cost as much as the fastest of them.
//
// Thread safety: any thread.

#pragma once

#include <cstdint>

#include "base/histogram.h"
#include "env/env.h"

namespace sochdb {

class Latencies {
 public:
  static constexpr uint32_t kSample = 64;

  // on: false where time is simulated, and measuring would move it.
  explicit Latencies(bool on) : on_(on) {}

  Histogram get;
  Histogram put;
  Histogram commit;
  Histogram scan;
  Histogram sync;

  // The histogram, or null when nothing is measured; of Sampled also when the calling thread's operation is not one of the
  // sample. Each kind is counted by itself and the gaps vary, kSample in the mean: of work that repeats itself (write, read,
  // write, …) the sample would otherwise always be the same step.
  Histogram* Always(Histogram Latencies::*which) { return on_ ? &(this->*which) : nullptr; }
  template <Histogram Latencies::*kWhich>
  Histogram* Sampled() {
    static thread_local uint32_t left = kSample;
    static thread_local uint32_t random = 1;
    if (--left != 0) [[likely]]
      return nullptr;
    random = random * 1664525u + 1013904223u;
    left = 1 + (random >> 16) % (2 * kSample - 1);
    return on_ ? &(this->*kWhich) : nullptr;
  }

 private:
  const bool on_;
};

// Times its own life. A null histogram: does nothing.
class LatencyTimer {
 public:
  LatencyTimer(Env* env, Histogram* into) : env_(env), into_(into), begun_(into == nullptr ? 0 : env->MonotonicNanos()) {}
  ~LatencyTimer() {
    if (into_ != nullptr) [[unlikely]]
      into_->Record(env_->MonotonicNanos() - begun_);
  }
  LatencyTimer(const LatencyTimer&) = delete;
  LatencyTimer& operator=(const LatencyTimer&) = delete;

 private:
  Env* const env_;
  Histogram* const into_;
  const uint64_t begun_;
};

}  // namespace sochdb
