// watch: the committed changes under a prefix, by promise.
//
// A listener copies what commits write under the prefix, while they are being applied. JavaScript asks for the next changes
// with a promise; it gets those that are published. When there are none, the operation behind the promise is parked here until
// a commit brings some, and then waits for that commit to be published with all others that do (async_pool.h). So changes
// arrive in commit order, and only ones that a reader can see.
//
// The buffer is bounded: a consumer that falls behind by more is told so, once, by an error; the watch has ended then.

#include <deque>
#include <optional>
#include <utility>

#include "binding/async_environment.h"
#include "binding/kv.h"
#include "binding/kv_scan.h"
#include "binding/slab.h"
#include "txn/commit_listener.h"

namespace sochdb::binding {
namespace {

constexpr uint32_t kMaxBufferedChanges = 1u << 20;
constexpr size_t kMaxBufferedBytes = 64u << 20;
constexpr uint32_t kMaxChangesAtOnce = 1000;

struct Change {
  Timestamp ts = 0;
  bool is_delete = false;
  bool is_elsewhere = false;  // the value is in a blob file, or to be merged: it is read when it is delivered
  std::string key;
  std::string value;
};

class NextOperation;

// What the listener, the handle and the operation share.
class WatchState : public CommitListener {
 public:
  WatchState(DatabaseHandle* database, std::string lo, std::string hi, uint32_t max_changes)
      : database_(database),
        engine_(database->engine.get()),
        lo_(std::move(lo)),
        hi_(std::move(hi)),
        max_changes_(max_changes),
        mutex_(Env::Posix()) {}

  [[nodiscard]] uint64_t tree_mask() const override { return uint64_t{1} << static_cast<unsigned>(TreeId::kKeys); }
  void OnCommit(Timestamp ts, std::span<const CommittedWrite> writes) noexcept override;

  // Keeps the operation until there is something for it; gives it back when there is already.
  AsyncOperationPtr Park(AsyncOperationPtr operation);
  // The listener was removed: the operation that is parked, if any, ends.
  void End();
  // The changes that are published, at most kMaxChangesAtOnce. kLimit after an overflow.
  Status Take(std::vector<Change>* changes, bool* ended);
  [[nodiscard]] Engine* engine() const { return engine_; }
  // Of the newest change in the buffer; 0 when it is empty, or the watch has ended and the engine may be gone.
  [[nodiscard]] Timestamp Newest();

 private:
  void Add(Timestamp ts, const CommittedWrite& write);

  DatabaseHandle* const database_;
  Engine* const engine_;
  const std::string lo_;
  const std::string hi_;
  const uint32_t max_changes_;

  Mutex mutex_;  // guards all below; taken after the commit mutex, never with the pool's
  std::deque<Change> changes_;
  size_t bytes_ = 0;
  bool overflowed_ = false;
  bool ended_ = false;
  AsyncOperationPtr parked_;
};

class NextOperation : public AsyncOperation {
 public:
  explicit NextOperation(std::shared_ptr<WatchState> state) : state_(std::move(state)) {}
  void PinDatabase(DatabaseHandle* database) { PinLate(database); }

  Status Run() override {
    if (const Timestamp newest = state_->Newest(); newest != 0) SOCHDB_TRY(state_->engine()->AwaitPublished(newest));
    SOCHDB_TRY(state_->Take(&changes_, &ended_));
    for (Change& change : changes_) SOCHDB_TRY(Complete(&change));
    for (const Change& change : changes_) Append(change);
    return {};
  }

  napi_value Deliver(Environment& environment) override {
    return DeliverPayload(environment).Number("changes", static_cast<double>(changes_.size())).Bool("ended", ended_).value();
  }

 private:
  Status Complete(Change* change) const {
    if (!change->is_elsewhere) return {};
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(state_->engine()->Get(TreeId::kKeys, change->key, &value, &found));
    change->is_delete = !found;
    change->value.assign(value.data);
    return {};
  }

  // u64 timestamp | u32 key length | u32 value length or kMissing | key | value, padded to 8 bytes.
  void Append(const Change& change) {
    char header[16];
    const std::string_view key = std::string_view(change.key).substr(kNamespaceIdBytes);
    EncodeFixed64(header, change.ts);
    EncodeFixed32(header + 8, static_cast<uint32_t>(key.size()));
    EncodeFixed32(header + 12, change.is_delete ? kMissing : static_cast<uint32_t>(change.value.size()));
    payload_.append(header, sizeof(header)).append(key).append(change.value);
    payload_.resize((payload_.size() + 7) & ~size_t{7});
  }

