// The slot headers of a checkpoint: what an index relies on is checked, beyond checksums.

#pragma once

#include <cstdint>

#include "index/vector/vector_checkpoint.h"

namespace sochdb {

// Counts slots, and finds each document's newest. False: they make no sense.
bool ReadCheckpointHeaders(const SlotHeader* headers, uint32_t slots, uint32_t documents, uint64_t now_ms,
                           LoadedCheckpoint* loaded);

}  // namespace sochdb
