#include "binding/handles.h"

#include "binding/environment.h"
#include "exec/foreign_keys.h"

namespace sochdb::binding {
namespace {

constexpr size_t kFirstSlots = 64;

}  // namespace

HandleTable::HandleTable() : slots_(kFirstSlots), mask_(kFirstSlots - 1) {}

HandleTable::~HandleTable() { CloseAll(); }

Result<HandleId> HandleTable::Add(std::unique_ptr<Handle> handle, Handle* parent) {
  if (count_ >= kMaxHandles) {
    return Status(Code::kLimit, "Too many transactions, snapshots and iterators are open at once: finish some of them first.",
                  {{"limit", std::to_string(kMaxHandles)}});
  }
  if ((count_ + 1) * 2 > slots_.size()) Grow();
  while (slots_[next_id_ & mask_].id != 0) ++next_id_;
  Handle* added = handle.release();
  added->id_ = next_id_++;
  added->parent_ = parent;
  if (parent != nullptr) {
    added->next_sibling_ = parent->first_child_;
    if (added->next_sibling_ != nullptr) added->next_sibling_->previous_sibling_ = added;
    parent->first_child_ = added;
  }
  slots_[added->id_ & mask_] = {added->id_, added};
  ++count_;
  ++counts_[static_cast<size_t>(added->kind())];
  return added->id_;
}

// Ids that differ in the smaller mask differ in the larger one too: nothing collides.
void HandleTable::Grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const uint64_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id != 0) larger[slot.id & mask] = slot;
  }
  slots_ = std::move(larger);
  mask_ = mask;
}

void HandleTable::CloseChildren(Handle* handle) {
  while (handle->first_child_ != nullptr) Close(handle->first_child_);
}

void HandleTable::Close(Handle* handle) {
  CloseChildren(handle);
  if (handle->pinned()) [[unlikely]]
    AwaitUnpinned(handle);
  if (handle->previous_sibling_ != nullptr) handle->previous_sibling_->next_sibling_ = handle->next_sibling_;
  else if (handle->parent_ != nullptr) handle->parent_->first_child_ = handle->next_sibling_;
  if (handle->next_sibling_ != nullptr) handle->next_sibling_->previous_sibling_ = handle->previous_sibling_;
  slots_[handle->id_ & mask_] = {};
  --count_;
  --counts_[static_cast<size_t>(handle->kind())];
  delete handle;
}

bool HandleTable::IsPinned(const Handle* handle) {
  if (handle->pinned()) return true;
  for (const Handle* child = handle->first_child_; child != nullptr; child = child->next_sibling_) {
    if (IsPinned(child)) return true;
  }
  return false;
}

Status CheckNotBusy(const Handle* handle) {
  for (; handle != nullptr && handle->kind() != HandleKind::kDatabase; handle = handle->parent()) {
    if (handle->pinned()) {
      return {Code::kTransaction,
              "An asynchronous operation of this transaction or snapshot is still running: await it first."};
    }
  }
  return {};
}

void HandleTable::CloseAll() {
  for (size_t i = 0; count_ > 0 && i < slots_.size(); ++i) {
    Handle* handle = slots_[i].handle;
    if (handle == nullptr) continue;
    while (handle->parent_ != nullptr) handle = handle->parent_;
    Close(handle);
  }
}

Status CheckDeferred(const TransactionHandle& handle) {
  return handle.deferred->Check(handle.engine, handle.transaction.get());
}

Status SettleDeferred(const TransactionHandle& handle) {
  return handle.deferred->Settle(handle.engine, handle.transaction.get());
}

Status RollBack(const TransactionHandle& handle, SavepointId savepoint) {
  SOCHDB_TRY(handle.transaction->RollbackTo(savepoint));
  handle.deferred->RolledBackTo(savepoint);
  return handle.transaction->Release(savepoint);
}

std::shared_ptr<DeferredForeignKeys> NewDeferred() { return std::make_shared<DeferredForeignKeys>(); }

TransactionHandle::~TransactionHandle() {
  environment.RemoveWriter(transaction.get());
  transaction->Abort();
}

Status NamespaceHandle::Narrow(Target* target) {
  if (space == nullptr) {
    target->prefix = kDefaultNamespacePrefix;
    return {};
  }
  target->space = space;
  target->prefix = space->prefix;
  const Transaction* const transaction = target->transaction;
  const bool is_snapshot = target->reader != nullptr && transaction == nullptr;
  // A transaction sees what others change in the catalog only where each of its statements reads the newest state.
  const bool follows = transaction == nullptr ? !is_snapshot : transaction->isolation() == IsolationLevel::kReadCommitted;
  const Timestamp newest = follows ? target->engine->LastWrite(TreeId::kCatalog) : 0;
  const uint64_t changes = transaction != nullptr ? static_cast<TransactionHandle*>(target->handle)->catalog_changes : 0;
  if (seen_ && newest == seen_at_ && changes == seen_changes_) return {};
  // Only what is visible already is what the check sees: a write counts as the newest just before.
  const bool is_visible = target->engine->visible_ts() >= newest;
  BeginRead(*target);
  SOCHDB_TRY(CheckNamespace(*target));
  seen_ = is_visible;
  seen_at_ = newest;
  seen_changes_ = changes;
  return {};
}

Status FindTarget(Environment& environment, HandleId id, Target* out) {
  Handle* handle = environment.handles().Find(id);
  out->handle = handle;
  if (handle != nullptr) {
    switch (handle->kind()) {
      case HandleKind::kDatabase: {
        auto* database = static_cast<DatabaseHandle*>(handle);
        out->engine = database->engine.get();
        out->read_only = database->read_only;
        return {};
      }
      case HandleKind::kTransaction: {
        auto* transaction = static_cast<TransactionHandle*>(handle);
        out->engine = transaction->engine;
        out->transaction = transaction->transaction.get();
        out->reader = out->transaction;
        out->read_only = transaction->read_only;
        return CheckNotBusy(handle);
      }
      case HandleKind::kSnapshot: {
        auto* snapshot = static_cast<SnapshotHandle*>(handle);
        out->engine = snapshot->engine;
        out->reader = snapshot->snapshot.get();
        out->read_only = true;
        return CheckNotBusy(handle);
      }
      case HandleKind::kNamespace: {
        SOCHDB_TRY(FindTarget(environment, handle->parent()->id(), out));
        return static_cast<NamespaceHandle*>(handle)->Narrow(out);
      }
      default:
        break;
    }
  }
  return {Code::kClosed, "This database, transaction or snapshot is closed."};
}

Status CheckMayWrite(Environment& environment, const Target& target) {
  if (target.read_only) {
    return {Code::kReadOnly, target.transaction == nullptr && target.reader != nullptr
                                 ? "A snapshot is for reading: write through the database or a transaction."
                                 : "The database was opened with readOnly: true: open it without to write."};
  }
  if (target.transaction == nullptr && environment.WriterOf(target.engine) != nullptr) {
    return {Code::kTransaction,
            "Inside db.transaction(txn => ...) only txn may write: call the same method on `txn` instead of the database.",
            {{"use", "txn"}}};
  }
  return {};
}

void NoteCatalogChange(const Target& target) {
  if (target.transaction != nullptr) ++static_cast<TransactionHandle*>(target.handle)->catalog_changes;
}

HandleId ReadHandleId(napi_env env, napi_value value) {
  int64_t id = 0;
  return napi_get_value_int64(env, value, &id) == napi_ok && id > 0 ? static_cast<HandleId>(id) : 0;
}

}  // namespace sochdb::binding
