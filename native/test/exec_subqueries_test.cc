// Set operations, recursion and subqueries against a naive executor, on random data, plans and predicates.

#include "test/exec_subqueries.h"

#include <algorithm>
#include <cmath>

#include "test/exec_mixed.h"

namespace sochdb::test::exec_subqueries_test {
namespace {

constexpr ColumnType kInt = ColumnType::kInteger;

bool Near(const Cell& a, const Cell& b) {
  if (a.value.tag != ValueTag::kReal || b.value.tag != ValueTag::kReal) return a == b;
  return a.value.f64 == b.value.f64 || std::fabs(a.value.f64 - b.value.f64) <= 1e-9 * std::fabs(b.value.f64);
}

void ExpectSame(ExecWorld* world, const Relation& wanted) {
  world->want = 1 + static_cast<uint32_t>(wanted.rows.size() * 7 % kBatchRows);
  const Outcome got = world->Run(wanted.plan);
  EXPECT_OK(got.status);
  bool same = got.rows.size() == wanted.rows.size();
  for (size_t i = 0; same && i < got.rows.size(); ++i) {
    same = got.rows[i].size() == wanted.rows[i].size();
    for (size_t c = 0; same && c < got.rows[i].size(); ++c) same = Near(got.rows[i][c], wanted.rows[i][c]);
  }
  if (!same) Fail(__FILE__, __LINE__, "got\n" + ShowRows(got.rows) + "\nwanted\n" + ShowRows(wanted.rows));
}

std::vector<int32_t> SomeColumns(MixedWorld* w) {
  std::vector<int32_t> columns;
  for (uint64_t n = 1 + w->Below(3); n > 0; --n) columns.push_back(static_cast<int32_t>(w->Below(7)));
  return columns;
}

Relation SomeRows(MixedWorld* w, const std::vector<int32_t>& columns) {
  const auto n = static_cast<int64_t>(w->Below(w->rows.size() + 10));
  const Relation scan = RefScan(w->table, w->rows, static_cast<int32_t>(w->Below(6)) - 1, columns, {});
  return w->Below(4) == 0 ? RefLimit(scan, n, static_cast<int64_t>(w->Below(5))) : scan;
}

TEST("set operations yield what a naive execution does, with NULLs and with repeated rows") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(150)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(seed % 20 == 0 ? 1500 : w.Below(60));
    const auto columns = SomeColumns(&w);
    const auto filtered = [&] {
      const Relation in = SomeRows(&w, columns);
      return in.rows.size() > 200 || w.Below(2) == 0 ? in : RefFilter(in, w.exprs.Next(ColumnType::kBoolean, in.types, 2));
    };
    Relation relation = filtered();
    for (uint64_t n = 1 + w.Below(3); n > 0; --n) {
      if (relation.rows.size() > 3000) break;
      const auto kind = w.Below(2) == 0 ? SetOpKind::kIntersect : SetOpKind::kExcept;
      if (w.Below(3) == 0) relation = RefUnionAll({relation, filtered(), filtered()});
      else relation = RefSetOp(relation, filtered(), kind, w.Below(2) == 0);
    }
    ExpectSame(&w, relation);
  }
}

// A scan whose range may depend on the slots, and a predicate that does.
Relation InnerRows(MixedWorld* w, const std::vector<TestSlot>& slots) {
  ScanRange range;
  range.reverse = w->Below(2) == 1;
  auto index = static_cast<int32_t>(w->Below(6)) - 1;
  const auto slot = std::find_if(slots.begin(), slots.end(), [](const TestSlot& s) { return s.expr->type == kInt; });
  if (slot != slots.end()) {
    const Part value = SlotOf(slot->number, kInt);
    switch (w->Below(5)) {
      case 0:
        index = -1;
        range.equals = {value};
        break;
      case 1:
        index = 0;
        range.equals = {Call(ExprOp::kAdd, kInt, {value, Int(1)})};
        break;
      case 2:
        index = 0;
        range.lo = value;
        range.lo_inclusive = w->Below(2) == 0;
        break;
      case 3:
        index = -1;
        range.hi = value;
        break;
      default:
        break;
    }
  }
  const Relation scan = RefScan(w->table, w->rows, index, {1, 2, 0, 5}, range);
  Part predicate = w->exprs.Next(ColumnType::kBoolean, scan.types, 2);
  static constexpr ExprOp kCompare[] = {ExprOp::kEqual, ExprOp::kLess, ExprOp::kIsNotDistinct};
  for (const TestSlot& s : slots) {
    const auto it = std::find(scan.types.begin(), scan.types.end(), s.expr->type);
    if (it == scan.types.end() || w->Below(3) == 0) continue;
    const Part column = Col(static_cast<int32_t>(it - scan.types.begin()), *it);
    const Part compared = Compare(kCompare[w->Below(3)], column, SlotOf(s.number, *it));
    predicate = Call(w->Below(2) == 0 ? ExprOp::kAnd : ExprOp::kOr, ColumnType::kBoolean, {predicate, compared});
  }
  return RefFilter(scan, predicate);
}

