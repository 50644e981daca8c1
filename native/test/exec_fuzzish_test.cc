// The executor against a naive one (exec_reference.h), on random data, expressions, plans and writes.

#include <algorithm>
#include <cmath>
#include <random>

#include "test/exec_mixed.h"

namespace sochdb::test::exec_fuzzish_test {
namespace {

std::string Sorted(Rows rows) {
  std::vector<std::string> lines;
  for (const Row& row : rows) lines.push_back(ShowRow(row));
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

bool Near(const Cell& a, const Cell& b) {
  if (a.value.tag == ValueTag::kReal && b.value.tag == ValueTag::kReal) {
    return a.value.f64 == b.value.f64 || std::fabs(a.value.f64 - b.value.f64) <= 1e-9 * std::fabs(b.value.f64);
  }
  return a == b;
}

void ExpectSame(ExecWorld* world, const Relation& wanted) {
  world->want = 1 + static_cast<uint32_t>(wanted.rows.size() * 7 % kBatchRows);
  const Outcome got = world->Run(wanted.plan);
  EXPECT_OK(got.status);
  bool same = got.rows.size() == wanted.rows.size();
  for (size_t i = 0; same && i < got.rows.size(); ++i) {
    for (size_t c = 0; same && c < got.rows[i].size(); ++c) same = Near(got.rows[i][c], wanted.rows[i][c]);
  }
  if (!same) Fail(__FILE__, __LINE__, "got\n" + ShowRows(got.rows) + "\nwanted\n" + ShowRows(wanted.rows));
}

// Tables grow past a batch now and then, so that everything also happens across batches.
size_t RandomSize(MixedWorld* world) { return world->Below(6) == 0 ? 1500 : world->Below(60); }

TEST("expressions mean what a naive evaluation says, failures included") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(120)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, true);
    w.Fill(w.Below(40));
    static constexpr ColumnType kKinds[] = {ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kReal, ColumnType::kText};
    Types scope;
    for (const auto& column : w.table.columns) scope.push_back(column.type);
    for (int i = 0; i < 10; ++i) {
      const Part expr = w.exprs.Next(kKinds[w.Below(4)], scope, 4);
      Rows wanted;
      bool fails = false;
      for (const Row& row : w.Whole().rows) {
        const auto v = Evaluate(expr, row, {});
        fails |= !v.has_value();
        if (v) wanted.push_back({*v});
      }
      const Outcome got = w.Run(Project(Scan(w.table, -1, w.AllColumns()), {expr}));
      EXPECT_EQ(!got.status.ok(), fails);
      if (!fails && got.status.ok()) EXPECT_EQ(ShowRows(got.rows), ShowRows(wanted));
    }
  }
}

TEST("scans of every index and range yield what a naive scan does") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(60)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(RandomSize(&w));
    for (int i = 0; i < 12; ++i) {
      const auto index = static_cast<int32_t>(w.Below(6)) - 1;
      std::vector<int32_t> key = {0};
      if (index >= 0) {
        key.clear();
        for (const TestKey& k : w.table.indexes[static_cast<size_t>(index)].key) key.push_back(k.column);
      }
      ScanRange range;
      range.reverse = w.Below(2) == 1;
      const auto constant = [&](size_t k) {
        const ColumnType type = w.table.columns[static_cast<size_t>(key[k])].type;
        return Const(w.exprs.RandomCell(type).Get(), type);
      };
      for (size_t n = w.Below(key.size() + 1), k = 0; k < n; ++k) range.equals.push_back(constant(k));
      if (range.equals.size() < key.size()) {
        if (w.Below(2) == 0) range.lo = constant(range.equals.size());
        if (w.Below(2) == 0) range.hi = constant(range.equals.size());
        range.lo_inclusive = w.Below(2) == 1;
        range.hi_inclusive = w.Below(2) == 1;
      }
      std::vector<int32_t> projection;
      for (uint64_t n = w.Below(5); n > 0; --n) projection.push_back(static_cast<int32_t>(w.Below(7)));
      ExpectSame(&w, RefScan(w.table, w.rows, index, projection, range));
    }
  }
}

