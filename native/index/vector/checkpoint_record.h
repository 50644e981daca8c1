// CheckpointRecord: up to which commit nothing more was written to which collection: whether a checkpoint is all there is.
//
//   derived/collections.record    a sealed file of one section:
//     newest commit u64 that wrote to kVectors, of all collections | count u64
//     namespace u32 | collection u32 | commit u64 …    after it nothing was written to this collection, as far as that newest
//
// It is written at a clean end. At the next beginning it holds if the store's newest commit to kVectors is still the one it
// names: the engine keeps that number itself (Engine::LastWrite), through crashes, and timestamps are never given out again.
// Otherwise, and for a collection that it does not list, nothing is known, and whoever opens one compares its rows with the
// checkpoint.
//
// Thread safety: none; the registry's mutex guards it.

#pragma once

#include <string>
#include <unordered_map>

#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "index/document/document_key.h"

namespace sochdb {

struct CheckpointRecord {
  Timestamp newest = 0;
  std::unordered_map<uint64_t, Timestamp> unchanged_since;  // by CollectionId::packed
};

// kNotFound; kCorruption.
Status ReadCheckpointRecord(Env* env, const std::string& dir, CheckpointRecord* record);
Status WriteCheckpointRecord(Env* env, const std::string& dir, const CheckpointRecord& record);

}  // namespace sochdb
