// Filling an index, one chunk a call, in the caller's transaction (exec/index_build.h); sql/ddl/build-index.ts runs it.

#include <string>

#include "binding/exec.h"
#include "binding/exec_statement.h"
#include "exec/index_build.h"

namespace sochdb::binding {
namespace {

// fillIndex(transaction, statement, indexId, from, maxRows): { rows, done, next: latin1 }
napi_value FillIndexChunk(Call& call) {
  StatementArguments arguments;
  uint32_t index = 0;
  uint64_t max_rows = 0;
  std::string_view from;
  Status status = ReadStatementArguments(call, &arguments);
  if (status.ok() && arguments.target.transaction == nullptr) {
    status = {Code::kTransaction, "An index is filled in transactions."};
  }
  if (status.ok()) status = ReadUint32(call.env(), call[2], "indexId", 0, UINT32_MAX, &index);
  if (status.ok()) status = ReadBytes(call.env(), call[3], "from", &from);
  if (status.ok() && from.size() > kMaxKeyBytes) status = {Code::kInvalidArgument, "from is longer than a key may be."};
  if (status.ok()) status = ReadUint64(call.env(), call[4], "maxRows", UINT32_MAX, &max_rows);
  IndexChunk chunk;
  if (status.ok()) {
    status = FillIndex(arguments.statement->plan, arguments.target.engine, arguments.target.transaction, index,
                       std::string(from), max_rows, &chunk);
  }
  if (!status.ok()) return call.Throw(status);
  ObjectBuilder object(call.env());
  object.Number("rows", static_cast<double>(chunk.rows)).Bool("done", chunk.done);
  napi_value next = nullptr;
  if (napi_create_string_latin1(call.env(), chunk.next.data(), chunk.next.size(), &next) != napi_ok) return nullptr;
  return object.Set("next", next).value();
}

}  // namespace

bool InitIndexes(Environment* environment, napi_value exports) {
  return Define<FillIndexChunk, 5>(environment, exports, "fillIndex");
}

}  // namespace sochdb::binding
