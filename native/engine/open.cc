// Opening a store: directory, lock, FORMAT, tables, blobs, log, in this order. Nothing is changed before the lock is held.

#include <algorithm>
#include <new>

#include "engine/engine_impl.h"
#include "engine/store_dir.h"
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

LsmOptions TablesOptions(const EngineOptions& options) {
  LsmOptions out;
  out.threads = options.background;
  out.table.compression = options.compression;
  out.table.compression_level = options.compression_level;
  out.block_cache_bytes = options.block_cache_bytes;
  out.compaction_bytes_per_second = options.compaction_bytes_per_second;
  out.target_file_bytes = options.target_file_bytes;
  out.base_level_bytes = options.base_level_bytes;
  out.read_only = options.read_only;
  return out;
}

// Memory is taken in blocks that a small memtable has many of.
size_t BlockBytes(const EngineOptions& options) {
  return static_cast<size_t>(std::clamp<uint64_t>(options.memtable_bytes / 32, 1024, 256 * 1024));
}

// A reader does without the lock where it cannot be had: another process writes, or nobody may.
Status Lock(EngineParts* parts) {
  const std::string file = JoinPath(parts->path, kLockFileName);
  Result<std::unique_ptr<FileLock>> lock = parts->env->LockFile(file);
  if (lock.ok()) {
    parts->lock = std::move(lock).value();
    return {};
  }
  if (!parts->options.read_only) return lock.status();
  if (lock.status().code() == Code::kLocked) {
    parts->report.log_skipped = true;
    parts->report.holder_pid = NumberOf(DetailOf(lock.status(), "pid"));
  }
  return {};
}

Status OpenFormat(EngineParts* parts, bool* made) {
  SOCHDB_TRY(OpenStoreFormat(parts->env, parts->path, parts->options.create_if_missing, &parts->format, made));
  if (parts->format.version == kStoreFormatVersion || parts->options.read_only) return {};
  return UpgradeStoreFormat(parts->env, parts->path, &parts->format);
}

Status OpenTables(EngineParts* parts) {
  const std::string dir = JoinPath(parts->path, kTablesDirName);
  SOCHDB_ASSIGN(store, LsmStore::Open(parts->env, dir, TablesOptions(parts->options)));
  parts->store = std::move(store);
  return {};
}

Status OpenTrees(EngineParts* parts) {
  const EngineOptions& options = parts->options;
  if (options.index_policy && !options.read_only && parts->store->settings(TreeId::kKeys).policy != *options.index_policy) {
    SOCHDB_TRY(parts->store->SetPolicy(TreeId::kKeys, *options.index_policy));
  }
  parts->trees = std::make_unique<Trees>(parts->env, parts->env->Random64(), BlockBytes(options));
  parts->installer = std::make_unique<LevelInstaller>(parts->trees.get());
  for (int i = 0; i < kTreeCount; ++i) {
    const auto tree = static_cast<TreeId>(i);
    parts->trees->SetOrdered(tree, parts->store->settings(tree).ordered_memtable);
    LevelStatePtr levels = parts->store->levels(tree);
    if (levels != nullptr && !levels->empty()) parts->installer->Restore(tree, std::move(levels));
  }
  parts->store->SetListener(parts->installer.get());
  return {};
}

Status OpenLog(EngineParts* parts) {
  CleanMarker clean;
  SOCHDB_TRY(ReadCleanMarker(parts->env, parts->path, &clean, &parts->report.was_clean));
  RecoveryInput input;
  input.env = parts->env;
  input.path = parts->path;
  input.wal = parts->options.wal;
  input.synced_end_lsn = parts->report.was_clean ? clean.synced_end_lsn : 0;
  input.trees = parts->trees.get();
  input.store = parts->store.get();
  input.memtable_bytes = parts->options.memtable_bytes;
  input.read_only = parts->options.read_only;
  input.skip_log = parts->report.log_skipped;
  SOCHDB_TRY(Recover(input, &parts->recovered, &parts->report));
  parts->hlc->RaiseTo(std::max(clean.high_water_mark, parts->recovered.last_commit_ts));
  // Before anything is appended: from here on a crash must not look like a clean end.
  return parts->report.was_clean && !parts->options.read_only ? RemoveCleanMarker(parts->env, parts->path) : Status();
}

Status DeleteLostBlobs(EngineParts* parts) {
  for (const uint64_t number : parts->store->LiveBlobs()) parts->recovered.live_blobs.insert(number);
  SOCHDB_TRY(parts->blobs->DeleteUnreferenced(parts->recovered.live_blobs, &parts->report.blobs_deleted));
  parts->recovered.live_blobs.clear();
  return {};
}

Result<std::unique_ptr<Engine>> OpenStore(Env* env, const std::string& path, const EngineOptions& options) {
  SOCHDB_TRY(CheckOptions(options));
  const uint64_t begun = env->MonotonicMicros();
  EngineParts parts;
  parts.env = env;
  parts.path = path;
  parts.options = options;
  if (options.read_only) parts.options.create_if_missing = false;
  parts.report.read_only = options.read_only;
  SOCHDB_TRY(OpenDirectory(env, path, parts.options.create_if_missing));
  if (!parts.options.create_if_missing && !env->FileExists(JoinPath(path, kFormatFileName))) {
    return Status(Code::kNotFound, "The directory " + path + " holds no store, and this opening makes none (readOnly).");
  }
  SOCHDB_TRY(Lock(&parts));
  bool made = false;
  SOCHDB_TRY(OpenFormat(&parts, &made));
  parts.hlc = std::make_unique<Hlc>(env);
  SOCHDB_TRY(OpenTables(&parts));
  parts.report.manifest_torn_bytes = parts.store->open_report().torn_bytes;
  SOCHDB_TRY(OpenTrees(&parts));
  SOCHDB_ASSIGN(blobs, BlobStore::Open(env, JoinPath(path, kBlobDirName)));
  parts.blobs = std::move(blobs);
  SOCHDB_TRY(OpenLog(&parts));
  if (made) parts.report.was_clean = true;  // there was no shutdown
  if (!options.read_only) SOCHDB_TRY(DeleteLostBlobs(&parts));
  parts.report.micros = env->MonotonicMicros() - begun;
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