Relation Applied(MixedWorld* w, const Relation& outer, int32_t first_slot, int depth) {
  std::vector<TestSlot> slots;
  for (uint64_t n = w->Below(3); n > 0; --n) {
    const auto c = w->Below(outer.types.size());
    const Part expr = w->Below(2) == 0 ? Col(static_cast<int32_t>(c), outer.types[c]) : w->exprs.Next(kInt, outer.types, 1);
    slots.push_back({first_slot + static_cast<int32_t>(slots.size()), expr});
  }
  const auto kind = static_cast<ApplyKind>(w->Below(5));
  const std::function<Relation()> inner = Replay(&w->random, [w, slots, kind, first_slot, depth] {
    Relation rows = InnerRows(w, slots);
    if (depth > 0 && w->Below(2) == 0) rows = Applied(w, rows, first_slot + 10, depth - 1);
    if (w->Below(4) == 0) rows = RefLimit(rows, static_cast<int64_t>(w->Below(4)), 0);
    if (kind != ApplyKind::kScalar) return rows;
    if (w->Below(2) == 0) return RefAggregate(rows, {}, {{AggregateFn::kMax, Col(0, kInt)}});
    return RefLimit(RefProject(rows, {Col(1, ColumnType::kText)}), 1, 0);
  });
  for (const TestSlot& slot : slots) ReferenceSlots()[slot.number] = Cell();
  Types both = outer.types;
  const Types of_inner = inner().types;
  both.insert(both.end(), of_inner.begin(), of_inner.end());
  Part predicate = w->exprs.Next(ColumnType::kBoolean, both, 2);
  const auto in_outer = std::find(outer.types.begin(), outer.types.end(), kInt);
  const auto inner_column = static_cast<int32_t>(outer.types.size());
  if (w->Below(2) == 0 && in_outer != outer.types.end()) {
    const Part column = Col(static_cast<int32_t>(in_outer - outer.types.begin()), kInt);
    predicate = Compare(ExprOp::kEqual, Col(inner_column, kInt), column);
    const auto text = std::find(outer.types.begin(), outer.types.end(), ColumnType::kText);
    if (w->Below(2) == 0 && text != outer.types.end() && kind != ApplyKind::kScalar) {
      const Part of_outer = Col(static_cast<int32_t>(text - outer.types.begin()), ColumnType::kText);
      const Part second = Compare(ExprOp::kEqual, of_outer, Col(inner_column + 1, ColumnType::kText));
      predicate = Call(ExprOp::kAnd, ColumnType::kBoolean, {predicate, second});
    }
  }
  const bool may = kind != ApplyKind::kScalar && kind != ApplyKind::kExists;
  const bool must = kind == ApplyKind::kAny;
  return RefApply(outer, kind, slots, inner, may && (must || w->Below(2) == 0) ? predicate : nullptr);
}

TEST("subqueries yield what running them for every outer row does") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(300)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(w.Below(25));
    Relation relation = SomeRows(&w, {0, 1, 2, 5});
    relation = Applied(&w, relation, 0, 1);
    if (w.Below(3) == 0 && relation.rows.size() < 60) relation = Applied(&w, relation, 100, 0);
    if (w.Below(3) == 0 && relation.rows.size() < 60) relation = Grown(&w, relation);
    if (relation.rows.size() < 5000) ExpectSame(&w, relation);
  }
}

TEST("what is remembered of subqueries makes no difference, across batches and beyond its bound") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(6)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(1300);
    const auto kind = static_cast<ApplyKind>(w.Below(2) == 0 ? ApplyKind::kExists : ApplyKind::kLeft);
    const Part equal = Compare(ExprOp::kEqual, Col(0, kInt), SlotOf(0, kInt));
    const auto inner = [&] { return RefFilter(RefScan(w.table, w.rows, 0, {0, 2}, {.hi = Int(3)}), equal); };
    // Few values of `i`, so that most outer rows find theirs; of `id`, so that none does.
    const Relation outer = RefLimit(RefScan(w.table, w.rows, -1, {0, 1}, {}), 150, 0);
    const auto column = static_cast<int32_t>(w.Below(2));
    ExpectSame(&w, RefApply(outer, kind, {{0, Col(column, kInt)}}, inner, nullptr));
  }
}

TEST("recursions yield what a naive execution does") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(120)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(w.Below(30));
    // Walks from rows to rows by `i` -> `id`; without `distinct` a column counts the steps.
    const bool distinct = w.Below(2) == 0;
    Relation anchor =
        RefProject(RefLimit(RefScan(w.table, w.rows, -1, {0, 1}, {}), 5, 0), {Col(0, kInt), Col(1, kInt), Int(0)});
    const bool by_index = w.Below(2) == 0;
    const std::function<Relation(const Relation&)> step = Replay(&w.random, [&](const Relation& working) {
      const Part extra = w.exprs.Next(ColumnType::kBoolean, {kInt, kInt, kInt, kInt, kInt}, 1);
      const Part equal = Compare(ExprOp::kEqual, Col(1, kInt), Col(3, kInt));
      const Relation next =
          by_index ? RefIndexJoin(working, JoinKind::kInner, w.table, w.rows, -1, {0, 1}, {Col(1, kInt)}, extra)
                   : RefLoopJoin(working, RefScan(w.table, w.rows, -1, {0, 1}, {}), JoinKind::kInner,
                                 w.Below(2) == 0 ? equal : Call(ExprOp::kAnd, ColumnType::kBoolean, {equal, extra}));
      const Part steps = distinct ? Int(0) : Call(ExprOp::kAdd, kInt, {Col(2, kInt), Int(1)});
      const Relation walked = RefProject(next, {Col(3, kInt), Col(4, kInt), steps});
      return distinct ? walked : RefFilter(walked, Compare(ExprOp::kLess, Col(2, kInt), Int(6)));
    });
    ExpectSame(&w, RefRecursive(anchor, distinct, 3, 100, step));
  }
}

}  // namespace
}  // namespace sochdb::test::exec_subqueries_test
