// The executor over the real engine: what isolation, constraints and the catalog promise across transactions.

#include "env/mem_env.h"
#include "test/exec_fixture.h"
#include "test/plan_builder_relations.h"
#include "test/store_fixture.h"

namespace sochdb::test::exec_engine_test {
namespace {

constexpr ColumnType kInt = ColumnType::kInteger;
constexpr ColumnType kTxt = ColumnType::kText;

// A store with items(id PRIMARY KEY, code UNIQUE, n), index on n, and its catalog entry.
class Store {
 public:
  MemEnv env;
  std::unique_ptr<Engine> engine = OpenAt(&env);
  TestTable items;

  Store() {
    items.id = 4;
    items.name = "items";
    items.columns = {{"id", kInt}, {"code", kTxt}, {"n", kInt}};
    items.primary_key = {0};
    items.indexes = {{41, "items_code", true, {{1}}}, {42, "items_n", false, {{2}}}};
    TouchCatalog("items");
  }
  // Writes a catalog entry, as a change of the table's schema does.
  void TouchCatalog(const std::string& name) {
    const auto txn = BeginOn(engine.get());
    EXPECT_OK(txn->Put(TreeId::kCatalog, "catalog/" + name, "entry"));
    const Result<Timestamp> ts = txn->Commit();
    EXPECT_OK(ts.status());
    if (name == "items" && ts.ok()) items.catalog_ts = ts.value();
  }
};

// One statement in one transaction.
class Session : public ExecWorld {
 public:
  explicit Session(Store* store, IsolationLevel isolation = IsolationLevel::kSerializable) : store_(store) {
    owned_ = BeginOn(store->engine.get(), isolation);
    real = owned_.get();
    engine = store->engine.get();
  }
  // Plans say which catalog they were bound against.
  std::shared_ptr<const PreparedPlan> Bind(const Part& root, int32_t parameters = 0) {
    const PlanBytes bytes = PlanWriter().Write(root, parameters, 1, store_->items.catalog_ts);
    auto plan = PreparedPlan::Parse(bytes.words, bytes.constants);
    EXPECT_OK(plan.status());
    return std::move(plan).value();
  }
  Outcome Do(const Part& root) { return Run(Bind(root)); }
  std::string Rows(const Part& root) {
    const Outcome outcome = Do(root);
    return outcome.status.ok() ? ShowRows(outcome.rows) : "!" + outcome.status.message();
  }
  Outcome Add(int64_t id, std::string_view code, int64_t n) {
    return Do(Insert(store_->items, Values(1, 3, {Int(id), code.empty() ? NullOf(kTxt) : Text(code), Int(n)}), {0, 1, 2}));
  }
  Status Commit() { return owned_->Commit().status(); }

