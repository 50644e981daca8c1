// AsyncOperation: one call of the promise-based API, on its way from JavaScript through a thread of the engine and back.
//
//   environment's thread   arguments are read and checked, handles resolved and pinned, a promise made
//   (AsyncEnvironment::Start) engine's thread        Run: the work; it touches nothing but what the operation owns and what it
//   pinned engine's thread        where Run leaves a commit to be published: the wait, shared with all commits of that engine
//   environment's thread   Deliver: the result as a JavaScript value; the promise is settled
//
// Thread safety: one thread at a time, in that order; `cancel` is raised from any thread.
// Ownership: by whoever has it: the pool's queue, the thread that runs it, the environment's list of completions.
// Limits: what is in flight is bounded by AsyncEnvironment.

#pragma once

#include <node_api.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/cancel_token.h"
#include "base/status.h"
#include "binding/handles.h"
#include "binding/napi_util.h"

namespace sochdb::binding {

class AsyncEnvironment;

class AsyncOperation {
 public:
  AsyncOperation() = default;
  virtual ~AsyncOperation() = default;
  AsyncOperation(const AsyncOperation&) = delete;
  AsyncOperation& operator=(const AsyncOperation&) = delete;

  // On a thread of the engine. Not called when the operation was cancelled while it waited for one.
  virtual Status Run() = 0;
  // On the environment's thread, after Run succeeded. nullptr: undefined, or an exception is pending and rejects.
  virtual napi_value Deliver(Environment& /*environment*/) { return nullptr; }
  // On the environment's thread, whatever happened, before the promise is settled: what has to be cleaned up there.
  virtual void Finish(Environment& /*environment*/) {}

  CancelToken cancel;

 protected:
  // From Run: the promise waits until this commit is durable as SyncMode asks, and visible.
  void PublishAt(Engine* engine, Timestamp ts) {
    publish_engine_ = engine;
    publish_ts_ = ts;
  }
  // Pins what it works on where that was not done when it began. The handle must be open.
  void PinLate(Handle* handle) { Pin(handle, nullptr); }
  // { payload, bytes }: what JavaScript fetches payload_ by. On the environment's thread.
  ObjectBuilder DeliverPayload(Environment& environment);
  // A result of unbounded size, which JavaScript fetches into memory of its own (asyncTake).
  std::string payload_;

 private:
  friend class AsyncEnvironment;
  friend class AsyncPool;

  void Pin(Handle* first, Handle* second) {
    pinned_ = {first, second == first ? nullptr : second};
    for (Handle* handle : pinned_) {
      if (handle != nullptr) handle->Pin();
    }
  }
  void Unpin() {
    for (Handle* handle : pinned_) {
      if (handle != nullptr) handle->Unpin();
    }
    pinned_ = {};
  }
  [[nodiscard]] bool Pins(const Handle* handle) const { return pinned_[0] == handle || pinned_[1] == handle; }

  AsyncEnvironment* owner_ = nullptr;
  napi_deferred deferred_ = nullptr;
  std::array<Handle*, 2> pinned_{};     // what it works on
  AsyncOperation* previous_ = nullptr;  // among those that run
  AsyncOperation* next_ = nullptr;
  uint64_t number_ = 0;  // by which JavaScript cancels it; 0: it cannot
  uint64_t bytes_ = 0;   // counted against the environment's limit
  bool long_ = false;
  Engine* publish_engine_ = nullptr;
  Timestamp publish_ts_ = 0;
  Status status_;
};

}  // namespace sochdb::binding
