// GraphJson: nodes and edges as the JSON text in which a graph's answers leave the engine.
//
//   node   {"id":…,"nodeType":…,"properties":…}                       nodeType "" and properties {} of one never added
//   edge   {"fromId":…,"edgeType":…,"toId":…,"properties":…}          temporal: with "validFrom" and "validUntil"
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>
#include <string_view>

#include "index/graph/graph_keys.h"

namespace sochdb {

// A string with its quotes. REQUIRES: UTF-8.
void AppendJsonText(std::string* json, std::string_view text);

// Without the closing brace: more may follow.
void AppendOpenNode(std::string* json, std::string_view id, std::string_view type, std::string_view properties);

struct EdgeText {
  EdgeName name;
  bool temporal = false;
  Validity validity;
  std::string_view properties;
};
void AppendEdge(std::string* json, const EdgeText& edge);

}  // namespace sochdb
