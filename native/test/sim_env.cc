#include "test/sim_env.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "env/path.h"
#include "env/posix_file.h"
#include "test/oom.h"

namespace sochdb {
namespace {

constexpr uint64_t kFirstMillis = 1'700'000'000'000;
constexpr uint64_t kMicrosPerOperation = 5;
constexpr const char* kOpNames[] = {
    "open", "delete", "rename", "create directory", "delete directory", "sync directory", "list", "lock",
    "read", "write",  "sync",   "truncate",         "allocate"};

}  // namespace

class SimFileHandle final : public File {
 public:
  SimFileHandle(SimEnv* env, std::string path, SimFilePtr file, bool writable)
      : env_(env), path_(std::move(path)), file_(std::move(file)), writable_(writable), generation_(env->generation_) {}

  Status Read(uint64_t offset, size_t n, char* out, size_t* got) const override {
    const test::OomPause pause;
    *got = 0;
    if (const int error = Begin(SimEnv::Op::kRead, offset)) return env_->Fail(SimEnv::Op::kRead, path_, error);
    const std::string& data = file_->data;
    if (offset < data.size()) *got = data.copy(out, n, offset);
    return {};
  }

  Status Write(uint64_t offset, std::string_view data) override {
    const test::OomPause pause;
    int error = writable_ ? Begin(SimEnv::Op::kWrite, offset ^ (data.size() << 32) ^ Hash64(data)) : EBADF;
    if (dead()) return env_->Fail(SimEnv::Op::kWrite, path_, EIO);
    const uint64_t end = offset + data.size();
    const uint64_t has = std::max<uint64_t>(file_->allocated_bytes, file_->data.size());
    if (error == 0 && end > has && env_->DiskFull(end - has)) error = ENOSPC;
    if (error == 0) SimDisk::Write(file_.get(), offset, data);
    else if (writable_ && !was_crashed_) SimDisk::Write(file_.get(), offset, data.substr(0, SomeOf(data.size())));
    return error == 0 ? Status() : env_->Fail(SimEnv::Op::kWrite, path_, error);
  }

  Status Sync() override {
    const test::OomPause pause;
    const int error = Begin(SimEnv::Op::kSync, 0);
    if (dead()) return env_->Fail(SimEnv::Op::kSync, path_, EIO);
    if (error == 0) SimDisk::Sync(file_.get());
    else if (!env_->crashed_) env_->disk_.LoseDirtyPages(file_.get(), &env_->random_);
    return error == 0 ? Status() : env_->Fail(SimEnv::Op::kSync, path_, error);
  }

  Status Truncate(uint64_t size) override {
    const test::OomPause pause;
    const int error = writable_ ? Begin(SimEnv::Op::kTruncate, size) : EBADF;
    if (error != 0) return env_->Fail(SimEnv::Op::kTruncate, path_, error);
    SimDisk::Truncate(file_.get(), size);
    return {};
  }

  Status Allocate(uint64_t offset, uint64_t length) override {
    const test::OomPause pause;
    int error = writable_ ? Begin(SimEnv::Op::kAllocate, offset ^ (length << 32)) : EBADF;
    const uint64_t end = offset + length;
    const uint64_t has = std::max<uint64_t>(file_->allocated_bytes, file_->data.size());
    if (error == 0 && end > has && env_->DiskFull(end - has)) error = ENOSPC;
    if (error != 0) return env_->Fail(SimEnv::Op::kAllocate, path_, error);
    file_->allocated_bytes = std::max(file_->allocated_bytes, end);
    return {};
  }

  Result<uint64_t> Size() const override {
    const test::OomPause pause;
    if (dead()) return env_->Fail(SimEnv::Op::kRead, path_, EIO);
    return static_cast<uint64_t>(file_->data.size());
  }

 private:
  bool dead() const { return generation_ != env_->generation_; }
  int Begin(SimEnv::Op op, uint64_t detail) const {
    was_crashed_ = env_->crashed_;
    const int error = env_->Begin(op, path_, detail);
    return dead() ? EIO : error;
  }
  // How much of a write that fails was done.
  size_t SomeOf(size_t bytes) const { return static_cast<size_t>(env_->random_.Below(bytes + 1)); }

