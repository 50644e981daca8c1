#include "binding/kv.h"
#include "binding/slab.h"

namespace sochdb::binding {
namespace {

constexpr double kMaxTtlMs = 1e14;  // three thousand years
constexpr uint32_t kDeleteMark = kMissing;

Status PutOne(const Target& target, std::string_view key, std::string_view value, ExpiryMs expiry_ms) {
  if (target.transaction != nullptr) return target.transaction->Put(TreeId::kKeys, key, value, expiry_ms);
  return target.engine->Put(TreeId::kKeys, key, value, expiry_ms).status();
}

Status DeleteOne(const Target& target, std::string_view key) {
  if (target.transaction != nullptr) return target.transaction->Delete(TreeId::kKeys, key);
  return target.engine->Delete(TreeId::kKeys, key).status();
}

Status PutArguments(Call& call, ExpiryMs expiry_ms, const Target& target) {
  BytesArgument key;
  SOCHDB_TRY(ReadKey(call.env(), call[1], &key));
  BytesArgument value;
  SOCHDB_TRY(ReadValueArgument(call.env(), call[2], &value));
  return PutOne(target, key.view(), value.view(), expiry_ms);
}

// put(target, key, value)
napi_value Put(Call& call) {
  Target target;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = PutArguments(call, kNeverExpires, target);
  return status.ok() ? nullptr : call.Throw(status);
}

// putWithTtl(target, key, value, ttl in milliseconds): expires that long after now.
napi_value PutWithTtl(Call& call) {
  Target target;
  double ttl_ms = 0;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadDouble(call.env(), call[3], "ttlMs", &ttl_ms);
  if (status.ok() && !(ttl_ms > 0 && ttl_ms <= kMaxTtlMs)) {
    status = Status(Code::kInvalidArgument, "ttlMs must be greater than 0 and at most 1e14.", {{"argument", "ttlMs"}});
  }
  if (status.ok()) {
    // Whole milliseconds, rounded up: nothing expires before its time.
    const auto whole_ms = static_cast<uint64_t>(ttl_ms) + (ttl_ms > static_cast<double>(static_cast<uint64_t>(ttl_ms)) ? 1 : 0);
    status = PutArguments(call, target.engine->env()->NowMillis() + whole_ms, target);
  }
  return status.ok() ? nullptr : call.Throw(status);
}

// remove(target, key)
napi_value Remove(Call& call) {
  Target target;
  BytesArgument key;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadKey(call.env(), call[1], &key);
  if (status.ok()) status = DeleteOne(target, key.view());
  return status.ok() ? nullptr : call.Throw(status);
}

Status Damaged() {
  return {Code::kInvalidArgument, "A packed batch of writes is damaged: an offset or a length points outside."};
}

// Records: u32 key length | u32 value length or kDeleteMark | key | value, padded to 4 bytes.
Status ApplyPacked(Transaction* transaction, std::string_view packed) {
  ByteReader records(packed);
  std::string key(kDefaultNamespacePrefix);
  while (!records.empty()) {
    uint32_t key_length = 0;
    uint32_t value_length = 0;
    std::string_view user_key;
    std::string_view value;
    if (!records.ReadFixed32(&key_length) || !records.ReadFixed32(&value_length)) return Damaged();
    const bool is_delete = value_length == kDeleteMark;
    const uint64_t length = uint64_t{key_length} + (is_delete ? 0 : value_length);
    if (key_length > kMaxUserKeyBytes || (!is_delete && value_length > kMaxValueBytes)) return Damaged();
    if (!records.ReadBytes(key_length, &user_key) || !records.ReadBytes(length - key_length, &value) ||
        !records.Skip(PadTo4(length) - length)) {
      return Damaged();
    }
    key.replace(kNamespaceBytes, std::string::npos, user_key);
    SOCHDB_TRY(is_delete ? transaction->Delete(TreeId::kKeys, key) : transaction->Put(TreeId::kKeys, key, value));
  }
  return {};
}

// All of it or nothing: a transaction of its own, or a statement of the one that is open.
Status WritePacked(const Target& target, std::string_view packed) {
  if (target.transaction != nullptr) {
    const SavepointId savepoint = target.transaction->SetSavepoint();
    const Status applied = ApplyPacked(target.transaction, packed);
    if (!applied.ok()) static_cast<void>(target.transaction->RollbackTo(savepoint));
    static_cast<void>(target.transaction->Release(savepoint));  // fails only where the transaction has ended
    return applied;
  }
  TransactionOptions options;
  options.take_writer = true;
  SOCHDB_ASSIGN(transaction, target.engine->Begin(options));
  SOCHDB_TRY(ApplyPacked(transaction.get(), packed));
  return transaction->Commit().status();
}

// writeBatch(target, packed records)
napi_value WriteBatch(Call& call) {
  Target target;
  std::string_view packed;
  Status status = ReadWritable(call, &target);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "records", &packed);
  if (status.ok()) status = WritePacked(target, packed);
  return status.ok() ? nullptr : call.Throw(status);
}

}  // namespace

bool InitWrites(Environment* environment, napi_value exports) {
  return Define<Put, 3>(environment, exports, "put") && Define<PutWithTtl, 4>(environment, exports, "putWithTtl") &&
         Define<Remove, 2>(environment, exports, "remove") && Define<WriteBatch, 2>(environment, exports, "writeBatch");
}

}  // namespace sochdb::binding
