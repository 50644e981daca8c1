// The directory of a store: making it, and telling what a path that is given for one really is.
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>

#include "base/status.h"
#include "env/env.h"

namespace sochdb {

// Makes the directory and what it lies in, each durable in the one above it.
Status MakeDirs(Env* env, const std::string& path);
// Makes sure that there is a directory that holds a store or may become one: kInvalidArgument for a file, or for a directory
// with other things in it; kNotFound when there is none and none may be made.
Status OpenDirectory(Env* env, const std::string& path, bool create_if_missing);

}  // namespace sochdb
