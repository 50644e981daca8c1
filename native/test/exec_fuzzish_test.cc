// The executor against a naive one (exec_reference.h), on random data, expressions, plans and writes; and against plans that
// are none.

#include <algorithm>
#include <cmath>
#include <random>

#include "test/exec_reference.h"

namespace sochdb::test {
namespace {

using Types = std::vector<ColumnType>;

// mixed(id PRIMARY KEY, i, t, r, b, any, dec): every kind of column in some index.
TestTable Mixed() {
  TestTable t;
  t.id = 3;
  t.name = "mixed";
  t.columns = {{"id", ColumnType::kInteger}, {"i", ColumnType::kInteger}, {"t", ColumnType::kText},
               {"r", ColumnType::kReal},     {"b", ColumnType::kBoolean}, {"any", ColumnType::kAny},
               {"dec", ColumnType::kDecimal}};
  t.primary_key = {0};
  t.indexes = {{31, "by_i", false, {{1}}},
               {32, "by_t_i", false, {{2, true}, {1}}},
               {33, "by_any_r", false, {{5}, {3, true}}},
               {34, "by_dec", false, {{6}}},
               {35, "unique_t_i_r", true, {{2}, {1}, {3}}}};
  return t;
}

class MixedWorld : public ExecWorld {
 public:
  TestTable table = Mixed();
  Rows rows;  // what the table must hold
  std::mt19937_64 random;
  RandomExprs exprs;

  MixedWorld(uint64_t seed, bool may_fail) : random(seed), exprs(&random, may_fail) { AddTable(table); }

