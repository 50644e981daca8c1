// Tree: all data of one shape (TreeId) in key order, versioned: what lies under snapshots and transactions.
//
// The newest data is in the active memtable. When memory is full the engine rotates it: it becomes immutable and waits to be
// flushed, and a fresh one takes over. A flush hands it to the LsmStore, whose levels then take its place (InstallLevels). What
// there is at a moment is the current SuperVersion; readers follow it without locks.
//
// Thread safety: one writer (the holder of the commit mutex), any number of readers beside it, without locks; Rotate and
// InstallLevels may meet (install_mutex_).
// Locks: the commit mutex before install_mutex_; nothing is locked under install_mutex_.
// Ownership: the tree holds the current SuperVersion, and those that readers have not left yet; all go with it. It outlives its
// readers.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/epoch.h"
#include "base/status.h"
#include "base/types.h"
#include "env/sync.h"
#include "lsm/super_version.h"
#include "mem/memtable.h"
#include "mem/version.h"

namespace sochdb {

// Memory of all memtables of a store. Thread safety: any thread reads; written as the trees' methods say.
struct MemtableUsage {
  std::atomic<uint64_t> active_bytes{0};     // of the memtables that are written to
  std::atomic<uint64_t> immutable_bytes{0};  // of those that wait to be flushed

  [[nodiscard]] uint64_t active() const { return active_bytes.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t immutable() const { return immutable_bytes.load(std::memory_order_relaxed); }
};

inline constexpr Lsn kNoLsn = UINT64_MAX;

// A memtable that waits to be flushed, and which part of the log it stands for.
struct ImmutableMemtable {
  std::shared_ptr<const Memtable> memtable;
  Lsn first_lsn = kNoLsn;  // where the first commit that wrote to it begins; kNoLsn without a log
  Lsn end_lsn = 0;         // where the last one ends
  Timestamp newest_ts = 0;
  uint64_t bytes = 0;
};

class Tree {
 public:
  struct Options {
    uint64_t hash_seed = 0;                          // the same for all trees of a store
    bool ordered = true;                             // PolicySettings::ordered_memtable
    MemtableUsage* usage = nullptr;                  // outlives the tree; may be null
    size_t block_bytes = Arena::kDefaultBlockBytes;  // of memtables
  };
  Tree(Env* env, TreeId id, const Options& options);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // --- the writer. REQUIRES for all of these: the commit mutex.

  // REQUIRES: ts at least that of every earlier Add of this key. Returns the key's record, for the commit ring.
  const KeyRecord* Add(std::string_view key, Timestamp ts, ValueKind kind, std::string_view value, ExpiryMs expiry_ms) {
    const KeyRecord* const record = active_->Add(key, ts, kind, value, expiry_ms);
    if (const uint64_t bytes = active_->memory_bytes(); bytes != counted_bytes_) [[unlikely]]
      CountActive(bytes);
    return record;
  }
  // Asks for the memory that Add of this key will look at first.
  void PrefetchAdd(std::string_view key) const { active_->Prefetch(key); }
  // Memory for `entries` Adds of together `bytes` of keys and values; kOutOfMemory.
  Status Reserve(uint64_t entries, uint64_t bytes) { return active_->Reserve(entries, bytes); }
  // Notes that the commit that was just added stands at [first, end) in the log.
  void NoteLog(Lsn first, Lsn end) {
    if (first < first_lsn_.load(std::memory_order_relaxed)) first_lsn_.store(first, std::memory_order_release);
    end_lsn_ = end;
  }
  // The active memtable becomes immutable, and a fresh one takes over. False, and nothing done, when it is empty. Throws
  // bad_alloc, nothing changed.
  bool Rotate();
  [[nodiscard]] uint64_t active_bytes() const { return counted_bytes_; }
  // How many rows scans have taken from memtables since the last Rotate.
  [[nodiscard]] uint64_t rows_scanned() const { return rows_scanned_.load(std::memory_order_relaxed); }

  // --- flushes and compactions. Any thread.

  // Oldest first.
  [[nodiscard]] std::vector<ImmutableMemtable> Immutables() const;
  // These are the tree's tables from now on. flushed: the memtable that they have taken in, which readers no longer look at;
  // null: none. REQUIRES for a memtable: it is the oldest of Immutables(), and the commit ring has forgotten it
  // (CommitPipeline::ForgetRing). Throws bad_alloc, nothing changed.
  void InstallLevels(LevelStatePtr levels, const Memtable* flushed);
  // Where the oldest commit begins that is in memtables only: the log from there on is needed. kNoLsn: none is. Says nothing of
  // a commit that is in the log and not yet added: hold the commit mutex, or keep the log from the applied end on.
  [[nodiscard]] Lsn FirstUnflushedLsn() const;
  // The next memtable, and the active one while it is empty, is of this kind. REQUIRES: the commit mutex.
  void SetOrdered(bool ordered);

