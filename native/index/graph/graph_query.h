// RunGraphQuery: answers a request to a graph, as JSON text.
//
//   node, edge, path             an object; nothing when there is none
//   nodes, neighbors, temporal   an array
//   countNodes, countEdges, degree   a number
//   traverse, match              graph_answer.h, graph_match.h
//   indexes                      [{"nodeType":…,"properties":[…]},…], without a type where it is any
//
// Neighbors are nodes with the edge that leads there: {…,"edge":{…}}. Intervals come in the order in which they begin.
//
// Thread safety: the view's thread.

#pragma once

#include <string_view>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_answer.h"
#include "index/graph/graph_reader.h"
#include "index/graph/graph_request.h"

namespace sochdb {

// Edges hold at the request's validAt, or at now_ms.
Status RunGraphQuery(const GraphSource& source, std::string_view prefix, const GraphRequest& request, uint64_t now_ms,
                     const CancelToken* cancel, GraphAnswer* answer);

}  // namespace sochdb
