// The catalog tree as documents: get, put, delete, scan. TypeScript keeps the catalog (sql/catalog/); the executor only
// compares versions of its entries.

#include <string>

#include "base/epoch.h"
#include "binding/environment.h"
#include "binding/exec.h"
#include "binding/handles.h"
#include "binding/napi_util.h"
#include "exec/identity.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxCatalogValueBytes = 1024 * 1024;

Status ReadKeyArgument(Call& call, size_t i, const char* name, std::string_view* out) {
  SOCHDB_TRY(ReadBytes(call.env(), call[i], name, out));
  if (out->size() > kMaxKeyBytes) return {Code::kInvalidArgument, std::string(name) + " is longer than a key may be."};
  return {};
}

napi_value CatalogDocument(napi_env env, std::string_view key, std::string_view value, Timestamp version) {
  napi_value latin1 = nullptr;
  if (napi_create_string_latin1(env, key.data(), key.size(), &latin1) != napi_ok) return nullptr;
  return ObjectBuilder(env).Set("key", latin1).Text("value", value).BigInt("version", version).value();
}

// catalogGet(target, key): { key, value, version } or undefined.
napi_value CatalogGet(Call& call) {
  Target target;
  std::string_view key;
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  Status status = FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target);
  if (status.ok()) status = ReadKeyArgument(call, 1, "key", &key);
  const std::string copy(key);
  if (status.ok()) {
    if (target.transaction != nullptr) {
      status = target.transaction->GetForConstraint(TreeId::kCatalog, copy, &value, &found);
    } else if (target.reader != nullptr) {
      status = target.reader->Get(TreeId::kCatalog, copy, &value, &found);
    } else {
      status = target.engine->Get(TreeId::kCatalog, copy, &value, &found);
    }
  }
  if (!status.ok()) return call.Throw(status);
  return found ? CatalogDocument(call.env(), copy, value.data, value.ts) : Undefined(call.env());
}

Status FindWritable(Call& call, Target* target) {
  SOCHDB_TRY(FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), target));
  SOCHDB_TRY(CheckMayWrite(call.environment(), *target));
  if (target->transaction == nullptr) return {Code::kTransaction, "The catalog is changed in a transaction."};
  return {};
}

// catalogPut(transaction, key, value)
napi_value CatalogPut(Call& call) {
  Target target;
  std::string_view key;
  std::string_view value;
  Status status = FindWritable(call, &target);
  if (status.ok()) status = ReadKeyArgument(call, 1, "key", &key);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "value", &value);
  if (status.ok() && value.size() > kMaxCatalogValueBytes) {
    status = {Code::kLimit,
              "A table or collection is declared in at most 1 MiB.",
              {{"limit", std::to_string(kMaxCatalogValueBytes)}}};
  }
  if (status.ok()) status = target.transaction->Put(TreeId::kCatalog, std::string(key), std::string(value));
  if (status.ok()) NoteCatalogChange(target);
  return status.ok() ? Undefined(call.env()) : call.Throw(status);
}

// catalogDelete(transaction, key)
napi_value CatalogDelete(Call& call) {
  Target target;
  std::string_view key;
  Status status = FindWritable(call, &target);
  if (status.ok()) status = ReadKeyArgument(call, 1, "key", &key);
  if (status.ok()) status = target.transaction->Delete(TreeId::kCatalog, std::string(key));
  if (status.ok()) NoteCatalogChange(target);
  return status.ok() ? Undefined(call.env()) : call.Throw(status);
}

Status Scan(Reader* reader, const std::string& lo, const std::string& hi, napi_env env, napi_value array) {
  SOCHDB_ASSIGN(cursor, reader->NewCursor(TreeId::kCatalog, lo, hi, ScanOptions{}));
  for (uint32_t i = 0;; ++i) {
    bool found = false;
    SOCHDB_TRY(cursor->Next(&found));
    if (!found) return {};
    napi_value document = CatalogDocument(env, cursor->key(), cursor->value(), cursor->timestamp());
    if (document == nullptr || napi_set_element(env, array, i, document) != napi_ok) {
      return {Code::kOutOfMemory, "There is no memory for the catalog's entries."};
    }
  }
}

// catalogScan(target, lo, hi): [{ key, value, version }]
napi_value CatalogScan(Call& call) {
  Target target;
  std::string_view lo;
  std::string_view hi;
  Status status = FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target);
  if (status.ok()) status = ReadKeyArgument(call, 1, "lo", &lo);
  if (status.ok()) status = ReadKeyArgument(call, 2, "hi", &hi);
  if (!status.ok()) return call.Throw(status);
  const std::string from(lo);
  const std::string to(hi);
  napi_value array = nullptr;
  if (napi_create_array(call.env(), &array) != napi_ok) return nullptr;
  if (target.reader != nullptr) {
    status = Scan(target.reader, from, to, call.env(), array);
  } else {
    auto snapshot = target.engine->NewSnapshot();
    status = snapshot.ok() ? Scan(snapshot->get(), from, to, call.env(), array) : snapshot.status();
  }
  return status.ok() ? array : call.Throw(status);
}

// catalogTimestamp(target): commit timestamp of the newest write to the catalog.
napi_value CatalogTimestamp(Call& call) {
  Target target;
  if (const Status status = FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target); !status.ok()) {
    return call.Throw(status);
  }
  return FromUint64(call.env(), target.engine->LastWrite(TreeId::kCatalog));
}

// writeCounts(database): changes, total changes, and the key of the last row that was inserted, of the newest statements of
// all.
napi_value WriteCounts(Call& call) {
  auto* database = call.environment().handles().Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
  if (database == nullptr) return call.Throw({Code::kClosed, "The database is closed."});
  const IdentityCounters& counters = *database->engine.identities();
  napi_value array = nullptr;
  if (napi_create_array_with_length(call.env(), 3, &array) != napi_ok) return nullptr;
  const napi_value values[] = {FromUint64(call.env(), counters.changes()), FromUint64(call.env(), counters.total_changes()),
                               FromUint64(call.env(), static_cast<uint64_t>(counters.last_key()))};
  for (uint32_t i = 0; i < 3; ++i)
    if (napi_set_element(call.env(), array, i, values[i]) != napi_ok) return nullptr;
  return array;
}

}  // namespace

bool InitCatalog(Environment* environment, napi_value exports) {
  return Define<CatalogGet, 2>(environment, exports, "catalogGet") &&
         Define<CatalogPut, 3>(environment, exports, "catalogPut") &&
         Define<CatalogDelete, 2>(environment, exports, "catalogDelete") &&
         Define<CatalogScan, 3>(environment, exports, "catalogScan") &&
         Define<CatalogTimestamp, 1>(environment, exports, "catalogTimestamp") &&
         Define<WriteCounts, 1>(environment, exports, "writeCounts") && InitTableMoves(environment, exports);
}

}  // namespace sochdb::binding
