// WriterGate: the commit mutex, and the writer that a synchronous closure holds for as long as it runs.
//
// A commit enters the gate, applies itself and leaves; while it is inside it holds the commit mutex. A closure takes the
// writer: until it gives it back, only its own commit may enter. Waiting is bounded, and a thread that waits for itself is
// told so at once instead of waiting in vain.
//
// Thread safety: any thread. The writer may be released by another thread than the one that took it.

#pragma once

#include <cstdint>

#include "base/status.h"
#include "env/sync.h"

namespace sochdb {

class WriterGate {
 public:
  explicit WriterGate(Env* env) : env_(env), mutex_(env), free_(env) {}
  WriterGate(const WriterGate&) = delete;
  WriterGate& operator=(const WriterGate&) = delete;

  // Enters as the owner of the writer, or as nobody (owner null). On OK the commit mutex is held until Leave.
  // kTimeout when another owner kept the writer; kTransaction when it is this thread that holds it; kClosed.
  Status Enter(const void* owner, uint64_t timeout_ms);
  void Leave() { mutex_.Unlock(); }

  // Takes the writer for `owner`. Errors as Enter.
  Status Take(const void* owner, uint64_t timeout_ms);
  void Release(const void* owner);

  // The commit mutex alone, whoever holds the writer.
  Mutex* mutex() { return &mutex_; }
  // Everyone who waits, or comes later, is refused with kClosed. REQUIRES: the commit mutex.
  void Close();
  [[nodiscard]] bool closed() const { return closed_; }  // REQUIRES: the commit mutex

 private:
  Status WaitWhileOwned(const void* self, uint64_t timeout_ms);
  Status WaitForOwner(uint64_t timeout_ms);

  Env* const env_;
  Mutex mutex_;  // the commit mutex; guards all below, and what the commit pipeline says it guards
  CondVar free_;
  const void* owner_ = nullptr;
  const void* owner_thread_ = nullptr;
  uint64_t waiters_ = 0;
  bool closed_ = false;
};

// Holds the gate for a scope.
class GatePass {
 public:
  explicit GatePass(WriterGate* gate) : gate_(gate) {}
  ~GatePass() { Leave(); }
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;
  Status Enter(const void* owner, uint64_t timeout_ms) {
    Status status = gate_->Enter(owner, timeout_ms);
    inside_ = status.ok();
    return status;
  }
  void Leave() {
    if (inside_) gate_->Leave();
    inside_ = false;
  }

 private:
  WriterGate* const gate_;
  bool inside_ = false;
};

}  // namespace sochdb
