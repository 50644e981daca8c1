// Tagged values: how constants, parameters and the values of ANY columns are spelled (exec/plan_format.h says where).
//
//   u8 tag (ValueTag), then: NULL nothing; BOOLEAN u8; INTEGER, TIMESTAMP i64; REAL f64; TEXT, BLOB, JSON, DECIMAL u32 length
//   and bytes; UUID 16 bytes; VECTOR u32 count and that many f32. All little-endian.
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/value.h"

namespace sochdb {

// Takes one value off the front of `in`; its bytes are views of `in`. Refuses (kInvalidArgument) unknown tags, cut bytes, NaN,
// text that is not UTF-8 and decimals that are no numbers.
Status DecodeTagged(std::string_view* in, Value* out);

// The same for bytes this process wrote itself, in a row: what does not fit is false, what fits is not looked into.
bool DecodeStoredTagged(std::string_view in, Value* out);

void AppendTagged(const Value& value, std::string* out);
size_t TaggedBytes(const Value& value);

}  // namespace sochdb
