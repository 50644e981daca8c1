// Statements: plans that were checked once, run on a database, a transaction or a snapshot, their rows handed over batch by
// batch through the exchange (exec_exchange.h).
//
// On a database a read has a snapshot of its own and a write a transaction of its own, which commits when its last row has been
// handed over. In a transaction a statement that fails is undone alone. A result that is still open is a handle (kRows) under
// its target; closing it undoes what it has not finished.

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel_token.h"
#include "binding/environment.h"
#include "binding/exec.h"
#include "binding/exec_exchange.h"
#include "binding/napi_util.h"
#include "exec/executor.h"
#include "exec/point.h"
#include "exec/prepared_plan.h"

namespace sochdb::binding {
namespace {

struct StatementHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kStatement;
  StatementHandle(Engine* engine_, std::shared_ptr<const PreparedPlan> plan_)
      : Handle(kKind), engine(engine_), plan(std::move(plan_)) {
    if (plan->is_point()) point = std::make_unique<PointStatement>(plan);
  }
  Engine* engine;
  std::shared_ptr<const PreparedPlan> plan;
  std::unique_ptr<PointStatement> point;  // null unless the plan is of one row by its key
  std::string parameters;                 // of the point statement: the exchange is written over while they are in use
};

// Where a statement writes: a transaction of its own on a database, a statement of the transaction that is open. Ends by Keep;
// destroyed before, it undoes what was written.
class Writing {
 public:
  Writing() = default;
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    if (transaction_ == nullptr || kept_) return;
    if (own_ != nullptr) {
      own_->Abort();
    } else if (!transaction_->finished()) {
      // Fails only for a transaction that has ended, and then nothing of the statement is left either.
      const Status ignored = transaction_->RollbackTo(savepoint_);
      (void)ignored;
    }
  }

  Status Begin(const Target& target) {
    if (target.transaction == nullptr) {
      TransactionOptions options;
      options.take_writer = true;
      SOCHDB_ASSIGN(transaction, target.engine->Begin(options));
      own_ = std::move(transaction);
      transaction_ = own_.get();
    } else {
      savepoint_ = target.transaction->BeginStatement();
      transaction_ = target.transaction;
    }
    return {};
  }
  Status Keep() {
    kept_ = true;
    return own_ != nullptr ? own_->Commit().status() : transaction_->Release(savepoint_);
  }
  [[nodiscard]] Transaction* transaction() const { return transaction_; }

 private:
  std::unique_ptr<Transaction> own_;
  Transaction* transaction_ = nullptr;
  SavepointId savepoint_ = 0;
  bool kept_ = false;
};

// One running statement: what it reads and writes through, and where it stands. Members are destroyed last to first.
class Run {
 public:
  explicit Run(std::shared_ptr<const PreparedPlan> plan) : plan_(std::move(plan)) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Status Open(const Target& target, std::string_view parameters, uint32_t rows, uint64_t timeout_ms);
  // Writes the next rows into the exchange. *more: there are rows left, or one that did not fit.
  Status Next(ExchangeHandle* exchange, bool* more);
  [[nodiscard]] uint64_t rows_affected() const { return rows_affected_; }

 private:
  Status OpenView(const Target& target);
  Status Fetch();
  Status Complete();

  std::shared_ptr<const PreparedPlan> plan_;
  std::string parameters_;  // the exchange is written over while they are in use
  CancelToken cancel_;
  std::unique_ptr<Snapshot> own_snapshot_;
  std::optional<Writing> writing_;
  Reader* reader_ = nullptr;
  Transaction* transaction_ = nullptr;
  std::unique_ptr<Execution> execution_;
  Batch batch_;
  bool started_ = false;
  uint32_t handed_over_ = 0;  // rows of batch_
  uint64_t rows_affected_ = 0;
};

// In a transaction every statement is one of its own, a reading one too: it may see a newer state (readCommitted).
Status Run::OpenView(const Target& target) {
  if (plan_->is_write() || target.transaction != nullptr) {
    SOCHDB_TRY(writing_.emplace().Begin(target));
    reader_ = transaction_ = writing_->transaction();
  } else if (target.reader != nullptr) {
    reader_ = target.reader;
  } else {
    SOCHDB_ASSIGN(snapshot, target.engine->NewSnapshot());
    own_snapshot_ = std::move(snapshot);
    reader_ = own_snapshot_.get();
  }
  return {};
}

