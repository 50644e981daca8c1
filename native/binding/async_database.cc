// Databases by promise: opening, closing, syncing, verifying.

#include <optional>
#include <utility>

#include "binding/async_environment.h"
#include "binding/async_long.h"
#include "binding/kv.h"

namespace sochdb::binding {

Status ReadProgress(Call& call, size_t argument, AsyncEnvironment::Options* options) {
  napi_valuetype type{};
  napi_typeof(call.env(), call[argument], &type);
  if (type == napi_undefined) return {};
  if (type != napi_function) return {Code::kInvalidArgument, "progress must be a function.", {{"argument", "progress"}}};
  if (options->number == 0) return {Code::kInvalidArgument, "progress needs the operation's number."};
  options->progress = call[argument];
  return {};
}

namespace {

class OpenOperation : public AsyncOperation {
 public:
  explicit OpenOperation(DatabaseOpening opening) : opening_(std::move(opening)) {}
  Status Run() override {
    SOCHDB_ASSIGN(engine, OpenShared(opening_.path, opening_.options));
    engine_.emplace(std::move(engine));
    return {};
  }
  napi_value Deliver(Environment& environment) override {
    auto handle = std::make_unique<DatabaseHandle>(std::move(*engine_), opening_.read_only, opening_.query_memory_bytes);
    const Result<HandleId> id = environment.handles().Add(std::move(handle), nullptr);
    if (id.ok()) return FromDouble(environment.env(), static_cast<double>(id.value()));
    return ThrowStatus(environment.env(), id.status());
  }

 private:
  const DatabaseOpening opening_;
  std::optional<EngineRef> engine_;
};

// asyncOpen(the arguments of open): a database's id.
napi_value AsyncOpen(Call& call) {
  DatabaseOpening opening;
  if (const Status status = ReadDatabaseOpening(call, &opening); !status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  return async->Start(std::make_unique<OpenOperation>(std::move(opening)), {});
}

// asyncClose(database): waits for the operations that were begun on it, begins no more, then does what close does. Harmless
// when it is closed.
napi_value AsyncClose(Call& call) {
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  return async->CloseDatabase(FindOpenDatabase(call));
}

class SyncOperation : public AsyncOperation {
 public:
  explicit SyncOperation(Engine* engine) : engine_(engine) {}
  Status Run() override { return engine_->Sync(); }

 private:
  Engine* const engine_;
};

// asyncSync(database): when everything committed so far is durable.
napi_value AsyncSync(Call& call) {
  DatabaseHandle* const database = FindOpenDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  AsyncEnvironment::Options options;
  options.first_pin = database;
  return async->Start(std::make_unique<SyncOperation>(database->engine.get()), options);
}

// asyncVerifyWal(database, operation, timeout, progress): what verifyWal returns.
napi_value AsyncVerifyWal(Call& call) {
  DatabaseHandle* const database = FindOpenDatabase(call);
  if (database == nullptr) return call.Throw(DatabaseClosed());
  AsyncEnvironment::Options options;
  Status status = ReadNumber(call, 1, &options);
  if (status.ok()) status = ReadTimeLimit(call, 2, &options);
  if (status.ok()) status = ReadProgress(call, 3, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = database;
  Engine* const engine = database->engine.get();
  return RunLong<WalReport>(
      call, options,
      [engine](const CancelToken* cancel, const LongProgress& progress) -> Result<WalReport> {
        return engine->VerifyWal(cancel, [&](uint64_t done, uint64_t total) { progress(done, total); });
      },
      DescribeWalVerification);
}

}  // namespace

bool InitAsyncDatabase(Environment* environment, napi_value exports) {
  return Define<AsyncOpen, kOpenArguments>(environment, exports, "asyncOpen") &&
         Define<AsyncClose, 1>(environment, exports, "asyncClose") && Define<AsyncSync, 1>(environment, exports, "asyncSync") &&
         Define<AsyncVerifyWal, 4>(environment, exports, "asyncVerifyWal");
}

bool InitAsync(Environment* environment, napi_value exports) {
  return InitAsyncKeys(environment, exports) && InitAsyncReads(environment, exports) && InitAsyncScans(environment, exports) &&
         InitAsyncDatabase(environment, exports) && InitAsyncWatch(environment, exports);
}

}  // namespace sochdb::binding