  const std::shared_ptr<WatchState> state_;
  std::vector<Change> changes_;
  bool ended_ = false;
};

void WatchState::Add(Timestamp ts, const CommittedWrite& write) {
  if (changes_.size() >= max_changes_ || bytes_ + write.key.size() + write.value.size() > kMaxBufferedBytes) {
    overflowed_ = true;
    changes_.clear();
    bytes_ = 0;
    return;
  }
  const bool is_delete = write.kind == ValueKind::kDelete;
  const bool is_elsewhere = !is_delete && write.kind != ValueKind::kValue;
  bytes_ += write.key.size() + write.value.size();
  changes_.push_back({ts, is_delete, is_elsewhere, std::string(write.key),
                      is_delete || is_elsewhere ? std::string() : std::string(write.value)});
}

void WatchState::OnCommit(Timestamp ts, std::span<const CommittedWrite> writes) noexcept {
  AsyncOperationPtr ready;
  {
    const MutexLock lock(&mutex_);
    for (const CommittedWrite& write : writes) {
      if (overflowed_ || ended_ || write.tree != TreeId::kKeys || write.key < lo_ || (!hi_.empty() && write.key >= hi_))
        continue;
      try {
        Add(ts, write);
      } catch (...) {
        overflowed_ = true;  // no memory: as good as too slow
      }
    }
    if (parked_ == nullptr || (changes_.empty() && !overflowed_)) return;
    ready = std::move(parked_);
  }
  // The database is open: closing it removes this listener first, and waits for us.
  static_cast<NextOperation*>(ready.get())->PinDatabase(database_);
  AsyncPool::Get().Submit(std::move(ready));
  AsyncPool::Get().Wake();
}

AsyncOperationPtr WatchState::Park(AsyncOperationPtr operation) {
  const MutexLock lock(&mutex_);
  if (!changes_.empty() || overflowed_ || ended_ || parked_ != nullptr) return operation;
  parked_ = std::move(operation);
  return nullptr;
}

void WatchState::End() {
  AsyncOperationPtr parked;
  {
    const MutexLock lock(&mutex_);
    ended_ = true;
    parked = std::move(parked_);
  }
  if (parked == nullptr) return;
  AsyncPool::Get().Submit(std::move(parked));
  AsyncPool::Get().Wake();
}

Timestamp WatchState::Newest() {
  const MutexLock lock(&mutex_);
  return changes_.empty() || ended_ ? 0 : changes_.back().ts;
}

Status WatchState::Take(std::vector<Change>* changes, bool* ended) {
  const MutexLock lock(&mutex_);
  if (overflowed_) {
    return {
        Code::kLimit,
        "The consumer of watch() fell too far behind: changes were dropped, and the watch has ended. Read the state anew, and "
        "watch again with a larger `bufferSize`.",
        {{"limit", std::to_string(max_changes_)}}};
  }
  *ended = ended_;
  if (ended_) return {};
  const Timestamp visible = engine_->visible_ts();
  while (!changes_.empty() && changes_.front().ts <= visible && changes->size() < kMaxChangesAtOnce) {
    bytes_ -= changes_.front().key.size() + changes_.front().value.size();
    changes->push_back(std::move(changes_.front()));
    changes_.pop_front();
  }
  return {};
}

struct WatchHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kWatch;
  explicit WatchHandle(std::shared_ptr<WatchState> state_) : Handle(kKind), state(std::move(state_)) {}
  ~WatchHandle() override {
    state->engine()->RemoveListener(state.get());
    state->End();
  }
  const std::shared_ptr<WatchState> state;
};

Status WatchArguments(Call& call, HandleId* id, Timestamp* since) {
  Target target;
  SOCHDB_TRY(ReadTarget(call, &target));
  if (target.handle->kind() != HandleKind::kDatabase) {
    return {Code::kInvalidArgument, "What is watched must be a database, or a namespace of one."};
  }
  auto* const database = static_cast<DatabaseHandle*>(target.handle);
  if (database->closing) return DatabaseClosed();
  BytesArgument prefix;
  uint32_t max_changes = 0;
  SOCHDB_TRY(prefix.Read(call.env(), call[1], "prefix", target.prefix, kMaxUserKeyBytes));
  SOCHDB_TRY(ReadUint32(call.env(), call[2], "bufferSize", 1, kMaxBufferedChanges, &max_changes));
  std::string lo(prefix.view());
  std::string hi = PrefixEnd(lo);
  auto state = std::make_shared<WatchState>(database, std::move(lo), std::move(hi), max_changes);
  WatchState* const listener = state.get();
  SOCHDB_ASSIGN(added, call.environment().handles().Add(std::make_unique<WatchHandle>(std::move(state)), database));
  *since = database->engine->AddListener(listener);
  *id = added;
  return {};
}

// watch(database or a namespace of one, prefix, buffer size): a watch's id. It sees every commit from now on.
napi_value Watch(Call& call) {
  HandleId id = 0;
  Timestamp since = 0;
  const Status status = WatchArguments(call, &id, &since);
  return status.ok() ? FromDouble(call.env(), static_cast<double>(id)) : call.Throw(status);
}

// watchNext(watch): { payload, bytes, changes, ended } when there is something. One at a time.
napi_value WatchNext(Call& call) {
  auto* watch = call.environment().handles().Find<WatchHandle>(ReadHandleId(call.env(), call[0]));
  if (watch == nullptr) return call.Throw({Code::kClosed, "The watch has ended."});
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  napi_value promise = nullptr;
  AsyncEnvironment::Options options;
  AsyncOperationPtr operation = async->Park(std::make_unique<NextOperation>(watch->state), options, &promise);
  if (operation == nullptr) return nullptr;
  auto* const database = static_cast<DatabaseHandle*>(watch->parent());
  if (AsyncOperationPtr ready = watch->state->Park(std::move(operation)); ready != nullptr) {
    static_cast<NextOperation*>(ready.get())->PinDatabase(database);
    AsyncPool::Get().Submit(std::move(ready));
    async->WakeSoon();
  }
  return promise;
}

// watchClose(watch): a promise that waits for it ends. Harmless when it has ended.
napi_value WatchClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  if (auto* watch = handles.Find<WatchHandle>(ReadHandleId(call.env(), call[0])); watch != nullptr) handles.Close(watch);
  return nullptr;
}

}  // namespace

bool InitAsyncWatch(Environment* environment, napi_value exports) {
  return Define<Watch, 3>(environment, exports, "watch") && Define<WatchNext, 1>(environment, exports, "watchNext") &&
         Define<WatchClose, 1>(environment, exports, "watchClose");
}

}  // namespace sochdb::binding
