// JSON as a tree over its text: what the functions of JSON look into and change. Numbers and strings stay as they were spelt.
//
// Thread safety: one thread. Ownership: nodes view the texts they were read from; Keep holds those that would go away.
// Limits: kJsonDepthMax levels.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "codec/value.h"
#include "exec/json_check.h"

namespace sochdb {

enum class JsonKind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  std::string_view raw;  // of a scalar, quotes included
  std::string_view key;  // of a member, quotes included
  int32_t child = -1;    // the first
  int32_t next = -1;     // the next of the same parent
};

class JsonTree {
 public:
  // Drops everything.
  void Clear() {
    nodes_.clear();
    kept_.clear();
  }
  // Adds a tree; false when the text is not JSON (RFC 8259), or nests too deep.
  bool Parse(std::string_view text, int32_t* root);
  // A text that lives as long as the tree.
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  int32_t Add(const JsonNode& node) {
    nodes_.push_back(node);
    return static_cast<int32_t>(nodes_.size() - 1);
  }

  [[nodiscard]] JsonNode& at(int32_t node) { return nodes_[static_cast<size_t>(node)]; }
  [[nodiscard]] const JsonNode& at(int32_t node) const { return nodes_[static_cast<size_t>(node)]; }

  // -1 when there is none. `key` is decoded; of several equal ones, the first counts.
  [[nodiscard]] int32_t Member(int32_t object, std::string_view key) const;
  [[nodiscard]] int32_t Element(int32_t array, int64_t index) const;
  [[nodiscard]] int64_t Count(int32_t parent) const;
  void Append(int32_t parent, int32_t child);
  void Remove(int32_t parent, int32_t child);
  // Puts the value of a node in the place of another's, which keeps its key.
  void Assign(int32_t node, int32_t from);
  // A copy of a node with all below it, so that one value can stand in two places.
  int32_t Copy(int32_t node);

  void Write(int32_t node, std::string* out) const;
  // Scalars as SQL values, containers as JSON. Text that has to be made is appended to `scratch`, which the value then views.
  [[nodiscard]] Value ToValue(int32_t node, std::string* scratch) const;

 private:
  class Reader;
  std::vector<JsonNode> nodes_;
  std::deque<std::string> kept_;
};

// A string of JSON, quotes included, as what it says; and back.
void AppendJsonDecoded(std::string_view raw, std::string* out);
void AppendJsonQuoted(std::string_view text, std::string* out);
// Whether the raw string says this.
bool JsonStringIs(std::string_view raw, std::string_view text);

}  // namespace sochdb
