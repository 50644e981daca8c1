// PreparedCommit: the final writes of a transaction, one a key, in (tree, key) order, ready to be logged and applied.
//
// It is made before the commit mutex is taken; only numbers of sequences are filled in under it, since they follow the order
// of commits.
//
// Thread safety: none; it belongs to its commit.
// Ownership: views point into the write set, and into storage of its own.

#pragma once

#include <forward_list>
#include <string>
#include <vector>

#include "base/status.h"
#include "txn/commit_listener.h"
#include "txn/trees.h"
#include "txn/version_reader.h"
#include "txn/write_set.h"
#include "wal/blob_store.h"

namespace sochdb {

class PreparedCommit {
 public:
  // Folds merges into what they are merged onto. A folded value above the blob threshold is written to `blobs`, and its
  // reference appended to *made.
  Status Prepare(const WriteSet& writes, const VersionReader& reader, BlobStore* blobs, std::vector<BlobRef>* made);
  // Fills in the assigned numbers, from the newest committed value of each sequence. REQUIRES: the commit mutex; once.
  Status AssignSequences(const Trees& trees);

  [[nodiscard]] const std::vector<CommittedWrite>& writes() const { return writes_; }

 private:
  struct Assigned {
    WriteSequence sequence;
    OwnVersion* version;
  };
  Status Number(const Trees& trees, std::string_view sequence_key, uint64_t* next);

  std::vector<CommittedWrite> writes_;
  std::vector<Assigned> assigned_;  // in the order they were written
  std::forward_list<std::string> storage_;
};

}  // namespace sochdb
