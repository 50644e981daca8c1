// Paths: the shortest way from one node to another.
//
// By hops: breadth first from both ends, always on the side with fewer nodes to go on from (Pohl, Bi-directional Search, 1971).
// By weight: Dijkstra (A Note on Two Problems in Connexion with Graphs, 1959); where hops are limited too, a place is a node
// and how many hops led there.
//
// Thread safety: the reader's thread. Limits: the request's maxVisits bounds what is in memory.

#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "index/graph/graph_reader.h"
#include "index/graph/graph_request.h"

namespace sochdb {

// {"nodes":[…],"edges":[…],"length":hops[,"weight":sum]}; nothing when there is no way.
Status FindPath(GraphReader* reader, const GraphRequest& request, std::optional<std::string>* json);

}  // namespace sochdb
