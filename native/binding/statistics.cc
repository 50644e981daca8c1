// statistics(database): everything that the engine measured, as one object of numbers; engine/statistics.ts makes the public
// shapes of it.
//
// Thread safety: the environment's thread.

#include "binding/init.h"
#include "binding/kv.h"
#include "engine/stats.h"
#include "index/graph/graph_cache.h"

namespace sochdb::binding {
namespace {

napi_value Latency(napi_env env, const LatencySummary& summary) {
  return ObjectBuilder(env)
      .Count("count", summary.count)
      .Count("sumNs", summary.sum)
      .Count("p50Ns", summary.p50)
      .Count("p90Ns", summary.p90)
      .Count("p99Ns", summary.p99)
      .Count("p999Ns", summary.p999)
      .Count("maxNs", summary.max)
      .value();
}

napi_value Levels(napi_env env, const LsmStats& lsm) {
  napi_value levels = nullptr;
  if (napi_create_array_with_length(env, lsm.levels.size(), &levels) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < lsm.levels.size(); ++i) {
    const LevelStats& level = lsm.levels[i];
    const napi_value entry = ObjectBuilder(env)
                                 .Number("level", i)
                                 .Count("files", level.files)
                                 .Count("runs", level.runs)
                                 .Count("sizeBytes", level.bytes)
                                 .Count("rawBytes", level.raw_bytes)
                                 .Count("entries", level.entries)
                                 .Count("deletes", level.deletes)
                                 .value();
    if (napi_set_element(env, levels, i, entry) != napi_ok) return nullptr;
  }
  return levels;
}

napi_value Transactions(napi_env env, const EngineStats& stats) {
  return ObjectBuilder(env)
      .Count("active", stats.active_transactions)
      .Count("committed", stats.committed_transactions)
      .Count("aborted", stats.aborted_transactions)
      .Count("conflicts", stats.conflicts)
      .Count("snapshots", stats.active_snapshots)
      .BigInt("oldestSnapshot", stats.oldest_snapshot)
      .Count("snapshotAgeMs", stats.snapshot_age_ms)
      .Count("snapshotBytes", stats.snapshot_bytes)
      .BigInt("historyFloor", stats.history_floor)
      .value();
}

napi_value Storage(napi_env env, const EngineStats& stats) {
  const LsmStats& lsm = stats.lsm;
  return ObjectBuilder(env)
      .Count("logicalBytes", stats.logical_bytes)
      .Count("storedBytes", stats.stored_bytes)
      .Count("tableFiles", stats.table_files)
      .Count("indexBytes", stats.index_bytes)
      .Count("indexMemoryBytes", lsm.index_and_filter_bytes)
      .Count("blobFiles", stats.blob_files)
      .Count("blobBytes", stats.blob_bytes)
      .Count("manifestBytes", lsm.manifest_bytes)
      .Count("obsoleteFiles", lsm.obsolete_files)
      .Count("obsoleteBytes", lsm.obsolete_bytes)
      .Count("memtableBytes", stats.memory_bytes)
      .Count("waitingMemtables", stats.waiting_memtables)
      .Set("levels", Levels(env, lsm))
      .value();
}

napi_value Cache(napi_env env, const BlockCache::Stats& cache) {
  return ObjectBuilder(env)
      .Count("capacityBytes", cache.capacity_bytes)
      .Count("usedBytes", cache.used_bytes)
      .Count("blocks", cache.blocks)
      .Count("hits", cache.hits)
      .Count("misses", cache.misses)
      .Count("evictions", cache.evictions)
      .value();
}

napi_value Graphs(napi_env env, const EngineRef& engine) {
  const GraphCache* const cache = engine.graph_cache();
  const GraphCache::Stats stats = cache == nullptr ? GraphCache::Stats() : cache->stats();
  return ObjectBuilder(env)
      .Count("capacityBytes", stats.capacity_bytes)
      .Count("usedBytes", stats.used_bytes)
      .Count("entries", stats.entries)
      .Count("hits", stats.hits)
      .Count("misses", stats.misses)
      .Count("evictions", stats.evictions)
      .value();
}

napi_value Log(napi_env env, const Wal::Stats& wal) {
  return ObjectBuilder(env)
      .Count("totalBytes", wal.total_bytes)
      .Count("activeBytes", wal.active_bytes)
      .Count("segments", wal.segments)
      .Count("spareSegments", wal.spare_segments)
      .Count("recycledSegments", wal.recycled_segments)
      .Count("entries", wal.entries)
      .Count("syncs", wal.syncs)
      .Count("compressedEntries", wal.compressed_entries)
      .Count("compressionSavedBytes", wal.compression_saved_bytes)
      .BigInt("oldestLsn", wal.oldest_lsn)
      .BigInt("newestLsn", wal.newest_lsn)
      .value();
}

napi_value Maintenance(napi_env env, const EngineStats& stats) {
  const LsmStats& lsm = stats.lsm;
  return ObjectBuilder(env)
      .Count("flushes", lsm.flushes)
      .Count("flushedBytes", lsm.flushed_bytes)
      .Count("flushMicros", lsm.flush_micros)
      .Count("compactions", lsm.compactions)
      .Count("moves", lsm.moves)
      .Count("runningCompactions", lsm.running_compactions)
      .Count("pendingCompactions", stats.pending_compactions)
      .Count("pendingBytes", lsm.pending_compaction_bytes)
      .Count("readBytes", lsm.compaction_read_bytes)
      .Count("writtenBytes", lsm.compaction_written_bytes)
      .Count("compactionMicros", lsm.compaction_micros)
      .Count("versionsRead", lsm.kept.read)
      .Count("versionsKept", lsm.kept.kept)
      .Count("supersededDropped", lsm.kept.superseded)
      .Count("deletesDropped", lsm.kept.deletes_dropped)
      .Count("expiredDropped", lsm.kept.expired)
      .Count("deadDropped", lsm.kept.dead)
      .Count("operandsFolded", lsm.kept.folded)
      .Count("flushFailures", stats.flush_failures)
      .Count("compactionFailures", stats.compaction_failures)
      .Count("damagedTables", stats.damaged_tables)
      .Text("backgroundError", stats.background_error)
      .Count("delayedWrites", stats.stalls.delayed_writes)
      .Count("delayedMicros", stats.stalls.delayed_micros)
      .Count("stoppedWrites", stats.stalls.stopped_writes)
      .Count("stoppedMicros", stats.stalls.stopped_micros)
      .Count("stallTimeouts", stats.stalls.timeouts)
      .value();
}

napi_value Statistics(Call& call) {
  napi_env env = call.env();
  DatabaseHandle* database = call.environment().handles().Find<DatabaseHandle>(ReadHandleId(env, call[0]));
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const EngineStats stats = database->engine->stats();
  return ObjectBuilder(env)
      .Set("transactions", Transactions(env, stats))
      .Count("reads", stats.reads)
      .Count("writes", stats.writes)
      .Count("bytesRead", stats.bytes_read)
      .Count("bytesWritten", stats.bytes_written)
      .Count("keyCount", stats.key_count)
      .Count("uptimeMs", stats.uptime_ms)
      .BigInt("checkpointLsn", stats.checkpoint_lsn)
      .Count("checkpointAtMs", stats.checkpoint_at_ms)
      .Set("storage", Storage(env, stats))
      .Set("cache", Cache(env, stats.lsm.cache))
      .Set("graphCache", Graphs(env, database->engine))
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
  if (database == nullptr) return call.Throw(DatabaseClosed());
  const Result<IndexPolicy> policy = database->engine->GetIndexPolicy(TreeId::kKeys);
  return policy.ok() ? FromInt32(call.env(), static_cast<int32_t>(policy.value())) : call.Throw(policy.status());
}

bool InitStatistics(Environment* environment, napi_value exports) {
  return Define<Statistics, 1>(environment, exports, "statistics") && Define<KeysPolicy, 1>(environment, exports, "keysPolicy");
}

}  // namespace sochdb::binding
