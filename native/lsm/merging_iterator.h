// Merging iterator: several sorted sources of one tree as one, each key once.
//
// Where several sources stand at a key, the newest decides and the others are passed over: versions in it are newer than all
// versions of the key in the others (SuperVersion's order).
//
// Thread safety: one thread at a time.
// Ownership: owns the iterators it merges.
// Limits: one or two sources cost no heap.

#pragma once

#include <memory>
#include <vector>

#include "mem/snapshot_iterator.h"

namespace sochdb {

// sources: newest first. None: an iterator over nothing; one: that one itself. After a source has failed the merged one is not
// valid and has its status, until the next seek.
std::unique_ptr<SnapshotIterator> NewMergingIterator(std::vector<std::unique_ptr<SnapshotIterator>> sources);

}  // namespace sochdb
