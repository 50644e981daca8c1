// Set operations, recursion, subqueries and the remaining joins by example: what they read, where they end, what they refuse.

#include "test/exec_users.h"
#include "test/looked_at_clock.h"
#include "test/plan_builder_relations.h"

namespace sochdb::test::exec_relations_test {
namespace {

Part Numbers(const std::vector<Part>& values) { return Values(static_cast<int32_t>(values.size()), 1, values); }
Part EqualInts(int32_t a, int32_t b) { return Compare(ExprOp::kEqual, Col(a, kInt), Col(b, kInt)); }

// 1, 2, 3, … without end: each round adds 1.
Part Endless() {
  return Recursion(Numbers({Int(1)}), Project(Working(0, {kInt}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(1)})}), false,
                   0);
}

Status RunFor(ExecWorld* w, const Part& plan, uint64_t looks) {
  LookedAtClock clock;
  const CancelToken token(&clock, looks);
  w->cancel = &token;
  const Status status = w->Run(plan).status;
  w->cancel = nullptr;
  return status;
}

TEST("a union reads its inputs one after the other, and those it does not come to not at all") {
  UsersWorld w;
  const Part both =
      UnionAll({Scan(w.users, -1, {0, 2}), Project(Scan(w.users, 1, {0}), {Col(0, kInt), NullOf(ColumnType::kNull)})});
  EXPECT_EQ(w.Show(both), "1,'ann@x' 2,NULL 3,'cat@x' 4,NULL 5,'eve@x' 5,NULL 1,NULL 3,NULL 2,NULL 4,NULL");
  w.txn.ForgetReads();
  w.want = 1;
  EXPECT_EQ(w.Show(Limit(both, Int(5))).substr(0, 9), "1,'ann@x'");
  EXPECT_EQ(w.txn.ranges.size(), 1u);
}

TEST("set operations count equal rows, NULLs being equal") {
  ExecWorld w;
  const Part a = Numbers({Int(1), NullOf(kInt), Int(2), Int(1), NullOf(kInt), Int(1)});
  const Part b = Numbers({NullOf(kInt), Int(1), Int(1), Int(3)});
  EXPECT_EQ(w.Show(SetOperation(a, b, SetOpKind::kIntersect, false)), "1 NULL");
  EXPECT_EQ(w.Show(SetOperation(a, b, SetOpKind::kIntersect, true)), "1 NULL 1");
  EXPECT_EQ(w.Show(SetOperation(a, b, SetOpKind::kExcept, false)), "2");
  EXPECT_EQ(w.Show(SetOperation(a, b, SetOpKind::kExcept, true)), "2 NULL 1");
  EXPECT_EQ(w.Show(SetOperation(b, a, SetOpKind::kExcept, false)), "3");
}

TEST("a recursion goes round by round, and stops where a limit, a repetition or a caller says so") {
  ExecWorld w;
  EXPECT_EQ(w.Show(Limit(Endless(), Int(4))), "1 2 3 4");
  const Part step = Filter(
      Project(Working(7, {kInt}), {Call(ExprOp::kModulo, kInt, {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(2)}), Int(5)})}),
      Call(ExprOp::kNot, kBool, {Call(ExprOp::kIsNull, kBool, {Col(0, kInt)})}));
  EXPECT_EQ(w.Show(Recursion(Numbers({Int(0), Int(0), NullOf(kInt)}), step, true, 7)), "0 NULL 2 4 1 3");
  // Endless work inside a single batch of the root.
  const Part count = Aggregate(Endless(), {}, {{AggregateFn::kCountRows}});
  EXPECT(RunFor(&w, count, 20).code() == Code::kTimeout);
  EXPECT(RunFor(&w, Aggregate(Series(Int(1), Int(INT64_MAX)), {}, {{AggregateFn::kCountRows}}), 20).code() == Code::kTimeout);
  w.limits.query_memory_bytes = 1000 * 1000;
  const Part distinct =
      Recursion(Numbers({Int(1)}), Project(Working(0, {kInt}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(1)})}), true, 0);
  EXPECT(w.Run(Aggregate(distinct, {}, {{AggregateFn::kCountRows}})).status.code() == Code::kLimit);
}

