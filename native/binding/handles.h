// Handles: what JavaScript holds of the engine is an integer, and this is the table behind it.
//
// An id is never used twice in an environment, so a stale one finds nothing and can do no harm; any number that JavaScript
// passes is looked up, never trusted. Handles form a tree (database > transaction, snapshot > cursor, namespace): closing
// one closes what was opened through it first, children before parents, as the engine's lifetimes demand. Closing is
// what commit, abort, release and close come down to, and what the end of the environment does to the rest.
//
// Thread safety: one environment's thread. Worker threads have tables of their own over the same engines (registry.h).
// Ownership: the table owns the handles. A pointer from Find is good until the next Close.
// Limits: kMaxHandles open handles in an environment.

#pragma once

#include <node_api.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "binding/registry.h"
#include "binding/target.h"
#include "engine/engine.h"

namespace sochdb {
class DeferredForeignKeys;
}

namespace sochdb::binding {

// Whole numbers from 1 up to 2^53: exact as a JavaScript number. 0 is never a handle.
using HandleId = uint64_t;
inline constexpr size_t kMaxHandles = size_t{1} << 20;

enum class HandleKind : uint8_t {
  kDatabase = 1,
  kTransaction = 2,
  kSnapshot = 3,
  kCursor = 4,
  kAsyncCursor = 5,
  kWatch = 6,
  kNamespace = 7,
  // Query execution (exec_*.cc).
  kStatement = 16,
  kRows = 17,
  kExchange = 18,
  kAsyncRows = 19,
  // Vector collections (vector_*.cc).
  kCollection = 32,
  kVectorIndex = 33,
  kVectorResults = 34,
};

class Environment;
class HandleTable;

// Derive from this, with `static constexpr HandleKind kKind`, to put something of your own into the table.
class Handle {
 public:
  explicit Handle(HandleKind kind) : kind_(kind) {}
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] HandleKind kind() const { return kind_; }
  [[nodiscard]] HandleId id() const { return id_; }
  [[nodiscard]] Handle* parent() const { return parent_; }

  // Pinned while an asynchronous operation works on it (async_pool.h): a transaction or snapshot refuses other calls
  // meanwhile, and closing waits for the operation. Pins are taken on the environment's thread and returned on any.
  void Pin() { pins_.fetch_add(1, std::memory_order_relaxed); }
  void Unpin() { pins_.fetch_sub(1, std::memory_order_release); }
  [[nodiscard]] bool pinned() const { return pins_.load(std::memory_order_acquire) != 0; }

 private:
  friend class HandleTable;
  std::atomic<uint32_t> pins_{0};
  const HandleKind kind_;
  HandleId id_ = 0;
  Handle* parent_ = nullptr;
  Handle* first_child_ = nullptr;
  Handle* next_sibling_ = nullptr;
  Handle* previous_sibling_ = nullptr;
};

class HandleTable {
 public:
  HandleTable();
  ~HandleTable();  // closes everything, newest first
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // kLimit when the table is full. `parent` may be null.
  Result<HandleId> Add(std::unique_ptr<Handle> handle, Handle* parent);
  [[nodiscard]] Handle* Find(HandleId id) const {
    const Slot& slot = slots_[id & mask_];
    return slot.id == id ? slot.handle : nullptr;
  }
  template <typename T>
  [[nodiscard]] T* Find(HandleId id) const {
    Handle* handle = Find(id);
    return handle != nullptr && handle->kind() == T::kKind ? static_cast<T*>(handle) : nullptr;
  }
  // Children first, then the handle.
  void Close(Handle* handle);
  void CloseChildren(Handle* handle);
  void CloseAll();
  // Whether the handle or anything below it is.
  [[nodiscard]] static bool IsPinned(const Handle* handle);
  [[nodiscard]] size_t size() const { return count_; }
  // The open handles of one kind.
  [[nodiscard]] size_t count(HandleKind kind) const { return counts_[static_cast<size_t>(kind)]; }

 private:
  struct Slot {
    HandleId id = 0;
    Handle* handle = nullptr;
  };
  void Grow();

