// The executor by example: what each operator that reads promises. exec_fuzzish_test.cc has the random ones.

#include "test/exec_users.h"

namespace sochdb::test::exec_test {
namespace {

TEST("a scan yields rows in key order, forwards and backwards, only the columns asked for") {
  UsersWorld w;
  EXPECT_EQ(w.Show(Scan(w.users, -1, {1, 0})), "'ann',1 'bob',2 'cat',3 'dan',4 'eve',5");
  EXPECT_EQ(w.Show(Scan(w.users, -1, {0}, {.reverse = true})), "5 4 3 2 1");
  EXPECT_EQ(w.Show(Scan(w.users, 1, {0, 3})), "5,41 1,30 3,30 2,25 4,NULL");
  EXPECT_EQ(w.Show(Scan(w.users, 0, {0})), "2 4 1 3 5");
}

TEST("ranges leave NULLs out and keep their ends as they say") {
  UsersWorld w;
  const auto ages = [&](Part lo, bool lo_in, Part hi, bool hi_in) {
    return w.Show(
        Scan(w.users, 1, {0}, {.lo = std::move(lo), .lo_inclusive = lo_in, .hi = std::move(hi), .hi_inclusive = hi_in}));
  };
  EXPECT_EQ(ages(Int(25), true, Int(30), true), "1 3 2");
  EXPECT_EQ(ages(Int(25), false, Int(30), true), "1 3");
  EXPECT_EQ(ages(Int(25), true, Int(30), false), "2");
  EXPECT_EQ(ages(nullptr, false, Int(30), true), "1 3 2");
  EXPECT_EQ(ages(Int(30), false, nullptr, false), "5");
  EXPECT_EQ(ages(NullOf(kInt), true, nullptr, false), "");
  EXPECT_EQ(ages(Int(40), true, Int(30), true), "");
  EXPECT_EQ(w.Show(Scan(w.users, 1, {0}, {.equals = {Int(30)}, .lo = Text("b")})), "3");
  EXPECT_EQ(w.Show(Scan(w.users, 0, {0}, {.hi = Text("d")})), "1 3");
  EXPECT_EQ(w.Show(Scan(w.users, 0, {0}, {.equals = {NullOf(kTxt)}})), "");
}

TEST("a scan registers exactly the range of its predicate") {
  UsersWorld w;
  w.Show(Scan(w.users, -1, {0}, {.lo = Int(2), .lo_inclusive = true, .hi = Int(4)}));
  EXPECT_EQ(w.txn.ranges.size(), 1u);
  KeyBuffer lo;
  AppendRowPrefix(&lo, 1, 7);
  KeyBuffer hi;
  hi.assign(lo.view());
  EXPECT_OK(AppendKeyValue(&lo, kInt, Value::Integer(2), false));
  EXPECT_OK(AppendKeyValue(&hi, kInt, Value::Integer(4), false));
  EXPECT(w.txn.ranges[0].tree == TreeId::kRows);
  EXPECT_EQ(w.txn.ranges[0].lo, lo.view());
  EXPECT_EQ(w.txn.ranges[0].hi, hi.view());
  EXPECT(w.txn.ranges[0].whole);
  // The catalog, and no row beside the range.
  EXPECT_EQ(w.txn.points.size(), 1u);
}

TEST("a limit stops the scan below it, and what it registers") {
  UsersWorld w;
  w.want = 1;
  EXPECT_EQ(w.Show(Limit(Scan(w.users, -1, {0}), Int(2))), "1 2");
  EXPECT_EQ(w.txn.ranges.size(), 1u);
  EXPECT(!w.txn.ranges[0].whole);
  KeyBuffer last;
  AppendRowPrefix(&last, 1, 7);
  EXPECT_OK(AppendKeyValue(&last, kInt, Value::Integer(2), false));
  EXPECT_EQ(w.txn.ranges[0].hi, last.view());
}

TEST("equality over a whole unique key is a point read, a miss too") {
  UsersWorld w;
  EXPECT_EQ(w.Show(Scan(w.users, -1, {1}, {.equals = {Int(9)}})), "");
  EXPECT_EQ(w.Show(Scan(w.users, 0, {1}, {.equals = {Text("eve@x")}})), "'eve'");
  EXPECT(w.txn.ranges.empty());
  EXPECT_EQ(w.txn.points.size(), 5u);  // twice the catalog; the miss; entry and row
}

TEST("an index that has all columns answers without reading rows") {
  UsersWorld w;
  w.users.columns[3].default_value = {};
  const auto row_reads = [&] {
    size_t n = 0;
    for (const auto& point : w.txn.points) n += point.tree == TreeId::kRows;
    return n;
  };
  EXPECT_EQ(w.Show(Scan(w.users, 1, {3, 0, 1})), "41,5,'eve' 30,1,'ann' 30,3,'cat' 25,2,'bob' NULL,4,'dan'");
  EXPECT_EQ(w.Show(Scan(w.users, 0, {0, 2}, {.equals = {Text("cat@x")}})), "3,'cat@x'");
  EXPECT_EQ(row_reads(), 0u);
  EXPECT_EQ(w.Show(Scan(w.users, 0, {0, 1}, {.equals = {Text("cat@x")}})), "3,'cat'");
  EXPECT_EQ(row_reads(), 1u);
}

TEST("lists of keys are read once each, in key order, NULLs never") {
  UsersWorld w;
  EXPECT_EQ(w.Show(ScanKeys(w.users, -1, {0, 1}, 1, {Int(3), Int(1), NullOf(kInt), Int(3), Int(8)})), "1,'ann' 3,'cat'");
  EXPECT_EQ(w.Show(ScanKeys(w.users, 1, {0}, 1, {Int(25), Int(30)})), "1 3 2");
  EXPECT_EQ(w.Show(ScanKeys(w.users, 1, {0}, 2, {Int(30), Text("cat"), Int(30), Text("ann")})), "1 3");
  EXPECT_EQ(w.Show(ScanKeys(w.users, -1, {0}, 1, {})), "");
}

TEST("rows older than a column read its default") {
  UsersWorld w;
  TestTable later = w.users;
  later.schema_version = 2;
  later.columns.push_back({"city", kTxt, 0, Value::Text("Rome")});
  EXPECT_EQ(w.Show(Scan(later, -1, {4, 0}, {.hi = Int(3)})), "'Rome',1 'Rome',2");
  EXPECT_OK(w.Run(Update(later, Scan(later, -1, {0, 1, 2, 3, 4}, {.equals = {Int(1)}}), {{1, Text("Ann")}})).status);
  EXPECT_EQ(w.Show(Scan(later, -1, {4, 1}, {.equals = {Int(1)}})), "'Rome','Ann'");
}

TEST("rows come sorted, NULLs first or last, the first of them when limited") {
  UsersWorld w;
  const Part scan = Scan(w.users, -1, {0, 3});
  EXPECT_EQ(w.Show(Sort(Scan(w.users, -1, {0, 3}), {{Col(1, kInt)}})), "4,NULL 2,25 1,30 3,30 5,41");
  EXPECT_EQ(w.Show(Sort(Scan(w.users, -1, {0, 3}), {{Col(1, kInt), kSortDescending}})), "4,NULL 5,41 1,30 3,30 2,25");
  EXPECT_EQ(w.Show(Sort(Scan(w.users, -1, {0, 3}), {{Col(1, kInt), kSortDescending | kSortNullsLast}})),
            "5,41 1,30 3,30 2,25 4,NULL");
  EXPECT_EQ(w.Show(Sort(Scan(w.users, -1, {0, 3}), {{Col(1, kInt), kSortNullsLast}}, Int(2), Int(1))), "1,30 3,30");
  EXPECT_EQ(w.Show(Sort(scan, {{Col(1, kInt)}}, Int(0))), "");
}

TEST("limits and offsets count rows; NULL and negative limits are none") {
  UsersWorld w;
  const auto limited = [&](Part limit, Part offset) {
    return w.Show(Limit(Scan(w.users, -1, {0}), std::move(limit), std::move(offset)));
  };
  EXPECT_EQ(limited(Int(2), Int(1)), "2 3");
  EXPECT_EQ(limited(Int(0), nullptr), "");
  EXPECT_EQ(limited(NullOf(kInt), Int(3)), "4 5");
  EXPECT_EQ(limited(Int(-1), nullptr), "1 2 3 4 5");
  EXPECT_EQ(limited(Int(9), Int(9)), "");
  EXPECT_EQ(limited(Int(INT64_MAX), Int(4)), "5");
}

TEST("aggregates over nothing are one row, or none when grouped") {
  UsersWorld w;
  const Part nobody = Filter(Scan(w.users, -1, {0, 3}), Const(Value::Boolean(false), kBool));
  EXPECT_EQ(w.Show(Aggregate(
                nobody, {}, {{AggregateFn::kCountRows}, {AggregateFn::kSum, Col(1, kInt)}, {AggregateFn::kMin, Col(0, kInt)}})),
            "0,NULL,NULL");
  EXPECT_EQ(w.Show(Aggregate(Filter(Scan(w.users, -1, {0, 3}), Const(Value::Boolean(false), kBool)), {Col(1, kInt)},
                             {{AggregateFn::kCountRows}})),
            "");
}

TEST("groups aggregate, NULLs being one of them") {
  UsersWorld w;
  EXPECT_EQ(w.Show(Aggregate(Scan(w.users, -1, {0, 3, 1}), {Col(1, kInt)},
                             {{AggregateFn::kCountRows},
                              {AggregateFn::kSum, Col(0, kInt)},
                              {AggregateFn::kAvg, Col(0, kInt)},
                              {AggregateFn::kMax, Col(2, kTxt)},
                              {AggregateFn::kCount, Col(1, kInt), true}})),
            "30,2,4,2,'cat',1 25,1,2,2,'bob',1 NULL,1,4,4,'dan',0 41,1,5,5,'eve',1");
  EXPECT_EQ(w.Show(Aggregate(Scan(w.users, -1, {0, 3}), {},
                             {{AggregateFn::kCount, Col(1, kInt), true},
                              {AggregateFn::kSum, Col(1, kInt), true},
                              {AggregateFn::kCountRows, nullptr, false, Compare(ExprOp::kGreater, Col(0, kInt), Int(3))}})),
            "3,96,2");
}

TEST("joins keep the order of the outer rows and fill the missing side with NULLs") {
  UsersWorld w;
  const auto same_age = [] { return Compare(ExprOp::kNotEqual, Col(0, kInt), Col(2, kInt)); };
  EXPECT_EQ(w.Show(IndexJoin(Scan(w.users, -1, {0, 3}), JoinKind::kInner, w.users, 1, {0, 1}, {Col(1, kInt)}, same_age())),
            "1,30,3,'cat' 3,30,1,'ann'");
  EXPECT_EQ(w.Show(IndexJoin(Scan(w.users, -1, {0, 3}), JoinKind::kLeft, w.users, 1, {0, 1}, {Col(1, kInt)}, same_age())),
            "1,30,3,'cat' 2,25,NULL,NULL 3,30,1,'ann' 4,NULL,NULL,NULL 5,41,NULL,NULL");
  const auto loop = [&](JoinKind kind, ExprOp op) {
    return w.Show(
        LoopJoin(Scan(w.users, -1, {0, 3}), Scan(w.users, -1, {3, 0}), kind,
                 Call(ExprOp::kAnd, kBool,
                      {Compare(op, Col(1, kInt), Col(2, kInt)), Compare(ExprOp::kNotEqual, Col(0, kInt), Col(3, kInt))})));
  };
  EXPECT_EQ(loop(JoinKind::kLeft, ExprOp::kEqual), "1,30,30,3 2,25,NULL,NULL 3,30,30,1 4,NULL,NULL,NULL 5,41,NULL,NULL");
  EXPECT_EQ(loop(JoinKind::kInner, ExprOp::kGreater), "1,30,25,2 3,30,25,2 5,41,30,1 5,41,25,2 5,41,30,3");
  EXPECT_EQ(w.Show(LoopJoin(Scan(w.users, -1, {0}, {.hi = Int(3)}), Scan(w.users, -1, {0}, {.lo = Int(4)}), JoinKind::kInner,
                            nullptr)),
            "1,5 2,5");
}

TEST("distinct keeps the first of equal rows, NULLs being equal") {
  UsersWorld w;
  EXPECT_EQ(w.Show(Distinct(Scan(w.users, -1, {3}))), "30 25 NULL 41");
}

}  // namespace
}  // namespace sochdb::test::exec_test
