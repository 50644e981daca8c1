#include "index/graph/graph_match.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "index/graph/graph_candidates.h"
#include "index/graph/graph_found.h"

namespace sochdb {
namespace {

class Matcher {
 public:
  Matcher(GraphReader* reader, const GraphRequest& request, std::string* json)
      : reader_(reader), request_(request), json_(json), limit_(request.max_visits) {}

  Status Run() {
    json_->push_back('[');
    if (request_.id.has_value()) SOCHDB_TRY(Begin(*request_.id));
    else SOCHDB_TRY(BeginAnywhere());
    json_->push_back(']');
    return {};
  }

 private:
  // What lies beside a node, as one step sees it.
  struct Beside {
    uint32_t node;
    uint32_t edge;
  };

  Status BeginAnywhere() {
    const std::vector<std::string>& types = request_.step.nodes.types;
    std::vector<std::string> ids;
    const auto visit = [&](std::string_view id, bool* more) {
      SOCHDB_TRY(limit_.Take());
      ids.emplace_back(id);
      *more = true;
      return Status();
    };
    bool indexed = false;
    SOCHDB_TRY(VisitCandidates(reader_, request_.step.nodes, {}, UINT64_MAX, visit, &indexed));
    if (!indexed) {
      for (const std::string& type : types) SOCHDB_TRY(reader_->VisitNodes(type, {}, visit));
      if (types.empty()) SOCHDB_TRY(reader_->VisitNodes(std::nullopt, {}, visit));
    }
    std::sort(ids.begin(), ids.end());
    for (const std::string& id : ids) {
      if (is_full()) return {};
      SOCHDB_TRY(Begin(id));
    }
    return {};
  }

  Status Begin(std::string_view id) {
    uint32_t node = 0;
    SOCHDB_TRY(Number(id, &node));
    if (!Passes(request_.step.nodes, node)) return {};
    nodes_on_way_.assign(1, node);
    edges_on_way_.clear();
    return Follow(0, 0);
  }

  // Goes on from the way's end: `hops` of the step are gone.
  Status Follow(size_t step_number, uint32_t hops) {
    if (is_full()) return {};
    if (step_number == request_.steps.size()) return Deliver();
    const GraphStep& step = request_.steps[step_number];
    const uint32_t here = nodes_on_way_.back();
    if (hops >= step.min_hops && Passes(step.nodes, here)) SOCHDB_TRY(Follow(step_number + 1, 0));
    if (hops == step.max_hops || is_full()) return {};
    SOCHDB_TRY(reader_->CheckCancelled());
    const std::vector<Beside>* beside = nullptr;
    SOCHDB_TRY(LookBeside(step_number, here, &beside));
    // The list may move when others are made.
    for (size_t i = 0; i < beside->size() && !is_full(); ++i) {
      const Beside next = (*beside)[i];
      if (std::find(edges_on_way_.begin(), edges_on_way_.end(), next.edge) != edges_on_way_.end()) continue;
      nodes_on_way_.push_back(next.node);
      edges_on_way_.push_back(next.edge);
      SOCHDB_TRY(limit_.Take());
      SOCHDB_TRY(Follow(step_number, hops + 1));
      nodes_on_way_.pop_back();
      edges_on_way_.pop_back();
      beside = &beside_.at(Key(step_number, here));
    }
    return {};
  }

  Status LookBeside(size_t step_number, uint32_t node, const std::vector<Beside>** out) {
    const auto [found, is_new] = beside_.try_emplace(Key(step_number, node));
    *out = &found->second;
    if (!is_new) return {};
    const GraphStep& step = request_.steps[step_number];
    std::vector<Beside> beside;
    const std::string id(nodes_.text(node));
    const Status walked = VisitStep(reader_, id, step.out, step.in, step.edge_types, true, [&](const EdgeView& edge) -> Status {
      SOCHDB_TRY(limit_.Take());
      bool is_unknown = false;
      const uint32_t other = nodes_.Number(edge.other, &is_unknown);
      uint32_t number = 0;
      SOCHDB_TRY(EdgeNumber(node, other, edge, &number));
      beside.push_back({other, number});
      return {};
    });
    SOCHDB_TRY(walked);
    SOCHDB_TRY(LoadRecords());
    found->second = std::move(beside);
    return {};
  }

  // An edge that is met from both ends has one number.
  Status EdgeNumber(uint32_t node, uint32_t other, const EdgeView& edge, uint32_t* number) {
    bool is_new = false;
    *number = edge_numbers_.Number(EdgeIdentity(node, other, edge), &is_new);
    return is_new ? edges_.Add(reader_, node, other, edge) : Status();
  }

  Status Number(std::string_view id, uint32_t* node) {
    bool is_new = false;
    *node = nodes_.Number(id, &is_new);
    return LoadRecords();
  }

  // Of all nodes that have come since.
  Status LoadRecords() { return reader_->GetNodes(nodes_.texts().subspan(records_.size()), &records_); }

  [[nodiscard]] bool Passes(const NodeTest& test, uint32_t node) const {
    return test.is_any() || test.Passes(records_[node].type, records_[node].properties);
  }

  Status Deliver() {
    if (delivered_++ > 0) json_->push_back(',');
    json_->append("{\"nodes\":[");
    for (size_t i = 0; i < nodes_on_way_.size(); ++i) {
      if (i > 0) json_->push_back(',');
      const uint32_t node = nodes_on_way_[i];
      AppendOpenNode(json_, nodes_.text(node), records_[node].type, records_[node].properties);
      json_->push_back('}');
    }
    json_->append("],\"edges\":[");
    for (size_t i = 0; i < edges_on_way_.size(); ++i) {
      if (i > 0) json_->push_back(',');
      edges_.AppendJson(edges_.all()[edges_on_way_[i]], json_);
    }
    json_->append("]}");
    return {};
  }

  [[nodiscard]] bool is_full() const { return delivered_ == request_.limit; }
  [[nodiscard]] static uint64_t Key(size_t step, uint32_t node) { return (uint64_t{step} << 32) | node; }

  GraphReader* const reader_;
  const GraphRequest& request_;
  std::string* const json_;
  VisitLimit limit_;
  TextNumbers nodes_;
  TextNumbers edge_numbers_;
  FoundEdges edges_{&nodes_};
  NodeRecords records_;  // by number of node
  std::unordered_map<uint64_t, std::vector<Beside>> beside_;
  std::vector<uint32_t> nodes_on_way_;
  std::vector<uint32_t> edges_on_way_;
  uint64_t delivered_ = 0;
};

}  // namespace

Status MatchPattern(GraphReader* reader, const GraphRequest& request, std::string* json) {
  return Matcher(reader, request, json).Run();
}

}  // namespace sochdb
