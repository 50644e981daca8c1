// Moving a table from the trees of one index policy to those of another, while it is read and written.
//
// The catalog entry first says that the table is moving: from then on every statement writes to both places (TableWriter), and
// reads the old one. Then chunk after chunk is copied, each in a transaction of its own: a chunk that meets a write of someone
// else conflicts, and is run again. When all is copied, the entry names the new policy alone, and the old place is emptied,
// chunk by chunk. A move that a crash has stopped goes on by being asked for again: copying twice is harmless.
//
// Thread safety: one thread at a time per transaction.
// Limits: a chunk is about `max_bytes` of keys and values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "txn/transaction.h"

namespace sochdb {

struct MoveChunk {
  uint64_t entries = 0;
  bool done = false;  // nothing is left in the range
  std::string next;   // where the next chunk begins, unless done
};

// Copies entries of [lo, hi) in one tree to the same keys of another.
Status CopyChunk(Transaction* txn, TreeId from, TreeId to, std::string_view lo, std::string_view hi, uint64_t max_bytes,
                 MoveChunk* out);
// Deletes entries of [lo, hi).
Status DeleteChunk(Transaction* txn, TreeId tree, std::string_view lo, std::string_view hi, uint64_t max_bytes, MoveChunk* out);

}  // namespace sochdb