Status Run::Open(const Target& target, std::string_view parameters, uint32_t rows, uint64_t timeout_ms) {
  parameters_.assign(parameters);
  if (timeout_ms != 0) {
    Env* env = target.engine->env();
    cancel_.SetDeadline(env, env->MonotonicMicros() + timeout_ms * 1000);
  }
  SOCHDB_TRY(OpenView(target));
  const ExecutionTarget execution_target{target.engine, reader_, transaction_};
  SOCHDB_ASSIGN(execution, Execution::Open(plan_, execution_target, parameters_, rows, &cancel_));
  execution_ = std::move(execution);
  return {};
}

Status Run::Fetch() {
  handed_over_ = 0;
  return execution_->Next(&batch_);
}

// Looks one batch ahead: most results end with the batch they begin with, and that is one call from JavaScript.
Status Run::Next(ExchangeHandle* exchange, bool* more) {
  *more = false;
  if (!started_) SOCHDB_TRY(Fetch());
  started_ = true;
  exchange->WriteNoRows();
  if (batch_.count() == 0) return Complete();
  uint32_t written = 0;
  SOCHDB_TRY(exchange->WriteRows(batch_, handed_over_, &written));
  handed_over_ += written;
  if (handed_over_ == batch_.count()) SOCHDB_TRY(Fetch());
  *more = batch_.count() > 0;
  return *more ? Status() : Complete();
}

Status Run::Complete() {
  rows_affected_ = execution_->rows_affected();
  execution_.reset();
  return writing_.has_value() ? writing_->Keep() : Status();
}

struct RowsHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kRows;
  explicit RowsHandle(std::unique_ptr<Run> run_) : Handle(kKind), run(std::move(run_)) {}
  std::unique_ptr<Run> run;
};

Status Closed(const char* what) { return {Code::kClosed, std::string("The ") + what + " is closed."}; }

// The next batch, header and all; the handle of what is left over, or 0.
Status HandOver(Environment& environment, std::unique_ptr<Run> run, Handle* parent, ExchangeHandle* exchange) {
  bool more = false;
  SOCHDB_TRY(run->Next(exchange, &more));
  const uint64_t affected = run->rows_affected();
  HandleId rows = 0;
  if (more) {
    SOCHDB_ASSIGN(id, environment.handles().Add(std::make_unique<RowsHandle>(std::move(run)), parent));
    rows = id;
  }
  exchange->Finish(more, affected, rows);
  return {};
}

// An Int32Array as its bytes, not detached.
Status ReadInt32Array(napi_env env, napi_value value, const char* name, std::string_view* out) {
  bool is_typed_array = false;
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* data = nullptr;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array ||
      napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_int32_array) {
    return {Code::kInvalidArgument, std::string(name) + " must be an Int32Array."};
  }
  *out = {static_cast<const char*>(data), data == nullptr ? 0 : length * sizeof(int32_t)};
  return {};
}

// statementPrepare(database, words, constants): a statement.
napi_value StatementPrepare(Call& call) {
  Target target;
  Status status = FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target);
  std::string_view words;
  std::string_view constants;
  if (status.ok()) status = ReadInt32Array(call.env(), call[1], "words", &words);
  if (status.ok()) status = ReadBytes(call.env(), call[2], "constants", &constants);
  if (!status.ok()) return call.Throw(status);
  // Copied: the arrays may lie in memory that another thread writes to.
  std::vector<int32_t> plan(words.size() / sizeof(int32_t));
  if (!plan.empty()) std::memcpy(plan.data(), words.data(), plan.size() * sizeof(int32_t));
  const std::string pool(constants);
  auto prepared = PreparedPlan::Parse(plan, pool);
  if (!prepared.ok()) return call.Throw(prepared.status());
  auto statement = std::make_unique<StatementHandle>(target.engine, std::move(prepared).value());
  auto id = call.environment().handles().Add(std::move(statement), target.handle);
  return id.ok() ? FromDouble(call.env(), static_cast<double>(*id)) : call.Throw(id.status());
}

