// GraphReader: the nodes and edges of one namespace's graph, as a view of the store sees them at a moment of valid time.
//
// Everything is read through the view, own writes of a transaction included, and what a transaction reads is validated as its
// isolation level says: an edge that others add meanwhile to a node whose edges were read is a conflict. What is kept in memory
// (graph_cache.h) is used where that gives the same answer, and registered as if it had been read.
//
// Thread safety: the view's thread. Lifetime: the reader does not outlive the view.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_cache.h"
#include "index/graph/graph_edges.h"
#include "index/graph/graph_index.h"
#include "index/graph/graph_keys.h"
#include "txn/transaction.h"

namespace sochdb {

// What a graph is read through: a view of the store; the transaction that it is, if it is one; and what is kept of graphs in
// memory, if anything is.
struct GraphSource {
  Reader* view = nullptr;
  Transaction* transaction = nullptr;
  GraphCache* cache = nullptr;
};

struct NodeView {
  bool found = false;
  std::string_view type;
  std::string_view properties;
};

// Records of nodes, one after the other.
class NodeRecords {
 public:
  [[nodiscard]] size_t size() const { return records_.size(); }
  // Valid until the next record is added. One that was never added to the graph has no type and no properties.
  [[nodiscard]] NodeView operator[](size_t i) const;

 private:
  friend class GraphReader;
  struct Record {
    bool found = false;
    size_t type = 0;  // where it begins in bytes_
    size_t type_bytes = 0;
    size_t end = 0;  // of the properties, which follow
  };
  // The record at `place` is the value that ends bytes_, from begin on. False: it is none.
  [[nodiscard]] bool Set(size_t place, size_t begin);

  std::vector<Record> records_;
  std::string bytes_;
};

class GraphReader {
 public:
  using EdgeVisitor = sochdb::EdgeVisitor;

  // cancel may be null.
  GraphReader(const GraphSource& source, std::string_view prefix, ValidTime valid, const CancelToken* cancel);

  [[nodiscard]] std::string_view prefix() const { return prefix_; }
  [[nodiscard]] const ValidTime& valid() const { return valid_; }
  [[nodiscard]] Status CheckCancelled() const { return cancel_ == nullptr ? Status() : cancel_->Check(); }

  // Adds a record for each of the ids, in their order. from_store: past what is kept in memory, and without a trace in it; for
  // whoever reads all there are.
  Status GetNodes(std::span<const std::string_view> ids, NodeRecords* nodes, bool from_store = false);
  // In the order of the ids of all nodes, or of those of a type, behind `after` (empty: the first). Ends when `visit` wants no
  // more.
  Status VisitNodes(std::optional<std::string_view> type, std::string_view after,
                    const std::function<Status(std::string_view id, bool* more)>& visit);

  // A cursor over keys of kNodes.
  Result<std::unique_ptr<Cursor>> OpenNodes(std::string_view lo, std::string_view hi) {
    return view_->NewCursor(TreeId::kNodes, lo, hi, {.keys_only = true});
  }
  // What is declared of properties.
  Status GetIndexes(GraphIndexes* indexes);

  // The edges of a node, or those of some types (none: all), each type once; first what always holds, then what is temporal,
  // each by type, other end and start.
  // whole: with the properties, those of edges that arrive too; else these may have none yet.
  Status VisitEdges(std::string_view node, EdgeWay way, std::span<const std::string> types, bool whole,
                    const EdgeVisitor& visit);
  // The temporal ones alone.
  Status VisitTemporal(std::string_view node, EdgeWay way, std::span<const std::string> types, bool whole,
                       const EdgeVisitor& visit);
  // Of one edge.
  Status VisitIntervals(const EdgeName& edge, const EdgeVisitor& visit);
  // All edges of the graph; of some types (none: all).
  Status CountEdges(std::span<const std::string> types, uint64_t* count);
  Status GetEdge(const EdgeName& edge, std::string* properties, bool* found);
  // Properties of an edge that was seen without.
  Status ReadProperties(const EdgeName& edge, const EdgeView& seen, std::string* properties);

 private:
  // What a walk over the edges of a node reads.
  struct Edges {
    TreeId tree;
    EdgeWay way;
    std::string_view node;
    bool whole;  // of kIn: with properties

    [[nodiscard]] bool temporal() const { return tree == TreeId::kTemporalEdges; }
    [[nodiscard]] GraphPart part() const;
  };

  Status VisitRange(TreeId tree, const std::string& range, std::string_view node_prefix, EdgeWay way, const EdgeVisitor& visit);
  // As they are kept, or as they are stored.
  Status VisitNode(const Edges& edges, std::span<const std::string> types, const EdgeVisitor& visit);
  Status VisitStored(const Edges& edges, std::span<const std::string> types, const EdgeVisitor& visit);
  Status VisitKept(const Edges& edges, std::span<const std::string> types, std::string_view packed, const EdgeVisitor& visit);
  // All edges of a node, which are kept if that may be; a mark instead where they are too many to be.
  Status PackEdges(const Edges& edges, const GraphCache::Key& key, std::string* packed);
  // The edge that the cursor stands on; `way` and `temporal` say which kind it is.
  Status ReadEdge(const Cursor& cursor, size_t prefix_bytes, EdgeView* edge);
  Status HasTemporal(bool* has);

  // Whether what is kept may be asked for. A transaction that is over is refused, as by a read.
  Status MayAsk(bool* may);
  // Whether the transaction has written to what would be asked for.
  [[nodiscard]] bool HasWritten(const Edges& edges) const;
  [[nodiscard]] bool HasWrittenNode(std::string_view id) const;
  // As the read that was spared would have. REQUIRES: is_tracked_.
  void NotePoint(TreeId tree, std::string key);
  void NoteRange(TreeId tree, const std::string& range);
  [[nodiscard]] std::string RangeOf(const Edges& edges) const;
  [[nodiscard]] std::string RangeOf(const Edges& edges, std::string_view type) const;
  // Of an edge, where its properties are.
  [[nodiscard]] std::string OutKey(const EdgeName& edge, const EdgeView& seen) const;
  [[nodiscard]] GraphCache::Key KeyOf(std::string_view node) const { return {prefix_, node, GraphCache::HashOf(node)}; }

  Reader* const view_;
  Transaction* const transaction_;
  GraphCache* const cache_;
  const bool is_tracked_;  // what is read is validated
  const std::string prefix_;
  const ValidTime valid_;
  const CancelToken* const cancel_;
  bool is_usable_ = false;  // the transaction was asked whether it is
  std::optional<bool> has_temporal_;
  uint32_t steps_ = 0;
  std::string scratch_;
  std::string packed_;  // room for the next
};

}  // namespace sochdb
