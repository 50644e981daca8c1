// MetadataPaths: many dotted paths, found in metadata by one walk over its text.
//
// A path reaches a value: the value of its last name, in each object that the names before it lead to; on the way, an array
// stands for each object in it. Of an array that it reaches, each scalar element counts. Paths share the names they begin
// with, so a walk looks at every key once, whatever the number of paths.
//
// Thread safety: immutable once built. Limits: 2^32 - 1 names in all.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sochdb {

class MetadataPaths {
 public:
  // What a path reaches: a scalar (the reader stands on it: ReadJsonScalar), an element of an array or the value itself;
  // or kBeginObject or kBeginArray, once for each object or array that is the value itself. False stops the walk.
  using Visitor = std::function<bool(uint32_t number, const JsonReader& reader, JsonToken token)>;

  // Several numbers may have the same path. REQUIRES: segments is not empty.
  void Add(std::span<const std::string> segments, uint32_t number);
  [[nodiscard]] bool empty() const { return names_.size() == 1; }
  // Malformed text ends the walk; CheckJson is the judge of that.
  void Visit(std::string_view json, const Visitor& visit) const;

 private:
  struct Name {
    std::string text;
    std::vector<uint32_t> next;     // positions in names_, sorted by their texts
    std::vector<uint32_t> numbers;  // of the paths that end here
  };

  [[nodiscard]] const Name* Follow(const Name& from, const JsonReader& reader) const;
  bool WalkValue(JsonReader* reader, JsonToken token, const Name& at, const Visitor& visit) const;
  bool WalkObject(JsonReader* reader, const Name& at, const Visitor& visit) const;
  bool WalkArray(JsonReader* reader, const Name& at, const Visitor& visit) const;
  static bool Reach(const JsonReader& reader, JsonToken token, const Name& at, const Visitor& visit);

  std::vector<Name> names_ = std::vector<Name>(1);  // the first one is the root, which has no text
};

}  // namespace sochdb
