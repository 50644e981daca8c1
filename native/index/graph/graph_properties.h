// Properties of nodes and edges: JSON objects as text, changed member by member.
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sochdb {

// The members of `before` but those that `change` has too or `removed` names, then those of `change`. False when either is no
// object.
bool MergeProperties(std::string_view before, std::string_view change, const std::vector<std::string>& removed,
                     std::string* merged);

}  // namespace sochdb