TEST("a recursion inside a subquery starts over for every outer row") {
  ExecWorld w;
  // 1 to @0, counted.
  const Part steps = Filter(Project(Working(1, {kInt}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(1)})}),
                            Compare(ExprOp::kLessEqual, Col(0, kInt), SlotOf(0, kInt)));
  const Part inner = Aggregate(Recursion(Numbers({Int(1)}), steps, false, 1), {}, {{AggregateFn::kSum, Col(0, kInt)}});
  EXPECT_EQ(w.Show(Apply(Numbers({Int(4), Int(1), Int(4), Int(10)}), inner, ApplyKind::kScalar, {{0, Col(0, kInt)}})),
            "4,10 1,1 4,10 10,55");
  // And the step may hold subqueries over the rows of the round.
  const Part largest = Aggregate(Working(1, {kInt}), {}, {{AggregateFn::kMax, Col(0, kInt)}});
  const Part next = Filter(
      Project(Apply(Working(1, {kInt}), largest, ApplyKind::kScalar, {}), {Call(ExprOp::kAdd, kInt, {Col(1, kInt), Int(1)})}),
      Compare(ExprOp::kLess, Col(0, kInt), Int(6)));
  EXPECT_EQ(w.Show(Recursion(Numbers({Int(1), Int(3)}), next, false, 1)), "1 3 4 4 5 5");
}

TEST("a subquery that stands for a value is NULL without a row, and an error with two") {
  UsersWorld w;
  const auto age_of = [&](const Part& id) { return Scan(w.users, -1, {3}, {.equals = {id}}); };
  EXPECT_EQ(w.Show(Apply(Numbers({Int(5), Int(9), Int(4)}), age_of(SlotOf(0, kInt)), ApplyKind::kScalar, {{0, Col(0, kInt)}})),
            "5,41 9,NULL 4,NULL");
  const Part by_age = Scan(w.users, 1, {1}, {.equals = {SlotOf(0, kInt)}});
  EXPECT_EQ(w.Show(Apply(Numbers({Int(41)}), by_age, ApplyKind::kScalar, {{0, Col(0, kInt)}})), "41,'eve'");
  const Outcome two = w.Run(Apply(Numbers({Int(41), Int(30)}), by_age, ApplyKind::kScalar, {{0, Col(0, kInt)}}));
  EXPECT(two.status.code() == Code::kInvalidArgument);
  EXPECT(two.status.message().find("more than one row") != std::string::npos);
}

TEST("IN is true, false or open: empty lists, NULLs on either side, hashed or not") {
  ExecWorld w;
  const Part outer = Numbers({Int(1), Int(5), NullOf(kInt)});
  const auto in = [&](const Part& list, bool hashed) {
    const Part equal = EqualInts(0, 1);
    const Part same = Call(ExprOp::kOr, kBool, {equal, equal});
    return w.Show(Project(Apply(outer, list, ApplyKind::kAny, {}, hashed ? equal : same), {Col(1, kBool)}));
  };
  for (const bool hashed : {false, true}) {
    EXPECT_EQ(in(Numbers({Int(1), Int(2)}), hashed), "true false NULL");
    EXPECT_EQ(in(Numbers({Int(1), NullOf(kInt)}), hashed), "true NULL NULL");
    EXPECT_EQ(in(Limit(Numbers({Int(1)}), Int(0)), hashed), "false false false");
  }
  // Of rows, one unequal part is enough to be false.
  const Part pairs = Values(3, 2, {Int(1), NullOf(kInt), Int(2), Int(2), NullOf(kInt), Int(7)});
  const Part asked = Values(5, 2, {Int(1), Int(1), Int(2), Int(2), Int(3), Int(3), NullOf(kInt), Int(2), Int(3), Int(7)});
  const Part both = Call(ExprOp::kAnd, kBool, {EqualInts(0, 2), EqualInts(3, 1)});
  EXPECT_EQ(w.Show(Project(Apply(asked, pairs, ApplyKind::kAny, {}, both), {Col(2, kBool)})), "NULL true false NULL NULL");
  // What is asked for need not depend on the row.
  const Part fixed = Compare(ExprOp::kEqual, Int(2), Col(1, kInt));
  EXPECT_EQ(w.Show(Apply(Numbers({Int(8)}), Numbers({Int(1), Int(2)}), ApplyKind::kAny, {}, fixed)), "8,true");
}

