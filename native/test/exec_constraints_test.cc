// What a table demands of its rows: checks, generated columns, indexes over expressions and of some rows, foreign keys.

#include "exec/identity.h"
#include "test/exec_users.h"

namespace sochdb::test::exec_constraints_test {
namespace {

Part Positive(int32_t column) { return Compare(ExprOp::kGreater, Col(column, kInt), Int(0)); }
Part Sum(int32_t a, int32_t b) { return Call(ExprOp::kAdd, kInt, {Col(a, kInt), Col(b, kInt)}); }

// items(id PRIMARY KEY, a, b, sum = a + b, twice = sum + sum, name): a check on a, indexes on lower(name) and on b where a > 0.
struct ItemsWorld : ExecWorld {
  TestTable items;

  ItemsWorld() {
    items.id = 9;
    items.name = "items";
    items.columns = {{"id", kInt},
                     {"a", kInt},
                     {"b", kInt},
                     {"sum", kInt, kColumnGenerated},
                     {"twice", kInt, kColumnGenerated | kColumnNotNull},
                     {"name", kTxt}};
    items.primary_key = {0};
    items.computed = {Call(ExprOp::kLower, kTxt, {Col(5, kTxt)}), Positive(1)};
    items.indexes = {{31, "items_name", true, {{6}}}, {32, "items_b", true, {{2}}, 1}};
    items.checks = {{"a_small", Compare(ExprOp::kLess, Col(1, kInt), Int(100))}};
    items.generated = {{3, Sum(1, 2)}, {4, Sum(3, 3)}};
    AddTable(items);
  }
  Outcome Add(int64_t id, int64_t a, int64_t b, std::string_view name, const OnConflict& conflict = {}) {
    return RunAtomic(Insert(items, Values(1, 4, {Int(id), Int(a), Int(b), Text(name)}), {0, 1, 2, 5}, conflict,
                            {Col(3, kInt), Col(4, kInt)}));
  }
  std::string All() { return Show(Scan(items, -1, {0, 1, 2, 3, 4, 5})); }
  // Entries of both indexes, as their keys say.
  std::string ByName() { return Show(Scan(items, 0, {0})); }
  std::string ByB() { return Show(Scan(items, 1, {0})); }
};

TEST("generated columns follow the row, in the order they need") {
  ItemsWorld w;
  EXPECT_EQ(ShowRows(w.Add(1, 2, 3, "Ann").rows), "5,10");
  EXPECT_EQ(
      ShowRows(w.RunAtomic(Update(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}), {{1, Int(7)}}, {Col(3, kInt), Col(4, kInt)}))
                   .rows),
      "10,20");
  EXPECT_EQ(w.All(), "1,7,3,10,20,'Ann'");
  // A NULL in what they are made from: NOT NULL speaks of the result.
  const Outcome outcome = w.RunAtomic(Insert(w.items, Values(1, 2, {Int(2), Int(3)}), {0, 1}));
  EXPECT(outcome.status.code() == Code::kNotNull);
  EXPECT_EQ(outcome.status.details()[1].second, "twice");
}

TEST("a check is broken by what is false, not by NULL") {
  ItemsWorld w;
  const Outcome outcome = w.Add(1, 100, 3, "x");
  EXPECT(outcome.status.code() == Code::kCheck);
  const Status::Details wanted = {{"table", "items"}, {"constraint", "a_small"}};
  EXPECT(outcome.status.details() == wanted);
  EXPECT_EQ(w.Add(1, 100, 3, "x", {.action = ConflictAction::kIgnore, .index = kConflictAny}).affected, 0u);
  w.items.generated[1].expr = Int(1);
  EXPECT_OK(w.RunAtomic(Insert(w.items, Values(1, 2, {Int(1), NullOf(kInt)}), {0, 1})).status);
  EXPECT(w.RunAtomic(Update(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}), {{1, Int(100)}})).status.code() == Code::kCheck);
  EXPECT_EQ(w.All(), "1,NULL,NULL,NULL,1,NULL");
}