  uint64_t Below(uint64_t n) { return random() % n; }
  Row RandomRow(int64_t id) {
    Row row = {Value::Integer(id)};
    for (size_t c = 1; c < table.columns.size(); ++c) row.push_back(exprs.RandomCell(table.columns[c].type));
    return row;
  }
  bool Clashes(const Row& row) const {
    return std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
      return other[0] == row[0] || (!row[2].is_null() && !row[1].is_null() && !row[3].is_null() && other[2] == row[2] &&
                                    other[1] == row[1] && other[3] == row[3]);
    });
  }
  std::vector<Part> Constants(const Row& row) {
    std::vector<Part> parts;
    for (size_t c = 0; c < row.size(); ++c) parts.push_back(Const(row[c].Get(), table.columns[c].type));
    return parts;
  }
  std::vector<int32_t> AllColumns() const { return {0, 1, 2, 3, 4, 5, 6}; }
  void Fill(size_t n) {
    std::vector<Part> values;
    int32_t count = 0;
    for (size_t i = 0; i < n; ++i) {
      const Row row = RandomRow(static_cast<int64_t>(i));
      if (Clashes(row)) continue;
      rows.push_back(row);
      const auto parts = Constants(row);
      values.insert(values.end(), parts.begin(), parts.end());
      ++count;
    }
    EXPECT_OK(Run(Insert(table, Values(count, 7, values), AllColumns())).status);
  }
  Relation Whole() { return RefScan(table, rows, -1, AllColumns(), {}); }
};

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
  for (uint64_t seed = 0; seed < 120; ++seed) {
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
  for (uint64_t seed = 0; seed < 60; ++seed) {
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

// One more operator on top, at random.
Relation Grown(MixedWorld* w, const Relation& in) {
  RandomExprs& exprs = w->exprs;
  const auto boolean = [&](const Types& scope) { return exprs.Next(ColumnType::kBoolean, scope, 2); };
  const auto any_column = [&](const Types& types) {
    const auto c = w->Below(types.size());
    return Col(static_cast<int32_t>(c), types[c]);
  };
  if (in.types.empty()) return in;
  const auto maybe = [&](uint64_t n) { return w->Below(2) == 0 ? std::nullopt : std::optional<int64_t>(w->Below(n)); };
  switch (w->Below(8)) {
    case 0:
      return RefFilter(in, boolean(in.types));
    case 1:
      return RefDistinct(in);
    case 2:
      return RefLimit(in, maybe(30), maybe(20));
    case 3: {
      std::vector<TestSortKey> keys;
      for (uint64_t n = w->Below(3); n > 0; --n) keys.push_back({any_column(in.types), static_cast<int32_t>(w->Below(4))});
      return RefSort(in, keys, maybe(40), maybe(10));
    }
    case 4: {
      std::vector<Part> outputs;
      static constexpr ColumnType kKinds[] = {ColumnType::kBoolean, ColumnType::kInteger, ColumnType::kText, ColumnType::kAny};
      for (uint64_t n = 1 + w->Below(4); n > 0; --n) outputs.push_back(exprs.Next(kKinds[w->Below(4)], in.types, 2));
      return RefProject(in, outputs);
    }
    case 5: {
      std::vector<Part> groups;
      for (uint64_t n = w->Below(3); n > 0; --n) groups.push_back(any_column(in.types));
      std::vector<TestAggregate> functions = {
          {AggregateFn::kCountRows, nullptr, false, w->Below(2) == 0 ? nullptr : boolean(in.types)}};
      static constexpr AggregateFn kOfAll[] = {AggregateFn::kCount, AggregateFn::kMin, AggregateFn::kMax};
      functions.push_back({kOfAll[w->Below(3)], any_column(in.types), w->Below(2) == 1});
      const ColumnType number = w->Below(2) == 0 ? ColumnType::kInteger : ColumnType::kReal;
      functions.push_back(
          {w->Below(2) == 0 ? AggregateFn::kSum : AggregateFn::kAvg, exprs.Next(number, in.types, 1), w->Below(3) == 0});
      return RefAggregate(in, groups, functions);
    }
    case 6: {
      if (in.rows.size() > 200) return in;
      const JoinKind kind = w->Below(2) == 0 ? JoinKind::kInner : JoinKind::kLeft;
      Relation right = RefScan(w->table, w->rows, -1, {0, 1, 2}, {.hi = Int(40)});
      Types both = in.types;
      both.insert(both.end(), right.types.begin(), right.types.end());
      Part predicate = boolean(both);
      const auto it = std::find(in.types.begin(), in.types.end(), ColumnType::kInteger);
      if (it != in.types.end() && w->Below(2) == 0) {
        const Part equal = Compare(ExprOp::kEqual, Col(static_cast<int32_t>(in.types.size()) + 1, ColumnType::kInteger),
                                   Col(static_cast<int32_t>(it - in.types.begin()), ColumnType::kInteger));
        predicate = Call(ExprOp::kAnd, ColumnType::kBoolean, {equal, predicate});
      }
      return RefLoopJoin(in, right, kind, w->Below(5) == 0 ? nullptr : predicate);
    }
    default: {
      if (in.rows.size() > 200) return in;
      const JoinKind kind = w->Below(2) == 0 ? JoinKind::kInner : JoinKind::kLeft;
      const auto index = static_cast<int32_t>(w->Below(6)) - 1;
      const int32_t first = index < 0 ? 0 : w->table.indexes[static_cast<size_t>(index)].key[0].column;
      const std::vector<int32_t> projection = {first, 0};
      Types both = in.types;
      both.push_back(w->table.columns[static_cast<size_t>(first)].type);
      both.push_back(ColumnType::kInteger);
      const Part equal = exprs.Leaf(w->table.columns[static_cast<size_t>(first)].type, in.types);
      return RefIndexJoin(in, kind, w->table, w->rows, index, projection, {equal}, w->Below(2) == 0 ? nullptr : boolean(both));
    }
  }
}

TEST("plans of all operators yield what a naive execution does") {
  for (uint64_t seed = 0; seed < 400; ++seed) {
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

// Updates one row after the other, as the executor does; nothing changes when one of them clashes.
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
  for (const Row& row : w->Whole().rows) {
    if (!IsTrue(Evaluate(where, row, {}))) continue;
    Row changed = row;
    for (const TestSet& set : sets) changed[static_cast<size_t>(set.column)] = Stored(Evaluate(set.expr, row, {})->Get());
    w->rows.erase(std::find_if(w->rows.begin(), w->rows.end(), [&](const Row& r) { return r[0] == row[0]; }));
    clashed |= w->Clashes(changed);
    w->rows.push_back(changed);
    ++affected;
    if (clashed) break;
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
  for (uint64_t seed = 0; seed < 60; ++seed) {
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
  for (uint64_t seed = 0; seed < 40; ++seed) {
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

// Plans to damage: one of each operator, and most expressions.
std::vector<PlanBytes> Specimens(MixedWorld* w) {
  std::vector<PlanBytes> plans;
  for (int i = 0; i < 20; ++i) {
    Relation relation = RefScan(w->table, w->rows, static_cast<int32_t>(w->Below(6)) - 1, w->AllColumns(), {.hi = nullptr});
    for (uint64_t n = 1 + w->Below(4); n > 0; --n) relation = Grown(w, relation);
    plans.push_back(BuildPlan(relation.plan, 1));
  }
  const auto all = w->AllColumns();
  plans.push_back(BuildPlan(Insert(w->table, Values(1, 7, w->Constants(w->RandomRow(500))), all,
                                   {.action = ConflictAction::kUpdate, .sets = {{1, Col(8, ColumnType::kInteger)}}},
                                   {Col(0, ColumnType::kInteger)})));
  plans.push_back(
      BuildPlan(Update(w->table, Scan(w->table, 0, all, {.lo = Int(1)}), {{1, Int(5)}}, {Col(1, ColumnType::kInteger)})));
  plans.push_back(BuildPlan(Delete(w->table, ScanKeys(w->table, 1, all, 1, {Text("a"), Text("b")}))));
  return plans;
}

void TryDamaged(MixedWorld* w, const PlanBytes& plan) {
  auto parsed = PreparedPlan::Parse(plan.words, plan.constants);
  if (!parsed.ok()) {
    EXPECT(parsed.status().code() == Code::kInvalidArgument);
    EXPECT(parsed.status().message().starts_with("Word "));
    return;
  }
  // What still is a plan must run, or fail with words.
  w->limits.query_memory_bytes = 16 * 1024 * 1024;
  const SavepointId savepoint = w->txn.BeginStatement();
  const Outcome outcome = w->Run(parsed.value(), Tagged({Value::Integer(1)}));
  EXPECT(outcome.status.ok() || !outcome.status.message().empty());
  if (parsed.value()->is_point()) {
    PointStatement statement(parsed.value());
    const Status status = statement.Execute({nullptr, &w->txn, &w->txn}, Tagged({Value::Integer(1)}));
    EXPECT(status.ok() || !status.message().empty());
  }
  EXPECT_OK(w->txn.RollbackTo(savepoint));
}

TEST("damaged plans are refused with the word that is wrong, and never crash") {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    MixedWorld w(test::Seed() * 1000 + seed, false);
    w.Fill(20);
    for (const PlanBytes& good : Specimens(&w)) {
      for (int i = 0; i < 60; ++i) {
        PlanBytes bad = good;
        switch (w.Below(5)) {
          case 0:
            bad.words.resize(w.Below(bad.words.size()));
            break;
          case 1:
            bad.constants.resize(w.Below(bad.constants.size() + 1));
            break;
          case 2:
            bad.words[w.Below(bad.words.size())] ^= static_cast<int32_t>(1u << w.Below(32));
            break;
          default:
            for (uint64_t n = 1 + w.Below(3); n > 0; --n) {
              bad.words[kHeaderWords + w.Below(bad.words.size() - kHeaderWords)] = static_cast<int32_t>(w.Below(80)) - 2;
            }
        }
        if (bad.words.size() > 2 && w.Below(4) != 0) bad.words[2] = static_cast<int32_t>(bad.words.size());
        TryDamaged(&w, bad);
      }
    }
  }
}

TEST("random words are no plan") {
  MixedWorld w(test::Seed(), true);
  for (int i = 0; i < 20000; ++i) {
    PlanBytes bytes;
    bytes.words.resize(w.Below(60));
    for (int32_t& word : bytes.words)
      word = w.Below(8) == 0 ? static_cast<int32_t>(w.random()) : static_cast<int32_t>(w.Below(50)) - 1;
    if (bytes.words.size() >= kHeaderWords) {
      const int32_t head[] = {kPlanMagic, kPlanVersion, static_cast<int32_t>(bytes.words.size()), kHeaderWords, 1, 0, 0, 1, 0,
                              0};
      std::copy(std::begin(head), std::end(head), bytes.words.begin());
    }
    TryDamaged(&w, bytes);
  }
}

TEST("plans that fan out without end are refused quickly") {
  // Every node has two operands, both the next node: 2^n expressions if they were allowed.
  std::vector<int32_t> words(kHeaderWords);
  const int32_t head[] = {kPlanMagic, kPlanVersion, 0, kHeaderWords, 0, 0, 0, 1, 0, 0};
  std::copy(std::begin(head), std::end(head), words.begin());
  const auto add = [&](std::initializer_list<int32_t> more) { words.insert(words.end(), more); };
  const int32_t values_at = kHeaderWords + 4;
  add({static_cast<int32_t>(PlanOp::kProject), values_at, 1, values_at + 3, static_cast<int32_t>(PlanOp::kValues), 1, 0});
  for (int i = 0; i < 150; ++i) {
    const auto next = static_cast<int32_t>(words.size()) + 4;
    add({static_cast<int32_t>(ExprOp::kAdd), static_cast<int32_t>(ColumnType::kInteger), next, next});
  }
  add({static_cast<int32_t>(ExprOp::kConst), static_cast<int32_t>(ColumnType::kInteger), 0});
  words[2] = static_cast<int32_t>(words.size());
  words[5] = 1;
  std::string constants;
  AppendTagged(Value::Integer(1), &constants);
  EXPECT(PreparedPlan::Parse(words, constants).status().code() == Code::kInvalidArgument);
}

}  // namespace
}  // namespace sochdb::test
