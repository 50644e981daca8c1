#include "engine/repair.h"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_set>
#include <utility>

#include "engine/recovery.h"
#include "engine/store_format.h"
#include "env/path.h"
#include "lsm/manifest_format.h"
#include "sst/table.h"
#include "sst/table_builder.h"
#include "txn/trees.h"
#include "txn/write_batch.h"
#include "wal/blob_store.h"
#include "wal/wal_format.h"
#include "wal/wal_reader.h"

namespace sochdb {
namespace {

constexpr const char* kLostDirName = "lost";
constexpr size_t kChunkBytes = 1024 * 1024;
constexpr uint64_t kReplayMemoryBytes = 64ull * 1024 * 1024;
constexpr std::string_view kTableExtension = "sst";

class Repairer {
 public:
  Repairer(Env* env, const std::string& path, const CancelToken* cancel, const ProgressFn& progress, RepairReport* report)
      : env_(env), path_(path), cancel_(cancel), progress_(progress), report_(report) {}

  Status Run() {
    SOCHDB_TRY(RepairFormat());
    SOCHDB_TRY(RepairCleanMarker());
    for (const char* dir : {kWalDirName, kTablesDirName, kBlobDirName}) SOCHDB_TRY(env_->CreateDir(In(dir)));
    SOCHDB_TRY(env_->SyncDir(path_));
    SOCHDB_TRY(RepairManifest());
    SOCHDB_TRY(RepairTables());
    SOCHDB_TRY(RepairLog());
    SOCHDB_TRY(RepairBlobs());
    return DropDerived();
  }

 private:
  // What was derived from data that may be another now is made again.
  Status DropDerived() {
    if (!env_->FileExists(In(kDerivedDirName))) return {};
    SOCHDB_ASSIGN(names, env_->ListDir(In(kDerivedDirName)));
    for (const std::string& name : names) SOCHDB_TRY(env_->DeleteFile(JoinPath(In(kDerivedDirName), name)));
    return env_->SyncDir(In(kDerivedDirName));
  }

  [[nodiscard]] std::string In(std::string_view name) const { return JoinPath(path_, name); }
  [[nodiscard]] std::string TablePath(uint64_t number) const {
    return JoinPath(In(kTablesDirName), NumberedFileName(number, kTableExtension));
  }
  Status CheckCancelled() const { return cancel_ == nullptr ? Status() : cancel_->Check(); }

  void Lose(RepairReport::Loss loss) {
    report_->changed = true;
    if (report_->losses.size() < RepairReport::kMaxLosses) report_->losses.push_back(std::move(loss));
    else report_->losses_truncated = true;
  }

  // --- files that are replaced

  Status MakeLostDir() {
    if (!lost_dir_.empty()) return {};
    const std::string lost = In(kLostDirName);
    for (int i = 1; lost_dir_.empty(); ++i) {
      const std::string dir = JoinPath(lost, std::to_string(i));
      if (!env_->FileExists(dir)) lost_dir_ = dir;
    }
    SOCHDB_TRY(env_->CreateDir(lost_dir_));
    SOCHDB_TRY(env_->SyncDir(path_));
    return env_->SyncDir(lost);
  }

  // Into lost/, durably, before the original goes.
  Status KeepCopy(const std::string& file) {
    SOCHDB_TRY(MakeLostDir());
    const std::string to = JoinPath(lost_dir_, BaseName(file));
    SOCHDB_ASSIGN(in, env_->OpenFile(file, OpenMode::kReadOnly));
    SOCHDB_ASSIGN(size, in->Size());
    SOCHDB_ASSIGN(out, env_->OpenFile(to, OpenMode::kCreate));
    std::string chunk(kChunkBytes, '\0');
    for (uint64_t at = 0; at < size;) {
      SOCHDB_TRY(CheckCancelled());
      size_t got = 0;
      SOCHDB_TRY(in->Read(at, kChunkBytes, chunk.data(), &got));
      if (got == 0) break;
      SOCHDB_TRY(out->Write(at, {chunk.data(), got}));
      at += got;
    }
    SOCHDB_TRY(out->Sync());
    SOCHDB_TRY(env_->SyncDir(lost_dir_));
    report_->moved.push_back(to);
    report_->changed = true;
    return {};
  }
  Status MoveAside(const std::string& file) {
    SOCHDB_TRY(KeepCopy(file));
    SOCHDB_TRY(env_->DeleteFile(file));
    return env_->SyncDir(ParentPath(file));
  }

  // --- FORMAT and CLEAN

