// Long work by promise: functions of the engine that take a CancelToken and report how far they are.
//
//   return RunLong(call, {.first_pin = database, .number = number, .progress = function},
//                  [engine](const CancelToken* cancel, const LongProgress& progress) -> Result<Report> { … },
//                  [](napi_env env, const Report& report) { return DescribeReport(env, report); });
//
// The work runs on the pool as long work (async_pool.h); it may call `progress(completed, total)` as often as it likes: at most
// one report in kProgressMicros goes to JavaScript, and the last one always does.
//
// Thread safety: RunLong on the environment's thread; the work on one thread of the pool; LongProgress on that thread.

#pragma once

#include <optional>
#include <utility>

#include "binding/async_environment.h"

namespace sochdb::binding {

class LongProgress {
 public:
  LongProgress(AsyncEnvironment* owner, uint64_t number) : owner_(owner), number_(number) {}
  void operator()(uint64_t completed, uint64_t total) const {
    const uint64_t now = Env::Posix()->MonotonicMicros();
    if (completed < total && now - last_micros_ < kProgressMicros) return;
    last_micros_ = now;
    owner_->Progress(number_, completed, total);
  }

 private:
  static constexpr uint64_t kProgressMicros = 50'000;
  AsyncEnvironment* const owner_;
  const uint64_t number_;  // 0: nobody listens
  mutable uint64_t last_micros_ = 0;
};

// `Work` is Result<T>(const CancelToken*, const LongProgress&), `Describe` napi_value(napi_env, const T&).
template <typename T, typename Work, typename Describe>
class LongOperation : public AsyncOperation {
 public:
  LongOperation(AsyncEnvironment* owner, uint64_t number, Work work, Describe describe)
      : progress_(owner, number), work_(std::move(work)), describe_(std::move(describe)) {}
  Status Run() override {
    Result<T> result = work_(&cancel, progress_);
    if (!result.ok()) return result.status();
    result_.emplace(std::move(result).value());
    return {};
  }
  napi_value Deliver(Environment& environment) override { return describe_(environment.env(), *result_); }

 private:
  const LongProgress progress_;
  Work work_;
  Describe describe_;
  std::optional<T> result_;
};

// The promise of what `describe` makes of the result. What the work uses must be pinned by `options`.
template <typename T, typename Work, typename Describe>
napi_value RunLong(Call& call, AsyncEnvironment::Options options, Work work, Describe describe) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.is_long = true;
  using Operation = LongOperation<T, Work, Describe>;
  return async->Start(std::make_unique<Operation>(async, options.number, std::move(work), std::move(describe)), options);
}

// A function as an argument, or undefined. REQUIRES: options->number has been read; it needs one.
Status ReadProgress(Call& call, size_t argument, AsyncEnvironment::Options* options);

}  // namespace sochdb::binding
