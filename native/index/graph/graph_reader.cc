#include "index/graph/graph_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sochdb {
namespace {

constexpr uint32_t kStepsBetweenChecks = 1024;
constexpr size_t kNodesTogether = 64;

}  // namespace

Status GraphReader::GetNode(std::string_view id, NodeRecord* node, bool* found) {
  ReadValue value;
  SOCHDB_TRY(view_->Get(TreeId::kNodes, NodeKey(prefix_, id), &value, found));
  if (!*found) return {};
  std::string_view type;
  std::string_view properties;
  if (!ReadNodeValue(value.data, &type, &properties)) return DamagedGraph(TreeId::kNodes);
  node->type = type;
  node->properties = properties;
  return {};
}

Status GraphReader::GetNodes(std::span<const std::string_view> ids, std::vector<std::optional<NodeRecord>>* nodes) {
  nodes->clear();
  nodes->reserve(ids.size());
  std::vector<std::string> keys;
  std::vector<std::string_view> key_views;
  ReadValues values;
  for (size_t begin = 0; begin < ids.size(); begin += kNodesTogether) {
    SOCHDB_TRY(CheckCancelled());
    const auto some = ids.subspan(begin, std::min(kNodesTogether, ids.size() - begin));
    keys.clear();
    for (const std::string_view id : some) keys.push_back(NodeKey(prefix_, id));
    key_views.assign(keys.begin(), keys.end());
    SOCHDB_TRY(view_->GetMany(TreeId::kNodes, key_views, &values));
    for (const ReadValues::Item& item : values.items) {
      std::optional<NodeRecord>& node = nodes->emplace_back();
      if (!item.found) continue;
      std::string_view type;
      std::string_view properties;
      if (!ReadNodeValue(item.data, &type, &properties)) return DamagedGraph(TreeId::kNodes);
      node = NodeRecord{std::string(type), std::string(properties)};
    }
  }
  return {};
}

Status GraphReader::VisitNodes(std::optional<std::string_view> type, std::string_view after,
                               const std::function<Status(std::string_view id, bool* more)>& visit) {
  const std::string range = type.has_value() ? NodeTypePrefix(prefix_, *type) : NodeKey(prefix_, {});
  std::string from = range;
  // The least id behind it.
  if (!after.empty()) from.append(after).push_back('\0');
  SOCHDB_ASSIGN(cursor, view_->NewCursor(TreeId::kNodes, from, PrefixEnd(range), {.keys_only = true}));
  for (bool more = true; more;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) break;
    if (++steps_ % kStepsBetweenChecks == 0) SOCHDB_TRY(CheckCancelled());
    SOCHDB_TRY(visit(cursor->key().substr(range.size()), &more));
  }
  return {};
}

Status GraphReader::VisitRange(TreeId tree, const std::string& range, std::string_view node_prefix, EdgeWay way,
                               const EdgeVisitor& visit) {
  SOCHDB_ASSIGN(cursor, view_->NewCursor(tree, range, PrefixEnd(range), {}));
  EdgeView edge;
  edge.way = way;
  edge.temporal = tree == TreeId::kTemporalEdges;
  for (;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    if (++steps_ % kStepsBetweenChecks == 0) SOCHDB_TRY(CheckCancelled());
    if (!ReadEdgeRest(cursor->key().substr(node_prefix.size()), edge.temporal, &scratch_, &edge.type, &edge.other,
                      &edge.validity.from)) {
      return DamagedGraph(tree);
    }
    edge.properties = cursor->value();
    if (edge.temporal) {
      if (!ReadTemporalValue(cursor->value(), &edge.validity.until, &edge.properties)) return DamagedGraph(tree);
      if (!valid_.Admits(edge.validity)) continue;
    }
    SOCHDB_TRY(visit(edge));
  }
}

// A graph without temporal edges is asked for them once. In a transaction the question would be a read of all of them.
Status GraphReader::HasTemporal(bool* has) {
  if (!has_temporal_.has_value() && transaction_ != nullptr) has_temporal_ = true;
  if (!has_temporal_.has_value()) {
    const std::string range = TemporalPrefix(prefix_, EdgeWay::kOut);
    SOCHDB_ASSIGN(cursor, view_->NewCursor(TreeId::kTemporalEdges, range, PrefixEnd(range), {.keys_only = true}));
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    has_temporal_ = found;
  }
  *has = *has_temporal_;
  return {};
}

