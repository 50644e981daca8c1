// Copying a table between the trees of index policies, and emptying the place it has left: one chunk a call, in the caller's
// transaction (exec/table_move.h); sql/policy.ts runs them. And holding its rows still, for changes of its schema that rest on
// them.

#include <string>

#include "binding/environment.h"
#include "binding/exec.h"
#include "binding/napi_util.h"
#include "exec/table_move.h"
#include "exec/table_trees.h"

namespace sochdb::binding {
namespace {

constexpr uint64_t kMaxChunkBytes = 64ull * 1024 * 1024;

struct MoveArguments {
  Target target;
  TreeId from = TreeId::kRows;
  TreeId to = TreeId::kRows;
  std::string lo;
  std::string hi;
  uint64_t max_bytes = 0;
};

Status ReadTree(Call& call, size_t i, const char* name, bool indexes, TreeId* out) {
  uint32_t policy = 0;
  SOCHDB_TRY(ReadUint32(call.env(), call[i], name, 0, kIndexPolicyCount - 1, &policy));
  const TableTrees trees = TreesOf(static_cast<IndexPolicy>(policy));
  *out = indexes ? trees.indexes : trees.rows;
  return {};
}

Status ReadBound(Call& call, size_t i, const char* name, std::string* out) {
  std::string_view bytes;
  SOCHDB_TRY(ReadBytes(call.env(), call[i], name, &bytes));
  if (bytes.size() > kMaxKeyBytes) return {Code::kInvalidArgument, std::string(name) + " is longer than a key may be."};
  out->assign(bytes);
  return {};
}

// (transaction, indexes, fromPolicy, toPolicy, lo, hi, maxBytes)
Status ReadArguments(Call& call, MoveArguments* out) {
  SOCHDB_TRY(FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &out->target));
  SOCHDB_TRY(CheckMayWrite(call.environment(), out->target));
  if (out->target.transaction == nullptr) return {Code::kTransaction, "A table is moved in transactions."};
  bool indexes = false;
  SOCHDB_TRY(ReadBool(call.env(), call[1], "indexes", &indexes));
  SOCHDB_TRY(ReadTree(call, 2, "fromPolicy", indexes, &out->from));
  SOCHDB_TRY(ReadTree(call, 3, "toPolicy", indexes, &out->to));
  SOCHDB_TRY(ReadBound(call, 4, "lo", &out->lo));
  SOCHDB_TRY(ReadBound(call, 5, "hi", &out->hi));
  return ReadUint64(call.env(), call[6], "maxBytes", kMaxChunkBytes, &out->max_bytes);
}

napi_value Describe(napi_env env, const MoveChunk& chunk) {
  ObjectBuilder object(env);
  object.Number("entries", static_cast<double>(chunk.entries)).Bool("done", chunk.done);
  napi_value next = nullptr;
  if (napi_create_string_latin1(env, chunk.next.data(), chunk.next.size(), &next) != napi_ok) return nullptr;
  return object.Set("next", next).value();
}

// copyTableChunk(…): { entries, done, next: latin1 }
napi_value CopyTableChunk(Call& call) {
  MoveArguments arguments;
  MoveChunk chunk;
  Status status = ReadArguments(call, &arguments);
  if (status.ok()) {
    status = CopyChunk(arguments.target.transaction, arguments.from, arguments.to, arguments.lo, arguments.hi,
                       arguments.max_bytes, &chunk);
  }
  return status.ok() ? Describe(call.env(), chunk) : call.Throw(status);
}

// deleteTableChunk(…): the same; toPolicy is not used.
napi_value DeleteTableChunk(Call& call) {
  MoveArguments arguments;
  MoveChunk chunk;
  Status status = ReadArguments(call, &arguments);
  if (status.ok()) {
    status = DeleteChunk(arguments.target.transaction, arguments.from, arguments.lo, arguments.hi, arguments.max_bytes, &chunk);
  }
  return status.ok() ? Describe(call.env(), chunk) : call.Throw(status);
}

// holdTable(transaction, policy, lo, hi): no other transaction may have written there when this one commits, whatever its
// isolation.
napi_value HoldTable(Call& call) {
  Target target;
  TreeId tree = TreeId::kRows;
  std::string lo;
  std::string hi;
  Status status = FindTarget(call.environment(), ReadHandleId(call.env(), call[0]), &target);
  if (status.ok()) status = CheckMayWrite(call.environment(), target);
  if (status.ok() && target.transaction == nullptr) status = {Code::kTransaction, "A table is held in transactions."};
  if (status.ok()) status = ReadTree(call, 1, "policy", false, &tree);
  if (status.ok()) status = ReadBound(call, 2, "lo", &lo);
  if (status.ok()) status = ReadBound(call, 3, "hi", &hi);
  if (!status.ok()) return call.Throw(status);
  target.transaction->RegisterConstraintRange(tree, lo, hi);
  return Undefined(call.env());
}

}  // namespace

bool InitTableMoves(Environment* environment, napi_value exports) {
  return Define<CopyTableChunk, 7>(environment, exports, "copyTableChunk") &&
         Define<DeleteTableChunk, 7>(environment, exports, "deleteTableChunk") &&
         Define<HoldTable, 4>(environment, exports, "holdTable");
}

}  // namespace sochdb::binding
