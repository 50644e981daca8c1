// GraphWriter: changes to one namespace's graph, in a transaction.
//
// Nodes and edges are put whether they are there or not; what follows from them (entries by type and of indexed properties,
// both directions of an edge) is kept in step, with reads that are validated at every isolation level where a change depends on
// what there was.
//
// Thread safety: the transaction's thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "index/graph/graph_index.h"
#include "index/graph/graph_keys.h"
#include "index/graph/graph_reader.h"

namespace sochdb {

class GraphWriter {
 public:
  GraphWriter(Transaction* transaction, std::string_view prefix)
      : transaction_(transaction),
        prefix_(prefix),
        reader_({transaction, transaction, nullptr}, prefix, ValidTime{.any = true}, nullptr) {}

  // *replaced: there was one of this id.
  Status PutNode(std::string_view id, std::string_view type, std::string_view properties, bool* replaced);
  // Changes members of its properties, and its type if one is given.
  Status UpdateNode(std::string_view id, const std::optional<std::string>& type, std::string_view properties,
                    const std::vector<std::string>& removed, bool* existed);
  // With its edges both ways, temporal ones too. *existed: it was a node, or had edges.
  Status DeleteNode(std::string_view id, bool* existed);

  Status PutEdge(const EdgeName& edge, std::string_view properties);
  // Of the edge, or of the interval of it that begins at valid_from.
  Status UpdateEdge(const EdgeName& edge, std::optional<int64_t> valid_from, std::string_view properties,
                    const std::vector<std::string>& removed, bool* existed);
  // The edge and its intervals.
  Status DeleteEdge(const EdgeName& edge, bool* existed);

  // Replaces the interval of the edge that begins at the same moment. kInvalidArgument where it would end before it begins, or
  // overlap what the rule of its type says.
  Status PutTemporal(const EdgeName& edge, const Validity& validity, std::string_view properties);
  // Closes the open intervals of an edge. kInvalidArgument when one of them begins later. *ended: how many there were.
  Status EndTemporal(const EdgeName& edge, int64_t end, uint64_t* ended);

  Status SetRule(std::string_view type, EdgeRule rule);

  // Has just these properties indexed, of the nodes of a type, or of any: makes the entries of nodes that there are, and takes
  // away what is not declared any more. kInvalidArgument for paths that are none, kLimit for too many. cancel may be null.
  Status SetIndexed(const std::optional<std::string>& type, const std::vector<std::string>& paths, const CancelToken* cancel);

 private:
  Status CheckEdge(const EdgeName& edge) const;
  Status PutInterval(const EdgeName& edge, const Validity& validity, std::string_view properties);
  Status DeleteInterval(const EdgeName& edge, int64_t valid_from);
  Status CheckRule(const EdgeName& edge, const Validity& validity);
  Status DeleteEdgesOf(std::string_view id, EdgeWay way, bool* existed);
  Status ReadIndexes(GraphIndexes* indexes);
  // Brings the entries of a node from what it was to what it will be.
  // Null: there was, or will be, none.
  Status ReplaceEntries(std::string_view id, const NodeView* before, const NodeView* after);
  Status FillEntries(std::vector<IndexedProperty> properties, const CancelToken* cancel);
  Status DeleteEntries(uint32_t property, const CancelToken* cancel);

  Transaction* const transaction_;
  const std::string prefix_;
  GraphReader reader_;
  std::optional<NodeEntries> entries_;  // once it was asked for
};

}  // namespace sochdb