Status GraphReader::VisitEdges(std::string_view node, EdgeWay way, std::span<const std::string> types,
                               const EdgeVisitor& visit) {
  const TreeId tree = way == EdgeWay::kOut ? TreeId::kEdgesOut : TreeId::kEdgesIn;
  const std::string prefix = EdgePrefix(prefix_, node);
  if (types.empty()) SOCHDB_TRY(VisitRange(tree, prefix, prefix, way, visit));
  for (const std::string& type : types) SOCHDB_TRY(VisitRange(tree, EdgePrefix(prefix_, node, type), prefix, way, visit));
  bool has_temporal = false;
  SOCHDB_TRY(HasTemporal(&has_temporal));
  return has_temporal ? VisitTemporal(node, way, types, visit) : Status();
}

Status GraphReader::VisitTemporal(std::string_view node, EdgeWay way, std::span<const std::string> types,
                                  const EdgeVisitor& visit) {
  const std::string prefix = TemporalPrefix(prefix_, way, node);
  if (types.empty()) return VisitRange(TreeId::kTemporalEdges, prefix, prefix, way, visit);
  for (const std::string& type : types) {
    SOCHDB_TRY(VisitRange(TreeId::kTemporalEdges, TemporalPrefix(prefix_, way, node, type), prefix, way, visit));
  }
  return {};
}

Status GraphReader::VisitIntervals(const EdgeName& edge, const EdgeVisitor& visit) {
  return VisitRange(TreeId::kTemporalEdges, TemporalPrefix(prefix_, EdgeWay::kOut, edge),
                    TemporalPrefix(prefix_, EdgeWay::kOut, edge.from), EdgeWay::kOut, visit);
}

Status GraphReader::CountEdges(std::span<const std::string> types, uint64_t* count) {
  for (const TreeId tree : {TreeId::kEdgesOut, TreeId::kTemporalEdges}) {
    const bool temporal = tree == TreeId::kTemporalEdges;
    const std::string range = temporal ? TemporalPrefix(prefix_, EdgeWay::kOut) : prefix_;
    SOCHDB_ASSIGN(cursor, view_->NewCursor(tree, range, PrefixEnd(range), {}));
    std::string from_scratch;
    for (;;) {
      bool found = false;
      SOCHDB_TRY(cursor->Next(&found));
      if (!found) break;
      if (++steps_ % kStepsBetweenChecks == 0) SOCHDB_TRY(CheckCancelled());
      std::string_view rest = cursor->key().substr(range.size());
      std::string_view part;
      EdgeView edge;
      from_scratch.clear();
      if (!TakeGraphText(&rest, &from_scratch, &part) ||
          !ReadEdgeRest(rest, temporal, &scratch_, &edge.type, &edge.other, &edge.validity.from)) {
        return DamagedGraph(tree);
      }
      if (temporal) {
        if (!ReadTemporalValue(cursor->value(), &edge.validity.until, &edge.properties)) return DamagedGraph(tree);
        if (!valid_.Admits(edge.validity)) continue;
      }
      if (types.empty() || std::binary_search(types.begin(), types.end(), edge.type)) ++*count;
    }
  }
  return {};
}

Status GraphReader::GetEdge(const EdgeName& edge, std::string* properties, bool* found) {
  ReadValue value;
  SOCHDB_TRY(view_->Get(TreeId::kEdgesOut, EdgeKey(prefix_, edge, EdgeWay::kOut), &value, found));
  if (*found) *properties = value.data;
  return {};
}

Status GraphReader::ReadProperties(const EdgeName& edge, const EdgeView& seen, std::string* properties) {
  if (seen.way == EdgeWay::kOut) {
    *properties = seen.properties;
    return {};
  }
  bool found = false;
  if (!seen.temporal) {
    SOCHDB_TRY(GetEdge(edge, properties, &found));
    return found ? Status() : DamagedGraph(TreeId::kEdgesIn);
  }
  std::string key = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
  AppendValidFrom(&key, seen.validity.from);
  ReadValue value;
  SOCHDB_TRY(view_->Get(TreeId::kTemporalEdges, key, &value, &found));
  int64_t until = 0;
  std::string_view text;
  if (!found || !ReadTemporalValue(value.data, &until, &text)) return DamagedGraph(TreeId::kTemporalEdges);
  *properties = text;
  return {};
}

}  // namespace sochdb