  // --- readers. Any thread.

  // What is current. REQUIRES: an EpochGuard, held while it is used.
  [[nodiscard]] const SuperVersion* current() const {
    SOCHDB_DCHECK(EpochGuard::HeldByThisThread());
    return current_.load(std::memory_order_seq_cst);
  }
  // What is current, to keep.
  [[nodiscard]] SuperVersionRef Acquire() const {
    const EpochGuard guard;
    return SuperVersionRef::Share(current());
  }
  // The current SuperVersion and a timestamp that was the published one while it was current: together they give what was
  // published at that moment, whole, without registering. A compaction that dropped what this timestamp needs was installed
  // after it, and a commit up to it was added before. REQUIRES: an EpochGuard, held while it is used.
  template <typename Published>
  [[nodiscard]] const SuperVersion* ReadNewest(const Published& published, Timestamp* read_ts) const {
    const SuperVersion* version = current();
    for (;;) {
      *read_ts = published();
      const SuperVersion* const again = current();
      if (again == version) [[likely]]
        return version;  // the guard keeps its address from being used again
      version = again;
    }
  }

  // The newest version with ts <= read_ts, as SuperVersion::Get. REQUIRES: an EpochGuard, held while out->value is used; that
  // read_ts is registered, or the commit mutex is held.
  Status Get(std::string_view key, Timestamp read_ts, VersionView* out, BlockRef* pin, bool* found) const {
    return current()->Get(key, read_ts, out, pin, found);
  }
  Status VisitVersions(std::string_view key, Timestamp read_ts, const SuperVersion::Visit& visit) const {
    const EpochGuard guard;
    return current()->VisitVersions(key, read_ts, visit);
  }
  // The timestamp of the newest version if it is greater than `above`, published or not; otherwise 0 or anything up to `above`.
  Status NewestTimestamp(std::string_view key, Timestamp above, Timestamp* newest) const {
    const EpochGuard guard;
    return current()->NewestTimestamp(key, above, newest);
  }
  // The timestamp of some version in [lo, hi) (hi empty: open) that is newer than `above`; 0 when there is none.
  Status NewestTimestampInRange(std::string_view lo, std::string_view hi, Timestamp above, Timestamp* newest) const {
    const EpochGuard guard;
    return current()->NewestTimestampInRange(lo, hi, above, newest);
  }
  [[nodiscard]] std::unique_ptr<TreeIterator> NewIterator(Timestamp read_ts) const {
    return std::make_unique<TreeIterator>(Acquire(), read_ts);
  }

  // A scan has taken so many rows from memtables.
  void NoteScan(uint64_t rows) const { rows_scanned_.fetch_add(rows, std::memory_order_relaxed); }
  [[nodiscard]] TreeId id() const { return id_; }
  [[nodiscard]] uint64_t memory_bytes() const;  // of its memtables
  // Distinct keys of each memtable and table, so one that lies in several counts several times.
  [[nodiscard]] uint64_t key_count() const;

 private:
  // A SuperVersion that readers under a guard may still use. Dropped once: by the epoch, or by the tree when it ends.
  struct Retired {
    enum State : uint8_t { kWaiting, kDropping, kDropped };
    const SuperVersion* version = nullptr;
    std::atomic<State> state{kWaiting};
    void Drop();
  };

  [[nodiscard]] std::shared_ptr<Memtable> NewMemtable() const;
  void CountActive(uint64_t bytes);
  [[nodiscard]] std::function<void()> Install(std::vector<std::shared_ptr<Memtable>> memtables, LevelStatePtr levels);

  Env* const env_;
  const TreeId id_;
  const Options options_;
  // Of the writer:
  Memtable* active_ = nullptr;          // of the current SuperVersion
  uint64_t counted_bytes_ = 0;          // of the active memtable, as options_.usage has them
  Lsn end_lsn_ = 0;                     // of what the active memtable holds
  bool ordered_;                        // the kind of the next memtable
  std::atomic<Lsn> first_lsn_{kNoLsn};  // of what the active memtable holds; written under install_mutex_ where it rises

  // Written under install_mutex_. Apart from what every commit writes: every read looks here.
  alignas(64) std::atomic<const SuperVersion*> current_{nullptr};

  mutable std::atomic<uint64_t> rows_scanned_{0};

  alignas(64) mutable Mutex install_mutex_;    // guards the changes of current_, and what follows
  std::vector<ImmutableMemtable> immutables_;  // oldest first
  std::vector<std::shared_ptr<Retired>> retired_;
};

}  // namespace sochdb