TEST("an index over an expression is unique by what it computes, and found by it") {
  ItemsWorld w;
  EXPECT_OK(w.Add(1, 1, 1, "Ann").status);
  const Outcome outcome = w.Add(2, 1, 2, "aNN");
  EXPECT(outcome.status.code() == Code::kUnique);
  EXPECT_OK(w.Add(2, 1, 2, "Bob").status);
  EXPECT_EQ(w.Show(Scan(w.items, 0, {0, 5}, {.equals = {Text("ann")}})), "1,'Ann'");
  EXPECT(w.RunAtomic(Update(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}, {.equals = {Int(2)}}), {{5, Text("ANN")}}))
             .status.code() == Code::kUnique);
  EXPECT_OK(
      w.RunAtomic(Update(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}, {.equals = {Int(1)}}), {{5, Text("zoe")}})).status);
  EXPECT_EQ(w.ByName(), "2 1");
  EXPECT_OK(w.RunAtomic(Delete(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}, {.equals = {Int(2)}}))).status);
  EXPECT_EQ(w.ByName(), "1");
}

TEST("a partial index has the rows its condition is true for, and is unique among them") {
  ItemsWorld w;
  EXPECT_OK(w.Add(1, 0, 5, "a").status);
  EXPECT_OK(w.Add(2, 1, 5, "b").status);
  EXPECT_OK(w.Add(3, -1, 5, "c").status);
  EXPECT_EQ(w.ByB(), "2");
  EXPECT(w.Add(4, 2, 5, "d").status.code() == Code::kUnique);
  const auto set_a = [&](int64_t id, int64_t a) {
    return w.RunAtomic(Update(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}, {.equals = {Int(id)}}), {{1, Int(a)}})).status;
  };
  EXPECT(set_a(1, 1).code() == Code::kUnique);
  EXPECT_OK(set_a(2, 0));
  EXPECT_EQ(w.ByB(), "");
  EXPECT_OK(set_a(1, 1));
  EXPECT_EQ(w.ByB(), "1");
  EXPECT_OK(w.RunAtomic(Delete(w.items, Scan(w.items, -1, {0, 1, 2, 3, 4, 5}))).status);
  EXPECT_EQ(w.ByB() + w.ByName(), "");
}

TEST("NULLS NOT DISTINCT: one NULL is enough") {
  UsersWorld w;
  w.RunAtomic(Delete(w.users, Scan(w.users, -1, kAll)));
  w.users.indexes[0].flags = kIndexNullsNotDistinct;
  EXPECT_OK(w.RunAtomic(Insert(w.users, Values(1, 4, UserRow(1, "a", "", 1)), kAll)).status);
  EXPECT(w.RunAtomic(Insert(w.users, Values(1, 4, UserRow(2, "b", "", 1)), kAll)).status.code() == Code::kUnique);
}

TEST("an index that is being filled is written, and never read") {
  UsersWorld w;
  w.users.indexes[0].flags = kIndexBuilding;
  const PlanBytes bytes = BuildPlan(Scan(w.users, 0, kAll));
  EXPECT(PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument);
  // As if ann's row were not in it yet, and someone else took the place.
  auto& entries = w.txn.tree(TreeId::kIndexes);
  std::string key;
  for (const auto& [k, entry] : entries)
    if (k.find("ann@x") != std::string::npos) key = k;
  EXPECT(!key.empty());
  entries.erase(key);
  EXPECT_OK(w.RunAtomic(Insert(w.users, Values(1, 4, UserRow(9, "x", "ann@x", 1)), kAll)).status);
  const std::string taken = entries[key].value;
  EXPECT_OK(w.RunAtomic(Delete(w.users, Scan(w.users, -1, kAll, {.equals = {Int(1)}}))).status);
  EXPECT(entries.contains(key) && entries[key].value == taken);
  EXPECT_OK(w.RunAtomic(Delete(w.users, Scan(w.users, -1, kAll, {.equals = {Int(9)}}))).status);
  EXPECT(!entries.contains(key));
}

