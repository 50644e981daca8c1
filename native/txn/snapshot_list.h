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

  // A registration.
  struct Held {
    Timestamp ts = 0;
    uint64_t since_ms = 0;  // when it was made
    friend auto operator<=>(const Held&, const Held&) = default;
  };

  // Reads the published timestamp and registers it in one step, so that no collection can slip between. `now_ms` is asked
  // afterwards.
  template <typename Published, typename Now>
  Held Acquire(const Published& published, const Now& now_ms) {
    MutexLock lock(&mutex_);
    Held held{published()};
    held.since_ms = now_ms();
    held_.insert(held);
    return held;
  }
  // Registers a moment of the past: `ts`, or the published timestamp when that is earlier (nothing was written since). kLimit
  // when it lies below the history floor: what could be seen then is no longer whole.
  template <typename Published>
  Result<Held> AcquireAt(Timestamp ts, const Published& published, uint64_t now_ms) {
    MutexLock lock(&mutex_);
    const Timestamp at = std::min<Timestamp>(ts, published());
    if (at < history_floor_) return BelowFloor(at);
    const Held held{at, now_ms};
    held_.insert(held);
    return held;
  }
  // Registers once more what is registered already.
  Held Hold(Timestamp ts) {
    MutexLock lock(&mutex_);
    const auto found = held_.lower_bound({ts, 0});
    SOCHDB_CHECK(found != held_.end() && found->ts == ts);
    return *held_.insert(*found);
  }
  void Release(const Held& held) {
    MutexLock lock(&mutex_);
    const auto found = held_.find(held);
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
    for (const Held& held : held_) {
      if (held.ts > now) break;
      taken.points.push_back(held.ts);
    }
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
    Timestamp oldest = 0;   // what the one that looks back furthest sees; 0 when there is none
    uint64_t since_ms = 0;  // when the one that has been there longest was made; 0 when there is none
  };
  [[nodiscard]] Summary summary() const {
    MutexLock lock(&mutex_);
    Summary summary{held_.size(), held_.empty() ? 0 : held_.begin()->ts, held_.empty() ? 0 : held_.begin()->since_ms};
    for (const Held& held : held_) summary.since_ms = std::min(summary.since_ms, held.since_ms);
    return summary;
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
  std::multiset<Held> held_;
  Timestamp history_floor_ = 0;
};

// Holds once more, for a scope, what is registered already.
class SnapshotHold {
 public:
  SnapshotHold(SnapshotList* list, Timestamp ts) : list_(list), held_(list->Hold(ts)) {}
  ~SnapshotHold() { list_->Release(held_); }
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

 private:
  SnapshotList* const list_;
  const SnapshotList::Held held_;
};

}  // namespace sochdb
