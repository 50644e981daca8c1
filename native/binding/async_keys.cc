// Keys by promise: single writes, read-modify-writes, batches, commits. Single reads are in async_read.cc.

#include <cstring>
#include <optional>
#include <utility>

#include "binding/async_arguments.h"
#include "binding/kv_ops.h"
#include "binding/slab.h"
#include "exec/foreign_keys.h"

namespace sochdb::binding {
namespace {

constexpr size_t kMaxPayloadBytes = size_t{1} << 30;
constexpr size_t kFirstPayloadBytes = 4096;

// Writes that a database commits by itself: applied here, published with all others that are under way.
class WriteOperation : public AsyncOperation {
 public:
  explicit WriteOperation(Target target) : target_(std::move(target)) {}

 protected:
  // Runs body(transaction) in a transaction that reads nothing but that the namespace is there, so it rarely conflicts.
  template <typename Body>
  Status InTransaction(const Body& body) {
    SOCHDB_ASSIGN(transaction, target_.engine->Begin({}));
    Target inside = target_;
    inside.transaction = transaction.get();
    inside.reader = transaction.get();
    SOCHDB_TRY(CheckNamespace(inside));
    SOCHDB_TRY(body(inside));
    SOCHDB_TRY(cancel.Check());
    SOCHDB_ASSIGN(ts, transaction->CommitUnpublished());
    PublishAt(target_.engine, ts);
    return {};
  }

  // Runs operation(timestamp to await), which reads and writes as a whole (kv_ops.h).
  template <typename Operation>
  Status Unpublished(const Operation& operation) {
    if (target_.transaction != nullptr) return operation(nullptr);
    Timestamp ts = 0;
    SOCHDB_TRY(operation(&ts));
    PublishAt(target_.engine, ts);
    return {};
  }

  const Target target_;
};

// A put, or a delete where there is no value.
class PutOperation : public WriteOperation {
 public:
  PutOperation(const Target& target, std::string key, std::optional<std::string> value, ExpiryMs expiry_ms)
      : WriteOperation(target), key_(std::move(key)), value_(std::move(value)), expiry_ms_(expiry_ms) {}

  Status Run() override {
    if (target_.transaction != nullptr) return Write(target_);
    if (target_.space != nullptr) return InTransaction([this](const Target& inside) { return Write(inside); });
    Engine* const engine = target_.engine;
    SOCHDB_ASSIGN(ts, value_.has_value() ? engine->PutUnpublished(TreeId::kKeys, key_, *value_, expiry_ms_)
                                         : engine->DeleteUnpublished(TreeId::kKeys, key_));
    PublishAt(engine, ts);
    return {};
  }

 private:
  Status Write(const Target& target) const {
    return value_.has_value() ? PutKey(target, key_, *value_, expiry_ms_) : DeleteKey(target, key_);
  }

  const std::string key_;
  const std::optional<std::string> value_;
  const ExpiryMs expiry_ms_;
};

// asyncPut(target, key, value, ttl in milliseconds or 0, operation, timeout): when it is committed.
napi_value AsyncPut(Call& call) {
  AsyncArguments arguments;
  std::string key;
  std::string value;
  ExpiryMs expiry_ms = kNeverExpires;
  Status status = arguments.ReadFor(call, true, 4);
  if (status.ok()) status = arguments.ReadKeyOf(call, &key);
  if (status.ok()) status = arguments.ReadValueOf(call, 2, &value);
  if (status.ok()) status = ReadExpiry(call, 3, arguments.target, &expiry_ms);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments,
                 std::make_unique<PutOperation>(arguments.target, std::move(key), std::move(value), expiry_ms));
}

// asyncRemove(target, key, operation, timeout): when it is committed.
napi_value AsyncRemove(Call& call) {
  AsyncArguments arguments;
  std::string key;
  Status status = arguments.ReadFor(call, true, 2);
  if (status.ok()) status = arguments.ReadKeyOf(call, &key);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments,
                 std::make_unique<PutOperation>(arguments.target, std::move(key), std::nullopt, kNeverExpires));
}

class CompareAndSetOperation : public WriteOperation {
 public:
  CompareAndSetOperation(const Target& target, std::string key, std::optional<std::string> expected, std::string value,
                         ExpiryMs expiry_ms)
      : WriteOperation(target),
        key_(std::move(key)),
        expected_(std::move(expected)),
        value_(std::move(value)),
        expiry_ms_(expiry_ms) {}
  Status Run() override {
    return Unpublished(
        [this](Timestamp* ts) { return CompareAndSetKey(target_, key_, expected_, value_, expiry_ms_, ts, &stored_); });
  }
  napi_value Deliver(Environment& environment) override { return FromBool(environment.env(), stored_); }

 private:
  const std::string key_;
  const std::optional<std::string> expected_;
  const std::string value_;
  const ExpiryMs expiry_ms_;
  bool stored_ = false;
};

