// GraphRequest: what is asked of a graph, as JSON text, checked and taken apart.
//
//   { "op": "node", "id": … }
//   { "op": "nodes", "nodes": TEST, "after": …, "limit": … }              by id, those that pass
//   { "op": "countNodes", "nodes": TEST }    { "op": "countEdges", "edgeTypes": […] }
//   { "op": "edge", "id": from, "edgeType": …, "to": … }
//   { "op": "neighbors" | "degree", "id": …, STEP }
//   { "op": "traverse", "id": …, STEP, "maxDepth": …, "dfs": true, "prune": true, "limit": …,
//     "limitPerNode": … }
//   { "op": "path", "id": …, "to": …, STEP, "maxDepth": …, "weight": property }
//   { "op": "match", "id": … or "nodes": TEST, "steps": [{ STEP, "minHops": …, "maxHops": … }], "limit": … }
//   { "op": "temporal", "id": …, "edgeTypes": […], "direction": …, "start": …, "end": … }     the intervals that overlap
//   { "op": "indexes" }                                                   which properties are declared
//
//   TEST   { "types": […], "filter": … }          types: of nodes, any when there are none; filter: metadata_filter.h
//   STEP   "direction": 1 out, 2 in, 3 both; "edgeTypes": […], "nodes": TEST
//   all    "validAt": milliseconds; "maxVisits": edges that may be looked at
//
// Thread safety: a value. Limits: kMaxTypes types in a list, kMaxSteps steps.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "index/document/metadata_filter.h"

namespace sochdb {

enum class GraphOp : uint8_t {
  kNode,
  kNodes,
  kCountNodes,
  kCountEdges,
  kEdge,
  kNeighbors,
  kDegree,
  kTraverse,
  kPath,
  kMatch,
  kTemporal,
  kIndexes,
};

// Which nodes; those that were never added have no type and no properties.
struct NodeTest {
  std::vector<std::string> types;
  std::shared_ptr<const MetadataFilter> filter;

  [[nodiscard]] bool is_any() const { return types.empty() && filter == nullptr; }
  [[nodiscard]] bool Passes(std::string_view type, std::string_view properties) const;
};

// From a node to those beside it.
struct GraphStep {
  bool out = true;
  bool in = false;
  std::vector<std::string> edge_types;  // each once; none: all
  NodeTest nodes;
  uint32_t min_hops = 1;
  uint32_t max_hops = 1;
};

struct GraphRequest {
  static constexpr uint64_t kDefaultMaxVisits = 1'000'000;
  static constexpr size_t kMaxTypes = 1024;
  static constexpr size_t kMaxSteps = 16;
  static constexpr uint32_t kAnyDepth = UINT32_MAX;

  GraphOp op = GraphOp::kNode;
  std::optional<std::string> id;
  std::string to;
  std::string edge_type;
  GraphStep step;
  std::vector<GraphStep> steps;
  uint32_t max_depth = kAnyDepth;
  bool dfs = false;
  bool prune = false;
  std::optional<std::string> weight;
  std::string after;
  uint64_t limit = UINT64_MAX;
  uint64_t limit_per_node = UINT64_MAX;  // edges of a node that are followed
  uint64_t max_visits = kDefaultMaxVisits;
  std::optional<int64_t> valid_at;
  int64_t start = 0;
  int64_t end = 0;

  // kInvalidArgument says what is wrong with the text.
  static Result<GraphRequest> Parse(std::string_view json);
};

}  // namespace sochdb
