// Admission and RotationHook: how writes meet the limits of memory and of the levels, without txn knowing who keeps them.
//
//   before the gate:       a write asks Admission, once it is needed, and may be delayed or made to wait
//   inside, once applied:  when the memtables that are written to have grown past the limit, the RotationHook is told
//
// Whoever holds the writer (a synchronous closure) has been admitted when it took it: from then on it never waits.
//
// Thread safety: as stated at each method.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace sochdb {

class Admission {
 public:
  virtual ~Admission() = default;
  // Whether writes must ask at all: one relaxed load on the way of every write. Any thread.
  [[nodiscard]] bool needed() const { return needed_.load(std::memory_order_relaxed); }
  void set_needed(bool needed) { needed_.store(needed, std::memory_order_relaxed); }
  // Waits until a write of about `bytes` may proceed, at most timeout_ms: kTimeout then. Another failure refuses the write.
  // Any thread; never called with the commit mutex or the writer held.
  virtual Status Admit(uint64_t bytes, uint64_t timeout_ms) = 0;

 private:
  std::atomic<bool> needed_{false};
};

class RotationHook {
 public:
  virtual ~RotationHook() = default;
  // The memtables that are written to hold `bytes`, at least the limit: rotate some of them (Tree::Rotate), and wake whoever
  // flushes. Called under the commit mutex, after a commit was applied, again and again until they are below the limit.
  // Must not wait, and must not call the pipeline. A bad_alloc it throws is swallowed.
  virtual void OnMemtablesFull(uint64_t bytes) = 0;
};

}  // namespace sochdb
