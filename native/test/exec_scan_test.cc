// Table scans: what comes as columns of groups, or as runs, is what comes row by row; and so is what is looked up by many keys.

#include <atomic>
#include <thread>

#include "env/mem_env.h"
#include "test/exec_fixture.h"
#include "test/sim_random.h"
#include "test/store_fixture.h"

namespace sochdb::test::exec_scan_test {
namespace {

constexpr int64_t kRows = 9000;

// A table that has had a column added, between two others in the same tree.
class ScanWorld {
 public:
  explicit ScanWorld(uint64_t seed, const EngineOptions& options) : random(seed), engine(OpenAt(&env, "/db", options)) {
    table.id = 7;
    table.name = "t";
    table.schema_version = 2;
    table.columns = {{"id", ColumnType::kInteger}, {"n", ColumnType::kInteger},
                     {"r", ColumnType::kReal},     {"b", ColumnType::kBoolean},
                     {"s", ColumnType::kText},     {"u", ColumnType::kUuid},
                     {"any", ColumnType::kAny},    {"late", ColumnType::kText, 0, Value::Text("default")}};
    table.primary_key = {0};
    older = table;
    older.schema_version = 1;
    older.columns.pop_back();
    neighbour = table;
    neighbour.id = 8;
    neighbour.name = "neighbour";
    const auto txn = BeginOn(engine.get());
    EXPECT_OK(txn->Put(TreeId::kCatalog, table.catalog_key(), "entry"));
    EXPECT_OK(txn->Put(TreeId::kCatalog, neighbour.catalog_key(), "entry"));
    table.catalog_ts = neighbour.catalog_ts = older.catalog_ts = txn->Commit().value();
  }

  std::vector<ColumnType> Types(const TestTable& of) const {
    std::vector<ColumnType> types;
    for (const TestColumn& column : of.columns) types.push_back(column.type);
    return types;
  }
  static std::string KeyOf(const TestTable& of, int64_t id) {
    KeyBuffer key;
    AppendRowPrefix(&key, 1, static_cast<uint32_t>(of.id));
    EXPECT_OK(AppendKeyValue(&key, ColumnType::kInteger, Value::Integer(id), false));
    return std::string(key.view());
  }
  std::string RandomRow(const TestTable& of, int64_t id) {
    const std::string text(random.Below(30), 'x');
    const std::string uuid(16, static_cast<char>('a' + random.Below(20)));
    std::vector<Value> values = {Value::Integer(id),
                                 Value::Integer(static_cast<int64_t>(random.Below(100))),
                                 Value::Real(static_cast<double>(random.Below(1000)) / 8),
                                 Value::Boolean(random.OneIn(2)),
                                 Value::Text(text),
                                 Value::Bytes(ValueTag::kUuid, uuid),
                                 random.OneIn(2) ? Value::Text("any") : Value::Integer(4),
                                 Value::Text("late")};
    values.resize(of.columns.size());
    if (random.OneIn(8)) values[1 + random.Below(values.size() - 1)] = Value();
    std::string row;
    EXPECT_OK(EncodeRow(RowLayout(Types(of), static_cast<uint32_t>(of.schema_version)), values, &row));
    return row;
  }
  void Write(Transaction* txn, const TestTable& of, int64_t id) {
    const ExpiryMs expiry = expires && random.OneIn(300) ? (random.OneIn(2) ? 1 : kMaxTimestamp >> 20) : kNeverExpires;
    EXPECT_OK(txn->Put(TreeId::kRows, KeyOf(of, id), RandomRow(of, id), expiry));
  }
  void Load() {
    const auto txn = BeginOn(engine.get());
    for (int64_t id = 0; id < kRows; ++id) Write(txn.get(), older, id);
    for (int64_t id = 0; id < 700; ++id) Write(txn.get(), neighbour, id);
    EXPECT_OK(txn->Commit().status());
  }
  void Change(Transaction* txn, uint64_t changes) {
    // All over the table, or in one part of it.
    const auto width = random.OneIn(2) ? kRows + 50 : 300;
    const auto first = static_cast<int64_t>(random.Below(static_cast<uint64_t>(kRows)));
    for (; changes > 0; --changes) {
      const int64_t id = (first + static_cast<int64_t>(random.Below(static_cast<uint64_t>(width)))) % (kRows + 50);
      if (random.OneIn(4)) EXPECT_OK(txn->Delete(TreeId::kRows, KeyOf(table, id)));
      else Write(txn, random.OneIn(2) ? table : older, id);
    }
  }
  void Move() {
    if (random.OneIn(2)) EXPECT_OK(engine->Flush(nullptr));
    if (random.OneIn(4)) EXPECT_OK(engine->Compact(nullptr, {}));
  }

