// PosixEnv: the real world on Linux and macOS. Env::Posix() is the process's one instance.
//
// Thread safety: any thread.

#pragma once

#include "env/env.h"

namespace sochdb {

class PosixEnv : public Env {
 public:
  Result<std::unique_ptr<File>> OpenFile(const std::string& path, OpenMode mode) override;
  Status DeleteFile(const std::string& path) override;
  Status RenameFile(const std::string& from, const std::string& to) override;
  Status CreateDir(const std::string& path) override;
  Status DeleteDir(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::vector<std::string>> ListDir(const std::string& path) override;
  bool FileExists(const std::string& path) override;
  Result<std::unique_ptr<Mapping>> MapScratch(const std::string& dir, size_t bytes) override;
  Result<std::unique_ptr<Mapping>> MapFile(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> LockFile(const std::string& path) override;
  Result<std::string> RealPath(const std::string& path) override;

  uint64_t NowMillis() override;
  uint64_t MonotonicMicros() override;
  uint64_t MonotonicNanos() override;
  uint64_t Random64() override;
  void SleepMicros(uint64_t micros) override;
  std::unique_ptr<Thread> StartThread(const char* name, std::function<void()> body) override;
};

}  // namespace sochdb
