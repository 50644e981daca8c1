#include "txn/writer_gate.h"

#include <algorithm>
#include <string>

namespace sochdb {
namespace {

// An address that is this thread's own.
const void* ThisThread() {
  static thread_local const char mark = 0;
  return &mark;
}

// Far enough to be for ever, near enough to add to a clock.
constexpr uint64_t kMaxTimeoutMs = 1000ull * 60 * 60 * 24 * 365;

Status Closed() { return {Code::kClosed, "The database is closed."}; }

}  // namespace

Status WriterGate::Enter(const void* owner, uint64_t timeout_ms) {
  mutex_.Lock();
  if (closed_ || (owner_ != nullptr && owner_ != owner)) [[unlikely]] {
    if (Status status = WaitWhileOwned(owner, timeout_ms); !status.ok()) {
      mutex_.Unlock();
      return status;
    }
  }
  return {};
}

Status WriterGate::Take(const void* owner, uint64_t timeout_ms) {
  MutexLock lock(&mutex_);
  SOCHDB_TRY(WaitWhileOwned(nullptr, timeout_ms));
  owner_ = owner;
  owner_thread_ = ThisThread();
  return {};
}

void WriterGate::Release(const void* owner) {
  MutexLock lock(&mutex_);
  SOCHDB_CHECK(owner_ == owner);
  owner_ = nullptr;
  owner_thread_ = nullptr;
  if (waiters_ > 0) free_.SignalAll();
}

void WriterGate::Close() {
  closed_ = true;
  free_.SignalAll();
}

// REQUIRES: the mutex is held. Returns with it held.
Status WriterGate::WaitWhileOwned(const void* self, uint64_t timeout_ms) {
  if (closed_) return Closed();
  if (owner_ == nullptr || owner_ == self) return {};
  if (owner_thread_ == ThisThread()) {
    return {Code::kTransaction,
            "A synchronous transaction is open on this thread and holds the writer. Use the transaction `txn` that the "
            "closure was given, or write after the closure has returned."};
  }
  ++waiters_;
  Status status = WaitForOwner(timeout_ms);
  --waiters_;
  return status;
}

Status WriterGate::WaitForOwner(uint64_t timeout_ms) {
  const uint64_t deadline = env_->MonotonicMicros() + std::min(timeout_ms, kMaxTimeoutMs) * 1000;
  while (owner_ != nullptr && !closed_) {
    const uint64_t now = env_->MonotonicMicros();
    if (now >= deadline) {
      return Status(Code::kTimeout, "Another transaction held the writer for " + std::to_string(timeout_ms) +
                                        " ms. Make its closure shorter, or wait longer.")
          .With("timeoutMs", std::to_string(timeout_ms));
    }
    free_.WaitFor(&mutex_, deadline - now);
  }
  return closed_ ? Closed() : Status();
}

}  // namespace sochdb
