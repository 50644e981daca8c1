// UnloggedWrites: what a store without a log has to write down to be durable: for every key that changed since the last
// time, its newest version. Only memtables are looked at: what lies in tables is durable.
//
// Thread safety: the holder of the commit mutex. Ownership: views point into memtables that it holds, and into storage of its
// own.

#pragma once

#include <forward_list>
#include <string>
#include <vector>

#include "base/status.h"
#include "lsm/super_version.h"
#include "txn/commit_listener.h"
#include "txn/trees.h"
#include "txn/version_reader.h"
#include "wal/blob_store.h"

namespace sochdb {

class UnloggedWrites {
 public:
  // Everything written after `logged_ts` and not after at.ts.
  Status Collect(const Trees& trees, const VersionReader& reader, BlobStore* blobs, const ReadPoint& at, Timestamp logged_ts);
  [[nodiscard]] const std::vector<CommittedWrite>& writes() const { return writes_; }

 private:
  Status CollectTree(const Tree& tree, const VersionReader& reader, BlobStore* blobs, const ReadPoint& at, Timestamp logged_ts);
  Status AddMerged(TreeId tree, const SuperVersion& data, std::string_view key, const VersionView& newest,
                   const VersionReader& reader, BlobStore* blobs, const ReadPoint& at, Timestamp logged_ts);

  std::vector<SuperVersionRef> held_;
  std::vector<CommittedWrite> writes_;
  std::forward_list<std::string> storage_;
};

}  // namespace sochdb