TEST("plans whose constraints make no sense are refused") {
  ItemsWorld w;
  const auto refused = [&](const TestTable& table) {
    const PlanBytes bytes = BuildPlan(Insert(table, Values(1, 1, {Int(1)}), {0}));
    return PreparedPlan::Parse(bytes.words, bytes.constants).status().code() == Code::kInvalidArgument;
  };
  EXPECT(!refused(w.items));
  TestTable bad = w.items;
  bad.checks[0].expr = Int(1);
  EXPECT(refused(bad));
  bad = w.items;
  bad.checks[0].expr = Compare(ExprOp::kEqual, Param(0, kInt), Int(1));
  EXPECT(refused(bad));
  bad = w.items;
  bad.generated[0].column = 1;
  EXPECT(refused(bad));
  bad = w.items;
  bad.generated[0].expr = Text("x");
  EXPECT(refused(bad));
  bad = w.items;
  bad.indexes[1].where = 0;
  EXPECT(refused(bad));
  bad = w.items;
  bad.indexes[0].key[0].column = 8;
  EXPECT(refused(bad));
  const PlanBytes given = BuildPlan(Insert(w.items, Values(1, 2, {Int(1), Int(2)}), {0, 3}));
  EXPECT(PreparedPlan::Parse(given.words, given.constants).status().code() == Code::kInvalidArgument);
}

// parents(id, code UNIQUE) and children(id, parent -> parents.id, code -> parents.code), an index on children.parent.
struct FamilyWorld : ExecWorld {
  TestTable parents;
  TestTable children;

  explicit FamilyWorld(int32_t on_delete, int32_t on_update = 0, int32_t flags = 0) {
    parents.id = 3;
    parents.name = "parents";
    parents.columns = {{"id", kInt}, {"code", kTxt}};
    parents.primary_key = {0};
    parents.indexes = {{11, "parents_code", true, {{1, true}}}};
    children.id = 4;
    children.name = "children";
    children.columns = {{"id", kInt}, {"parent", kInt, 0, Value::Integer(2)}, {"code", kTxt}};
    children.primary_key = {0};
    children.indexes = {{12, "children_parent", false, {{1}}}};
    parents.foreign_keys = children.foreign_keys = ForeignKeys({
        {"to_id", &children, &parents, {{1, 0}}, on_delete, on_update, 0, -1, flags},
        {"to_code", &children, &parents, {{2, 1}}, on_delete, on_update, -1, 0, flags},
    });
    AddTable(parents);
    AddTable(children);
    EXPECT_OK(
        RunAtomic(Insert(parents, Values(3, 2, {Int(1), Text("a"), Int(2), Text("b"), Int(3), NullOf(kTxt)}), {0, 1})).status);
    EXPECT_OK(AddChild(10, Int(1), Text("a")));
    EXPECT_OK(AddChild(11, Int(1), NullOf(kTxt)));
    EXPECT_OK(AddChild(12, NullOf(kInt), Text("b")));
  }
  Status AddChild(int64_t id, Part parent, Part code) {
    return RunAtomic(Insert(children, Values(1, 3, {Int(id), std::move(parent), std::move(code)}), {0, 1, 2})).status;
  }
  Status DeleteParent(int64_t id) {
    return RunAtomic(Delete(parents, Scan(parents, -1, {0, 1}, {.equals = {Int(id)}}))).status;
  }
  Status Move(int64_t id, int64_t to) {
    return RunAtomic(Update(parents, Scan(parents, -1, {0, 1}, {.equals = {Int(id)}}), {{0, Int(to)}})).status;
  }
  std::string Parents() { return Show(Scan(parents, -1, {0, 1})); }
  std::string Children() { return Show(Scan(children, -1, {0, 1, 2})); }
};

constexpr int32_t kRestrictAction = 1;
constexpr int32_t kCascadeAction = 2;
constexpr int32_t kSetNullAction = 3;
constexpr int32_t kSetDefaultAction = 4;

TEST("a row names one that is there, or NULL") {
  FamilyWorld w(0);
  const std::string before = w.Children();
  const Status status = w.AddChild(20, Int(9), NullOf(kTxt));
  EXPECT(status.code() == Code::kForeignKey);
  const Status::Details wanted = {{"table", "children"},
                                  {"constraint", "to_id"},
                                  {"columns", "parent"},
                                  {"referencedTable", "parents"},
                                  {"referencedColumns", "id"}};
  EXPECT(status.details() == wanted);
  EXPECT(w.AddChild(20, NullOf(kInt), Text("z")).code() == Code::kForeignKey);
  EXPECT(w.RunAtomic(Update(w.children, Scan(w.children, -1, {0, 1, 2}), {{1, Int(7)}})).status.code() == Code::kForeignKey);
  EXPECT_EQ(w.Children(), before);
  EXPECT_OK(w.RunAtomic(Update(w.children, Scan(w.children, -1, {0, 1, 2}), {{1, Int(3)}})).status);
}

