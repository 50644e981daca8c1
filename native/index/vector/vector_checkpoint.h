// Vector checkpoints: an index's slots, graph, codes and ids in a file that opening maps, instead of making them again.
//
//   derived/<namespace>-<collection>.vectors      a sealed file (engine/sealed_file.h): what there is to know about it, f32
//   rows,
//                                                 what the codec learned, codes, headers, links, nodes, links above, ids,
//                                                 hashes
//
// Sections are memory as it lies in the index, in slot order, so the file is used where it is mapped. It is what the index was
// at one commit, ts: writing goes on beside commits, and leaves out what they add; of links, those to slots that were not
// linked at the beginning. Slots may be nobody's, and others not linked yet. Whether rows were written after ts is not in it:
// checkpoint_record.h, and docs/internals/vector-index.md.
//
// Thread safety: any thread; one at a time writes a collection's file. Limits: those of SealedFile.

#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "index/vector/aligned_block.h"
#include "index/vector/vector_config.h"
#include "index/vector/vector_slots.h"

namespace sochdb {

// What of an index goes into its file. REQUIRES: taken between two commits; no slot is retired or used again until it is
// written.
struct CheckpointExtent {
  Timestamp ts = 0;  // every commit up to it is in, none after it
  uint32_t slots = 0;
  uint32_t documents = 0;
  HnswGraph::Extent graph;
  const VectorCodes* codes = nullptr;
  bool trained = false;  // codes were made, or tried and found wanting
  bool any_expiry = false;
  bool any_chunked = false;
  bool any_multiple = false;
  bool any_aggregated = false;
};

struct LoadedCheckpoint {
  AlignedBlock memory;  // in which the parts lie
  Timestamp ts = 0;
  bool trained = false;
  uint32_t dead = 0;    // slots that no snapshot from now on sees
  uint32_t unused = 0;  // that are nobody's
  VectorSlots::Parts parts;
};

std::string CheckpointFileName(CollectionId id);
std::optional<CollectionId> ParseCheckpointFileName(std::string_view name);

// kCancelled when `stop` was set meanwhile (it may be null); then, and after any failure, the file is what it was.
Status WriteVectorCheckpoint(Env* env, const std::string& dir, const VectorIndexConfig& config, const VectorSlots& slots,
                             const CheckpointExtent& extent, const std::atomic<bool>* stop);

// kNotFound; kInvalidArgument for a file of another configuration or version; kCorruption for one that is damaged.
Status ReadVectorCheckpoint(Env* env, const std::string& dir, const VectorIndexConfig& config, LoadedCheckpoint* loaded);

}  // namespace sochdb
