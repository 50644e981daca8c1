// Looking after a store: compacting, checkpoints, backups, verification, letting go of the log; and stores that are closed:
// inspecting, verifying, repairing. Each works on the calling thread (maintain, maintainStore) or on a thread of the engine
// (asyncMaintain, asyncMaintainStore).
//
// Thread safety: the environment's thread; a Job runs on whatever thread does the work.

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "binding/async_environment.h"
#include "binding/async_long.h"
#include "binding/kv.h"
#include "engine/repair.h"

namespace sochdb::binding {
namespace {

using Outcome =
    std::variant<std::monostate, CheckpointInfo, TruncateInfo, BackupReport, VerifyReport, StoreInspection, RepairReport>;
using Job = std::function<Result<Outcome>(const CancelToken* cancel, const ProgressFn& progress)>;

// --- what came of it, for JavaScript ---

template <typename T, typename Each>
napi_value Array(napi_env env, const std::vector<T>& items, const Each& each) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, items.size(), &array) != napi_ok) return nullptr;
  uint32_t index = 0;
  for (const T& item : items) {
    if (napi_set_element(env, array, index++, each(item)) != napi_ok) return nullptr;
  }
  return array;
}

napi_value Latin1(napi_env env, std::string_view bytes) {
  napi_value text = nullptr;
  return napi_create_string_latin1(env, bytes.data(), bytes.size(), &text) == napi_ok ? text : nullptr;
}

napi_value Describe(napi_env env, std::monostate) { return Undefined(env); }

napi_value Describe(napi_env env, const CheckpointInfo& info) {
  return ObjectBuilder(env).BigInt("lsn", info.lsn).BigInt("timestamp", info.ts).Count("micros", info.micros).value();
}

napi_value Describe(napi_env env, const TruncateInfo& info) {
  return ObjectBuilder(env).BigInt("uptoLsn", info.upto_lsn).Count("bytesFreed", info.bytes_freed).value();
}

napi_value Describe(napi_env env, const BackupReport& report) {
  return ObjectBuilder(env)
      .Count("tables", report.tables)
      .Count("blobs", report.blobs)
      .Count("bytes", report.bytes)
      .BigInt("lsn", report.lsn)
      .BigInt("timestamp", report.ts)
      .value();
}

napi_value Describe(napi_env env, const VerifyReport& report) {
  const napi_value faults = Array(env, report.faults, [env](const StoreFault& fault) {
    return ObjectBuilder(env)
        .Text("part", fault.part)
        .Text("file", fault.file)
        .Count("offset", fault.offset)
        .Text("expected", fault.expected)
        .Text("actual", fault.actual)
        .value();
  });
  return ObjectBuilder(env)
      .Set("faults", faults)
      .Bool("truncated", report.truncated)
      .Count("tables", report.tables)
      .Count("blobs", report.blobs)
      .Count("bytes", report.bytes)
      .Set("wal", DescribeWalVerification(env, report.wal))
      .value();
}

napi_value Describe(napi_env env, const StoreInspection& inspection) {
  return ObjectBuilder(env)
      .Bool("isStore", inspection.is_store)
      .Bool("locked", inspection.locked)
      .Count("holderPid", inspection.holder_pid)
      .Count("formatVersion", inspection.format_version)
      .Bool("wasClean", inspection.was_clean)
      .Count("tables", inspection.tables)
      .Count("tableBytes", inspection.table_bytes)
      .Set("wal", DescribeWalVerification(env, inspection.wal))
      .Text("refusal", inspection.refusal)
      .value();
}

napi_value Describe(napi_env env, const RepairReport& report) {
  const napi_value losses = Array(env, report.losses, [env](const RepairReport::Loss& loss) {
    return ObjectBuilder(env)
        .Text("part", loss.part)
        .Text("file", loss.file)
        .Count("offset", loss.offset)
        .Count("entries", loss.entries)
        .Set("fromKey", Latin1(env, loss.from_key))
        .Set("throughKey", Latin1(env, loss.through_key))
        .Text("reason", loss.reason)
        .value();
  });
  const napi_value moved = Array(env, report.moved, [env](const std::string& path) { return FromUtf8(env, path); });
  return ObjectBuilder(env)
      .Bool("changed", report.changed)
      .Set("losses", losses)
      .Bool("lossesTruncated", report.losses_truncated)
      .Set("moved", moved)
      .Count("tablesKept", report.tables_kept)
      .Count("tablesRewritten", report.tables_rewritten)
      .Count("tablesLost", report.tables_lost)
      .Count("logEntriesKept", report.log_entries_kept)
      .Count("logBytesLost", report.log_bytes_lost)
      .value();
}

