// Hlc: the hybrid logical clock that gives commits their timestamps: 48 bits of wall milliseconds, 16 bits of counter.
//
// A timestamp is greater than every one before it, whatever the wall clock does: while the clock stands still or
// runs backwards, the counter goes on from the last timestamp (and, when full, carries into the milliseconds). The last
// timestamp is the high-water mark: recovery restores it from the log, so order survives a restart under a clock that was set
// back.
//
// A clock that leaps forward far beyond what the monotonic clock saw pass, or a restored mark far ahead of the clock, is
// reported by `warning`, not refused: later timestamps stay ordered, but for a while they run ahead of true time.
//
// Thread safety: Next and RaiseTo belong to the holder of the commit mutex; the rest may be called from any thread.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/types.h"
#include "env/env.h"

namespace sochdb {

class Hlc {
 public:
  // How far the clocks may disagree before it is called a leap.
  static constexpr uint64_t kLeapMillis = 60'000;

  explicit Hlc(Env* env);
  Hlc(const Hlc&) = delete;
  Hlc& operator=(const Hlc&) = delete;

  // The next timestamp: greater than last(), and not before the wall clock.
  Timestamp Next();
  // Restores the high-water mark: later timestamps are greater than `ts`. A lower mark changes nothing.
  void RaiseTo(Timestamp ts);

  // The greatest timestamp given out or restored; 0 before the first.
  [[nodiscard]] Timestamp last() const { return last_.load(std::memory_order_acquire); }
  // The `now` of a snapshot, in milliseconds since the epoch: the wall clock, but never before a commit or an earlier answer.
  uint64_t NowMillis();

  struct Warning {
    bool leaped = false;     // since the clock was made
    uint64_t by_millis = 0;  // the largest leap
  };
  [[nodiscard]] Warning warning() const {
    const uint64_t by = leap_millis_.load(std::memory_order_relaxed);
    return {by != 0, by};
  }

 private:
  uint64_t WallMillis() const;
  void LookForLeap(uint64_t wall_millis);
  void NoteLeap(uint64_t by_millis);

  Env* const env_;
  uint64_t anchor_wall_millis_;  // where both clocks stood when they were last compared
  uint64_t anchor_monotonic_micros_;
  std::atomic<Timestamp> last_{0};
  std::atomic<uint64_t> now_millis_{0};  // the greatest answer of NowMillis
  std::atomic<uint64_t> leap_millis_{0};
};

}  // namespace sochdb
