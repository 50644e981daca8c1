// Plans that are none: damaged ones, random words, ones that grow without end.

#include "test/exec_mixed.h"

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
}  // namespace sochdb::test::exec_damage_test
