// Statements by promise: they run on the engine's threads, and their rows come in blocks of many batches.
//
// asyncStatementRun and asyncRowsNext resolve to { payload, bytes, done, rowsAffected, rows }. The payload is one batch after
// the other: u32 bytes of the block, u32 bytes of its text, u32 whether that is Latin-1, u32 0; the block (batch_writer.h), the
// text in UTF-8 or Latin-1, each padded to 8 bytes. `rows` is the handle of what is left, 0 when done.

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding/async_environment.h"
#include "binding/exec.h"
#include "binding/exec_run.h"
#include "binding/exec_statement.h"

namespace sochdb::binding {
namespace {

// What one hop to JavaScript takes along, unless a row alone is larger.
constexpr size_t kPayloadBytes = 512 * 1024;
constexpr size_t kBlockBytes = 128 * 1024;
constexpr size_t kMaxBlockBytes = size_t{1} << 30;

struct AsyncRowsHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kAsyncRows;
  AsyncRowsHandle(Handle* target_, std::unique_ptr<RunningStatement> run_)
      : Handle(kKind), target(target_), run(std::move(run_)) {}
  Handle* const target;
  std::unique_ptr<RunningStatement> run;
};

class RowsOperation : public AsyncOperation {
 public:
  RowsOperation(Engine* engine, std::unique_ptr<RunningStatement> run) : engine_(engine), run_(std::move(run)) {}

  Status Run() override {
    const Status status = Advance();
    if (!status.ok()) run_.reset();
    return status;
  }

  napi_value Deliver(Environment& environment) override {
    HandleId id = 0;
    const bool done = run_ == nullptr;
    if (!done && !Keep(environment, &id)) return nullptr;
    return DeliverPayload(environment)
        .Bool("done", done)
        .Number("rowsAffected", static_cast<double>(rows_affected_))
        .Number("rows", static_cast<double>(id))
        .value();
  }

 protected:
  virtual Status Begin() { return {}; }
  // The run goes where the next call finds it. false: an exception is pending.
  virtual bool Keep(Environment& environment, HandleId* id) = 0;

  Engine* const engine_;
  std::unique_ptr<RunningStatement> run_;  // null when it has ended

 private:
  Status Advance() {
    run_->set_cancel(&cancel);
    SOCHDB_TRY(Begin());
    block_.resize(kBlockBytes / sizeof(uint64_t));
    bool more = true;
    // A write goes on to its end: what it holds must not wait for the thread of JavaScript, which may be waiting for it.
    const bool writes = run_->plan().is_write();
    while (more && (writes || payload_.size() < kPayloadBytes)) SOCHDB_TRY(Take(&more));
    if (more) {
      run_->set_cancel(nullptr);
      return {};
    }
    rows_affected_ = run_->rows_affected();
    if (const Timestamp ts = run_->unpublished(); ts != 0) PublishAt(engine_, ts);
    run_.reset();
    return {};
  }

  Status Take(bool* more) {
    writer_.Attach({reinterpret_cast<char*>(block_.data()), block_.size() * sizeof(uint64_t)});
    SOCHDB_TRY(run_->Next(&writer_, more));
    int32_t rows = 0;
    std::memcpy(&rows, writer_.block().data(), sizeof(rows));
    if (rows < 0) {
      if (writer_.wanted() > kMaxBlockBytes) return {Code::kLimit, "A row holds more than 1 GiB."};
      block_.resize(writer_.wanted() / sizeof(uint64_t) + 1);
      return {};
    }
    writer_.Finish(*more, 0, 0);
    if (rows > 0) Append();
    return {};
  }

  void Append() {
    const bool has_text = writer_.has_text();
    const std::string_view text = has_text ? std::string_view(writer_.text().bytes) : std::string_view();
    const uint32_t header[4] = {static_cast<uint32_t>(writer_.end()), static_cast<uint32_t>(text.size()),
                                has_text && writer_.text().ascii ? 1u : 0u, 0};
    payload_.append(reinterpret_cast<const char*>(header), sizeof(header));
    payload_.append(writer_.block().data(), writer_.end());
    payload_.resize((payload_.size() + 7) & ~size_t{7});
    payload_.append(text);
    payload_.resize((payload_.size() + 7) & ~size_t{7});
  }

