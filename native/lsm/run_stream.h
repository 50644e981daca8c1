// The versions of a run: of its files, one after another.
//
// Thread safety: one thread at a time.
// Ownership: the stream holds the files.

#pragma once

#include <memory>
#include <vector>

#include "lsm/level_state.h"
#include "mem/snapshot_iterator.h"

namespace sochdb {

// files: of one run, ascending. Opens each when it is reached; reads past the cache.
std::unique_ptr<VersionStream> NewRunStream(std::vector<TableFilePtr> files);

}  // namespace sochdb
