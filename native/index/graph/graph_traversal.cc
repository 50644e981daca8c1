#include "index/graph/graph_traversal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sochdb {
namespace {

constexpr uint32_t kNotReturned = UINT32_MAX;

void AppendCount(std::string* json, uint64_t count) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, count).ptr;
  json->append(text, static_cast<size_t>(end - text));
}

// A control character that is in none of the ids, if there is one.
std::optional<char> Separator(std::span<const std::string_view> ids) {
  for (char c = 1; c < ' '; ++c) {
    const auto has = [c](std::string_view id) { return std::memchr(id.data(), c, id.size()) != nullptr; };
    if (std::none_of(ids.begin(), ids.end(), has)) return c;
  }
  return std::nullopt;
}

std::string JoinIds(std::span<const std::string_view> ids) {
  const std::optional<char> separator = Separator(ids);
  std::string joined(1, separator.value_or('['));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) joined.push_back(separator.value_or(','));
    if (separator.has_value()) joined.append(ids[i]);
    else AppendJsonText(&joined, ids[i]);
  }
  if (!separator.has_value()) joined.push_back(']');
  return joined;
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
  SOCHDB_TRY(reader_->GetNodes(nodes_.texts().subspan(begin, end - begin), &records_));
  const NodeTest& test = request_.step.nodes;
  for (uint32_t node = begin; node < end; ++node) {
    passes_.push_back(test.is_any() || test.Passes(records_[node].type, records_[node].properties));
  }
  expanded_.resize(end);
  if (request_.dfs) beside_.resize(end);
  return {};
}

Status Traversal::Expand(uint32_t node) {
  const GraphStep& step = request_.step;
  std::vector<uint32_t> beside;
  uint64_t followed = 0;
  bool is_enough = request_.limit_per_node == 0;
  const auto visit = [&](const EdgeView& edge) -> Status {
    // Ends the visit: nobody sees this failure.
    if (followed == request_.limit_per_node) {
      is_enough = true;
      return {Code::kLimit, "limitPerNode"};
    }
    ++followed;
    SOCHDB_TRY(limit_.Take());
    bool is_new = false;
    const uint32_t other = nodes_.Number(edge.other, &is_new);
    if (request_.dfs) beside.push_back(other);
    return WasSeen(node, other, edge) ? Status() : edges_.Add(reader_, node, other, edge);
  };
  if (!is_enough) {
    const Status walked = VisitStep(reader_, nodes_.text(node), step.out, step.in, step.edge_types, true, visit);
    if (!is_enough) SOCHDB_TRY(walked);
  }
  expanded_[node] = true;
  if (request_.dfs) beside_[node] = std::move(beside);
  return {};
}

// From its other end, where both directions are followed.
bool Traversal::WasSeen(uint32_t node, uint32_t other, const EdgeView& edge) {
  const GraphStep& step = request_.step;
  const bool may_be = step.out && step.in && other < expanded_.size() && expanded_[other];
  // It may be one that was not followed from there.
  if (request_.limit_per_node == UINT64_MAX || !step.out || !step.in) return may_be;
  bool is_new = false;
  seen_.Number(EdgeIdentity(node, other, edge), &is_new);
  return !is_new;
}

// Asked about a node that is not there and has no edges.
bool Traversal::IsStartUnknown() const { return nodes_.size() == 1 && !records_[0].found && edges_.all().empty(); }

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

std::vector<uint32_t> Traversal::Returned() const {
  if (IsStartUnknown()) return {};
  std::vector<uint32_t> order;
  if (request_.dfs) order = DepthFirst();
  else {
    order.resize(nodes_.size());
    std::iota(order.begin(), order.end(), 0u);
  }
  std::erase_if(order, [this](uint32_t node) { return !passes_[node]; });
  if (order.size() > request_.limit) order.resize(request_.limit);
  return order;
}

void Traversal::AppendAnswer(GraphAnswer* answer) const {
  const std::vector<uint32_t> order = Returned();
  std::vector<uint32_t> places(nodes_.size(), kNotReturned);
  std::vector<std::string_view> ids;
  ids.reserve(order.size());
  TextNumbers types;
  std::string& text = answer->text.emplace();
  text.append("{\"runs\":[");
  bool is_new = false;
  std::optional<uint32_t> run;
  uint64_t run_count = 0;
  const auto end_run = [&] {
    if (!run.has_value()) return;
    if (text.back() != '[') text.push_back(',');
    AppendCount(&text, *run);
    text.push_back(',');
    AppendCount(&text, run_count);
  };
  answer->properties.push_back('[');
  for (const uint32_t node : order) {
    if (!ids.empty()) answer->properties.push_back(',');
    places[node] = static_cast<uint32_t>(ids.size());
    ids.push_back(nodes_.text(node));
    const NodeView record = records_[node];
    answer->properties.append(record.properties);
    // Most have the type of the one before.
    if (!run.has_value() || types.text(*run) != record.type) {
      end_run();
      run = types.Number(record.type, &is_new);
      run_count = 0;
    }
    ++run_count;
  }
  end_run();
  answer->properties.push_back(']');
  answer->ids = JoinIds(ids);
  AppendEdges(places, &types, &answer->edges);
  text.append("],\"types\":[");
  for (uint32_t type = 0; type < types.size(); ++type) {
    if (type > 0) text.push_back(',');
    AppendJsonText(&text, types.text(type));
  }
  text.append("]}");
  answer->has_parts = true;
}

void Traversal::AppendEdges(const std::vector<uint32_t>& places, TextNumbers* types, std::string* json) const {
  json->push_back('[');
  bool is_new = false;
  for (const FoundEdge& edge : edges_.all()) {
    if (places[edge.from] == kNotReturned || places[edge.to] == kNotReturned) continue;
    json->append(json->size() == 1 ? "[" : ",[");
    AppendCount(json, places[edge.from]);
    json->push_back(',');
    AppendCount(json, types->Number(edges_.type(edge), &is_new));
    json->push_back(',');
    AppendCount(json, places[edge.to]);
    json->append(",").append(edge.properties.empty() ? std::string_view("{}") : edge.properties);
    if (edge.temporal) {
      json->append(",").append(std::to_string(edge.validity.from));
      json->append(",").append(std::to_string(edge.validity.until));
    }
    json->push_back(']');
  }
  json->push_back(']');
}

}  // namespace sochdb
