#include "index/graph/graph_query.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "index/graph/graph_candidates.h"
#include "index/graph/graph_found.h"
#include "index/graph/graph_match.h"
#include "index/graph/graph_path.h"
#include "index/graph/graph_reader.h"
#include "index/graph/graph_traversal.h"

namespace sochdb {
namespace {

constexpr size_t kNodesAtOnce = 256;

Status QueryNode(GraphReader* reader, const GraphRequest& request, std::optional<std::string>* json) {
  const std::string_view id = *request.id;
  NodeRecords records;
  SOCHDB_TRY(reader->GetNodes({&id, 1}, &records));
  if (!records[0].found) return {};
  AppendOpenNode(&json->emplace(), id, records[0].type, records[0].properties);
  (*json)->push_back('}');
  return {};
}

// Those of the test, in the order of their ids; `use` is called with each until it wants no more.
template <typename Use>
Status ForNodes(GraphReader* reader, const GraphRequest& request, const Use& use) {
  const NodeTest& test = request.step.nodes;
  std::vector<std::string> ids;
  bool wants_more = true;
  const auto look = [&]() -> Status {
    const std::vector<std::string_view> views(ids.begin(), ids.end());
    NodeRecords records;
    SOCHDB_TRY(reader->GetNodes(views, &records, true));
    for (size_t i = 0; i < ids.size() && wants_more; ++i) {
      const NodeView node = records[i];
      if (node.found && test.Passes(node.type, node.properties)) wants_more = use(ids[i], node);
    }
    ids.clear();
    return {};
  };
  const auto visit = [&](std::string_view id, bool* more) -> Status {
    ids.emplace_back(id);
    if (ids.size() == kNodesAtOnce) SOCHDB_TRY(look());
    *more = wants_more;
    return {};
  };
  bool indexed = false;
  SOCHDB_TRY(VisitCandidates(reader, test, request.after, request.limit, visit, &indexed));
  if (!indexed) {
    const std::optional<std::string_view> type =
        test.types.size() == 1 ? std::optional<std::string_view>(test.types[0]) : std::nullopt;
    SOCHDB_TRY(reader->VisitNodes(type, request.after, visit));
  }
  return look();
}

Status QueryNodes(GraphReader* reader, const GraphRequest& request, std::string* json) {
  json->push_back('[');
  uint64_t count = 0;
  if (request.limit > 0) {
    const Status walked = ForNodes(reader, request, [&](const std::string& id, const NodeView& node) {
      if (count++ > 0) json->push_back(',');
      AppendOpenNode(json, id, node.type, node.properties);
      json->push_back('}');
      return count < request.limit;
    });
    SOCHDB_TRY(walked);
  }
  json->push_back(']');
  return {};
}

Status CountNodes(GraphReader* reader, const GraphRequest& request, std::string* json) {
  const NodeTest& test = request.step.nodes;
  uint64_t count = 0;
  const auto add = [&count](std::string_view, bool* more) {
    ++count;
    *more = true;
    return Status();
  };
  if (test.is_any()) {
    SOCHDB_TRY(reader->VisitNodes(std::nullopt, {}, add));
  } else if (test.filter == nullptr) {
    for (const std::string& type : test.types) SOCHDB_TRY(reader->VisitNodes(type, {}, add));
  } else {
    SOCHDB_TRY(ForNodes(reader, request, [&count](const std::string&, const NodeView&) { return ++count > 0; }));
  }
  *json = std::to_string(count);
  return {};
}

Status CountEdges(GraphReader* reader, const GraphRequest& request, std::string* json) {
  uint64_t count = 0;
  SOCHDB_TRY(reader->CountEdges(request.step.edge_types, &count));
  *json = std::to_string(count);
  return {};
}

Status QueryIndexes(GraphReader* reader, std::string* json) {
  GraphIndexes indexes;
  SOCHDB_TRY(reader->GetIndexes(&indexes));
  std::stable_sort(indexes.properties.begin(), indexes.properties.end(), [](const auto& a, const auto& b) {
    return a.node_type != b.node_type ? a.node_type < b.node_type : a.path < b.path;
  });
  json->push_back('[');
  const std::string* type = nullptr;
  for (const IndexedProperty& each : indexes.properties) {
    if (type != nullptr && *type == each.node_type) {
      json->push_back(',');
    } else {
      if (type != nullptr) json->append("]},");
      type = &each.node_type;
      json->push_back('{');
      if (!type->empty()) {
        json->append("\"nodeType\":");
        AppendJsonText(json, *type);
        json->push_back(',');
      }
      json->append("\"properties\":[");
    }
    AppendJsonText(json, each.path);
  }
  json->append(type == nullptr ? "]" : "]}]");
  return {};
}

// The edge that always holds, or the last to begin of those that hold at the moment.
Status QueryEdge(GraphReader* reader, const GraphRequest& request, std::optional<std::string>* json) {
  const EdgeName name{*request.id, request.edge_type, request.to};
  std::string properties;
  bool found = false;
  SOCHDB_TRY(reader->GetEdge(name, &properties, &found));
  Validity validity;
  const bool temporal = !found;
  if (temporal) {
    const Status walked = reader->VisitIntervals(name, [&](const EdgeView& edge) {
      found = true;
      validity = edge.validity;
      properties = edge.properties;
      return Status();
    });
    SOCHDB_TRY(walked);
  }
  if (found) AppendEdge(&json->emplace(), {name, temporal, validity, properties});
  return {};
}

Status QueryNeighbors(GraphReader* reader, const GraphRequest& request, std::string* json) {
  TextNumbers nodes;
  FoundEdges edges(&nodes);
  VisitLimit limit(request.max_visits);
  bool is_new = false;
  const uint32_t start = nodes.Number(*request.id, &is_new);
  std::vector<uint32_t> others;  // of each edge
  const GraphStep& step = request.step;
  const Status walked =
      VisitStep(reader, *request.id, step.out, step.in, step.edge_types, true, [&](const EdgeView& edge) -> Status {
        SOCHDB_TRY(limit.Take());
        bool is_first = false;
        others.push_back(nodes.Number(edge.other, &is_first));
        return edges.Add(reader, start, others.back(), edge);
      });
  SOCHDB_TRY(walked);
  NodeRecords records;
  SOCHDB_TRY(reader->GetNodes(nodes.texts(), &records));
  json->push_back('[');
  uint64_t count = 0;
  for (size_t i = 0; i < others.size() && count < request.limit; ++i) {
    const NodeView node = records[others[i]];
    if (!step.nodes.Passes(node.type, node.properties)) continue;
    if (count++ > 0) json->push_back(',');
    AppendOpenNode(json, nodes.text(others[i]), node.type, node.properties);
    json->append(",\"edge\":");
    edges.AppendJson(edges.all()[i], json);
    json->push_back('}');
  }
  json->push_back(']');
  return {};
}

Status QueryDegree(GraphReader* reader, const GraphRequest& request, std::string* json) {
  const GraphStep& step = request.step;
  VisitLimit limit(request.max_visits);
  uint64_t count = 0;
  const Status walked = VisitStep(reader, *request.id, step.out, step.in, step.edge_types, false, [&](const EdgeView&) {
    ++count;
    return limit.Take();
  });
  SOCHDB_TRY(walked);
  *json = std::to_string(count);
  return {};
}

Status QueryTemporal(GraphReader* reader, const GraphRequest& request, std::string* json) {
  TextNumbers nodes;
  FoundEdges edges(&nodes);
  VisitLimit limit(request.max_visits);
  bool is_new = false;
  const uint32_t start = nodes.Number(*request.id, &is_new);
  const GraphStep& step = request.step;
  const auto visit = [&](const EdgeView& edge) -> Status {
    SOCHDB_TRY(limit.Take());
    const Validity& held = edge.validity;
    if (held.from >= request.end || (held.until != kOpenEnd && held.until <= request.start)) return {};
    const bool is_met_again = step.out && step.in && edge.way == EdgeWay::kIn && edge.other == *request.id;
    if (is_met_again) return {};
    bool is_first = false;
    return edges.Add(reader, start, nodes.Number(edge.other, &is_first), edge);
  };
  if (step.out) SOCHDB_TRY(reader->VisitTemporal(*request.id, EdgeWay::kOut, step.edge_types, true, visit));
  if (step.in) SOCHDB_TRY(reader->VisitTemporal(*request.id, EdgeWay::kIn, step.edge_types, true, visit));
  std::vector<const FoundEdge*> order;
  for (const FoundEdge& edge : edges.all()) order.push_back(&edge);
  std::stable_sort(order.begin(), order.end(),
                   [](const FoundEdge* a, const FoundEdge* b) { return a->validity.from < b->validity.from; });
  json->push_back('[');
  for (size_t i = 0; i < order.size() && i < request.limit; ++i) {
    if (i > 0) json->push_back(',');
    edges.AppendJson(*order[i], json);
  }
  json->push_back(']');
  return {};
}

Status CheckRequest(const GraphRequest& request) {
  const bool needs_id = request.op != GraphOp::kNodes && request.op != GraphOp::kCountNodes &&
                        request.op != GraphOp::kCountEdges && request.op != GraphOp::kMatch && request.op != GraphOp::kIndexes;
  if (!needs_id || request.id.has_value()) return {};
  return {Code::kInvalidArgument, "A request to a graph is damaged: it names no node."};
}

}  // namespace

Status RunGraphQuery(const GraphSource& source, std::string_view prefix, const GraphRequest& request, uint64_t now_ms,
                     const CancelToken* cancel, GraphAnswer* answer) {
  std::optional<std::string>* const json = &answer->text;
  SOCHDB_TRY(CheckRequest(request));
  ValidTime valid;
  valid.at = request.valid_at.value_or(static_cast<int64_t>(now_ms));
  valid.any = request.op == GraphOp::kTemporal;
  GraphReader reader(source, prefix, valid, cancel);
  switch (request.op) {
    case GraphOp::kNode:
      return QueryNode(&reader, request, json);
    case GraphOp::kEdge:
      return QueryEdge(&reader, request, json);
    case GraphOp::kPath:
      return FindPath(&reader, request, json);
    case GraphOp::kNodes:
      return QueryNodes(&reader, request, &json->emplace());
    case GraphOp::kCountNodes:
      return CountNodes(&reader, request, &json->emplace());
    case GraphOp::kCountEdges:
      return CountEdges(&reader, request, &json->emplace());
    case GraphOp::kNeighbors:
      return QueryNeighbors(&reader, request, &json->emplace());
    case GraphOp::kDegree:
      return QueryDegree(&reader, request, &json->emplace());
    case GraphOp::kMatch:
      return MatchPattern(&reader, request, &json->emplace());
    case GraphOp::kTemporal:
      return QueryTemporal(&reader, request, &json->emplace());
    case GraphOp::kIndexes:
      return QueryIndexes(&reader, &json->emplace());
    case GraphOp::kTraverse:
      break;
  }
  Traversal traversal(&reader, request);
  SOCHDB_TRY(traversal.Run());
  traversal.AppendAnswer(answer);
  return {};
}

}  // namespace sochdb
