#include "index/graph/graph_path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "index/graph/graph_found.h"

namespace sochdb {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// A way through numbered nodes, from its first to its last.
struct Way {
  std::vector<uint32_t> nodes;
  std::vector<uint32_t> edges;  // one fewer, in FoundEdges
};

class HopSearch {
 public:
  HopSearch(GraphReader* reader, const GraphRequest& request, TextNumbers* nodes, FoundEdges* edges)
      : reader_(reader), request_(request), nodes_(nodes), edges_(edges), limit_(request.max_visits) {}

  Status Run(uint32_t from, uint32_t to, std::optional<Way>* way) {
    sides_[0].Reach(from, kNone, kNone);
    sides_[0].edge.push_back(from);
    sides_[1].Reach(to, kNone, kNone);
    sides_[1].edge.push_back(to);
    for (uint32_t hops = 0; hops < request_.max_depth; ++hops) {
      const size_t at = sides_[0].edge.size() <= sides_[1].edge.size() ? 0 : 1;
      if (sides_[at].edge.empty()) return {};
      uint32_t meeting = kNone;
      SOCHDB_TRY(Grow(at, &meeting));
      if (meeting != kNone) {
        *way = Join(meeting);
        return {};
      }
    }
    return {};
  }

 private:
  struct Step {
    uint32_t node = kNone;  // where it came from
    uint32_t edge = kNone;
    bool reached = false;
  };
  struct Side {
    std::vector<Step> came;      // by number of node
    std::vector<uint32_t> edge;  // nodes to go on from

    [[nodiscard]] bool has(uint32_t node) const { return node < came.size() && came[node].reached; }
    void Reach(uint32_t node, uint32_t before, uint32_t by) {
      if (node >= came.size()) came.resize(std::max<size_t>(node + 1, 2 * came.size()));
      came[node] = {before, by, true};
    }
  };

  // One hop further on a side; *meeting: a node that the other side has reached.
  Status Grow(size_t at, uint32_t* meeting) {
    Side& side = sides_[at];
    const Side& other = sides_[1 - at];
    const GraphStep& step = request_.step;
    // From the end, edges are followed against their direction.
    const bool out = at == 0 ? step.out : step.in;
    const bool in = at == 0 ? step.in : step.out;
    std::vector<uint32_t> next;
    for (const uint32_t node : side.edge) {
      const Status walked =
          VisitStep(reader_, nodes_->text(node), out, in, step.edge_types, false, [&](const EdgeView& edge) -> Status {
            SOCHDB_TRY(limit_.Take());
            bool is_new = false;
            const uint32_t beside = nodes_->Number(edge.other, &is_new);
            if (*meeting != kNone || side.has(beside)) return {};
            side.Reach(beside, node, static_cast<uint32_t>(edges_->all().size()));
            edges_->Note(node, beside, edge);
            if (other.has(beside)) *meeting = beside;
            next.push_back(beside);
            return {};
          });
      SOCHDB_TRY(walked);
      if (*meeting != kNone) return {};
    }
    side.edge = std::move(next);
    return {};
  }

  Way Join(uint32_t meeting) {
    Way way;
    for (uint32_t node = meeting; node != kNone; node = sides_[0].came[node].node) {
      way.nodes.push_back(node);
      if (sides_[0].came[node].edge != kNone) way.edges.push_back(sides_[0].came[node].edge);
    }
    std::reverse(way.nodes.begin(), way.nodes.end());
    std::reverse(way.edges.begin(), way.edges.end());
    for (Step step = sides_[1].came[meeting]; step.node != kNone; step = sides_[1].came[step.node]) {
      way.nodes.push_back(step.node);
      way.edges.push_back(step.edge);
    }
    return way;
  }

  GraphReader* const reader_;
  const GraphRequest& request_;
  TextNumbers* const nodes_;
  FoundEdges* const edges_;
  VisitLimit limit_;
  std::array<Side, 2> sides_;
};

class WeightSearch {
 public:
  WeightSearch(GraphReader* reader, const GraphRequest& request, TextNumbers* nodes, FoundEdges* edges)
      : reader_(reader),
        request_(request),
        nodes_(nodes),
        edges_(edges),
        limit_(request.max_visits),
        counts_hops_(request.max_depth != GraphRequest::kAnyDepth),
        weight_path_(1, *request.weight) {}

  Status Run(uint32_t from, uint32_t to, std::optional<Way>* way, double* weight) {
    Reach({from, 0}, 0, kNone, kNone);
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      Place& place = places_[best.place];
      if (place.done) continue;
      place.done = true;
      if (place.node == to) {
        *way = WayTo(best.place);
        *weight = place.weight;
        return {};
      }
      if (place.hops < request_.max_depth) SOCHDB_TRY(Expand(best.place));
    }
    return {};
  }

 private:
  struct Place {
    uint32_t node;
    uint32_t hops;
    double weight;
    uint32_t before;  // the place it came from
    uint32_t edge;
    bool done;
  };
  struct Candidate {
    double weight;
    uint32_t place;
    // The queue's top is the lightest; of equal ones the first found.
    bool operator<(const Candidate& other) const {
      return weight != other.weight ? weight > other.weight : place > other.place;
    }
  };

