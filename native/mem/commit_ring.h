// Commit ring: the keys written by recent commits, in commit order.
//
// Validation asks "was anything I read written after my snapshot?". While the snapshot is younger than the ring's oldest
// commit, the answer can be a walk over the ring; CountSince tells beforehand how long the walk is. An older snapshot falls
// back to the memtables (Memtable::NewestTimestamp, NewestTimestampInRange).
//
// Thread safety: none of its own. The holder of the commit mutex appends and walks.
// Ownership: entries point to key records in memtables' arenas. Before a memtable dies its owner calls Forget with the
// greatest timestamp written to it.
// After recovery, Forget with the greatest timestamp recovered: what came before was never appended.
// Limits: a fixed number of entries, allocated at construction. A commit of more keys than that empties the ring, as if all
// were forgotten up to it.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "mem/key_record.h"

namespace sochdb {

struct WrittenKey {
  TreeId tree;
  const KeyRecord* record;

  [[nodiscard]] std::string_view key() const { return record->key(); }
};

enum class WalkResult : uint8_t {
  kDone,     // everything since the snapshot was visited
  kStopped,  // visit returned false
  kTooOld,   // the ring does not reach back to the snapshot: nothing was visited
};

class CommitRing {
 public:
  static constexpr size_t kDefaultEntries = 16 * 1024;

  // REQUIRES: 0 < entries. Rounded up to a power of two.
  explicit CommitRing(size_t entries = kDefaultEntries) : slots_(std::bit_ceil(entries)) { SOCHDB_CHECK(entries > 0); }

  // REQUIRES: the commit mutex is held; commit_ts is greater than that of every earlier commit. Allocates nothing.
  void Append(Timestamp commit_ts, std::span<const WrittenKey> written) {
    SOCHDB_CHECK(commit_ts > newest_ts_);
    newest_ts_ = commit_ts;
    if (written.size() > slots_.size()) return Forget(commit_ts);
    while (slots_.size() - size() < written.size()) ForgetOldest();
    for (const WrittenKey& key : written) At(end_++) = {commit_ts, key};
  }

  // Drops the commits up to ts, and the claim to know of them.
  void Forget(Timestamp ts) {
    if (ts > floor_) floor_ = ts;
    while (begin_ != end_ && At(begin_).ts <= floor_) ++begin_;
  }

  // Whether every commit after snapshot_ts is in the ring.
  [[nodiscard]] bool ReachesBackTo(Timestamp snapshot_ts) const { return snapshot_ts >= floor_; }

  // How many keys WalkSince would visit. REQUIRES: ReachesBackTo(snapshot_ts).
  [[nodiscard]] size_t CountSince(Timestamp snapshot_ts) const {
    uint64_t low = begin_;
    uint64_t high = end_;
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      if (At(middle).ts > snapshot_ts) high = middle;
      else low = middle + 1;
    }
    return static_cast<size_t>(end_ - low);
  }

  // Calls visit(commit_ts, written_key) for every key written after snapshot_ts, newest commit first, until it returns false.
  template <typename Visit>
  [[nodiscard]] WalkResult WalkSince(Timestamp snapshot_ts, Visit visit) const {
    if (!ReachesBackTo(snapshot_ts)) return WalkResult::kTooOld;
    for (uint64_t i = end_; i != begin_; --i) {
      const Slot& slot = At(i - 1);
      if (slot.ts <= snapshot_ts) break;
      if (!visit(slot.ts, slot.written)) return WalkResult::kStopped;
    }
    return WalkResult::kDone;
  }

  [[nodiscard]] size_t size() const { return static_cast<size_t>(end_ - begin_); }
  [[nodiscard]] size_t capacity() const { return slots_.size(); }
  // Snapshots from here on are answered.
  [[nodiscard]] Timestamp floor() const { return floor_; }

 private:
  struct Slot {
    Timestamp ts = 0;
    WrittenKey written{TreeId::kKeys, nullptr};
  };

  Slot& At(uint64_t i) { return slots_[i & (slots_.size() - 1)]; }
  [[nodiscard]] const Slot& At(uint64_t i) const { return slots_[i & (slots_.size() - 1)]; }
  // A commit is known wholly or not at all.
  void ForgetOldest() { Forget(At(begin_).ts); }

  std::vector<Slot> slots_;
  uint64_t begin_ = 0;  // entries begin_..end_-1, by position modulo the capacity; timestamps rise
  uint64_t end_ = 0;
  Timestamp floor_ = 0;
  Timestamp newest_ts_ = 0;
};

}  // namespace sochdb