// statementClose(statement): harmless when it is closed.
napi_value StatementClose(Call& call) {
  auto* statement = call.environment().handles().Find<StatementHandle>(ReadHandleId(call.env(), call[0]));
  if (statement != nullptr) call.environment().handles().Close(statement);
  return Undefined(call.env());
}

struct RunArguments {
  Target target;
  StatementHandle* statement = nullptr;
  ExchangeHandle* exchange = nullptr;
};

Status ReadRunArguments(Call& call, RunArguments* out) {
  Environment& environment = call.environment();
  SOCHDB_TRY(FindTarget(environment, ReadHandleId(call.env(), call[0]), &out->target));
  out->statement = environment.handles().Find<StatementHandle>(ReadHandleId(call.env(), call[1]));
  if (out->statement == nullptr || out->statement->engine != out->target.engine) return Closed("statement");
  out->exchange = environment.handles().Find<ExchangeHandle>(ReadHandleId(call.env(), call[2]));
  if (out->exchange == nullptr) return Closed("exchange");
  return out->statement->plan->is_write() ? CheckMayWrite(environment, out->target) : Status();
}

Status RunStatement(Call& call, const RunArguments& arguments, std::string_view parameters, uint32_t rows,
                    uint64_t timeout_ms) {
  auto run = std::make_unique<Run>(arguments.statement->plan);
  SOCHDB_TRY(run->Open(arguments.target, parameters, rows, timeout_ms));
  return HandOver(call.environment(), std::move(run), arguments.target.handle, arguments.exchange);
}

// Hands the point statement's one row over. *fits false: nothing was handed over, the buffer is too small.
Status HandOverPoint(const PointStatement& point, ExchangeHandle* exchange, bool* fits) {
  *fits = true;
  exchange->WriteNoRows();
  if (point.batch().count() > 0) {
    uint32_t written = 0;
    SOCHDB_TRY(exchange->WriteRows(point.batch(), 0, &written));
    *fits = written > 0;
  }
  exchange->Finish(false, point.rows_affected(), 0);
  return {};
}

// One row by its key, without operators. *fits false: nothing was done, the row needs a larger buffer.
Status RunPoint(const RunArguments& arguments, std::string_view parameters, bool* fits) {
  const Target& target = arguments.target;
  PointStatement& point = *arguments.statement->point;
  arguments.statement->parameters.assign(parameters);
  if (arguments.statement->plan->is_write()) {
    Writing writing;
    SOCHDB_TRY(writing.Begin(target));
    SOCHDB_TRY(point.Execute({target.engine, writing.transaction(), writing.transaction()}, arguments.statement->parameters));
    SOCHDB_TRY(HandOverPoint(point, arguments.exchange, fits));
    return *fits ? writing.Keep() : Status();
  }
  if (target.transaction != nullptr && target.transaction->isolation() == IsolationLevel::kReadCommitted) {
    const SavepointId savepoint = target.transaction->BeginStatement();
    SOCHDB_TRY(target.transaction->Release(savepoint));
  }
  SOCHDB_TRY(point.Execute({target.engine, target.reader, target.transaction}, arguments.statement->parameters));
  return HandOverPoint(point, arguments.exchange, fits);
}

// statementRun(target, statement, exchange, parameter bytes, timeout in ms): the first batch's string.
napi_value StatementRun(Call& call) {
  RunArguments arguments;
  uint64_t length = 0;
  uint64_t timeout_ms = 0;
  std::string_view parameters;
  Status status = ReadRunArguments(call, &arguments);
  if (status.ok()) status = ReadUint64(call.env(), call[3], "parameterBytes", kMaxValueBytes * 2, &length);
  if (status.ok()) status = ReadUint64(call.env(), call[4], "timeoutMs", kMaxTimeoutMs, &timeout_ms);
  if (status.ok()) status = arguments.exchange->Parameters(length, &parameters);
  bool done = false;
  if (status.ok() && arguments.statement->point != nullptr) status = RunPoint(arguments, parameters, &done);
  // A row that did not fit was rolled back; its parameters are still with the statement.
  if (status.ok() && !done) {
    if (arguments.statement->point != nullptr) parameters = arguments.statement->parameters;
    status = RunStatement(call, arguments, parameters, 1, timeout_ms);
  }
  return status.ok() ? arguments.exchange->Text(call.env()) : call.Throw(status);
}

