// What the key-value functions of the addon share: reading a call's target, keys and values. What they then do is in
// kv_ops.h, kv_scan.h and kv_namespace.h, which know no Node-API.
//
// Thread safety: the environment's thread.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/types.h"
#include "binding/environment.h"
#include "binding/init.h"
#include "binding/napi_util.h"
#include "binding/target.h"

namespace sochdb::binding {

// The database of argument 0; null when it is closed.
inline DatabaseHandle* FindDatabase(Call& call) {
  return call.environment().handles().Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
}
// The same, and nobody is closing it.
inline DatabaseHandle* FindOpenDatabase(Call& call) {
  DatabaseHandle* const database = FindDatabase(call);
  return database == nullptr || database->closing ? nullptr : database;
}
inline Status DatabaseClosed() { return {Code::kClosed, "The database is closed: open it again."}; }

// The target of argument 0.
Status ReadTarget(Call& call, Target* out);
// The same, and it may write.
Status ReadWritable(Call& call, Target* out);

// A key of the target's namespace, as it is in the tree.
inline Status ReadKey(napi_env env, napi_value value, const Target& target, BytesArgument* out) {
  return out->Read(env, value, "key", target.prefix, kMaxUserKeyBytes);
}
inline Status ReadValueArgument(napi_env env, napi_value value, BytesArgument* out) {
  return out->Read(env, value, "value", {}, kMaxValueBytes);
}
// How long a value lives, in milliseconds, and when it expires by that; 0 is for ever.
Status ReadExpiry(Call& call, size_t argument, const Target& target, ExpiryMs* out);

// The arguments of open, and of opening by promise (async_database.cc).
struct DatabaseOpening {
  std::string path;
  bool read_only = false;
  EngineOptions options;
  uint64_t query_memory_bytes = 0;
};
inline constexpr size_t kOpenArguments = 18;
Status ReadDatabaseOpening(Call& call, DatabaseOpening* out);
// An array of strings.
napi_value FromTexts(napi_env env, std::span<const std::string> texts);
// What verifyWal returns.
napi_value DescribeWalVerification(napi_env env, const WalReport& report);

// kv_database.cc: opening, closing, statistics, the log.
[[nodiscard]] bool InitDatabase(Environment* environment, napi_value exports);
// statistics.cc: what the engine measured.
[[nodiscard]] bool InitStatistics(Environment* environment, napi_value exports);
// maintenance.cc: compacting, backups, verification, repair.
[[nodiscard]] bool InitMaintenance(Environment* environment, napi_value exports);
// kv_read.cc, kv_write.cc: single keys and batches, on any target.
[[nodiscard]] bool InitReads(Environment* environment, napi_value exports);
[[nodiscard]] bool InitWrites(Environment* environment, napi_value exports);
// transaction_handle.cc: transactions, savepoints, snapshots.
[[nodiscard]] bool InitTransactions(Environment* environment, napi_value exports);
// cursor_scan.cc: scans.
[[nodiscard]] bool InitCursors(Environment* environment, napi_value exports);
// kv_namespace_handle.cc: namespaces.
[[nodiscard]] bool InitNamespaces(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
