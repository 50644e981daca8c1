#include "binding/async_environment.h"

#include <new>
#include <optional>
#include <utility>

namespace sochdb::binding {
namespace {

// The exception that is pending, which is then no longer.
napi_value TakeException(napi_env env) {
  napi_value error = nullptr;
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return Undefined(env);
  return napi_get_and_clear_last_exception(env, &error) == napi_ok ? error : Undefined(env);
}

bool IsClosing(const Handle* handle) {
  if (handle == nullptr) return false;
  while (handle->parent() != nullptr) handle = handle->parent();
  return handle->kind() == HandleKind::kDatabase && static_cast<const DatabaseHandle*>(handle)->closing;
}

// Gives the last share of an engine back, which writes what is buffered and waits for the disk.
class ReleaseEngine : public AsyncOperation {
 public:
  void Take(EngineRef engine) { engine_.emplace(std::move(engine)); }
  Status Run() override { return engine_.has_value() ? engine_->Release() : Status(); }

 private:
  std::optional<EngineRef> engine_;
};

}  // namespace

Status ReadNumber(Call& call, size_t argument, AsyncEnvironment::Options* options) {
  return ReadUint64(call.env(), call[argument], "operation", kMaxSafeInteger, &options->number);
}

Status ReadTimeLimit(Call& call, size_t argument, AsyncEnvironment::Options* options) {
  return ReadUint64(call.env(), call[argument], "timeoutMs", kMaxTimeoutMs, &options->timeout_ms);
}

AsyncEnvironment::AsyncEnvironment(Environment& environment)
    : environment_(environment), env_(environment.env()), mutex_(Env::Posix()) {}

AsyncEnvironment* AsyncEnvironment::Of(Call& call) {
  std::shared_ptr<AsyncEnvironment>& async = call.environment().async();
  if (async == nullptr) {
    std::shared_ptr<AsyncEnvironment> fresh(new AsyncEnvironment(call.environment()));
    if (!fresh->Init()) {
      call.Throw({Code::kInternal, "This JavaScript environment takes no asynchronous work: it is ending."});
      return nullptr;
    }
    async = std::move(fresh);
  }
  return async.get();
}

// The hook is added after the threadsafe function's own: it runs before, while the function can still be called.
bool AsyncEnvironment::Init() {
  napi_value name = nullptr;
  if (napi_create_string_utf8(env_, "sochdb", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, OnWake, &wake_) != napi_ok) {
    return false;
  }
  if (napi_unref_threadsafe_function(env_, wake_) != napi_ok || napi_add_env_cleanup_hook(env_, OnCleanup, this) != napi_ok) {
    napi_release_threadsafe_function(wake_, napi_tsfn_abort);
    return false;
  }
  AsyncPool::Get().AddUser();
  napi_value global = nullptr;
  napi_value queue = nullptr;
  napi_value flush = nullptr;
  // Without queueMicrotask, which every Node has, each operation sets threads to work by itself.
  if (napi_get_global(env_, &global) == napi_ok && napi_get_named_property(env_, global, "queueMicrotask", &queue) == napi_ok &&
      napi_create_function(env_, "flush", NAPI_AUTO_LENGTH, OnFlush, this, &flush) == napi_ok &&
      napi_create_reference(env_, flush, 1, &flush_) == napi_ok) {
    napi_create_reference(env_, queue, 1, &queue_microtask_);
  }
  return true;
}

AsyncOperationPtr AsyncEnvironment::Park(AsyncOperationPtr operation, const Options& options, napi_value* promise) {
  *promise = nullptr;
  if (IsClosing(options.first_pin)) {
    ThrowStatus(env_, {Code::kClosed, "The database is being closed."});
    return nullptr;
  }
  if (in_flight_ >= kMaxInFlight || (in_flight_ > 0 && bytes_in_flight_ + options.bytes > kMaxBytesInFlight)) {
    ThrowStatus(env_, Status(Code::kLimit, "Too many asynchronous operations are in flight at once: await some of them first.",
                             {{"limit", std::to_string(in_flight_ >= kMaxInFlight ? kMaxInFlight : kMaxBytesInFlight)}}));
    return nullptr;
  }
  napi_ref progress = nullptr;
  if (options.progress != nullptr) {
    if (napi_create_reference(env_, options.progress, 1, &progress) != napi_ok) return nullptr;
    progress_functions_[options.number] = progress;
  }
  if (napi_create_promise(env_, &operation->deferred_, promise) != napi_ok) return nullptr;
  operation->owner_ = this;
  operation->number_ = options.number;
  operation->bytes_ = options.bytes;
  operation->long_ = options.is_long;
  if (options.timeout_ms != 0) {
    Env* const clock = Env::Posix();
    operation->cancel.SetDeadline(clock, clock->MonotonicMicros() + options.timeout_ms * 1000);
  }
  if (in_flight_++ == 0) napi_ref_threadsafe_function(env_, wake_);
  bytes_in_flight_ += options.bytes;
  return operation;
}

napi_value AsyncEnvironment::Start(AsyncOperationPtr operation, const Options& options) {
  napi_value promise = nullptr;
  operation = Park(std::move(operation), options, &promise);
  if (operation == nullptr) return nullptr;
  operation->Pin(options.first_pin, options.second_pin);
  AsyncPool::Get().Submit(std::move(operation));
  WakeSoon();
  return promise;
}

void AsyncEnvironment::WakeSoon() {
  if (is_flush_queued_) return;
  napi_value global = nullptr;
  napi_value queue = nullptr;
  napi_value flush = nullptr;
  is_flush_queued_ = queue_microtask_ != nullptr && napi_get_global(env_, &global) == napi_ok &&
                     napi_get_reference_value(env_, queue_microtask_, &queue) == napi_ok &&
                     napi_get_reference_value(env_, flush_, &flush) == napi_ok &&
                     napi_call_function(env_, global, queue, 1, &flush, nullptr) == napi_ok;
  if (!is_flush_queued_) AsyncPool::Get().Wake();
}

napi_value AsyncEnvironment::OnFlush(napi_env env, napi_callback_info info) {
  void* self = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &self) == napi_ok) {
    static_cast<AsyncEnvironment*>(self)->is_flush_queued_ = false;
    AsyncPool::Get().Wake();
  }
  return nullptr;
}

