#include "index/graph/graph_writer.h"

#include <utility>

#include "index/graph/graph_properties.h"

namespace sochdb {
namespace {

// An edge that outlives the walk it was met on.
struct KeptEdge {
  std::string type;
  std::string other;
  bool temporal;
  Validity validity;
  std::string properties;

  explicit KeptEdge(const EdgeView& edge)
      : type(edge.type), other(edge.other), temporal(edge.temporal), validity(edge.validity), properties(edge.properties) {}
};

std::string TimeText(int64_t ms) { return ms == kOpenEnd ? "open" : std::to_string(ms); }

Status Overlapping(const EdgeName& edge, std::string_view met_to, const Validity& met) {
  return Status(Code::kInvalidArgument, "The edge would hold while another one does, and the rule of \"" +
                                            std::string(edge.type) + "\" forbids that: \"" + std::string(edge.from) +
                                            "\" to \"" + std::string(met_to) + "\" from " + std::to_string(met.from) +
                                            " until " + TimeText(met.until) + ".")
      .With("argument", "validFrom")
      .With("reason", "overlap")
      .With("edgeType", std::string(edge.type))
      .With("toId", std::string(met_to))
      .With("validFrom", std::to_string(met.from))
      .With("validUntil", std::to_string(met.until));
}

}  // namespace

Status GraphWriter::CheckEdge(const EdgeName& edge) const {
  SOCHDB_TRY(CheckGraphText(edge.from, "fromId"));
  SOCHDB_TRY(CheckGraphText(edge.type, "edgeType"));
  return CheckGraphText(edge.to, "toId");
}

Status GraphWriter::PutNode(std::string_view id, std::string_view type, std::string_view properties, bool* replaced) {
  SOCHDB_TRY(CheckGraphText(id, "nodeId"));
  SOCHDB_TRY(CheckGraphText(type, "nodeType"));
  const std::string key = NodeKey(prefix_, id);
  ReadValue before;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kNodes, key, &before, replaced));
  bool same_type = false;
  if (*replaced) {
    std::string_view old_type;
    std::string_view old_properties;
    if (!ReadNodeValue(before.data, &old_type, &old_properties)) return DamagedGraph(TreeId::kNodes);
    same_type = old_type == type;
    const NodeView old{true, old_type, old_properties};
    const NodeView now{true, type, properties};
    SOCHDB_TRY(ReplaceEntries(id, &old, &now));
    if (!same_type) SOCHDB_TRY(transaction_->Delete(TreeId::kNodes, NodeTypePrefix(prefix_, old_type).append(id)));
  } else {
    const NodeView now{true, type, properties};
    SOCHDB_TRY(ReplaceEntries(id, nullptr, &now));
  }
  if (!same_type) SOCHDB_TRY(transaction_->Put(TreeId::kNodes, NodeTypePrefix(prefix_, type).append(id), {}));
  return transaction_->Put(TreeId::kNodes, key, NodeValue(type, properties));
}

Status GraphWriter::UpdateNode(std::string_view id, const std::optional<std::string>& type, std::string_view properties,
                               const std::vector<std::string>& removed, bool* existed) {
  SOCHDB_TRY(CheckGraphText(id, "nodeId"));
  ReadValue before;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kNodes, NodeKey(prefix_, id), &before, existed));
  if (!*existed) return {};
  std::string_view old_type;
  std::string_view old_properties;
  std::string merged;
  if (!ReadNodeValue(before.data, &old_type, &old_properties) ||
      !MergeProperties(old_properties, properties, removed, &merged)) {
    return DamagedGraph(TreeId::kNodes);
  }
  const std::string new_type = type.value_or(std::string(old_type));
  bool replaced = false;
  return PutNode(id, new_type, merged, &replaced);
}

Status GraphWriter::UpdateEdge(const EdgeName& edge, std::optional<int64_t> valid_from, std::string_view properties,
                               const std::vector<std::string>& removed, bool* existed) {
  SOCHDB_TRY(CheckEdge(edge));
  const TreeId tree = valid_from.has_value() ? TreeId::kTemporalEdges : TreeId::kEdgesOut;
  std::string key = EdgeKey(prefix_, edge, EdgeWay::kOut);
  if (valid_from.has_value()) {
    key = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
    AppendValidFrom(&key, *valid_from);
  }
  ReadValue before;
  SOCHDB_TRY(transaction_->GetForConstraint(tree, key, &before, existed));
  if (!*existed) return {};
  int64_t until = 0;
  std::string_view old_properties = before.data;
  if (valid_from.has_value() && !ReadTemporalValue(before.data, &until, &old_properties)) return DamagedGraph(tree);
  std::string merged;
  if (!MergeProperties(old_properties, properties, removed, &merged)) return DamagedGraph(tree);
  return transaction_->Put(tree, key, valid_from.has_value() ? TemporalValue(until, merged) : merged);
}

