// SnapshotList: which timestamps are being read at, so that garbage collection keeps what they need.
//
// Thread safety: any thread.
// Ownership: a registration is owned by its reader, and must be released before the list dies.

#pragma once

#include <cstdint>
#include <set>

#include "base/types.h"
#include "env/sync.h"

namespace sochdb {

class SnapshotList {
 public:
  explicit SnapshotList(Env* env) : mutex_(env) {}

  // Reads the published timestamp and registers it in one step, so that no collection can slip between.
  template <typename Published>
  Timestamp Acquire(const Published& published) {
    MutexLock lock(&mutex_);
    const Timestamp ts = published();
    held_.insert(ts);
    return ts;
  }
  // Registers once more what is registered already.
  void Hold(Timestamp ts) {
    MutexLock lock(&mutex_);
    held_.insert(ts);
  }
  void Release(Timestamp ts) {
    MutexLock lock(&mutex_);
    const auto found = held_.find(ts);
    SOCHDB_CHECK(found != held_.end());
    held_.erase(found);
  }

  struct Summary {
    uint64_t count = 0;
    Timestamp oldest = 0;  // 0 when there is none
  };
  [[nodiscard]] Summary summary() const {
    MutexLock lock(&mutex_);
    return {held_.size(), held_.empty() ? 0 : *held_.begin()};
  }

 private:
  mutable Mutex mutex_;  // guards held_
  std::multiset<Timestamp> held_;
};

}  // namespace sochdb
