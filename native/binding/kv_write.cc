#include <optional>

#include "binding/kv.h"
#include "binding/kv_ops.h"

namespace sochdb::binding {

Status ReadExpiry(Call& call, size_t argument, const Target& target, ExpiryMs* out) {
  constexpr double kMaxTtlMs = 1e14;  // three thousand years
  double ttl_ms = 0;
  SOCHDB_TRY(ReadDouble(call.env(), call[argument], "ttlMs", &ttl_ms));
  if (!(ttl_ms >= 0 && ttl_ms <= kMaxTtlMs)) {
    return {Code::kInvalidArgument, "ttlMs must be from 0 to 1e14.", {{"argument", "ttlMs"}}};
  }
  *out = ttl_ms == 0 ? kNeverExpires : ExpiryIn(target, ttl_ms);
  return {};
}

namespace {

Status PutArguments(Call& call, const Target& target, ExpiryMs expiry_ms) {
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
  BytesArgument value;
  SOCHDB_TRY(ReadValueArgument(call.env(), call[2], &value));
  return PutKey(target, key.view(), value.view(), expiry_ms);
}

// put(target, key, value)
napi_value Put(Call& call) {
  Target target;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = PutArguments(call, target, kNeverExpires);
  return status.ok() ? nullptr : call.Throw(status);
}

// putWithTtl(target, key, value, ttl in milliseconds, or 0): expires that long after now.
napi_value PutWithTtl(Call& call) {
  Target target;
  ExpiryMs expiry_ms = kNeverExpires;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadExpiry(call, 3, target, &expiry_ms);
  if (status.ok()) status = PutArguments(call, target, expiry_ms);
  return status.ok() ? nullptr : call.Throw(status);
}

// remove(target, key)
napi_value Remove(Call& call) {
  Target target;
  BytesArgument key;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadKey(call.env(), call[1], target, &key);
  if (status.ok()) status = DeleteKey(target, key.view());
  return status.ok() ? nullptr : call.Throw(status);
}

bool IsUndefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

Status CompareArguments(Call& call, bool* stored) {
  Target target;
  SOCHDB_TRY(ReadWritable(call, &target));
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
  BytesArgument expected;
  std::optional<std::string_view> wanted;
  if (!IsUndefined(call.env(), call[2])) {
    SOCHDB_TRY(expected.Read(call.env(), call[2], "expected", {}, kMaxValueBytes));
    wanted = expected.view();
  }
  BytesArgument value;
  SOCHDB_TRY(ReadValueArgument(call.env(), call[3], &value));
  ExpiryMs expiry_ms = kNeverExpires;
  SOCHDB_TRY(ReadExpiry(call, 4, target, &expiry_ms));
  return CompareAndSetKey(target, key.view(), wanted, value.view(), expiry_ms, nullptr, stored);
}

// compareAndSet(target, key, expected value, or undefined: none, value, ttl in milliseconds, or 0): whether it was written.
napi_value CompareAndSet(Call& call) {
  bool stored = false;
  const Status status = CompareArguments(call, &stored);
  return status.ok() ? FromBool(call.env(), stored) : call.Throw(status);
}

Status IncrementArguments(Call& call, int64_t* result) {
  Target target;
  SOCHDB_TRY(ReadWritable(call, &target));
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
  int64_t by = 0;
  bool lossless = false;
  if (napi_get_value_bigint_int64(call.env(), call[2], &by, &lossless) != napi_ok || !lossless) {
    return {Code::kInvalidArgument, "by must be a bigint from -2^63 to 2^63 - 1.", {{"argument", "by"}}};
  }
  ExpiryMs expiry_ms = kNeverExpires;
  SOCHDB_TRY(ReadExpiry(call, 3, target, &expiry_ms));
  return IncrementKey(target, key.view(), by, expiry_ms, nullptr, result);
}

// increment(target, key, by: a bigint, ttl in milliseconds of a new counter, or 0): the new value, a bigint.
napi_value Increment(Call& call) {
  int64_t result = 0;
  if (const Status status = IncrementArguments(call, &result); !status.ok()) return call.Throw(status);
  napi_value value = nullptr;
  napi_create_bigint_int64(call.env(), result, &value);
  return value;
}

// writeBatch(target, packed records, ttl of the puts in milliseconds, or 0)
napi_value WriteBatch(Call& call) {
  Target target;
  std::string_view packed;
  ExpiryMs expiry_ms = kNeverExpires;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "records", &packed);
  if (status.ok()) status = ReadExpiry(call, 2, target, &expiry_ms);
  if (status.ok()) status = WriteKeys(target, packed, expiry_ms);
  return status.ok() ? nullptr : call.Throw(status);
}

}  // namespace

bool InitWrites(Environment* environment, napi_value exports) {
  return Define<Put, 3>(environment, exports, "put") && Define<PutWithTtl, 4>(environment, exports, "putWithTtl") &&
         Define<Remove, 2>(environment, exports, "remove") && Define<CompareAndSet, 5>(environment, exports, "compareAndSet") &&
         Define<Increment, 4>(environment, exports, "increment") && Define<WriteBatch, 3>(environment, exports, "writeBatch");
}

}  // namespace sochdb::binding
