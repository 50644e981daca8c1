#include <algorithm>
#include <utility>

#include "binding/kv.h"

namespace sochdb::binding {
namespace {

// Of the log's files.
constexpr uint64_t kMinSegmentBytes = 1024 * 1024;
constexpr uint64_t kMaxSegmentBytes = 64 * 1024 * 1024;

Status OpenArguments(Call& call, HandleId* id) {
  DatabaseOpening opening;
  SOCHDB_TRY(ReadDatabaseOpening(call, &opening));
  SOCHDB_ASSIGN(engine, OpenShared(opening.path, opening.options));
  auto handle = std::make_unique<DatabaseHandle>(std::move(engine), opening.read_only, opening.query_memory_bytes);
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::move(handle), nullptr));
  *id = added;
  return {};
}

// open(path, readOnly, syncMode, walEnabled, groupCommit, transactionTimeoutMs, maxTransactionBytes, …): a database's id.
napi_value Open(Call& call) {
  HandleId id = 0;
  const Status status = OpenArguments(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

// close(database): aborts what is open on it; the last share closes the store. Harmless when closed.
napi_value Close(Call& call) {
  DatabaseHandle* database = FindDatabase(call);
  if (database == nullptr) return nullptr;
  HandleTable& handles = call.environment().handles();
  handles.CloseChildren(database);
  AwaitUnpinned(database);
  const Status status = database->engine.Release();
  handles.Close(database);
  return status.ok() ? nullptr : call.Throw(status);
}

// sync(database): everything committed so far is durable afterwards.
napi_value Sync(Call& call) {
  DatabaseHandle* database = FindDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const Status status = database->engine->Sync();
  return status.ok() ? nullptr : call.Throw(status);
}

napi_value WalStats(Call& call) {
  DatabaseHandle* database = FindDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const Wal::Stats wal = database->engine->stats().wal;
  return ObjectBuilder(call.env())
      .Count("totalSizeBytes", wal.total_bytes)
      .Count("activeSizeBytes", wal.active_bytes)
      .Count("segments", wal.segments)
      .Count("entryCount", wal.entries)
      .BigInt("oldestEntryLsn", wal.oldest_lsn)
      .BigInt("newestEntryLsn", wal.newest_lsn)
      .Count("syncs", wal.syncs)
      .value();
}

ObjectBuilder DescribeWal(napi_env env, const WalReport& wal) {
  ObjectBuilder object(env);
  object.Count("entries", wal.entries)
      .Count("records", wal.records)
      .Count("bytes", wal.bytes)
      .BigInt("oldestLsn", wal.oldest_lsn)
      .BigInt("endLsn", wal.end_lsn)
      .BigInt("lastCommitTs", wal.last_commit_ts)
      .Bool("torn", wal.torn)
      .BigInt("tornLsn", wal.torn_lsn)
      .Count("tornBytes", wal.torn_bytes);
  return object;
}

// recoveryReport(database): what opening the store found.
napi_value Recovery(Call& call) {
  DatabaseHandle* database = FindDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const RecoveryReport& report = database->engine->recovery_report();
  return DescribeWal(call.env(), report.wal)
      .Bool("wasClean", report.was_clean)
      .Count("replayedEntries", report.replayed_entries)
      .value();
}

// verifyWal(database): reads the whole log, on past errors.
napi_value VerifyWal(Call& call) {
  DatabaseHandle* database = FindDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const Result<WalReport> report = database->engine->VerifyWal(nullptr, {});
  return report.ok() ? DescribeWalVerification(call.env(), report.value()) : call.Throw(report.status());
}

}  // namespace

// Arguments 7 to 15: memtableSizeBytes, blockCacheSizeBytes, compression, compressionLevel, walCompression, indexPolicy,
// compactionThreads, flushThreads, retentionMs.
static Status ReadStorageOptions(Call& call, EngineOptions* options) {
  napi_env env = call.env();
  SOCHDB_TRY(ReadUint64(env, call[7], "memtableSizeBytes", kMaxSafeInteger, &options->memtable_bytes));
  // The segment that is written to stays, though what it holds may be in tables: a quarter of what memory may hold is little
  // beside it.
  options->wal.segment_bytes = std::clamp(options->memtable_bytes / 4, kMinSegmentBytes, kMaxSegmentBytes);
  // As many files as one memtable fills are kept to be written again: no commit waits for a new one's name to be durable.
  options->wal.recycle_segments = 4;
  SOCHDB_TRY(ReadUint64(env, call[8], "blockCacheSizeBytes", kMaxSafeInteger, &options->block_cache_bytes));
  uint32_t number = 0;
  SOCHDB_TRY(ReadUint32(env, call[9], "compression", 0, 2, &number));
  options->compression = static_cast<CompressionType>(number);
  SOCHDB_TRY(ReadUint32(env, call[10], "compressionLevel", 0, 22, &number));
  options->compression_level = static_cast<int>(number);
  SOCHDB_TRY(ReadUint32(env, call[11], "walCompression", 0, 2, &number));
  options->wal.compression = static_cast<CompressionType>(number);
  SOCHDB_TRY(ReadUint32(env, call[12], "indexPolicy", 0, kIndexPolicyCount, &number));
  if (number < kIndexPolicyCount) options->index_policy = static_cast<IndexPolicy>(number);  // else what the store has
  SOCHDB_TRY(ReadUint32(env, call[13], "compactionThreads", 1, kMaxBackgroundThreads, &options->compaction_threads));
  SOCHDB_TRY(ReadUint32(env, call[14], "flushThreads", 1, kMaxBackgroundThreads, &options->flush_threads));
  return ReadUint64(env, call[15], "retentionMs", kMaxSafeInteger, &options->retention_ms);
}

Status ReadDatabaseOpening(Call& call, DatabaseOpening* out) {
  napi_env env = call.env();
  std::string path;
  SOCHDB_TRY(ReadString(env, call[0], "path", kMaxPathBytes, &path));
  if (path.empty() || path.find('\0') != std::string::npos) {
    return {Code::kInvalidArgument, "path must name a directory, or be ':memory:'.", {{"argument", "path"}}};
  }
  bool read_only = false;
  SOCHDB_TRY(ReadBool(env, call[1], "readOnly", &read_only));
  EngineOptions options;
  uint32_t sync_mode = 0;
  SOCHDB_TRY(ReadUint32(env, call[2], "syncMode", 0, 2, &sync_mode));
  options.sync_mode = static_cast<SyncMode>(sync_mode);
  SOCHDB_TRY(ReadBool(env, call[3], "walEnabled", &options.wal_enabled));
  SOCHDB_TRY(ReadBool(env, call[4], "groupCommit", &options.group_commit));
  SOCHDB_TRY(ReadUint64(env, call[5], "transactionTimeoutMs", kMaxTimeoutMs, &options.transaction_timeout_ms));
  SOCHDB_TRY(ReadUint64(env, call[6], "maxTransactionBytes", kMaxSafeInteger, &options.max_transaction_bytes));
  SOCHDB_TRY(ReadStorageOptions(call, &options));
  uint64_t query_memory_bytes = 0;
  SOCHDB_TRY(ReadUint64(env, call[16], "queryMemoryBytes", kMaxSafeInteger, &query_memory_bytes));
  SOCHDB_TRY(ReadUint64(env, call[17], "graphCacheSizeBytes", kMaxSafeInteger, &options.graph_cache_bytes));
  options.create_if_missing = !read_only;
  options.read_only = read_only;
  *out = {std::move(path), read_only, options, query_memory_bytes};
  return {};
}

napi_value DescribeWalVerification(napi_env env, const WalReport& report) {
  napi_value errors = nullptr;
  napi_create_array_with_length(env, report.errors.size(), &errors);
  uint32_t index = 0;
  for (const WalChecksumError& error : report.errors) {
    ObjectBuilder entry(env);
    entry.BigInt("lsn", error.lsn)
        .Count("expected", error.expected)
        .Count("actual", error.actual)
        .Text("file", error.file)
        .Count("offset", error.offset);
    napi_set_element(env, errors, index++, entry.value());
  }
  return DescribeWal(env, report).Set("errors", errors).value();
}

bool InitDatabase(Environment* environment, napi_value exports) {
  return Define<Open, kOpenArguments>(environment, exports, "open") && Define<Close, 1>(environment, exports, "close") &&
         Define<Sync, 1>(environment, exports, "sync") && Define<WalStats, 1>(environment, exports, "walStats") &&
         Define<Recovery, 1>(environment, exports, "recoveryReport") && Define<VerifyWal, 1>(environment, exports, "verifyWal");
}

bool InitKv(Environment* environment, napi_value exports) {
  return InitDatabase(environment, exports) && InitStatistics(environment, exports) && InitMaintenance(environment, exports) &&
         InitReads(environment, exports) && InitWrites(environment, exports) && InitTransactions(environment, exports) &&
         InitCursors(environment, exports) && InitNamespaces(environment, exports);
}

}  // namespace sochdb::binding
