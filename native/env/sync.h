// Mutex and CondVar: std's, until a simulated Env schedules threads itself.
//
// Every mutex of the engine is one of these, constructed with its Env; a comment beside it says what it guards.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "env/env.h"

namespace sochdb {

class Mutex {
 public:
  explicit Mutex(Env* env) : scheduler_(env->scheduler()) {}
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() {
    if (scheduler_ == nullptr) {
      mutex_.lock();
      return;
    }
    scheduler_->Yield();
    while (!mutex_.try_lock()) scheduler_->Block(this);
  }
  bool TryLock() {
    if (scheduler_ != nullptr) scheduler_->Yield();
    return mutex_.try_lock();
  }
  void Unlock() {
    mutex_.unlock();
    if (scheduler_ != nullptr) scheduler_->Wake(this, false);
  }

 private:
  friend class CondVar;
  Scheduler* scheduler_;
  std::mutex mutex_;
};

class MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

// Holds the mutex, and may let go of it for a while.
class MutexHold {
 public:
  explicit MutexHold(Mutex* mutex) : mutex_(mutex) { Lock(); }
  ~MutexHold() {
    if (held_) mutex_->Unlock();
  }
  MutexHold(const MutexHold&) = delete;
  MutexHold& operator=(const MutexHold&) = delete;

  void Lock() {
    mutex_->Lock();
    held_ = true;
  }
  void Unlock() {
    held_ = false;
    mutex_->Unlock();
  }

 private:
  Mutex* const mutex_;
  bool held_ = false;
};

// Holds the mutex where nobody else did.
class MutexTryLock {
 public:
  explicit MutexTryLock(Mutex* mutex) : mutex_(mutex->TryLock() ? mutex : nullptr) {}
  ~MutexTryLock() {
    if (mutex_ != nullptr) mutex_->Unlock();
  }
  MutexTryLock(const MutexTryLock&) = delete;
  MutexTryLock& operator=(const MutexTryLock&) = delete;

  [[nodiscard]] bool held() const { return mutex_ != nullptr; }

 private:
  Mutex* const mutex_;
};

class CondVar {
 public:
  explicit CondVar(Env* env) : scheduler_(env->scheduler()) {}

  // REQUIRES: the mutex is held. Spurious returns happen.
  void Wait(Mutex* mutex) {
    if (scheduler_ == nullptr) {
      std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
      condition_.wait(lock);
      lock.release();
      return;
    }
    mutex->Unlock();
    scheduler_->Block(this);
    mutex->Lock();
  }
  // False when the time ran out.
  bool WaitFor(Mutex* mutex, uint64_t micros) {
    if (scheduler_ == nullptr) {
      std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
      const bool woken = condition_.wait_for(lock, std::chrono::microseconds(micros)) == std::cv_status::no_timeout;
      lock.release();
      return woken;
    }
    mutex->Unlock();
    const bool woken = scheduler_->BlockFor(this, micros);
    mutex->Lock();
    return woken;
  }
  void Signal() {
    if (scheduler_ == nullptr) condition_.notify_one();
    else scheduler_->Wake(this, false);
  }
  void SignalAll() {
    if (scheduler_ == nullptr) condition_.notify_all();
    else scheduler_->Wake(this, true);
  }

 private:
  Scheduler* scheduler_;
  std::condition_variable condition_;
};

}  // namespace sochdb
