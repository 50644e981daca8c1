#include <cstring>
#include <span>
#include <string>
#include <vector>

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

Status ReadOne(Call& call, ReadValue* out, bool* found) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], target, &key));
  return GetKey(target, key.view(), out, found);
}

// get(target, key, buffer, offset): the value's length, kNotFound, or kTooSmall - length (slab.h).
napi_value Get(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, &value, &found); !status.ok()) return call.Throw(status);
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

// getString(target, key): a string, or undefined.
napi_value GetString(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, &value, &found); !status.ok()) return call.Throw(status);
  return found ? FromUtf8(call.env(), value.data) : nullptr;
}

// exists(target, key): a boolean.
napi_value Exists(Call& call) {
  const EpochGuard guard;  // keeps the value
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOne(call, &value, &found); !status.ok()) return call.Throw(status);
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
  return ListChildren(target, directory.view(), names);
}

// listChildren(target, directory that ends in '/', or ''): an array of strings.
napi_value Children(Call& call) {
  std::vector<std::string> names;
  if (const Status status = ReadChildren(call, &names); !status.ok()) return call.Throw(status);
  napi_env env = call.env();
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, names.size(), &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < names.size(); ++i) {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return nullptr;
    napi_value name = FromUtf8(env, names[i]);
    const bool set = name != nullptr && napi_set_element(env, array, i, name) == napi_ok;
    napi_close_handle_scope(env, scope);
    if (!set) return nullptr;
  }
  return array;
}

}  // namespace

bool InitReads(Environment* environment, napi_value exports) {
  return Define<Get, 4>(environment, exports, "get") && Define<GetString, 2>(environment, exports, "getString") &&
         Define<Exists, 2>(environment, exports, "exists") && Define<GetBatch, 3>(environment, exports, "getBatch") &&
         Define<Children, 2>(environment, exports, "listChildren");
}

}  // namespace sochdb::binding
