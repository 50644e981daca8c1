#include "engine/log_flusher.h"

#include <utility>

namespace sochdb {

LogFlusher::LogFlusher(Env* env, std::function<void()> flush) : flush_(std::move(flush)), mutex_(env), wake_(env) {
  thread_ = env->StartThread("sochdb-log", [this] { Run(); });
}

void LogFlusher::Hint() {
  MutexLock lock(&mutex_);
  hinted_ = true;
  wake_.SignalAll();
}

void LogFlusher::Stop() {
  std::unique_ptr<Thread> thread;
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    wake_.SignalAll();
    thread = std::move(thread_);
  }
  if (thread != nullptr) thread->Join();
}

void LogFlusher::Run() {
  mutex_.Lock();
  while (!stopped_) {
    if (!hinted_) {
      wake_.Wait(&mutex_);
      continue;
    }
    wake_.WaitFor(&mutex_, kFlushDelayMicros);  // gather; an early wake only flushes early
    hinted_ = false;
    mutex_.Unlock();
    flush_();
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace sochdb
