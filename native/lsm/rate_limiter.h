// RateLimiter: keeps background writing below a number of bytes a second, so that commits find the disk free.
//
// Whoever has written waits until its bytes have been paid for; waiting is done in short naps, between which a cancelled job
// notices that it is.
//
// Thread safety: any thread; several share one rate.

#pragma once

#include <cstdint>

#include "base/cancel_token.h"
#include "env/sync.h"

namespace sochdb {

class RateLimiter {
 public:
  // bytes_per_second 0: never waits.
  RateLimiter(Env* env, uint64_t bytes_per_second) : env_(env), bytes_per_second_(bytes_per_second), mutex_(env) {}

  // Accounts for `bytes`, and waits. cancel may be null.
  Status Pay(uint64_t bytes, const CancelToken* cancel);

 private:
  static constexpr uint64_t kNapMicros = 20'000;

  Env* const env_;
  const uint64_t bytes_per_second_;
  Mutex mutex_;                     // guards paid_until_micros_
  uint64_t paid_until_micros_ = 0;  // on the monotonic clock: when all bytes so far are paid for
};

}  // namespace sochdb