TEST("a subquery registers a range for every value it was run with, once") {
  UsersWorld w;
  const Part inner = Scan(w.users, 1, {0}, {.equals = {SlotOf(0, kInt)}});
  const Part outer = Numbers({Int(30), Int(25), Int(30), Int(99), Int(25)});
  EXPECT_EQ(w.Show(Apply(outer, inner, ApplyKind::kInner, {{0, Col(0, kInt)}})), "30,1 30,3 25,2 30,1 30,3 25,2");
  EXPECT_EQ(w.txn.ranges.size(), 3u);
  for (const auto& range : w.txn.ranges) EXPECT(range.whole);
  w.txn.ForgetReads();
  EXPECT_EQ(w.Show(Apply(outer, inner, ApplyKind::kExists, {{0, Col(0, kInt)}})), "30,true 25,true 30,true 99,false 25,true");
  EXPECT_EQ(w.txn.ranges.size(), 3u);
  EXPECT(!w.txn.ranges[0].whole);  // one row was enough
  w.txn.ForgetReads();
  const Part bounded =
      Scan(w.users, -1, {0}, {.lo = SlotOf(0, kInt), .hi = Call(ExprOp::kAdd, kInt, {SlotOf(0, kInt), Int(3)})});
  EXPECT_EQ(w.Show(Apply(Numbers({Int(1), Int(4)}), bounded, ApplyKind::kLeft, {{0, Col(0, kInt)}})), "1,2 1,3 4,5");
  EXPECT_EQ(w.txn.ranges.size(), 2u);
  KeyBuffer lo;
  AppendRowPrefix(&lo, 1, 7);
  EXPECT_OK(AppendKeyValue(&lo, kInt, Value::Integer(4), false));
  MakePrefixSuccessor(&lo);
  EXPECT_EQ(w.txn.ranges[1].lo, lo.view());
}

TEST("a limit above a lateral join stops what is below it") {
  UsersWorld w;
  w.want = 1;
  const Part inner = Scan(w.users, -1, {0}, {.lo = SlotOf(0, kInt), .lo_inclusive = true});
  EXPECT_EQ(w.Show(Limit(Apply(Scan(w.users, 0, {0}), inner, ApplyKind::kInner, {{0, Col(0, kInt)}}), Int(2))), "2,2 2,3");
  EXPECT_EQ(w.txn.ranges.size(), 2u);
  EXPECT(!w.txn.ranges[0].whole);
  EXPECT(!w.txn.ranges[1].whole);
}

TEST("semi and anti joins yield left rows once, and look no further than the first match") {
  UsersWorld w;
  const Part outer = Numbers({Int(30), Int(7), NullOf(kInt), Int(25), Int(30)});
  EXPECT_EQ(w.Show(IndexJoin(outer, JoinKind::kSemi, w.users, 1, {0}, {Col(0, kInt)})), "30 25 30");
  EXPECT_EQ(w.txn.ranges.size(), 4u);
  EXPECT(!w.txn.ranges[0].whole);
  EXPECT_EQ(w.Show(IndexJoin(outer, JoinKind::kAnti, w.users, 1, {0}, {Col(0, kInt)})), "7 NULL");
  const Part odd = Compare(ExprOp::kEqual, Call(ExprOp::kModulo, kInt, {Col(1, kInt), Int(3)}), Int(0));
  EXPECT_EQ(w.Show(IndexJoin(outer, JoinKind::kSemi, w.users, 1, {0}, {Col(0, kInt)}, odd)), "30 30");
  for (const Part& predicate : {EqualInts(0, 1), Call(ExprOp::kOr, kBool, {EqualInts(0, 1), EqualInts(1, 0)})}) {
    EXPECT_EQ(w.Show(LoopJoin(outer, Scan(w.users, -1, {3}), JoinKind::kSemi, predicate)), "30 25 30");
    EXPECT_EQ(w.Show(LoopJoin(outer, Scan(w.users, -1, {3}), JoinKind::kAnti, predicate)), "7 NULL");
  }
  EXPECT_EQ(w.Show(LoopJoin(outer, Scan(w.users, -1, {3}), JoinKind::kAnti, nullptr)), "");
  EXPECT_EQ(w.Show(LoopJoin(Numbers({Int(1)}), Limit(Scan(w.users, -1, {3}), Int(0)), JoinKind::kAnti, nullptr)), "1");
}