napi_value DescribeOutcome(napi_env env, const Outcome& outcome) {
  return std::visit([env](const auto& value) { return Describe(env, value); }, outcome);
}

// --- what there is to do ---

template <typename T>
Result<Outcome> Done(Result<T> result) {
  if (!result.ok()) return result.status();
  return Outcome(std::move(result).value());
}
Result<Outcome> Done(const Status& status) {
  if (!status.ok()) return status;
  return Outcome();
}

Status ReadPath(Call& call, size_t argument, std::string* path) {
  SOCHDB_TRY(ReadString(call.env(), call[argument], "path", kMaxPathBytes, path));
  if (!path->empty() && path->find('\0') == std::string::npos) return {};
  return {Code::kInvalidArgument, "path must name a directory.", {{"argument", "path"}}};
}

Status ReadLsn(Call& call, size_t argument, Lsn* lsn) {
  bool lossless = false;
  if (napi_get_value_bigint_uint64(call.env(), call[argument], lsn, &lossless) == napi_ok && lossless) return {};
  return {Code::kInvalidArgument, "upToLsn must be a bigint from 0 to 2^64 - 1.", {{"argument", "upToLsn"}}};
}

// Arguments 1 and 2: what to do with an open store, and with what.
Status ReadJob(Call& call, Engine* engine, Job* job) {
  std::string kind;
  SOCHDB_TRY(ReadString(call.env(), call[1], "kind", 32, &kind));
  if (kind == "flush") {
    *job = [engine](const CancelToken* cancel, const ProgressFn&) { return Done(engine->Flush(cancel)); };
  } else if (kind == "compact") {
    *job = [engine](const CancelToken* cancel, const ProgressFn& progress) { return Done(engine->Compact(cancel, progress)); };
  } else if (kind == "compactLevel") {
    uint32_t level = 0;
    SOCHDB_TRY(ReadUint32(call.env(), call[2], "level", 0, kLevels - 1, &level));
    *job = [engine, level](const CancelToken* cancel, const ProgressFn&) {
      return Done(engine->CompactLevel(static_cast<int>(level), cancel));
    };
  } else if (kind == "checkpoint") {
    *job = [engine](const CancelToken* cancel, const ProgressFn&) { return Done(engine->Checkpoint(cancel)); };
  } else if (kind == "backup") {
    std::string path;
    SOCHDB_TRY(ReadPath(call, 2, &path));
    if (engine->env() != Env::Posix()) {
      return {Code::kUnsupported,
              "A database in memory cannot be backed up: its files are in memory too. Copy its keys instead."};
    }
    *job = [engine, path](const CancelToken* cancel, const ProgressFn& progress) {
      return Done(engine->Backup(path, cancel, progress));
    };
  } else if (kind == "verify") {
    *job = [engine](const CancelToken* cancel, const ProgressFn& progress) { return Done(engine->Verify(cancel, progress)); };
  } else if (kind == "truncateWal") {
    Lsn lsn = 0;
    SOCHDB_TRY(ReadLsn(call, 2, &lsn));
    *job = [engine, lsn](const CancelToken*, const ProgressFn&) { return Done(engine->TruncateWal(lsn)); };
  } else {
    return {Code::kInvalidArgument, "There is no maintenance work of this kind.", {{"argument", "kind"}}};
  }
  return {};
}

