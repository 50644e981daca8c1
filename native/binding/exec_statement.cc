// Statements: plans that were checked once, run on a database, a transaction or a snapshot, their rows handed over batch by
// batch through the exchange (exec_exchange.h).
//
// On a database a read has a snapshot of its own and a write a transaction of its own, which commits when its last row has been
// handed over. In a transaction a statement that fails is undone alone. A result that is still open is a handle (kRows) under
// its target; closing it undoes what it has not finished.

#include "binding/exec_statement.h"

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
#include "binding/exec_run.h"
#include "binding/napi_util.h"
#include "exec/executor.h"
#include "exec/point.h"
#include "exec/prepared_plan.h"

namespace sochdb::binding {
namespace {

// A statement that runs on this thread.
struct OpenRun {
  explicit OpenRun(const StatementHandle& statement)
      : engine(statement.engine), run(statement.plan, statement.identities, statement.limits) {}

  Status Next(ExchangeHandle* exchange, bool* more) {
    SOCHDB_TRY(run.Next(&exchange->writer(), more));
    return run.unpublished() == 0 ? Status() : engine->AwaitPublished(run.unpublished());
  }

  Engine* const engine;
  CancelToken cancel;
  RunningStatement run;
};

struct RowsHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kRows;
  explicit RowsHandle(std::unique_ptr<OpenRun> open_) : Handle(kKind), open(std::move(open_)) {}
  std::unique_ptr<OpenRun> open;
};

Status Closed(const char* what) { return {Code::kClosed, std::string("The ") + what + " is closed."}; }

// The next batch, header and all; the handle of what is left over, or 0.
Status HandOver(Environment& environment, std::unique_ptr<OpenRun> open, Handle* parent, ExchangeHandle* exchange) {
  bool more = false;
  SOCHDB_TRY(open->Next(exchange, &more));
  const uint64_t affected = open->run.rows_affected();
  HandleId rows = 0;
  if (more) {
    SOCHDB_ASSIGN(id, environment.handles().Add(std::make_unique<RowsHandle>(std::move(open)), parent));
    rows = id;
  }
  exchange->writer().Finish(more, affected, rows);
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
  auto* database = call.environment().handles().Find<DatabaseHandle>(ReadHandleId(call.env(), call[0]));
  if (status.ok() && database == nullptr) status = {Code::kInvalidArgument, "Statements are prepared on a database."};
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
  ExecutionLimits limits;
  if (database->query_memory_bytes != 0) limits.query_memory_bytes = database->query_memory_bytes;
  auto statement =
      std::make_unique<StatementHandle>(target.engine, database->engine.identities(), limits, std::move(prepared).value());
  auto id = call.environment().handles().Add(std::move(statement), target.handle);
  return id.ok() ? FromDouble(call.env(), static_cast<double>(*id)) : call.Throw(id.status());
}

// statementClose(statement): harmless when it is closed.
napi_value StatementClose(Call& call) {
  auto* statement = call.environment().handles().Find<StatementHandle>(ReadHandleId(call.env(), call[0]));
  if (statement != nullptr) call.environment().handles().Close(statement);
  return Undefined(call.env());
}

struct RunArguments : StatementArguments {
  ExchangeHandle* exchange = nullptr;
};

Status ReadRunArguments(Call& call, RunArguments* out) {
  SOCHDB_TRY(ReadStatementArguments(call, out));
  out->exchange = call.environment().handles().Find<ExchangeHandle>(ReadHandleId(call.env(), call[2]));
  return out->exchange == nullptr ? Closed("exchange") : Status();
}

Status RunStatement(Call& call, const RunArguments& arguments, std::string_view parameters, uint32_t rows,
                    uint64_t timeout_ms) {
  Engine* const engine = arguments.target.engine;
  auto open = std::make_unique<OpenRun>(*arguments.statement);
  if (timeout_ms != 0) open->cancel.SetDeadline(engine->env(), engine->env()->MonotonicMicros() + timeout_ms * 1000);
  SOCHDB_TRY(open->run.Open(arguments.target, parameters, rows, &open->cancel));
  return HandOver(call.environment(), std::move(open), arguments.target.handle, arguments.exchange);
}

// Hands the point statement's one row over. *fits false: nothing was handed over, the buffer is too small.
Status HandOverPoint(const PointStatement& point, ExchangeHandle* exchange, bool* fits) {
  *fits = true;
  exchange->writer().WriteNoRows();
  if (point.batch().count() > 0) {
    uint32_t written = 0;
    SOCHDB_TRY(exchange->writer().WriteRow(point.batch(), &written));
    *fits = written > 0;
  }
  exchange->writer().Finish(false, point.rows_affected(), 0);
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
    SOCHDB_TRY(point.Execute(
        {target.engine, writing.transaction(), writing.transaction(), DeferredOf(target), arguments.statement->identities},
        arguments.statement->parameters));
    SOCHDB_TRY(HandOverPoint(point, arguments.exchange, fits));
    if (!*fits) return {};
    Timestamp unpublished = 0;
    SOCHDB_TRY(writing.Keep(&unpublished));
    return unpublished == 0 ? Status() : target.engine->AwaitPublished(unpublished);
  }
  if (target.transaction != nullptr && target.transaction->isolation() == IsolationLevel::kReadCommitted) {
    const SavepointId savepoint = target.transaction->BeginStatement();
    SOCHDB_TRY(target.transaction->Release(savepoint));
  }
  SOCHDB_TRY(point.Execute({target.engine, target.reader, target.transaction}, arguments.statement->parameters));
  return HandOverPoint(point, arguments.exchange, fits);
}

