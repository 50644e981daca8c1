// KeepRule: which versions flush and compaction must keep, and the filter that applies it.
//
// A version is needed when some present or future reader can see it:
//   - it is the newest of its key at one of the read points (active snapshots, the published timestamp, the history floor), or
//   - it is newer than the history floor: retention promises every moment since then, or
//   - it is an operand of, or the base below, a needed merge.
// A delete (or a value that has expired for every reader) that is needed only to hide what lies below is dropped at the bottom,
// where nothing lies below. So one ancient snapshot costs at most one version a key, not all history since ("stripes").
//
// Thread safety: a rule is a value; a filter belongs to one thread.

#pragma once

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
  std::vector<Timestamp> read_points;       // ascending; the last is the published timestamp
  Timestamp history_floor = kMaxTimestamp;  // every version above it is kept
  ExpiryMs expired_before_ms = 0;           // expiry <= this has passed for every reader (0: nothing has)
  bool bottom = false;                      // no older version of these keys exists elsewhere
  // Keys of dropped containers, all versions of them: null when there are none. Called with ascending keys.
  std::function<bool(TreeId tree, std::string_view key)> is_dead;
  // Combines operands (as they are stored, oldest first) with a base into a value: null keeps operands as they are.
  using Fold = std::function<Status(TreeId tree, std::string_view key, std::optional<std::string_view> base,
                                    const std::vector<std::string_view>& operands, std::string* out)>;
  Fold fold;
};

struct KeepStats {
  uint64_t read = 0;  // versions
  uint64_t kept = 0;
  uint64_t superseded = 0;
  uint64_t deletes_dropped = 0;
  uint64_t expired = 0;
  uint64_t dead = 0;
  uint64_t folded = 0;  // operands that became part of a value
};

// What `input` gives, less what the rule lets go. Takes the input over; it must be unpositioned or at its first entry.
std::unique_ptr<VersionStream> NewKeepFilter(std::unique_ptr<VersionStream> input, TreeId tree, const KeepRule& rule,
                                             KeepStats* stats);

// All inputs' versions in one order. Inputs come newest first: of equal (key, ts) the first input's stands.
std::unique_ptr<VersionStream> NewMergedStream(std::vector<std::unique_ptr<VersionStream>> inputs);

}  // namespace sochdb
