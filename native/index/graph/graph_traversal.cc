#include "index/graph/graph_traversal.h"

#include <cstdint>
#include <utility>

namespace sochdb {
namespace {

// REQUIRES: UTF-8.
size_t LengthInUtf16(std::string_view text) {
  size_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    length += (byte & 0xc0u) != 0x80u ? 1 : 0;
    length += byte >= 0xf0 ? 1 : 0;  // a pair of surrogates
  }
  return length;
}

}  // namespace

Status Traversal::Run() {
  bool is_new = false;
  nodes_.Number(*request_.id, &is_new);
  uint32_t begin = 0;
  for (uint32_t depth = 0;; ++depth) {
    const uint32_t end = nodes_.size();
    if (begin == end) return {};
    SOCHDB_TRY(LoadLevel(begin, end));
    if (depth == request_.max_depth) return {};
    for (uint32_t node = begin; node < end; ++node) {
      if (request_.prune && node != 0 && !passes_[node]) continue;
      SOCHDB_TRY(Expand(node));
    }
    begin = end;
  }
}

Status Traversal::LoadLevel(uint32_t begin, uint32_t end) {
  std::vector<std::string_view> ids;
  ids.reserve(end - begin);
  for (uint32_t node = begin; node < end; ++node) ids.push_back(nodes_.text(node));
  std::vector<std::optional<NodeRecord>> records;
  SOCHDB_TRY(reader_->GetNodes(ids, &records));
  const NodeTest& test = request_.step.nodes;
  for (std::optional<NodeRecord>& record : records) {
    passes_.push_back(test.is_any() ||
                      (record.has_value() ? test.Passes(record->type, record->properties) : test.Passes({}, "{}")));
    records_.push_back(std::move(record));
  }
  expanded_.resize(end);
  beside_.resize(end);
  return {};
}

Status Traversal::Expand(uint32_t node) {
  const GraphStep& step = request_.step;
  std::vector<uint32_t> beside;
  const Status walked =
      VisitStep(reader_, nodes_.text(node), step.out, step.in, step.edge_types, [&](const EdgeView& edge) -> Status {
        SOCHDB_TRY(limit_.Take());
        bool is_new = false;
        const uint32_t other = nodes_.Number(edge.other, &is_new);
        beside.push_back(other);
        // Where both directions are followed, it was seen from its other end already.
        const bool was_seen = step.out && step.in && other < expanded_.size() && expanded_[other];
        return was_seen ? Status() : edges_.Add(reader_, node, other, edge);
      });
  SOCHDB_TRY(walked);
  expanded_[node] = true;
  beside_[node] = std::move(beside);
  return {};
}

// Asked about a node that is not there and has no edges.
bool Traversal::IsStartUnknown() const { return nodes_.size() == 1 && !records_[0].has_value() && edges_.all().empty(); }

std::vector<uint32_t> Traversal::DepthFirst() const {
  std::vector<uint32_t> order;
  std::vector<bool> visited(nodes_.size());
  struct Place {
    uint32_t node;
    size_t next;
  };
  std::vector<Place> path{{0, 0}};
  order.push_back(0);
  visited[0] = true;
  while (!path.empty()) {
    Place& here = path.back();
    const std::vector<uint32_t>& beside = beside_[here.node];
    if (here.next == beside.size()) {
      path.pop_back();
      continue;
    }
    const uint32_t next = beside[here.next++];
    if (visited[next]) continue;
    visited[next] = true;
    order.push_back(next);
    path.push_back({next, 0});
  }
  return order;
}

void Traversal::AppendJson(std::string* json) const {
  std::vector<uint32_t> order;
  if (request_.dfs) order = DepthFirst();
  else {
    for (uint32_t node = 0; node < nodes_.size(); ++node) order.push_back(node);
  }
  constexpr uint32_t kNotReturned = UINT32_MAX;
  std::vector<uint32_t> places(nodes_.size(), kNotReturned);
  TextNumbers types;
  std::string ids;
  bool is_new = false;
  uint32_t count = 0;
  json->append("{\"nodes\":[");
  for (const uint32_t node : order) {
    if (count == request_.limit) break;
    if (!passes_[node] || IsStartUnknown()) continue;
    if (count > 0) json->push_back(',');
    places[node] = count++;
    static const NodeRecord unknown{{}, "{}"};
    const NodeRecord& record = records_[node].has_value() ? *records_[node] : unknown;
    ids.append(nodes_.text(node));
    json->append("[").append(std::to_string(LengthInUtf16(nodes_.text(node))));
    json->append(",").append(std::to_string(types.Number(record.type, &is_new))).append(",");
    json->append(record.properties).push_back(']');
  }
  json->append("],\"edges\":[");
  bool first = true;
  for (const FoundEdge& edge : edges_.all()) {
    if (places[edge.from] == kNotReturned || places[edge.to] == kNotReturned) continue;
    json->append(first ? "[" : ",[").append(std::to_string(places[edge.from])).append(",");
    json->append(std::to_string(types.Number(edges_.type(edge), &is_new))).append(",").append(std::to_string(places[edge.to]));
    json->append(",").append(edge.properties.empty() ? std::string_view("{}") : edge.properties);
    if (edge.temporal) {
      json->append(",").append(std::to_string(edge.validity.from));
      json->append(",").append(std::to_string(edge.validity.until));
    }
    json->push_back(']');
    first = false;
  }
  json->append("],\"types\":[");
  for (uint32_t type = 0; type < types.size(); ++type) {
    if (type > 0) json->push_back(',');
    AppendJsonText(json, types.text(type));
  }
  json->append("],\"ids\":");
  AppendJsonText(json, ids);
  json->push_back('}');
}

}  // namespace sochdb
