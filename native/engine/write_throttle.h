// WriteThrottle: keeps writers from running away from flushes and compactions.
//
// From the slowdown mark on (runs that a read must merge), each write is delayed, the longer the closer the stop mark is.
// At the stop mark, and when memtables that wait to be flushed fill the memory meant for them, writes wait until there is room
// again, at most the shorter of their own time limit and the throttle's; the error says what has to catch up. A disk that is
// full, and a store that has become read-only, are told at once: waiting would not mend them.
//
// Thread safety: any thread. Locks: mutex_ is a leaf.

#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "engine/stats.h"
#include "env/sync.h"
#include "lsm/lsm_store.h"
#include "txn/admission.h"

namespace sochdb {

class WriteThrottle final : public Admission {
 public:
  // The rates between which delayed writes go.
  static constexpr uint64_t kFastBytesPerSecond = 32ull * 1024 * 1024;
  static constexpr uint64_t kSlowBytesPerSecond = 1ull * 1024 * 1024;
  // Between two attempts of a write that waits to do what a thread in the background would.
  static constexpr uint64_t kInlineMicros = 20'000;

  struct Limits {
    uint64_t waiting_bytes = 0;      // of memtables that wait to be flushed
    uint64_t waiting_memtables = 0;  // of one tree
    uint64_t timeout_ms = 0;
  };
  WriteThrottle(Env* env, const Limits& limits) : env_(env), limits_(limits), mutex_(env), eased_(env) {}

  // Asked by whoever waits: a failure ends the waiting. Called with mutex_ held. REQUIRES: before any write.
  void SetCheck(std::function<Status()> check) { check_ = std::move(check); }
  // failure: why flushes (compactions) make no headway; OK: they do.
  void SetMemory(uint64_t waiting_bytes, uint64_t most_waiting_of_tree, const Status& failure);
  void SetPressure(const LsmStore::Pressure& pressure, const Status& failure);
  // Every write does this work first, in the place of background threads. REQUIRES: before any write.
  void SetInlineWork(std::function<void()> work);
  void HintInlineWork() { inline_hint_.store(true, std::memory_order_release), set_needed(true); }
  // Whoever waits fails with kClosed.
  void Close();

  Status Admit(uint64_t bytes, uint64_t timeout_ms) override;
  [[nodiscard]] StallStats stats() const;

 private:
  bool WantsInlineWork();
  void Decide();
  [[nodiscard]] bool MemoryIsFull() const;
  [[nodiscard]] bool MustStop() const;
  [[nodiscard]] const Status& Failure() const { return MemoryIsFull() ? flush_failure_ : compaction_failure_; }
  [[nodiscard]] uint64_t DelayMicros(uint64_t bytes) const;
  [[nodiscard]] Status Refusal(uint64_t waited_ms) const;
  Status AwaitRoom(uint64_t timeout_ms);
  void WorkInline();

  Env* const env_;
  const Limits limits_;
  std::function<void()> inline_work_;
  std::function<Status()> check_;
  std::atomic<bool> inline_hint_{false};
  mutable Mutex mutex_;  // guards all below
  CondVar eased_;
  uint64_t waiting_bytes_ = 0;
  uint64_t waiting_memtables_ = 0;
  LsmStore::Pressure pressure_;
  Status flush_failure_;
  Status compaction_failure_;
  bool closed_ = false;
  StallStats stats_;
};

}  // namespace sochdb
