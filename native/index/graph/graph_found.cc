#include "index/graph/graph_found.h"

#include <utility>

#include "base/bytes.h"
#include "base/hash.h"

namespace sochdb {

uint32_t TextNumbers::Number(std::string_view text, bool* is_new) {
  if (places_.size() < 2 * (texts_.size() + 1)) Grow();
  const size_t mask = places_.size() - 1;
  const uint64_t full_hash = Hash64(text);
  const auto hash = static_cast<uint32_t>(full_hash);
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    Place& place = places_[at];
    if (place.number_plus_1 == 0) {
      *is_new = true;
      texts_.push_back(bytes_.Copy(text));
      place = {hash, size()};
      return size() - 1;
    }
    if (place.hash == hash && texts_[place.number_plus_1 - 1] == text) {
      *is_new = false;
      return place.number_plus_1 - 1;
    }
  }
}

void TextNumbers::Grow() {
  const std::vector<Place> old = std::move(places_);
  places_.assign(old.empty() ? kFirstPlaces : 4 * old.size(), {});
  const size_t mask = places_.size() - 1;
  for (const Place& place : old) {
    if (place.number_plus_1 == 0) continue;
    size_t at = place.hash & mask;
    while (places_[at].number_plus_1 != 0) at = (at + 1) & mask;
    places_[at] = place;
  }
}

void FoundEdges::Note(uint32_t node, uint32_t other, const EdgeView& edge) {
  const bool out = edge.way == EdgeWay::kOut;
  bool is_new = false;
  FoundEdge found{out ? node : other,
                  out ? other : node,
                  types_.Number(edge.type, &is_new),
                  edge.temporal,
                  edge.validity,
                  edge.has_properties,
                  {}};
  if (edge.has_properties) found.properties = properties_.Copy(edge.properties);
  edges_.push_back(found);
}

Status FoundEdges::Add(GraphReader* reader, uint32_t node, uint32_t other, const EdgeView& edge) {
  Note(node, other, edge);
  return Complete(reader, static_cast<uint32_t>(edges_.size() - 1));
}

Status FoundEdges::Complete(GraphReader* reader, uint32_t edge) {
  FoundEdge& found = edges_[edge];
  if (found.has_properties) return {};
  EdgeView seen;
  seen.temporal = found.temporal;
  seen.validity = found.validity;
  std::string properties;
  SOCHDB_TRY(reader->ReadProperties({nodes_->text(found.from), type(found), nodes_->text(found.to)}, seen, &properties));
  found.properties = properties_.Copy(properties);
  found.has_properties = true;
  return {};
}

void FoundEdges::AppendJson(const FoundEdge& edge, std::string* json) const {
  AppendEdge(json, {{nodes_->text(edge.from), types_.text(edge.type), nodes_->text(edge.to)},
                    edge.temporal,
                    edge.validity,
                    edge.properties});
}

std::string EdgeIdentity(uint32_t node, uint32_t other, const EdgeView& edge) {
  const bool out = edge.way == EdgeWay::kOut;
  std::string bytes;
  PutFixed32(&bytes, out ? node : other);
  PutFixed32(&bytes, out ? other : node);
  PutFixed64(&bytes, edge.temporal ? static_cast<uint64_t>(edge.validity.from) : 0);
  bytes.push_back(edge.temporal ? '\1' : '\0');
  bytes.append(edge.type);
  return bytes;
}

Status VisitLimit::Passed() const {
  return Status(Code::kLimit, "More than " + std::to_string(max_) +
                                  " edges would have to be looked at: ask for less (a smaller maxDepth, edgeTypes, prune), or "
                                  "raise maxVisits.")
      .With("limit", "maxVisits")
      .With("maxVisits", std::to_string(max_));
}

Status VisitStep(GraphReader* reader, std::string_view node, bool out, bool in, const std::vector<std::string>& types,
                 bool whole, const EdgeVisitor& visit) {
  if (out) SOCHDB_TRY(reader->VisitEdges(node, EdgeWay::kOut, types, whole, visit));
  if (!in) return {};
  return reader->VisitEdges(node, EdgeWay::kIn, types, whole,
                            [&](const EdgeView& edge) { return out && edge.other == node ? Status() : visit(edge); });
}

}  // namespace sochdb
