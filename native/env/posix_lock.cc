#include "env/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "env/posix_file.h"

namespace sochdb {
namespace {

using FileId = std::pair<dev_t, ino_t>;

// The lock files this process holds. `mutex` guards `held`.
struct Registry {
  std::mutex mutex;
  std::set<FileId> held;
};
Registry& HeldFiles() {
  static Registry* registry = new Registry;  // outlives static destructors: a store may be closed by one
  return *registry;
}

int LockDescriptor(int descriptor) {
#if defined(F_OFD_SETLK)
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return fcntl(descriptor, F_OFD_SETLK, &range) == 0 ? 0 : errno;
#else
  return flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
#endif
}

// What the holder wrote; "unknown" while it has not yet.
std::string HolderPid(int descriptor) {
  char text[24] = {};
  const ssize_t n = pread(descriptor, text, sizeof(text) - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; ++i) pid.push_back(text[i]);
  return pid.empty() ? "unknown" : pid;
}

Status Locked(const std::string& path, const std::string& pid) {
  return {Code::kLocked,
          "The store is held by process " + pid + " (" + path + "). Close it there first.",
          {{"pid", pid}, {"file", path}}};
}

class PosixLock final : public FileLock {
 public:
  PosixLock(int descriptor, FileId id) : descriptor_(descriptor), id_(id) {}
  ~PosixLock() override {
    Registry& registry = HeldFiles();
    const std::lock_guard<std::mutex> guard(registry.mutex);
    close(descriptor_);
    registry.held.erase(id_);
  }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  const int descriptor_;
  const FileId id_;
};

}  // namespace

Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return PosixError("open", path, errno);
  struct stat info {};
  if (fstat(descriptor, &info) != 0) {
    Status failed = PosixError("stat", path, errno);
    close(descriptor);
    return failed;
  }
  const FileId id{info.st_dev, info.st_ino};
  const std::string pid = std::to_string(getpid());

  Registry& registry = HeldFiles();
  const std::lock_guard<std::mutex> guard(registry.mutex);
  if (registry.held.count(id) != 0) {
    close(descriptor);
    return Locked(path, pid);
  }
  int error = LockDescriptor(descriptor);
  if (error == EAGAIN || error == EACCES || error == EWOULDBLOCK) {
    Status locked = Locked(path, HolderPid(descriptor));
    close(descriptor);
    return locked;
  }
  if (error == 0) error = ftruncate(descriptor, 0) == 0 ? WriteFully(descriptor, 0, pid + "\n") : errno;
  if (error == ENOSPC || error == EDQUOT) error = 0;  // the lock is held; only its label is missing
  if (error != 0) {
    Status failed = PosixError("lock", path, error);
    close(descriptor);
    return failed;
  }
  registry.held.insert(id);
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(descriptor, id));
}

}  // namespace sochdb
