#include "index/graph/graph_keys.h"

#include <cstring>

namespace sochdb {
namespace {

constexpr char kNodeKind = 'n';
constexpr char kTypeKind = 't';
constexpr char kRuleKind = 'r';
constexpr char kIndexesKind = 'd';
constexpr char kEntryKind = 'p';
constexpr uint64_t kSignBit = uint64_t{1} << 63;

std::string OfKind(std::string_view prefix, char kind) {
  std::string key(prefix);
  key.push_back(kind);
  return key;
}

}  // namespace

void AppendGraphText(std::string* key, std::string_view text) {
  for (size_t at = 0;;) {
    const void* zero = text.size() > at ? std::memchr(text.data() + at, 0, text.size() - at) : nullptr;
    if (zero == nullptr) {
      key->append(text.substr(at));
      break;
    }
    const size_t end = static_cast<size_t>(static_cast<const char*>(zero) - text.data()) + 1;
    key->append(text.substr(at, end - at)).push_back('\xff');
    at = end;
  }
  key->append(2, '\0');
}

bool TakeGraphText(std::string_view* key, std::string* scratch, std::string_view* text) {
  const size_t first = key->find('\0');
  if (first == std::string_view::npos || first + 1 >= key->size()) return false;
  if ((*key)[first + 1] == '\0') {
    *text = key->substr(0, first);
    key->remove_prefix(first + 2);
    return true;
  }
  const size_t begin = scratch->size();
  for (size_t at = 0; at + 1 < key->size(); ++at) {
    if ((*key)[at] != '\0') {
      scratch->push_back((*key)[at]);
      continue;
    }
    if ((*key)[at + 1] == '\0') {
      *text = std::string_view(*scratch).substr(begin);
      key->remove_prefix(at + 2);
      return true;
    }
    if ((*key)[at + 1] != '\xff') return false;
    scratch->push_back('\0');
    ++at;
  }
  return false;
}

std::string NodeKey(std::string_view prefix, std::string_view id) {
  std::string key = OfKind(prefix, kNodeKind);
  key.append(id);
  return key;
}

std::string NodeTypePrefix(std::string_view prefix, std::string_view type) {
  std::string key = OfKind(prefix, kTypeKind);
  AppendGraphText(&key, type);
  return key;
}

std::string EdgeRuleKey(std::string_view prefix, std::string_view type) {
  std::string key = OfKind(prefix, kRuleKind);
  key.append(type);
  return key;
}

std::string GraphIndexesKey(std::string_view prefix) { return OfKind(prefix, kIndexesKind); }

std::string IndexEntryPrefix(std::string_view prefix) { return OfKind(prefix, kEntryKind); }

std::string EdgePrefix(std::string_view prefix, std::string_view node) {
  std::string key(prefix);
  AppendGraphText(&key, node);
  return key;
}

std::string EdgePrefix(std::string_view prefix, std::string_view node, std::string_view type) {
  std::string key = EdgePrefix(prefix, node);
  AppendGraphText(&key, type);
  return key;
}

std::string EdgeKey(std::string_view prefix, const EdgeName& edge, EdgeWay way) {
  const bool out = way == EdgeWay::kOut;
  std::string key = EdgePrefix(prefix, out ? edge.from : edge.to, edge.type);
  key.append(out ? edge.to : edge.from);
  return key;
}

std::string TemporalPrefix(std::string_view prefix, EdgeWay way) { return OfKind(prefix, way == EdgeWay::kOut ? 'o' : 'i'); }

std::string TemporalPrefix(std::string_view prefix, EdgeWay way, std::string_view node) {
  std::string key = TemporalPrefix(prefix, way);
  AppendGraphText(&key, node);
  return key;
}

std::string TemporalPrefix(std::string_view prefix, EdgeWay way, std::string_view node, std::string_view type) {
  std::string key = TemporalPrefix(prefix, way, node);
  AppendGraphText(&key, type);
  return key;
}

std::string TemporalPrefix(std::string_view prefix, EdgeWay way, const EdgeName& edge) {
  const bool out = way == EdgeWay::kOut;
  std::string key = TemporalPrefix(prefix, way, out ? edge.from : edge.to, edge.type);
  AppendGraphText(&key, out ? edge.to : edge.from);
  return key;
}

void AppendValidFrom(std::string* key, int64_t valid_from) {
  PutBigEndian64(key, static_cast<uint64_t>(valid_from) ^ kSignBit);
}

std::string PrefixEnd(std::string prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

bool ReadEdgeRest(std::string_view rest, bool temporal, std::string* scratch, std::string_view* type, std::string_view* other,
                  int64_t* valid_from) {
  // Room for all there can be: earlier views into scratch stay where they are.
  scratch->clear();
  scratch->reserve(rest.size());
  if (!TakeGraphText(&rest, scratch, type)) return false;
  if (!temporal) {
    *other = rest;
    return !rest.empty();
  }
  if (!TakeGraphText(&rest, scratch, other) || rest.size() != sizeof(uint64_t)) return false;
  *valid_from = static_cast<int64_t>(DecodeBigEndian64(rest.data()) ^ kSignBit);
  return true;
}

std::string NodeValue(std::string_view type, std::string_view properties) {
  std::string value;
  value.reserve(type.size() + properties.size() + 2);
  PutLengthPrefixed(&value, type);
  value.append(properties);
  return value;
}

bool ReadNodeValue(std::string_view value, std::string_view* type, std::string_view* properties) {
  ByteReader reader(value);
  uint64_t length = 0;
  if (!reader.ReadVarint64(&length) || !reader.ReadBytes(length, type)) return false;
  *properties = reader.rest();
  return true;
}

std::string TemporalValue(int64_t valid_until, std::string_view properties) {
  std::string value;
  PutFixed64(&value, static_cast<uint64_t>(valid_until));
  value.append(properties);
  return value;
}

bool ReadTemporalValue(std::string_view value, int64_t* valid_until, std::string_view* properties) {
  if (value.size() < sizeof(uint64_t)) return false;
  *valid_until = static_cast<int64_t>(DecodeFixed64(value.data()));
  *properties = value.substr(sizeof(uint64_t));
  return true;
}

Status CheckGraphText(std::string_view text, const char* name) {
  if (!text.empty() && text.size() <= kMaxGraphTextBytes) return {};
  return Status(Code::kInvalidArgument,
                std::string(name) + " has 1 to 4096 bytes; this one has " + std::to_string(text.size()) + ".")
      .With("argument", name);
}

Status DamagedGraph(TreeId tree) {
  return Status(Code::kCorruption, "An entry of a graph is not what was written.")
      .With("expected", "an entry of a graph")
      .With("actual", "bytes that are none, in tree " + std::to_string(static_cast<int>(tree)));
}

}  // namespace sochdb
