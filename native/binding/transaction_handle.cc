#include <span>

#include "binding/kv.h"

namespace sochdb::binding {
namespace {

TransactionHandle* FindTransaction(Call& call) {
  return call.environment().handles().Find<TransactionHandle>(ReadHandleId(call.env(), call[0]));
}

Status Finished() { return {Code::kTransaction, "The transaction is finished: begin another one."}; }

Status BeginArguments(Call& call, HandleId* id) {
  Environment& environment = call.environment();
  auto* database = environment.handles().Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
  if (database == nullptr) return {Code::kClosed, "The database is closed: open it again."};
  uint32_t isolation = 0;
  SOCHDB_TRY(ReadUint32(call.env(), call[1], "isolation", 0, 2, &isolation));
  TransactionOptions options;
  options.isolation = static_cast<IsolationLevel>(isolation);
  SOCHDB_TRY(ReadBool(call.env(), call[2], "takeWriter", &options.take_writer));
  SOCHDB_TRY(ReadUint64(call.env(), call[3], "timeoutMs", kMaxTimeoutMs, &options.timeout_ms));
  std::span<char> info;
  SOCHDB_TRY(ReadArrayBuffer(call.env(), call[4], "info", &info));
  if (info.size() < 2 * sizeof(uint64_t)) return {Code::kInvalidArgument, "info must hold 16 bytes."};
  Engine* engine = database->engine.get();
  if (options.take_writer && environment.WriterOf(engine) != nullptr) {
    return {Code::kTransaction,
            "This runs inside db.transaction(txn => ...) already: use txn.transaction(...) for a part that rolls back alone.",
            {{"use", "txn"}}};
  }
  SOCHDB_ASSIGN(transaction, engine->Begin(options));
  Transaction* begun = transaction.get();
  auto handle = std::make_unique<TransactionHandle>(environment, std::move(transaction), engine, database->read_only);
  SOCHDB_ASSIGN(added, environment.handles().Add(std::move(handle), database));
  if (options.take_writer) environment.AddWriter(engine, begun);
  EncodeFixed64(info.data(), begun->id());
  EncodeFixed64(info.data() + sizeof(uint64_t), begun->read_ts());
  *id = added;
  return {};
}

// begin(database, isolation, take the writer, timeout in milliseconds or 0, info): a transaction's id; its number and start
// timestamp as two u64 in `info`.
napi_value Begin(Call& call) {
  HandleId id = 0;
  const Status status = BeginArguments(call, &id);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

// commit(transaction): the commit timestamp. Whatever comes of it, the transaction is finished.
napi_value Commit(Call& call) {
  TransactionHandle* handle = FindTransaction(call);
  if (handle == nullptr) return call.Throw(Finished());
  if (const Status status = CheckNotBusy(handle); !status.ok()) return call.Throw(status);
  HandleTable& handles = call.environment().handles();
  const Transaction* writer = call.environment().WriterOf(handle->engine);
  if (writer != nullptr && writer != handle->transaction.get()) {
    return call.Throw({Code::kTransaction,
                       "Inside db.transaction(txn => ...) no other transaction can commit: commit it before or after.",
                       {{"use", "txn"}}});
  }
  handles.CloseChildren(handle);
  if (const Status status = CheckDeferred(*handle); !status.ok()) {
    handles.Close(handle);
    return call.Throw(status);
  }
  const Result<Timestamp> committed = handle->transaction->Commit();
  handles.Close(handle);
  return committed.ok() ? FromUint64(call.env(), committed.value()) : call.Throw(committed.status());
}

// abort(transaction): harmless when finished.
napi_value Abort(Call& call) {
  if (TransactionHandle* handle = FindTransaction(call); handle != nullptr) call.environment().handles().Close(handle);
  return nullptr;
}

// setSavepoint(transaction): its number.
napi_value SetSavepoint(Call& call) {
  TransactionHandle* handle = FindTransaction(call);
  if (handle == nullptr) return call.Throw(Finished());
  if (const Status status = CheckNotBusy(handle); !status.ok()) return call.Throw(status);
  return FromDouble(call.env(), handle->transaction->SetSavepoint());
}

// rollbackTo(transaction, savepoint): undoes what came after, and ends the savepoint.
// releaseSavepoint(transaction, savepoint): keeps what came after, and ends the savepoint.
Status Keep(const TransactionHandle& handle, SavepointId savepoint) { return handle.transaction->Release(savepoint); }

template <Status (*kEnd)(const TransactionHandle&, SavepointId)>
napi_value EndSavepoint(Call& call) {
  TransactionHandle* handle = FindTransaction(call);
  if (handle == nullptr) return call.Throw(Finished());
  uint32_t savepoint = 0;
  Status status = CheckNotBusy(handle);
  if (status.ok()) status = ReadUint32(call.env(), call[1], "savepoint", 0, UINT32_MAX, &savepoint);
  if (status.ok()) status = kEnd(*handle, savepoint);
  ++handle->catalog_changes;
  return status.ok() ? nullptr : call.Throw(status);
}

// settleForeignKeys(transaction): those that are deferred hold now, and need no check later; for what changes the schema.
napi_value SettleForeignKeys(Call& call) {
  TransactionHandle* handle = FindTransaction(call);
  if (handle == nullptr) return call.Throw(Finished());
  Status status = CheckNotBusy(handle);
  if (status.ok()) status = SettleDeferred(*handle);
  return status.ok() ? nullptr : call.Throw(status);
}

// snapshot(database): a snapshot's id.
napi_value NewSnapshot(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* database = handles.Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
  if (database == nullptr) return call.Throw({Code::kClosed, "The database is closed: open it again."});
  Result<std::unique_ptr<Snapshot>> snapshot = database->engine->NewSnapshot();
  if (!snapshot.ok()) return call.Throw(snapshot.status());
  const Result<HandleId> id =
      handles.Add(std::make_unique<SnapshotHandle>(std::move(snapshot).value(), database->engine.get()), database);
  return id.ok() ? FromDouble(call.env(), static_cast<double>(id.value())) : call.Throw(id.status());
}

// snapshotTimestamp(snapshot): a bigint.
napi_value SnapshotTimestamp(Call& call) {
  auto* handle = call.environment().handles().Find<SnapshotHandle>(ReadHandleId(call.env(), call[0]));
  if (handle == nullptr) return call.Throw({Code::kClosed, "The snapshot is closed: take another one."});
  return FromUint64(call.env(), handle->snapshot->read_ts());
}

// snapshotClose(snapshot): harmless when closed.
napi_value SnapshotClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  if (auto* handle = handles.Find<SnapshotHandle>(ReadHandleId(call.env(), call[0])); handle != nullptr) handles.Close(handle);
  return nullptr;
}

}  // namespace

bool InitTransactions(Environment* environment, napi_value exports) {
  return Define<Begin, 5>(environment, exports, "begin") && Define<Commit, 1>(environment, exports, "commit") &&
         Define<Abort, 1>(environment, exports, "abort") && Define<SetSavepoint, 1>(environment, exports, "setSavepoint") &&
         Define<EndSavepoint<RollBack>, 2>(environment, exports, "rollbackTo") &&
         Define<EndSavepoint<Keep>, 2>(environment, exports, "releaseSavepoint") &&
         Define<SettleForeignKeys, 1>(environment, exports, "settleForeignKeys") &&
         Define<NewSnapshot, 1>(environment, exports, "snapshot") &&
         Define<SnapshotTimestamp, 1>(environment, exports, "snapshotTimestamp") &&
         Define<SnapshotClose, 1>(environment, exports, "snapshotClose");
}

}  // namespace sochdb::binding
