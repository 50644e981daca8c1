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

struct PlanNode {
  explicit PlanNode(PlanOp o) : op(o) {}
  virtual ~PlanNode() = default;

  PlanOp op;
  int32_t word = 0;
  std::vector<ColumnType> columns;  // what it yields
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
    const Expr* arg = nullptr;  // null for kCountRows alone
    bool distinct = false;
    const Expr* filter = nullptr;
    ColumnType type = ColumnType::kInteger;
  };
  const PlanNode* child = nullptr;
  std::vector<const Expr*> groups;
  std::vector<Function> functions;
};

struct IndexJoinNode : PlanNode {
  IndexJoinNode() : PlanNode(PlanOp::kIndexJoin) {}
  const PlanNode* outer = nullptr;
  JoinKind kind = JoinKind::kInner;
  IndexAccess access;
  std::vector<const Expr*> equals;  // over the outer row
  const Expr* residual = nullptr;   // over outer ++ inner
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
  std::vector<const Expr*> returning;
};

inline constexpr int32_t kConflictPrimaryKey = -1;
inline constexpr int32_t kConflictAny = -2;

struct InsertNode : WriteNode {
  InsertNode() : WriteNode(PlanOp::kInsert) {}
  std::vector<uint32_t> targets;
  ConflictAction action = ConflictAction::kError;
  int32_t conflict_index = kConflictPrimaryKey;
  const Expr* set_predicate = nullptr;
};

struct UpdateNode : WriteNode {
  UpdateNode() : WriteNode(PlanOp::kUpdate) {}
};

struct DeleteNode : WriteNode {
  DeleteNode() : WriteNode(PlanOp::kDelete) {}
};

}  // namespace sochdb