  std::shared_ptr<const PreparedPlan> RandomScan(const TestTable& of) {
    std::vector<int32_t> projection;
    for (int32_t c = 0; c < static_cast<int32_t>(of.columns.size()); ++c) {
      if (random.OneIn(2)) projection.push_back(c);
    }
    if (random.OneIn(10)) projection.clear();  // rows are but counted
    ScanRange range;
    if (random.OneIn(3)) range.lo = Int(static_cast<int64_t>(random.Below(kRows)));
    if (random.OneIn(3)) range.hi = Int(static_cast<int64_t>(random.Below(kRows)));
    const PlanBytes bytes = PlanWriter().Write(Scan(of, -1, projection, range), 0, 1, of.catalog_ts);
    auto plan = PreparedPlan::Parse(bytes.words, bytes.constants);
    EXPECT_OK(plan.status());
    return std::move(plan).value();
  }
  std::shared_ptr<const PreparedPlan> RandomPoints(const TestTable& of) {
    const auto integer = ColumnType::kInteger;
    Part root;
    if (random.OneIn(3)) {
      std::vector<Part> keys;
      for (uint64_t i = random.Below(200); i > 0; --i) keys.push_back(Int(static_cast<int64_t>(random.Below(kRows + 100))));
      root = ScanKeys(of, -1, {0, 4, 6}, 1, keys);
    } else {
      // Rows by what others have in a column: by their own key, with gaps, or by one of a hundred, or none.
      const auto kind = static_cast<JoinKind>(random.Below(4));
      const int32_t by = random.OneIn(2) ? 0 : 1;
      root = IndexJoin(Scan(neighbour, -1, {by, 4}), kind, of, -1, {0, 4}, {Col(0, integer)});
      if (random.OneIn(2)) root = IndexJoin(Scan(of, -1, {1, 0}), kind, of, -1, {2, 4}, {Col(by, integer)});
    }
    const PlanBytes bytes = PlanWriter().Write(root, 0, 1, of.catalog_ts);
    auto plan = PreparedPlan::Parse(bytes.words, bytes.constants);
    EXPECT_OK(plan.status());
    return std::move(plan).value();
  }
  static Outcome Read(const ExecutionTarget& target, const std::shared_ptr<const PreparedPlan>& plan, bool rows_one_by_one,
                      uint32_t want) {
    Outcome outcome;
    ExecutionLimits limits;
    limits.rows_one_by_one = rows_one_by_one;
    auto execution = Execution::Open(plan, target, "", 1, nullptr, limits);
    outcome.status = execution.status();
    Batch batch;
    while (outcome.status.ok()) {
      outcome.status = (*execution)->Next(want, &batch);
      EXPECT(batch.count() <= want);
      if (batch.count() == 0) break;
      AppendBatch(batch, &outcome.rows);
    }
    return outcome;
  }
  void Compare(Reader* reader, Transaction* txn) {
    const TestTable& of = random.OneIn(6) ? older : (random.OneIn(5) ? neighbour : table);
    const auto plan = points ? RandomPoints(of) : RandomScan(of);
    const ExecutionTarget target{engine.get(), reader, txn};
    const auto want = static_cast<uint32_t>(random.OneIn(2) ? kBatchRows : 1 + random.Below(kBatchRows));
    const Outcome expected = Read(target, plan, true, kBatchRows);
    const Outcome actual = Read(target, plan, false, want);
    EXPECT(actual.status.code() == expected.status.code());
    EXPECT_EQ(actual.status.message(), expected.status.message());
    if (expected.status.ok()) EXPECT_EQ(actual.rows.size(), expected.rows.size());
    if (!expected.status.ok() || actual.rows.size() != expected.rows.size()) return;
    for (size_t r = 0; r < actual.rows.size(); ++r) {
      if (actual.rows[r] == expected.rows[r]) continue;
      EXPECT_EQ(ShowRow(actual.rows[r]), ShowRow(expected.rows[r]));
      return;
    }
  }

