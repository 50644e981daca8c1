// GLOB: '*' stands for any text, '?' for one character, [a-z], [^a-z] for one of a set; case matters.
//
// Thread safety: a function of its arguments. Time: at worst text times pattern; a caller's token is asked.

#pragma once

#include <string_view>

#include "base/status.h"
#include "exec/exec_context.h"

namespace sochdb {

Status Glob(std::string_view text, std::string_view pattern, ExecContext* context, bool* matches);

}  // namespace sochdb
