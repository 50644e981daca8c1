// CachedOnly: reads that must not wait for the disk.
//
// While a thread holds one, what it would have to read from a file (a block of a table that is not cached, a blob) it does not:
// the read fails with kWouldBlock, and its caller makes it again where waiting hurts nobody. So a thread that serves others,
// such as JavaScript's, answers what is in memory itself and hands on the rest.
//
// It is asked only where a file is about to be read, so what is in memory costs the same with and without.
//
// Thread safety: it holds for the thread that made it, which also destroys it. They nest.

#pragma once

#include "base/status.h"

namespace sochdb {

class CachedOnly {
 public:
  CachedOnly() { ++depth_; }
  ~CachedOnly() { --depth_; }
  CachedOnly(const CachedOnly&) = delete;
  CachedOnly& operator=(const CachedOnly&) = delete;

  [[nodiscard]] static bool OnThisThread() { return depth_ != 0; }
  // OK, or kWouldBlock: to be asked before a file is read.
  [[nodiscard]] static Status MayRead() {
    return OnThisThread() ? Status(Code::kWouldBlock, "What is asked for is not in memory.") : Status();
  }

 private:
  inline static constinit thread_local unsigned depth_ = 0;
};

}  // namespace sochdb
