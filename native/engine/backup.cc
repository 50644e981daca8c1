#include "engine/backup.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/store_dir.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr size_t kChunkBytes = 1024 * 1024;

class Copier {
 public:
  Copier(const BackupSource& source, std::string to, const CancelToken* cancel, const ProgressFn& progress,
         BackupReport* report)
      : source_(source), env_(source.env), to_(std::move(to)), cancel_(cancel), progress_(progress), report_(report) {}

  Status Run() {
    SOCHDB_TRY(Prepare());
    Status status = CopyAll();
    if (status.ok()) status = Check();
    if (!status.ok()) RemoveAll();
    return status;
  }

 private:
  [[nodiscard]] std::string In(const char* dir) const { return JoinPath(to_, dir); }

  // Makes the directory, or takes an empty one.
  Status Prepare() {
    if (env_->FileExists(to_)) {
      Result<std::vector<std::string>> names = env_->ListDir(to_);
      if (!names.ok() || !names->empty()) {
        return Status(Code::kInvalidArgument,
                      to_ + " is not an empty directory. A backup takes a new or an empty one; nothing was changed.")
            .With("path", to_);
      }
    } else {
      made_dir_ = true;
      SOCHDB_TRY(MakeDirs(env_, to_));
    }
    return {};
  }

  Status CopyAll() {
    for (const char* dir : {kTablesDirName, kWalDirName, kBlobDirName}) SOCHDB_TRY(env_->CreateDir(In(dir)));
    Measure();
    for (const TableFilePtr& file : source_.picture->files) {
      SOCHDB_TRY(Copy(file->table().path(), JoinPath(In(kTablesDirName), BaseName(file->table().path()))));
      ++report_->tables;
    }
    for (const uint64_t number : blobs_) {
      const std::string path = source_.blobs->PathOf(number);
      SOCHDB_TRY(Copy(path, JoinPath(In(kBlobDirName), BaseName(path))));
      ++report_->blobs;
    }
    for (const char* dir : {kTablesDirName, kWalDirName, kBlobDirName}) SOCHDB_TRY(env_->SyncDir(In(dir)));
    ManifestState state = source_.picture->state;
    state.flushed.fill(source_.lsn);  // the copy's log begins there
    state.checkpoint_lsn = source_.lsn;
    SOCHDB_TRY(Manifest::WriteTo(env_, In(kTablesDirName), state));
    report_->lsn = source_.lsn;
    report_->ts = state.last_ts;
    SOCHDB_TRY(WriteCleanMarker(env_, to_, {source_.lsn, source_.high_water_mark}));
    SOCHDB_TRY(WriteFileAtomically(env_, to_, kFormatFileName, EncodeStoreFormat(source_.format)));
    return env_->SyncDir(ParentPath(to_));
  }

  // What there is to copy, and how much.
  void Measure() {
    std::unordered_set<uint64_t> named;
    for (const TableFilePtr& file : source_.picture->files) {
      total_ += file->properties().file_bytes;
      named.insert(file->properties().blobs.begin(), file->properties().blobs.end());
    }
    blobs_.assign(named.begin(), named.end());
    std::sort(blobs_.begin(), blobs_.end());
    total_ *= 2;  // written, and read again
  }

  Status Copy(const std::string& from, const std::string& to) {
    SOCHDB_ASSIGN(in, env_->OpenFile(from, OpenMode::kReadOnly));
    SOCHDB_ASSIGN(size, in->Size());
    SOCHDB_ASSIGN(out, env_->OpenFile(to, OpenMode::kCreateExclusive));
    SOCHDB_TRY(out->Allocate(0, size));
    std::string chunk(kChunkBytes, '\0');
    for (uint64_t at = 0; at < size;) {
      if (cancel_ != nullptr) SOCHDB_TRY(cancel_->Check());
      size_t got = 0;
      SOCHDB_TRY(in->Read(at, kChunkBytes, chunk.data(), &got));
      if (got == 0) break;
      SOCHDB_TRY(out->Write(at, {chunk.data(), got}));
      at += got;
      Advance(got);
    }
    report_->bytes += size;
    return out->Sync();
  }

  void Advance(uint64_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_, std::max(total_, done_));
  }

  Status Check() {
    const uint64_t copied = done_;
    const auto on = [&](uint64_t done, uint64_t) {
      if (progress_) progress_(copied + done, std::max(total_, copied + done));
    };
    VerifyReport found;
    SOCHDB_TRY(VerifyStore(env_, to_, cancel_, on, &found));
    // The check held the copy's lock; whoever opens the copy makes it again.
    (void)env_->DeleteFile(JoinPath(to_, kLockFileName));
    if (found.sound()) return {};
    const StoreFault& fault = found.faults.front();
    return Status(Code::kCorruption, "The backup is not sound: " + fault.file +
                                         " holds other bytes than were written, or the database itself is "
                                         "damaged there. It was removed; verify the database.")
        .With("file", fault.file)
        .With("offset", std::to_string(fault.offset))
        .With("expected", fault.expected)
        .With("actual", fault.actual);
  }

  // As far as it can be done: what is left is no store, since FORMAT goes first.
  void RemoveAll() {
    for (const char* name : {kFormatFileName, kCleanFileName, kLockFileName}) (void)env_->DeleteFile(JoinPath(to_, name));
    for (const char* dir : {kTablesDirName, kWalDirName, kBlobDirName}) {
      Result<std::vector<std::string>> names = env_->ListDir(In(dir));
      for (const std::string& name : names.ok() ? *names : std::vector<std::string>{}) {
        (void)env_->DeleteFile(JoinPath(In(dir), name));
      }
      (void)env_->DeleteDir(In(dir));
    }
    Result<std::vector<std::string>> rest = env_->ListDir(to_);
    for (const std::string& name : rest.ok() ? *rest : std::vector<std::string>{}) (void)env_->DeleteFile(JoinPath(to_, name));
    if (made_dir_) (void)env_->DeleteDir(to_);
  }

  const BackupSource& source_;
  Env* const env_;
  const std::string to_;
  const CancelToken* const cancel_;
  const ProgressFn& progress_;
  BackupReport* const report_;
  std::vector<uint64_t> blobs_;
  bool made_dir_ = false;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

}  // namespace

Status WriteBackup(const BackupSource& source, const std::string& to, const CancelToken* cancel, const ProgressFn& progress,
                   BackupReport* report) {
  *report = {};
  if (to.empty()) return {Code::kInvalidArgument, "The path of the backup is empty."};
  return Copier(source, to, cancel, progress, report).Run();
}

}  // namespace sochdb