// Arguments 0 and 1: a store that nobody has open, and what to do with it.
Status ReadStoreJob(Call& call, Job* job) {
  std::string path;
  std::string kind;
  SOCHDB_TRY(ReadPath(call, 0, &path));
  SOCHDB_TRY(ReadString(call.env(), call[1], "kind", 32, &kind));
  if (kind == "inspect") {
    *job = [path](const CancelToken*, const ProgressFn&) -> Result<Outcome> {
      StoreInspection inspection;
      SOCHDB_TRY(InspectStore(Env::Posix(), path, &inspection));
      return Outcome(std::move(inspection));
    };
  } else if (kind == "verify") {
    *job = [path](const CancelToken* cancel, const ProgressFn& progress) -> Result<Outcome> {
      VerifyReport report;
      SOCHDB_TRY(VerifyStore(Env::Posix(), path, cancel, progress, &report));
      return Outcome(std::move(report));
    };
  } else if (kind == "repair") {
    *job = [path](const CancelToken* cancel, const ProgressFn& progress) -> Result<Outcome> {
      RepairReport report;
      SOCHDB_TRY(RepairStore(Env::Posix(), path, cancel, progress, &report));
      return Outcome(std::move(report));
    };
  } else {
    return {Code::kInvalidArgument, "There is no work of this kind on closed stores.", {{"argument", "kind"}}};
  }
  return {};
}

napi_value RunHere(Call& call, const Job& job) {
  const Result<Outcome> outcome = job(nullptr, {});
  return outcome.ok() ? DescribeOutcome(call.env(), outcome.value()) : call.Throw(outcome.status());
}

// Arguments 3 to 5: operation, timeout, progress.
napi_value RunElsewhere(Call& call, DatabaseHandle* database, Job job) {
  AsyncEnvironment::Options options;
  Status status = ReadNumber(call, 3, &options);
  if (status.ok()) status = ReadTimeLimit(call, 4, &options);
  if (status.ok()) status = ReadProgress(call, 5, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = database;
  return RunLong<Outcome>(
      call, options,
      [job = std::move(job)](const CancelToken* cancel, const LongProgress& progress) {
        return job(cancel, [&](uint64_t done, uint64_t total) { progress(done, total); });
      },
      DescribeOutcome);
}

// maintain(database, kind, argument)
napi_value Maintain(Call& call) {
  DatabaseHandle* const database = FindOpenDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  Job job;
  const Status status = ReadJob(call, database->engine.get(), &job);
  return status.ok() ? RunHere(call, job) : call.Throw(status);
}

// asyncMaintain(database, kind, argument, operation, timeout, progress)
napi_value AsyncMaintain(Call& call) {
  DatabaseHandle* const database = FindOpenDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  Job job;
  const Status status = ReadJob(call, database->engine.get(), &job);
  return status.ok() ? RunElsewhere(call, database, std::move(job)) : call.Throw(status);
}

// maintainStore(path, kind)
napi_value MaintainStore(Call& call) {
  Job job;
  const Status status = ReadStoreJob(call, &job);
  return status.ok() ? RunHere(call, job) : call.Throw(status);
}

// asyncMaintainStore(path, kind, undefined, operation, timeout, progress)
napi_value AsyncMaintainStore(Call& call) {
  Job job;
  const Status status = ReadStoreJob(call, &job);
  return status.ok() ? RunElsewhere(call, nullptr, std::move(job)) : call.Throw(status);
}

// snapshotAt(database, timestamp): a snapshot's id.
napi_value SnapshotAt(Call& call) {
  DatabaseHandle* const database = FindOpenDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  Timestamp ts = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(call.env(), call[1], &ts, &lossless) != napi_ok || !lossless) {
    return call.Throw(
        {Code::kInvalidArgument, "asOf must be a timestamp: a bigint from 0 to 2^64 - 1.", {{"argument", "asOf"}}});
  }
  Result<std::unique_ptr<Snapshot>> snapshot = database->engine->NewSnapshotAt(ts);
  if (!snapshot.ok()) return call.Throw(snapshot.status());
  const Result<HandleId> id = call.environment().handles().Add(
      std::make_unique<SnapshotHandle>(std::move(snapshot).value(), database->engine.get()), database);
  return id.ok() ? FromDouble(call.env(), static_cast<double>(id.value())) : call.Throw(id.status());
}

}  // namespace

bool InitMaintenance(Environment* environment, napi_value exports) {
  return Define<Maintain, 3>(environment, exports, "maintain") &&
         Define<AsyncMaintain, 6>(environment, exports, "asyncMaintain") &&
         Define<MaintainStore, 2>(environment, exports, "maintainStore") &&
         Define<AsyncMaintainStore, 6>(environment, exports, "asyncMaintainStore") &&
         Define<SnapshotAt, 2>(environment, exports, "snapshotAt");
}

}  // namespace sochdb::binding