  SimEnv* const env_;
  const std::string path_;
  const SimFilePtr file_;
  const bool writable_;
  const uint64_t generation_;
  mutable bool was_crashed_ = false;
};

class SimLock final : public FileLock {
 public:
  SimLock(SimEnv* env, std::string path) : env_(env), path_(std::move(path)), generation_(env->generation_) {}
  ~SimLock() override {
    if (generation_ == env_->generation_) env_->locks_.erase(path_);
  }
  SimLock(const SimLock&) = delete;
  SimLock& operator=(const SimLock&) = delete;

 private:
  SimEnv* const env_;
  const std::string path_;
  const uint64_t generation_;
};

SimEnv::SimEnv(uint64_t seed) : baton_(seed), random_(seed ^ 0xd15c) {}
SimEnv::~SimEnv() = default;

int SimEnv::Begin(Op op, const std::string& path, uint64_t detail) {
  baton_.Yield();
  baton_.Advance(kMicrosPerOperation);
  ++io_count_;
  baton_.Note(Hash64(path, detail ^ static_cast<uint64_t>(op)));
  if (crash_at_ != 0 && io_count_ >= crash_at_) crashed_ = true;
  if (crashed_) return EIO;
  if (fail_at_ && (io_count_ == fail_at_->number || (fail_at_->and_later && io_count_ > fail_at_->number))) {
    return fail_at_->fault == Fault::kNoSpace ? ENOSPC : EIO;
  }
  return 0;
}

Status SimEnv::Fail(Op op, const std::string& path, int error) const {
  return PosixError(kOpNames[static_cast<size_t>(op)], path, error);
}

bool SimEnv::DiskFull(uint64_t more_bytes) const {
  return disk_limit_bytes_ != 0 && disk_.used_bytes() + more_bytes > disk_limit_bytes_;
}

void SimEnv::ClearFaults() {
  fail_at_.reset();
  crash_at_ = 0;
}

void SimEnv::Restart(uint64_t seed) {
  SimRandom random(seed);
  disk_.PowerLoss(&random);
  RestartProcess();
}

void SimEnv::Restart(const std::vector<SimDisk::Fate>& fates) {
  disk_.PowerLoss(fates);
  RestartProcess();
}

void SimEnv::UseDisk(SimDisk disk) {
  disk_ = std::move(disk);
  RestartProcess();
}

void SimEnv::RestartProcess() {
  ClearFaults();
  crashed_ = false;
  ++generation_;
  locks_.clear();
}

Result<std::unique_ptr<File>> SimEnv::OpenFile(const std::string& path, OpenMode mode) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kOpen, path, static_cast<uint64_t>(mode))) return Fail(Op::kOpen, path, error);
  SimFilePtr file = disk_.Find(path);
  if (file != nullptr && mode == OpenMode::kCreateExclusive) return Fail(Op::kOpen, path, EEXIST);
  if (file == nullptr) {
    if (mode == OpenMode::kReadOnly || mode == OpenMode::kReadWrite) return Fail(Op::kOpen, path, ENOENT);
    if (!disk_.DirExists(ParentPath(path))) return Fail(Op::kOpen, path, ENOENT);
    file = disk_.Create(path);
  }
  return std::unique_ptr<File>(std::make_unique<SimFileHandle>(this, path, std::move(file), mode != OpenMode::kReadOnly));
}

Status SimEnv::DeleteFile(const std::string& path) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kDelete, path)) return Fail(Op::kDelete, path, error);
  if (disk_.Find(path) == nullptr) return Fail(Op::kDelete, path, ENOENT);
  disk_.Delete(path);
  return {};
}

Status SimEnv::RenameFile(const std::string& from, const std::string& to) {
  const test::OomPause pause;
  SOCHDB_CHECK(ParentPath(from) == ParentPath(to));
  if (const int error = Begin(Op::kRename, from, Hash64(to))) return Fail(Op::kRename, from, error);
  if (disk_.Find(from) == nullptr) return Fail(Op::kRename, from, ENOENT);
  disk_.Rename(from, to);
  return {};
}

Status SimEnv::CreateDir(const std::string& path) {
  const test::OomPause pause;
  if (disk_.DirExists(path)) return {};
  const std::string parent = ParentPath(path);
  if (!disk_.DirExists(parent)) SOCHDB_TRY(CreateDir(parent));
  if (const int error = Begin(Op::kCreateDir, path)) return Fail(Op::kCreateDir, path, error);
  disk_.CreateDir(path);
  return {};
}

