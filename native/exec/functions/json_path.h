// Paths into JSON, as SQLite spells them: $.member, $."any member", $[0], $[#-1], $[#].
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exec/functions/json_tree.h"

namespace sochdb {

struct JsonStep {
  enum Kind : uint8_t { kMember, kIndex, kFromEnd, kAppend } kind = kMember;
  std::string key;
  int64_t index = 0;
  size_t at = 0;  // where the step starts in the path
};

// False when the text is no path.
bool ReadJsonPath(std::string_view text, std::vector<JsonStep>* steps);
// The number of an element: digits alone.
bool ReadJsonIndex(std::string_view text, int64_t* out);
// One step, or all, down from a node; -1 when nothing is there.
int32_t JsonStepDown(const JsonTree& tree, int32_t node, const JsonStep& step);
int32_t FindJsonPath(const JsonTree& tree, int32_t root, const std::vector<JsonStep>& steps);

}  // namespace sochdb
