#include "lsm/manifest.h"

#include <algorithm>
#include <new>

#include "base/bytes.h"
#include "env/path.h"
#include "lsm/manifest_format.h"

namespace sochdb {
namespace {

constexpr uint64_t kMinRewriteBytes = 64 * 1024;          // smaller files are never worth it
constexpr uint64_t kRewriteRatio = 4;                     // of the file to the state it began with
constexpr uint64_t kLargeFileBytes = 4ull * 1024 * 1024;  // beyond it, half that ratio

// A failure after which nobody knows what the disk holds.
Status Final(const Status& cause) {
  Status status(
      Code::kReadOnly,
      "The manifest could not be written, so the store takes no more changes until it is opened again: " + cause.message());
  for (const auto& [name, value] : cause.details()) status.With(name, value);
  return status;
}

Status NamesFile(Status status, const std::string& path) {
  if (status.ok()) return status;
  const bool named =
      std::any_of(status.details().begin(), status.details().end(), [](const auto& detail) { return detail.first == "file"; });
  if (!named) status.With("file", path);
  return status;
}

Status Damaged(const std::string& path, const ManifestDamage& damage) {
  return Status(Code::kCorruption, "The manifest " + path + " is damaged at byte " + std::to_string(damage.offset) +
                                       ". Restore a backup, or repair the store.")
      .With("file", path)
      .With("offset", std::to_string(damage.offset))
      .With("expected", damage.expected)
      .With("actual", damage.actual);
}

// What a directory holds that belongs to manifests.
struct Listing {
  bool has_current = false;
  uint64_t manifests = 0;
  uint64_t newest = 0;
  uint64_t tables = 0;
};

Status List(Env* env, const std::string& dir, Listing* out) {
  *out = {};
  if (!env->FileExists(dir)) return {};
  SOCHDB_ASSIGN(names, env->ListDir(dir));
  for (const std::string& name : names) {
    if (name == kCurrentFileName) out->has_current = true;
    if (ParseNumberedFileName(name, "sst")) ++out->tables;
    const std::optional<uint64_t> number = ParseManifestFileName(name);
    if (!number) continue;
    ++out->manifests;
    out->newest = std::max(out->newest, *number);
  }
  return {};
}

struct NewManifest {
  std::unique_ptr<File> file;
  ManifestSeed seed;
  uint64_t end = 0;
};

Status WriteContents(File* file, const ManifestSeed& seed, const ManifestState& state, uint64_t* end) {
  const std::string contents = EncodeManifestHeader(seed) + EncodeManifestState(seed, state);
  SOCHDB_TRY(file->Write(0, contents));
  SOCHDB_TRY(file->Sync());
  *end = contents.size();
  return {};
}

// A file that says all of `state`, synced. Leaves nothing behind on failure.
Result<NewManifest> WriteNew(Env* env, const std::string& dir, uint64_t number, const ManifestState& state) {
  const std::string path = JoinPath(dir, ManifestFileName(number));
  NewManifest made;
  made.seed = {number, env->Random64()};
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kCreateExclusive));
  made.file = std::move(file);
  Status written = WriteContents(made.file.get(), made.seed, state, &made.end);
  if (written.ok()) written = env->SyncDir(dir);
  if (!written.ok()) {
    made.file.reset();
    (void)env->DeleteFile(path);
    return written;
  }
  return made;
}

// *changed: the failure may have come after the new name took effect.
Status PointCurrentAt(Env* env, const std::string& dir, uint64_t number, bool* changed) {
  *changed = false;
  const std::string path = JoinPath(dir, kCurrentFileName);
  const std::string temporary = path + ".tmp";
  const auto write = [&]() -> Status {
    SOCHDB_ASSIGN(file, env->OpenFile(temporary, OpenMode::kCreate));
    SOCHDB_TRY(file->Truncate(0));  // left over from an attempt that a crash ended
    SOCHDB_TRY(file->Write(0, EncodeCurrent(number)));
    return file->Sync();
  };
  const Status written = write();
  if (!written.ok()) {
    (void)env->DeleteFile(temporary);
    return written;
  }
  *changed = true;
  SOCHDB_TRY(env->RenameFile(temporary, path));
  return env->SyncDir(dir);
}

class ManifestFile final : public Manifest {
 public:
  ManifestFile(Env* env, std::string dir, bool read_only) : env_(env), dir_(std::move(dir)), read_only_(read_only) {}

  Status Append(const ManifestEdit& edit, const ManifestState& after) override {
    if (read_only_) return {Code::kReadOnly, "The store is open for reading only."};
    SOCHDB_TRY(failed_);
    std::string body;
    edit.EncodeTo(&body);
    if (body.size() > kMaxManifestRecordBytes) {
      return Status(Code::kLimit, "One change of the store's tables is larger than a manifest record may be.")
          .With("limit", std::to_string(kMaxManifestRecordBytes));
    }
    if (WantsRewrite(body.size())) {
      const Status rewritten = Rewrite(after);
      if (rewritten.code() != Code::kDiskFull) return rewritten;  // what has no room for a new file may have it for a record
    }
    SOCHDB_TRY(AppendRecord(std::move(body)));
    Seal();
    return {};
  }