TEST("a row that is named stays, with no action and RESTRICT") {
  for (const int32_t action : {0, kRestrictAction}) {
    FamilyWorld w(action, action);
    EXPECT(w.DeleteParent(1).code() == Code::kForeignKey);
    EXPECT(w.DeleteParent(2).code() == Code::kForeignKey);
    EXPECT_OK(w.DeleteParent(3));
    EXPECT(w.Move(1, 5).code() == Code::kForeignKey);
    EXPECT_OK(w.Move(2, 5));  // its code is what is named
    EXPECT_EQ(w.Parents(), "1,'a' 5,'b'");
  }
}

TEST("CASCADE, SET NULL and SET DEFAULT change the rows that name one that goes") {
  {
    FamilyWorld w(kCascadeAction, kCascadeAction);
    EXPECT_OK(w.Move(1, 5));
    EXPECT_EQ(w.Children(), "10,5,'a' 11,5,NULL 12,NULL,'b'");
    EXPECT_OK(w.DeleteParent(5));
    EXPECT_EQ(w.Children(), "12,NULL,'b'");
  }
  {
    FamilyWorld w(kSetNullAction, kSetNullAction);
    EXPECT_OK(w.DeleteParent(1));
    EXPECT_EQ(w.Children(), "10,NULL,NULL 11,NULL,NULL 12,NULL,'b'");
  }
  {
    FamilyWorld w(kSetDefaultAction);
    EXPECT_OK(w.DeleteParent(1));
    EXPECT_EQ(w.Children(), "10,2,NULL 11,2,NULL 12,NULL,'b'");
    EXPECT(w.DeleteParent(2).code() == Code::kForeignKey);  // the default names it
  }
}

TEST("rows that name each other in one table: chains go, whatever their length") {
  ExecWorld w;
  TestTable nodes;
  nodes.id = 5;
  nodes.name = "nodes";
  nodes.columns = {{"id", kInt}, {"parent", kInt}};
  nodes.primary_key = {0};
  nodes.indexes = {{12, "nodes_parent", false, {{1}}}};
  nodes.foreign_keys = ForeignKeys({{"up", &nodes, &nodes, {{1, 0}}, kCascadeAction, kCascadeAction, 0}});
  w.AddTable(nodes);
  // The first names itself; each other one the one behind it in the statement, which is there at its end.
  constexpr int64_t kLength = 500;
  std::vector<Part> rows;
  for (int64_t i = kLength; i >= 1; --i) {
    rows.push_back(Int(i));
    rows.push_back(Int(i == 1 ? 1 : i - 1));
  }
  EXPECT_OK(w.RunAtomic(Insert(nodes, Values(kLength, 2, rows), {0, 1})).status);
  EXPECT_EQ(w.RunAtomic(Delete(nodes, Scan(nodes, -1, {0, 1}, {.equals = {Int(100)}}))).affected, 1u);
  EXPECT_EQ(w.Show(Aggregate(Scan(nodes, -1, {0}), {}, {{AggregateFn::kCountRows}})), "99");
  EXPECT_OK(w.RunAtomic(Delete(nodes, Scan(nodes, -1, {0, 1}))).status);
  EXPECT_EQ(w.Show(Scan(nodes, -1, {0})), "");
}

TEST("what is deferred is checked when the transaction commits") {
  FamilyWorld w(0, 0, kForeignKeyDeferred);
  DeferredForeignKeys deferred;
  const auto run = [&](const Part& root) {
    auto execution = Execution::Open(Prepare(root), {nullptr, w.transaction(), w.transaction(), &deferred}, "", 1, nullptr);
    EXPECT_OK(execution.status());
    Batch batch;
    return (*execution)->Next(&batch);
  };
  EXPECT_OK(run(Delete(w.parents, Scan(w.parents, -1, {0, 1}, {.equals = {Int(1)}}))));
  EXPECT_OK(run(Insert(w.children, Values(1, 2, {Int(20), Int(77)}), {0, 1})));
  EXPECT(!deferred.empty());
  EXPECT(deferred.Check(nullptr, w.transaction()).code() == Code::kForeignKey);
  EXPECT(deferred.empty());
  EXPECT_OK(run(Insert(w.children, Values(1, 2, {Int(21), Int(78)}), {0, 1})));
  EXPECT_OK(run(Insert(w.parents, Values(1, 1, {Int(78)}), {0})));
  EXPECT_OK(deferred.Check(nullptr, w.transaction()));
  // A statement that is a transaction has nowhere to defer to.
  EXPECT(w.AddChild(22, Int(79), NullOf(kTxt)).code() == Code::kForeignKey);
}

