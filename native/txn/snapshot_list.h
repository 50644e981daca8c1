// SnapshotList: which timestamps are being read at, so that garbage collection keeps what they need.
//
// Why no reader slips below what a compaction assumes. A compaction takes, in one hold of the mutex, the registered timestamps,
// the published one and the history floor (TakeReadPoints); it keeps what each of them sees, and every version above the floor.
//   - A timestamp that was registered before is among its points for as long as it is held.
//   - One that is registered afterwards by Acquire is at least the published one that the compaction took: publishing moves
//     only forward, and Acquire reads it under the mutex. Versions above the last point are all kept, so it finds its own.
//     So does whoever is registered above the published one (a writer that reads what is applied), whenever that was.
//   - One that is registered afterwards by AcquireAt is at least the floor, which only rises, and only here: it is above the
//     floor that the compaction took, where all versions are kept, or is the floor itself, which is one of its points.
//   - Hold registers what is registered already.
//
// Thread safety: any thread.
// Ownership: a registration is owned by its reader, and must be released before the list dies.

#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "env/sync.h"

namespace sochdb {

// What a flush or a compaction must keep the sight of (KeepRule).
struct ReadPoints {
  std::vector<Timestamp> points;  // ascending, distinct: the floor, those being read at, the published timestamp last
  Timestamp history_floor = 0;    // at most the published timestamp
};

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
  // Registers a moment of the past: `ts`, or the published timestamp when that is earlier (nothing was written since). kLimit
  // when it lies below the history floor: what could be seen then is no longer whole.
  template <typename Published>
  Result<Timestamp> AcquireAt(Timestamp ts, const Published& published) {
    MutexLock lock(&mutex_);
    const Timestamp at = std::min<Timestamp>(ts, published());
    if (at < history_floor_) return BelowFloor(at);
    held_.insert(at);
    return at;
  }
  // Registers once more what is registered already.
  void Hold(Timestamp ts) {
    MutexLock lock(&mutex_);
    SOCHDB_DCHECK(held_.contains(ts));
    held_.insert(ts);
  }
  void Release(Timestamp ts) {
    MutexLock lock(&mutex_);
    const auto found = held_.find(ts);
    SOCHDB_CHECK(found != held_.end());
    held_.erase(found);
  }

  // What must be kept from now on. The floor rises to `floor`, but not beyond the published timestamp. For a flush: everything
  // in it must be published before the call (it is, once its log is synced and CommitPipeline::AwaitPublished has returned).
  template <typename Published>
  ReadPoints TakeReadPoints(const Published& published, Timestamp floor) {
    MutexLock lock(&mutex_);
    const Timestamp now = published();
    history_floor_ = std::max(history_floor_, std::min(floor, now));
    ReadPoints taken;
    taken.history_floor = std::min(history_floor_, now);  // it is above when a crash has undone what was published
    taken.points.reserve(held_.size() + 2);
    taken.points.assign(held_.begin(), held_.upper_bound(now));
    taken.points.push_back(taken.history_floor);
    taken.points.push_back(now);
    std::sort(taken.points.begin(), taken.points.end());
    taken.points.erase(std::unique(taken.points.begin(), taken.points.end()), taken.points.end());
    SOCHDB_DCHECK(taken.points.back() == now);
    return taken;
  }
  // The floor that the manifest remembers. REQUIRES: nothing is registered yet.
  void RestoreFloor(Timestamp floor) {
    MutexLock lock(&mutex_);
    history_floor_ = std::max(history_floor_, floor);
  }
  // Moments before this one cannot be read any more.
  [[nodiscard]] Timestamp history_floor() const {
    MutexLock lock(&mutex_);
    return history_floor_;
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
  // REQUIRES: the mutex.
  [[nodiscard]] Status BelowFloor(Timestamp ts) const {
    return Status(Code::kLimit,
                  "The history of that moment is gone: it lies before what retentionMs keeps. The earliest that "
                  "can be read is " +
                      std::to_string(HlcMillis(history_floor_)) + " (milliseconds since the epoch).")
        .With("limit", "retentionMs")
        .With("asOf", std::to_string(ts))
        .With("earliest", std::to_string(history_floor_));
  }

  mutable Mutex mutex_;  // guards all below
  std::multiset<Timestamp> held_;
  Timestamp history_floor_ = 0;
};

// Holds once more, for a scope, what is registered already.
class SnapshotHold {
 public:
  SnapshotHold(SnapshotList* list, Timestamp ts) : list_(list), ts_(ts) { list_->Hold(ts_); }
  ~SnapshotHold() { list_->Release(ts_); }
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

 private:
  SnapshotList* const list_;
  const Timestamp ts_;
};

}  // namespace sochdb
