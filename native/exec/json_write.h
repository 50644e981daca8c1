// JSON text of single values.
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/value.h"

namespace sochdb {

// "text", with what JSON does not allow inside escaped.
void AppendJsonString(std::string_view text, std::string* out);

// NULL, booleans and numbers as JSON has them, JSON as it is, everything else as a string. kInvalidArgument for blobs and
// vectors, which it cannot hold.
Status AppendJson(const Value& value, std::string* out);

}  // namespace sochdb
