// Operators of a parsed plan, one struct per PlanOp (plan_format.h says what each does).
//
// Thread safety: immutable once parsed. Ownership: a PreparedPlan owns nodes, tables and expressions.

#pragma once

#include <cstdint>
#include <vector>

#include "exec/expr.h"
#include "exec/plan_format.h"
#include "exec/table_info.h"

namespace sochdb {

inline constexpr uint32_t kNoBinding = UINT32_MAX;

struct PlanNode {
  explicit PlanNode(PlanOp o) : op(o) {}
  virtual ~PlanNode() = default;

  PlanOp op;
  int32_t word = 0;
  std::vector<ColumnType> columns;  // what it yields
  // The outermost slot or working table that it depends on and that is not its own, counted as they are nested. None: opened
  // again for the same parameters, it yields the same rows.
  uint32_t outer_binding = kNoBinding;
};

// One index of a table (or its primary key) and the columns wanted from it.
struct IndexAccess {
  const TableInfo* table = nullptr;
  const IndexInfo* index = nullptr;  // null: the rows themselves, by primary key
  std::vector<uint32_t> projection;  // column positions
  // The projection can be had from the entry's key: cover[i] is the place of projection[i] among the index's key columns
  // followed by those of the primary key.
  bool covering = false;
  std::vector<uint32_t> cover;

