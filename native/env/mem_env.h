// MemEnv: files in memory, for ':memory:' stores; clock, random numbers and threads are the real ones.
//
// Nothing survives the MemEnv. Syncing is a no-op, since there is nothing to lose. Directories need not be
// created; names are taken as they are given.
//
// Thread safety: any thread; a File as env.h says.
// Ownership: a File shares its contents with the MemEnv, so it stays readable after its name is deleted, as on Linux.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "env/posix_env.h"
#include "env/sync.h"

namespace sochdb {

class MemEnv : public PosixEnv {
 public:
  MemEnv();
  ~MemEnv() override;

  Result<std::unique_ptr<File>> OpenFile(const std::string& path, OpenMode mode) override;
  Status DeleteFile(const std::string& path) override;
  Status RenameFile(const std::string& from, const std::string& to) override;
  Status CreateDir(const std::string& path) override;
  Status DeleteDir(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::vector<std::string>> ListDir(const std::string& path) override;
  bool FileExists(const std::string& path) override;
  Result<std::unique_ptr<Mapping>> MapScratch(const std::string& dir, size_t bytes) override {
    return Env::MapScratch(dir, bytes);  // its files are memory
  }
  Result<std::unique_ptr<Mapping>> MapFile(const std::string& path) override { return Env::MapFile(path); }
  Result<std::unique_ptr<FileLock>> LockFile(const std::string& path) override;
  Result<std::string> RealPath(const std::string& path) override;

  // Bytes of all files, for tests and statistics.
  uint64_t total_bytes() const;

 private:
  struct Contents;
  class MemFile;
  class MemLock;

  mutable Mutex mutex_;  // guards files_, dirs_ and locks_
  std::map<std::string, std::shared_ptr<Contents>> files_;
  std::set<std::string> dirs_;
  std::set<std::string> locks_;
};

}  // namespace sochdb