  std::vector<Slot> slots_;  // direct mapped: id & mask_; an id whose slot is taken is skipped
  uint64_t mask_;
  uint64_t next_id_ = 1;
  size_t count_ = 0;
  std::array<uint32_t, 64> counts_{};  // by kind
};

// Cancels what works on the handle, and waits until nothing does. Whoever takes apart what a handle holds calls it first.
void AwaitUnpinned(Handle* handle);
// OK, or kTransaction while an asynchronous operation works on the handle, which is a transaction or a snapshot, or belongs to
// one.
Status CheckNotBusy(const Handle* handle);

// --- the engine's own handles ---

struct DatabaseHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kDatabase;
  DatabaseHandle(EngineRef engine_ref, bool is_read_only, uint64_t query_memory)
      : Handle(kKind), engine(std::move(engine_ref)), read_only(is_read_only), query_memory_bytes(query_memory) {}
  EngineRef engine;
  bool read_only;
  uint64_t query_memory_bytes;  // that one statement may use
  bool closing = false;         // asynchronous operations that run finish, no more begin
};

std::shared_ptr<DeferredForeignKeys> NewDeferred();

struct TransactionHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kTransaction;
  TransactionHandle(Environment& environment_, std::unique_ptr<Transaction> transaction_, Engine* engine_, bool is_read_only)
      : Handle(kKind),
        environment(environment_),
        transaction(std::move(transaction_)),
        engine(engine_),
        read_only(is_read_only),
        deferred(NewDeferred()) {}
  ~TransactionHandle() override;  // aborts unless finished, which also gives the writer back
  Environment& environment;
  std::unique_ptr<Transaction> transaction;
  Engine* engine;
  bool read_only;
  const std::shared_ptr<DeferredForeignKeys> deferred;  // what statements leave to the commit; used as the transaction is
  uint64_t catalog_changes = 0;                         // grows with every change that it may have made to the catalog it sees
};

// What must hold when a transaction commits: kForeignKey when it does not, and then it is to be aborted.
Status CheckDeferred(const TransactionHandle& handle);
Status SettleDeferred(const TransactionHandle& handle);
// Undoes what came after the savepoint, and ends it.
Status RollBack(const TransactionHandle& handle, SavepointId savepoint);

struct SnapshotHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kSnapshot;
  SnapshotHandle(std::unique_ptr<Snapshot> snapshot_, Engine* engine_)
      : Handle(kKind), snapshot(std::move(snapshot_)), engine(engine_) {}
  std::unique_ptr<Snapshot> snapshot;
  Engine* engine;
};

// A database, a transaction or a snapshot (its parent), seen through one namespace. What is opened through it (cursors)
// belongs to the parent.
struct NamespaceHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kNamespace;
  // space: null for `default`.
  explicit NamespaceHandle(std::shared_ptr<const NamespaceIdentity> space_) : Handle(kKind), space(std::move(space_)) {}
  // Makes the parent's target one of this namespace: CheckNamespace, unless nothing has changed since it was last asked.
  Status Narrow(Target* target);

  const std::shared_ptr<const NamespaceIdentity> space;

 private:
  // The state of the catalog in which the namespace was last seen.
  bool seen_ = false;
  Timestamp seen_at_ = 0;      // the newest write to the catalog
  uint64_t seen_changes_ = 0;  // the transaction's own
};

// The open target with this id. kClosed when it was closed, committed, aborted or never was; kNotFound, with the detail
// "namespace", when it was opened through a namespace that is there no more.
Status FindTarget(Environment& environment, HandleId id, Target* out);
// Whether the target may write now: kReadOnly for snapshots and read-only databases; kTransaction when `target` is a database
// or a transaction other than the synchronous closure that this thread is inside of (rules.md 2).
Status CheckMayWrite(Environment& environment, const Target& target);
// To be called after a transaction has changed the catalog, or undone what it wrote.
void NoteCatalogChange(const Target& target);
// Handle ids as JavaScript passes them: any value that is no number is 0, which names nothing.
HandleId ReadHandleId(napi_env env, napi_value value);

}  // namespace sochdb::binding
