#include "index/graph/graph_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sochdb {
namespace {

constexpr uint32_t kStepsBetweenChecks = 1024;
constexpr size_t kNodesTogether = 64;
// Kept instead of edges that are too many to be kept: no run of them begins so.
constexpr std::string_view kTooMany{"\0", 1};

}  // namespace

NodeView NodeRecords::operator[](size_t i) const {
  const Record& record = records_[i];
  if (!record.found) return {.found = false, .type = {}, .properties = "{}"};
  const std::string_view bytes(bytes_);
  const size_t properties = record.type + record.type_bytes;
  return {true, bytes.substr(record.type, record.type_bytes), bytes.substr(properties, record.end - properties)};
}

bool NodeRecords::Set(size_t place, size_t begin) {
  std::string_view type;
  std::string_view properties;
  const std::string_view value = std::string_view(bytes_).substr(begin);
  if (!ReadNodeValue(value, &type, &properties)) return false;
  records_[place] = {true, static_cast<size_t>(type.data() - bytes_.data()), type.size(), bytes_.size()};
  return true;
}

GraphReader::GraphReader(const GraphSource& source, std::string_view prefix, ValidTime valid, const CancelToken* cancel)
    : view_(source.view),
      transaction_(source.transaction),
      cache_(source.cache),
      is_tracked_(transaction_ != nullptr && transaction_->isolation() == IsolationLevel::kSerializable &&
                  !transaction_->holds_writer()),
      prefix_(prefix),
      valid_(valid),
      cancel_(cancel) {}

// --- what is kept

Status GraphReader::MayAsk(bool* may) {
  *may = cache_ != nullptr;
  if (!*may || transaction_ == nullptr || is_usable_) return {};
  SOCHDB_TRY(transaction_->NewCursor(TreeId::kNodes, prefix_, prefix_, {.keys_only = true}).status());
  is_usable_ = true;
  return {};
}

bool GraphReader::HasWritten(const Edges& edges) const {
  if (transaction_ == nullptr || transaction_->write_bytes() == 0) return false;
  const std::string range = RangeOf(edges);
  if (transaction_->HasOwnWrites(edges.tree, range, PrefixEnd(range))) return true;
  if (!edges.whole) return false;
  // Properties lie with the edges that leave: any of them may be one of these.
  const TreeId out = edges.temporal() ? TreeId::kTemporalEdges : TreeId::kEdgesOut;
  const std::string all = edges.temporal() ? TemporalPrefix(prefix_, EdgeWay::kOut) : prefix_;
  return transaction_->HasOwnWrites(out, all, PrefixEnd(all));
}

bool GraphReader::HasWrittenNode(std::string_view id) const {
  if (transaction_ == nullptr || transaction_->write_bytes() == 0) return false;
  const std::string key = NodeKey(prefix_, id);
  return transaction_->HasOwnWrites(TreeId::kNodes, key, key + '\0');
}

void GraphReader::NotePoint(TreeId tree, std::string key) {
  const std::string next = key + '\0';
  transaction_->RegisterRangeRead(tree, key, next);
}

void GraphReader::NoteRange(TreeId tree, const std::string& range) {
  transaction_->RegisterRangeRead(tree, range, PrefixEnd(range));
}

GraphPart GraphReader::Edges::part() const {
  if (way == EdgeWay::kOut) return temporal() ? GraphPart::kTemporalOut : GraphPart::kOut;
  if (temporal()) return whole ? GraphPart::kTemporalInWhole : GraphPart::kTemporalIn;
  return whole ? GraphPart::kInWhole : GraphPart::kIn;
}

std::string GraphReader::RangeOf(const Edges& edges) const {
  return edges.temporal() ? TemporalPrefix(prefix_, edges.way, edges.node) : EdgePrefix(prefix_, edges.node);
}

std::string GraphReader::RangeOf(const Edges& edges, std::string_view type) const {
  return edges.temporal() ? TemporalPrefix(prefix_, edges.way, edges.node, type) : EdgePrefix(prefix_, edges.node, type);
}

// --- nodes

