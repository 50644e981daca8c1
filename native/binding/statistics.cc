// statistics(database): everything that the engine measured, as one object of numbers; engine/statistics.ts makes the public
// shapes of it.
//
// Thread safety: the environment's thread.

#include "binding/init.h"
#include "binding/kv.h"
#include "engine/stats.h"

namespace sochdb::binding {
namespace {

double Count(uint64_t n) { return static_cast<double>(n); }

napi_value Latency(napi_env env, const LatencySummary& summary) {
  return ObjectBuilder(env)
      .Number("count", Count(summary.count))
      .Number("sumNs", Count(summary.sum))
      .Number("p50Ns", Count(summary.p50))
      .Number("p90Ns", Count(summary.p90))
      .Number("p99Ns", Count(summary.p99))
      .Number("p999Ns", Count(summary.p999))
      .Number("maxNs", Count(summary.max))
      .value();
}

napi_value Levels(napi_env env, const LsmStats& lsm) {
  napi_value levels = nullptr;
  if (napi_create_array_with_length(env, lsm.levels.size(), &levels) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < lsm.levels.size(); ++i) {
    const LevelStats& level = lsm.levels[i];
    const napi_value entry = ObjectBuilder(env)
                                 .Number("level", i)
                                 .Number("files", Count(level.files))
                                 .Number("runs", Count(level.runs))
                                 .Number("sizeBytes", Count(level.bytes))
                                 .Number("rawBytes", Count(level.raw_bytes))
                                 .Number("entries", Count(level.entries))
                                 .Number("deletes", Count(level.deletes))
                                 .value();
    if (napi_set_element(env, levels, i, entry) != napi_ok) return nullptr;
  }
  return levels;
}

napi_value Transactions(napi_env env, const EngineStats& stats) {
  return ObjectBuilder(env)
      .Number("active", Count(stats.active_transactions))
      .Number("committed", Count(stats.committed_transactions))
      .Number("aborted", Count(stats.aborted_transactions))
      .Number("conflicts", Count(stats.conflicts))
      .Number("snapshots", Count(stats.active_snapshots))
      .BigInt("oldestSnapshot", stats.oldest_snapshot)
      .BigInt("historyFloor", stats.history_floor)
      .value();
}

napi_value Storage(napi_env env, const EngineStats& stats) {
  const LsmStats& lsm = stats.lsm;
  return ObjectBuilder(env)
      .Number("logicalBytes", Count(stats.logical_bytes))
      .Number("storedBytes", Count(stats.stored_bytes))
      .Number("tableFiles", Count(stats.table_files))
      .Number("indexBytes", Count(stats.index_bytes))
      .Number("indexMemoryBytes", Count(lsm.index_and_filter_bytes))
      .Number("blobFiles", Count(stats.blob_files))
      .Number("blobBytes", Count(stats.blob_bytes))
      .Number("manifestBytes", Count(lsm.manifest_bytes))
      .Number("obsoleteFiles", Count(lsm.obsolete_files))
      .Number("obsoleteBytes", Count(lsm.obsolete_bytes))
      .Number("memtableBytes", Count(stats.memory_bytes))
      .Number("waitingMemtables", Count(stats.waiting_memtables))
      .Set("levels", Levels(env, lsm))
      .value();
}

napi_value Cache(napi_env env, const BlockCache::Stats& cache) {
  return ObjectBuilder(env)
      .Number("capacityBytes", Count(cache.capacity_bytes))
      .Number("usedBytes", Count(cache.used_bytes))
      .Number("blocks", Count(cache.blocks))
      .Number("hits", Count(cache.hits))
      .Number("misses", Count(cache.misses))
      .Number("evictions", Count(cache.evictions))
      .value();
}

napi_value Log(napi_env env, const Wal::Stats& wal) {
  return ObjectBuilder(env)
      .Number("totalBytes", Count(wal.total_bytes))
      .Number("activeBytes", Count(wal.active_bytes))
      .Number("segments", Count(wal.segments))
      .Number("spareSegments", Count(wal.spare_segments))
      .Number("recycledSegments", Count(wal.recycled_segments))
      .Number("entries", Count(wal.entries))
      .Number("syncs", Count(wal.syncs))
      .Number("compressedEntries", Count(wal.compressed_entries))
      .Number("compressionSavedBytes", Count(wal.compression_saved_bytes))
      .BigInt("oldestLsn", wal.oldest_lsn)
      .BigInt("newestLsn", wal.newest_lsn)
      .value();
}

napi_value Maintenance(napi_env env, const EngineStats& stats) {
  const LsmStats& lsm = stats.lsm;
  return ObjectBuilder(env)
      .Number("flushes", Count(lsm.flushes))
      .Number("flushedBytes", Count(lsm.flushed_bytes))
      .Number("flushMicros", Count(lsm.flush_micros))
      .Number("compactions", Count(lsm.compactions))
      .Number("moves", Count(lsm.moves))
      .Number("runningCompactions", Count(lsm.running_compactions))
      .Number("pendingCompactions", Count(stats.pending_compactions))
      .Number("pendingBytes", Count(lsm.pending_compaction_bytes))
      .Number("readBytes", Count(lsm.compaction_read_bytes))
      .Number("writtenBytes", Count(lsm.compaction_written_bytes))
      .Number("compactionMicros", Count(lsm.compaction_micros))
      .Number("versionsRead", Count(lsm.kept.read))
      .Number("versionsKept", Count(lsm.kept.kept))
      .Number("supersededDropped", Count(lsm.kept.superseded))
      .Number("deletesDropped", Count(lsm.kept.deletes_dropped))
      .Number("expiredDropped", Count(lsm.kept.expired))
      .Number("deadDropped", Count(lsm.kept.dead))
      .Number("operandsFolded", Count(lsm.kept.folded))
      .Number("flushFailures", Count(stats.flush_failures))
      .Number("compactionFailures", Count(stats.compaction_failures))
      .Number("damagedTables", Count(stats.damaged_tables))
      .Text("backgroundError", stats.background_error)
      .Number("delayedWrites", Count(stats.stalls.delayed_writes))
      .Number("delayedMicros", Count(stats.stalls.delayed_micros))
      .Number("stoppedWrites", Count(stats.stalls.stopped_writes))
      .Number("stoppedMicros", Count(stats.stalls.stopped_micros))
      .Number("stallTimeouts", Count(stats.stalls.timeouts))
      .value();
}

napi_value Statistics(Call& call) {
  napi_env env = call.env();
  DatabaseHandle* database = call.environment().handles().Find<DatabaseHandle>(ReadHandleId(env, call[0]));
  if (database == nullptr) return call.Throw({Code::kClosed, "The database is closed: open it again."});
  const EngineStats stats = database->engine->stats();
  return ObjectBuilder(env)
      .Set("transactions", Transactions(env, stats))
      .Number("reads", Count(stats.reads))
      .Number("writes", Count(stats.writes))
      .Number("bytesRead", Count(stats.bytes_read))
      .Number("bytesWritten", Count(stats.bytes_written))
      .Number("keyCount", Count(stats.key_count))
      .Number("uptimeMs", Count(stats.uptime_ms))
      .BigInt("checkpointLsn", stats.checkpoint_lsn)
      .Number("checkpointAtMs", Count(stats.checkpoint_at_ms))
      .Set("storage", Storage(env, stats))
      .Set("cache", Cache(env, stats.lsm.cache))
      .Set("wal", Log(env, stats.wal))
      .Set("maintenance", Maintenance(env, stats))
      .Set("get", Latency(env, stats.latency.get))
      .Set("put", Latency(env, stats.latency.put))
      .Set("commit", Latency(env, stats.latency.commit))
      .Set("scan", Latency(env, stats.latency.scan))
      .Set("sync", Latency(env, stats.latency.sync))
      .value();
}

}  // namespace

// keysPolicy(database): the number of the index policy of its keys.
static napi_value KeysPolicy(Call& call) {
  auto* database = call.environment().handles().Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
  if (database == nullptr) return call.Throw({Code::kClosed, "The database is closed: open it again."});
  const Result<IndexPolicy> policy = database->engine->GetIndexPolicy(TreeId::kKeys);
  return policy.ok() ? FromInt32(call.env(), static_cast<int32_t>(policy.value())) : call.Throw(policy.status());
}

bool InitStatistics(Environment* environment, napi_value exports) {
  return Define<Statistics, 1>(environment, exports, "statistics") && Define<KeysPolicy, 1>(environment, exports, "keysPolicy");
}

}  // namespace sochdb::binding
