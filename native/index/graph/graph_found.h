// What a walk through a graph has found: nodes by number, edges between them, and what may still be looked at.
//
// Thread safety: the walk's thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/status.h"
#include "index/graph/graph_json.h"
#include "index/graph/graph_reader.h"

namespace sochdb {

// Texts, numbered from 0 in the order in which they came.
class TextNumbers {
 public:
  // *is_new: it had no number yet.
  uint32_t Number(std::string_view text, bool* is_new);
  // Valid as long as this lives.
  [[nodiscard]] std::string_view text(uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::span<const std::string_view> texts() const { return texts_; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  static constexpr size_t kFirstPlaces = 64;
  // Of a table that is at most half full; where a text's hash leads, or behind it.
  struct Place {
    uint32_t hash;
    uint32_t number_plus_1;  // 0: nothing is here
  };

  void Grow();

  Arena bytes_{4096};
  std::vector<std::string_view> texts_;
  std::vector<Place> places_;
};

struct FoundEdge {
  uint32_t from;
  uint32_t to;
  uint32_t type;  // in FoundEdges
  bool temporal;
  Validity validity;
  bool has_properties;  // else they were not asked for yet
  std::string_view properties;
};

// Edges between nodes that have numbers.
class FoundEdges {
 public:
  explicit FoundEdges(TextNumbers* nodes) : nodes_(nodes) {}

  // An edge as it was seen from `node`; other: the number of its other end. Its properties may come later.
  void Note(uint32_t node, uint32_t other, const EdgeView& edge);
  // The same with its properties.
  Status Add(GraphReader* reader, uint32_t node, uint32_t other, const EdgeView& edge);
  // Reads the properties of an edge that was noted without.
  Status Complete(GraphReader* reader, uint32_t edge);
  void AppendJson(const FoundEdge& edge, std::string* json) const;
  [[nodiscard]] const std::vector<FoundEdge>& all() const { return edges_; }
  [[nodiscard]] std::string_view type(const FoundEdge& edge) const { return types_.text(edge.type); }

 private:
  TextNumbers* const nodes_;
  TextNumbers types_;
  std::vector<FoundEdge> edges_;
  Arena properties_{4096};
};

// The same bytes for an edge that is met from either of its ends, which have these numbers.
std::string EdgeIdentity(uint32_t node, uint32_t other, const EdgeView& edge);

// How many edges a walk may look at.
class VisitLimit {
 public:
  explicit VisitLimit(uint64_t max) : left_(max), max_(max) {}
  Status Take() {
    if (left_ == 0) return Passed();
    --left_;
    return {};
  }

 private:
  [[nodiscard]] Status Passed() const;

  uint64_t left_;
  const uint64_t max_;
};

// Visits the edges of a step from a node, each once: a loop, which has the node at both ends, too. whole: GraphReader.
Status VisitStep(GraphReader* reader, std::string_view node, bool out, bool in, const std::vector<std::string>& types,
                 bool whole, const EdgeVisitor& visit);

}  // namespace sochdb
