#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/cached_only.h"
#include "base/epoch.h"
#include "binding/kv.h"
#include "binding/kv_ops.h"
#include "binding/kv_scan.h"
#include "binding/slab.h"

namespace sochdb::binding {

Status ReadTarget(Call& call, Target* out) { return FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), out); }

Status ReadWritable(Call& call, Target* out) {
  SOCHDB_TRY(ReadTarget(call, out));
  return CheckMayWrite(call.environment(), *out);
}

namespace {

// How a read of one key goes about what is not in memory: get reads it from the disk; getCached, for whoever must not wait,
// says so, and is followed by asyncGet (async_read.cc).
enum class Wait : uint8_t { kMay, kMustNot };

Status ReadOne(Call& call, Wait wait, ReadValue* out, bool* found) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
  if (wait == Wait::kMay) return GetKey(target, key.view(), out, found);
  const CachedOnly here;
  return GetKey(target, key.view(), out, found);
}

// null: it would have to wait.
napi_value FailRead(Call& call, const Status& status) {
  if (status.code() != Code::kWouldBlock) return call.Throw(status);
  napi_value null = nullptr;
  napi_get_null(call.env(), &null);
  return null;
}

// get(target, key, buffer, offset): the value's length, kNotFound, or kTooSmall - length (slab.h); getCached: or kWouldWait.
template <Wait kWait>
napi_value Get(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, kWait, &value, &found); !status.ok()) [[unlikely]] {
    return status.code() == Code::kWouldBlock ? FromDouble(call.env(), kWouldWait) : call.Throw(status);
  }
  if (!found) return FromDouble(call.env(), kNotFound);
  std::span<char> buffer;
  if (const Status status = ReadArrayBuffer(call.env(), call[2], "buffer", &buffer); !status.ok()) return call.Throw(status);
  uint32_t offset = 0;
  if (napi_get_value_uint32(call.env(), call[3], &offset) != napi_ok) offset = UINT32_MAX;
  const size_t length = value.data.size();
  if (offset > buffer.size() || buffer.size() - offset < length) {
    return FromDouble(call.env(), kTooSmall - static_cast<double>(length));
  }
  if (length > 0) std::memcpy(buffer.data() + offset, value.data.data(), length);
  return FromDouble(call.env(), static_cast<double>(length));
}

// getString(target, key): a string, or undefined; getStringCached: or null.
template <Wait kWait>
napi_value GetString(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, kWait, &value, &found); !status.ok()) return FailRead(call, status);
  return found ? FromUtf8(call.env(), value.data) : nullptr;
}

// exists(target, key): a boolean; existsCached: or null.
template <Wait kWait>
napi_value Exists(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, kWait, &value, &found); !status.ok()) return FailRead(call, status);
  return FromBool(call.env(), found);
}

// getBatch(target, packed keys, buffer): the bytes that the packed values take; nothing is to be read from a buffer smaller.
napi_value GetBatch(Call& call) {
  Target target;
  std::string_view packed_keys;
  std::span<char> buffer;
  Status status = ReadTarget(call, &target);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "keys", &packed_keys);
  if (status.ok()) status = ReadArrayBuffer(call.env(), call[2], "buffer", &buffer);
  if (!status.ok()) return call.Throw(status);
  PackedWriter out(buffer);
  status = GetKeys(target, packed_keys, &out);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(out.size())) : call.Throw(status);
}

Status ReadChildren(Call& call, std::vector<std::string>* names) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  BytesArgument directory;
  SOCHDB_TRY(directory.Read(call.env(), call[1], "path", target.prefix, kMaxUserKeyBytes));
  return ListChildren(target, directory.view(), nullptr, names);
}

// listChildren(target, directory that ends in '/', or ''): an array of strings.
napi_value Children(Call& call) {
  std::vector<std::string> names;
  if (const Status status = ReadChildren(call, &names); !status.ok()) return call.Throw(status);
  return FromTexts(call.env(), names);
}

}  // namespace

napi_value FromTexts(napi_env env, std::span<const std::string> texts) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, texts.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < texts.size(); ++i) {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return nullptr;
    napi_value text = FromUtf8(env, texts[i]);
    const bool set = text != nullptr && napi_set_element(env, array, i, text) == napi_ok;
    napi_close_handle_scope(env, scope);
    if (!set) return nullptr;
  }
  return array;
}

bool InitReads(Environment* environment, napi_value exports) {
  return Define<Get<Wait::kMay>, 4>(environment, exports, "get") &&
         Define<GetString<Wait::kMay>, 2>(environment, exports, "getString") &&
         Define<Exists<Wait::kMay>, 2>(environment, exports, "exists") &&
         Define<Get<Wait::kMustNot>, 4>(environment, exports, "getCached") &&
         Define<GetString<Wait::kMustNot>, 2>(environment, exports, "getStringCached") &&
         Define<Exists<Wait::kMustNot>, 2>(environment, exports, "existsCached") &&
         Define<GetBatch, 3>(environment, exports, "getBatch") && Define<Children, 2>(environment, exports, "listChildren");
}

}  // namespace sochdb::binding
