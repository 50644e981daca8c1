// Traversal: what can be reached from a node within some steps.
//
// Breadth first; depth-first order is then that of a depth-first walk over the edges that were found, so that both orders have
// the same nodes. A test restricts what is returned; with `prune` also what is walked through, apart from the start. Edges are
// returned when both their ends are. With a limit per node, the first edges of each are followed, in the order of VisitStep.
//
// Thread safety: the reader's thread. Limits: the request's maxVisits bounds what is in memory.

#pragma once

#include <vector>

#include "base/status.h"
#include "index/graph/graph_answer.h"
#include "index/graph/graph_found.h"
#include "index/graph/graph_request.h"

namespace sochdb {

class Traversal {
 public:
  Traversal(GraphReader* reader, const GraphRequest& request)
      : reader_(reader), request_(request), edges_(&nodes_), limit_(request.max_visits) {}

  Status Run();
  void AppendAnswer(GraphAnswer* answer) const;

 private:
  Status LoadLevel(uint32_t begin, uint32_t end);
  Status Expand(uint32_t node);
  bool WasSeen(uint32_t node, uint32_t other, const EdgeView& edge);
  [[nodiscard]] bool IsStartUnknown() const;
  // The nodes to be returned, in order.
  [[nodiscard]] std::vector<uint32_t> Returned() const;
  // Those between nodes that have a place.
  void AppendEdges(const std::vector<uint32_t>& places, TextNumbers* types, std::string* json) const;
  [[nodiscard]] std::vector<uint32_t> DepthFirst() const;

  GraphReader* const reader_;
  const GraphRequest& request_;
  TextNumbers nodes_;
  FoundEdges edges_;
  VisitLimit limit_;
  TextNumbers seen_;  // edges, where a node's are followed both ways and not all
  // By number of node.
  NodeRecords records_;
  std::vector<bool> passes_;
  std::vector<bool> expanded_;
  std::vector<std::vector<uint32_t>> beside_;  // where its edges lead, in order; of a depth-first walk alone
};

}  // namespace sochdb
