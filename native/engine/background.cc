#include "engine/background.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sochdb {

Background::Background(Env* env, Work work) : env_(env), work_(std::move(work)), mutex_(env), flush_(env), compaction_(env) {}

void Background::Start() {
  MutexLock lock(&mutex_);
  threads_.reserve(work_.flush_threads + work_.compaction_threads + 1);  // a thread that has begun must find its place
  for (uint32_t i = 0; i < work_.flush_threads; ++i) {
    threads_.push_back(env_->StartThread("sochdb-flush", [this] { Run(&flush_, work_.flush, false); }));
  }
  for (uint32_t i = 0; i < work_.compaction_threads; ++i) {
    threads_.push_back(env_->StartThread("sochdb-compact", [this, i] { Run(&compaction_, work_.compact, i == 0); }));
  }
  threads_.push_back(env_->StartThread("sochdb-help", [this] { Run(&compaction_, work_.help, false); }));
}

void Background::HintFlush() {
  MutexLock lock(&mutex_);
  ++flush_.hints;
  flush_.wake.SignalAll();
}

void Background::HintCompaction() {
  MutexLock lock(&mutex_);
  ++compaction_.hints;
  compaction_.wake.SignalAll();
}

void Background::Stop() {
  std::vector<std::unique_ptr<Thread>> threads;
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    flush_.wake.SignalAll();
    compaction_.wake.SignalAll();
    threads.swap(threads_);
  }
  for (const auto& thread : threads) thread->Join();
}

void Background::Run(Kind* kind, const std::function<Status(bool*)>& work, bool ticks) {
  uint64_t seen = 0;
  uint64_t retry_micros = 0;  // 0: the last attempt went well
  uint64_t last_tick = env_->MonotonicMicros();
  mutex_.Lock();
  while (!stopped_) {
    if (retry_micros != 0) {
      kind->wake.WaitFor(&mutex_, retry_micros);
    } else if (kind->hints == seen) {
      if (ticks) kind->wake.WaitFor(&mutex_, kTickMicros);
      else kind->wake.Wait(&mutex_);
    }
    if (stopped_) break;
    seen = kind->hints;
    mutex_.Unlock();
    bool worked = false;
    Code code = Code::kOutOfMemory;
    try {
      if (ticks) Tick(&last_tick);
      code = work(&worked).code();
    } catch (const std::bad_alloc&) {
    }
    mutex_.Lock();
    if (worked && code == Code::kOk) --seen;  // there may be more
    const bool again = code != Code::kOk && code != Code::kReadOnly && code != Code::kClosed && code != Code::kCancelled;
    retry_micros = again ? std::clamp(retry_micros * 2, kFirstRetryMicros, kLastRetryMicros) : 0;
  }
  mutex_.Unlock();
}

void Background::Tick(uint64_t* last) {
  const uint64_t now = env_->MonotonicMicros();
  if (now - *last < kTickMicros) return;
  *last = now;
  if (work_.tick) work_.tick();
}

}  // namespace sochdb
