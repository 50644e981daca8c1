#include "env/posix_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "env/posix_file.h"

namespace sochdb {
namespace {

class PosixMapping final : public Mapping {
 public:
  PosixMapping(char* data, size_t bytes) : data_(data), bytes_(bytes) {}
  ~PosixMapping() override { (void)munmap(data_, bytes_); }
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  [[nodiscard]] char* data() const override { return data_; }
  [[nodiscard]] size_t size() const override { return bytes_; }

 private:
  char* const data_;
  const size_t bytes_;
};

// A file without a name: nothing is left of it, however the process ends.
int OpenNameless(const std::string& dir) {
#if defined(O_TMPFILE)
  const int descriptor = ::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;  // not every file system has them
#endif
  std::string path = dir + "/.scratch-XXXXXX";
  const int named = mkstemp(path.data());
  if (named >= 0) (void)unlink(path.c_str());
  return named;
}

// Every byte has its place on disk beforehand: a page without one would end the process when it is written.
int AllocateAll(int descriptor, size_t bytes) {
#if defined(__linux__)
  int error = 0;
  do {
    error = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  } while (error == EINTR);
  return error;
#else
  const std::string zeros(1 << 16, '\0');
  for (size_t at = 0; at < bytes; at += zeros.size()) {
    if (const int error = WriteFully(descriptor, at, {zeros.data(), std::min(zeros.size(), bytes - at)}); error != 0)
      return error;
  }
  return 0;
#endif
}

}  // namespace

Result<std::unique_ptr<Mapping>> MapPosixScratch(const std::string& dir, size_t bytes) {
  const int descriptor = OpenNameless(dir);
  if (descriptor < 0) return PosixError("create a scratch file", dir, errno);
  int error = AllocateAll(descriptor, bytes);
  void* data = MAP_FAILED;
  if (error == 0) {
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (data == MAP_FAILED) error = errno;
  }
  close(descriptor);
  if (error != 0) return PosixError("map a scratch file", dir, error);
  return std::unique_ptr<Mapping>(std::make_unique<PosixMapping>(static_cast<char*>(data), bytes));
}

Result<std::unique_ptr<Mapping>> MapPosixFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return PosixError("open", path, errno);
  struct stat about = {};
  int error = fstat(descriptor, &about) != 0 ? errno : 0;
  const auto bytes = static_cast<size_t>(about.st_size);
  void* data = MAP_FAILED;
  if (error == 0) {
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) error = errno;
  }
  close(descriptor);
  if (error != 0) return PosixError("map", path, error);
  return std::unique_ptr<Mapping>(std::make_unique<PosixMapping>(static_cast<char*>(data), bytes));
}

}  // namespace sochdb
