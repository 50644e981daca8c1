// Expressions of a parsed plan: typed, resolved to numbers, checked.
//
// Thread safety: immutable once parsed. Ownership: a PreparedPlan owns its expressions; they point to each other.

#pragma once

#include <cstdint>
#include <vector>

#include "codec/value.h"
#include "exec/plan_format.h"

namespace sochdb {

struct Function;

struct Expr {
  ExprOp op = ExprOp::kConst;
  ColumnType type = ColumnType::kNull;
  int32_t word = 0;       // where it stands in the plan
  int32_t number = 0;     // kColumn: column; kParam: parameter; kLike: LikeFlags; kSlot: its place in ExecContext::slots
  uint32_t slot = 0;      // its place among the plan's expressions
  bool constant = false;  // no column in it: one value for all rows of an input
  Value value;            // kConst
  const Function* function = nullptr;  // kCall
  // Operands in plan order. kLike: a, pattern, escape or null. kIn: a, then the list. kCase: when, then, …, else or null.
  std::vector<const Expr*> args;

  [[nodiscard]] bool IsLeaf() const { return IsConstantLeaf() || op == ExprOp::kColumn || op == ExprOp::kSlot; }
  [[nodiscard]] bool IsConstantLeaf() const { return op == ExprOp::kConst || op == ExprOp::kParam; }
};

}  // namespace sochdb