  Status RepairFormat() {
    const std::string file = In(kFormatFileName);
    StoreFormat format;
    bool made = false;
    const Status status = OpenStoreFormat(env_, path_, false, &format, &made);
    if (status.ok() && format.version == kStoreFormatVersion) return {};
    if (status.ok()) return UpgradeStoreFormat(env_, path_, &format);
    if (status.code() == Code::kFormatVersion) return status;  // sound, for another program
    if (status.code() != Code::kCorruption && status.code() != Code::kNotFound) return status;
    if (env_->FileExists(file)) SOCHDB_TRY(MoveAside(file));
    Lose({"format", file, 0, 0, {}, {}, "the database's uuid, and when it was made"});
    return WriteFileAtomically(env_, path_, kFormatFileName, EncodeStoreFormat(NewStoreFormat(env_)));
  }

  Status RepairCleanMarker() {
    const Status status = ReadCleanMarker(env_, path_, &clean_, &was_clean_);
    if (status.ok()) return {};
    if (status.code() != Code::kCorruption) return status;
    clean_ = {};
    was_clean_ = false;
    return MoveAside(In(kCleanFileName));
  }

  // --- the manifest

  Status RepairManifest() {
    Manifest::OpenReport found;
    Result<std::unique_ptr<Manifest>> opened = Manifest::Open(env_, In(kTablesDirName), true, &state_, &found);
    if (opened.ok()) return {};
    if (opened.status().code() != Code::kCorruption && opened.status().code() != Code::kNotFound) return opened.status();
    SOCHDB_ASSIGN(names, env_->ListDir(In(kTablesDirName)));
    if (names.empty()) return {};
    return RebuildManifest(names, opened.status());
  }

