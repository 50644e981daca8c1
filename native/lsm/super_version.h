// SuperVersion: everything that a read of one tree looks at, newest first: the memtable that is being written, those that wait
// to be flushed, and the levels. Immutable but for what the writer adds to the first memtable.
//
// Thread safety: any thread.
// Ownership: reference counted. Its tree holds one reference to the current one; transactions, snapshots and cursors take their
// own at the first read of the tree. A thread that holds an EpochGuard may use the current one without.
//
// Which one a reader at read_ts may use:
//   - any that became current after read_ts was registered with the SnapshotList, or was current then: compaction keeps what a
//     registered timestamp needs, and whatever was published is in every later SuperVersion;
//   - without registering: the one that was current when read_ts was the published timestamp (Tree::ReadNewest).

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "lsm/level_state.h"
#include "mem/memtable.h"
#include "mem/snapshot_iterator.h"
#include "sst/block_cache.h"
#include "sst/point_read.h"

namespace sochdb {

class SuperVersion {
 public:
  // memtables: newest first, never empty; only the first is written to. levels: null is none.
  SuperVersion(std::vector<std::shared_ptr<Memtable>> memtables, LevelStatePtr levels);
  SuperVersion(const SuperVersion&) = delete;
  SuperVersion& operator=(const SuperVersion&) = delete;

  // The newest version with ts <= read_ts, deletes and expired ones included. *pin keeps out->value alive where it lies in a
  // block; else this object does.
  Status Get(std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin, bool* found) const {
    *found = active_->Get(key, read_ts, out);
    if (*found || only_active_) [[likely]]
      return {};
    return GetBelow(key, read_ts, out, pin, found);
  }
  // As Get of each, where whoever reads has registered read_ts; what keeps the values that lie in blocks is added to *pins.
  // REQUIRES: at most PointRead::kAtOnce, none found yet.
  Status GetMany(std::span<PointRead> reads, Timestamp read_ts, BlockPins* pins) const;
  // Visits versions with ts <= read_ts, newest first, each timestamp once, until visit returns false. Views are valid during
  // the call.
  using Visit = std::function<bool(const VersionView&)>;
  Status VisitVersions(std::string_view key, Timestamp read_ts, const Visit& visit) const;
  // The timestamp of the newest version if it is greater than `above`, published or not; otherwise 0 or anything up to `above`.
  Status NewestTimestamp(std::string_view key, Timestamp above, Timestamp* newest) const;
  // The timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`; 0 when there is none.
  Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const;
  // REQUIRES: whoever holds the iterator holds a reference to this (TreeIterator does).
  [[nodiscard]] std::unique_ptr<SnapshotIterator> NewIterator(Timestamp read_ts, bool fill_cache = true) const;

  [[nodiscard]] const std::vector<std::shared_ptr<Memtable>>& memtables() const { return memtables_; }
  [[nodiscard]] const LevelStatePtr& levels() const { return levels_; }

  void Ref() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~SuperVersion() = default;
  Status GetBelow(std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin, bool* found) const;

  const std::vector<std::shared_ptr<Memtable>> memtables_;
  const LevelStatePtr levels_;
  const Memtable* const active_;
  const bool only_active_;
  // Apart from what every read looks at: it changes with every transaction.
  alignas(64) mutable std::atomic<uint32_t> refs_{1};
};

// A share of a SuperVersion: what keeps the values in its memtables alive.
class SuperVersionRef {
 public:
  SuperVersionRef() = default;
  explicit SuperVersionRef(const SuperVersion* adopted) : version_(adopted) {}
  static SuperVersionRef Share(const SuperVersion* version) {
    version->Ref();
    return SuperVersionRef(version);
  }
  SuperVersionRef(const SuperVersionRef& other) : version_(other.version_) {
    if (version_ != nullptr) version_->Ref();
  }
  SuperVersionRef(SuperVersionRef&& other) noexcept : version_(std::exchange(other.version_, nullptr)) {}
  SuperVersionRef& operator=(SuperVersionRef other) noexcept {
    std::swap(version_, other.version_);
    return *this;
  }
  ~SuperVersionRef() { Reset(); }
  void Reset() {
    if (version_ != nullptr) std::exchange(version_, nullptr)->Unref();
  }
  [[nodiscard]] const SuperVersion* get() const { return version_; }
  const SuperVersion* operator->() const { return version_; }
  const SuperVersion& operator*() const { return *version_; }
  explicit operator bool() const { return version_ != nullptr; }

 private:
  const SuperVersion* version_ = nullptr;
};

// Walks the keys of a tree in order, each with its newest version at the snapshot, deletes and expired ones included. Key and
// version are valid until the next move: what lies in a table goes with its block.
// Thread safety: one thread at a time. Ownership: holds the SuperVersion that it walks.
class TreeIterator {
 public:
  TreeIterator(SuperVersionRef version, Timestamp read_ts)
      : version_(std::move(version)), iterator_(version_->NewIterator(read_ts)) {}

  [[nodiscard]] bool Valid() const { return iterator_->Valid(); }
  void SeekToFirst() { iterator_->SeekToFirst(); }
  void SeekToLast() { iterator_->SeekToLast(); }
  void Seek(std::string_view target) { iterator_->Seek(target); }                // first key >= target
  void SeekForPrev(std::string_view target) { iterator_->SeekForPrev(target); }  // last key < target
  void Next() { iterator_->Next(); }
  void Prev() { iterator_->Prev(); }
  [[nodiscard]] std::string_view key() const { return iterator_->key(); }
  [[nodiscard]] const VersionView& version() const { return iterator_->version(); }
  void TakeRun(EntryRun* run) { iterator_->TakeRun(run); }  // SnapshotIterator
  bool ShowVersion() { return iterator_->ShowVersion(); }
  // Why the iterator is not valid: OK at the end of the tree, kCorruption and the like when a table could not be read. To be
  // looked at after every loop.
  [[nodiscard]] Status status() const { return iterator_->status(); }
  [[nodiscard]] const SuperVersionRef& super_version() const { return version_; }

 private:
  const SuperVersionRef version_;
  const std::unique_ptr<SnapshotIterator> iterator_;
};

}  // namespace sochdb