// statementRunMany(target, statement, exchange, parameters, rows, timeout in ms): the first batch's string.
napi_value StatementRunMany(Call& call) {
  RunArguments arguments;
  uint32_t rows = 0;
  uint64_t timeout_ms = 0;
  std::string_view parameters;
  Status status = ReadRunArguments(call, &arguments);
  if (status.ok()) status = ReadBytes(call.env(), call[3], "parameters", &parameters);
  if (status.ok()) status = ReadUint32(call.env(), call[4], "rows", 0, UINT32_MAX, &rows);
  if (status.ok()) status = ReadUint64(call.env(), call[5], "timeoutMs", kMaxTimeoutMs, &timeout_ms);
  if (status.ok()) status = RunStatement(call, arguments, parameters, rows, timeout_ms);
  return status.ok() ? arguments.exchange->Text(call.env()) : call.Throw(status);
}

// rowsNext(rows, exchange): the next batch's string. A result that fails, or ends, is closed.
napi_value RowsNext(Call& call) {
  HandleTable& handles = call.environment().handles();
  auto* rows = handles.Find<RowsHandle>(ReadHandleId(call.env(), call[0]));
  auto* exchange = handles.Find<ExchangeHandle>(ReadHandleId(call.env(), call[1]));
  if (rows == nullptr || exchange == nullptr) return call.Throw(Closed("result"));
  if (const Status status = CheckNotBusy(rows); !status.ok()) return call.Throw(status);
  bool more = false;
  const Status status = rows->run->Next(exchange, &more);
  if (status.ok()) exchange->Finish(more, rows->run->rows_affected(), more ? rows->id() : 0);
  if (!more) handles.Close(rows);
  return status.ok() ? exchange->Text(call.env()) : call.Throw(status);
}

// rowsClose(rows): harmless when it is closed.
napi_value RowsClose(Call& call) {
  auto* rows = call.environment().handles().Find<RowsHandle>(ReadHandleId(call.env(), call[0]));
  if (rows != nullptr) call.environment().handles().Close(rows);
  return Undefined(call.env());
}

// exchangeOpen(buffer): an exchange.
napi_value ExchangeOpen(Call& call) {
  auto exchange = std::make_unique<ExchangeHandle>(call.env());
  if (const Status status = exchange->Attach(call[0]); !status.ok()) return call.Throw(status);
  auto id = call.environment().handles().Add(std::move(exchange), nullptr);
  return id.ok() ? FromDouble(call.env(), static_cast<double>(*id)) : call.Throw(id.status());
}

// exchangeReplace(exchange, buffer)
napi_value ExchangeReplace(Call& call) {
  auto* exchange = call.environment().handles().Find<ExchangeHandle>(ReadHandleId(call.env(), call[0]));
  const Status status = exchange == nullptr ? Closed("exchange") : exchange->Attach(call[1]);
  return status.ok() ? Undefined(call.env()) : call.Throw(status);
}

}  // namespace

bool InitStatements(Environment* environment, napi_value exports) {
  return Define<ExchangeOpen, 1>(environment, exports, "exchangeOpen") &&
         Define<ExchangeReplace, 2>(environment, exports, "exchangeReplace") &&
         Define<StatementPrepare, 3>(environment, exports, "statementPrepare") &&
         Define<StatementClose, 1>(environment, exports, "statementClose") &&
         Define<StatementRun, 5>(environment, exports, "statementRun") &&
         Define<StatementRunMany, 6>(environment, exports, "statementRunMany") &&
         Define<RowsNext, 2>(environment, exports, "rowsNext") && Define<RowsClose, 1>(environment, exports, "rowsClose");
}

bool InitExec(Environment* environment, napi_value exports) {
  return InitCatalog(environment, exports) && InitStatements(environment, exports);
}

}  // namespace sochdb::binding
