// Background: the threads that flush and compact, and now and then look after what no write asks for.
//
// Each thread works while there is work, then sleeps until it is woken. After a failure it waits a moment, longer each time,
// and tries again; a store that has become read-only is left alone.
//
// Thread safety: any thread. Hints are cheap: they may come under the commit mutex.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "env/env.h"
#include "env/sync.h"

namespace sochdb {

class Background {
 public:
  static constexpr uint64_t kLookAgainMicros = 20'000;  // at most, until what waits for another thread looks again
  static constexpr uint64_t kTickMicros = 2'000'000;
  static constexpr uint64_t kFirstRetryMicros = 50'000;
  static constexpr uint64_t kLastRetryMicros = 5'000'000;

  struct Work {
    std::function<Status(bool* worked)> flush;
    std::function<Status(bool* worked)> compact;
    std::function<Status(bool* worked)> help;  // what is overdue, by one more thread: not to wait for a long compaction to end
    std::function<void()> tick;                // every kTickMicros, by a thread that compacts
    uint32_t flush_threads = 1;
    uint32_t compaction_threads = 1;
  };
  Background(Env* env, Work work);
  ~Background() { Stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Starts the threads. Throws bad_alloc: those that have begun are stopped with this.
  void Start();
  void HintFlush();
  void HintCompaction();
  // Waits for what is under way.
  void Stop();

 private:
  struct Kind {
    explicit Kind(Env* env) : wake(env) {}
    CondVar wake;
    uint64_t hints = 0;
  };
  void Run(Kind* kind, const std::function<Status(bool*)>& work, bool ticks);
  void Tick(uint64_t* last);

  Env* const env_;
  const Work work_;
  Mutex mutex_;  // guards all below
  Kind flush_;
  Kind compaction_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace sochdb