void AsyncEnvironment::Complete(AsyncOperationPtr operation) {
  const MutexLock lock(&mutex_);
  completed_.push_back(std::move(operation));
  Wake();
}

void AsyncEnvironment::Progress(uint64_t number, uint64_t completed, uint64_t total) {
  const MutexLock lock(&mutex_);
  for (ProgressReport& report : progress_) {
    if (report.number != number) continue;
    report = {number, completed, total};
    return;
  }
  progress_.push_back({number, completed, total});
  Wake();
}

// REQUIRES: mutex_.
void AsyncEnvironment::Wake() {
  if (is_woken_ || is_shut_down_) return;
  is_woken_ = true;
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void AsyncEnvironment::OnWake(napi_env env, napi_value /*callback*/, void* self, void* /*data*/) {
  if (env != nullptr) static_cast<AsyncEnvironment*>(self)->Drain();
}

void AsyncEnvironment::Drain() {
  std::vector<AsyncOperationPtr> completed;
  std::vector<ProgressReport> progress;
  {
    const MutexLock lock(&mutex_);
    is_woken_ = false;
    completed.swap(completed_);
    progress.swap(progress_);
  }
  for (const ProgressReport& report : progress) CallProgress(report);
  for (AsyncOperationPtr& operation : completed) Settle(std::move(operation));
  CloseWhatIsReady();
}

void AsyncEnvironment::CallProgress(const ProgressReport& report) {
  const auto found = progress_functions_.find(report.number);
  napi_handle_scope scope = nullptr;
  if (found == progress_functions_.end() || napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value function = nullptr;
  napi_value arguments[2] = {FromDouble(env_, static_cast<double>(report.completed)),
                             FromDouble(env_, static_cast<double>(report.total))};
  if (napi_get_reference_value(env_, found->second, &function) == napi_ok && function != nullptr) {
    napi_call_function(env_, Undefined(env_), function, 2, arguments, nullptr);
  }
  TakeException(env_);
  napi_close_handle_scope(env_, scope);
}

void AsyncEnvironment::Settle(AsyncOperationPtr operation) {
  bytes_in_flight_ -= operation->bytes_;
  if (--in_flight_ == 0) napi_unref_threadsafe_function(env_, wake_);
  if (const auto found = progress_functions_.find(operation->number_); found != progress_functions_.end()) {
    napi_delete_reference(env_, found->second);
    progress_functions_.erase(found);
  }
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  operation->Finish(environment_);
  napi_value value = nullptr;
  bool failed = false;
  if (operation->status_.ok()) {
    try {
      value = operation->Deliver(environment_);
    } catch (const std::bad_alloc&) {
      ThrowStatus(env_, {Code::kOutOfMemory, "The process is out of memory."});
    }
  } else {
    ThrowStatus(env_, operation->status_);
  }
  napi_is_exception_pending(env_, &failed);
  if (failed) value = TakeException(env_);
  else if (value == nullptr) value = Undefined(env_);
  if (failed) napi_reject_deferred(env_, operation->deferred_, value);
  else napi_resolve_deferred(env_, operation->deferred_, value);
  napi_close_handle_scope(env_, scope);
}

napi_value AsyncEnvironment::CloseDatabase(DatabaseHandle* database) {
  napi_value promise = nullptr;
  AsyncOperationPtr release = Park(std::make_unique<ReleaseEngine>(), {}, &promise);
  if (release == nullptr) return nullptr;
  if (database != nullptr) database->closing = true;
  closing_.push_back({database == nullptr ? 0 : database->id(), std::move(release)});
  const MutexLock lock(&mutex_);
  Wake();
  return promise;
}

void AsyncEnvironment::CloseWhatIsReady() {
  for (size_t i = 0; i < closing_.size();) {
    HandleTable& handles = environment_.handles();
    auto* database = handles.Find<DatabaseHandle>(closing_[i].id);
    if (database != nullptr && HandleTable::IsPinned(database)) {
      ++i;
      continue;
    }
    AsyncOperationPtr release = std::move(closing_[i].operation);
    closing_.erase(closing_.begin() + static_cast<std::ptrdiff_t>(i));
    if (database != nullptr) {
      handles.CloseChildren(database);
      AwaitUnpinned(database);  // what a watch has set going in the meantime
      static_cast<ReleaseEngine*>(release.get())->Take(std::move(database->engine));
      handles.Close(database);
    }
    AsyncPool::Get().Submit(std::move(release));
    AsyncPool::Get().Wake();
  }
}

uint32_t AsyncEnvironment::KeepPayload(std::string payload) {
  while (payloads_.contains(++next_payload_)) {
  }
  payloads_[next_payload_] = std::move(payload);
  return next_payload_;
}

bool AsyncEnvironment::TakePayload(uint32_t number, std::string* payload) {
  const auto found = payloads_.find(number);
  if (found == payloads_.end()) return false;
  *payload = std::move(found->second);
  payloads_.erase(found);
  return true;
}

ObjectBuilder AsyncOperation::DeliverPayload(Environment& environment) {
  const auto bytes = static_cast<double>(payload_.size());
  const uint32_t number = environment.async()->KeepPayload(std::move(payload_));
  ObjectBuilder object(environment.env());
  object.Number("payload", number).Number("bytes", bytes);
  return object;
}

void AsyncEnvironment::OnCleanup(void* self) { static_cast<AsyncEnvironment*>(self)->Shutdown(); }

void AsyncEnvironment::Shutdown() {
  // Operations may be waiting for a writer that a function held which was terminated.
  environment_.AbortWriters();
  {
    const MutexLock lock(&mutex_);
    is_shut_down_ = true;
  }
  environment_.handles().CloseAll();
  closing_.clear();
  AsyncPool::Get().AbandonAll(this);
  napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  AsyncPool::Get().RemoveUser();
  completed_.clear();
}

}  // namespace sochdb::binding
