// What a walk through a graph has found: nodes by number, edges between them, and what may still be looked at.
//
// Thread safety: the walk's thread.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "index/graph/graph_json.h"
#include "index/graph/graph_reader.h"

namespace sochdb {

// Texts, numbered from 0 in the order in which they came.
class TextNumbers {
 public:
  // *is_new: it had no number yet.
  uint32_t Number(std::string_view text, bool* is_new);
  [[nodiscard]] bool Find(std::string_view text, uint32_t* number) const;
  [[nodiscard]] std::string_view text(uint32_t number) const { return texts_[number]; }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  struct Hasher {
    size_t operator()(std::string_view text) const { return Hash64(text); }
  };
  std::deque<std::string> texts_;  // which the map's keys view: they do not move
  std::unordered_map<std::string_view, uint32_t, Hasher> numbers_;
};

struct FoundEdge {
  uint32_t from;
  uint32_t to;
  uint32_t type;  // in FoundEdges
  bool temporal;
  Validity validity;
  std::string properties;
};

// Edges between nodes that have numbers.
class FoundEdges {
 public:
  explicit FoundEdges(TextNumbers* nodes) : nodes_(nodes) {}

  // An edge as it was seen from `node`; other: the number of its other end.
  Status Add(GraphReader* reader, uint32_t node, uint32_t other, const EdgeView& edge);
  void AppendJson(const FoundEdge& edge, std::string* json) const;
  [[nodiscard]] const std::vector<FoundEdge>& all() const { return edges_; }
  [[nodiscard]] std::string_view type(const FoundEdge& edge) const { return types_.text(edge.type); }

 private:
  TextNumbers* const nodes_;
  TextNumbers types_;
  std::vector<FoundEdge> edges_;
};

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

// Visits the edges of a step from a node, each once: a loop, which has the node at both ends, too.
Status VisitStep(GraphReader* reader, std::string_view node, bool out, bool in, const std::vector<std::string>& types,
                 const GraphReader::EdgeVisitor& visit);

}  // namespace sochdb
