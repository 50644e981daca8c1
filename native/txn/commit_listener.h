// CommitListener: how derived structures above the transaction layer learn of commits, without txn knowing them.
//
// OnCommit is called under the commit mutex, in commit order, for every commit that writes to a tree the listener
// named, after the commit is in the memtables and before it is published. It must be short, must not fail and must not
// call the engine: it copies what it needs (the vector index appends to its delta segment) and leaves work to
// threads of its own.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/types.h"
#include "mem/version.h"

namespace sochdb {

// One write of a commit as listeners see it: values are final (assign-at-commit fields are filled in).
struct CommittedWrite {
  TreeId tree;
  ValueKind kind;
  ExpiryMs expiry_ms;
  std::string_view key;
  std::string_view value;
};

class CommitListener {
 public:
  virtual ~CommitListener() = default;
  virtual uint64_t tree_mask() const = 0;  // bit i: wants writes to tree i; constant
  // Key-ordered within a tree; the views are valid during the call only.
  virtual void OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept = 0;
};

}  // namespace sochdb
