// GraphReader: the nodes and edges of one namespace's graph, as a view of the store sees them at a moment of valid time.
//
// Everything is read through the view, own writes of a transaction included, and what a transaction reads is validated as its
// isolation level says: an edge that others add meanwhile to a node whose edges were read is a conflict.
//
// Thread safety: the view's thread. Lifetime: the reader does not outlive the view.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_keys.h"
#include "txn/transaction.h"

namespace sochdb {

// Which edges are seen: those that hold at a moment, or all there are.
struct ValidTime {
  int64_t at = 0;
  bool any = false;

  [[nodiscard]] bool Admits(const Validity& validity) const { return any || validity.Contains(at); }
};

// One edge, seen from one of its ends. Views end with the visit.
struct EdgeView {
  EdgeWay way = EdgeWay::kOut;
  std::string_view type;
  std::string_view other;  // the node at its other end
  bool temporal = false;   // else it always holds
  Validity validity;
  std::string_view properties;  // of kOut; see GraphReader::ReadProperties
};

struct NodeRecord {
  std::string type;
  std::string properties;
};

class GraphReader {
 public:
  using EdgeVisitor = std::function<Status(const EdgeView&)>;

  // transaction: what the view is, if it is one. cancel may be null.
  GraphReader(Reader* view, const Transaction* transaction, std::string_view prefix, ValidTime valid, const CancelToken* cancel)
      : view_(view), transaction_(transaction), prefix_(prefix), valid_(valid), cancel_(cancel) {}

  [[nodiscard]] std::string_view prefix() const { return prefix_; }
  [[nodiscard]] Reader* view() const { return view_; }
  [[nodiscard]] const ValidTime& valid() const { return valid_; }
  [[nodiscard]] Status CheckCancelled() const { return cancel_ == nullptr ? Status() : cancel_->Check(); }

  Status GetNode(std::string_view id, NodeRecord* node, bool* found);
  // In the order of the ids; nothing for those that were never added.
  Status GetNodes(std::span<const std::string_view> ids, std::vector<std::optional<NodeRecord>>* nodes);
  // In the order of the ids of all nodes, or of those of a type, behind `after` (empty: the first). Ends when `visit` wants no
  // more.
  Status VisitNodes(std::optional<std::string_view> type, std::string_view after,
                    const std::function<Status(std::string_view id, bool* more)>& visit);

  // The edges of a node, or those of some types (none: all), each type once; first what always holds, then what is temporal,
  // each by type, other end and start.
  Status VisitEdges(std::string_view node, EdgeWay way, std::span<const std::string> types, const EdgeVisitor& visit);
  // The temporal ones alone.
  Status VisitTemporal(std::string_view node, EdgeWay way, std::span<const std::string> types, const EdgeVisitor& visit);
  // Of one edge.
  Status VisitIntervals(const EdgeName& edge, const EdgeVisitor& visit);
  // All edges of the graph; of some types (none: all).
  Status CountEdges(std::span<const std::string> types, uint64_t* count);
  Status GetEdge(const EdgeName& edge, std::string* properties, bool* found);
  // Properties of an edge that was seen from either end.
  Status ReadProperties(const EdgeName& edge, const EdgeView& seen, std::string* properties);

 private:
  Status VisitRange(TreeId tree, const std::string& range, std::string_view node_prefix, EdgeWay way, const EdgeVisitor& visit);
  Status HasTemporal(bool* has);

  Reader* const view_;
  const Transaction* const transaction_;
  const std::string prefix_;
  const ValidTime valid_;
  const CancelToken* const cancel_;
  std::optional<bool> has_temporal_;
  uint32_t steps_ = 0;
  std::string scratch_;
};

}  // namespace sochdb