TEST("the point path does the same") {
  FamilyWorld w(kCascadeAction);
  const auto plan = Prepare(Delete(w.parents, Scan(w.parents, -1, {0, 1}, {.equals = {Param(0, kInt)}})), 1);
  EXPECT_OK(w.RunPoint(plan, Tagged({Value::Integer(1)})).status);
  EXPECT_EQ(w.Children(), "12,NULL,'b'");
  const auto insert = Prepare(Insert(w.children, Values(1, 2, {Param(0, kInt), Param(1, kInt)}), {0, 1}), 2);
  EXPECT(w.RunPoint(insert, Tagged({Value::Integer(30), Value::Integer(99)})).status.code() == Code::kForeignKey);
  ItemsWorld items;
  const auto item =
      Prepare(Insert(items.items, Values(1, 3, {Int(1), Param(0, kInt), Int(4)}), {0, 1, 2}, {}, {Col(4, kInt)}), 1);
  EXPECT_EQ(ShowRows(items.RunPoint(item, Tagged({Value::Integer(3)})).rows), "14");
  EXPECT(items.RunPoint(item, Tagged({Value::Integer(300)})).status.code() == Code::kCheck);
}

TEST("a foreign key that begins the primary key is found by it") {
  FamilyWorld w(kCascadeAction);
  w.children.primary_key = {1, 0};
  w.children.foreign_keys = nullptr;
  w.RunAtomic(Delete(w.parents, Scan(w.parents, -1, {0, 1})));
  w.txn.tree(TreeId::kRows).clear();
  w.txn.tree(TreeId::kIndexes).clear();
  w.parents.foreign_keys = ForeignKeys({{"to_id", &w.children, &w.parents, {{1, 0}}, kCascadeAction, 0, -2}});
  EXPECT_OK(w.RunAtomic(Insert(w.parents, Values(2, 1, {Int(1), Int(2)}), {0})).status);
  for (const int64_t parent : {1, 2, 1})
    EXPECT_OK(w.AddChild(10 + static_cast<int64_t>(w.txn.puts), Int(parent), NullOf(kTxt)));
  w.txn.ForgetReads();
  EXPECT_OK(w.DeleteParent(1));
  for (const auto& range : w.txn.ranges) EXPECT(range.tree != TreeId::kRows || range.lo.size() > kRowPrefixBytes);
  EXPECT_EQ(w.Show(Scan(w.children, -1, {1})), "2");
}

TEST("rows without a number take the next one, and those with one move it on") {
  ExecWorld w;
  IdentityCounters identities;
  TestTable notes;
  notes.id = 6;
  notes.name = "notes";
  notes.columns = {{"id", kInt}, {"text", kTxt}};
  notes.primary_key = {0};
  notes.identity = 0;
  w.AddTable(notes);
  const auto add = [&](const Part& root) {
    auto execution =
        Execution::Open(Prepare(root), {nullptr, w.transaction(), w.transaction(), nullptr, &identities}, "", 1, nullptr);
    EXPECT_OK(execution.status());
    Rows rows;
    Batch batch;
    EXPECT_OK((*execution)->Next(&batch));
    AppendBatch(batch, &rows);
    return ShowRows(rows);
  };
  const std::vector<Part> id = {Col(0, kInt)};
  EXPECT_EQ(add(Insert(notes, Values(2, 1, {Text("a"), Text("b")}), {1}, {}, id)), "1 2");
  EXPECT_EQ(
      add(Insert(notes, Values(3, 2, {NullOf(kInt), Text("c"), Int(10), Text("d"), NullOf(kInt), Text("e")}), {0, 1}, {}, id)),
      "3 10 11");
  EXPECT_EQ(add(Insert(notes, Values(1, 1, {Int(-5)}), {0}, {}, id)), "-5");
  EXPECT_EQ(add(Insert(notes, Values(1, 1, {Text("f")}), {1}, {}, id)), "12");
}

}  // namespace
}  // namespace sochdb::test::exec_constraints_test