// asyncCompareAndSet(target, key, expected value or undefined: none, value, ttl or 0, operation, timeout): whether it was
// written.
napi_value AsyncCompareAndSet(Call& call) {
  AsyncArguments arguments;
  std::string key;
  std::optional<std::string> expected;
  std::string value;
  ExpiryMs expiry_ms = kNeverExpires;
  napi_valuetype type = napi_undefined;
  Status status = arguments.ReadFor(call, true, 5);
  if (status.ok()) status = arguments.ReadKeyOf(call, &key);
  napi_typeof(call.env(), call[2], &type);
  if (status.ok() && type != napi_undefined) status = arguments.ReadValueOf(call, 2, &expected.emplace());
  if (status.ok()) status = arguments.ReadValueOf(call, 3, &value);
  if (status.ok()) status = ReadExpiry(call, 4, arguments.target, &expiry_ms);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments,
                 std::make_unique<CompareAndSetOperation>(arguments.target, std::move(key), std::move(expected),
                                                          std::move(value), expiry_ms));
}

class IncrementOperation : public WriteOperation {
 public:
  IncrementOperation(const Target& target, std::string key, int64_t by, ExpiryMs expiry_ms)
      : WriteOperation(target), key_(std::move(key)), by_(by), expiry_ms_(expiry_ms) {}
  Status Run() override {
    return Unpublished([this](Timestamp* ts) { return IncrementKey(target_, key_, by_, expiry_ms_, ts, &result_); });
  }
  napi_value Deliver(Environment& environment) override {
    napi_value value = nullptr;
    napi_create_bigint_int64(environment.env(), result_, &value);
    return value;
  }

 private:
  const std::string key_;
  const int64_t by_;
  const ExpiryMs expiry_ms_;
  int64_t result_ = 0;
};

// asyncIncrement(target, key, by: a bigint, ttl of a new counter or 0, operation, timeout): the new value, a bigint.
napi_value AsyncIncrement(Call& call) {
  AsyncArguments arguments;
  std::string key;
  int64_t by = 0;
  bool lossless = false;
  ExpiryMs expiry_ms = kNeverExpires;
  Status status = arguments.ReadFor(call, true, 4);
  if (status.ok()) status = arguments.ReadKeyOf(call, &key);
  if (status.ok() && (napi_get_value_bigint_int64(call.env(), call[2], &by, &lossless) != napi_ok || !lossless)) {
    status = Status(Code::kInvalidArgument, "by must be a bigint from -2^63 to 2^63 - 1.", {{"argument", "by"}});
  }
  if (status.ok()) status = ReadExpiry(call, 3, arguments.target, &expiry_ms);
  if (!status.ok()) return call.Throw(status);
  return StartOn(call, arguments, std::make_unique<IncrementOperation>(arguments.target, std::move(key), by, expiry_ms));
}

// --- batches

class WriteBatchOperation : public WriteOperation {
 public:
  WriteBatchOperation(const Target& target, std::string_view packed, ExpiryMs expiry_ms)
      : WriteOperation(target), packed_(packed), expiry_ms_(expiry_ms) {}
  Status Run() override {
    if (target_.transaction != nullptr) return WriteKeys(target_, packed_, expiry_ms_);
    return InTransaction([this](const Target& inside) { return WriteKeys(inside, packed_, expiry_ms_); });
  }

 private:
  const std::string packed_;
  const ExpiryMs expiry_ms_;
};

// asyncWriteBatch(target, packed records, ttl in milliseconds or 0, operation, timeout): when all of it is written.
napi_value AsyncWriteBatch(Call& call) {
  AsyncArguments arguments;
  std::string_view packed;
  Status status = arguments.ReadFor(call, true, 3);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "records", &packed);
  ExpiryMs expiry_ms = kNeverExpires;
  if (status.ok()) status = ReadExpiry(call, 2, arguments.target, &expiry_ms);
  if (!status.ok()) return call.Throw(status);
  arguments.options.bytes = packed.size();
  return StartOn(call, arguments, std::make_unique<WriteBatchOperation>(arguments.target, packed, expiry_ms));
}

class GetBatchOperation : public AsyncOperation {
 public:
  GetBatchOperation(Target target, std::string_view packed) : target_(std::move(target)), packed_(packed) {}

  // Once to learn the size, where the first guess is too small; both times from one snapshot.
  Status Run() override {
    std::unique_ptr<Snapshot> snapshot;
    if (target_.reader == nullptr) {
      SOCHDB_ASSIGN(fresh, target_.engine->NewSnapshot());
      snapshot = std::move(fresh);
      target_.reader = snapshot.get();
      SOCHDB_TRY(CheckNamespace(target_));
    }
    payload_.resize(std::max(kFirstPayloadBytes, packed_.size() * 4));
    for (;;) {
      PackedWriter out(payload_);
      SOCHDB_TRY(GetKeys(target_, packed_, &out));
      SOCHDB_TRY(cancel.Check());
      const bool fits = out.fits();
      if (out.size() > kMaxPayloadBytes) {
        return {Code::kLimit, "The values asked for take more than 1 GiB: ask for fewer at once.", {{"limit", "1073741824"}}};
      }
      payload_.resize(out.size());
      if (fits) return {};
    }
  }
  napi_value Deliver(Environment& environment) override { return DeliverPayload(environment).value(); }

