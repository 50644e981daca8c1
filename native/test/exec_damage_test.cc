// Plans that are none: damaged ones, random words, ones that grow without end.

#include "test/exec_mixed.h"
#include "test/looked_at_clock.h"
#include "test/plan_builder_relations.h"

namespace sochdb::test::exec_damage_test {
namespace {

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

// One of each operator that puts relations together, with all they may hold.
std::vector<PlanBytes> Relations(MixedWorld* w) {
  const ColumnType integer = ColumnType::kInteger;
  const Part one = Values(2, 1, {Int(1), Int(2)});
  const Part rows = Scan(w->table, 0, {0, 1}, {.hi = Int(3)});
  const Part equal = Compare(ExprOp::kEqual, Col(0, integer), Col(1, integer));
  const Part inner =
      Filter(Scan(w->table, -1, {1}, {.lo = SlotOf(7, integer)}), Compare(ExprOp::kLess, Col(0, integer), SlotOf(8, integer)));
  std::vector<Part> plans = {
      UnionAll({rows, Scan(w->table, -1, {1, 0}), rows}),
      SetOperation(one, Project(rows, {Col(1, integer)}), SetOpKind::kExcept, true),
      Apply(one, Series(Int(1), SlotOf(3, integer)), ApplyKind::kLeft, {{3, Col(0, integer)}}, equal),
      LoopJoin(one, Project(rows, {Col(0, integer)}), JoinKind::kFull, equal),
      AskingJoin(one, Project(rows, {Col(0, integer)}), JoinKind::kFull, equal, {0, 1},
                 Apply(Working(5, {integer, integer}), Series(Int(1), SlotOf(9, integer)), ApplyKind::kExists,
                       {{9, Col(1, integer)}}, nullptr),
                 5, Col(2, ColumnType::kBoolean)),
  };
  for (const ApplyKind kind : {ApplyKind::kExists, ApplyKind::kInner, ApplyKind::kAny}) {
    plans.push_back(Apply(rows, inner, kind, {{7, Col(1, integer)}, {8, Int(2)}}, kind == ApplyKind::kAny ? equal : nullptr));
  }
  const Part next = IndexJoin(Working(4, {integer}), JoinKind::kInner, w->table, -1, {1}, {Col(0, integer)});
  const Part step = Apply(Project(next, {Col(1, integer)}),
                          Aggregate(Working(4, {integer}), {}, {{AggregateFn::kMax, Col(0, integer)}}), ApplyKind::kScalar, {});
  plans.push_back(Recursion(one, Project(step, {Col(1, integer)}), true, 4));
  std::vector<PlanBytes> all;
  for (const Part& plan : plans) all.push_back(BuildPlan(plan, 1));
  return all;
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
  // Damage may make work without end of it.
  LookedAtClock clock;
  const CancelToken token(&clock, 200);
  w->cancel = &token;
  const Outcome outcome = w->Run(parsed.value(), Tagged({Value::Integer(1)}));
  w->cancel = nullptr;
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
    std::vector<PlanBytes> specimens = Specimens(&w);
    const std::vector<PlanBytes> relations = Relations(&w);
    specimens.insert(specimens.end(), relations.begin(), relations.end());
    for (const PlanBytes& good : specimens) {
      EXPECT_OK(PreparedPlan::Parse(good.words, good.constants).status());
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
}  // namespace sochdb::test::exec_damage_test
