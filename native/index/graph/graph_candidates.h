// Candidates: the nodes that may pass a test, as the indexes of properties say; whoever asks looks at each.
//
// A test of an indexed property is a range of entries or two. Of tests that must all hold any one will do, so that their
// ranges are walked side by side, some entries of each in turn, and the first that ends has the fewest: what it costs is
// bound by that, however the values are spread. Two bounds of one property are one range, and the nodes with several values.
// Of tests of which one must hold, all must be indexed. Where nothing is, all nodes are to be looked at. Where many have to
// be walked and only some nodes are wanted, nodes are looked at in turn with that too: common values are soon found so.
//
// What is walked is read through the view: it is what the view sees, and a serializable transaction registers it.
//
// Thread safety: the reader's thread. Limits: the ids of candidates are in memory, but for those of one value.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "index/graph/graph_reader.h"
#include "index/graph/graph_request.h"

namespace sochdb {

// Visits the candidates behind `after` (empty: all), in the order of their ids, each once, until `visit` wants no more; the
// first `limit` that pass the test are among them, and UINT64_MAX is all. *indexed false: no index says anything about the
// test, and nothing was visited.
Status VisitCandidates(GraphReader* reader, const NodeTest& test, std::string_view after, uint64_t limit,
                       const std::function<Status(std::string_view id, bool* more)>& visit, bool* indexed);

}  // namespace sochdb
