// LogFlusher: the thread that hands the log's buffer to the operating system in SyncMode::kOff, at most
// kFlushDelayMicros after a commit. It sleeps while nothing is committed.
//
// Thread safety: Hint and Stop on any thread. Limits: one thread.

#pragma once

#include <functional>
#include <memory>

#include "env/env.h"
#include "env/sync.h"

namespace sochdb {

class LogFlusher {
 public:
  static constexpr uint64_t kFlushDelayMicros = 50'000;

  // flush: what to do. It reports its own failure.
  LogFlusher(Env* env, std::function<void()> flush);
  ~LogFlusher() { Stop(); }
  LogFlusher(const LogFlusher&) = delete;
  LogFlusher& operator=(const LogFlusher&) = delete;

  void Hint();  // there is something to flush
  void Stop();  // waits for a flush under way; idempotent

 private:
  void Run();

  const std::function<void()> flush_;
  Mutex mutex_;  // guards all below
  CondVar wake_;
  bool hinted_ = false;
  bool stopped_ = false;
  std::unique_ptr<Thread> thread_;
};

}  // namespace sochdb