TEST("plans of all operators yield what a naive execution does") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(400)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(RandomSize(&w));
    Relation relation = RefScan(w.table, w.rows, static_cast<int32_t>(w.Below(6)) - 1, w.AllColumns(), {});
    if (relation.rows.size() > 200) relation = RefLimit(relation, 100 + static_cast<int64_t>(w.Below(1200)), 0);
    for (uint64_t n = 1 + w.Below(4); n > 0; --n) relation = Grown(&w, relation);
    if (relation.rows.size() < 5000) ExpectSame(&w, relation);
  }
}

// Every index holds exactly the rows of the table.
void ExpectWhole(MixedWorld* w) {
  EXPECT_EQ(Sorted(w->Run(Scan(w->table, -1, w->AllColumns())).rows), Sorted(w->rows));
  for (int32_t index = 0; index < 5; ++index) {
    EXPECT_EQ(Sorted(w->Run(Scan(w->table, index, w->AllColumns())).rows), Sorted(w->rows));
  }
  EXPECT_EQ(w->txn.tree(TreeId::kIndexes).size(), w->rows.size() * 5);
}

void RandomInsert(MixedWorld* w) {
  const Row row = w->RandomRow(static_cast<int64_t>(w->Below(40)));
  const bool clashes = w->Clashes(row);
  const ConflictAction actions[] = {ConflictAction::kError, ConflictAction::kNothing, ConflictAction::kReplace};
  const ConflictAction action = actions[w->Below(3)];
  const Outcome got = w->RunAtomic(
      Insert(w->table, Values(1, 7, w->Constants(row)), w->AllColumns(), {.action = action, .index = kConflictAny}));
  EXPECT_EQ(got.status.code() == Code::kUnique, clashes && action == ConflictAction::kError);
  EXPECT_EQ(got.affected, clashes && action != ConflictAction::kReplace ? 0u : 1u);
  if (action == ConflictAction::kReplace) {
    while (w->Clashes(row)) {
      Rows kept;
      std::swap(kept, w->rows);
      for (const Row& other : kept) {
        w->rows = {other};
        if (!w->Clashes(row)) continue;
        kept.erase(std::find_if(kept.begin(), kept.end(), [&](const Row& r) { return r[0] == other[0]; }));
        break;
      }
      std::swap(kept, w->rows);
    }
  }
  if (!clashes || action == ConflictAction::kReplace) w->rows.push_back(row);
}

// All rows go and come back as what they became; nothing changes when one of those clashes.
void RandomUpdate(MixedWorld* w, bool point) {
  const Types scope = w->Whole().types;
  std::vector<TestSet> sets;
  for (int32_t c = 0; c < 7; ++c) {
    if (w->Below(c == 0 ? 6 : 3) != 0) continue;
    const ColumnType type = scope[static_cast<size_t>(c)];
    Part expr = point ? w->exprs.Leaf(type, scope) : w->exprs.Next(type, scope, 2);
    if (c == 0) expr = Call(ExprOp::kAdd, type, {Col(0, type), Int(static_cast<int64_t>(w->Below(5)))});
    if (c == 0 && point) expr = Int(static_cast<int64_t>(w->Below(40)));
    sets.push_back({c, expr});
  }
  const Part where = point ? Compare(ExprOp::kEqual, Col(0, ColumnType::kInteger), Int(static_cast<int64_t>(w->Below(40))))
                           : w->exprs.Next(ColumnType::kBoolean, scope, 2);
  const Rows before = w->rows;
  uint64_t affected = 0;
  bool clashed = false;
  Rows changed_rows;
  for (const Row& row : w->Whole().rows) {
    if (!IsTrue(Evaluate(where, row, {}))) continue;
    Row changed = row;
    for (const TestSet& set : sets) changed[static_cast<size_t>(set.column)] = Stored(Evaluate(set.expr, row, {})->Get());
    w->rows.erase(std::find_if(w->rows.begin(), w->rows.end(), [&](const Row& r) { return r[0] == row[0]; }));
    changed_rows.push_back(changed);
    ++affected;
  }
  for (const Row& changed : changed_rows) {
    clashed |= w->Clashes(changed);
    w->rows.push_back(changed);
  }
  const Part rows = point ? Scan(w->table, -1, w->AllColumns(), {.equals = {where->args[1]}})
                          : Filter(Scan(w->table, -1, w->AllColumns()), where);
  const Part plan = Update(w->table, rows, sets);
  Outcome got;
  const auto prepared = Prepare(plan);
  if (point && prepared->is_point()) {
    const SavepointId savepoint = w->txn.BeginStatement();
    got = w->RunPoint(prepared);
    if (!got.status.ok()) EXPECT_OK(w->txn.RollbackTo(savepoint));
  } else {
    got = w->RunAtomic(plan);
  }
  EXPECT_EQ(got.status.code() == Code::kUnique, clashed);
  if (clashed) w->rows = before;
  else EXPECT_EQ(got.affected, affected);
}

