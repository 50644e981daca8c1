// Memory that a nameless file stands behind, so that the system can give its pages back by writing them out.
//
// Thread safety: any thread.

#pragma once

#include <memory>
#include <string>

#include "env/env.h"

namespace sochdb {

Result<std::unique_ptr<Mapping>> MapPosixScratch(const std::string& dir, size_t bytes);
Result<std::unique_ptr<Mapping>> MapPosixFile(const std::string& path);

}  // namespace sochdb
