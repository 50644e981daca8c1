// The store's lock file: one holder at a time, over processes and within this one.
//
// Between processes it is an open-file-description lock (F_OFD_SETLK; flock where there is none), which the system
// drops when the holder dies, however it dies. Such a lock does not see a second opening in the same process
// when descriptors are inherited, so a registry of held files (by device and inode) stands before it. The holder writes its pid
// into the file, so that who is refused can say who holds it. The file is left in place: deleting it
// would let two holders lock two files of one name.
//
// Thread safety: any thread.

#pragma once

#include <memory>
#include <string>

#include "env/env.h"

namespace sochdb {

Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path);

}  // namespace sochdb