TEST("subqueries over pairs decide after the predicate of a join, in every kind of it, across batches") {
  const Part is_less = Apply(Working(3, {kInt, kInt}), Series(SlotOf(1, kInt), SlotOf(2, kInt)), ApplyKind::kExists,
                             {{1, Col(0, kInt)}, {2, Col(1, kInt)}});
  const Part wanted = Compare(ExprOp::kLessEqual, Col(1, kInt), Col(0, kInt));
  const Part odd = Compare(ExprOp::kEqual, Call(ExprOp::kModulo, kInt, {Col(1, kInt), Int(3)}), Int(0));
  const Part left = UnionAll({Series(Int(1), Int(40)), Numbers({NullOf(kInt)})});
  const Part right = UnionAll({Numbers({NullOf(kInt)}), Series(Int(30), Int(80))});
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kLeft, JoinKind::kSemi, JoinKind::kAnti, JoinKind::kFull}) {
    for (const bool also : {false, true}) {
      ExecWorld w;
      const Part both = also ? Call(ExprOp::kAnd, kBool, {wanted, odd}) : wanted;
      const std::string expected = w.Show(LoopJoin(left, right, kind, both));
      EXPECT(!expected.empty());
      EXPECT_EQ(w.Show(AskingJoin(left, right, kind, also ? odd : nullptr, {1, 0}, is_less, 3, Col(2, kBool))), expected);
    }
  }
  const auto refused = [](const Part& root) {
    const PlanBytes bytes = BuildPlan(root);
    return PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument;
  };
  EXPECT(refused(AskingJoin(left, right, JoinKind::kFull, nullptr, {1, 0}, nullptr, 3, Col(1, kBool))));
  EXPECT(refused(AskingJoin(left, right, JoinKind::kFull, nullptr, {1, 0}, is_less, 3, nullptr)));
  EXPECT(refused(AskingJoin(left, right, JoinKind::kFull, nullptr, {1, 2}, is_less, 3, Col(2, kBool))));
}

TEST("a full join ends with the right rows that nothing matched, across batches") {
  ExecWorld w;
  EXPECT_EQ(w.Show(LoopJoin(Numbers({Int(1), Int(2), NullOf(kInt)}), Numbers({Int(2), Int(3), NullOf(kInt), Int(2)}),
                            JoinKind::kFull, EqualInts(0, 1))),
            "1,NULL 2,2 2,2 NULL,NULL NULL,3 NULL,NULL");
  const Part many = LoopJoin(Series(Int(1), Int(5000)), Series(Int(4000), Int(9000)), JoinKind::kFull, EqualInts(0, 1));
  const auto is_null = [](int32_t c) { return Call(ExprOp::kIsNull, kBool, {Col(c, kInt)}); };
  EXPECT_EQ(w.Show(Aggregate(many, {},
                             {{AggregateFn::kCountRows},
                              {AggregateFn::kCountRows, nullptr, false, is_null(0)},
                              {AggregateFn::kCountRows, nullptr, false, is_null(1)}})),
            "9000,4000,3999");
}

TEST("series count up and down to their end, whatever it is") {
  ExecWorld w;
  const auto series = [&](int64_t from, int64_t to, int64_t step) {
    return w.Show(Function(1, {Int(from), Int(to), Int(step)}, {kInt}));
  };
  EXPECT_EQ(series(1, 6, 2), "1 3 5");
  EXPECT_EQ(series(3, 1, -1), "3 2 1");
  EXPECT_EQ(series(3, 1, 1), "");
  EXPECT_EQ(series(INT64_MAX - 1, INT64_MAX, 1), "9223372036854775806 9223372036854775807");
  EXPECT_EQ(series(INT64_MIN + 1, INT64_MIN, -1), "-9223372036854775807 -9223372036854775808");
  EXPECT_EQ(series(1, 2, 0).substr(0, 1), "!");
  EXPECT_EQ(w.Show(Series(NullOf(kInt), Int(3))), "");
  EXPECT_EQ(
      w.Show(Apply(Numbers({Int(2), Int(0), Int(1)}), Series(Int(1), SlotOf(0, kInt)), ApplyKind::kInner, {{0, Col(0, kInt)}})),
      "2,1 2,2 1,1");
}

