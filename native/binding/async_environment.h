// AsyncEnvironment: the promises of one JavaScript environment, and how results come back to it.
//
// Completions of all threads meet in one list, which one threadsafe function empties: many promises are settled in one turn of
// the event loop. While nothing is in flight the environment may end, so an idle database keeps no process alive.
//
// Thread safety: the environment's thread, except Complete and Progress (any thread).
// Lifetime: from the first asynchronous call until the environment ends. Shutdown, a cleanup hook, closes all handles, waits
// for what runs, and drops what waits; promises that are pending then are never settled, as no JavaScript runs any more.
// Limits: kMaxInFlight operations, and kMaxBytesInFlight of their arguments; one operation may always run.

#pragma once

#include <node_api.h>

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "binding/async_pool.h"
#include "binding/environment.h"
#include "binding/napi_util.h"

namespace sochdb::binding {

class AsyncEnvironment {
 public:
  static constexpr size_t kMaxInFlight = size_t{1} << 18;
  static constexpr uint64_t kMaxBytesInFlight = uint64_t{1} << 30;

  struct Options {
    Handle* first_pin = nullptr;
    Handle* second_pin = nullptr;
    uint64_t number = 0;      // for Cancel; 0: none
    uint64_t timeout_ms = 0;  // 0: none
    uint64_t bytes = 0;       // of the arguments that the operation holds
    bool is_long = false;
    napi_value progress = nullptr;  // a function (completed, total), which must not throw
  };

  // Made at the first call; null, with an exception pending, when that fails.
  static AsyncEnvironment* Of(Call& call);
  ~AsyncEnvironment() = default;
  AsyncEnvironment(const AsyncEnvironment&) = delete;
  AsyncEnvironment& operator=(const AsyncEnvironment&) = delete;

  // Hands the operation to the pool and returns its promise. nullptr with an exception pending when too much is in flight.
  napi_value Start(AsyncOperationPtr operation, const Options& options);
  // Makes the promise only; whoever keeps the operation completes or submits it. *promise is nullptr as above, and so is the
  // result.
  AsyncOperationPtr Park(AsyncOperationPtr operation, const Options& options, napi_value* promise);

  // Sets threads to work on what was started, when the JavaScript that runs now has run to its end.
  void WakeSoon();
  // Any thread: the operation's promise is settled soon.
  void Complete(AsyncOperationPtr operation);
  // Any thread, of an operation that runs: its progress function is called soon; calls in between are left out.
  void Progress(uint64_t number, uint64_t completed, uint64_t total);
  // A number that no other operation of this JavaScript environment has, whichever copy of the package asks.
  uint64_t NewNumber() { return ++last_number_; }
  void Cancel(uint64_t number) { AsyncPool::Get().Cancel(this, number); }

  // Closes a database (null: one that is closed) when nothing works on it any more, off this thread; a promise.
  napi_value CloseDatabase(DatabaseHandle* database);

  // A result for asyncTake: its number.
  uint32_t KeepPayload(std::string payload);
  // Removes it; false when there is none of this number.
  bool TakePayload(uint32_t number, std::string* payload);

  Environment& environment() { return environment_; }

 private:
  struct Closing {
    HandleId id;
    AsyncOperationPtr operation;  // the release of the engine, with the promise
  };
  struct ProgressReport {
    uint64_t number;
    uint64_t completed;
    uint64_t total;
  };

  explicit AsyncEnvironment(Environment& environment);
  bool Init();
  static void OnWake(napi_env env, napi_value callback, void* self, void* data);
  static napi_value OnFlush(napi_env env, napi_callback_info info);
  static void OnCleanup(void* self);
  void Wake();
  void Drain();
  void Settle(AsyncOperationPtr operation);
  void CallProgress(const ProgressReport& report);
  void CloseWhatIsReady();
  void Shutdown();

  Environment& environment_;
  const napi_env env_;
  napi_threadsafe_function wake_ = nullptr;
  napi_ref queue_microtask_ = nullptr;
  napi_ref flush_ = nullptr;
  bool is_flush_queued_ = false;
  uint64_t in_flight_ = 0;
  uint64_t bytes_in_flight_ = 0;
  std::vector<Closing> closing_;
  std::unordered_map<uint32_t, std::string> payloads_;
  std::unordered_map<uint64_t, napi_ref> progress_functions_;
  uint32_t next_payload_ = 0;
  uint64_t last_number_ = 0;

  Mutex mutex_;  // guards all below; taken after the pool's
  std::vector<AsyncOperationPtr> completed_;
  std::vector<ProgressReport> progress_;
  bool is_woken_ = false;
  bool is_shut_down_ = false;
};

// What the files of the asynchronous functions share.
Status ReadNumber(Call& call, size_t argument, AsyncEnvironment::Options* options);     // which asyncCancel takes; 0: none
Status ReadTimeLimit(Call& call, size_t argument, AsyncEnvironment::Options* options);  // milliseconds; 0: none

// The parts of InitAsync (init.h): each returns false with a JavaScript exception pending.
[[nodiscard]] bool InitAsyncKeys(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsyncReads(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsyncScans(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsyncDatabase(Environment* environment, napi_value exports);
[[nodiscard]] bool InitAsyncWatch(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
