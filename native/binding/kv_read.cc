#include <span>

#include "binding/kv.h"
#include "binding/slab.h"

namespace sochdb::binding {

Status ReadTarget(Call& call, Target* out) { return FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), out); }

Status ReadWritable(Call& call, Target* out) {
  SOCHDB_TRY(ReadTarget(call, out));
  return CheckMayWrite(call.environment(), *out);
}

void BeginRead(const Target& target) {
  if (target.transaction != nullptr && target.transaction->isolation() == IsolationLevel::kReadCommitted) {
    target.transaction->BeginStatement();
  }
}

Status ReadOne(const Target& target, std::string_view key, ReadValue* out, bool* found) {
  if (target.reader == nullptr) return target.engine->Get(TreeId::kKeys, key, out, found);
  BeginRead(target);
  return target.reader->Get(TreeId::kKeys, key, out, found);
}

namespace {

Status ReadOneArgument(Call& call, ReadValue* out, bool* found) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], &key));
  return ReadOne(target, key.view(), out, found);
}

// get(target, key, buffer, offset): the value's length, kNotFound, or kTooSmall - length (slab.h).
napi_value Get(Call& call) {
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOneArgument(call, &value, &found); !status.ok()) return call.Throw(status);
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
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOneArgument(call, &value, &found); !status.ok()) return call.Throw(status);
  return found ? FromUtf8(call.env(), value.data) : nullptr;
}

// exists(target, key): a boolean.
napi_value Exists(Call& call) {
  ReadValue value;
  bool found = false;
  if (const Status status = ReadOneArgument(call, &value, &found); !status.ok()) return call.Throw(status);
  return FromBool(call.env(), found);
}

// One view for a whole batch: of a database, a snapshot of this moment.
class BatchReader {
 public:
  Status Open(const Target& target) {
    reader_ = target.reader;
    if (reader_ == nullptr) {
      SOCHDB_ASSIGN(snapshot, target.engine->NewSnapshot());
      snapshot_ = std::move(snapshot);
      reader_ = snapshot_.get();
    } else {
      BeginRead(target);
    }
    return {};
  }
  Reader* operator->() const { return reader_; }

 private:
  std::unique_ptr<Snapshot> snapshot_;
  Reader* reader_ = nullptr;
};

Status ReadBatch(const Target& target, std::string_view packed_keys, PackedWriter* out) {
  BatchReader reader;
  SOCHDB_TRY(reader.Open(target));
  ByteReader keys(packed_keys);
  std::string key(kDefaultNamespacePrefix);
  while (!keys.empty()) {
    uint32_t length = 0;
    std::string_view user_key;
    if (!keys.ReadFixed32(&length) || !keys.ReadBytes(length, &user_key) || !keys.Skip(PadTo4(length) - length) ||
        length > kMaxUserKeyBytes) {
      return {Code::kInvalidArgument, "A packed batch of keys is damaged: an offset or a length points outside."};
    }
    key.replace(kNamespaceBytes, std::string::npos, user_key);
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(reader->Get(TreeId::kKeys, key, &value, &found));
    out->Word(found ? static_cast<uint32_t>(value.data.size()) : kMissing);
    if (found) out->Bytes(value.data);
    out->Pad();
  }
  return {};
}

// getBatch(target, packed keys, buffer): the bytes that the packed values take; nothing is to be read from a buffer smaller.
napi_value GetBatch(Call& call) {
  Target target;
  std::string_view shared_keys;
  std::span<char> buffer;
  Status status = ReadTarget(call, &target);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "keys", &shared_keys);
  if (status.ok()) status = ReadArrayBuffer(call.env(), call[2], "buffer", &buffer);
  if (!status.ok()) return call.Throw(status);
  PackedWriter out(buffer);
  status = ReadBatch(target, shared_keys, &out);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(out.size())) : call.Throw(status);
}

}  // namespace

bool InitReads(Environment* environment, napi_value exports) {
  return Define<Get, 4>(environment, exports, "get") && Define<GetString, 2>(environment, exports, "getString") &&
         Define<Exists, 2>(environment, exports, "exists") && Define<GetBatch, 3>(environment, exports, "getBatch");
}

}  // namespace sochdb::binding
