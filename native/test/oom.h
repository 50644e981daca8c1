// Memory that runs out on order: the n-th allocation of this thread throws std::bad_alloc, once or from then on.
//
//   OutOfMemory oom(n, /*and_later=*/false);   // counts from here
//   …
//   oom.Disarm();                              // before anything that must not fail, such as an EXPECT
//   if (!oom.fired()) …                        // fewer than n allocations were made
//
// The simulated world takes no part: inside it (OomPause) nothing is counted and nothing fails.
//
// Thread safety: everything here is about the calling thread; other threads' allocations succeed.
// operator new is replaced by oom.cc in every test program; while nothing is armed it is malloc.

#pragma once

#include <cstdint>

namespace sochdb::test {

struct OomState {
  uint64_t left = 0;  // allocations until one fails; 0: none will
  bool and_later = false;
  bool failing = false;
  bool fired = false;
  int paused = 0;
};
inline thread_local constinit OomState g_oom;

class OomPause {
 public:
  OomPause() { ++g_oom.paused; }
  ~OomPause() { --g_oom.paused; }
  OomPause(const OomPause&) = delete;
  OomPause& operator=(const OomPause&) = delete;
};

class OutOfMemory {
 public:
  // REQUIRES: n > 0; no other is armed on this thread.
  OutOfMemory(uint64_t n, bool and_later) { g_oom = {n, and_later, false, false, 0}; }
  ~OutOfMemory() { Disarm(); }
  OutOfMemory(const OutOfMemory&) = delete;
  OutOfMemory& operator=(const OutOfMemory&) = delete;

  void Disarm() {
    fired_ = fired_ || g_oom.fired;
    g_oom = {};
  }
  [[nodiscard]] bool fired() const { return fired_ || g_oom.fired; }

 private:
  bool fired_ = false;
};

}  // namespace sochdb::test