 private:
  Target target_;
  const std::string packed_;
};

// asyncGetBatch(target, packed keys, operation, timeout): { payload, bytes }, packed values as getBatch writes them.
napi_value AsyncGetBatch(Call& call) {
  AsyncArguments arguments;
  std::string_view packed;
  Status status = arguments.ReadFor(call, false, 2);
  if (status.ok()) status = ReadBytes(call.env(), call[1], "keys", &packed);
  if (!status.ok()) return call.Throw(status);
  arguments.options.bytes = packed.size();
  return StartOn(call, arguments, std::make_unique<GetBatchOperation>(arguments.target, packed));
}

// asyncTake(payload, buffer): copies it to the buffer and forgets it, also when it does not fit; whether it did.
napi_value AsyncTake(Call& call) {
  uint32_t number = 0;
  std::span<char> buffer;
  Status status = ReadUint32(call.env(), call[0], "payload", 0, UINT32_MAX, &number);
  if (!status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  std::string payload;
  if (!async->TakePayload(number, &payload)) return FromBool(call.env(), false);
  status = ReadArrayBuffer(call.env(), call[1], "buffer", &buffer);
  if (!status.ok()) return call.Throw(status);
  if (payload.size() > buffer.size()) return FromBool(call.env(), false);
  if (!payload.empty()) std::memcpy(buffer.data(), payload.data(), payload.size());
  return FromBool(call.env(), true);
}

// --- commits

class CommitOperation : public AsyncOperation {
 public:
  explicit CommitOperation(TransactionHandle* handle)
      : transaction_(handle->transaction.get()), engine_(handle->engine), deferred_(handle->deferred), id_(handle->id()) {}
  Status Run() override {
    SOCHDB_TRY(deferred_->Check(engine_, transaction_));
    SOCHDB_ASSIGN(ts, transaction_->CommitUnpublished());
    ts_ = ts;
    PublishAt(engine_, ts);
    return {};
  }
  napi_value Deliver(Environment& environment) override { return FromUint64(environment.env(), ts_); }
  // Whatever came of it, the transaction is finished.
  void Finish(Environment& environment) override {
    if (auto* handle = environment.handles().Find<TransactionHandle>(id_); handle != nullptr)
      environment.handles().Close(handle);
  }

 private:
  Transaction* const transaction_;
  Engine* const engine_;
  const std::shared_ptr<DeferredForeignKeys> deferred_;
  const HandleId id_;
  Timestamp ts_ = 0;
};

// asyncCommit(transaction): the commit timestamp, a bigint.
napi_value AsyncCommit(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* handle = handles.Find<TransactionHandle>(ReadHandleId(call.env(), call[0]));
  if (handle == nullptr) return call.Throw({Code::kTransaction, "The transaction is finished: begin another one."});
  if (const Status status = CheckNotBusy(handle); !status.ok()) return call.Throw(status);
  if (handle->transaction->holds_writer()) {
    return call.Throw({Code::kTransaction, "A synchronous transaction commits when its function returns."});
  }
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  handles.CloseChildren(handle);
  AsyncEnvironment::Options options;
  options.first_pin = handle;
  return async->Start(std::make_unique<CommitOperation>(handle), options);
}

// asyncNumber(): a number for an operation that may be cancelled, or reports its progress.
napi_value AsyncNumber(Call& call) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  return async == nullptr ? nullptr : FromDouble(call.env(), static_cast<double>(async->NewNumber()));
}

// asyncCancel(operation): harmless when it has ended.
napi_value AsyncCancel(Call& call) {
  AsyncEnvironment::Options options;
  if (const Status status = ReadNumber(call, 0, &options); !status.ok()) return call.Throw(status);
  const std::shared_ptr<AsyncEnvironment>& async = call.environment().async();
  if (async != nullptr && options.number != 0) async->Cancel(options.number);
  return nullptr;
}

}  // namespace

bool InitAsyncKeys(Environment* environment, napi_value exports) {
  return Define<AsyncPut, 6>(environment, exports, "asyncPut") && Define<AsyncRemove, 4>(environment, exports, "asyncRemove") &&
         Define<AsyncCompareAndSet, 7>(environment, exports, "asyncCompareAndSet") &&
         Define<AsyncIncrement, 6>(environment, exports, "asyncIncrement") &&
         Define<AsyncWriteBatch, 5>(environment, exports, "asyncWriteBatch") &&
         Define<AsyncGetBatch, 4>(environment, exports, "asyncGetBatch") &&
         Define<AsyncTake, 2>(environment, exports, "asyncTake") &&
         Define<AsyncCommit, 1>(environment, exports, "asyncCommit") &&
         Define<AsyncNumber, 1>(environment, exports, "asyncNumber") &&
         Define<AsyncCancel, 1>(environment, exports, "asyncCancel");
}

}  // namespace sochdb::binding
