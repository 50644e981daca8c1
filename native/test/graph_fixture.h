// What tests of graphs share: asking, changing, and whether everything that is stored of a graph says the same.

#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "index/graph/graph_changes.h"
#include "index/graph/graph_query.h"
#include "test/store_fixture.h"

namespace sochdb::test {

// The answer, "-" when there is none, "!" and the message on failure.
inline std::string AskGraph(const GraphSource& source, std::string_view prefix, std::string_view request) {
  Result<GraphRequest> parsed = GraphRequest::Parse(request);
  SOCHDB_CHECK(parsed.ok());
  GraphAnswer answer;
  const Status status = RunGraphQuery(source, prefix, *parsed, 1000, nullptr, &answer);
  if (!status.ok()) return "!" + status.message();
  return answer.text.value_or("-") + answer.ids + answer.properties + answer.edges;
}

inline Status ChangeGraph(Transaction* transaction, std::string_view prefix, std::string_view changes) {
  GraphWriter writer(transaction, prefix);
  std::string answers;
  return ApplyGraphChanges(&writer, changes, nullptr, &answers);
}

// In a transaction of its own that is alone.
inline Status WriteGraph(Engine* engine, std::string_view prefix, std::string_view changes) {
  auto transaction = BeginOn(engine, IsolationLevel::kSerializable, true);
  SOCHDB_TRY(ChangeGraph(transaction.get(), prefix, changes));
  return transaction->Commit().status();
}

inline std::unique_ptr<Snapshot> SnapshotOf(Engine* engine) {
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
  SOCHDB_CHECK(snapshot.ok());
  return std::move(snapshot).value();
}

// All that is stored of all graphs.
inline std::string DumpGraphs(Reader* reader) {
  std::string all;
  for (const TreeId tree : {TreeId::kNodes, TreeId::kEdgesOut, TreeId::kEdgesIn, TreeId::kTemporalEdges}) {
    all += std::to_string(static_cast<int>(tree)) + ": " + ScanAll(reader, "", "", {}, SIZE_MAX, tree) + "\n";
  }
  return all;
}

// Calls visit(key behind the range, value) for every entry whose key begins with it.
template <typename Visit>
void VisitGraphRange(Reader* reader, TreeId tree, const std::string& range, const Visit& visit) {
  Result<std::unique_ptr<Cursor>> cursor = reader->NewCursor(tree, range, PrefixEnd(range), {});
  SOCHDB_CHECK(cursor.ok());
  for (;;) {
    bool found = false;
    EXPECT_OK((*cursor)->Next(&found));
    if (!found) return;
    visit((*cursor)->key().substr(range.size()), (*cursor)->value());
  }
}

// Entries by type and of indexes are those of the nodes, no more and no fewer; an edge is there from both of its ends, with the
// same validity.
inline void ExpectGraphWhole(Reader* reader, const std::string& prefix) {
  GraphReader graph({.view = reader}, prefix, {}, nullptr);
  GraphIndexes indexes;
  EXPECT_OK(graph.GetIndexes(&indexes));
  NodeEntries entries(indexes.properties);
  std::set<std::string> derived;
  VisitGraphRange(reader, TreeId::kNodes, NodeKey(prefix, {}), [&](std::string_view id, std::string_view value) {
    std::string_view type;
    std::string_view properties;
    EXPECT(ReadNodeValue(value, &type, &properties));
    derived.insert(NodeTypePrefix(prefix, type).append(id));
    for (const std::string& entry : entries.Of(type, properties)) derived.insert((IndexEntryPrefix(prefix) + entry).append(id));
  });
  std::set<std::string> stored;
  for (const std::string& range : {prefix + NodeTypePrefix({}, "x").front(), IndexEntryPrefix(prefix)}) {
    VisitGraphRange(reader, TreeId::kNodes, range, [&](std::string_view rest, std::string_view value) {
      EXPECT(value.empty());
      stored.insert(range + std::string(rest));
    });
  }
  EXPECT(derived == stored);

  const auto edges_of = [&](EdgeWay way, bool temporal) {
    std::set<std::string> edges;
    const TreeId tree = temporal ? TreeId::kTemporalEdges : way == EdgeWay::kOut ? TreeId::kEdgesOut : TreeId::kEdgesIn;
    VisitGraphRange(reader, tree, temporal ? TemporalPrefix(prefix, way) : prefix,
                    [&](std::string_view rest, std::string_view value) {
                      std::string node_scratch;
                      std::string scratch;
                      std::string_view node;
                      EdgeView edge;
                      EXPECT(TakeGraphText(&rest, &node_scratch, &node));
                      EXPECT(ReadEdgeRest(rest, temporal, &scratch, &edge.type, &edge.other, &edge.validity.from));
                      if (temporal) EXPECT(ReadTemporalValue(value, &edge.validity.until, &edge.properties));
                      const bool out = way == EdgeWay::kOut;
                      edges.insert(EdgeKey({}, {out ? node : edge.other, edge.type, out ? edge.other : node}, EdgeWay::kOut) +
                                   "|" + std::to_string(edge.validity.from) + "|" + std::to_string(edge.validity.until));
                    });
    return edges;
  };
  for (const bool temporal : {false, true}) EXPECT(edges_of(EdgeWay::kOut, temporal) == edges_of(EdgeWay::kIn, temporal));
}

}  // namespace sochdb::test
