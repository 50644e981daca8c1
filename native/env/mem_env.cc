#include "env/mem_env.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "env/path.h"
#include "env/posix_file.h"

namespace sochdb {

// Chunks, so that a growing file is never copied as a whole.
struct MemEnv::Contents {
  static constexpr size_t kChunkBytes = 256 * 1024;

  explicit Contents(Env* env) : mutex(env) {}

  mutable Mutex mutex;  // guards the rest
  std::vector<std::unique_ptr<char[]>> chunks;
  uint64_t size = 0;

  void Grow(uint64_t to) {
    while (chunks.size() * kChunkBytes < to) chunks.push_back(std::make_unique<char[]>(kChunkBytes));
  }
  void Zero(uint64_t from, uint64_t to) {
    Each(from, to - from, [](char* at, size_t n) { std::memset(at, 0, n); });
  }
  template <typename Visit>
  void Each(uint64_t offset, uint64_t n, Visit visit) const {
    while (n > 0) {
      const size_t within = offset % kChunkBytes;
      const size_t piece = static_cast<size_t>(std::min<uint64_t>(n, kChunkBytes - within));
      visit(chunks[offset / kChunkBytes].get() + within, piece);
      offset += piece;
      n -= piece;
    }
  }
};

class MemEnv::MemFile final : public File {
 public:
  MemFile(std::string path, std::shared_ptr<Contents> contents, bool writable)
      : path_(std::move(path)), contents_(std::move(contents)), writable_(writable) {}

  Status Read(uint64_t offset, size_t n, char* out, size_t* got) const override {
    const MutexLock lock(&contents_->mutex);
    const uint64_t size = contents_->size;
    *got = offset >= size ? 0 : static_cast<size_t>(std::min<uint64_t>(n, size - offset));
    contents_->Each(offset, *got, [&out](const char* at, size_t piece) {
      std::memcpy(out, at, piece);
      out += piece;
    });
    return {};
  }

  Status Write(uint64_t offset, std::string_view data) override {
    if (!writable_) return PosixError("write", path_, EBADF);
    if (data.empty()) return {};
    const MutexLock lock(&contents_->mutex);
    const uint64_t end = offset + data.size();
    contents_->Grow(end);
    contents_->Each(offset, data.size(), [&data](char* at, size_t piece) {
      std::memcpy(at, data.data(), piece);
      data.remove_prefix(piece);
    });
    contents_->size = std::max(contents_->size, end);
    return {};
  }

  Status Sync() override { return {}; }

  // Bytes past the end of the file are kept zero, so that growing needs no clearing.
  Status Truncate(uint64_t size) override {
    if (!writable_) return PosixError("truncate", path_, EBADF);
    const MutexLock lock(&contents_->mutex);
    if (size < contents_->size) {
      const uint64_t kept = (size + Contents::kChunkBytes - 1) / Contents::kChunkBytes;
      contents_->chunks.resize(kept);
      contents_->Zero(size, std::min<uint64_t>(contents_->size, kept * Contents::kChunkBytes));
    }
    contents_->Grow(size);
    contents_->size = size;
    return {};
  }

  Status Allocate(uint64_t, uint64_t) override { return {}; }

  Result<uint64_t> Size() const override {
    const MutexLock lock(&contents_->mutex);
    return contents_->size;
  }

 private:
  const std::string path_;
  const std::shared_ptr<Contents> contents_;
  const bool writable_;
};

class MemEnv::MemLock final : public FileLock {
 public:
  MemLock(MemEnv* env, std::string path) : env_(env), path_(std::move(path)) {}
  ~MemLock() override {
    const MutexLock lock(&env_->mutex_);
    env_->locks_.erase(path_);
  }
  MemLock(const MemLock&) = delete;
  MemLock& operator=(const MemLock&) = delete;

 private:
  MemEnv* const env_;
  const std::string path_;
};

MemEnv::MemEnv() : mutex_(this) {}
MemEnv::~MemEnv() = default;

Result<std::unique_ptr<File>> MemEnv::OpenFile(const std::string& path, OpenMode mode) {
  const MutexLock lock(&mutex_);
  std::shared_ptr<Contents>* contents = nullptr;
  if (const auto found = files_.find(path); found != files_.end()) {
    if (mode == OpenMode::kCreateExclusive) return PosixError("open", path, EEXIST);
    contents = &found->second;
  } else {
    if (mode == OpenMode::kReadOnly || mode == OpenMode::kReadWrite) return PosixError("open", path, ENOENT);
    contents = &files_[path];
    *contents = std::make_shared<Contents>(this);
  }
  return std::unique_ptr<File>(std::make_unique<MemFile>(path, *contents, mode != OpenMode::kReadOnly));
}

Status MemEnv::DeleteFile(const std::string& path) {
  const MutexLock lock(&mutex_);
  return files_.erase(path) != 0 ? Status() : PosixError("delete", path, ENOENT);
}

Status MemEnv::RenameFile(const std::string& from, const std::string& to) {
  const MutexLock lock(&mutex_);
  const auto found = files_.find(from);
  if (found == files_.end()) return PosixError("rename", from, ENOENT);
  if (from == to) return {};
  files_[to] = found->second;
  files_.erase(from);
  return {};
}

Status MemEnv::CreateDir(const std::string& path) {
  const MutexLock lock(&mutex_);
  dirs_.insert(path);
  return {};
}

Status MemEnv::DeleteDir(const std::string& path) {
  const MutexLock lock(&mutex_);
  return dirs_.erase(path) != 0 ? Status() : PosixError("delete directory", path, ENOENT);
}

Status MemEnv::SyncDir(const std::string&) { return {}; }

Result<std::vector<std::string>> MemEnv::ListDir(const std::string& path) {
  const MutexLock lock(&mutex_);
  const std::string prefix = JoinPath(path, "");
  std::set<std::string> names;
  const auto add = [&](const std::string& full) {
    if (full.size() <= prefix.size() || full.compare(0, prefix.size(), prefix) != 0) return;
    names.insert(full.substr(prefix.size(), full.find('/', prefix.size()) - prefix.size()));
  };
  for (const auto& [name, contents] : files_) add(name);
  for (const std::string& dir : dirs_) add(dir);
  if (names.empty() && dirs_.count(path) == 0) return PosixError("list", path, ENOENT);
  return std::vector<std::string>(names.begin(), names.end());
}

bool MemEnv::FileExists(const std::string& path) {
  const MutexLock lock(&mutex_);
  return files_.count(path) != 0 || dirs_.count(path) != 0;
}

Result<std::unique_ptr<FileLock>> MemEnv::LockFile(const std::string& path) {
  const MutexLock lock(&mutex_);
  if (!locks_.insert(path).second) {
    const std::string pid = std::to_string(getpid());
    return Status(Code::kLocked, "The store is held by process " + pid + " (" + path + "). Close it there first.",
                  {{"pid", pid}, {"file", path}});
  }
  return std::unique_ptr<FileLock>(std::make_unique<MemLock>(this, path));
}

Result<std::string> MemEnv::RealPath(const std::string& path) { return path; }

uint64_t MemEnv::total_bytes() const {
  const MutexLock lock(&mutex_);
  uint64_t total = 0;
  for (const auto& [name, contents] : files_) {
    const MutexLock inner(&contents->mutex);
    total += contents->size;
  }
  return total;
}

}  // namespace sochdb