Status GraphReader::GetNodes(std::span<const std::string_view> ids, NodeRecords* nodes, bool from_store) {
  const size_t first = nodes->records_.size();
  nodes->records_.resize(first + ids.size());
  bool may_ask = false;
  if (!from_store) SOCHDB_TRY(MayAsk(&may_ask));
  const Timestamp read_ts = view_->read_ts();
  std::vector<size_t> unknown;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!may_ask || HasWrittenNode(ids[i])) {
      unknown.push_back(i);
      continue;
    }
    const size_t begin = nodes->bytes_.size();
    if (!cache_->Find(GraphPart::kRecord, KeyOf(ids[i]), read_ts, &nodes->bytes_)) {
      unknown.push_back(i);
      continue;
    }
    if (is_tracked_) NotePoint(TreeId::kNodes, NodeKey(prefix_, ids[i]));
    if (nodes->bytes_.size() > begin && !nodes->Set(first + i, begin)) return DamagedGraph(TreeId::kNodes);
  }
  std::vector<std::string> keys;
  std::vector<std::string_view> key_views;
  ReadValues values;
  for (size_t begin = 0; begin < unknown.size(); begin += kNodesTogether) {
    SOCHDB_TRY(CheckCancelled());
    const auto some = std::span(unknown).subspan(begin, std::min(kNodesTogether, unknown.size() - begin));
    keys.clear();
    for (const size_t place : some) keys.push_back(NodeKey(prefix_, ids[place]));
    key_views.assign(keys.begin(), keys.end());
    SOCHDB_TRY(view_->GetMany(TreeId::kNodes, key_views, &values));
    for (size_t i = 0; i < some.size(); ++i) {
      const ReadValues::Item& item = values.items[i];
      const std::string_view id = ids[some[i]];
      if (may_ask && !HasWrittenNode(id)) {
        cache_->Keep(GraphPart::kRecord, KeyOf(id), read_ts, item.found ? item.data : std::string_view());
      }
      if (!item.found) continue;
      const size_t at = nodes->bytes_.size();
      nodes->bytes_.append(item.data);
      if (!nodes->Set(first + some[i], at)) return DamagedGraph(TreeId::kNodes);
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

Status GraphReader::GetIndexes(GraphIndexes* indexes) {
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(view_->Get(TreeId::kNodes, GraphIndexesKey(prefix_), &value, &found));
  if (found && !GraphIndexes::Decode(value.data, indexes)) return DamagedGraph(TreeId::kNodes);
  return {};
}

// --- edges

Status GraphReader::ReadEdge(const Cursor& cursor, size_t prefix_bytes, EdgeView* edge) {
  const TreeId tree = edge->temporal               ? TreeId::kTemporalEdges
                      : edge->way == EdgeWay::kOut ? TreeId::kEdgesOut
                                                   : TreeId::kEdgesIn;
  if (!ReadEdgeRest(cursor.key().substr(prefix_bytes), edge->temporal, &scratch_, &edge->type, &edge->other,
                    &edge->validity.from)) {
    return DamagedGraph(tree);
  }
  edge->properties = cursor.value();
  if (edge->temporal && !ReadTemporalValue(cursor.value(), &edge->validity.until, &edge->properties)) return DamagedGraph(tree);
  edge->has_properties = edge->way == EdgeWay::kOut;
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
    SOCHDB_TRY(ReadEdge(*cursor, node_prefix.size(), &edge));
    if (!edge.temporal || valid_.Admits(edge.validity)) SOCHDB_TRY(visit(edge));
  }
}

// A graph without temporal edges is asked for them once. In a transaction the question would be a read of all of them.
Status GraphReader::HasTemporal(bool* has) {
  if (!has_temporal_.has_value() && transaction_ != nullptr) has_temporal_ = true;
  if (!has_temporal_.has_value()) {
    const GraphCache::Key key = KeyOf({});
    std::string kept;
    if (cache_ != nullptr && cache_->Find(GraphPart::kHasTemporal, key, view_->read_ts(), &kept)) {
      has_temporal_ = !kept.empty();
    } else {
      const std::string range = TemporalPrefix(prefix_, EdgeWay::kOut);
      SOCHDB_ASSIGN(cursor, view_->NewCursor(TreeId::kTemporalEdges, range, PrefixEnd(range), {.keys_only = true}));
      bool found = false;
      SOCHDB_TRY(cursor->Next(&found));
      has_temporal_ = found;
      if (cache_ != nullptr) cache_->Keep(GraphPart::kHasTemporal, key, view_->read_ts(), found ? "y" : "");
    }
  }
  *has = *has_temporal_;
  return {};
}

Status GraphReader::VisitEdges(std::string_view node, EdgeWay way, std::span<const std::string> types, bool whole,
                               const EdgeVisitor& visit) {
  const TreeId tree = way == EdgeWay::kOut ? TreeId::kEdgesOut : TreeId::kEdgesIn;
  SOCHDB_TRY(VisitNode({tree, way, node, whole && way == EdgeWay::kIn}, types, visit));
  bool has_temporal = false;
  SOCHDB_TRY(HasTemporal(&has_temporal));
  return has_temporal ? VisitTemporal(node, way, types, whole, visit) : Status();
}

Status GraphReader::VisitTemporal(std::string_view node, EdgeWay way, std::span<const std::string> types, bool whole,
                                  const EdgeVisitor& visit) {
  return VisitNode({TreeId::kTemporalEdges, way, node, whole && way == EdgeWay::kIn}, types, visit);
}

Status GraphReader::VisitNode(const Edges& edges, std::span<const std::string> types, const EdgeVisitor& visit) {
  bool may_ask = false;
  SOCHDB_TRY(MayAsk(&may_ask));
  if (!may_ask || HasWritten(edges)) return VisitStored(edges, types, visit);
  // The visitor may ask for edges too.
  std::string packed = std::move(packed_);
  packed.clear();
  const GraphCache::Key key = KeyOf(edges.node);
  if (!cache_->Find(edges.part(), key, view_->read_ts(), &packed)) {
    // All edges would be registered, where only some types are asked for.
    if (is_tracked_ && !types.empty()) return VisitStored(edges, types, visit);
    SOCHDB_TRY(PackEdges(edges, key, &packed));
  }
  if (packed == kTooMany) return VisitStored(edges, types, visit);
  SOCHDB_TRY(VisitKept(edges, types, packed, visit));
  packed_ = std::move(packed);
  return {};
}

Status GraphReader::VisitStored(const Edges& edges, std::span<const std::string> types, const EdgeVisitor& visit) {
  const std::string prefix = RangeOf(edges);
  if (types.empty()) return VisitRange(edges.tree, prefix, prefix, edges.way, visit);
  for (const std::string& type : types) SOCHDB_TRY(VisitRange(edges.tree, RangeOf(edges, type), prefix, edges.way, visit));
  return {};
}

Status GraphReader::VisitKept(const Edges& edges, std::span<const std::string> types, std::string_view packed,
                              const EdgeVisitor& visit) {
  EdgeView same;
  same.way = edges.way;
  same.temporal = edges.temporal();
  same.has_properties = edges.way == EdgeWay::kOut || edges.whole;
  if (!is_tracked_) return VisitPackedEdges(packed, same, types, valid_, visit);
  if (types.empty()) NoteRange(edges.tree, RangeOf(edges));
  for (const std::string& type : types) NoteRange(edges.tree, RangeOf(edges, type));
  if (!edges.whole) return VisitPackedEdges(packed, same, types, valid_, visit);
  return VisitPackedEdges(packed, same, types, valid_, [&](const EdgeView& edge) {
    NotePoint(edges.temporal() ? TreeId::kTemporalEdges : TreeId::kEdgesOut, OutKey({edge.other, edge.type, edges.node}, edge));
    return visit(edge);
  });
}

Status GraphReader::PackEdges(const Edges& edges, const GraphCache::Key& key, std::string* packed) {
  const std::string range = RangeOf(edges);
  SOCHDB_ASSIGN(cursor, view_->NewCursor(edges.tree, range, PrefixEnd(range), {}));
  EdgePacker packer;
  EdgeView edge;
  edge.way = edges.way;
  edge.temporal = edges.temporal();
  std::string properties;
  bool too_many = false;
  for (bool found = true; !too_many;) {
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) break;
    if (++steps_ % kStepsBetweenChecks == 0) SOCHDB_TRY(CheckCancelled());
    SOCHDB_TRY(ReadEdge(*cursor, range.size(), &edge));
    if (edges.whole) {
      SOCHDB_TRY(ReadProperties({edge.other, edge.type, edges.node}, edge, &properties));
      edge.properties = properties;
    }
    packer.Add(edge);
    too_many = packer.size() > cache_->max_entry_bytes() / 2;
  }
  *packed = too_many ? std::string(kTooMany) : packer.Finish();
  cache_->Keep(edges.part(), key, view_->read_ts(), *packed);
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

std::string GraphReader::OutKey(const EdgeName& edge, const EdgeView& seen) const {
  if (!seen.temporal) return EdgeKey(prefix_, edge, EdgeWay::kOut);
  std::string key = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
  AppendValidFrom(&key, seen.validity.from);
  return key;
}

Status GraphReader::ReadProperties(const EdgeName& edge, const EdgeView& seen, std::string* properties) {
  const TreeId tree = seen.temporal ? TreeId::kTemporalEdges : TreeId::kEdgesOut;
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(view_->Get(tree, OutKey(edge, seen), &value, &found));
  int64_t until = 0;
  std::string_view text = value.data;
  if (!found || (seen.temporal && !ReadTemporalValue(value.data, &until, &text))) {
    return DamagedGraph(seen.temporal ? tree : TreeId::kEdgesIn);
  }
  *properties = text;
  return {};
}

}  // namespace sochdb
