// CancelToken: how a caller stops work that is under way, and how long the work may take.
//
// Every native loop whose length depends on data takes one and asks it every few hundred steps.
//
// Thread safety: Cancel may be called from any thread; the rest belongs to the thread that works.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"
#include "env/env.h"

namespace sochdb {

// How many rows a loop over rows handles between two checks.
inline constexpr uint32_t kRowsBetweenChecks = 256;

class CancelToken {
 public:
  CancelToken() = default;
  // deadline_micros is on the Env's monotonic clock; 0 is none.
  CancelToken(Env* env, uint64_t deadline_micros) : env_(env), deadline_micros_(deadline_micros) {}
  // REQUIRES: no other thread checks it yet.
  void SetDeadline(Env* env, uint64_t deadline_micros) {
    env_ = env;
    deadline_micros_ = deadline_micros;
  }

  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  // kCancelled, kTimeout or OK.
  Status Check() const {
    if (cancelled_.load(std::memory_order_relaxed)) return {Code::kCancelled, "The operation was cancelled."};
    if (deadline_micros_ != 0 && env_->MonotonicMicros() > deadline_micros_) {
      return {Code::kTimeout, "The operation ran past its time limit."};
    }
    return {};
  }

 private:
  Env* env_ = nullptr;
  uint64_t deadline_micros_ = 0;
  std::atomic<bool> cancelled_{false};
};

}  // namespace sochdb