 private:
  Store* store_;
  std::unique_ptr<Transaction> owned_;
};

TEST("rows survive their transaction, in the table and in its indexes") {
  Store store;
  Session writer(&store);
  EXPECT_OK(writer.Add(1, "a", 10).status);
  EXPECT_OK(writer.Add(2, "", 5).status);
  EXPECT_OK(writer.Do(Update(store.items, Scan(store.items, -1, {0, 1, 2}, {.equals = {Int(1)}}), {{2, Int(3)}})).status);
  EXPECT_EQ(writer.Rows(Scan(store.items, 1, {0, 2})), "1,3 2,5");
  EXPECT_OK(writer.Commit());
  Session reader(&store);
  EXPECT_EQ(reader.Rows(Scan(store.items, 1, {0, 1, 2})), "1,'a',3 2,NULL,5");
  EXPECT_EQ(reader.Rows(Scan(store.items, 0, {0}, {.equals = {Text("a")}})), "1");
}

TEST("a row committed into a range that was read is a conflict, beside it is none") {
  for (const int64_t n : {15, 25}) {
    Store store;
    Session a(&store);
    Session b(&store);
    EXPECT_EQ(a.Rows(Scan(store.items, 1, {0}, {.lo = Int(10), .hi = Int(20)})), "");
    EXPECT_OK(a.Add(1, "x", 100).status);
    EXPECT_OK(b.Add(2, "y", n).status);
    EXPECT_OK(b.Commit());
    EXPECT_EQ(a.Commit().code() == Code::kConflict, n == 15);
  }
}

TEST("a row committed into what a subquery has read is a conflict, beside it is none") {
  for (const int64_t n : {15, 25}) {
    Store store;
    Session a(&store);
    Session b(&store);
    const Part inner = Scan(store.items, 1, {0}, {.equals = {SlotOf(0, kInt)}});
    const Part outer = Values(3, 1, {Int(10), Int(15), Int(20)});
    EXPECT_EQ(a.Rows(Apply(outer, inner, ApplyKind::kExists, {{0, Col(0, kInt)}})), "10,false 15,false 20,false");
    EXPECT_OK(a.Add(1, "x", 100).status);
    EXPECT_OK(b.Add(2, "y", n).status);
    EXPECT_OK(b.Commit());
    EXPECT_EQ(a.Commit().code() == Code::kConflict, n == 15);
  }
}

TEST("the same unique key in two transactions is a conflict in every isolation level") {
  for (const IsolationLevel isolation :
       {IsolationLevel::kSerializable, IsolationLevel::kSnapshot, IsolationLevel::kReadCommitted}) {
    Store store;
    Session a(&store, isolation);
    Session b(&store, isolation);
    EXPECT_OK(a.Add(1, "same", 1).status);
    EXPECT_OK(b.Add(2, "same", 2).status);
    EXPECT_OK(a.Commit());
    EXPECT(b.Commit().code() == Code::kConflict);
  }
}

TEST("a schema change that commits under a write is a conflict in every isolation level") {
  for (const IsolationLevel isolation :
       {IsolationLevel::kSerializable, IsolationLevel::kSnapshot, IsolationLevel::kReadCommitted}) {
    Store store;
    Session a(&store, isolation);
    EXPECT_OK(a.Add(1, "a", 1).status);
    store.TouchCatalog("items");
    EXPECT(a.Commit().code() == Code::kConflict);
  }
}

TEST("a plan outlives changes of other tables, and not of its own") {
  Store store;
  Session writer(&store);
  EXPECT_OK(writer.Add(1, "a", 1).status);
  EXPECT_OK(writer.Commit());
  Session first(&store);
  const auto plan = first.Bind(Scan(store.items, -1, {1}, {.equals = {Param(0, kInt)}}), 1);
  const std::string params = Tagged({Value::Integer(1)});
  PointStatement point(plan);
  const ExecutionTarget newest{store.engine.get(), nullptr, nullptr};
  EXPECT_OK(point.Execute(newest, params));
  store.TouchCatalog("other");
  EXPECT_OK(point.Execute(newest, params));
  EXPECT_EQ(point.batch().count(), 1u);
  EXPECT_OK(Session(&store).Run(plan, params).status);
  store.TouchCatalog("items");
  EXPECT(point.Execute(newest, params).code() == Code::kSchemaChanged);
  EXPECT(Session(&store).Run(plan, params).status.code() == Code::kSchemaChanged);
  EXPECT_OK(first.Run(plan, params).status);  // its snapshot has the old schema
}

TEST("a plan of the new schema is refused under an older snapshot") {
  Store store;
  Session old(&store);
  EXPECT_EQ(old.Rows(Scan(store.items, -1, {0})), "");
  store.TouchCatalog("items");
  EXPECT(old.Do(Scan(store.items, -1, {0})).status.code() == Code::kSchemaChanged);
}

TEST("point statements without a transaction see the newest rows, by key and by unique index") {
  Store store;
  Session writer(&store);
  EXPECT_OK(writer.Add(1, "a", 1).status);
  Session binder(&store);
  PointStatement by_key(binder.Bind(Scan(store.items, -1, {1, 2}, {.equals = {Param(0, kInt)}}), 1));
  PointStatement by_code(binder.Bind(Scan(store.items, 0, {0, 2}, {.equals = {Param(0, kTxt)}}), 1));
  const ExecutionTarget newest{store.engine.get(), nullptr, nullptr};
  EXPECT_OK(by_key.Execute(newest, Tagged({Value::Integer(1)})));
  EXPECT_EQ(by_key.batch().count(), 0u);
  EXPECT_OK(writer.Commit());
  EXPECT_OK(by_key.Execute(newest, Tagged({Value::Integer(1)})));
  EXPECT_EQ(by_key.batch().count(), 1u);
  EXPECT_EQ(by_key.batch().columns[0]->bytes(0), "a");
  EXPECT_OK(by_code.Execute(newest, Tagged({Value::Text("a")})));
  EXPECT_EQ(by_code.batch().columns[0]->i64(0), 1);
}

TEST("a statement that fails half way leaves nothing of itself") {
  Store store;
  Session a(&store);
  EXPECT_OK(a.Add(5, "", 5).status);
  const SavepointId savepoint = a.real->BeginStatement();
  const Outcome outcome = a.Do(Insert(store.items, Values(3, 2, {Int(4), Int(1), Int(5), Int(1), Int(6), Int(1)}), {0, 2}));
  EXPECT(outcome.status.code() == Code::kUnique);
  EXPECT_OK(a.real->RollbackTo(savepoint));
  EXPECT_EQ(a.Rows(Scan(store.items, 1, {0})), "5");
  EXPECT_OK(a.Commit());
}

TEST("many rows go in at once and come back in order") {
  Store store;
  Session a(&store);
  std::string params;
  for (int i = 0; i < 5000; ++i)
    params += Tagged({Value::Integer(i), Value::Text("code" + std::to_string(i)), Value::Integer(i % 7)});
  const Part insert = Insert(store.items, Values(1, 3, {Param(0, kInt), Param(1, kTxt), Param(2, kInt)}), {0, 1, 2});
  EXPECT_EQ(a.Run(a.Bind(insert, 3), params, 5000).affected, 5000u);
  EXPECT_OK(a.Commit());
  Session b(&store);
  EXPECT_EQ(b.Rows(Aggregate(Scan(store.items, -1, {2}), {Col(0, kInt)}, {{AggregateFn::kCountRows}})),
            "0,715 1,715 2,714 3,714 4,714 5,714 6,714");
  EXPECT_EQ(b.Rows(Limit(Scan(store.items, -1, {0}, {.reverse = true}), Int(3))), "4999 4998 4997");
  EXPECT_EQ(
      b.Do(Delete(store.items, Filter(Scan(store.items, 1, {0, 1, 2}), Compare(ExprOp::kLess, Col(2, kInt), Int(6))))).affected,
      4286u);
  EXPECT_EQ(b.Rows(Aggregate(Scan(store.items, 0, {0}), {}, {{AggregateFn::kCountRows}})), "714");
}

}  // namespace
}  // namespace sochdb::test::exec_engine_test