TEST("subqueries are run again for every row of parameters") {
  ExecWorld w;
  const Part inner = Aggregate(Series(Int(1), Param(0, kInt)), {}, {{AggregateFn::kCountRows}});
  const std::string params = Tagged({Value::Integer(3), Value::Integer(5)});
  const Part outer = Numbers({Int(0), Int(3)});
  for (const auto& [plan, wanted] : std::vector<std::pair<Part, std::string>>{
           {Apply(outer, inner, ApplyKind::kScalar, {}), "0,3 3,3 0,5 3,5"},
           {Apply(outer, inner, ApplyKind::kInner, {}), "0,3 3,3 0,5 3,5"},
           {Apply(outer, inner, ApplyKind::kAny, {}, EqualInts(0, 1)), "0,false 3,true 0,false 3,false"},
           {LoopJoin(outer, inner, JoinKind::kInner, nullptr), "0,3 3,3 0,5 3,5"},
       }) {
    EXPECT_EQ(ShowRows(w.Run(Prepare(plan, 1), params, 2).rows), wanted);
  }
}

TEST("what subqueries remember is bounded; what they must hold is refused beyond the limit") {
  ExecWorld w;
  w.limits.query_memory_bytes = 2 * 1000 * 1000;
  // 20000 outer rows with values of their own, 200 bytes for each: more than there is memory for.
  const Part text = Text(std::string(200, 'x'));
  const Part inner = Project(Values(1, 1, {SlotOf(0, kInt)}),
                             {Call(ExprOp::kConcat, kTxt, {text, Call(ExprOp::kCast, kTxt, {Col(0, kInt)})})});
  for (const ApplyKind kind : {ApplyKind::kScalar, ApplyKind::kLeft}) {
    const Part applied = Apply(Series(Int(1), Int(20000)), inner, kind, {{0, Col(0, kInt)}});
    EXPECT_EQ(w.Show(Aggregate(applied, {}, {{AggregateFn::kCount, Col(1, kTxt)}, {AggregateFn::kMax, Col(0, kInt)}})),
              "20000,20000");
  }
  // One outer row whose inner rows pass by.
  const Part passing = Apply(Numbers({Int(200000)}), Series(Int(1), SlotOf(0, kInt)), ApplyKind::kInner, {{0, Col(0, kInt)}});
  EXPECT_EQ(w.Show(Aggregate(passing, {}, {{AggregateFn::kCountRows}})), "200000");
  const Part wide = Series(Int(1), Int(2000000));
  const auto limited = [&](const Part& plan) { return w.Run(plan).status.code() == Code::kLimit; };
  EXPECT(limited(Aggregate(Apply(Numbers({Int(1), Int(2)}), wide, ApplyKind::kInner, {}), {}, {{AggregateFn::kCountRows}})));
  EXPECT(limited(Apply(Numbers({Int(0)}), wide, ApplyKind::kAny, {}, EqualInts(0, 1))));
  EXPECT(limited(SetOperation(Numbers({Int(1)}), wide, SetOpKind::kExcept, false)));
  EXPECT(limited(LoopJoin(Numbers({Int(1)}), wide, JoinKind::kFull, nullptr)));
}

