#include "env/beside.h"

#include <new>
#include <system_error>
#include <utility>

namespace sochdb {

std::unique_ptr<Thread> TryStartThread(Env* env, const char* name, std::function<void()> body) {
  try {
    return env->StartThread(name, std::move(body));
  } catch (const std::system_error&) {
    return nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Beside::Beside(Env* env, const char* name, std::function<Status()> work) : work_(std::move(work)) {
  thread_ = TryStartThread(env, name, [this] { Run(); });
  if (thread_ == nullptr) Run();
}

void Beside::Run() {
  try {
    result_ = work_();
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
  }
}

void Beside::Wait() {
  if (thread_ != nullptr) thread_->Join();
  thread_.reset();
}

Status Beside::Result() {
  Wait();
  if (out_of_memory_) throw std::bad_alloc();
  return std::move(result_);
}

}  // namespace sochdb
