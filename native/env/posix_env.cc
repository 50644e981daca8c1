#include "env/posix_env.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "env/path.h"
#include "env/posix_file.h"
#include "env/posix_lock.h"
#include "env/posix_mapping.h"

namespace sochdb {
namespace {

class PosixThread final : public Thread {
 public:
  explicit PosixThread(std::thread thread) : thread_(std::move(thread)) {}
  ~PosixThread() override { SOCHDB_CHECK(!thread_.joinable()); }
  PosixThread(const PosixThread&) = delete;
  PosixThread& operator=(const PosixThread&) = delete;
  void Join() override { thread_.join(); }

 private:
  std::thread thread_;
};

void NameThisThread(const std::string& name) {
#if defined(__APPLE__)
  pthread_setname_np(name.c_str());
#else
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // the kernel's limit
#endif
}

uint64_t ReadClock(clockid_t clock, uint64_t ticks_per_second) {
  struct timespec now {};
  clock_gettime(clock, &now);
  const auto seconds = static_cast<uint64_t>(now.tv_sec);
  return seconds * ticks_per_second + static_cast<uint64_t>(now.tv_nsec) / (1'000'000'000 / ticks_per_second);
}

Status MakeOneDir(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0) return {};
  const int error = errno;
  struct stat info {};
  if (error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return PosixError("create directory", path, error);
}

}  // namespace

Result<std::unique_ptr<File>> PosixEnv::OpenFile(const std::string& path, OpenMode mode) { return OpenPosixFile(path, mode); }

Status PosixEnv::DeleteFile(const std::string& path) {
  return unlink(path.c_str()) == 0 ? Status() : PosixError("delete", path, errno);
}

Status PosixEnv::RenameFile(const std::string& from, const std::string& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? Status() : PosixError("rename", from, errno);
}

Status PosixEnv::CreateDir(const std::string& path) {
  Status made = MakeOneDir(path);
  if (made.code() != Code::kNotFound) return made;
  const std::string parent = ParentPath(path);
  if (parent == path || parent == ".") return made;
  SOCHDB_TRY(CreateDir(parent));
  return MakeOneDir(path);
}

Status PosixEnv::DeleteDir(const std::string& path) {
  return rmdir(path.c_str()) == 0 ? Status() : PosixError("delete directory", path, errno);
}

Status PosixEnv::SyncDir(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return PosixError("open directory", path, errno);
  int result = 0;
  do {
    result = fsync(descriptor);
  } while (result != 0 && errno == EINTR);
  // Some file systems (network ones, a few FUSE ones) refuse to sync directories: their entries need none.
  const int error = result == 0 || errno == EINVAL ? 0 : errno;
  close(descriptor);
  return error == 0 ? Status() : PosixError("sync directory", path, error);
}

Result<std::vector<std::string>> PosixEnv::ListDir(const std::string& path) {
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return PosixError("list", path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const struct dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int error = errno;
  closedir(dir);
  if (error != 0) return PosixError("list", path, error);
  std::sort(names.begin(), names.end());
  return names;
}

bool PosixEnv::FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<std::unique_ptr<Mapping>> PosixEnv::MapScratch(const std::string& dir, size_t bytes) {
  return MapPosixScratch(dir, bytes);
}

Result<std::unique_ptr<Mapping>> PosixEnv::MapFile(const std::string& path) { return MapPosixFile(path); }

Result<std::unique_ptr<FileLock>> PosixEnv::LockFile(const std::string& path) { return LockPosixFile(path); }

Result<std::string> PosixEnv::RealPath(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return PosixError("resolve", path, errno);
  std::string real = resolved;
  std::free(resolved);
  return real;
}

uint64_t PosixEnv::NowMillis() { return ReadClock(CLOCK_REALTIME, 1000); }

uint64_t PosixEnv::MonotonicNanos() { return ReadClock(CLOCK_MONOTONIC, 1'000'000'000); }

uint64_t PosixEnv::MonotonicMicros() {
#if defined(CLOCK_BOOTTIME)
  return ReadClock(CLOCK_BOOTTIME, 1'000'000);  // goes on while the machine sleeps, as macOS's CLOCK_MONOTONIC does
#else
  return ReadClock(CLOCK_MONOTONIC, 1'000'000);
#endif
}

uint64_t PosixEnv::Random64() {
  static std::mutex mutex;  // guards device
  static std::random_device device;
  const std::lock_guard<std::mutex> guard(mutex);
  return (static_cast<uint64_t>(device()) << 32) | device();
}

void PosixEnv::SleepMicros(uint64_t micros) { std::this_thread::sleep_for(std::chrono::microseconds(micros)); }

std::unique_ptr<Thread> PosixEnv::StartThread(const char* name, std::function<void()> body) {
  return std::make_unique<PosixThread>(std::thread([label = std::string(name), run = std::move(body)] {
    NameThisThread(label);
    run();
  }));
}

Env* Env::Posix() {
  static PosixEnv* env = new PosixEnv;  // never destroyed: threads may outlive static destructors
  return env;
}

}  // namespace sochdb
