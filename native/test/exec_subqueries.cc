#include "test/exec_subqueries.h"

#include <algorithm>

namespace sochdb::test {
namespace {

bool SameRow(const Row& a, const Row& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (CompareValues(a[i].Get(), b[i].Get()) != 0) return false;
  return true;
}

bool Has(const Rows& rows, const Row& row) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& other) { return SameRow(row, other); });
}

Row Beside(const Row& a, const Row& b) {
  Row both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

// What an apply of one kind makes of one outer row.
void ApplyOne(ApplyKind kind, const Row& row, const Rows& inner, size_t width, const Part& predicate, Rows* out) {
  Rows matches;
  bool unknown = false;
  for (const Row& other : inner) {
    const auto truth = predicate == nullptr ? Cell(Value::Boolean(true)) : *Evaluate(predicate, Beside(row, other), {});
    unknown |= truth.is_null();
    if (IsTrue(truth)) matches.push_back(other);
  }
  switch (kind) {
    case ApplyKind::kScalar:
      EXPECT(inner.size() <= 1);
      out->push_back(Beside(row, inner.empty() ? Row(1) : inner[0]));
      break;
    case ApplyKind::kExists:
      out->push_back(Beside(row, {Value::Boolean(!inner.empty())}));
      break;
    case ApplyKind::kAny:
      out->push_back(Beside(row, {matches.empty() && unknown ? Value() : Value::Boolean(!matches.empty())}));
      break;
    case ApplyKind::kInner:
    case ApplyKind::kLeft:
      for (const Row& match : matches) out->push_back(Beside(row, match));
      if (matches.empty() && kind == ApplyKind::kLeft) out->push_back(Beside(row, Row(width)));
      break;
  }
}

}  // namespace

Relation RefUnionAll(const std::vector<Relation>& inputs) {
  std::vector<Part> plans;
  Relation out{nullptr, inputs[0].types, {}, true};
  for (const Relation& input : inputs) {
    plans.push_back(input.plan);
    out.rows.insert(out.rows.end(), input.rows.begin(), input.rows.end());
  }
  out.plan = UnionAll(plans);
  return out;
}

Relation RefSetOp(const Relation& left, const Relation& right, SetOpKind kind, bool all) {
  Relation out{SetOperation(left.plan, right.plan, kind, all), left.types, {}, left.ordered};
  Rows unmatched = right.rows;
  for (const Row& row : left.rows) {
    const auto it = std::find_if(unmatched.begin(), unmatched.end(), [&](const Row& other) { return SameRow(row, other); });
    const bool matched = it != unmatched.end();
    if (matched && all) unmatched.erase(it);
    if (matched == (kind == SetOpKind::kIntersect) && (all || !Has(out.rows, row))) out.rows.push_back(row);
  }
  return out;
}

Relation RefApply(const Relation& outer, ApplyKind kind, const std::vector<TestSlot>& slots,
                  const std::function<Relation()>& inner, const Part& predicate) {
  for (const TestSlot& slot : slots) ReferenceSlots()[slot.number] = Cell();
  const Relation shape = inner();
  Relation out{Apply(outer.plan, shape.plan, kind, slots, predicate), outer.types, {}, outer.ordered};
  const bool wide = kind == ApplyKind::kInner || kind == ApplyKind::kLeft || kind == ApplyKind::kScalar;
  if (wide) out.types.insert(out.types.end(), shape.types.begin(), shape.types.end());
  else out.types.push_back(ColumnType::kBoolean);
  for (const Row& row : outer.rows) {
    for (const TestSlot& slot : slots) ReferenceSlots()[slot.number] = *Evaluate(slot.expr, row, {});
    ApplyOne(kind, row, inner().rows, shape.types.size(), predicate, &out.rows);
  }
  return out;
}

Relation RefRecursive(const Relation& anchor, bool distinct, int32_t table, int rounds,
                      const std::function<Relation(const Relation& working)>& step) {
  Relation working{Working(table, anchor.types), anchor.types, {}, true};
  Relation out{Recursion(anchor.plan, step(working).plan, distinct, table), anchor.types, {}, true};
  Rows next = anchor.rows;
  for (int round = 0; !next.empty(); ++round) {
    EXPECT(round <= rounds);
    working.rows.clear();
    for (const Row& row : next) {
      if (distinct && Has(out.rows, row)) continue;
      out.rows.push_back(row);
      working.rows.push_back(row);
    }
    next = working.rows.empty() ? Rows() : step(working).rows;
  }
  return out;
}

}  // namespace sochdb::test
