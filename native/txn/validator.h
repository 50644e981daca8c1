// Validator: the rule by which a transaction may commit.
//
//   It may, when no other transaction has committed, after the snapshot at which this one read,
//     - a write to a key or into a range that it read (serializable), or that a constraint read (every level);
//     - under snapshot isolation: a write to a key that it writes too (the first committer wins). Two merges do not
//       conflict with one another.
//   And no entry that it saw alive has expired by the time it commits (serializable, and constraint reads).
//
// Then the transaction could as well have run as a whole at its commit timestamp: docs/internals/isolation.md.
// Versions in the trees count from the moment they are applied, published or not.
//
// Thread safety: AgainstTrees on any thread; AgainstRing belongs to the holder of the commit mutex.

#pragma once

#include <algorithm>

#include "base/status.h"
#include "base/types.h"
#include "mem/commit_ring.h"
#include "txn/footprint.h"
#include "txn/trees.h"
#include "txn/write_set.h"

namespace sochdb {

struct ValidationRequest {
  Footprint* reads = nullptr;         // null: none
  const WriteSet* written = nullptr;  // null: written keys are not validated
  Timestamp snapshot = 0;             // of the written keys
  [[nodiscard]] bool empty() const { return (reads == nullptr || reads->empty()) && written == nullptr; }
  // What was committed up to here cannot conflict.
  [[nodiscard]] Timestamp oldest_since() const {
    const Timestamp read = reads == nullptr ? kMaxTimestamp : reads->oldest_since();
    return written == nullptr ? read : std::min(read, snapshot);
  }
};

class Validator {
 public:
  Validator(const Trees* trees, const CommitRing* ring) : trees_(trees), ring_(ring) {}

  // Looks up every read and written key. Covers every commit that was applied before the call.
  [[nodiscard]] Status AgainstTrees(const ValidationRequest& request) const;
  // Walks the commits later than `from`. REQUIRES: the ring covers `from`; the footprint is sealed.
  [[nodiscard]] Status AgainstRing(const ValidationRequest& request, Timestamp from) const;

  static Status ReadConflict(TreeId tree);
  static Status WriteConflict(TreeId tree);
  static Status ExpiryConflict();

 private:
  [[nodiscard]] Status ReadsAgainstTrees(const Footprint& reads) const;
  [[nodiscard]] Status WritesAgainstTrees(const WriteSet& written, Timestamp snapshot) const;

  const Trees* const trees_;
  const CommitRing* const ring_;
};

// Whether all that a transaction writes to a key is merge operands.
bool IsBlindMerge(const OwnVersion* newest);

}  // namespace sochdb
