// Opening a store: directory, lock, FORMAT, log, blobs, in this order. Nothing is changed before the lock is held.

#include <new>

#include "engine/engine_impl.h"
#include "env/path.h"

namespace sochdb {
namespace {

constexpr const char* kNotADirectory = "20";  // ENOTDIR, as the Env reports it

bool HasDetail(const Status& status, std::string_view name, std::string_view value) {
  for (const auto& [detail, held] : status.details()) {
    if (detail == name && held == value) return true;
  }
  return false;
}

// Makes the directory and what it lies in, each durable in the one above it.
Status MakeDirs(Env* env, const std::string& path) {
  if (env->FileExists(path)) return {};
  const std::string parent = ParentPath(path);
  if (parent != path && parent != "." && parent != "/") SOCHDB_TRY(MakeDirs(env, parent));
  SOCHDB_TRY(env->CreateDir(path));
  return env->SyncDir(parent);
}

Status OpenDirectory(Env* env, const std::string& path, bool create_if_missing) {
  if (path.empty()) return {Code::kInvalidArgument, "The path of the store is empty."};
  if (!env->FileExists(path)) {
    if (!create_if_missing) return {Code::kNotFound, "There is no store at " + path + ", and createIfMissing is off."};
    return MakeDirs(env, path);
  }
  Result<std::vector<std::string>> names = env->ListDir(path);
  if (names.ok()) return {};
  const bool is_file = names.status().code() == Code::kNotFound || HasDetail(names.status(), "errno", kNotADirectory);
  if (!is_file) return names.status();
  return Status(Code::kInvalidArgument, path + " is a file. A store is a directory: give the path of one, or of a new one.")
      .With("path", path);
}

Status OpenLog(EngineParts* parts) {
  CleanMarker clean;
  SOCHDB_TRY(ReadCleanMarker(parts->env, parts->path, &clean, &parts->report.was_clean));
  const Lsn synced_end = parts->report.was_clean ? clean.synced_end_lsn : 0;
  SOCHDB_TRY(Recover(parts->env, JoinPath(parts->path, kWalDirName), parts->options.wal, synced_end, parts->trees.get(),
                     &parts->recovered, &parts->report));
  parts->hlc->RaiseTo(std::max(clean.high_water_mark, parts->recovered.last_commit_ts));
  // Before anything is appended: from here on a crash must not look like a clean end.
  return parts->report.was_clean ? RemoveCleanMarker(parts->env, parts->path) : Status();
}

Result<std::unique_ptr<Engine>> OpenStore(Env* env, const std::string& path, const EngineOptions& options) {
  SOCHDB_TRY(CheckOptions(options));
  EngineParts parts;
  parts.env = env;
  parts.path = path;
  parts.options = options;
  SOCHDB_TRY(OpenDirectory(env, path, options.create_if_missing));
  if (!options.create_if_missing && !env->FileExists(JoinPath(path, kFormatFileName))) {
    return Status(Code::kNotFound, "The directory " + path + " holds no store, and createIfMissing is off.");
  }
  SOCHDB_ASSIGN(lock, env->LockFile(JoinPath(path, kLockFileName)));
  parts.lock = std::move(lock);
  bool made = false;
  SOCHDB_TRY(OpenStoreFormat(env, path, options.create_if_missing, &parts.format, &made));
  parts.hlc = std::make_unique<Hlc>(env);
  parts.trees = std::make_unique<Trees>(env, env->Random64());
  SOCHDB_ASSIGN(blobs, BlobStore::Open(env, JoinPath(path, kBlobDirName)));
  parts.blobs = std::move(blobs);
  SOCHDB_TRY(OpenLog(&parts));
  if (made) parts.report.was_clean = true;  // there was no shutdown
  uint64_t deleted = 0;
  SOCHDB_TRY(parts.blobs->DeleteUnreferenced(parts.recovered.live_blobs, &deleted));
  parts.recovered.live_blobs.clear();
  return std::unique_ptr<Engine>(std::make_unique<EngineImpl>(std::move(parts)));
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(Env* env, const std::string& path, const EngineOptions& options) {
  try {
    return OpenStore(env, path, options);
  } catch (const std::bad_alloc&) {
    return Status(Code::kOutOfMemory, "Memory ran out while the store at " + path + " was being opened.");
  }
}

}  // namespace sochdb
