#include <memory>
#include <string>
#include <utility>

#include "binding/kv.h"
#include "binding/kv_namespace.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxNamespaceNameBytes = 256;

NamespaceHandle* FindNamespace(Call& call, size_t argument) {
  return call.environment().handles().Find<NamespaceHandle>(ReadHandleId(call.env(), call[argument]));
}

Status OpenNamespaceArguments(Call& call, HandleId* id) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  auto space = std::make_shared<NamespaceIdentity>();
  SOCHDB_TRY(ReadUint32(call.env(), call[1], "id", kDefaultNamespace, UINT32_MAX, &space->id));
  SOCHDB_TRY(ReadString(call.env(), call[2], "name", kMaxNamespaceNameBytes, &space->name));
  std::string_view key;
  std::string_view entry;
  SOCHDB_TRY(ReadBytes(call.env(), call[3], "key", &key));
  space->catalog_key = key;
  SOCHDB_TRY(ReadBytes(call.env(), call[4], "entry", &entry));
  space->catalog_entry = entry;
  if (space->catalog_key.size() > kMaxKeyBytes) return {Code::kInvalidArgument, "key is longer than a key may be."};
  PutBigEndian32(&space->prefix, space->id);
  if (space->id == kDefaultNamespace) space = nullptr;
  auto handle = std::make_unique<NamespaceHandle>(std::move(space));
  SOCHDB_TRY(handle->Narrow(&target));
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::move(handle), target.handle));
  *id = added;
  return {};
}

// namespaceOpen(target, id, name, catalog key, catalog entry): the target seen through a namespace, to be passed wherever the
// target is. Closed with it.
napi_value NamespaceOpen(Call& call) {
  HandleId id = 0;
  const Status status = OpenNamespaceArguments(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

// namespaceClose(namespace): harmless when closed.
napi_value NamespaceClose(Call& call) {
  if (NamespaceHandle* handle = FindNamespace(call, 0); handle != nullptr) call.environment().handles().Close(handle);
  return nullptr;
}

// namespaceIsLive(namespace): whether it is still there.
napi_value IsLive(Call& call) {
  Target target;
  const Status status = ReadTarget(call, &target);
  if (!status.ok() && status.code() != Code::kNotFound) return call.Throw(status);
  return FromBool(call.env(), status.ok());
}

// namespaceSize(target): { keyCount, sizeBytes }, measured by walking all of it.
napi_value Size(Call& call) {
  Target target;
  NamespaceSize size;
  Status status = ReadTarget(call, &target);
  if (status.ok()) status = MeasureNamespace(target, &size);
  if (!status.ok()) return call.Throw(status);
  return ObjectBuilder(call.env())
      .Number("keyCount", static_cast<double>(size.key_count))
      .Number("sizeBytes", static_cast<double>(size.size_bytes))
      .value();
}

// namespaceIsEmpty(target)
napi_value IsEmpty(Call& call) {
  Target target;
  bool empty = false;
  Status status = ReadTarget(call, &target);
  if (status.ok()) status = IsNamespaceEmpty(target, &empty);
  return status.ok() ? FromBool(call.env(), empty) : call.Throw(status);
}

// namespaceDrop(namespace of a transaction)
napi_value Drop(Call& call) {
  Target target;
  Status status = ReadWritable(call, &target);
  if (status.ok() && (target.transaction == nullptr || target.space == nullptr)) {
    status = {Code::kInvalidArgument, "A namespace other than `default` is dropped, in a transaction."};
  }
  if (status.ok()) status = DropNamespace(target);
  if (!status.ok()) return call.Throw(status);
  NoteCatalogChange(target);
  return nullptr;
}

Status CopyArguments(Call& call, uint64_t* copied) {
  Target from;
  SOCHDB_TRY(ReadTarget(call, &from));
  Target to;
  SOCHDB_TRY(FindTarget(call.environment(), ReadHandleId(call.env(), call[1]), &to));
  SOCHDB_TRY(CheckMayWrite(call.environment(), to));
  if (from.handle != to.handle || from.prefix == to.prefix) {
    return {Code::kInvalidArgument, "Keys are copied from one namespace to another, within a database or a transaction."};
  }
  BytesArgument prefix;
  SOCHDB_TRY(prefix.Read(call.env(), call[2], "prefix", {}, kMaxUserKeyBytes));
  return CopyKeys(from, to, prefix.view(), copied);
}

// namespaceCopy(from, to, prefix): how many keys were copied.
napi_value Copy(Call& call) {
  uint64_t copied = 0;
  const Status status = CopyArguments(call, &copied);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(copied)) : call.Throw(status);
}

}  // namespace

bool InitNamespaces(Environment* environment, napi_value exports) {
  return Define<NamespaceOpen, 5>(environment, exports, "namespaceOpen") &&
         Define<NamespaceClose, 1>(environment, exports, "namespaceClose") &&
         Define<IsLive, 1>(environment, exports, "namespaceIsLive") && Define<Size, 1>(environment, exports, "namespaceSize") &&
         Define<IsEmpty, 1>(environment, exports, "namespaceIsEmpty") &&
         Define<Drop, 1>(environment, exports, "namespaceDrop") && Define<Copy, 3>(environment, exports, "namespaceCopy");
}

}  // namespace sochdb::binding
