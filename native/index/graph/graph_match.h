// Matching: all ways through a graph that follow a pattern of steps.
//
// Depth first, from each node that the pattern may begin with, in the order of ids and edges: with a limit the first ones are
// returned. A way goes over each edge once, and may come to a node again.
//
// Thread safety: the reader's thread. Limits: the request's maxVisits and limit.

#pragma once

#include <string>

#include "base/status.h"
#include "index/graph/graph_reader.h"
#include "index/graph/graph_request.h"

namespace sochdb {

// [{"nodes":[…],"edges":[…]},…]
Status MatchPattern(GraphReader* reader, const GraphRequest& request, std::string* json);

}  // namespace sochdb