// statementRun(target, statement, exchange): the first batch's string. How many bytes of parameters there are, and how long it
// may take, stand in the exchange: reading a number there costs nothing.
napi_value StatementRun(Call& call) {
  RunArguments arguments;
  uint64_t timeout_ms = 0;
  std::string_view parameters;
  Status status = ReadRunArguments(call, &arguments);
  if (status.ok()) status = arguments.exchange->Parameters(&parameters, &timeout_ms);
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
  const Status status = rows->open->Next(exchange, &more);
  if (status.ok()) exchange->writer().Finish(more, rows->open->run.rows_affected(), more ? rows->id() : 0);
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

Status ReadStatementArguments(Call& call, StatementArguments* out) {
  Environment& environment = call.environment();
  SOCHDB_TRY(FindTarget(environment, ReadHandleId(call.env(), call[0]), &out->target));
  out->statement = environment.handles().Find<StatementHandle>(ReadHandleId(call.env(), call[1]));
  if (out->statement == nullptr || out->statement->engine != out->target.engine) return Closed("statement");
  // A plan knows the keys of one namespace: through another one it would reach out of that.
  if (out->statement->plan->namespace_id() != DecodeBigEndian32(out->target.prefix.data())) {
    return {Code::kInvalidArgument, "The statement was prepared in another namespace."};
  }
  return out->statement->plan->is_write() ? CheckMayWrite(environment, out->target) : Status();
}

bool InitStatements(Environment* environment, napi_value exports) {
  return Define<ExchangeOpen, 1>(environment, exports, "exchangeOpen") &&
         Define<ExchangeReplace, 2>(environment, exports, "exchangeReplace") &&
         Define<StatementPrepare, 3>(environment, exports, "statementPrepare") &&
         Define<StatementClose, 1>(environment, exports, "statementClose") &&
         Define<StatementRun, 3>(environment, exports, "statementRun") &&
         Define<StatementRunMany, 6>(environment, exports, "statementRunMany") &&
         Define<RowsNext, 2>(environment, exports, "rowsNext") && Define<RowsClose, 1>(environment, exports, "rowsClose");
}

bool InitExec(Environment* environment, napi_value exports) {
  return InitCatalog(environment, exports) && InitIndexes(environment, exports) && InitStatements(environment, exports) &&
         InitAsyncStatements(environment, exports);
}

}  // namespace sochdb::binding
