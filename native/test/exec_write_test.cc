// Writes by example: constraints, conflicts, indexes, many rows at once, the point path.

#include "test/exec_users.h"

namespace sochdb::test::exec_write_test {
namespace {

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

TEST("a write without a transaction is refused") {
  UsersWorld w;
  auto execution =
      Execution::Open(Prepare(Delete(w.users, Scan(w.users, -1, kAll))), {nullptr, &w.txn, nullptr}, "", 1, nullptr);
  EXPECT(execution.status().code() == Code::kReadOnly);
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

}  // namespace
}  // namespace sochdb::test::exec_write_test
