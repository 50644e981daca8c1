// RunGraphQuery: answers a request to a graph, as JSON text.
//
//   node, edge, path             an object; nothing when there is none
//   nodes, neighbors, temporal   an array
//   countNodes, countEdges, degree   a number
//   traverse, match              graph_traversal.h, graph_match.h
//
// Neighbors are nodes with the edge that leads there: {…,"edge":{…}}. Intervals come in the order in which they begin.
//
// Thread safety: the view's thread.

#pragma once

#include <optional>
#include <string>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_request.h"
#include "txn/transaction.h"

namespace sochdb {

// transaction: what the view is, if it is one. Edges hold at the request's validAt, or at now_ms.
Status RunGraphQuery(Reader* view, const Transaction* transaction, std::string_view prefix, const GraphRequest& request,
                     uint64_t now_ms, const CancelToken* cancel, std::optional<std::string>* json);

}  // namespace sochdb
