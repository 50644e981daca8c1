#include "index/graph/graph_found.h"

#include <utility>

namespace sochdb {

uint32_t TextNumbers::Number(std::string_view text, bool* is_new) {
  uint32_t number = 0;
  *is_new = !Find(text, &number);
  if (!*is_new) return number;
  number = size();
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

bool TextNumbers::Find(std::string_view text, uint32_t* number) const {
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return false;
  *number = found->second;
  return true;
}

Status FoundEdges::Add(GraphReader* reader, uint32_t node, uint32_t other, const EdgeView& edge) {
  const bool out = edge.way == EdgeWay::kOut;
  const EdgeName name{nodes_->text(out ? node : other), edge.type, nodes_->text(out ? other : node)};
  bool is_new = false;
  FoundEdge found{out ? node : other, out ? other : node, types_.Number(edge.type, &is_new), edge.temporal, edge.validity, {}};
  SOCHDB_TRY(reader->ReadProperties(name, edge, &found.properties));
  edges_.push_back(std::move(found));
  return {};
}

void FoundEdges::AppendJson(const FoundEdge& edge, std::string* json) const {
  AppendEdge(json, {{nodes_->text(edge.from), types_.text(edge.type), nodes_->text(edge.to)},
                    edge.temporal,
                    edge.validity,
                    edge.properties});
}

Status VisitLimit::Passed() const {
  return Status(Code::kLimit, "More than " + std::to_string(max_) +
                                  " edges would have to be looked at: ask for less (a smaller maxDepth, edgeTypes, prune), or "
                                  "raise maxVisits.")
      .With("limit", "maxVisits")
      .With("maxVisits", std::to_string(max_));
}

Status VisitStep(GraphReader* reader, std::string_view node, bool out, bool in, const std::vector<std::string>& types,
                 const GraphReader::EdgeVisitor& visit) {
  if (out) SOCHDB_TRY(reader->VisitEdges(node, EdgeWay::kOut, types, visit));
  if (!in) return {};
  return reader->VisitEdges(node, EdgeWay::kIn, types,
                            [&](const EdgeView& edge) { return out && edge.other == node ? Status() : visit(edge); });
}

}  // namespace sochdb
