// Indexes over properties of nodes: which are declared, and the entries that a node has in them.
//
// A property is declared for the nodes of a type, or for those of any. An entry is the number of the property and a scalar
// that the node has there, as of metadata (index/document/metadata_entries.h), so that a test of the property is a range of
// keys or two. A node that has several values of a property (an array has) is marked too: two tests of it may hold for two
// values, of which neither lies where both ranges do.
//
//   declared   next number u32, then for each property: number u32 | length | node type (empty: any) | length | path
//
// Whoever writes nodes reads what is declared as a constraint, so that nothing is written beside a change of it. Numbers are
// never used again.
//
// Thread safety: values. Limits: kMaxProperties in a graph, of any type together.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "index/document/metadata_entries.h"

namespace sochdb {

struct IndexedProperty {
  uint32_t number = 0;
  std::string node_type;  // empty: nodes of any type
  std::string path;       // dotted
};

struct GraphIndexes {
  static constexpr size_t kMaxProperties = 1024;

  uint32_t next_number = 1;
  std::vector<IndexedProperty> properties;  // by number

  [[nodiscard]] std::string Encode() const;
  // False when it is none.
  static bool Decode(std::string_view value, GraphIndexes* out);
};

// What index entries of a property begin with.
std::string IndexEntryPrefix(std::string_view prefix, uint32_t property);
// The nodes that have several values of a property are in this range.
EntryRange RangeOfSeveral(uint32_t property);

// Which entries nodes have.
class NodeEntries {
 public:
  explicit NodeEntries(std::vector<IndexedProperty> properties) : properties_(std::move(properties)) {}

  [[nodiscard]] bool empty() const { return properties_.empty(); }
  // Sorted, each once.
  std::vector<std::string> Of(std::string_view type, std::string_view json);

 private:
  // What is declared for nodes of a type.
  struct OfType {
    std::vector<IndexedField> fields;
    MetadataPaths paths;
  };

  const OfType& Declared(std::string_view type);

  std::vector<IndexedProperty> properties_;
  std::unordered_map<std::string, OfType> types_;
};

}  // namespace sochdb
