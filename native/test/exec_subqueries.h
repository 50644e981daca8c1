// The naive executor (exec_reference.h), continued: set operations, recursion, subqueries.
//
// What stands inside a subquery or a step is built by a function, which is called once for the plan and once for every outer
// row or round: it must decide the same each time (Replay).

#pragma once

#include <functional>
#include <random>
#include <vector>

#include "test/exec_reference.h"
#include "test/plan_builder_relations.h"

namespace sochdb::test {

Relation RefUnionAll(const std::vector<Relation>& inputs);
Relation RefSetOp(const Relation& left, const Relation& right, SetOpKind kind, bool all);
// `inner` looks at the slots through SlotOf.
Relation RefApply(const Relation& outer, ApplyKind kind, const std::vector<TestSlot>& slots,
                  const std::function<Relation()>& inner, const Part& predicate);
// At most `rounds` rounds may be needed.
Relation RefRecursive(const Relation& anchor, bool distinct, int32_t table, int rounds,
                      const std::function<Relation(const Relation& working)>& step);

// The function, drawing the same random numbers at every call.
template <typename Make>
auto Replay(std::mt19937_64* random, Make make) {
  const std::mt19937_64 start((*random)());
  return [random, start, make](const auto&... args) {
    const std::mt19937_64 after = *random;
    *random = start;
    Relation relation = make(args...);
    *random = after;
    return relation;
  };
}

}  // namespace sochdb::test