Status GraphWriter::DeleteNode(std::string_view id, bool* existed) {
  SOCHDB_TRY(CheckGraphText(id, "nodeId"));
  const std::string key = NodeKey(prefix_, id);
  ReadValue before;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kNodes, key, &before, existed));
  if (*existed) {
    std::string_view type;
    std::string_view properties;
    if (!ReadNodeValue(before.data, &type, &properties)) return DamagedGraph(TreeId::kNodes);
    const NodeView old{true, type, properties};
    SOCHDB_TRY(ReplaceEntries(id, &old, nullptr));
    SOCHDB_TRY(transaction_->Delete(TreeId::kNodes, NodeTypePrefix(prefix_, type).append(id)));
    SOCHDB_TRY(transaction_->Delete(TreeId::kNodes, key));
  }
  SOCHDB_TRY(DeleteEdgesOf(id, EdgeWay::kOut, existed));
  return DeleteEdgesOf(id, EdgeWay::kIn, existed);
}

// An edge that others add to the node meanwhile would be left over.
Status GraphWriter::DeleteEdgesOf(std::string_view id, EdgeWay way, bool* existed) {
  const TreeId tree = way == EdgeWay::kOut ? TreeId::kEdgesOut : TreeId::kEdgesIn;
  const std::string range = EdgePrefix(prefix_, id);
  const std::string temporal = TemporalPrefix(prefix_, way, id);
  transaction_->RegisterConstraintRange(tree, range, PrefixEnd(range));
  transaction_->RegisterConstraintRange(TreeId::kTemporalEdges, temporal, PrefixEnd(temporal));
  std::vector<KeptEdge> edges;
  SOCHDB_TRY(reader_.VisitEdges(id, way, {}, false, [&edges](const EdgeView& edge) {
    edges.emplace_back(edge);
    return Status();
  }));
  if (!edges.empty()) *existed = true;
  for (const KeptEdge& met : edges) {
    const EdgeName edge = way == EdgeWay::kOut ? EdgeName{id, met.type, met.other} : EdgeName{met.other, met.type, id};
    if (met.temporal) {
      SOCHDB_TRY(DeleteInterval(edge, met.validity.from));
      continue;
    }
    SOCHDB_TRY(transaction_->Delete(TreeId::kEdgesOut, EdgeKey(prefix_, edge, EdgeWay::kOut)));
    SOCHDB_TRY(transaction_->Delete(TreeId::kEdgesIn, EdgeKey(prefix_, edge, EdgeWay::kIn)));
  }
  return {};
}

Status GraphWriter::PutEdge(const EdgeName& edge, std::string_view properties) {
  SOCHDB_TRY(CheckEdge(edge));
  SOCHDB_TRY(transaction_->Put(TreeId::kEdgesOut, EdgeKey(prefix_, edge, EdgeWay::kOut), properties));
  return transaction_->Put(TreeId::kEdgesIn, EdgeKey(prefix_, edge, EdgeWay::kIn), {});
}

Status GraphWriter::DeleteEdge(const EdgeName& edge, bool* existed) {
  SOCHDB_TRY(CheckEdge(edge));
  const std::string key = EdgeKey(prefix_, edge, EdgeWay::kOut);
  ReadValue before;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kEdgesOut, key, &before, existed));
  if (*existed) {
    SOCHDB_TRY(transaction_->Delete(TreeId::kEdgesOut, key));
    SOCHDB_TRY(transaction_->Delete(TreeId::kEdgesIn, EdgeKey(prefix_, edge, EdgeWay::kIn)));
  }
  const std::string range = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
  transaction_->RegisterConstraintRange(TreeId::kTemporalEdges, range, PrefixEnd(range));
  std::vector<int64_t> begins;
  SOCHDB_TRY(reader_.VisitIntervals(edge, [&begins](const EdgeView& interval) {
    begins.push_back(interval.validity.from);
    return Status();
  }));
  if (!begins.empty()) *existed = true;
  for (const int64_t begin : begins) SOCHDB_TRY(DeleteInterval(edge, begin));
  return {};
}

