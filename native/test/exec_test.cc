// The executor by example: what each operator, constraint and limit promises. exec_fuzzish_test.cc has the random ones.

#include "exec/executor.h"
#include "test/exec_fixture.h"

namespace sochdb::test {
namespace {

constexpr ColumnType kInt = ColumnType::kInteger;
constexpr ColumnType kTxt = ColumnType::kText;
constexpr ColumnType kBool = ColumnType::kBoolean;
constexpr ColumnType kReal = ColumnType::kReal;

// users(id PRIMARY KEY, name NOT NULL, email UNIQUE, age), index on (age DESC, name).
TestTable Users() {
  TestTable t;
  t.id = 7;
  t.name = "users";
  t.columns = {{"id", kInt}, {"name", kTxt, kColumnNotNull}, {"email", kTxt}, {"age", kInt, 0, Value::Integer(18)}};
  t.primary_key = {0};
  t.indexes = {{21, "users_email", true, {{2}}}, {22, "users_age", false, {{3, true}, {1}}}};
  return t;
}
const std::vector<int32_t> kAll = {0, 1, 2, 3};

std::vector<Part> UserRow(int64_t id, std::string_view name, std::string_view email, int64_t age) {
  return {Int(id), Text(name), email.empty() ? NullOf(kTxt) : Text(email), age < 0 ? NullOf(kInt) : Int(age)};
}
std::vector<Part> UserColumns(int32_t offset = 0) {
  return {Col(offset, kInt), Col(offset + 1, kTxt), Col(offset + 2, kTxt), Col(offset + 3, kInt)};
}

class UsersWorld : public ExecWorld {
 public:
  TestTable users = Users();

