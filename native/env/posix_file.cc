#include "env/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sochdb {
namespace {

// Linux moves at most 2 GiB - 4 KiB a call; macOS refuses more than INT_MAX.
constexpr size_t kMaxTransferBytes = size_t{1} << 30;

// No allocation call on this file system: at least see whether the space is there now.
int CheckFreeSpace(int descriptor, uint64_t length) {
  struct statvfs info {};
  if (fstatvfs(descriptor, &info) != 0) return errno;
  const uint64_t block = info.f_frsize != 0 ? info.f_frsize : info.f_bsize;
  const uint64_t blocks = block == 0 ? 0 : length / block;
  return info.f_bavail < blocks ? ENOSPC : 0;
}

int AllocateKeepingSize(int descriptor, uint64_t offset, uint64_t length) {
#if defined(__linux__)
  int result = 0;
  do {
    result = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return 0;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL) return errno;
#elif defined(__APPLE__)
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return errno;
  const uint64_t allocated = static_cast<uint64_t>(info.st_blocks) * 512;
  if (offset + length <= allocated) return 0;
  fstore_t store{F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(offset + length - allocated), 0};
  if (fcntl(descriptor, F_PREALLOCATE, &store) == 0) return 0;
  if (errno == ENOSPC) return errno;
#endif
  return CheckFreeSpace(descriptor, length);
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~PosixFile() override { close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Status Read(uint64_t offset, size_t n, char* out, size_t* got) const override {
    *got = 0;
    while (*got < n) {
      const ssize_t result =
          pread(descriptor_, out + *got, std::min(n - *got, kMaxTransferBytes), static_cast<off_t>(offset + *got));
      if (result < 0 && errno == EINTR) continue;
      if (result < 0) return PosixError("read", path_, errno);
      if (result == 0) break;
      *got += static_cast<size_t>(result);
    }
    return {};
  }

  Status Write(uint64_t offset, std::string_view data) override {
    const int error = WriteFully(descriptor_, offset, data);
    return error == 0 ? Status() : PosixError("write", path_, error);
  }

  Status Sync() override {
    const int error = FullSync(descriptor_);
    return error == 0 ? Status() : PosixError("sync", path_, error);
  }

  Status Truncate(uint64_t size) override {
    int result = 0;
    do {
      result = ftruncate(descriptor_, static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    return result == 0 ? Status() : PosixError("truncate", path_, errno);
  }

  Status Allocate(uint64_t offset, uint64_t length) override {
    if (length == 0) return {};
    const int error = AllocateKeepingSize(descriptor_, offset, length);
    return error == 0 ? Status() : PosixError("allocate", path_, error);
  }

  Result<uint64_t> Size() const override {
    struct stat info {};
    if (fstat(descriptor_, &info) != 0) return PosixError("stat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const std::string path_;
  const int descriptor_;
};

}  // namespace

Status PosixError(std::string_view operation, const std::string& path, int error) {
  Code code = Code::kIoError;
  if (error == ENOSPC || error == EDQUOT) code = Code::kDiskFull;
  else if (error == ENOENT) code = Code::kNotFound;
  const std::string why = std::generic_category().message(error);
  std::string message = "Could not " + std::string(operation) + " " + path + ": " + why + ".";
  return {code, std::move(message), {{"file", path}, {"operation", std::string(operation)}, {"errno", std::to_string(error)}}};
}

int FullSync(int descriptor) {
  int result = 0;
  do {
#if defined(__APPLE__)
    result = fcntl(descriptor, F_FULLFSYNC);
    if (result != 0 && (errno == ENOTSUP || errno == EINVAL)) result = fsync(descriptor);
#else
    result = fdatasync(descriptor);
#endif
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

int WriteFully(int descriptor, uint64_t offset, std::string_view data) {
  while (!data.empty()) {
    const size_t n = std::min(data.size(), kMaxTransferBytes);
    const ssize_t written = pwrite(descriptor, data.data(), n, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;  // a device that takes nothing and says nothing
    data.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return 0;
}

Result<std::unique_ptr<File>> OpenPosixFile(const std::string& path, OpenMode mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::kReadOnly:
      flags |= O_RDONLY;
      break;
    case OpenMode::kReadWrite:
      flags |= O_RDWR;
      break;
    case OpenMode::kCreate:
      flags |= O_RDWR | O_CREAT;
      break;
    case OpenMode::kCreateExclusive:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags, 0644);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return PosixError("open", path, errno);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, descriptor));
}

}  // namespace sochdb
