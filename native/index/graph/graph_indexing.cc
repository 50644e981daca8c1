// GraphWriter: indexes over properties of nodes.

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "index/graph/graph_writer.h"

namespace sochdb {
namespace {

constexpr uint32_t kKeysBetweenChecks = 1024;

Status TooManyProperties() {
  return Status(Code::kLimit, "A graph has at most " + std::to_string(GraphIndexes::kMaxProperties) +
                                  " indexed properties, of all types together.")
      .With("limit", "indexedProperties")
      .With("indexedProperties", std::to_string(GraphIndexes::kMaxProperties));
}

Status CheckEvery(uint32_t* keys, const CancelToken* cancel) {
  return cancel != nullptr && ++*keys % kKeysBetweenChecks == 0 ? cancel->Check() : Status();
}

}  // namespace

Status GraphWriter::ReadIndexes(GraphIndexes* indexes) {
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(transaction_->GetForConstraint(TreeId::kNodes, GraphIndexesKey(prefix_), &value, &found));
  if (found && !GraphIndexes::Decode(value.data, indexes)) return DamagedGraph(TreeId::kNodes);
  return {};
}

Status GraphWriter::ReplaceEntries(std::string_view id, const NodeView* before, const NodeView* after) {
  if (!entries_.has_value()) {
    GraphIndexes indexes;
    SOCHDB_TRY(ReadIndexes(&indexes));
    entries_.emplace(std::move(indexes.properties));
  }
  if (entries_->empty()) return {};
  std::vector<std::string> gone;
  std::vector<std::string> now;
  if (before != nullptr) gone = entries_->Of(before->type, before->properties);
  if (after != nullptr) now = entries_->Of(after->type, after->properties);
  const std::string prefix = IndexEntryPrefix(prefix_);
  const auto key_of = [&](const std::string& entry) { return (prefix + entry).append(id); };
  for (const std::string& entry : gone) {
    if (std::binary_search(now.begin(), now.end(), entry)) continue;
    SOCHDB_TRY(transaction_->Delete(TreeId::kNodes, key_of(entry)));
  }
  for (const std::string& entry : now) {
    if (std::binary_search(gone.begin(), gone.end(), entry)) continue;
    SOCHDB_TRY(transaction_->Put(TreeId::kNodes, key_of(entry), {}));
  }
  return {};
}

Status GraphWriter::SetIndexed(const std::optional<std::string>& type, const std::vector<std::string>& paths,
                               const CancelToken* cancel) {
  if (type.has_value()) SOCHDB_TRY(CheckGraphText(*type, "nodeType"));
  for (const std::string& path : paths) SOCHDB_TRY(SplitMetadataPath(path).status());
  GraphIndexes indexes;
  SOCHDB_TRY(ReadIndexes(&indexes));
  const std::string of_type = type.value_or("");
  const auto is_gone = [&](const IndexedProperty& each) {
    return each.node_type == of_type && std::find(paths.begin(), paths.end(), each.path) == paths.end();
  };
  std::vector<IndexedProperty> kept;
  std::vector<uint32_t> gone;
  for (IndexedProperty& each : indexes.properties) {
    if (is_gone(each)) gone.push_back(each.number);
    else kept.push_back(std::move(each));
  }
  std::vector<IndexedProperty> added;
  for (const std::string& path : paths) {
    const auto is_same = [&](const IndexedProperty& each) { return each.node_type == of_type && each.path == path; };
    const bool is_there = std::any_of(kept.begin(), kept.end(), is_same) || std::any_of(added.begin(), added.end(), is_same);
    if (!is_there) added.push_back({indexes.next_number++, of_type, path});
  }
  if (gone.empty() && added.empty()) return {};
  if (kept.size() + added.size() > GraphIndexes::kMaxProperties) return TooManyProperties();
  for (const uint32_t property : gone) SOCHDB_TRY(DeleteEntries(property, cancel));
  if (!added.empty()) SOCHDB_TRY(FillEntries(added, cancel));
  indexes.properties = std::move(kept);
  std::move(added.begin(), added.end(), std::back_inserter(indexes.properties));
  entries_.reset();
  // Kept when nothing is declared any more: numbers are never used again.
  return transaction_->Put(TreeId::kNodes, GraphIndexesKey(prefix_), indexes.Encode());
}

// A node that others write meanwhile would lack its entries, or have old ones.
Status GraphWriter::FillEntries(std::vector<IndexedProperty> properties, const CancelToken* cancel) {
  const std::string range = NodeKey(prefix_, {});
  const std::string entry_prefix = IndexEntryPrefix(prefix_);
  transaction_->RegisterConstraintRange(TreeId::kNodes, range, PrefixEnd(range));
  NodeEntries entries(std::move(properties));
  SOCHDB_ASSIGN(cursor, transaction_->NewCursor(TreeId::kNodes, range, PrefixEnd(range), {}));
  for (uint32_t keys = 0;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    SOCHDB_TRY(CheckEvery(&keys, cancel));
    std::string_view type;
    std::string_view json;
    if (!ReadNodeValue(cursor->value(), &type, &json)) return DamagedGraph(TreeId::kNodes);
    const std::string_view id = cursor->key().substr(range.size());
    for (const std::string& entry : entries.Of(type, json)) {
      SOCHDB_TRY(transaction_->Put(TreeId::kNodes, (entry_prefix + entry).append(id), {}));
    }
  }
}

Status GraphWriter::DeleteEntries(uint32_t property, const CancelToken* cancel) {
  const std::string range = IndexEntryPrefix(prefix_, property);
  SOCHDB_ASSIGN(cursor, transaction_->NewCursor(TreeId::kNodes, range, PrefixEnd(range), {.keys_only = true}));
  for (uint32_t keys = 0;;) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    SOCHDB_TRY(CheckEvery(&keys, cancel));
    const std::string key(cursor->key());
    SOCHDB_TRY(transaction_->Delete(TreeId::kNodes, key));
  }
}

}  // namespace sochdb