  UsersWorld() {
    AddTable(users);
    std::vector<Part> rows;
    for (const auto& row : {UserRow(1, "ann", "ann@x", 30), UserRow(2, "bob", "", 25), UserRow(3, "cat", "cat@x", 30),
                            UserRow(4, "dan", "", -1), UserRow(5, "eve", "eve@x", 41)}) {
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const Outcome inserted = Run(Insert(users, Values(5, 4, rows), kAll));
    EXPECT_OK(inserted.status);
    EXPECT_EQ(inserted.affected, 5u);
    txn.ForgetReads();
  }
  std::string All() { return Show(Scan(users, -1, kAll)); }
  // Every entry of every index leads to its row, and every row has its entries.
  void ExpectIndexesWhole() {
    const std::string by_key = ShowSorted(Scan(users, -1, kAll));
    EXPECT_EQ(ShowSorted(Scan(users, 0, kAll)), by_key);
    EXPECT_EQ(ShowSorted(Scan(users, 1, kAll)), by_key);
  }
  std::string ShowSorted(const Part& scan) { return Show(Sort(scan, {{Col(0, kInt)}})); }
};

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

TEST("an integer sum that does not fit is an error, whatever the order") {
  ExecWorld w;
  const auto sum = [&](std::vector<Part> values) {
    const auto n = static_cast<int32_t>(values.size());
    return w.Show(Aggregate(Values(n, 1, values), {}, {{AggregateFn::kSum, Col(0, kInt)}}));
  };
  EXPECT_EQ(sum({Int(INT64_MAX), Int(1), Int(-1)}), "9223372036854775807");
  EXPECT_EQ(sum({Int(INT64_MAX), Int(1)}).substr(0, 1), "!");
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

TEST("a taken key is refused, naming table, index and columns, and leaves nothing") {
  UsersWorld w;
  const std::string before = w.All();
  Outcome outcome = w.RunAtomic(Insert(w.users,
                                       Values(2, 4,
                                              [] {
                                                auto rows = UserRow(8, "x", "", 1);
                                                const auto second = UserRow(1, "y", "", 1);
                                                rows.insert(rows.end(), second.begin(), second.end());
                                                return rows;
                                              }()),
                                       kAll));
  EXPECT(outcome.status.code() == Code::kUnique);
  EXPECT_EQ(w.All(), before);
  outcome = w.RunAtomic(Insert(w.users, Values(1, 4, UserRow(9, "x", "ann@x", 1)), kAll));
  EXPECT(outcome.status.code() == Code::kUnique);
  const Status::Details wanted = {{"table", "users"}, {"index", "users_email"}, {"columns", "email"}};
  EXPECT(outcome.status.details() == wanted);
  EXPECT_EQ(w.All(), before);
  w.ExpectIndexesWhole();
}

TEST("NULLs are distinct in unique indexes") {
  UsersWorld w;
  EXPECT_OK(w.Run(Insert(w.users, Values(1, 4, UserRow(6, "fay", "", 1)), kAll)).status);
  w.ExpectIndexesWhole();
}

TEST("NOT NULL columns refuse NULL, in inserts, defaults and updates") {
  UsersWorld w;
  const Status::Details wanted = {{"table", "users"}, {"column", "name"}};
  for (const Part& plan :
       {Insert(w.users, Values(1, 2, {Int(9), NullOf(kTxt)}), {0, 1}), Insert(w.users, Values(1, 1, {Int(9)}), {0}),
        Update(w.users, Scan(w.users, -1, kAll), {{1, NullOf(kTxt)}})}) {
    const Outcome outcome = w.RunAtomic(plan);
    EXPECT(outcome.status.code() == Code::kNotNull);
    EXPECT(outcome.status.details() == wanted);
  }
  EXPECT(w.RunAtomic(Insert(w.users, Values(1, 1, {Text("x")}), {1})).status.code() == Code::kNotNull);  // the primary key
}

TEST("columns without a value take their default, and RETURNING shows them") {
  UsersWorld w;
  EXPECT_EQ(w.Show(Insert(w.users, Values(1, 2, {Int(9), Text("zoe")}), {0, 1}, {}, UserColumns())), "9,'zoe',NULL,18");
}

TEST("a conflict is ignored, updated or replaced as told") {
  UsersWorld w;
  const Part values = Values(1, 4, UserRow(1, "new", "eve@x", 99));
  EXPECT_EQ(w.Run(Insert(w.users, Values(1, 4, UserRow(1, "new", "eve@x", 99)), kAll,
                         {.action = ConflictAction::kNothing, .index = kConflictAny}))
                .affected,
            0u);
  // Set from the proposed row and the existing one; the predicate decides.
  const auto upsert = [&](Part where) {
    return w.Run(Insert(w.users, Values(1, 4, UserRow(1, "new", "", 99)), kAll,
                        {.action = ConflictAction::kUpdate,
                         .sets = {{1, Col(5, kTxt)}, {3, Call(ExprOp::kAdd, kInt, {Col(3, kInt), Col(7, kInt)})}},
                         .where = std::move(where)},
                        UserColumns()));
  };
  EXPECT_EQ(ShowRows(upsert(nullptr).rows), "1,'new','ann@x',129");
  EXPECT_EQ(upsert(Compare(ExprOp::kLess, Col(3, kInt), Int(100))).affected, 0u);
  w.ExpectIndexesWhole();
  // Another key in the way of the insert is an error when the statement speaks of the primary key.
  EXPECT(w.RunAtomic(Insert(w.users, Values(1, 4, UserRow(9, "x", "eve@x", 1)), kAll, {.action = ConflictAction::kNothing}))
             .status.code() == Code::kUnique);
  EXPECT_EQ(w.Run(Insert(w.users, values, kAll, {.action = ConflictAction::kReplace})).affected, 1u);
  EXPECT_EQ(w.Show(Scan(w.users, -1, {0, 1})), "1,'new' 2,'bob' 3,'cat' 4,'dan'");
  w.ExpectIndexesWhole();
  EXPECT_EQ(w.Run(Insert(w.users, Values(2, 2, {Int(20), NullOf(kTxt), Int(21), Text("ok")}), {0, 1},
                         {.action = ConflictAction::kIgnore, .index = kConflictAny}))
                .affected,
            1u);
}

TEST("an upsert may hit the row it inserted itself") {
  UsersWorld w;
  std::vector<Part> rows = UserRow(50, "a", "", 1);
  const auto second = UserRow(50, "b", "", 2);
  rows.insert(rows.end(), second.begin(), second.end());
  EXPECT_EQ(w.Run(Insert(w.users, Values(2, 4, rows), kAll, {.action = ConflictAction::kUpdate, .sets = {{1, Col(5, kTxt)}}}))
                .affected,
            2u);
  EXPECT_EQ(w.Show(Scan(w.users, -1, {1, 3}, {.equals = {Int(50)}})), "'b',1");
  w.ExpectIndexesWhole();
}

TEST("updates keep indexes, also when they change the key itself") {
  UsersWorld w;
  EXPECT_EQ(ShowRows(w.Run(Update(w.users, Filter(Scan(w.users, -1, kAll), Compare(ExprOp::kEqual, Col(3, kInt), Int(30))),
                                  {{3, Call(ExprOp::kAdd, kInt, {Col(3, kInt), Int(1)})},
                                   {0, Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(100)})}},
                                  {Col(0, kInt), Col(3, kInt)}))
                         .rows),
            "101,31 103,31");
  w.ExpectIndexesWhole();
  EXPECT(w.RunAtomic(Update(w.users, Scan(w.users, -1, kAll, {.equals = {Int(2)}}), {{0, Int(4)}})).status.code() ==
         Code::kUnique);
  EXPECT(w.RunAtomic(Update(w.users, Scan(w.users, -1, kAll, {.equals = {Int(2)}}), {{2, Text("eve@x")}})).status.code() ==
         Code::kUnique);
  EXPECT_OK(w.Run(Update(w.users, Scan(w.users, -1, kAll, {.equals = {Int(5)}}), {{2, Text("eve@x")}})).status);
  w.ExpectIndexesWhole();
}

TEST("an update through the index it changes visits every row once") {
  UsersWorld w;
  EXPECT_EQ(
      w.Run(Update(w.users, Scan(w.users, 1, kAll, {.lo = Int(0)}), {{3, Call(ExprOp::kAdd, kInt, {Col(3, kInt), Int(1)})}}))
          .affected,
      4u);
  EXPECT_EQ(w.Show(Scan(w.users, -1, {3})), "31 26 31 NULL 42");
  w.ExpectIndexesWhole();
}

TEST("a row that a join repeats is written once") {
  UsersWorld w;
  const auto pairs = [&] { return LoopJoin(Scan(w.users, -1, kAll), Scan(w.users, -1, {0}), JoinKind::kInner, nullptr); };
  EXPECT_EQ(w.Run(Update(w.users, pairs(), {{1, Text("z")}, {3, Col(4, kInt)}}, {Col(0, kInt), Col(4, kInt)})).affected, 5u);
  w.ExpectIndexesWhole();
  EXPECT_EQ(ShowRows(w.Run(Delete(w.users, pairs(), {Col(0, kInt), Col(1, kTxt)})).rows), "1,'z' 2,'z' 3,'z' 4,'z' 5,'z'");
  EXPECT(w.txn.tree(TreeId::kRows).empty());
  EXPECT(w.txn.tree(TreeId::kIndexes).empty());
}

TEST("an insert from a select of its own table does not meet its own rows") {
  UsersWorld w;
  const Part moved = Project(Scan(w.users, -1, {0, 1}), {Call(ExprOp::kAdd, kInt, {Col(0, kInt), Int(10)}), Col(1, kTxt)});
  EXPECT_EQ(w.Run(Insert(w.users, moved, {0, 1})).affected, 5u);
  const Part joined = Project(IndexJoin(Scan(w.users, -1, {0, 1}), JoinKind::kInner, w.users, -1, {0}, {Col(0, kInt)}),
                              {Call(ExprOp::kAdd, kInt, {Col(2, kInt), Int(100)}), Col(1, kTxt)});
  EXPECT_EQ(w.Run(Insert(w.users, joined, {0, 1})).affected, 10u);
  w.ExpectIndexesWhole();
}

TEST("many parameter rows run as one statement") {
  UsersWorld w;
  const auto insert = [&](const std::vector<Part>& returning) {
    return Insert(w.users, Values(1, 2, {Param(0, kInt), Call(ExprOp::kConcat, kTxt, {Text("n"), Param(1, kTxt)})}), {0, 1}, {},
                  returning);
  };
  std::string params;
  for (int i = 0; i < 3000; ++i) params += Tagged({Value::Integer(1000 + i), Value::Integer(i)});
  const Outcome outcome = w.Run(Prepare(insert({Col(1, kTxt)}), 2), params, 3000);
  EXPECT_OK(outcome.status);
  EXPECT_EQ(outcome.affected, 3000u);
  EXPECT_EQ(outcome.rows.size(), 3000u);
  EXPECT_EQ(ShowRow(outcome.rows[2999]), "'n2999'");
  w.ExpectIndexesWhole();
  // Not in bulk: RETURNING looks at parameters.
  const Outcome one_by_one = w.Run(Prepare(insert({Param(0, kInt)}), 2),
                                   Tagged({Value::Integer(1), Value::Text("a")}).substr(0, 0) +
                                       Tagged({Value::Integer(8000), Value::Text("a"), Value::Integer(8001), Value::Text("b")}),
                                   2);
  EXPECT_EQ(ShowRows(one_by_one.rows), "8000 8001");
  const Part update = Update(w.users, Scan(w.users, -1, kAll, {.equals = {Param(0, kInt)}}), {{1, Param(1, kTxt)}});
  EXPECT_EQ(w.Run(Prepare(update, 2),
                  Tagged({Value::Integer(1), Value::Text("x"), Value::Integer(1), Value::Text("y"), Value::Integer(2),
                          Value::Text("z")}),
                  3)
                .affected,
            3u);
  EXPECT_EQ(w.Show(Scan(w.users, -1, {1}, {.hi = Int(3)})), "'y' 'z'");
  EXPECT_EQ(ShowRows(w.Run(Prepare(Scan(w.users, -1, {1}, {.equals = {Param(0, kInt)}}), 1),
                           Tagged({Value::Integer(2), Value::Integer(1)}), 2)
                         .rows),
            "'z' 'y'");
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

TEST("a write reads its table's catalog entry as a constraint") {
  UsersWorld w;
  EXPECT_OK(w.Run(Delete(w.users, Scan(w.users, -1, kAll))).status);
  EXPECT(w.txn.points[0].tree == TreeId::kCatalog);
  EXPECT(w.txn.points[0].constraint);
}

TEST("the point path does what operators do") {
  UsersWorld w;
  const auto point = [&](const Part& root, const std::vector<Value>& params) {
    return w.RunPoint(Prepare(root, static_cast<int32_t>(params.size())), Tagged(params));
  };
  const Part by_id =
      Project(Scan(w.users, -1, {1, 3}, {.equals = {Param(0, kInt)}}), {Col(1, kInt), Text("c"), Col(0, kTxt), Param(0, kInt)});
  EXPECT_EQ(ShowRows(point(by_id, {Value::Integer(3)}).rows), "30,'c','cat',3");
  EXPECT_EQ(ShowRows(point(by_id, {Value::Text("3")}).rows), "30,'c','cat',3");
  EXPECT_EQ(ShowRows(point(by_id, {Value::Integer(99)}).rows), "");
  EXPECT_EQ(ShowRows(point(by_id, {Value::Null()}).rows), "");
  EXPECT_EQ(ShowRows(point(Scan(w.users, 0, {0, 1}, {.equals = {Param(0, kTxt)}}), {Value::Text("eve@x")}).rows), "5,'eve'");
  const Part insert =
      Insert(w.users, Values(1, 3, {Param(0, kInt), Param(1, kTxt), Param(2, kTxt)}), {0, 1, 2}, {}, UserColumns());
  EXPECT_EQ(ShowRows(point(insert, {Value::Integer(6), Value::Text("fay"), Value::Null()}).rows), "6,'fay',NULL,18");
  EXPECT(point(insert, {Value::Integer(6), Value::Text("fay"), Value::Null()}).status.code() == Code::kUnique);
  EXPECT(point(insert, {Value::Integer(7), Value::Text("fay"), Value::Text("ann@x")}).status.code() == Code::kUnique);
  EXPECT(point(insert, {Value::Integer(7), Value::Null(), Value::Null()}).status.code() == Code::kNotNull);
  const Part update = Update(w.users, Scan(w.users, -1, kAll, {.equals = {Param(0, kInt)}}),
                             {{1, Param(1, kTxt)}, {3, NullOf(kInt)}}, {Col(1, kTxt), Col(3, kInt)});
  EXPECT_EQ(ShowRows(point(update, {Value::Integer(1), Value::Text("Ann")}).rows), "'Ann',NULL");
  EXPECT_EQ(point(update, {Value::Integer(77), Value::Text("?")}).affected, 0u);
  EXPECT(point(update, {Value::Integer(1), Value::Null()}).status.code() == Code::kNotNull);
  w.ExpectIndexesWhole();
  const Part remove = Delete(w.users, Scan(w.users, 0, kAll, {.equals = {Param(0, kTxt)}}), {Col(0, kInt)});
  EXPECT_EQ(ShowRows(point(remove, {Value::Text("cat@x")}).rows), "3");
  EXPECT_EQ(point(remove, {Value::Text("cat@x")}).affected, 0u);
  w.ExpectIndexesWhole();
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

TEST("a write without a transaction is refused") {
  UsersWorld w;
  auto execution =
      Execution::Open(Prepare(Delete(w.users, Scan(w.users, -1, kAll))), {nullptr, &w.txn, nullptr}, "", 1, nullptr);
  EXPECT(execution.status().code() == Code::kReadOnly);
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

TEST("values of every type survive rows and keys, ascending and descending") {
  TestTable t;
  t.name = "kinds";
  const std::vector<std::pair<ColumnType, Value>> kinds = {
      {ColumnType::kUuid, Value::Bytes(ValueTag::kUuid, std::string_view("\0\xff"
                                                                         "23456789abcdef",
                                                                         16))},
      {ColumnType::kTimestamp, Value::Timestamp(-1)},
      {ColumnType::kBlob, Value::Bytes(ValueTag::kBlob, std::string_view("\0\0\xff", 3))},
      {ColumnType::kJson, Value::Bytes(ValueTag::kJson, "{\"a\":1}")},
      {ColumnType::kVector, Value::Bytes(ValueTag::kVector, std::string_view("\0\0\0\0\0\0\x80\x3f", 8))},
      {ColumnType::kDecimal, Value::Bytes(ValueTag::kDecimal, "2.50")},
      {ColumnType::kAny, Value::Real(2.0)},
      {ColumnType::kBigint, Value::Integer(INT64_MIN)},
      {ColumnType::kBoolean, Value::Boolean(true)},
      {ColumnType::kReal, Value::Real(-2.5)},
      {ColumnType::kText, Value::Text("größe")}};
  std::vector<int32_t> all = {0};
  std::vector<Part> row = {Int(1)};
  t.columns = {{"id", kInt}};
  t.primary_key = {0};
  for (const auto& [type, value] : kinds) {
    const auto c = static_cast<int32_t>(t.columns.size());
    t.columns.push_back({"c" + std::to_string(c), type});
    t.indexes.push_back({100 + 2 * c, "up" + std::to_string(c), false, {{c}}});
    t.indexes.push_back({101 + 2 * c, "down" + std::to_string(c), true, {{c, true}}});
    all.push_back(c);
    row.push_back(Const(value, type));
  }
  ExecWorld w;
  w.AddTable(t);
  EXPECT_OK(w.Run(Insert(t, Values(1, static_cast<int32_t>(row.size()), row), all)).status);
  for (size_t i = 0; i < kinds.size(); ++i) {
    const auto c = static_cast<int32_t>(i) + 1;
    for (const int32_t index : {-1, 2 * c - 2, 2 * c - 1}) {
      const ScanRange equal{.equals = {Const(kinds[i].second, kinds[i].first)}};
      const Outcome got = w.Run(Scan(t, index, {c}, index < 0 ? ScanRange{} : equal));
      EXPECT_OK(got.status);
      EXPECT_EQ(got.rows.size(), 1u);
      if (got.rows.size() == 1) EXPECT(got.rows[0][0] == Cell(kinds[i].second));
    }
  }
  EXPECT_OK(w.Run(Delete(t, Scan(t, -1, all))).status);
  EXPECT(w.txn.tree(TreeId::kIndexes).empty());
}

TEST("composite primary keys and many rows under one index key work") {
  TestTable t;
  t.name = "pairs";
  t.columns = {{"a", kTxt}, {"b", kInt}, {"c", kInt}};
  t.primary_key = {1, 0};
  t.indexes = {{9, "by_c", false, {{2}}}};
  ExecWorld w;
  w.AddTable(t);
  EXPECT_OK(w.Run(Insert(t, Values(3, 3, {Text("x"), Int(1), Int(5), Text("y"), Int(1), Int(5), Text("x"), Int(2), Int(5)}),
                         {0, 1, 2}))
                .status);
  EXPECT(w.RunAtomic(Insert(t, Values(1, 2, {Text("x"), Int(2)}), {0, 1})).status.code() == Code::kUnique);
  EXPECT_EQ(w.Show(Scan(t, -1, {0, 1}, {.equals = {Int(1)}})), "'x',1 'y',1");
  EXPECT_EQ(w.Show(Scan(t, 0, {1, 0}, {.equals = {Int(5)}})), "1,'x' 1,'y' 2,'x'");
  EXPECT_EQ(ShowRows(w.RunPoint(Prepare(Scan(t, -1, {2}, {.equals = {Int(2), Text("x")}}))).rows), "5");
}

TEST("a key that would be too long is refused before anything is written") {
  UsersWorld w;
  const std::string before = w.All();
  const Outcome outcome =
      w.RunAtomic(Insert(w.users, Values(1, 3, {Int(9), Text("x"), Text(std::string(70000, 'a'))}), {0, 1, 2}));
  EXPECT(outcome.status.code() == Code::kInvalidArgument);
  EXPECT_EQ(w.All(), before);
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
}  // namespace sochdb::test
