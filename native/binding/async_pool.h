// AsyncPool: the threads on which the promise-based API works, shared by all environments of the process.
//
// Node's own pool (libuv's) is never used: its four threads serve files and DNS of the application too.
//
// Commits that wait for the disk do not keep a thread each. A thread that has applied one leaves it with its engine's group;
// the first to do so leads: it waits for the newest commit of the group, settles all that are published, and goes on until
// the group is empty, while other threads apply more. So the commits in flight share a few syncs, however many they are.
//
// Long work (verify, compact) may take kMaxLong of the threads, so that short work always finds one.
//
// Thread safety: any thread. Threads start when there is work, and end when the last environment that used them goes.
// Ownership: queued operations; those that run belong to their thread.
// Limits: kThreads threads. The queue is bounded by what environments may have in flight.

#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "binding/async_operation.h"
#include "env/sync.h"

namespace sochdb::binding {

using AsyncOperationPtr = std::unique_ptr<AsyncOperation>;

class AsyncPool {
 public:
  static constexpr size_t kThreads = 4;
  static constexpr size_t kMaxLong = 2;

  static AsyncPool& Get();

  // An environment begins and ceases to use the pool. The last to cease ends the threads.
  void AddUser();
  void RemoveUser();

  // Queues the operation. It is certain to begin only after Wake.
  void Submit(AsyncOperationPtr operation);
  // Sets threads to work on what is queued; where there is no thread to be had, that completes with kLimit. Called once for all
  // that JavaScript asks for in one go, so that the commits among it are many from the beginning and share their syncs.
  void Wake();

  // Operations that wait for a thread and work on `handle` end with kClosed; those that run are cancelled and waited for.
  void AwaitUnpinned(Handle* handle);
  // The same for all operations of an environment, which are deleted instead of completed.
  void AbandonAll(AsyncEnvironment* owner);
  // Cancels the environment's operation with this number: at once when it waits for a thread.
  void Cancel(AsyncEnvironment* owner, uint64_t number);

 private:
  AsyncPool();
  bool StartThreads(size_t wanted);
  void Work();
  AsyncOperationPtr TakeNext();
  void RunOne(AsyncOperationPtr operation);
  void LeadPublishing(Engine* engine);
  void CompleteLocked(AsyncOperationPtr operation);
  template <typename Predicate>
  std::vector<AsyncOperationPtr> TakeQueued(const Predicate& wanted);

  Mutex mutex_;  // guards all below
  CondVar work_;
  CondVar finished_;  // an operation has let go of what it pinned
  std::deque<AsyncOperationPtr> queue_;
  std::deque<AsyncOperationPtr> long_queue_;
  AsyncOperation* running_ = nullptr;  // the first of a list; those that wait to be published are in it
  std::unordered_map<Engine*, std::vector<AsyncOperationPtr>> publishing_;  // an entry: some thread leads
  std::vector<std::unique_ptr<Thread>> threads_;
  size_t idle_ = 0;
  size_t running_long_ = 0;
  size_t users_ = 0;
  bool stopping_ = false;  // the last user waits for the threads to end
};

}  // namespace sochdb::binding