  void Reach(std::pair<uint32_t, uint32_t> at, double weight, uint32_t before, uint32_t edge) {
    const uint64_t key = (uint64_t{at.first} << 32) | (counts_hops_ ? at.second : 0);
    const auto [found, is_new] = numbers_.try_emplace(key, static_cast<uint32_t>(places_.size()));
    if (is_new) places_.push_back({at.first, at.second, weight, before, edge, false});
    Place& place = places_[found->second];
    if (!is_new) {
      if (place.done || place.weight <= weight) return;
      place.hops = at.second;
      place.weight = weight;
      place.before = before;
      place.edge = edge;
    }
    queue_.push({weight, found->second});
  }

  Status Expand(uint32_t at) {
    const Place place = places_[at];
    const GraphStep& step = request_.step;
    return VisitStep(reader_, nodes_->text(place.node), step.out, step.in, step.edge_types, true,
                     [&](const EdgeView& edge) -> Status {
                       SOCHDB_TRY(limit_.Take());
                       bool is_new = false;
                       const uint32_t beside = nodes_->Number(edge.other, &is_new);
                       const auto number = static_cast<uint32_t>(edges_->all().size());
                       SOCHDB_TRY(edges_->Add(reader_, place.node, beside, edge));
                       double weight = 1;
                       SOCHDB_TRY(WeightOf(edges_->all().back(), &weight));
                       Reach({beside, place.hops + 1}, place.weight + weight, at, number);
                       return {};
                     });
  }

  // 1 where the edge has no such property.
  Status WeightOf(const FoundEdge& edge, double* weight) const {
    bool is_wrong = false;
    VisitJsonPath(edge.properties, weight_path_, [&](const JsonReader& reader, JsonToken token) {
      is_wrong = token != JsonToken::kNumber || reader.Number() < 0 || !std::isfinite(reader.Number());
      if (!is_wrong) *weight = reader.Number();
      return false;
    });
    if (!is_wrong) return {};
    return Status(Code::kInvalidArgument, "The weight of an edge is a number, 0 or more: \"" + *request_.weight +
                                              "\" of the edge from \"" + std::string(nodes_->text(edge.from)) + "\" to \"" +
                                              std::string(nodes_->text(edge.to)) + "\" is none.")
        .With("argument", "weight");
  }

  Way WayTo(uint32_t at) const {
    Way way;
    for (; at != kNone; at = places_[at].before) {
      way.nodes.push_back(places_[at].node);
      if (places_[at].edge != kNone) way.edges.push_back(places_[at].edge);
    }
    std::reverse(way.nodes.begin(), way.nodes.end());
    std::reverse(way.edges.begin(), way.edges.end());
    return way;
  }

  GraphReader* const reader_;
  const GraphRequest& request_;
  TextNumbers* const nodes_;
  FoundEdges* const edges_;
  VisitLimit limit_;
  const bool counts_hops_;
  const std::vector<std::string> weight_path_;
  std::vector<Place> places_;
  std::unordered_map<uint64_t, uint32_t> numbers_;  // of places
  std::priority_queue<Candidate> queue_;
};

// The shortest spelling that reads back as the same number.
void AppendNumber(std::string* json, double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  json->append(text, static_cast<size_t>(end - text));
}

Status AppendWay(GraphReader* reader, const TextNumbers& nodes, FoundEdges* edges, const Way& way, std::string* json) {
  std::vector<std::string_view> ids;
  for (const uint32_t node : way.nodes) ids.push_back(nodes.text(node));
  NodeRecords records;
  SOCHDB_TRY(reader->GetNodes(ids, &records));
  json->append("{\"nodes\":[");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) json->push_back(',');
    AppendOpenNode(json, ids[i], records[i].type, records[i].properties);
    json->push_back('}');
  }
  json->append("],\"edges\":[");
  for (size_t i = 0; i < way.edges.size(); ++i) {
    if (i > 0) json->push_back(',');
    SOCHDB_TRY(edges->Complete(reader, way.edges[i]));
    edges->AppendJson(edges->all()[way.edges[i]], json);
  }
  json->append("],\"length\":").append(std::to_string(way.edges.size()));
  return {};
}

}  // namespace

Status FindPath(GraphReader* reader, const GraphRequest& request, std::optional<std::string>* json) {
  TextNumbers nodes;
  FoundEdges edges(&nodes);
  bool is_new = false;
  const uint32_t from = nodes.Number(*request.id, &is_new);
  const uint32_t to = nodes.Number(request.to, &is_new);
  std::optional<Way> way;
  double weight = 0;
  if (from == to) {
    // A node that is not there leads nowhere, not even to itself.
    NodeRecords records;
    SOCHDB_TRY(reader->GetNodes(nodes.texts(), &records));
    if (records[0].found) way = Way{{from}, {}};
  } else if (request.weight.has_value()) {
    SOCHDB_TRY(WeightSearch(reader, request, &nodes, &edges).Run(from, to, &way, &weight));
  } else {
    SOCHDB_TRY(HopSearch(reader, request, &nodes, &edges).Run(from, to, &way));
  }
  if (!way.has_value()) return {};
  SOCHDB_TRY(AppendWay(reader, nodes, &edges, *way, &json->emplace()));
  if (request.weight.has_value()) {
    (*json)->append(",\"weight\":");
    AppendNumber(&**json, weight);
  }
  (*json)->push_back('}');
  return {};
}

}  // namespace sochdb
