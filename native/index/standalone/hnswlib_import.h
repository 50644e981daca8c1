// ImportHnswlib: an index from a file that hnswlib wrote (HierarchicalNSW::saveIndex, 64-bit), with its graph.
//
//   0   offsetLevel0 u64 | max_elements u64 | cur_element_count u64 | size_data_per_element u64
//   32  label_offset u64 | offsetData u64 | maxlevel i32 | enterpoint u32
//   56  maxM u64 | maxM0 u64 | M u64 | mult f64 | ef_construction u64
//   96  each element: number of links u16 | deleted u8 | 0 | maxM0 links u32 | vector f32 | label u64
//   then of each element: bytes u32 | for each layer above the bottom one: number of links u32 | maxM links u32
//
// Neither metric nor type of the values are in the file, nor any checksum: what can be looked at is, and everything that could
// lead a search astray. Elements that are marked as deleted stay in the graph, unseen. A graph of more links a row than ours
// have (M above HnswOptions::kMaxM) is built anew.
//
// Thread safety: a function of its arguments. Throws std::bad_alloc.

#pragma once

#include <memory>
#include <string>

#include "index/standalone/standalone_index.h"

namespace sochdb {

struct HnswlibImport {
  uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  uint32_t ef_search = 50;
  uint64_t max_elements = 0;
  const CancelToken* cancel = nullptr;
};

// kCorruption for damaged and other files; kInvalidArgument with details {expected, actual} for another dimension, and for
// cosine where vectors are not of length 1, as hnswlib-node writes them.
Result<std::unique_ptr<StandaloneIndex>> ImportHnswlib(Env* env, const std::string& path, const HnswlibImport& how);

}  // namespace sochdb
