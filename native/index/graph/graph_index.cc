#include "index/graph/graph_index.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "codec/key_codec.h"
#include "index/graph/graph_keys.h"

namespace sochdb {
namespace {

// Spelled as a blob, which JSON has none of.
constexpr std::string_view kSeveralMark = "several";

std::string SeveralMark(uint32_t property) {
  KeyBuffer buffer;
  EncodeBigEndian32(buffer.Extend(sizeof(property)), property);
  const Status encoded = AppendKeyValue(&buffer, ColumnType::kBlob, Value::Bytes(ValueTag::kBlob, kSeveralMark), false);
  SOCHDB_DCHECK(encoded.ok());
  return std::string(buffer.view());
}

}  // namespace

std::string GraphIndexes::Encode() const {
  std::string value;
  PutFixed32(&value, next_number);
  for (const IndexedProperty& property : properties) {
    PutFixed32(&value, property.number);
    PutLengthPrefixed(&value, property.node_type);
    PutLengthPrefixed(&value, property.path);
  }
  return value;
}

bool GraphIndexes::Decode(std::string_view value, GraphIndexes* out) {
  ByteReader reader(value);
  *out = {};
  if (!reader.ReadFixed32(&out->next_number)) return false;
  while (!reader.empty()) {
    IndexedProperty property;
    std::string_view type;
    std::string_view path;
    if (!reader.ReadFixed32(&property.number) || !reader.ReadLengthPrefixed(&type) || !reader.ReadLengthPrefixed(&path) ||
        path.empty()) {
      return false;
    }
    property.node_type = type;
    property.path = path;
    out->properties.push_back(std::move(property));
  }
  return true;
}

std::string IndexEntryPrefix(std::string_view prefix, uint32_t property) {
  std::string key = IndexEntryPrefix(prefix);
  PutBigEndian32(&key, property);
  return key;
}

EntryRange RangeOfSeveral(uint32_t property) {
  std::string mark = SeveralMark(property);
  std::string end = PrefixEnd(mark);
  return {std::move(mark), std::move(end)};
}

const NodeEntries::OfType& NodeEntries::Declared(std::string_view type) {
  const auto [found, is_new] = types_.try_emplace(std::string(type));
  OfType& declared = found->second;
  if (!is_new) return declared;
  for (const IndexedProperty& property : properties_) {
    if (!property.node_type.empty() && property.node_type != type) continue;
    Result<std::vector<std::string>> segments = SplitMetadataPath(property.path);
    if (!segments.ok()) continue;  // it was checked when it was declared
    declared.paths.Add(segments.value(), static_cast<uint32_t>(declared.fields.size()));
    declared.fields.push_back({property.number, property.path, std::move(segments).value()});
  }
  return declared;
}

std::vector<std::string> NodeEntries::Of(std::string_view type, std::string_view json) {
  const OfType& declared = Declared(type);
  if (declared.fields.empty()) return {};
  std::vector<std::string> entries = CollectMetadataEntries(declared.fields, declared.paths, json);
  const auto number_of = [](const std::string& entry) { return DecodeBigEndian32(entry.data()); };
  const size_t count = entries.size();
  for (size_t i = 1; i < count; ++i) {
    const uint32_t number = number_of(entries[i]);
    const bool is_second = number == number_of(entries[i - 1]) && (i == 1 || number != number_of(entries[i - 2]));
    if (is_second) entries.push_back(SeveralMark(number));
  }
  if (entries.size() > count) std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace sochdb
