// GraphChanges: changes to a graph, as JSON text: a list, each change a list of its own.
//
//   ["node", id, type, properties]                                   answers whether it replaced one
//   ["updateNode", id, type or null, properties, removed names]      whether there is one: members are changed, added, removed
//   ["updateEdge", from, type, to, valid from or null, properties, removed names]      the same
//   ["deleteNode", id]                                               whether there was one, or edges of it
//   ["edge", from, type, to, properties]                             null
//   ["deleteEdge", from, type, to]                                   whether there was one
//   ["temporal", from, type, to, valid from, valid until, properties]   null
//   ["end", from, type, to, end]                                     how many open intervals it closed
//   ["rule", edge type, EdgeRule]                                    null
//   ["indexed", node type or null, paths]                            null: just these properties are indexed
//
// Thread safety: the writer's thread.

#pragma once

#include <string>
#include <string_view>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_writer.h"

namespace sochdb {

// Makes the changes in their order; answers is a JSON list of as many. Stops at the first that fails, which its status names by
// the detail "change", a number from 0: what was made before it is the caller's to undo. cancel may be null.
Status ApplyGraphChanges(GraphWriter* writer, std::string_view json, const CancelToken* cancel, std::string* answers);

}  // namespace sochdb