  Status Close() override {
    if (read_only_ || !failed_.ok()) return failed_;
    std::string record;
    AppendManifestRecord(seed_, end_, ManifestRecordType::kClosed, {}, &record);
    failed_ = Status(Code::kClosed, "The manifest is closed.");
    SOCHDB_TRY(file_->Write(end_, record));
    return file_->Sync();
  }

  uint64_t file_number() const override { return seed_.file_number; }
  uint64_t file_bytes() const override { return end_; }
  std::string file_name() const override { return ManifestFileName(seed_.file_number); }

  Status Verify(const VisitFault& visit) const override {
    std::string bytes;
    SOCHDB_TRY(ReadWholeFile(env_, path(), &bytes));
    bytes.resize(std::min<uint64_t>(bytes.size(), end_));
    ManifestContents contents;
    ManifestState state;
    const Status read = ReadManifest(bytes, seed_.file_number, EditsInto(&state), &contents);
    if (!read.ok()) {
      visit(contents.end, "an edit that fits", read.message());
    } else if (contents.damage) {
      visit(contents.damage->offset, contents.damage->expected, contents.damage->actual);
    } else if (contents.edits_end < end_) {
      visit(contents.end, std::to_string(end_) + " bytes", std::to_string(contents.end) + " bytes");
    }
    std::string current;
    SOCHDB_TRY(ReadWholeFile(env_, JoinPath(dir_, kCurrentFileName), &current));
    if (DecodeCurrent(current) != seed_.file_number) visit(0, EncodeCurrent(seed_.file_number), current);
    return {};
  }

  // Takes over the manifest that CURRENT names.
  Status Recover(uint64_t newest_number, const std::string& current, ManifestState* out, OpenReport* report) {
    const std::optional<uint64_t> number = DecodeCurrent(current);
    if (!number) {
      return Damaged(JoinPath(dir_, kCurrentFileName), {0, "the name of a manifest and its checksum", current.substr(0, 40)});
    }
    seed_.file_number = *number;
    std::string bytes;
    const Status found = ReadWholeFile(env_, path(), &bytes);
    if (found.code() == Code::kNotFound) return Damaged(path(), {0, "a file", "none"});
    SOCHDB_TRY(found);
    ManifestContents contents;
    SOCHDB_TRY(NamesFile(ReadManifest(bytes, *number, EditsInto(out), &contents), path()));
    if (contents.damage && contents.valid_after_damage) return Damaged(path(), *contents.damage);
    if (contents.records == 0) return Damaged(path(), {contents.end, "the state", "nothing"});
    seed_ = contents.seed;
    end_ = contents.edits_end;
    base_bytes_ = kManifestHeaderBytes + EncodeManifestState(seed_, *out).size();
    report->torn_bytes = bytes.size() - contents.end;
    report->torn_offset = contents.end;
    if (read_only_) return {};
    return contents.closed ? GoOn() : StartAfresh(newest_number, *out);
  }

  Status CreateFirst(uint64_t number, ManifestState* out) {
    *out = {};
    SOCHDB_TRY(env_->CreateDir(dir_));
    SOCHDB_TRY(env_->SyncDir(ParentPath(dir_)));
    newest_number_ = number - 1;
    return Rewrite(*out);
  }

 private:
  std::string path() const { return JoinPath(dir_, ManifestFileName(seed_.file_number)); }

  static std::function<Status(uint64_t, std::string_view)> EditsInto(ManifestState* state) {
    return [state](uint64_t offset, std::string_view body) -> Status {
      ManifestEdit edit;
      Status applied = ManifestEdit::Decode(body, &edit);
      if (applied.ok()) applied = state->Apply(edit);
      if (!applied.ok()) applied.With("offset", std::to_string(offset));
      return applied;
    };
  }

  // After a clean close nothing unsynced lies behind the end.
  Status GoOn() {
    SOCHDB_ASSIGN(file, env_->OpenFile(path(), OpenMode::kReadWrite));
    file_ = std::move(file);
    newest_number_ = std::max(newest_number_, seed_.file_number);
    return {};
  }

  Status StartAfresh(uint64_t newest_number, const ManifestState& state) {
    newest_number_ = std::max(newest_number, seed_.file_number);
    const Status rewritten = Rewrite(state);
    if (rewritten.code() != Code::kDiskFull) return rewritten;
    // There is no room for a second file: the torn end is cut off the first.
    SOCHDB_TRY(GoOn());
    SOCHDB_TRY(file_->Truncate(end_));
    return file_->Sync();
  }

  bool WantsRewrite(uint64_t more_bytes) const {
    const uint64_t bytes = end_ + more_bytes;
    if (env_->Buggify("lsm.rewrite-manifest")) return true;
    if (bytes > std::max(kMinRewriteBytes, kRewriteRatio * base_bytes_)) return true;
    return bytes > kLargeFileBytes && bytes > kRewriteRatio / 2 * base_bytes_;
  }