Status GraphWriter::PutInterval(const EdgeName& edge, const Validity& validity, std::string_view properties) {
  std::string key = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
  AppendValidFrom(&key, validity.from);
  SOCHDB_TRY(transaction_->Put(TreeId::kTemporalEdges, key, TemporalValue(validity.until, properties)));
  key = TemporalPrefix(prefix_, EdgeWay::kIn, edge);
  AppendValidFrom(&key, validity.from);
  return transaction_->Put(TreeId::kTemporalEdges, key, TemporalValue(validity.until, {}));
}

Status GraphWriter::DeleteInterval(const EdgeName& edge, int64_t valid_from) {
  for (const EdgeWay way : {EdgeWay::kOut, EdgeWay::kIn}) {
    std::string key = TemporalPrefix(prefix_, way, edge);
    AppendValidFrom(&key, valid_from);
    SOCHDB_TRY(transaction_->Delete(TreeId::kTemporalEdges, key));
  }
  return {};
}

Status GraphWriter::PutTemporal(const EdgeName& edge, const Validity& validity, std::string_view properties) {
  SOCHDB_TRY(CheckEdge(edge));
  if (validity.until != kOpenEnd && validity.until <= validity.from) {
    return Status(Code::kInvalidArgument,
                  "An edge holds until a moment after the one it holds from; this one would hold from " +
                      std::to_string(validity.from) + " until " + std::to_string(validity.until) + ".")
        .With("argument", "validUntil");
  }
  SOCHDB_TRY(CheckRule(edge, validity));
  return PutInterval(edge, validity, properties);
}

Status GraphWriter::CheckRule(const EdgeName& edge, const Validity& validity) {
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kNodes, EdgeRuleKey(prefix_, edge.type), &value, &found));
  if (!found) return {};
  if (value.data.size() != 1) return DamagedGraph(TreeId::kNodes);
  const auto rule = static_cast<EdgeRule>(value.data[0]);
  if (rule == EdgeRule::kNone) return {};
  const std::string range = rule == EdgeRule::kOncePerEdge ? TemporalPrefix(prefix_, EdgeWay::kOut, edge)
                                                           : TemporalPrefix(prefix_, EdgeWay::kOut, edge.from, edge.type);
  transaction_->RegisterConstraintRange(TreeId::kTemporalEdges, range, PrefixEnd(range));
  const auto check = [&](const EdgeView& met) {
    const bool is_replaced = met.validity.from == validity.from && met.other == edge.to;
    return is_replaced || !validity.Overlaps(met.validity) ? Status() : Overlapping(edge, met.other, met.validity);
  };
  if (rule == EdgeRule::kOncePerEdge) return reader_.VisitIntervals(edge, check);
  const std::string type(edge.type);
  return reader_.VisitTemporal(edge.from, EdgeWay::kOut, {&type, 1}, true, check);
}

Status GraphWriter::EndTemporal(const EdgeName& edge, int64_t end, uint64_t* ended) {
  SOCHDB_TRY(CheckEdge(edge));
  const std::string range = TemporalPrefix(prefix_, EdgeWay::kOut, edge);
  transaction_->RegisterConstraintRange(TreeId::kTemporalEdges, range, PrefixEnd(range));
  std::vector<KeptEdge> open;
  SOCHDB_TRY(reader_.VisitIntervals(edge, [&open](const EdgeView& interval) {
    if (interval.validity.until == kOpenEnd) open.emplace_back(interval);
    return Status();
  }));
  for (const KeptEdge& interval : open) {
    if (end < interval.validity.from) {
      return Status(Code::kInvalidArgument, "The edge holds from " + std::to_string(interval.validity.from) +
                                                " on: it cannot end before that, at " + std::to_string(end) + ".")
          .With("argument", "endTime")
          .With("validFrom", std::to_string(interval.validity.from));
    }
    SOCHDB_TRY(PutInterval(edge, {interval.validity.from, end}, interval.properties));
  }
  *ended = open.size();
  return {};
}

Status GraphWriter::SetRule(std::string_view type, EdgeRule rule) {
  SOCHDB_TRY(CheckGraphText(type, "edgeType"));
  const std::string key = EdgeRuleKey(prefix_, type);
  if (rule == EdgeRule::kNone) return transaction_->Delete(TreeId::kNodes, key);
  const char value = static_cast<char>(rule);
  return transaction_->Put(TreeId::kNodes, key, {&value, 1});
}

}  // namespace sochdb
