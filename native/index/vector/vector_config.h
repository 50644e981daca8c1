// VectorIndexConfig: what a collection's vector index is made by. Fixed when the collection is created.

#pragma once

#include <cstdint>

#include "base/status.h"
#include "index/document/document_key.h"
#include "index/vector/hnsw_graph.h"
#include "index/vector/metric.h"
#include "index/vector/vector_codec.h"

namespace sochdb {

struct VectorIndexConfig {
  CollectionId id;
  uint32_t dimension = 0;
  Metric metric = Metric::kCosine;
  HnswOptions hnsw;
  Quantization quantization = Quantization::kNone;
  // Of product quantization: the parts of a vector (0: as many as DefaultPqParts gives), and the centroids of each.
  uint32_t pq_subvectors = 0;
  uint32_t pq_centroids = 256;

  bool operator==(const VectorIndexConfig& other) const {
    return id == other.id && dimension == other.dimension && metric == other.metric && hnsw.m == other.hnsw.m &&
           hnsw.ef_construction == other.hnsw.ef_construction && quantization == other.quantization &&
           pq_subvectors == other.pq_subvectors && pq_centroids == other.pq_centroids;
  }
  // kInvalidArgument that names the option and its range.
  [[nodiscard]] Status Check() const;
};

// A part for eight values: an eighth of a byte-coded vector, a thirty-second of a full one.
constexpr uint32_t DefaultPqParts(uint32_t dimension) { return (dimension + 7) / 8; }

}  // namespace sochdb
