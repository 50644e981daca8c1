// LIKE: '%' stands for any text, '_' for one character, an escape character takes the meaning from what follows it.
//
// Thread safety: functions of their arguments. Time: at worst text times pattern; steps are counted so that a caller's token is
// asked.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "exec/exec_context.h"

namespace sochdb {

// escape is empty or one character; case_insensitive folds ASCII letters. kInvalidArgument for a pattern that ends in its
// escape.
Status Like(std::string_view text, std::string_view pattern, std::string_view escape, bool case_insensitive,
            ExecContext* context, bool* matches);

}  // namespace sochdb