  // Takes every edit that can be read of the manifest that CURRENT names, or else of the newest that has any. What it replaces
  // goes when the new one has its place: a crash on the way leaves one of them.
  Status RebuildManifest(const std::vector<std::string>& names, const Status& why) {
    const std::string dir = In(kTablesDirName);
    state_ = {};
    std::vector<std::string> replaced;
    std::string current;
    if (env_->FileExists(JoinPath(dir, kCurrentFileName))) {
      replaced.push_back(JoinPath(dir, kCurrentFileName));
      SOCHDB_TRY(ReadWholeFile(env_, replaced.back(), &current));
    }
    const std::optional<uint64_t> named = DecodeCurrent(current);
    std::vector<uint64_t> numbers;
    for (const std::string& name : names) {
      if (const std::optional<uint64_t> number = ParseManifestFileName(name)) numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    bool chosen = false;
    for (const uint64_t number : numbers) {
      replaced.push_back(JoinPath(dir, ManifestFileName(number)));
      ManifestState state;
      if (!chosen) SOCHDB_TRY(ReadEdits(replaced.back(), number, &state));
      chosen |= number == named && !state.files.empty();
      if (!state.files.empty()) state_ = std::move(state);
    }
    Lose({"manifest", dir, 0, 0, {}, {}, why.message()});
    SOCHDB_TRY(LoseUnnamedTables(names));
    for (const std::string& file : replaced) SOCHDB_TRY(KeepCopy(file));
    SOCHDB_TRY(Manifest::WriteTo(env_, dir, state_, numbers.empty() ? 1 : numbers.back() + 1));
    for (const uint64_t number : numbers) SOCHDB_TRY(env_->DeleteFile(JoinPath(dir, ManifestFileName(number))));
    return env_->SyncDir(dir);
  }

  Status ReadEdits(const std::string& file, uint64_t number, ManifestState* state) {
    std::string bytes;
    SOCHDB_TRY(ReadWholeFile(env_, file, &bytes));
    ManifestContents contents;
    const auto apply = [state](uint64_t, std::string_view body) -> Status {
      ManifestEdit edit;
      if (ManifestEdit::Decode(body, &edit).ok()) (void)state->Apply(edit);
      return {};
    };
    const Status status = ReadManifest(bytes, number, apply, &contents);
    return status.code() == Code::kCorruption ? Status() : status;
  }

  // Without the manifest nobody knows which tree a table belongs to.
  Status LoseUnnamedTables(const std::vector<std::string>& names) {
    std::unordered_set<uint64_t> named;
    for (const FileEntry& file : state_.files) named.insert(file.number);
    for (const std::string& name : names) {
      const std::optional<uint64_t> number = ParseNumberedFileName(name, kTableExtension);
      if (!number) continue;
      state_.next_file_number = std::max(state_.next_file_number, *number + 1);
      if (named.count(*number) != 0) continue;
      const std::string file = JoinPath(In(kTablesDirName), name);
      Lose({"table", file, 0, 0, {}, {}, "no sound record of the manifest names it; it may be one that was replaced already"});
      SOCHDB_TRY(MoveAside(file));
      ++report_->tables_lost;
    }
    return {};
  }

  // --- tables

  Status RepairTables() {
    ManifestEdit edit;
    std::vector<std::string> replaced;
    uint64_t done = 0;
    uint64_t total = 0;
    for (const FileEntry& file : state_.files) total += file.properties.file_bytes;
    uint64_t next_number = state_.next_file_number;
    for (const FileEntry& file : state_.files) {
      SOCHDB_TRY(CheckCancelled());
      bool sound = false;
      SOCHDB_TRY(RepairTable(file, &next_number, &sound, &edit));
      if (sound) ++report_->tables_kept;
      else if (env_->FileExists(TablePath(file.number))) replaced.push_back(TablePath(file.number));
      done += file.properties.file_bytes;
      if (progress_) progress_(done, total);
    }
    if (edit.removed.empty()) return {};
    for (const std::string& file : replaced) SOCHDB_TRY(KeepCopy(file));
    SOCHDB_TRY(env_->SyncDir(In(kTablesDirName)));
    edit.next_file_number = next_number;
    ManifestState state;
    Manifest::OpenReport found;
    SOCHDB_ASSIGN(manifest, Manifest::Open(env_, In(kTablesDirName), false, &state, &found));
    SOCHDB_TRY(state.Apply(edit));
    SOCHDB_TRY(manifest->Append(edit, state));
    SOCHDB_TRY(manifest->Close());
    state_ = std::move(state);
    for (const std::string& file : replaced) SOCHDB_TRY(env_->DeleteFile(file));
    return replaced.empty() ? Status() : env_->SyncDir(In(kTablesDirName));
  }

  Status RepairTable(const FileEntry& file, uint64_t* next_number, bool* sound, ManifestEdit* edit) {
    const std::string path = TablePath(file.number);
    Result<std::unique_ptr<Table>> table = Table::Open(env_, path, file.number, {.known = &file.properties});
    Status fault = table.status();
    if (table.ok()) {
      uint64_t blocks = 0;
      bool bad = false;
      fault = (*table)->Verify(
          [&](const Table::BadBlock&) {
            bad = true;
            return false;
          },
          &blocks);
      *sound = fault.ok() && !bad;
      if (*sound) return {};
    }
    if (!fault.ok() && fault.code() != Code::kCorruption && fault.code() != Code::kNotFound) return fault;
    edit->removed.emplace_back(file.tree, file.number);
    report_->changed = true;
    if (fault.ok()) return Salvage(**table, file, next_number, edit);
    ++report_->tables_lost;
    Lose({"table", path, 0, file.properties.entries, file.properties.smallest_key, file.properties.largest_key,
          fault.message()});
    return {};
  }

  // A new table in the old one's place, of its sound blocks.
  Status Salvage(const Table& table, const FileEntry& file, uint64_t* next_number, ManifestEdit* edit) {
    const uint64_t number = (*next_number)++;
    const std::string path = TablePath(number);
    (void)env_->DeleteFile(path);  // of a repair that did not end
    SOCHDB_ASSIGN(out, env_->OpenFile(path, OpenMode::kCreateExclusive));
    TableOptions options;
    options.block_bytes = std::max<uint32_t>(file.properties.block_bytes, 4096);
    options.compression = file.properties.compression;
    auto builder = std::make_unique<TableBuilder>(std::move(out), path, number, options);
    const size_t losses = report_->losses.size();
    SOCHDB_TRY(
        table.Salvage([&](std::string_view key, const VersionView& version) { return builder->Add(key, version); },
                      [&](uint64_t offset, std::string_view from, std::string_view through) {
                        Lose({"table", table.path(), offset, 0, std::string(from), std::string(through), "a damaged block"});
                      }));
    const uint64_t kept = builder->entries();
    const uint64_t gone = file.properties.entries - std::min(file.properties.entries, kept);
    if (losses < report_->losses.size()) report_->losses[losses].entries = gone;
    if (kept == 0) {
      builder.reset();
      ++report_->tables_lost;
      return env_->DeleteFile(path);
    }
    FileEntry added = file;
    added.number = number;
    SOCHDB_TRY(builder->Finish(&added.properties));
    edit->added.push_back(std::move(added));
    ++report_->tables_rewritten;
    return {};
  }

  // --- the log

  Status RepairLog() {
    const std::string dir = In(kWalDirName);
    const Lsn synced_end = was_clean_ ? clean_.synced_end_lsn : 0;
    Result<WalReport> verified = Wal::Verify(env_, dir, synced_end, FirstNeededLsn(state_), cancel_);
    if (!verified.ok() && verified.status().code() != Code::kCorruption) return verified.status();
    if (verified.ok() && verified->errors.empty()) return {};  // a torn end is cut when the store is opened
    if (verified.ok()) {
      for (const WalChecksumError& error : verified->errors) {
        Lose({"log", error.file, error.offset, 0, {}, {}, "damaged at LSN " + std::to_string(error.lsn)});
      }
    } else {
      Lose({"log", dir, 0, 0, {}, {}, verified.status().message()});
    }
    SOCHDB_ASSIGN(names, env_->ListDir(dir));
    std::vector<std::string> segments;
    uint64_t bytes = 0;
    for (const std::string& name : names) {
      if (!ParseNumberedFileName(name, kWalExtension)) continue;
      segments.push_back(JoinPath(dir, name));
      SOCHDB_ASSIGN(file, env_->OpenFile(segments.back(), OpenMode::kReadOnly));
      SOCHDB_ASSIGN(size, file->Size());
      bytes += size;
      SOCHDB_TRY(file->Sync());
    }
    Lsn end = FirstNeededLsn(state_) + bytes;
    SOCHDB_TRY(KeepTransactions(dir, synced_end, &end));
    for (const std::string& segment : segments) SOCHDB_TRY(KeepCopy(segment));
    for (const std::string& segment : segments) SOCHDB_TRY(env_->DeleteFile(segment));
    SOCHDB_TRY(env_->SyncDir(dir));
    return WriteCleanMarker(env_, path_, {end, std::max(clean_.high_water_mark, last_ts_)});
  }

  // Writes what the log holds of sound transactions into tables, and has the log begin at *end, above all that was.
  Status KeepTransactions(const std::string& dir, Lsn synced_end, Lsn* end) {
    LsmOptions options;
    options.block_cache_bytes = 0;
    SOCHDB_ASSIGN(store, LsmStore::Open(env_, In(kTablesDirName), options));
    Trees trees(env_, env_->Random64());
    const ManifestState state = store->state();
    last_ts_ = state.last_ts;
    uint64_t kept_bytes = 0;
    const auto visit = [&](const WalEntry& entry) -> Status {
      *end = std::max(*end, entry.end_lsn);
      const Status replayed = ReplayInto(entry, state.flushed, &trees);
      if (replayed.code() == Code::kCorruption) return {};  // not even its own operations can be told
      SOCHDB_TRY(replayed);
      ++report_->log_entries_kept;
      kept_bytes += entry.end_lsn - entry.lsn;
      last_ts_ = std::max(last_ts_, entry.commit_ts);
      if (trees.usage().active() < kReplayMemoryBytes) return {};
      return FlushTrees(store.get(), &trees, entry.end_lsn);
    };
    WalReader reader(env_, dir, FirstNeededLsn(state), synced_end);
    reader.Watch(cancel_, {});
    SOCHDB_ASSIGN(report, reader.Salvage(visit));
    *end = std::max({*end, report.end_lsn, clean_.synced_end_lsn});
    report_->log_bytes_lost = report.bytes - std::min(report.bytes, kept_bytes);
    SOCHDB_TRY(FlushTrees(store.get(), &trees, *end));
    ManifestEdit edit;
    for (int i = 0; i < kTreeCount; ++i) edit.flushed.emplace_back(static_cast<TreeId>(i), *end);
    return store->Record(edit);
  }

  static Status ReplayInto(const WalEntry& entry, const std::array<Lsn, kTreeCount>& flushed, Trees* trees) {
    WriteBatchReader batch(entry.payload);
    SOCHDB_TRY(batch.Start());
    for (;;) {
      BatchOperation operation;
      bool found = false;
      SOCHDB_TRY(batch.Next(&operation, &found));
      if (!found) return {};
      if (entry.lsn < flushed[static_cast<size_t>(operation.tree)]) continue;
      trees->Ensure(operation.tree)->Add(operation.key, entry.commit_ts, operation.kind, operation.value, operation.expiry_ms);
    }
  }

  Status FlushTrees(LsmStore* store, Trees* trees, Lsn end) {
    std::vector<FlushUnit> units;
    trees->ForEach([&](Tree& tree) {
      (void)tree.Rotate();
      for (ImmutableMemtable& waiting : tree.Immutables()) {
        units.push_back({tree.id(), std::move(waiting.memtable), end, waiting.newest_ts});
      }
    });
    if (units.empty()) return {};
    KeepRule rule;
    rule.read_points = {last_ts_};
    rule.history_floor = store->state().history_floor;
    SOCHDB_TRY(store->Flush(units, rule));
    for (const FlushUnit& unit : units) trees->Find(unit.tree)->InstallLevels(nullptr, unit.memtable.get());
    return {};
  }

  // --- blobs

  Status RepairBlobs() {
    LsmOptions options;
    options.block_cache_bytes = 0;
    options.read_only = true;
    SOCHDB_ASSIGN(store, LsmStore::Open(env_, In(kTablesDirName), options));
    SOCHDB_ASSIGN(blobs, BlobStore::Open(env_, In(kBlobDirName)));
    for (const uint64_t number : store->LiveBlobs()) {
      SOCHDB_TRY(CheckCancelled());
      uint64_t bytes = 0;
      const Status status = blobs->Check(number, &bytes);
      if (status.ok()) continue;
      if (status.code() != Code::kCorruption) return status;
      // The value stays named: reading it says what is wrong. What is left of it stays where it is.
      const bool changed = report_->changed;
      Lose({"blob", blobs->PathOf(number), 0, 1, {}, {}, status.message()});
      report_->changed = changed;
    }
    return {};
  }

  Env* const env_;
  const std::string path_;
  const CancelToken* const cancel_;
  const ProgressFn& progress_;
  RepairReport* const report_;
  std::string lost_dir_;
  CleanMarker clean_;
  bool was_clean_ = false;
  ManifestState state_;
  Timestamp last_ts_ = 0;
};

uint64_t PidOf(const Status& status) {
  for (const auto& [name, value] : status.details()) {
    if (name == "pid") return static_cast<uint64_t>(std::strtoull(value.c_str(), nullptr, 10));
  }
  return 0;
}

// Why the store would not open, by the first part that refuses.
Status WouldOpen(Env* env, const std::string& path, StoreInspection* out) {
  StoreFormat format;
  bool made = false;
  SOCHDB_TRY(OpenStoreFormat(env, path, false, &format, &made));
  out->format_version = format.version;
  out->uuid = format.uuid;
  CleanMarker clean;
  SOCHDB_TRY(ReadCleanMarker(env, path, &clean, &out->was_clean));
  LsmOptions options;
  options.read_only = true;
  options.block_cache_bytes = 0;
  Lsn first_lsn = 0;
  if (format.version > 1) {
    SOCHDB_ASSIGN(store, LsmStore::Open(env, JoinPath(path, kTablesDirName), options));
    const ManifestState state = store->state();
    first_lsn = FirstNeededLsn(state);
    out->tables = state.files.size();
    for (const FileEntry& file : state.files) out->table_bytes += file.properties.file_bytes;
  }
  SOCHDB_ASSIGN(wal, Wal::Verify(env, JoinPath(path, kWalDirName), out->was_clean ? clean.synced_end_lsn : 0, first_lsn));
  out->wal = std::move(wal);
  if (out->wal.errors.empty()) return {};
  const WalChecksumError& error = out->wal.errors.front();
  return {Code::kCorruption, "The log is damaged at LSN " + std::to_string(error.lsn) + ", in " + error.file + "."};
}

}  // namespace

Status InspectStore(Env* env, const std::string& path, StoreInspection* out) {
  *out = {};
  if (!env->FileExists(path)) return Status(Code::kNotFound, "There is nothing at " + path + ".").With("path", path);
  out->is_store = env->FileExists(JoinPath(path, kFormatFileName));
  Result<std::unique_ptr<FileLock>> lock = env->LockFile(JoinPath(path, kLockFileName));
  if (lock.status().code() == Code::kLocked) {
    out->locked = true;
    out->holder_pid = PidOf(lock.status());
    out->refusal = lock.status().message();
    return {};
  }
  const Status status = WouldOpen(env, path, out);
  if (!status.ok()) out->refusal = status.message();
  return {};
}

Status RepairStore(Env* env, const std::string& path, const CancelToken* cancel, const ProgressFn& progress,
                   RepairReport* report) {
  *report = {};
  const bool any = env->FileExists(JoinPath(path, kFormatFileName)) || env->FileExists(JoinPath(path, kWalDirName)) ||
                   env->FileExists(JoinPath(path, kTablesDirName));
  if (!any) return Status(Code::kNotFound, "There is no store at " + path + ", nor what is left of one.").With("path", path);
  SOCHDB_ASSIGN(lock, env->LockFile(JoinPath(path, kLockFileName)));
  return Repairer(env, path, cancel, progress, report).Run();
}

}  // namespace sochdb
