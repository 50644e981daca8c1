// PackedEdges: the edges of one node in one direction as bytes, in the order of their keys: what GraphCache keeps of a node,
// and what walks read.
//
//   run     length | type | count | bytes of its edges | edges          all edges of a type
//   edge    length | other end | (temporal: valid from i64 | valid until i64) | length | properties
//
// Lengths and counts are varints. Nothing of this is ever stored.
//
// Thread safety: a packer is its thread's; visiting is a function of its arguments.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "index/graph/graph_keys.h"

namespace sochdb {

// One edge, seen from one of its ends. Views end with the visit.
struct EdgeView {
  EdgeWay way = EdgeWay::kOut;
  std::string_view type;
  std::string_view other;  // the node at its other end
  bool temporal = false;   // else it always holds
  Validity validity;
  bool has_properties = true;   // false: they were not asked for; GraphReader::ReadProperties
  std::string_view properties;  // JSON
};

// Which edges are seen: those that hold at a moment, or all there are.
struct ValidTime {
  int64_t at = 0;
  bool any = false;

  [[nodiscard]] bool Admits(const Validity& validity) const { return any || validity.Contains(at); }
};

using EdgeVisitor = std::function<Status(const EdgeView&)>;

class EdgePacker {
 public:
  // REQUIRES: edges of one type come one after the other.
  void Add(const EdgeView& edge);
  [[nodiscard]] size_t size() const { return packed_.size() + run_.size(); }
  // Everything that was added.
  std::string Finish();

 private:
  void EndRun();

  std::string packed_;
  std::string type_;
  uint64_t count_ = 0;
  std::string run_;  // edges of type_
};

// Visits the edges that valid admits, of the types (sorted; none: all). kept: what is left out of the views, `way` and
// `has_properties`, the same for all. REQUIRES: bytes of an EdgePacker, of temporal edges or others.
Status VisitPackedEdges(std::string_view packed, const EdgeView& kept, std::span<const std::string> types,
                        const ValidTime& valid, const EdgeVisitor& visit);

}  // namespace sochdb