  // A new file that begins with `state`. kDiskFull: nothing has changed.
  Status Rewrite(const ManifestState& state) {
    const uint64_t number = newest_number_ + 1;
    newest_number_ = number;
    auto made = WriteNew(env_, dir_, number, state);
    if (!made.ok()) return made.status().code() == Code::kDiskFull ? made.status() : Fail(made.status());
    bool changed = false;
    const Status pointed = PointCurrentAt(env_, dir_, number, &changed);
    if (!pointed.ok() && !changed) {
      made->file.reset();
      (void)env_->DeleteFile(JoinPath(dir_, ManifestFileName(number)));
      return pointed.code() == Code::kDiskFull ? pointed : Fail(pointed);
    }
    if (!pointed.ok()) return Fail(pointed);
    if (file_ != nullptr || seed_.file_number != 0) {
      file_.reset();
      (void)env_->DeleteFile(path());  // if it stays, the next opening deletes it
    }
    file_ = std::move(made->file);
    seed_ = made->seed;
    end_ = made->end;
    base_bytes_ = end_;
    return {};
  }

  Status AppendRecord(std::string body) {
    std::string record;
    record.reserve(kManifestRecordHeaderBytes + body.size());
    PadManifestBody(end_, &body);
    AppendManifestRecord(seed_, end_, ManifestRecordType::kEdit, body, &record);
    const Status written = file_->Write(end_, record);
    if (!written.ok()) {
      if (written.code() != Code::kDiskFull) return Fail(written);
      // Part of it may be there: never the whole, so that a crash leaves a torn end. What takes its place may be shorter.
      const Status cut = file_->Truncate(end_);
      return cut.ok() ? written : Fail(cut);
    }
    const Status synced = file_->Sync();
    if (!synced.ok()) return Fail(synced);
    end_ += record.size();
    return {};
  }

  // The edit is durable already; a seal that a full disk refuses is merely missing. The next edit overwrites it.
  void Seal() {
    try {
      std::string record;
      AppendManifestRecord(seed_, end_, ManifestRecordType::kSeal, {}, &record);
      const Status written = file_->Write(end_, record);
      if (!written.ok() && written.code() != Code::kDiskFull) (void)Fail(written);
    } catch (const std::bad_alloc&) {
      // It is missing, like one that a full disk refused.
    }
  }

  Status Fail(const Status& cause) {
    failed_ = Final(cause);
    return failed_;
  }

  Env* const env_;
  const std::string dir_;
  const bool read_only_;
  std::unique_ptr<File> file_;
  ManifestSeed seed_;
  uint64_t end_ = 0;
  uint64_t base_bytes_ = 0;     // of the file when it was begun
  uint64_t newest_number_ = 0;  // no manifest has a greater one
  Status failed_;
};

// Without CURRENT there may be what a crash left of the very first opening, and nothing else.
Status CheckNothingIsLost(Env* env, const std::string& dir, const Listing& listing) {
  const std::string current = JoinPath(dir, kCurrentFileName);
  const auto lost = [&] { return Damaged(current, {0, "a file", "none"}); };
  if (listing.tables != 0 || listing.manifests > 1 || listing.newest > 1) return lost();
  if (listing.manifests == 0) return {};
  std::string bytes;
  SOCHDB_TRY(ReadWholeFile(env, JoinPath(dir, ManifestFileName(listing.newest)), &bytes));
  ManifestContents contents;
  const Status read = ReadManifest(
      bytes, listing.newest, [](uint64_t, std::string_view) { return Status(); }, &contents);
  return read.ok() && contents.records > 1 ? lost() : Status();
}

}  // namespace

Result<std::unique_ptr<Manifest>> Manifest::Open(Env* env, const std::string& dir, bool read_only, ManifestState* out,
                                                 OpenReport* report) {
  *out = {};
  *report = {};
  Listing listing;
  SOCHDB_TRY(List(env, dir, &listing));
  auto manifest = std::make_unique<ManifestFile>(env, dir, read_only);
  if (listing.has_current) {
    std::string current;
    SOCHDB_TRY(ReadWholeFile(env, JoinPath(dir, kCurrentFileName), &current));
    SOCHDB_TRY(manifest->Recover(listing.newest, current, out, report));
    return std::unique_ptr<Manifest>(std::move(manifest));
  }
  SOCHDB_TRY(CheckNothingIsLost(env, dir, listing));
  if (read_only) return Status(Code::kNotFound, "The directory " + dir + " holds no manifest.").With("file", dir);
  if (listing.manifests != 0) SOCHDB_TRY(env->DeleteFile(JoinPath(dir, ManifestFileName(listing.newest))));
  SOCHDB_TRY(manifest->CreateFirst(1, out));
  return std::unique_ptr<Manifest>(std::move(manifest));
}

Status Manifest::WriteTo(Env* env, const std::string& dir, const ManifestState& state, uint64_t number) {
  auto made = WriteNew(env, dir, number, state);
  SOCHDB_TRY(made.status());
  bool changed = false;
  return PointCurrentAt(env, dir, number, &changed);
}

}  // namespace sochdb
