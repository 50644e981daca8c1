// Plans for tests, continued: set operations, recursion, subqueries, table functions.
//
// Thread safety: one thread.

#pragma once

#include <utility>
#include <vector>

#include "test/plan_builder.h"

namespace sochdb::test {

inline Part SlotOf(int32_t number, ColumnType type) {
  Part part = NewExpr(ExprOp::kSlot, type);
  part->Number(number);
  part->number = number;
  return part;
}
inline Part UnionAll(const std::vector<Part>& children) {
  Part part = NewNode(PlanOp::kUnionAll);
  part->List(children);
  return part;
}
inline Part SetOperation(Part left, Part right, SetOpKind kind, bool all) {
  Part part = NewNode(PlanOp::kSetOp);
  part->Ref(std::move(left)).Ref(std::move(right)).Number(static_cast<int32_t>(kind)).Number(all ? 1 : 0);
  return part;
}
inline Part Recursion(Part anchor, Part step, bool distinct, int32_t table) {
  Part part = NewNode(PlanOp::kRecursive);
  part->Ref(std::move(anchor)).Ref(std::move(step)).Number(distinct ? 1 : 0).Number(table);
  return part;
}
inline void AddTypes(PlanPart* part, const std::vector<ColumnType>& types) {
  part->Number(static_cast<int32_t>(types.size()));
  for (const ColumnType type : types) part->Number(static_cast<int32_t>(type));
}
inline Part Working(int32_t table, const std::vector<ColumnType>& types) {
  Part part = NewNode(PlanOp::kWorkingTable);
  part->Number(table);
  AddTypes(part.get(), types);
  return part;
}
struct TestSlot {
  int32_t number;
  Part expr;
};
inline Part Apply(Part outer, Part inner, ApplyKind kind, const std::vector<TestSlot>& slots, Part predicate = nullptr) {
  Part part = NewNode(PlanOp::kApply);
  part->Ref(std::move(outer)).Ref(std::move(inner)).Number(static_cast<int32_t>(kind));
  part->Number(static_cast<int32_t>(slots.size()));
  for (const TestSlot& slot : slots) part->Number(slot.number).Ref(slot.expr);
  part->Ref(std::move(predicate));
  return part;
}
inline Part Function(int32_t number, const std::vector<Part>& args, const std::vector<ColumnType>& types) {
  Part part = NewNode(PlanOp::kTableFunction);
  part->Number(number).List(args);
  AddTypes(part.get(), types);
  return part;
}
inline Part Series(Part start, Part stop) { return Function(1, {std::move(start), std::move(stop)}, {ColumnType::kInteger}); }

}  // namespace sochdb::test
