// Beside: does one thing on a thread of its own, while whoever asked for it goes on with another.
//
// Where there is no thread to be had, it is done at once. Memory that runs out there is told where the result is asked for.
//
// Thread safety: one thread.

#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "env/env.h"

namespace sochdb {

// Null where there is no thread to be had.
std::unique_ptr<Thread> TryStartThread(Env* env, const char* name, std::function<void()> body);

class Beside {
 public:
  Beside(Env* env, const char* name, std::function<Status()> work);
  ~Beside() { Wait(); }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  // Waits for it; how it ended. Throws bad_alloc when it did. Once.
  Status Result();

 private:
  void Run();
  void Wait();

  const std::function<Status()> work_;
  Status result_;               // the thread's, until it was waited for; so is the next
  bool out_of_memory_ = false;  // it threw bad_alloc
  std::unique_ptr<Thread> thread_;
};

}  // namespace sochdb