  [[nodiscard]] const std::vector<KeyColumn>& key() const { return index != nullptr ? index->key : table->primary_key; }
  // Whether `n` equal leading columns, none of them NULL, leave at most one row.
  [[nodiscard]] bool IsUnique(size_t n) const { return n == key().size() && (index == nullptr || index->unique); }
};

struct ScanNode : PlanNode {
  ScanNode() : PlanNode(PlanOp::kScan) {}
  IndexAccess access;
  bool reverse = false;
  std::vector<const Expr*> equals;
  const Expr* lo = nullptr;
  const Expr* hi = nullptr;
  bool lo_inclusive = false;
  bool hi_inclusive = false;
};

struct ScanKeysNode : PlanNode {
  ScanKeysNode() : PlanNode(PlanOp::kScanKeys) {}
  IndexAccess access;
  uint32_t width = 0;
  std::vector<const Expr*> keys;  // row-major
};

struct FilterNode : PlanNode {
  FilterNode() : PlanNode(PlanOp::kFilter) {}
  const PlanNode* child = nullptr;
  const Expr* predicate = nullptr;
};

struct ProjectNode : PlanNode {
  ProjectNode() : PlanNode(PlanOp::kProject) {}
  const PlanNode* child = nullptr;
  std::vector<const Expr*> exprs;
};

struct SortNode : PlanNode {
  SortNode() : PlanNode(PlanOp::kSort) {}
  struct Key {
    const Expr* expr = nullptr;
    bool descending = false;
    bool nulls_last = false;
  };
  const PlanNode* child = nullptr;
  std::vector<Key> keys;
  const Expr* limit = nullptr;
  const Expr* offset = nullptr;
};

struct LimitNode : PlanNode {
  LimitNode() : PlanNode(PlanOp::kLimit) {}
  const PlanNode* child = nullptr;
  const Expr* limit = nullptr;
  const Expr* offset = nullptr;
};

struct AggregateNode : PlanNode {
  AggregateNode() : PlanNode(PlanOp::kAggregate) {}
  struct Function {
    AggregateFn fn = AggregateFn::kCountRows;
    const Expr* arg = nullptr;   // null for kCountRows alone
    const Expr* arg2 = nullptr;  // of kGroupConcat and the objects of JSON alone
    bool distinct = false;
    const Expr* filter = nullptr;
    std::vector<SortNode::Key> order;
    ColumnType type = ColumnType::kInteger;
  };
  const PlanNode* child = nullptr;
  std::vector<const Expr*> groups;
  std::vector<Function> functions;
};

// `child` is sorted by the partition's expressions, then by `order`.
struct WindowNode : PlanNode {
  WindowNode() : PlanNode(PlanOp::kWindow) {}
  struct Edge {
    FrameBound kind = FrameBound::kUnboundedPreceding;
    const Expr* offset = nullptr;  // of kPreceding and kFollowing
  };
  struct Frame {
    FrameMode mode = FrameMode::kRange;
    Edge start;
    Edge end;
    FrameExclude exclude = FrameExclude::kNone;
  };
  struct Function {
    bool is_aggregate = false;
    AggregateNode::Function aggregate;  // its type is that of the result, whatever the function
    WindowFn fn = WindowFn::kRowNumber;
    std::vector<const Expr*> args;
    bool ignore_nulls = false;
    Frame frame;
  };
  const PlanNode* child = nullptr;
  std::vector<const Expr*> partition;
  std::vector<SortNode::Key> order;
  std::vector<Function> functions;
};

inline bool YieldsLeftAlone(JoinKind kind) { return kind == JoinKind::kSemi || kind == JoinKind::kAnti; }

struct IndexJoinNode : PlanNode {
  IndexJoinNode() : PlanNode(PlanOp::kIndexJoin) {}
  const PlanNode* outer = nullptr;
  JoinKind kind = JoinKind::kInner;
  IndexAccess access;
  std::vector<const Expr*> equals;  // over the outer row
  const Expr* residual = nullptr;   // over outer ++ inner
};

// What runs subqueries over rows that an operator comes by: it reads them from a working table, and yields each with more
// columns.
struct OverRows {
  const PlanNode* plan = nullptr;  // null: there are no subqueries
  uint32_t table = 0;              // its place in ExecContext::working_tables
};

struct LoopJoinNode : PlanNode {
  LoopJoinNode() : PlanNode(PlanOp::kLoopJoin) {}
  // A conjunct `left = right` of the predicate whose sides look at one side of the join each.
  struct Equality {
    const Expr* left = nullptr;
    const Expr* right = nullptr;  // its columns are numbered as in left ++ right
  };
  const PlanNode* left = nullptr;
  const PlanNode* right = nullptr;
  JoinKind kind = JoinKind::kInner;
  const Expr* predicate = nullptr;
  std::vector<Equality> equalities;
  bool only_equalities = false;  // the predicate has no other conjuncts
  // Of the pairs for which the predicate holds, those join for which `asked` does as well: over what `pairs` makes of these of
  // their columns.
  std::vector<uint32_t> pair_columns;
  OverRows pairs;
  const Expr* asked = nullptr;
};

struct DistinctNode : PlanNode {
  DistinctNode() : PlanNode(PlanOp::kDistinct) {}
  const PlanNode* child = nullptr;
};

struct ValuesNode : PlanNode {
  ValuesNode() : PlanNode(PlanOp::kValues) {}
  uint32_t rows = 0;
  std::vector<const Expr*> exprs;  // row-major
};

struct UnionAllNode : PlanNode {
  UnionAllNode() : PlanNode(PlanOp::kUnionAll) {}
  std::vector<const PlanNode*> children;
};

struct SetOpNode : PlanNode {
  SetOpNode() : PlanNode(PlanOp::kSetOp) {}
  const PlanNode* left = nullptr;
  const PlanNode* right = nullptr;
  SetOpKind kind = SetOpKind::kIntersect;
  bool all = false;
};

struct RecursiveNode : PlanNode {
  RecursiveNode() : PlanNode(PlanOp::kRecursive) {}
  const PlanNode* anchor = nullptr;
  const PlanNode* step = nullptr;
  bool distinct = false;
  uint32_t table = 0;  // its place in ExecContext::working_tables
};

struct WorkingTableNode : PlanNode {
  WorkingTableNode() : PlanNode(PlanOp::kWorkingTable) {}
  uint32_t table = 0;
};

struct ApplyNode : PlanNode {
  ApplyNode() : PlanNode(PlanOp::kApply) {}
  struct Slot {
    uint32_t slot = 0;  // its place in ExecContext::slots
    const Expr* expr = nullptr;
  };
  // An equality of a predicate that is nothing but such: outer row on one side, inner row on the other.
  struct Key {
    const Expr* outer = nullptr;
    const Expr* inner = nullptr;  // its columns are numbered as in outer ++ inner
  };
  const PlanNode* outer = nullptr;
  const PlanNode* inner = nullptr;
  ApplyKind kind = ApplyKind::kScalar;
  std::vector<Slot> slots;
  const Expr* predicate = nullptr;
  std::vector<Key> keys;       // of kAny without slots
  uint32_t first_binding = 0;  // of its slots
  // Whether the inner rows depend on more than the slots it sets, so that they may differ from Open to Open.
  [[nodiscard]] bool InnerVaries() const { return inner->outer_binding < first_binding; }
};

class TableFunction;
struct TableFunctionInfo;
struct TableFunctionNode : PlanNode {
  TableFunctionNode() : PlanNode(PlanOp::kTableFunction) {}
  const TableFunctionInfo* function = nullptr;
  std::vector<const Expr*> args;
};

struct Assignment {
  uint32_t column = 0;  // position in storage order
  const Expr* expr = nullptr;
};

// What the writing operators share.
struct WriteNode : PlanNode {
  using PlanNode::PlanNode;
  const TableInfo* table = nullptr;
  const PlanNode* child = nullptr;
  std::vector<Assignment> sets;
  std::vector<const Expr*> returning;  // over the row, or what `returning_rows` makes of it
  OverRows returning_rows;             // of an insert alone
};

inline constexpr int32_t kConflictPrimaryKey = -1;
inline constexpr int32_t kConflictAny = -2;

struct InsertNode : WriteNode {
  InsertNode() : WriteNode(PlanOp::kInsert) {}
  // What happens to a row that has a key of another one.
  struct Conflict {
    ConflictAction action = ConflictAction::kError;
    int32_t index = kConflictPrimaryKey;
    std::vector<Assignment> sets;     // over the row that is there, then the proposed one, or what `rows` makes of them
    const Expr* predicate = nullptr;  // over the same: null, or which rows are updated
    OverRows rows;
  };
  std::vector<uint32_t> targets;
  Conflict conflict;
  std::vector<Conflict> more;  // further ON CONFLICT clauses, kNothing or kUpdate: the first whose key is taken counts
};

struct UpdateNode : WriteNode {
  UpdateNode() : WriteNode(PlanOp::kUpdate) {}
  ConflictAction action = ConflictAction::kError;  // or kIgnore, kReplace
};

struct DeleteNode : WriteNode {
  DeleteNode() : WriteNode(PlanOp::kDelete) {}
};

}  // namespace sochdb