  MemEnv env;
  SimRandom random;
  bool expires = false;  // some rows: their groups are none then
  bool points = false;   // compare what reads rows by their keys
  std::unique_ptr<Engine> engine;
  TestTable table;
  TestTable older;  // before the last column
  TestTable neighbour;
};

EngineOptions WithCache(uint64_t bytes) {
  EngineOptions options;
  options.block_cache_bytes = bytes;
  options.background = false;
  return options;
}

TEST("a scan by runs and columns shows what a scan row by row shows") {
  for (const uint64_t cache : {uint64_t{16} << 20, uint64_t{1} << 20, uint64_t{40} << 10, uint64_t{0}}) {
    for (int round = 0; round < Rounds(3); ++round) {
      ScanWorld world(Seed() * 7 + static_cast<uint64_t>(round) + cache, WithCache(cache));
      world.expires = round % 3 == 2;
      world.Load();
      std::vector<std::unique_ptr<Snapshot>> snapshots;
      for (int i = 0; i < 8; ++i) {
        world.Move();
        snapshots.push_back(std::move(world.engine->NewSnapshot()).value());
        for (const auto& snapshot : snapshots) {
          for (int k = 0; k < 3; ++k) world.Compare(snapshot.get(), nullptr);
        }
        const auto txn = BeginOn(world.engine.get());
        world.Change(txn.get(), i % 2 == 0 ? 20 : 2000);
        for (int k = 0; k < 3; ++k) world.Compare(txn.get(), txn.get());
        if (world.random.OneIn(3)) txn->Abort();
        else EXPECT_OK(txn->Commit().status());
        if (world.random.OneIn(3)) snapshots.erase(snapshots.begin());
      }
    }
  }
}

TEST("keys that are looked up together give the rows that they give one by one, in lists and in joins") {
  for (int round = 0; round < Rounds(2); ++round) {
    ScanWorld world(Seed() * 5 + static_cast<uint64_t>(round), WithCache(uint64_t{16} << 20));
    world.points = true;
    world.expires = round % 2 == 1;
    world.Load();
    for (int i = 0; i < 6; ++i) {
      world.Move();
      const auto txn = BeginOn(world.engine.get());
      world.Change(txn.get(), i % 2 == 0 ? 20 : 1000);
      for (int k = 0; k < 4; ++k) world.Compare(txn.get(), txn.get());
      EXPECT_OK(txn->Commit().status());
      const auto snapshot = std::move(world.engine->NewSnapshot()).value();
      for (int k = 0; k < 4; ++k) world.Compare(snapshot.get(), nullptr);
    }
  }
}

TEST("columns that were decoded once are not decoded, nor their blocks read, again") {
  ScanWorld world(5, WithCache(16 << 20));
  world.Load();
  EXPECT_OK(world.engine->Flush(nullptr));
  const auto snapshot = std::move(world.engine->NewSnapshot()).value();
  const ExecutionTarget target{world.engine.get(), snapshot.get(), nullptr};
  const PlanBytes bytes = PlanWriter().Write(Scan(world.table, -1, {0, 4}), 0, 1, world.table.catalog_ts);
  const std::shared_ptr<const PreparedPlan> plan = std::move(PreparedPlan::Parse(bytes.words, bytes.constants)).value();
  const auto misses = [&] { return world.engine->stats().lsm.cache.misses; };
  const Outcome first = ScanWorld::Read(target, plan, false, kBatchRows);
  EXPECT_OK(first.status);
  (void)ScanWorld::Read(target, plan, false, kBatchRows);  // the beginning, which the first scan took row by row
  const uint64_t before = misses();
  const BlockCache::Stats cache = world.engine->stats().lsm.cache;
  const Outcome again = ScanWorld::Read(target, plan, false, kBatchRows);
  EXPECT_EQ(misses(), before);
  EXPECT(again.rows == first.rows);
  EXPECT(world.engine->stats().lsm.cache.hits - cache.hits < 60);  // a few of each group; its blocks alone are more
  EXPECT_EQ(world.engine->stats().lsm.cache.used_bytes, cache.used_bytes);
}

TEST("a row that does not decode fails a scan by columns with the error of a scan row by row") {
  for (const bool uuid : {false, true}) {
    ScanWorld world(6, WithCache(16 << 20));
    world.Load();
    const auto txn = BeginOn(world.engine.get());
    std::string row = world.RandomRow(world.table, 6000);
    if (uuid) {
      std::vector<Value> values(world.table.columns.size());
      values[0] = Value::Integer(6000);
      values[5] = Value::Bytes(ValueTag::kUuid, "short");
      EXPECT_OK(EncodeRow(RowLayout(world.Types(world.table), 2), values, &row));
    } else {
      row.resize(9);
    }
    EXPECT_OK(txn->Put(TreeId::kRows, ScanWorld::KeyOf(world.table, 6000), row));
    EXPECT_OK(txn->Commit().status());
    EXPECT_OK(world.engine->Compact(nullptr, {}));
    const auto snapshot = std::move(world.engine->NewSnapshot()).value();
    const ExecutionTarget target{world.engine.get(), snapshot.get(), nullptr};
    const PlanBytes bytes = PlanWriter().Write(Scan(world.table, -1, {0, 5}), 0, 1, world.table.catalog_ts);
    const std::shared_ptr<const PreparedPlan> plan = std::move(PreparedPlan::Parse(bytes.words, bytes.constants)).value();
    for (int i = 0; i < 2; ++i) {
      const Outcome by_rows = ScanWorld::Read(target, plan, true, kBatchRows);
      const Outcome by_columns = ScanWorld::Read(target, plan, false, kBatchRows);
      EXPECT(by_rows.status.code() == Code::kCorruption);
      EXPECT(by_columns.status.code() == Code::kCorruption);
      EXPECT_EQ(by_columns.status.message(), by_rows.status.message());
    }
  }
}

TEST("threads that scan while rows change see states of one moment each, with a cache that always evicts") {
  EngineOptions options = WithCache(300 << 10);
  options.background = true;
  options.memtable_bytes = 256 * 1024;
  ScanWorld world(8, options);
  TestTable accounts = world.table;
  accounts.columns = {{"id", ColumnType::kInteger}, {"n", ColumnType::kInteger}};
  const RowLayout layout(world.Types(accounts), 2);
  const auto put = [&](Transaction* txn, int64_t id, int64_t n) {
    std::string row;
    EXPECT_OK(EncodeRow(layout, std::vector<Value>{Value::Integer(id), Value::Integer(n)}, &row));
    EXPECT_OK(txn->Put(TreeId::kRows, ScanWorld::KeyOf(accounts, id), row));
  };
  constexpr int64_t kAccounts = 6000;
  {
    const auto txn = BeginOn(world.engine.get());
    for (int64_t id = 0; id < kAccounts; ++id) put(txn.get(), id, 10);
    EXPECT_OK(txn->Commit().status());
  }
  EXPECT_OK(world.engine->Flush(nullptr));
  const PlanBytes bytes = PlanWriter().Write(Scan(accounts, -1, {1}), 0, 1, world.table.catalog_ts);
  const std::shared_ptr<const PreparedPlan> plan = std::move(PreparedPlan::Parse(bytes.words, bytes.constants)).value();
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      do {
        const auto snapshot = std::move(world.engine->NewSnapshot()).value();
        auto execution = Execution::Open(plan, {world.engine.get(), snapshot.get(), nullptr}, "", 1, nullptr);
        int64_t sum = 0;
        int64_t rows = 0;
        Batch batch;
        while (execution.ok() && (*execution)->Next(&batch).ok() && batch.count() > 0) {
          for (uint32_t r = 0; r < batch.count(); ++r) sum += batch.columns[0]->i64(r);
          rows += batch.count();
        }
        if (rows != kAccounts || sum != kAccounts * 10) ++wrong;
      } while (!stop.load());
    });
  }
  SimRandom random(Seed());
  for (int i = 0; i < Rounds(200); ++i) {
    // Amounts are told by the snapshot: nobody else writes.
    const auto txn = BeginOn(world.engine.get());
    const auto amount = [&](int64_t id) {
      ReadValue value;
      bool found = false;
      EXPECT_OK(txn->Get(TreeId::kRows, ScanWorld::KeyOf(accounts, id), &value, &found));
      RowReader reader;
      EXPECT_OK(reader.Init(layout, value.data));
      return reader.Int64(layout.column(1));
    };
    for (int k = 0; k < 20; ++k) {
      const auto from = static_cast<int64_t>(random.Below(kAccounts));
      const auto to = static_cast<int64_t>(random.Below(kAccounts));
      put(txn.get(), from, amount(from) - 1);
      put(txn.get(), to, amount(to) + 1);
    }
    EXPECT_OK(txn->Commit().status());
    if (i % 50 == 20) EXPECT_OK(world.engine->Flush(nullptr));
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace sochdb::test::exec_scan_test
