#include "engine/write_throttle.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace sochdb {

void WriteThrottle::SetInlineWork(std::function<void()> work) { inline_work_ = std::move(work); }

void WriteThrottle::SetMemory(uint64_t waiting_bytes, uint64_t most_waiting_of_tree, const Status& failure) {
  MutexLock lock(&mutex_);
  waiting_bytes_ = waiting_bytes;
  waiting_memtables_ = most_waiting_of_tree;
  flush_failure_ = failure;
  Decide();
}

void WriteThrottle::SetPressure(const LsmStore::Pressure& pressure, const Status& failure) {
  MutexLock lock(&mutex_);
  pressure_ = pressure;
  compaction_failure_ = failure;
  Decide();
}

// REQUIRES: mutex_.
void WriteThrottle::Decide() {
  const bool slow = pressure_.slowdown != 0 && pressure_.runs >= pressure_.slowdown;
  set_needed(slow || MustStop() || inline_hint_.load(std::memory_order_acquire));
  eased_.SignalAll();
}

void WriteThrottle::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  eased_.SignalAll();
}

// REQUIRES: mutex_.
bool WriteThrottle::MemoryIsFull() const {
  return waiting_bytes_ >= limits_.waiting_bytes || waiting_memtables_ >= limits_.waiting_memtables;
}

// REQUIRES: mutex_.
bool WriteThrottle::MustStop() const { return MemoryIsFull() || (pressure_.stop != 0 && pressure_.runs >= pressure_.stop); }

// REQUIRES: mutex_.
uint64_t WriteThrottle::DelayMicros(uint64_t bytes) const {
  const auto& [runs, slowdown, stop] = pressure_;
  if (slowdown == 0 || runs < slowdown || stop <= slowdown) return 0;
  const uint64_t steps = stop - slowdown;
  const uint64_t step = std::min<uint64_t>(runs - slowdown, steps);
  const uint64_t rate = kFastBytesPerSecond - (kFastBytesPerSecond - kSlowBytesPerSecond) / steps * step;
  return bytes * 1'000'000 / rate;
}

bool WriteThrottle::WantsInlineWork() {
  if (inline_hint_.exchange(false, std::memory_order_acq_rel)) return true;
  MutexLock lock(&mutex_);
  return MustStop();
}

Status WriteThrottle::Admit(uint64_t bytes, uint64_t timeout_ms) {
  if (inline_work_ && WantsInlineWork()) inline_work_();
  uint64_t delay = 0;
  {
    MutexLock lock(&mutex_);
    if (MustStop()) {
      SOCHDB_TRY(AwaitRoom(std::min(timeout_ms, limits_.timeout_ms)));
    }
    delay = DelayMicros(bytes);
    if (delay != 0) {
      ++stats_.delayed_writes;
      stats_.delayed_micros += delay;
    }
  }
  if (delay == 0 && env_->Buggify("engine.slow-admission")) delay = 2000;
  if (delay != 0) env_->SleepMicros(delay);
  return {};
}

// Who is to do it may have found others at it, and they may have ended. REQUIRES: mutex_, which is released meanwhile.
void WriteThrottle::WorkInline() {
  mutex_.Unlock();
  try {
    inline_work_();
  } catch (const std::bad_alloc&) {
    // It is tried again.
  }
  mutex_.Lock();
}

// REQUIRES: mutex_, which is released while it waits.
Status WriteThrottle::AwaitRoom(uint64_t timeout_ms) {
  const uint64_t begun = env_->MonotonicMicros();
  const uint64_t deadline = begun + timeout_ms * 1000;
  ++stats_.stopped_writes;
  Status status;
  while (MustStop()) {
    const uint64_t now = env_->MonotonicMicros();
    if (check_) status = check_();
    if (!status.ok()) break;
    if (closed_) status = {Code::kClosed, "The database is closed."};
    else if (Failure().code() == Code::kDiskFull || now >= deadline) status = Refusal((now - begun) / 1000);
    if (!status.ok()) break;
    eased_.WaitFor(&mutex_, inline_work_ ? std::min(deadline - now, kInlineMicros) : deadline - now);
    if (inline_work_) WorkInline();
  }
  if (status.code() == Code::kTimeout) ++stats_.timeouts;
  stats_.stopped_micros += env_->MonotonicMicros() - begun;
  return status;
}

// REQUIRES: mutex_.
Status WriteThrottle::Refusal(uint64_t waited_ms) const {
  if (Failure().code() == Code::kDiskFull) {
    return {Code::kDiskFull,
            "The disk is full: what was written before waits in memory, and there is no room for more. Nothing of this write "
            "was kept. Make room on the disk; the database goes on by itself.",
            Failure().details()};
  }
  const auto count = [](uint64_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); };
  std::string message = "Writes come faster than flushes and compactions take them: this one waited " +
                        std::to_string(waited_ms) + " ms, and nothing of it was written. ";
  if (MemoryIsFull()) {
    message += std::to_string(waiting_bytes_) + " bytes of memtables wait to be flushed, " +
               count(waiting_memtables_, "memtable") + " of one tree (writes stop at " + std::to_string(limits_.waiting_bytes) +
               " and " + std::to_string(limits_.waiting_memtables) + ").";
  } else {
    message +=
        count(pressure_.runs, "run") + " of tables wait to be merged (writes stop at " + std::to_string(pressure_.stop) + ").";
  }
  if (!Failure().ok()) message += " The last attempt failed: " + Failure().message();
  return Status(Code::kTimeout, std::move(message))
      .With("stall", MemoryIsFull() ? "flush" : "compaction")
      .With("waitedMs", std::to_string(waited_ms))
      .With("waitingBytes", std::to_string(waiting_bytes_))
      .With("waitingMemtables", std::to_string(waiting_memtables_))
      .With("runs", std::to_string(pressure_.runs));
}

StallStats WriteThrottle::stats() const {
  MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace sochdb
