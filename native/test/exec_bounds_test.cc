// What the executor refuses and where it ends: parameters, casts, arithmetic, stale plans, memory, nesting.

#include "test/exec_users.h"

namespace sochdb::test::exec_bounds_test {
namespace {

TEST("an integer sum that does not fit is an error, whatever the order") {
  ExecWorld w;
  const auto sum = [&](std::vector<Part> values) {
    const auto n = static_cast<int32_t>(values.size());
    return w.Show(Aggregate(Values(n, 1, values), {}, {{AggregateFn::kSum, Col(0, kInt)}}));
  };
  EXPECT_EQ(sum({Int(INT64_MAX), Int(1), Int(-1)}), "9223372036854775807");
  EXPECT_EQ(sum({Int(INT64_MAX), Int(1)}).substr(0, 1), "!");
}

TEST("parameters are coerced without loss or refused") {
  ExecWorld w;
  const auto as = [&](ColumnType type, const Value& value) {
    return w.Show(Project(Values(1, 0, {}), {Param(0, type)}), {value});
  };
  EXPECT_EQ(as(kInt, Value::Text(" 12 ")), "12");
  EXPECT_EQ(as(kInt, Value::Real(2.0)), "2");
  EXPECT_EQ(as(kInt, Value::Real(2.5)).substr(0, 1), "!");
  EXPECT_EQ(as(kInt, Value::Text("x")).substr(0, 1), "!");
  EXPECT_EQ(as(kReal, Value::Integer((1ll << 53) + 1)).substr(0, 1), "!");
  EXPECT_EQ(as(kBool, Value::Integer(1)), "true");
  EXPECT_EQ(as(kBool, Value::Integer(2)).substr(0, 1), "!");
  EXPECT_EQ(as(ColumnType::kTimestamp, Value::Text("2024-02-29")), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(as(ColumnType::kTimestamp, Value::Text("2023-02-29")).substr(0, 1), "!");
  EXPECT_EQ(as(ColumnType::kUuid, Value::Text("00112233-4455-6677-8899-AABBCCDDEEFF")),
            "'00112233-4455-6677-8899-aabbccddeeff'");
  EXPECT_EQ(as(ColumnType::kDecimal, Value::Text("1e2")), "'100'");
  EXPECT_EQ(as(kTxt, Value::Integer(5)), "'5'");
}

TEST("too few, too many and unreadable parameters are refused") {
  ExecWorld w;
  const auto plan = Prepare(Project(Values(1, 0, {}), {Param(0, kInt)}), 1);
  for (const std::string& params :
       {std::string(), Tagged({Value::Integer(1), Value::Integer(2)}), std::string("\x02\x01"), std::string("\x63")}) {
    EXPECT(w.Run(plan, params).status.code() == Code::kInvalidArgument);
  }
}

TEST("a changed table asks for another plan") {
  UsersWorld w;
  TestTable stale = w.users;
  stale.catalog_ts = 499;
  for (const Part& plan :
       {Scan(stale, -1, kAll), Scan(stale, -1, {0}, {.equals = {Int(1)}}), Delete(stale, Scan(stale, -1, kAll))}) {
    EXPECT(w.Run(plan).status.code() == Code::kSchemaChanged);
  }
  EXPECT(w.RunPoint(Prepare(Scan(stale, -1, {0}, {.equals = {Int(1)}}))).status.code() == Code::kSchemaChanged);
  w.txn.tree(TreeId::kCatalog).clear();
  EXPECT(w.Run(Scan(w.users, -1, kAll)).status.code() == Code::kSchemaChanged);
}

TEST("memory is bounded: sorts, joins, groups and long texts end in an error that names the limit") {
  UsersWorld w;
  std::string params;
  for (int i = 0; i < 20000; ++i) params += Tagged({Value::Integer(1000 + i), Value::Text("a name of some length")});
  EXPECT_OK(w.Run(Prepare(Insert(w.users, Values(1, 2, {Param(0, kInt), Param(1, kTxt)}), {0, 1}), 2), params, 20000).status);
  w.limits.query_memory_bytes = 1000 * 1000;
  const auto limited = [&](const Part& plan) {
    const Outcome outcome = w.Run(plan);
    return outcome.status.code() == Code::kLimit && outcome.status.details()[0].second == "queryMemoryBytes";
  };
  EXPECT(limited(Sort(Scan(w.users, -1, {0, 1}), {{Col(1, kTxt)}})));
  EXPECT(limited(Distinct(Scan(w.users, -1, {0}))));
  EXPECT(limited(Aggregate(Scan(w.users, -1, {0}), {Col(0, kInt)}, {{AggregateFn::kCountRows}})));
  EXPECT(limited(LoopJoin(Scan(w.users, -1, {0}), Scan(w.users, -1, {0}), JoinKind::kInner,
                          Compare(ExprOp::kEqual, Col(0, kInt), Col(1, kInt)))));
  EXPECT(limited(Update(w.users, Sort(Scan(w.users, -1, kAll), {{Col(0, kInt)}}), {{1, Text("x")}})));
  Part doubled = Text(std::string(1000, 'x'));
  for (int i = 0; i < 12; ++i) {
    const Part half = Call(ExprOp::kCoalesce, kTxt, {doubled});
    doubled = Call(ExprOp::kConcat, kTxt, {half, Text(std::string(1u << (10 + std::min(i, 8)), 'y'))});
  }
  EXPECT(limited(
      Project(Scan(w.users, -1, {0}), {Call(ExprOp::kConcat, kTxt, {doubled, Call(ExprOp::kCast, kTxt, {Col(0, kInt)})})})));
  // What streams does not pile up, and only the top of a sort is kept.
  EXPECT_EQ(w.Show(Aggregate(Scan(w.users, -1, {0, 1}), {}, {{AggregateFn::kCountRows}})), "20005");
  EXPECT_EQ(w.Show(Sort(Scan(w.users, -1, {0}), {{Col(0, kInt), kSortDescending}}, Int(2))), "20999 20998");
}

TEST("a cancelled execution stops") {
  UsersWorld w;
  CancelToken token;
  const auto plan = Prepare(LoopJoin(Scan(w.users, -1, {0}), Scan(w.users, -1, {0}), JoinKind::kInner, nullptr));
  token.Cancel();
  auto execution = Execution::Open(plan, {nullptr, &w.txn, &w.txn}, "", 1, &token);
  EXPECT(execution.status().code() == Code::kCancelled);
}

TEST("text columns come out as one run in row-major order") {
  UsersWorld w;
  auto execution =
      Execution::Open(Prepare(Scan(w.users, -1, {1, 0, 2}, {.hi = Int(3)})), {nullptr, &w.txn, &w.txn}, "", 1, nullptr);
  EXPECT_OK(execution.status());
  Batch batch;
  EXPECT_OK((*execution)->Next(&batch));
  TextRun run;
  const int32_t columns[] = {0, 2};
  EXPECT_OK(GatherText(batch, columns, 0, batch.count(), true, &run));
  EXPECT_EQ(run.bytes, "annann@xbob");
  EXPECT(run.ascii);
  EXPECT(run.ends == std::vector<int32_t>({3, 8, 11, 11}));
}

TEST("plans nest up to the limit, and no deeper") {
  ExecWorld w;
  const auto nested = [](int depth) {
    Part e = Const(Value::Boolean(true), kBool);
    for (int i = 0; i < depth; ++i) e = Call(ExprOp::kNot, kBool, {e});
    return Project(Values(1, 0, {}), {e});
  };
  EXPECT_EQ(w.Show(nested(kPlanDepthMax - 2)), "true");
  const PlanBytes deep = BuildPlan(nested(kPlanDepthMax + 1));
  EXPECT(PreparedPlan::Parse(deep.words, deep.constants).status().code() == Code::kInvalidArgument);
}

TEST("only the root may write, and it must say so") {
  UsersWorld w;
  PlanBytes plan = BuildPlan(Delete(w.users, Scan(w.users, -1, kAll)));
  plan.words[6] = 0;
  EXPECT(!PreparedPlan::Parse(plan.words, plan.constants).ok());
  plan = BuildPlan(Limit(Delete(w.users, Scan(w.users, -1, kAll), UserColumns()), Int(1)));
  EXPECT(!PreparedPlan::Parse(plan.words, plan.constants).ok());
}

TEST("an update refuses rows and values of other types than the table's") {
  UsersWorld w;
  const auto refused = [](const Part& root) {
    const PlanBytes bytes = BuildPlan(root);
    return PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument;
  };
  EXPECT(refused(Update(w.users, Scan(w.users, -1, {0, 1}), {{1, Text("x")}})));
  EXPECT(refused(Update(w.users, Scan(w.users, -1, {1, 0, 2, 3}), {})));
  EXPECT(refused(Update(w.users, Scan(w.users, -1, kAll), {{1, Int(5)}})));
  EXPECT(refused(Insert(w.users, Values(1, 1, {Text("x")}), {0})));
  EXPECT(refused(Scan(w.users, -1, {0}, {.equals = {Text("1")}})));
  EXPECT(refused(Filter(Scan(w.users, -1, {0, 1}), Compare(ExprOp::kEqual, Col(0, kInt), Col(1, kTxt)))));
}

TEST("casts convert, and say what they cannot") {
  ExecWorld w;
  const auto cast = [&](const Value& value, ColumnType from, ColumnType to) {
    return w.Show(Project(Values(1, 0, {}), {Call(ExprOp::kCast, to, {Const(value, from)})}));
  };
  EXPECT_EQ(cast(Value::Real(-2.7), kReal, kInt), "-2");
  EXPECT_EQ(cast(Value::Text("2.7"), kTxt, kInt), "2");
  EXPECT_EQ(cast(Value::Text("1e3"), kTxt, kReal), "1000");
  EXPECT_EQ(cast(Value::Real(0.1), kReal, ColumnType::kDecimal), "'0.1'");
  EXPECT_EQ(cast(Value::Real(0.1), kReal, kTxt), "'0.1'");
  EXPECT_EQ(cast(Value::Timestamp(1), ColumnType::kTimestamp, kTxt), "'1970-01-01T00:00:00.001Z'");
  EXPECT_EQ(cast(Value::Text("2024-02-29 12:30+02:00"), kTxt, ColumnType::kTimestamp), "2024-02-29T10:30:00.000Z");
  EXPECT_EQ(cast(Value::Text("{\"a\":[1,null]}"), kTxt, ColumnType::kJson), "'{\"a\":[1,null]}'");
  EXPECT_EQ(cast(Value::Text("abc"), kTxt, kInt), "!'abc' (TEXT) cannot become INTEGER.");
  EXPECT_EQ(cast(Value::Real(1e300), kReal, kInt).substr(0, 1), "!");
  EXPECT_EQ(cast(Value::Text("{a:1}"), kTxt, ColumnType::kJson).substr(0, 1), "!");
  EXPECT_EQ(cast(Value::Bytes(ValueTag::kBlob, "\xff"), ColumnType::kBlob, kTxt).substr(0, 1), "!");
}

TEST("decimals and ANY calculate exactly") {
  ExecWorld w;
  const ColumnType dec = ColumnType::kDecimal;
  const auto d = [&](std::string_view text) { return Const(Value::Bytes(dec, text), dec); };
  const auto a = [&](const Value& value) { return Const(value, ColumnType::kAny); };
  const auto calculate = [&](ExprOp op, const Part& x, const Part& y) {
    return w.Show(Project(Values(1, 0, {}), {Call(op, x->type, {x, y})}));
  };
  EXPECT_EQ(calculate(ExprOp::kAdd, d("0.1"), d("0.2")), "'0.3'");
  EXPECT_EQ(calculate(ExprOp::kDivide, d("1"), d("0.00")), "NULL");
  EXPECT_EQ(calculate(ExprOp::kMultiply, a(Value::Integer(3)), a(Value::Real(0.5))), "1.5");
  EXPECT_EQ(calculate(ExprOp::kAdd, a(Value::Integer(3)), a(Value::Bytes(dec, "0.50"))), "'3.50'");
  EXPECT_EQ(calculate(ExprOp::kAdd, a(Value::Integer(3)), a(Value::Text("x"))).substr(0, 1), "!");
  EXPECT_EQ(
      w.Show(Aggregate(Values(3, 1, {d("0.10"), d("0.2"), NullOf(dec)}), {},
                       {{AggregateFn::kSum, Col(0, dec)}, {AggregateFn::kAvg, Col(0, dec)}, {AggregateFn::kMax, Col(0, dec)}})),
      "'0.30','0.15','0.2'");
}

}  // namespace
}  // namespace sochdb::test::exec_bounds_test