Status SimEnv::DeleteDir(const std::string& path) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kDeleteDir, path)) return Fail(Op::kDeleteDir, path, error);
  if (!disk_.DirExists(path)) return Fail(Op::kDeleteDir, path, ENOENT);
  if (!disk_.List(path).empty()) return Fail(Op::kDeleteDir, path, ENOTEMPTY);
  disk_.DeleteDir(path);
  return {};
}

Status SimEnv::SyncDir(const std::string& path) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kSyncDir, path)) return Fail(Op::kSyncDir, path, error);
  if (!disk_.DirExists(path)) return Fail(Op::kSyncDir, path, ENOENT);
  disk_.SyncDir(path);
  return {};
}

Result<std::vector<std::string>> SimEnv::ListDir(const std::string& path) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kList, path)) return Fail(Op::kList, path, error);
  if (!disk_.DirExists(path)) return Fail(Op::kList, path, ENOENT);
  return disk_.List(path);
}

bool SimEnv::FileExists(const std::string& path) {
  const test::OomPause pause;
  return disk_.Find(path) != nullptr || disk_.DirExists(path);
}

Result<std::unique_ptr<FileLock>> SimEnv::LockFile(const std::string& path) {
  const test::OomPause pause;
  if (const int error = Begin(Op::kLock, path)) return Fail(Op::kLock, path, error);
  if (!locks_.insert(path).second) {
    return Status(Code::kLocked, "The store is held by process 1 (" + path + ").", {{"pid", "1"}, {"file", path}});
  }
  if (disk_.Find(path) == nullptr) disk_.Create(path);
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(this, path));
}

Result<std::string> SimEnv::RealPath(const std::string& path) { return path; }

uint64_t SimEnv::NowMillis() {
  return static_cast<uint64_t>(static_cast<int64_t>(kFirstMillis + baton_.now_micros() / 1000) + wall_offset_millis_);
}

uint64_t SimEnv::MonotonicMicros() {
  baton_.Advance(1);
  return baton_.now_micros();
}

uint64_t SimEnv::Random64() { return random_.Next(); }

void SimEnv::SleepMicros(uint64_t micros) {
  const char here = 0;
  baton_.BlockFor(&here, micros);
}

std::unique_ptr<Thread> SimEnv::StartThread(const char* name, std::function<void()> body) {
  return baton_.StartThread(name, std::move(body));
}

bool SimEnv::AnswerBuggify(const char* point) {
  const test::OomPause pause;
  if (!buggify_seed_.has_value()) return false;
  const uint64_t hash = Hash64(point, *buggify_seed_);
  constexpr uint64_t kRates[] = {1, 2, 8};  // yes in one of so many calls
  if (hash % 3 != 0 || !random_.OneIn(kRates[hash / 3 % 3])) return false;
  baton_.Note(hash);
  buggified_.insert(point);
  return true;
}

void SimEnv::FlipBits(const std::string& path, uint64_t offset, uint8_t mask) {
  const SimFilePtr file = disk_.Find(path);
  SOCHDB_CHECK(file != nullptr && offset < file->data.size());
  file->data[offset] = static_cast<char>(file->data[offset] ^ static_cast<char>(mask));
  if (offset < file->durable.size()) file->durable[offset] = static_cast<char>(file->durable[offset] ^ static_cast<char>(mask));
}

void SimEnv::Overwrite(const std::string& path, uint64_t offset, std::string_view bytes) {
  const SimFilePtr file = disk_.Find(path);
  SOCHDB_CHECK(file != nullptr);
  SimDisk::Write(file.get(), offset, bytes);
  SimDisk::Sync(file.get());
}

void SimEnv::Cut(const std::string& path, uint64_t size) {
  const SimFilePtr file = disk_.Find(path);
  SOCHDB_CHECK(file != nullptr);
  SimDisk::Truncate(file.get(), size);
  SimDisk::Sync(file.get());
}

void SimEnv::Vanish(const std::string& path) {
  SOCHDB_CHECK(disk_.Find(path) != nullptr);
  disk_.Delete(path);
  disk_.SyncDir(ParentPath(path));
}

std::string SimEnv::Contents(const std::string& path) const {
  const SimFilePtr file = disk_.Find(path);
  return file == nullptr ? std::string() : file->data;
}

}  // namespace sochdb