  std::vector<uint64_t> block_;
  BatchWriter writer_;
  uint64_t rows_affected_ = 0;
};

class StatementOperation : public RowsOperation {
 public:
  StatementOperation(Target target, const StatementHandle& statement, std::string parameters, uint32_t rows)
      : RowsOperation(target.engine,
                      std::make_unique<RunningStatement>(statement.plan, statement.identities, statement.limits)),
        target_(std::move(target)),
        parameters_(std::move(parameters)),
        rows_(rows) {}

 protected:
  Status Begin() override { return run_->Open(target_, parameters_, rows_, &cancel); }
  bool Keep(Environment& environment, HandleId* id) override {
    auto added = environment.handles().Add(std::make_unique<AsyncRowsHandle>(target_.handle, std::move(run_)), target_.handle);
    if (!added.ok()) {
      ThrowStatus(environment.env(), added.status());
      return false;
    }
    *id = *added;
    return true;
  }

 private:
  const Target target_;
  const std::string parameters_;
  const uint32_t rows_;
};

class NextOperation : public RowsOperation {
 public:
  NextOperation(Engine* engine, AsyncRowsHandle* handle) : RowsOperation(engine, std::move(handle->run)), id_(handle->id()) {}

  // A result that failed, or ended, is closed.
  void Finish(Environment& environment) override {
    auto* handle = environment.handles().Find<AsyncRowsHandle>(id_);
    if (handle != nullptr && run_ == nullptr) environment.handles().Close(handle);
  }

 protected:
  bool Keep(Environment& environment, HandleId* id) override {
    auto* handle = environment.handles().Find<AsyncRowsHandle>(id_);
    if (handle == nullptr) {
      ThrowStatus(environment.env(), {Code::kClosed, "The result is closed."});
      return false;
    }
    handle->run = std::move(run_);
    *id = id_;
    return true;
  }

 private:
  const HandleId id_;
};

// asyncStatementRun(target, statement, parameters, rows of them, operation, timeout)
napi_value AsyncStatementRun(Call& call) {
  StatementArguments arguments;
  AsyncEnvironment::Options options;
  std::string_view parameters;
  uint32_t rows = 0;
  Status status = ReadStatementArguments(call, &arguments);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "parameters", &parameters);
  if (status.ok()) status = ReadUint32(call.env(), call[3], "rows", 1, UINT32_MAX, &rows);
  if (status.ok()) status = ReadNumber(call, 4, &options);
  if (status.ok()) status = ReadTimeLimit(call, 5, &options);
  if (!status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = arguments.target.handle;
  options.bytes = parameters.size();
  return async->Start(
      std::make_unique<StatementOperation>(arguments.target, *arguments.statement, std::string(parameters), rows), options);
}

// asyncRowsNext(rows, operation, timeout)
napi_value AsyncRowsNext(Call& call) {
  auto* rows = call.environment().handles().Find<AsyncRowsHandle>(ReadHandleId(call.env(), call[0]));
  if (rows == nullptr || rows->run == nullptr) {
    return call.Throw({Code::kClosed, "The result has ended, or what it read from was closed."});
  }
  AsyncEnvironment::Options options;
  Target target;
  Status status = CheckNotBusy(rows);
  if (status.ok()) status = FindTarget(call.environment(), rows->target->id(), &target);
  if (status.ok()) status = ReadNumber(call, 1, &options);
  if (status.ok()) status = ReadTimeLimit(call, 2, &options);
  if (!status.ok()) return call.Throw(status);
  AsyncEnvironment* const async = AsyncEnvironment::Of(call);
  if (async == nullptr) return nullptr;
  options.first_pin = rows;
  options.second_pin = rows->target;
  return async->Start(std::make_unique<NextOperation>(target.engine, rows), options);
}

// asyncRowsClose(rows): cancels what is being read, and waits for that. Harmless when it is closed.
napi_value AsyncRowsClose(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* rows = handles.Find<AsyncRowsHandle>(ReadHandleId(call.env(), call[0]));
  if (rows != nullptr) handles.Close(rows);
  return nullptr;
}

}  // namespace

bool InitAsyncStatements(Environment* environment, napi_value exports) {
  return Define<AsyncStatementRun, 6>(environment, exports, "asyncStatementRun") &&
         Define<AsyncRowsNext, 3>(environment, exports, "asyncRowsNext") &&
         Define<AsyncRowsClose, 1>(environment, exports, "asyncRowsClose");
}

}  // namespace sochdb::binding