void RandomDelete(MixedWorld* w) {
  const Types scope = w->Whole().types;
  const Part where = Call(
      ExprOp::kAnd, ColumnType::kBoolean,
      {w->exprs.Next(ColumnType::kBoolean, scope, 2),
       Compare(ExprOp::kLess, Call(ExprOp::kModulo, ColumnType::kInteger, {Col(0, ColumnType::kInteger), Int(10)}), Int(3))});
  uint64_t affected = 0;
  for (const Row& row : w->Whole().rows) {
    if (!IsTrue(Evaluate(where, row, {}))) continue;
    w->rows.erase(std::find_if(w->rows.begin(), w->rows.end(), [&](const Row& r) { return r[0] == row[0]; }));
    ++affected;
  }
  const auto index = static_cast<int32_t>(w->Below(6)) - 1;
  const Outcome got = w->Run(Delete(w->table, Filter(Scan(w->table, index, w->AllColumns()), where)));
  EXPECT_OK(got.status);
  EXPECT_EQ(got.affected, affected);
}

TEST("writes leave the rows a naive table has, with every index whole") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(60)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(w.Below(30));
    for (int step = 0; step < 25; ++step) {
      switch (w.Below(5)) {
        case 0:
          RandomDelete(&w);
          break;
        case 1:
          RandomUpdate(&w, false);
          break;
        case 2:
          RandomUpdate(&w, true);
          break;
        default:
          RandomInsert(&w);
          break;
      }
    }
    ExpectWhole(&w);
  }
}

TEST("the point path and the vector path agree") {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(Rounds(40)); ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(30);
    for (int i = 0; i < 20; ++i) {
      std::vector<Part> outputs;
      for (uint64_t n = 1 + w.Below(4); n > 0; --n) {
        const auto c = w.Below(7);
        outputs.push_back(w.Below(5) == 0 ? Param(0, ColumnType::kInteger)
                                          : Col(static_cast<int32_t>(c), w.table.columns[c].type));
      }
      const Part by_key = Scan(w.table, -1, w.AllColumns(), {.equals = {Param(0, ColumnType::kInteger)}});
      const Part by_index = Scan(w.table, 4, w.AllColumns(),
                                 {.equals = {Const(w.exprs.RandomCell(ColumnType::kText).Get(), ColumnType::kText),
                                             Param(0, ColumnType::kInteger), Const(Value::Real(0.5), ColumnType::kReal)}});
      const auto plan = Prepare(Project(w.Below(2) == 0 ? by_key : by_index, outputs), 1);
      const std::string params = Tagged({Value::Integer(static_cast<int64_t>(w.Below(35)))});
      EXPECT_EQ(ShowRows(w.RunPoint(plan, params).rows), ShowRows(w.Run(plan, params).rows));
    }
  }
}

}  // namespace
}  // namespace sochdb::test::exec_fuzzish_test
