// Files of the real world, and how errno becomes a Status.
//
// Thread safety: that of File (env.h); the object holds nothing but a descriptor, so the kernel's rules apply.

#pragma once

#include <memory>
#include <string>

#include "env/env.h"

namespace sochdb {

// kDiskFull for ENOSPC and EDQUOT, kNotFound for ENOENT, kIoError for the rest; details: file, operation, errno.
Status PosixError(std::string_view operation, const std::string& path, int error);

Result<std::unique_ptr<File>> OpenPosixFile(const std::string& path, OpenMode mode);

// fsync as strong as the system has it. Returns 0 or errno.
int FullSync(int descriptor);

// Writes all of it, through short writes and interruptions. Returns 0 or errno.
int WriteFully(int descriptor, uint64_t offset, std::string_view data);

}  // namespace sochdb
