#include "lsm/rate_limiter.h"

#include <algorithm>

namespace sochdb {

Status RateLimiter::Pay(uint64_t bytes, const CancelToken* cancel) {
  if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
  if (bytes_per_second_ == 0) return {};
  uint64_t until = 0;
  {
    MutexLock lock(&mutex_);
    const double micros = static_cast<double>(bytes) * 1e6 / static_cast<double>(bytes_per_second_);
    paid_until_micros_ = std::max(paid_until_micros_, env_->MonotonicMicros()) + static_cast<uint64_t>(micros);
    until = paid_until_micros_;
  }
  for (uint64_t now = env_->MonotonicMicros(); now < until; now = env_->MonotonicMicros()) {
    env_->SleepMicros(std::min(until - now, kNapMicros));
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
  }
  return {};
}

}  // namespace sochdb
