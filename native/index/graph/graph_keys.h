// Keys and values of what a graph stores. A namespace has one graph; its edges may name nodes that were never added.
//
//   node            kNodes          namespace u32 | 'n' | id                                  varint length | type | properties
//   node of a type  kNodes          namespace u32 | 't' | type* | id                          empty
//   rule of a type  kNodes          namespace u32 | 'r' | edge type                           u8: EdgeRule
//   indexes         kNodes          namespace u32 | 'd'                                       graph_index.h
//   index entry     kNodes          namespace u32 | 'p' | property u32 | value | id           empty; graph_index.h
//   edge            kEdgesOut       namespace u32 | from* | type* | to                        properties
//                   kEdgesIn        namespace u32 | to* | type* | from                        empty
//   temporal edge   kTemporalEdges  namespace u32 | 'o' | from* | type* | to* | valid from    valid until i64 | properties
//                                   namespace u32 | 'i' | to* | type* | from* | valid from    valid until i64
//
// text*: its bytes, 00 as 00 ff, ended by 00 00, so that keys sort as their texts do. Numbers in keys are big-endian; valid
// from has its sign bit flipped. Properties are a JSON object, as text. Times are milliseconds since 1970; valid until 0 is
// open.
//
// Thread safety: functions of their arguments. Limits: ids and types of 1 to kMaxGraphTextBytes bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/types.h"

namespace sochdb {

inline constexpr size_t kMaxGraphTextBytes = 4096;
inline constexpr int64_t kOpenEnd = 0;

enum class EdgeWay : uint8_t { kOut, kIn };

// What validity of temporal edges of a type may not do.
enum class EdgeRule : uint8_t {
  kNone = 0,
  kOncePerEdge = 1,  // intervals of the same (from, type, to) do not overlap
  kOncePerNode = 2,  // intervals of the same (from, type) do not overlap: a node is in one state at a time
};

// [from, until), or [from, ever) when until is kOpenEnd.
struct Validity {
  int64_t from = 0;
  int64_t until = kOpenEnd;

  [[nodiscard]] bool Contains(int64_t at) const { return from <= at && (until == kOpenEnd || at < until); }
  [[nodiscard]] bool Overlaps(const Validity& other) const {
    return (other.until == kOpenEnd || from < other.until) && (until == kOpenEnd || until > other.from);
  }
};

// What identifies an edge of the core graph.
struct EdgeName {
  std::string_view from;
  std::string_view type;
  std::string_view to;
};

// Appends text* to a key.
void AppendGraphText(std::string* key, std::string_view text);
// Takes text* off the front of a key: a view of it, or of scratch, to which its bytes were appended. False when it is none.
bool TakeGraphText(std::string_view* key, std::string* scratch, std::string_view* text);

// prefix: the namespace's.
std::string NodeKey(std::string_view prefix, std::string_view id);
std::string NodeTypePrefix(std::string_view prefix, std::string_view type);
std::string EdgeRuleKey(std::string_view prefix, std::string_view type);
std::string GraphIndexesKey(std::string_view prefix);
// Of all index entries; a key of one of them when followed by the entry and the node's id.
std::string IndexEntryPrefix(std::string_view prefix);
// What the keys of a node's edges begin with; and those of one type.
std::string EdgePrefix(std::string_view prefix, std::string_view node);
std::string EdgePrefix(std::string_view prefix, std::string_view node, std::string_view type);
std::string EdgeKey(std::string_view prefix, const EdgeName& edge, EdgeWay way);
std::string TemporalPrefix(std::string_view prefix, EdgeWay way);
std::string TemporalPrefix(std::string_view prefix, EdgeWay way, std::string_view node);
std::string TemporalPrefix(std::string_view prefix, EdgeWay way, std::string_view node, std::string_view type);
// Of all intervals of an edge; a key of one of them when followed by AppendValidFrom.
std::string TemporalPrefix(std::string_view prefix, EdgeWay way, const EdgeName& edge);
void AppendValidFrom(std::string* key, int64_t valid_from);
// The least key above all that begin with it. REQUIRES: a byte of it is not ff.
std::string PrefixEnd(std::string prefix);

// What follows a node's prefix in the key of an edge, a temporal one too; false when it is none.
bool ReadEdgeRest(std::string_view rest, bool temporal, std::string* scratch, std::string_view* type, std::string_view* other,
                  int64_t* valid_from);

std::string NodeValue(std::string_view type, std::string_view properties);
bool ReadNodeValue(std::string_view value, std::string_view* type, std::string_view* properties);
std::string TemporalValue(int64_t valid_until, std::string_view properties);
bool ReadTemporalValue(std::string_view value, int64_t* valid_until, std::string_view* properties);

Status CheckGraphText(std::string_view text, const char* name);
// kCorruption: an entry of the graph is not what was written.
Status DamagedGraph(TreeId tree);

}  // namespace sochdb