TEST("subqueries and joins stop when they are told to") {
  UsersWorld w;
  const Part million = Series(Int(1), Int(1000000));
  const Part thousand = Series(Int(1), Int(1000));
  const Part never = Compare(ExprOp::kLess, Col(0, kInt), Call(ExprOp::kNegate, kInt, {Col(1, kInt)}));
  for (const Part& plan : {
           Apply(million, Scan(w.users, -1, {0}, {.equals = {SlotOf(0, kInt)}}), ApplyKind::kExists, {{0, Col(0, kInt)}}),
           Apply(million, Limit(thousand, Int(0)), ApplyKind::kInner, {{0, Col(0, kInt)}}),
           Apply(million, thousand, ApplyKind::kAny, {}, never),
           Apply(million, thousand, ApplyKind::kAny, {}, EqualInts(0, 1)),
           LoopJoin(million, thousand, JoinKind::kSemi, never),
           SetOperation(million, Numbers({Int(0)}), SetOpKind::kIntersect, true),
           UnionAll({million, million}),
       }) {
    EXPECT(RunFor(&w, plan, 30).code() == Code::kTimeout);
  }
}

TEST("writes through subqueries and joins of their own table do not meet their own rows") {
  UsersWorld w;
  // As many new rows as there are, whatever is inserted while they are counted.
  const Part ids =
      UnionAll({Project(Scan(w.users, -1, {0, 1}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(10)}), Col(1, kTxt)}),
                Project(Scan(w.users, -1, {0, 1}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(20)}), Col(1, kTxt)})});
  EXPECT_EQ(w.Run(Insert(w.users, ids, {0, 1})).affected, 10u);
  const Part counted = Apply(Scan(w.users, -1, {0, 1}), Aggregate(Scan(w.users, -1, {0}), {}, {{AggregateFn::kCountRows}}),
                             ApplyKind::kScalar, {});
  EXPECT_OK(
      w.Run(Insert(w.users, Project(counted, {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(100)}), Col(1, kTxt), Col(2, kInt)}),
                   {0, 1, 3}))
          .status);
  EXPECT_EQ(
      w.Show(Aggregate(Scan(w.users, -1, {0, 3}, {.lo = Int(100)}), {},
                       {{AggregateFn::kCountRows}, {AggregateFn::kMin, Col(1, kInt)}, {AggregateFn::kMax, Col(1, kInt)}})),
      "15,15,15");
  // Every row whose name is somewhere else as well.
  Part other = Call(ExprOp::kAnd, kBool,
                    {Compare(ExprOp::kEqual, Col(1, kTxt), Col(5, kTxt)), Compare(ExprOp::kLess, Col(4, kInt), Col(0, kInt))});
  EXPECT_EQ(
      w.Run(Delete(w.users, LoopJoin(Scan(w.users, -1, kAll), Scan(w.users, -1, {0, 1}), JoinKind::kSemi, other))).affected,
      25u);
  EXPECT_EQ(w.Show(Scan(w.users, -1, {0})), "1 2 3 4 5");
  w.ExpectIndexesWhole();
}

TEST("the point path takes no subqueries") {
  UsersWorld w;
  const Part point = Scan(w.users, -1, kAll, {.equals = {Int(1)}});
  EXPECT(Prepare(point)->is_point());
  EXPECT(!Prepare(Apply(point, point, ApplyKind::kExists, {}))->is_point());
  EXPECT(!Prepare(UnionAll({point}))->is_point());
  EXPECT(!Prepare(Project(Apply(Values(1, 0, {}), point, ApplyKind::kInner, {}), {Col(0, kInt)}))->is_point());
  EXPECT(!Prepare(Delete(w.users, Apply(point, point, ApplyKind::kExists, {})))->is_point());
}

