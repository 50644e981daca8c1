// Coercion of single values: CAST, and what parameters go through.
//
// CAST keeps as much as the type can: a REAL cast to INTEGER is cut off after the point, JSON must be JSON, a number out of
// range or text that is no number is an error. Timestamps read ISO 8601 (a date, or date and time, with fractions and zone) and
// are written as 2026-01-31T12:00:00.000Z. Parameters are coerced without loss or refused: '12' and 12.0 are an INTEGER 12; 1
// is a BOOLEAN; 12.5 is no INTEGER.
//
// Thread safety: functions of their arguments. Results may point into the argument's bytes or into the arena.

#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/value.h"
#include "exec/memory.h"

namespace sochdb {

// Whether CAST is defined between the types at all.
bool CanCast(ColumnType from, ColumnType to);

// REQUIRES: CanCast of the value's type. NULL stays NULL.
Status CastValue(const Value& value, ColumnType to, BatchArena* arena, Value* out);

Status CoerceLossless(const Value& value, ColumnType to, BatchArena* arena, Value* out);

// A value as text, as CAST writes it. REQUIRES: not NULL, no blob, no vector.
void AppendText(const Value& value, std::string* out);

}  // namespace sochdb
