// SuperVersion: everything that a read of one tree looks at, newest first: the memtable that is being written, those that wait
// to be flushed, and the levels. Immutable but for what the writer adds to the first memtable.
//
// Thread safety: any thread.
// Ownership: reference counted. Its tree holds one reference to the current one; transactions, snapshots and cursors take their
// own at the first read of the tree. A thread that holds an EpochGuard may use the current one without. A reader at read_ts may
// use any SuperVersion that became current after read_ts was published, and any later one while read_ts is registered with the
// SnapshotList: compaction keeps what it needs.

#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "lsm/level_state.h"
#include "mem/memtable.h"
#include "mem/snapshot_iterator.h"
#include "sst/block_cache.h"

namespace sochdb {

class SuperVersion {
 public:
  // memtables: newest first, never empty; only the first is written to.
  SuperVersion(std::vector<std::shared_ptr<Memtable>> memtables, LevelStatePtr levels);

  // The newest version with ts <= read_ts, deletes and expired ones included. *pin keeps out->value alive where it lies in a
  // block; else this object does.
  Status Get(std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin, bool* found) const;
  // Visits versions with ts <= read_ts, newest first, until visit returns false. Views are valid during the call.
  Status VisitVersions(std::string_view key, Timestamp read_ts, const std::function<bool(const VersionView&)>& visit) const;
  // The timestamp of the newest version if it is greater than `above`, published or not; otherwise 0 or anything up to `above`.
  Status NewestTimestamp(std::string_view key, Timestamp above, Timestamp* newest) const;
  // The timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`; 0 when there is none.
  Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const;
  // Holds a reference to this while it lives.
  [[nodiscard]] std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts) const;

  [[nodiscard]] const std::vector<std::shared_ptr<Memtable>>& memtables() const { return memtables_; }
  [[nodiscard]] const LevelStatePtr& levels() const { return levels_; }

  void Ref() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~SuperVersion() = default;
  const std::vector<std::shared_ptr<Memtable>> memtables_;
  const LevelStatePtr levels_;
  mutable std::atomic<uint32_t> refs_{1};
};

}  // namespace sochdb
