// What the key-value functions of the addon share: how a user's key becomes a key of the tree kKeys.
//
// Key in the tree: big-endian u32 namespace id, then the user's bytes; namespaces cannot cross, and a range of a
// namespace never leaves it.
//
// Thread safety: the environment's thread.

#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/types.h"
#include "binding/environment.h"
#include "binding/init.h"
#include "binding/napi_util.h"

namespace sochdb::binding {

inline constexpr uint32_t kDefaultNamespace = 1;
inline constexpr size_t kNamespaceBytes = 4;
inline constexpr std::string_view kDefaultNamespacePrefix{"\0\0\0\1", kNamespaceBytes};
// What a caller may hand in: the engine's limit counts the namespace too.
inline constexpr uint64_t kMaxUserKeyBytes = kMaxKeyBytes - kNamespaceBytes;

inline Status ReadKey(napi_env env, napi_value value, BytesArgument* out) {
  return out->Read(env, value, "key", kDefaultNamespacePrefix, kMaxUserKeyBytes);
}
inline Status ReadValueArgument(napi_env env, napi_value value, BytesArgument* out) {
  return out->Read(env, value, "value", {}, kMaxValueBytes);
}

// The target of argument 0.
Status ReadTarget(Call& call, Target* out);
// The same, and it may write.
Status ReadWritable(Call& call, Target* out);
// Every read of a readCommitted transaction is a statement: it moves on to the newest state first.
void BeginRead(const Target& target);
// One key: from the newest state, a snapshot or a transaction.
Status ReadOne(const Target& target, std::string_view key, ReadValue* out, bool* found);

// kv_database.cc: opening, closing, statistics, the log.
[[nodiscard]] bool InitDatabase(Environment* environment, napi_value exports);
// kv_read.cc, kv_write.cc: single keys and batches, on any target.
[[nodiscard]] bool InitReads(Environment* environment, napi_value exports);
[[nodiscard]] bool InitWrites(Environment* environment, napi_value exports);
// transaction.cc: transactions, savepoints, snapshots.
[[nodiscard]] bool InitTransactions(Environment* environment, napi_value exports);
// cursor.cc: scans.
[[nodiscard]] bool InitCursors(Environment* environment, napi_value exports);

}  // namespace sochdb::binding
