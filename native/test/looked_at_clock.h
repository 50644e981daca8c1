// LookedAtClock: time that moves on whenever it is looked at. Work under a CancelToken with such a clock may check so many
// times, however long that takes.
//
// Thread safety: one thread.

#pragma once

#include "env/posix_env.h"

namespace sochdb::test {

class LookedAtClock : public PosixEnv {
 public:
  uint64_t MonotonicMicros() override { return ++now_; }

 private:
  uint64_t now_ = 0;
};

}  // namespace sochdb::test
