// LIMIT and OFFSET as numbers: NULL and negative limits mean none, NULL and negative offsets 0.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>

#include "exec/eval.h"

namespace sochdb {

inline constexpr uint64_t kNoLimit = ~0ull;

// Null expressions are absent ones.
Status EvalLimits(const Expr* limit, const Expr* offset, Evaluator* evaluator, uint64_t* limit_rows, uint64_t* offset_rows);

}  // namespace sochdb
