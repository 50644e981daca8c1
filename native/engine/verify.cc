#include "engine/verify.h"

#include <algorithm>
#include <utility>

#include "engine/recovery.h"
#include "engine/sealed_file.h"
#include "engine/store_format.h"
#include "env/path.h"

namespace sochdb {
namespace {

std::string DetailOf(const Status& status, std::string_view name) {
  for (const auto& [detail, value] : status.details()) {
    if (detail == name) return value;
  }
  return {};
}

uint64_t NumberOf(const std::string& text) {
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

}  // namespace

void AddFault(VerifyReport* report, StoreFault fault) {
  if (report->faults.size() < VerifyReport::kMaxFaults) report->faults.push_back(std::move(fault));
  else report->truncated = true;
}

Status FaultOrFailure(VerifyReport* report, const char* part, const std::string& file, const Status& status) {
  if (status.ok()) return {};
  const bool missing = status.code() == Code::kNotFound;
  if (!missing && status.code() != Code::kCorruption && status.code() != Code::kFormatVersion) return status;
  std::string named = DetailOf(status, "file");
  std::string expected = DetailOf(status, "expected");
  std::string actual = DetailOf(status, "actual");
  if (expected.empty()) expected = missing ? "a file" : "sound data";
  if (actual.empty()) actual = missing ? "none" : status.message();
  AddFault(report, {part, named.empty() ? file : std::move(named), NumberOf(DetailOf(status, "offset")), std::move(expected),
                    std::move(actual)});
  return {};
}

Status VerifyFormatFiles(Env* env, const std::string& path, VerifyReport* report) {
  StoreFormat format;
  bool made = false;
  SOCHDB_TRY(
      FaultOrFailure(report, "format", JoinPath(path, kFormatFileName), OpenStoreFormat(env, path, false, &format, &made)));
  CleanMarker clean;
  bool found = false;
  return FaultOrFailure(report, "format", JoinPath(path, kCleanFileName), ReadCleanMarker(env, path, &clean, &found));
}

void AddLogFaults(WalReport found, VerifyReport* report) {
  report->wal = std::move(found);
  report->bytes += report->wal.bytes;
  for (const WalChecksumError& error : report->wal.errors) {
    AddFault(report, {"log", error.file, error.offset, std::to_string(error.expected), std::to_string(error.actual)});
  }
}

Status VerifyLog(Env* env, const std::string& path, Lsn synced_end_lsn, Lsn first_lsn, const CancelToken* cancel,
                 VerifyReport* report) {
  const std::string dir = JoinPath(path, kWalDirName);
  Result<WalReport> verified = Wal::Verify(env, dir, synced_end_lsn, first_lsn, cancel);
  if (!verified.ok()) return FaultOrFailure(report, "log", dir, verified.status());
  AddLogFaults(std::move(verified).value(), report);
  return {};
}

Status VerifyTables(LsmStore* store, const CancelToken* cancel, const ProgressFn& progress, VerifyReport* report) {
  for (const FileEntry& file : store->state().files) {
    ++report->tables;
    report->bytes += file.properties.file_bytes;
  }
  const auto visit = [report](const LsmStore::Fault& fault) {
    const bool table = fault.file.size() > 4 && fault.file.compare(fault.file.size() - 4, 4, ".sst") == 0;
    AddFault(report, {table ? "table" : "manifest", fault.file, fault.offset, fault.expected, fault.actual});
  };
  return store->Verify(visit, cancel, progress);
}

Status VerifyDerived(Env* env, const std::string& path, const CancelToken* cancel, VerifyReport* report) {
  const std::string dir = JoinPath(path, kDerivedDirName);
  if (!env->FileExists(dir)) return {};
  SOCHDB_ASSIGN(names, env->ListDir(dir));
  for (const std::string& name : names) {
    if (IsTemporaryName(name)) continue;  // being written, or left by a crash: nobody reads it
    const std::string file = JoinPath(dir, name);
    uint64_t bytes = 0;
    const Status status = VerifySealedFile(env, file, cancel, &bytes);
    // It may have been replaced or deleted since it was listed.
    if (status.code() == Code::kNotFound) continue;
    SOCHDB_TRY(FaultOrFailure(report, "derived", file, status));
    report->bytes += bytes;
  }
  return {};
}

Status VerifyBlobs(const BlobStore& blobs, const std::vector<uint64_t>& numbers, const CancelToken* cancel,
                   VerifyReport* report) {
  for (const uint64_t number : numbers) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    uint64_t bytes = 0;
    SOCHDB_TRY(FaultOrFailure(report, "blob", blobs.PathOf(number), blobs.Check(number, &bytes)));
    ++report->blobs;
    report->bytes += bytes;
  }
  return {};
}

Status VerifyStore(Env* env, const std::string& path, const CancelToken* cancel, const ProgressFn& progress,
                   VerifyReport* report) {
  *report = {};
  if (!env->FileExists(JoinPath(path, kFormatFileName))) {
    return Status(Code::kNotFound, "The directory " + path + " holds no store.").With("file", path);
  }
  SOCHDB_ASSIGN(lock, env->LockFile(JoinPath(path, kLockFileName)));
  SOCHDB_TRY(VerifyFormatFiles(env, path, report));
  CleanMarker clean;
  bool was_clean = false;
  const bool sound_marker = ReadCleanMarker(env, path, &clean, &was_clean).ok();
  const Lsn synced_end = sound_marker && was_clean ? clean.synced_end_lsn : 0;
  LsmOptions options;
  options.read_only = true;
  options.block_cache_bytes = 0;
  const std::string tables = JoinPath(path, kTablesDirName);
  Lsn first_lsn = 0;
  std::unordered_set<uint64_t> named;
  Result<std::unique_ptr<LsmStore>> store = LsmStore::Open(env, tables, options);
  if (store.ok()) {
    first_lsn = FirstNeededLsn((*store)->state());
    for (const uint64_t number : (*store)->LiveBlobs()) named.insert(number);
    SOCHDB_TRY(VerifyTables(store->get(), cancel, progress, report));
  } else {
    SOCHDB_TRY(FaultOrFailure(report, "table", tables, store.status()));
  }
  if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
  SOCHDB_TRY(VerifyDerived(env, path, cancel, report));
  SOCHDB_TRY(VerifyLog(env, path, synced_end, first_lsn, cancel, report));
  SOCHDB_ASSIGN(blobs, BlobStore::Open(env, JoinPath(path, kBlobDirName)));
  if (report->sound()) SOCHDB_TRY(BlobsNamedByLog(env, path, synced_end, (*store)->state(), &named));
  std::vector<uint64_t> numbers(named.begin(), named.end());
  std::sort(numbers.begin(), numbers.end());
  return VerifyBlobs(*blobs, numbers, cancel, report);
}

}  // namespace sochdb
