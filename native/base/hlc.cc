#include "base/hlc.h"

#include <algorithm>

namespace sochdb {

namespace {
// Half of what 48 bits hold (the year 6429), so that a mad clock leaves room for the counter to carry.
constexpr uint64_t kMaxWallMillis = (uint64_t{1} << 47) - 1;
}  // namespace

Hlc::Hlc(Env* env) : env_(env), anchor_wall_millis_(WallMillis()), anchor_monotonic_micros_(env->MonotonicMicros()) {}

uint64_t Hlc::WallMillis() const { return std::min(env_->NowMillis(), kMaxWallMillis); }

Timestamp Hlc::Next() {
  const uint64_t wall = WallMillis();
  const Timestamp last = last_.load(std::memory_order_relaxed);
  SOCHDB_CHECK(last < kMaxTimestamp - 1);
  if (wall > HlcMillis(last) + kLeapMillis) [[unlikely]]
    LookForLeap(wall);
  const Timestamp next = std::max(HlcFromMillis(wall), last + 1);
  last_.store(next, std::memory_order_release);
  return next;
}

void Hlc::RaiseTo(Timestamp ts) {
  if (ts <= last_.load(std::memory_order_relaxed)) return;
  last_.store(ts, std::memory_order_release);
  const uint64_t wall = WallMillis();
  if (HlcMillis(ts) > wall + kLeapMillis) NoteLeap(HlcMillis(ts) - wall);
}

uint64_t Hlc::NowMillis() {
  const uint64_t now = std::max(WallMillis(), HlcMillis(last()));
  uint64_t seen = now_millis_.load(std::memory_order_relaxed);
  while (seen < now) {
    if (now_millis_.compare_exchange_weak(seen, now, std::memory_order_relaxed)) return now;
  }
  return seen;
}

// The wall clock is well past the last timestamp: a quiet hour, or a leap? The monotonic clock tells.
void Hlc::LookForLeap(uint64_t wall_millis) {
  const uint64_t monotonic = env_->MonotonicMicros();
  const uint64_t expected = anchor_wall_millis_ + (monotonic - anchor_monotonic_micros_) / 1000;
  if (wall_millis > expected + kLeapMillis) NoteLeap(wall_millis - expected);
  anchor_wall_millis_ = wall_millis;
  anchor_monotonic_micros_ = monotonic;
}

void Hlc::NoteLeap(uint64_t by_millis) {
  if (by_millis > leap_millis_.load(std::memory_order_relaxed)) leap_millis_.store(by_millis, std::memory_order_relaxed);
}

}  // namespace sochdb
