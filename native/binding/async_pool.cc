#include "binding/async_pool.h"

#include <algorithm>
#include <new>
#include <utility>

#include "binding/async_environment.h"

namespace sochdb::binding {
namespace {

Status EndedWithHandle() { return {Code::kClosed, "What this worked on was closed before it could run."}; }

}  // namespace

AsyncPool& AsyncPool::Get() {
  static AsyncPool* pool = new AsyncPool;  // outlives static destructors: environments may end after them
  return *pool;
}

AsyncPool::AsyncPool() : mutex_(Env::Posix()), work_(Env::Posix()), finished_(Env::Posix()) {}

void AsyncPool::AddUser() {
  const MutexLock lock(&mutex_);
  while (stopping_) finished_.Wait(&mutex_);
  ++users_;
}

void AsyncPool::RemoveUser() {
  std::vector<std::unique_ptr<Thread>> ended;
  {
    const MutexLock lock(&mutex_);
    if (--users_ > 0) return;
    stopping_ = true;
    ended = std::exchange(threads_, {});
    work_.SignalAll();
  }
  for (const std::unique_ptr<Thread>& thread : ended) thread->Join();
  const MutexLock lock(&mutex_);
  stopping_ = false;
  finished_.SignalAll();
}

// REQUIRES: mutex_.
template <typename Predicate>
std::vector<AsyncOperationPtr> AsyncPool::TakeQueued(const Predicate& wanted) {
  std::vector<AsyncOperationPtr> taken;
  for (std::deque<AsyncOperationPtr>* queue : {&queue_, &long_queue_}) {
    for (AsyncOperationPtr& operation : *queue) {
      if (wanted(*operation)) taken.push_back(std::move(operation));
    }
    std::erase(*queue, nullptr);
  }
  return taken;
}

void AsyncPool::Submit(AsyncOperationPtr operation) {
  const MutexLock lock(&mutex_);
  std::deque<AsyncOperationPtr>& queue = operation->long_ ? long_queue_ : queue_;
  queue.push_back(std::move(operation));
}

void AsyncPool::Wake() {
  const MutexLock lock(&mutex_);
  const size_t queued = queue_.size() + long_queue_.size();
  if (queued == 0) return;
  if (queued > idle_ && !StartThreads(queued - idle_)) {
    for (AsyncOperationPtr& operation : TakeQueued([](const AsyncOperation&) { return true; })) {
      operation->status_ = {Code::kLimit, "The system starts no more threads, and the asynchronous operations need one."};
      CompleteLocked(std::move(operation));
    }
    return;
  }
  work_.SignalAll();
}

// Whether there is a thread. REQUIRES: mutex_.
bool AsyncPool::StartThreads(size_t wanted) {
  try {
    threads_.reserve(kThreads);
    for (size_t i = 0; i < wanted && threads_.size() < kThreads; ++i) {
      threads_.push_back(Env::Posix()->StartThread("sochdb-async", [this] { Work(); }));
    }
  } catch (...) {  // std::thread throws where the system has no more
  }
  return !threads_.empty();
}

// REQUIRES: mutex_.
AsyncOperationPtr AsyncPool::TakeNext() {
  std::deque<AsyncOperationPtr>* queue = &queue_;
  if (queue->empty()) queue = running_long_ < kMaxLong ? &long_queue_ : nullptr;
  if (queue == nullptr || queue->empty()) return nullptr;
  AsyncOperationPtr operation = std::move(queue->front());
  queue->pop_front();
  AsyncOperation* const first = std::exchange(running_, operation.get());
  operation->next_ = first;
  if (first != nullptr) first->previous_ = running_;
  if (operation->long_) ++running_long_;
  return operation;
}

void AsyncPool::Work() {
  mutex_.Lock();
  for (;;) {
    AsyncOperationPtr operation = TakeNext();
    if (operation == nullptr) {
      if (stopping_) break;
      ++idle_;
      work_.Wait(&mutex_);
      --idle_;
      continue;
    }
    mutex_.Unlock();
    RunOne(std::move(operation));
    mutex_.Lock();
  }
  mutex_.Unlock();
}

void AsyncPool::RunOne(AsyncOperationPtr operation) {
  Status status = operation->cancel.Check();
  if (status.ok()) {
    try {
      status = operation->Run();
    } catch (const std::bad_alloc&) {
      status = Status(Code::kOutOfMemory, "The process is out of memory.");
    } catch (...) {
      status = Status(Code::kInternal, "The engine failed in a way it should not; please report it.");
    }
  }
  operation->status_ = std::move(status);
  Engine* engine = operation->status_.ok() ? operation->publish_engine_ : nullptr;
  {
    const MutexLock lock(&mutex_);
    if (engine == nullptr) {
      CompleteLocked(std::move(operation));
      return;
    }
    const auto [group, leads] = publishing_.try_emplace(engine);
    group->second.push_back(std::move(operation));
    if (!leads) return;
  }
  LeadPublishing(engine);
}

void AsyncPool::LeadPublishing(Engine* engine) {
  for (;;) {
    std::vector<AsyncOperationPtr> waiting;
    {
      const MutexLock lock(&mutex_);
      const auto group = publishing_.find(engine);
      waiting = std::exchange(group->second, {});
      if (waiting.empty()) {
        publishing_.erase(group);
        return;
      }
    }
    Timestamp newest = 0;
    for (const AsyncOperationPtr& operation : waiting) newest = std::max(newest, operation->publish_ts_);
    const Status all = engine->AwaitPublished(newest);
    // They pin the engine until they are completed: nothing is asked of it afterwards.
    const Timestamp visible = all.ok() ? newest : engine->visible_ts();
    for (const AsyncOperationPtr& operation : waiting) {
      if (operation->publish_ts_ > visible) operation->status_ = all;
    }
    const MutexLock lock(&mutex_);
    for (AsyncOperationPtr& operation : waiting) CompleteLocked(std::move(operation));
  }
}

// REQUIRES: mutex_.
void AsyncPool::CompleteLocked(AsyncOperationPtr operation) {
  AsyncOperation* const done = operation.get();
  const bool was_running = running_ == done || done->previous_ != nullptr;
  if (was_running) {
    (done->previous_ == nullptr ? running_ : done->previous_->next_) = done->next_;
    if (done->next_ != nullptr) done->next_->previous_ = done->previous_;
    if (done->long_) --running_long_;
    if (done->long_) work_.Signal();
  }
  done->Unpin();
  AsyncEnvironment* const owner = done->owner_;
  owner->Complete(std::move(operation));
  finished_.SignalAll();
}

void AsyncPool::AwaitUnpinned(Handle* handle) {
  const MutexLock lock(&mutex_);
  for (AsyncOperationPtr& operation : TakeQueued([&](const AsyncOperation& queued) { return queued.Pins(handle); })) {
    operation->status_ = EndedWithHandle();
    CompleteLocked(std::move(operation));
  }
  for (AsyncOperation* operation = running_; operation != nullptr; operation = operation->next_) {
    if (operation->Pins(handle)) operation->cancel.Cancel();
  }
  while (handle->pinned()) finished_.Wait(&mutex_);
}

void AsyncPool::AbandonAll(AsyncEnvironment* owner) {
  std::vector<AsyncOperationPtr> abandoned;  // deleted without the lock
  const MutexLock lock(&mutex_);
  abandoned = TakeQueued([&](const AsyncOperation& queued) { return queued.owner_ == owner; });
  for (const AsyncOperationPtr& operation : abandoned) operation->Unpin();
  for (;;) {
    bool some = false;
    for (AsyncOperation* operation = running_; operation != nullptr; operation = operation->next_) {
      if (operation->owner_ != owner) continue;
      operation->cancel.Cancel();
      some = true;
    }
    if (!some) return;
    finished_.Wait(&mutex_);
  }
}

void AsyncPool::Cancel(AsyncEnvironment* owner, uint64_t number) {
  const MutexLock lock(&mutex_);
  const auto is_it = [&](const AsyncOperation& operation) { return operation.owner_ == owner && operation.number_ == number; };
  for (AsyncOperationPtr& operation : TakeQueued(is_it)) {
    operation->status_ = {Code::kCancelled, "The operation was cancelled."};
    CompleteLocked(std::move(operation));
  }
  for (AsyncOperation* operation = running_; operation != nullptr; operation = operation->next_) {
    if (is_it(*operation)) operation->cancel.Cancel();
  }
}

void AwaitUnpinned(Handle* handle) { AsyncPool::Get().AwaitUnpinned(handle); }

}  // namespace sochdb::binding
