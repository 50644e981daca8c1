// Environment: the addon's state in one JavaScript environment (the main thread or a worker): its open handles.
//
// It is the `data` of every function, so that no call looks it up, and dies with the environment. A cleanup hook closes
// all handles first: transactions abort and give the writer back, engines that no other thread uses are closed cleanly.
//
// Thread safety: the environment's thread.

#pragma once

#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "binding/handles.h"

namespace sochdb::binding {

class AsyncEnvironment;

class Environment {
 public:
  explicit Environment(napi_env env) : env_(env) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] napi_env env() const { return env_; }
  HandleTable& handles() { return handles_; }

  // The transactions of synchronous closures on this thread, innermost last: each holds the writer of its engine.
  [[nodiscard]] Transaction* WriterOf(const Engine* engine) const {
    for (const Writer& writer : writers_) {
      if (writer.engine == engine) return writer.transaction;
    }
    return nullptr;
  }
  void AddWriter(const Engine* engine, Transaction* transaction) { writers_.push_back({engine, transaction}); }
  void RemoveWriter(const Transaction* transaction) {
    std::erase_if(writers_, [&](const Writer& writer) { return writer.transaction == transaction; });
  }

  // Gives the writers back where the functions that took them will not return: their transactions abort.
  void AbortWriters() {
    for (const Writer& writer : writers_) writer.transaction->Abort();
  }

  // The asynchronous work of this environment (async_environment.h); null until some is asked for.
  std::shared_ptr<AsyncEnvironment>& async() { return async_; }

  // Scratch space for results that are built before their size is known; cleared by whoever uses it.
  std::string& scratch() { return scratch_; }

 private:
  struct Writer {
    const Engine* engine;
    Transaction* transaction;
  };
  napi_env env_;
  std::vector<Writer> writers_;
  std::string scratch_;
  std::shared_ptr<AsyncEnvironment> async_;
  HandleTable handles_;  // last: destroyed first
};

}  // namespace sochdb::binding
