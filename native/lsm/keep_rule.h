// KeepRule: which versions flush and compaction must keep, and the filter that applies it.
//
// A version is needed when some present or future reader can see it:
//   - it is the newest of its key at one of the read points (active snapshots, the published timestamp, the history floor), or
//   - it is newer than the history floor, since retention promises every moment from there on, or newer than the published
//     timestamp, since readers will begin there, or
//   - it is an operand of, or the base below, a needed merge.
// So one ancient snapshot costs at most one version a key, not all history since ("stripes").
//
// A value that has expired for every reader is as good as a delete, with one difference: operands that were committed before
// the base below them expired go with it. So it stays, empty, while newer operands of that time may lie elsewhere.
// A delete that hides nothing (at the bottom, where no older version lies) is dropped, unless a reader older than the delete
// is there: its transaction's validation must find out that the key was written.
//
// Operands are folded into the value below them when that makes a version superfluous and no reader can tell: up to the
// history floor, and not over a blob, not over a value that expires before the newest of them was committed, not where the
// base is unknown. What cannot be folded (also because the merge operator refuses) stays as it is.
//
// Thread safety: a rule is a value; a filter belongs to one thread.
// Limits: the versions of one key up to the floor that are needed are held in memory, up to kMaxHeldBytes; beyond it they pass
// through without being folded.

#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "mem/snapshot_iterator.h"

namespace sochdb {

struct KeepRule {
  std::vector<Timestamp> read_points;       // ascending; the last is the published timestamp. Empty: nobody reads
  Timestamp history_floor = kMaxTimestamp;  // every version above it is kept
  ExpiryMs expired_before_ms = 0;           // expiry <= this has passed for every reader (0: nothing has)
  bool bottom = false;                      // no older version of these keys exists elsewhere
  // No version of the tree that is in memory only, or still to be committed, is older than this: for an idle tree, now. Null:
  // nobody knows, and whatever is newer than the tree's last flush may be there.
  std::function<Timestamp(TreeId tree)> in_memory_from;
  // Newer operands of these keys that lie elsewhere were committed at or after this; kMaxTimestamp: there are none.
  Timestamp unseen_operands_from = kMaxTimestamp;
  // Keys of dropped containers, all versions of them: null when there are none. Called with ascending keys.
  std::function<bool(TreeId tree, std::string_view key)> is_dead;
  // Combines operands (each a kMerge value as it is stored: a list; oldest first) with a base into a value: null keeps operands
  // as they are. Folding some now and the rest later must give the same.
  using Fold = std::function<Status(TreeId tree, std::string_view key, std::optional<std::string_view> base,
                                    const std::vector<std::string_view>& operands, std::string* out)>;
  Fold fold;

  // Every version newer than this is kept; nobody but the read points reads earlier.
  [[nodiscard]] Timestamp floor() const {
    return read_points.empty() ? history_floor : std::min(history_floor, read_points.back());
  }
  // The oldest moment that somebody reads.
  [[nodiscard]] Timestamp oldest_reader() const {
    return read_points.empty() ? floor() : std::min(floor(), read_points.front());
  }
};

inline constexpr uint64_t kMaxHeldBytes = 64ull * 1024 * 1024;

struct KeepStats {
  uint64_t read = 0;  // versions; each is counted in one of the next five, too
  uint64_t kept = 0;
  uint64_t superseded = 0;  // what became part of a folded value included
  uint64_t deletes_dropped = 0;
  uint64_t expired = 0;  // dropped; what became a delete is kept
  uint64_t dead = 0;
  uint64_t folded = 0;        // operands that became part of a value
  uint64_t pinned_bytes = 0;  // keys and values that are kept for readers older than the floor alone: see KeepRule::floor

  void Add(const KeepStats& other) {
    read += other.read;
    kept += other.kept;
    superseded += other.superseded;
    deletes_dropped += other.deletes_dropped;
    expired += other.expired;
    dead += other.dead;
    folded += other.folded;
    pinned_bytes += other.pinned_bytes;
  }
};

// What `input` gives, less what the rule lets go. Takes the input over; it must be unpositioned or at its first entry.
std::unique_ptr<VersionStream> NewKeepFilter(std::unique_ptr<VersionStream> input, TreeId tree, const KeepRule& rule,
                                             KeepStats* stats);

// All inputs' versions in one order. Inputs come newest first: of equal (key, ts) the first input's stands.
std::unique_ptr<VersionStream> NewMergedStream(std::vector<std::unique_ptr<VersionStream>> inputs);

}  // namespace sochdb