TEST("plans that use what is not there are refused") {
  ExecWorld w;
  const auto refused = [](const Part& root) {
    const PlanBytes bytes = BuildPlan(root);
    const auto parsed = PreparedPlan::Parse(bytes.words, bytes.constants);
    return parsed.status().code() == Code::kInvalidArgument && parsed.status().message().starts_with("Word ");
  };
  const Part one = Numbers({Int(1)});
  const Part text = Numbers({Text("x")});
  const auto slot = [](int32_t number) { return Project(Values(1, 0, {}), {SlotOf(number, kInt)}); };
  const auto apply = [&](const Part& inner, const std::vector<TestSlot>& slots) {
    return Apply(one, inner, ApplyKind::kInner, slots);
  };
  EXPECT(!refused(apply(slot(5), {{5, Col(0, kInt)}})));
  EXPECT(refused(slot(0)));
  EXPECT(refused(apply(slot(4), {{5, Col(0, kInt)}})));
  EXPECT(refused(apply(slot(5), {{5, Col(0, kInt)}, {5, Int(1)}})));
  EXPECT(refused(apply(slot(-1), {{-1, Col(0, kInt)}})));
  EXPECT(refused(apply(slot(1 << 16), {{1 << 16, Col(0, kInt)}})));
  EXPECT(refused(apply(slot(5), {{5, SlotOf(5, kInt)}})));
  EXPECT(refused(apply(slot(6), {{5, Int(1)}, {6, SlotOf(5, kInt)}})));
  EXPECT(refused(apply(slot(5), {{5, Text("x")}})));
  EXPECT(refused(Filter(apply(slot(5), {{5, Int(1)}}), Compare(ExprOp::kEqual, SlotOf(5, kInt), Int(1)))));
  EXPECT(refused(Apply(one, one, ApplyKind::kInner, {{5, Int(1)}}, Compare(ExprOp::kEqual, SlotOf(5, kInt), Int(1)))));
  EXPECT(refused(Apply(slot(5), one, ApplyKind::kInner, {{5, Int(1)}})));
  EXPECT(refused(Apply(one, apply(one, {{5, Int(1)}}), ApplyKind::kInner, {{5, Int(1)}})));
  EXPECT(refused(Apply(one, Values(1, 2, {Int(1), Int(2)}), ApplyKind::kScalar, {})));
  EXPECT(refused(Apply(one, one, ApplyKind::kAny, {})));
  EXPECT(refused(Apply(one, one, ApplyKind::kAny, {}, Col(0, kInt))));
  EXPECT(refused(Apply(one, one, ApplyKind::kExists, {}, EqualInts(0, 1))));
  EXPECT(refused(Apply(one, one, static_cast<ApplyKind>(5), {})));
  EXPECT(refused(UnionAll({})));
  EXPECT(refused(UnionAll({one, text})));
  EXPECT(refused(UnionAll({one, Values(1, 2, {Int(1), Int(2)})})));
  EXPECT(refused(SetOperation(one, text, SetOpKind::kExcept, false)));
  EXPECT(refused(SetOperation(one, one, static_cast<SetOpKind>(2), false)));
  EXPECT(refused(Working(0, {kInt})));
  EXPECT(refused(Recursion(Working(0, {kInt}), one, false, 0)));
  EXPECT(refused(Recursion(one, Working(1, {kInt}), false, 0)));
  EXPECT(refused(Recursion(one, Working(0, {kTxt}), false, 0)));
  EXPECT(refused(Recursion(one, Working(0, {kInt, kInt}), false, 0)));
  EXPECT(refused(Recursion(Numbers({NullOf(ColumnType::kNull)}), one, false, 0)));
  EXPECT(refused(Recursion(one, Recursion(one, Working(0, {kInt}), false, 0), false, 0)));
  EXPECT(!refused(Recursion(one, Recursion(one, UnionAll({Working(0, {kInt}), Working(1, {kInt})}), false, 1), false, 0)));
  EXPECT(refused(Function(0, {Int(1), Int(2)}, {kInt})));
  EXPECT(refused(Function(1, {Int(1)}, {kInt})));
  EXPECT(refused(Function(1, {Int(1), Text("x")}, {kInt})));
  EXPECT(refused(Function(1, {Int(1), Int(2)}, {kTxt})));
  EXPECT(refused(Function(1, {Int(1), Int(2)}, {})));
  EXPECT(refused(Function(1, {Int(1), Col(0, kInt)}, {kInt})));
  EXPECT(refused(LoopJoin(one, one, static_cast<JoinKind>(5), nullptr)));
  EXPECT(refused(Project(LoopJoin(one, one, JoinKind::kSemi, nullptr), {Col(1, kInt)})));
  const TestTable users = Users();
  EXPECT(refused(IndexJoin(one, JoinKind::kFull, users, -1, {0}, {Col(0, kInt)})));
}

}  // namespace
}  // namespace sochdb::test::exec_relations_test
