// An engine whose data outgrows memory: flushes, compactions, the log that is let go of, what a close and a crash leave.

#include <string>
#include <vector>

#include "engine/background.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lsm_test {
namespace {

using test::AsInt;
using test::CodeOf;
using test::ExpectMany;
using test::GetOr;
using test::KeyOf;
using test::OpenAt;
using test::PutMany;
using test::TinyOptions;
using test::ValueOf;

constexpr TreeId kTree = TreeId::kKeys;

TEST("what does not fit into memory lies in tables, and reads like anything else, before and after a close") {
  for (const bool background : {false, true}) {
    for (const IndexPolicy policy :
         {IndexPolicy::kBalanced, IndexPolicy::kWriteOptimized, IndexPolicy::kScanOptimized, IndexPolicy::kAppendOnly}) {
      MemEnv env;
      EngineOptions options = TinyOptions(background);
      options.index_policy = policy;
      auto engine = OpenAt(&env, "/db", options);
      PutMany(engine.get(), 0, 2000);
      PutMany(engine.get(), 0, 2000, 7);
      ExpectMany(engine.get(), 0, 2000, 7);
      EXPECT_OK(engine->Flush(nullptr));
      EXPECT(engine->stats().table_files > 0);
      EXPECT(engine->stats().lsm.flushes > 3);
      ExpectMany(engine.get(), 0, 2000, 7);
      EXPECT_OK(engine->Close());
      engine = OpenAt(&env, "/db", options);
      EXPECT(engine->recovery_report().was_clean);
      EXPECT(engine->GetIndexPolicy(kTree).value() == policy);
      ExpectMany(engine.get(), 0, 2000, 7);
    }
  }
}

TEST("memory stays within its limit however much is written") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  uint64_t most = 0;
  for (int i = 0; i < 5000; ++i) {
    test::PutOne(engine.get(), KeyOf(i), ValueOf(i));
    most = std::max(most, engine->stats().memory_bytes);
  }
  EXPECT(most < 5 * TinyOptions().memtable_bytes);
}

TEST("the log is let go of once tables hold what it says, and the store opens without it") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 4000);
  EXPECT(engine->stats().wal.oldest_lsn > 0);
  EXPECT(engine->stats().wal.total_bytes < 400'000);
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT(!engine->recovery_report().was_clean);
  EXPECT(engine->recovery_report().replayed_entries < 4000);
  ExpectMany(engine.get(), 0, 4000);
}

TEST("a tree that is rarely written to does not keep the log for ever") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT_OK(engine->Put(TreeId::kCatalog, "rare", "v", kNeverExpires).status());
  PutMany(engine.get(), 0, 4000);
  EXPECT(engine->stats().wal.total_bytes < 400'000);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT_EQ(GetOr(engine.get(), "rare", TreeId::kCatalog), "v");
}

TEST("a close leaves little to replay") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 64 * 1024 * 1024;
  options.wal.segment_bytes = 64 * 1024;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 20'000);
  EXPECT_EQ(engine->stats().table_files, 0u);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(engine->recovery_report().replayed_entries, 0u);
  ExpectMany(engine.get(), 0, 20'000);
}

TEST("a log larger than memory is replayed within memory, and a crash meanwhile loses nothing") {
  SimEnv env(test::Seed());
  EngineOptions large = TinyOptions();
  large.memtable_bytes = 64 * 1024 * 1024;
  large.wal_limit_bytes = 64 * 1024 * 1024;
  auto engine = OpenAt(&env, "/db", large);
  PutMany(engine.get(), 0, 2000);
  PutMany(engine.get(), 0, 2000, 3, TreeId::kRows);
  EXPECT_OK(engine->Sync());
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  for (int i = 1; i < 4; ++i) {
    env.CrashAt(env.io_count() + static_cast<uint64_t>(i) * 60);
    (void)Engine::Open(&env, "/db", TinyOptions());
    env.CrashAt(0);
    env.CrashNow();
    if (i % 2 == 0) env.Restart(test::Seed());
    else env.RestartProcess();
  }
  engine = OpenAt(&env, "/db", TinyOptions());
  ExpectMany(engine.get(), 0, 2000);
  ExpectMany(engine.get(), 0, 2000, 3, TreeId::kRows);
  EXPECT(engine->stats().memory_bytes < 5 * TinyOptions().memtable_bytes);
}

TEST("a store without a log keeps what was flushed, synced or closed, and loses what came after whole") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.wal_enabled = false;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 100);
  EXPECT_OK(engine->Sync());
  EXPECT_EQ(engine->stats().wal.entries, 0u);
  PutMany(engine.get(), 0, 20, 5);  // not enough to fill memory
  env.CrashNow();
  engine.reset();
  env.Restart(test::Seed());
  engine = OpenAt(&env, "/db", options);
  ExpectMany(engine.get(), 0, 100);
  PutMany(engine.get(), 0, 3000, 9);
  EXPECT_OK(engine->Close());
  // And with a log from here on, and without one again.
  options.wal_enabled = true;
  engine = OpenAt(&env, "/db", options);
  ExpectMany(engine.get(), 0, 3000, 9);
  PutMany(engine.get(), 0, 3000, 11);
  EXPECT_OK(engine->Close());
  options.wal_enabled = false;
  engine = OpenAt(&env, "/db", options);
  ExpectMany(engine.get(), 0, 3000, 11);
  PutMany(engine.get(), 0, 3000, 13);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  ExpectMany(engine.get(), 0, 3000, 13);
}

TEST("timestamps and numbers go on above everything that tables hold") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 500);
  const Timestamp before = engine->visible_ts();
  EXPECT_OK(engine->Flush(nullptr));
  EXPECT_OK(engine->Close());
  engine.reset();
  env.StepWallClock(-3'600'000);
  engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT_EQ(engine->visible_ts(), before);
  EXPECT_EQ(engine->LastWrite(kTree), before);
  EXPECT_EQ(engine->LastWrite(TreeId::kRows), 0u);
  EXPECT(test::PutOne(engine.get(), "later", "v") > before);
}

TEST("a compaction by hand leaves what is live, once, and lets the rest go when nothing is to be remembered") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  for (int salt = 0; salt < 6; ++salt) PutMany(engine.get(), 0, 500, salt);
  for (int i = 400; i < 500; ++i) EXPECT_OK(engine->Delete(kTree, KeyOf(i)).status());
  uint64_t done = 0;
  uint64_t total = 0;
  EXPECT_OK(engine->Compact(nullptr, [&](uint64_t d, uint64_t t) {
    EXPECT(d >= done && d <= t);
    done = d;
    total = t;
  }));
  EXPECT(total > 0);
  ExpectMany(engine.get(), 0, 400, 5);
  const EngineStats stats = engine->stats();
  uint64_t entries = 0;
  for (const LevelStats& level : stats.lsm.levels) entries += level.entries;
  EXPECT_EQ(entries, 400u);
  EXPECT_EQ(test::FilesIn(&env, "/db/tables", ".sst"), stats.table_files);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(CodeOf(engine->CompactLevel(7, nullptr)), AsInt(Code::kInvalidArgument));
  EXPECT_EQ(CodeOf(engine->CompactLevel(-1, nullptr)), AsInt(Code::kInvalidArgument));
  for (int level = 0; level < kLevels; ++level) EXPECT_OK(engine->CompactLevel(level, nullptr));
  ExpectMany(engine.get(), 0, 400, 5);
}

TEST("a compaction that is cancelled leaves everything as it was, and may be asked for again") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 3000);
  CancelToken cancelled;
  cancelled.Cancel();
  EXPECT_EQ(CodeOf(engine->Compact(&cancelled, nullptr)), AsInt(Code::kCancelled));
  CancelToken midway;
  const Status status = engine->Compact(&midway, [&](uint64_t, uint64_t) { midway.Cancel(); });
  EXPECT(status.ok() || status.code() == Code::kCancelled);
  ExpectMany(engine.get(), 0, 3000);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  ExpectMany(engine.get(), 0, 3000);
}

TEST("operands of a merge mean the same in memory, in tables, and folded by a compaction") {
  test::SumOperator sum;
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  for (int i = 1; i <= 300; ++i) {
    test::MergeOne(engine.get(), "n" + std::to_string(i % 3), std::to_string(i));
    if (i % 70 == 0) EXPECT_OK(engine->Flush(nullptr));
  }
  const auto all = [&] {
    return GetOr(engine.get(), "n0", TreeId::kPostings) + " " + GetOr(engine.get(), "n1", TreeId::kPostings) + " " +
           GetOr(engine.get(), "n2", TreeId::kPostings);
  };
  EXPECT_EQ(all(), "15150 14950 15050");
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(all(), "15150 14950 15050");
  EXPECT(engine->stats().lsm.kept.folded > 0);
  test::MergeOne(engine.get(), "n0", "1");
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  EXPECT_EQ(all(), "15151 14950 15050");
}

TEST("a change of policy keeps the data, outlives a close, and decides how what follows is laid out") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 1500, 0, TreeId::kRows);
  for (const IndexPolicy policy :
       {IndexPolicy::kWriteOptimized, IndexPolicy::kAppendOnly, IndexPolicy::kScanOptimized, IndexPolicy::kBalanced}) {
    EXPECT_OK(engine->SetIndexPolicy(TreeId::kRows, policy));
    EXPECT(engine->GetIndexPolicy(TreeId::kRows).value() == policy);
    PutMany(engine.get(), 500, 1500, static_cast<int>(policy), TreeId::kRows);
    PutMany(engine.get(), 0, 500, static_cast<int>(policy), TreeId::kRows);
    ExpectMany(engine.get(), 0, 1500, static_cast<int>(policy), TreeId::kRows);
    EXPECT_OK(engine->Close());
    engine = OpenAt(&env, "/db", TinyOptions());
    EXPECT(engine->GetIndexPolicy(TreeId::kRows).value() == policy);
    EXPECT(engine->GetIndexPolicy(kTree).value() == IndexPolicy::kBalanced);
    ExpectMany(engine.get(), 0, 1500, static_cast<int>(policy), TreeId::kRows);
  }
  EXPECT_EQ(CodeOf(engine->SetIndexPolicy(static_cast<TreeId>(64), IndexPolicy::kBalanced)), AsInt(Code::kInvalidArgument));
  EXPECT_EQ(CodeOf(engine->SetIndexPolicy(kTree, static_cast<IndexPolicy>(9))), AsInt(Code::kInvalidArgument));
}

TEST("keys of dropped containers go with a compaction once nobody can look back at them") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  DeadRangeList dead(&env);
  auto engine = OpenAt(&env, "/db", options);
  engine->SetDeadContainers(&dead);
  PutMany(engine.get(), 0, 1000);
  auto before = engine->NewSnapshot();
  const Timestamp dropped = test::PutOne(engine.get(), "mark", "dropped");
  dead.Add({uint64_t{1} << static_cast<int>(kTree), "key0005", dropped});
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(test::GetOr((*before).get(), KeyOf(500)), ValueOf(500));
  EXPECT_EQ(engine->stats().lsm.kept.dead, 0u);
  (*before).reset();
  test::PutOne(engine.get(), "mark", "later");
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(engine->stats().lsm.kept.dead, 100u);
  EXPECT_EQ(GetOr(engine.get(), KeyOf(499)), ValueOf(499));
  EXPECT_EQ(GetOr(engine.get(), KeyOf(500)), "-");
  EXPECT_EQ(GetOr(engine.get(), KeyOf(600)), ValueOf(600));
  engine->SetDeadContainers(nullptr);
}

TEST("an estimate of a range's size grows with the range, and is near the truth") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT_EQ(engine->ApproximateSize(kTree, "", "").value().entries, 0u);
  PutMany(engine.get(), 0, 4000);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  PutMany(engine.get(), 4000, 4100);
  const SizeEstimate all = engine->ApproximateSize(kTree, "", "").value();
  EXPECT(all.entries > 3000 && all.entries < 5000);
  EXPECT(all.bytes > 300'000 && all.bytes < 700'000);
  const SizeEstimate half = engine->ApproximateSize(kTree, KeyOf(1000), KeyOf(3000)).value();
  EXPECT(half.entries > 1500 && half.entries < 2500);
  EXPECT_EQ(engine->ApproximateSize(kTree, "x", "").value().entries, 0u);
  EXPECT_EQ(engine->ApproximateSize(kTree, "b", "a").value().entries, 0u);
  EXPECT_EQ(CodeOf(engine->ApproximateSize(static_cast<TreeId>(64), "", "").status()), AsInt(Code::kInvalidArgument));
}

TEST("options out of range are refused, each by its name, and nothing is made") {
  MemEnv env;
  const auto refused = [&](auto change) {
    EngineOptions options;
    change(&options);
    const Status status = Engine::Open(&env, "/none", options).status();
    return status.code() == Code::kInvalidArgument && !status.details().empty();
  };
  EXPECT(refused([](EngineOptions* o) { o->memtable_bytes = 1000; }));
  EXPECT(refused([](EngineOptions* o) { o->flush_threads = 0; }));
  EXPECT(refused([](EngineOptions* o) { o->compaction_threads = 17; }));
  EXPECT(refused([](EngineOptions* o) { o->compression_level = 23; }));
  EXPECT(refused([](EngineOptions* o) { o->index_policy = static_cast<IndexPolicy>(4); }));
  EXPECT(refused([](EngineOptions* o) { o->wal.segment_bytes = 1; }));
  EXPECT(refused([](EngineOptions* o) { o->block_cache_bytes = UINT64_MAX; }));
  EXPECT(!env.FileExists("/none/FORMAT"));
}

TEST("what is scanned again and again goes from memory to tables") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions(true);
  options.memtable_bytes = 1024 * 1024;
  options.wal_limit_bytes = 64ull * 1024 * 1024;
  const auto engine = OpenAt(&env, "/db", options);
  constexpr int kKeys = 1500;
  for (int i = 0; i < kKeys; ++i) (void)test::PutOne(engine.get(), KeyOf(i), ValueOf(i));
  const auto scan = [&engine] {
    const auto snapshot = std::move(engine->NewSnapshot()).value();
    const auto cursor = std::move(snapshot->NewCursor(TreeId::kKeys, "", "", {})).value();
    uint64_t rows = 0;
    bool found = true;
    for (EntryRun run; found; rows += run.rows) EXPECT_OK(cursor->NextRun(1024, &run, &found));
    return rows;
  };
  const auto ticks = [&env] {
    for (int i = 0; i < 4; ++i) env.SleepMicros(Background::kTickMicros);
  };
  EXPECT_EQ(scan(), uint64_t{kKeys});
  ticks();
  EXPECT_EQ(engine->stats().table_files, 0u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(scan(), uint64_t{kKeys});
  ticks();
  EXPECT(engine->stats().table_files > 0);
  EXPECT_EQ(scan(), uint64_t{kKeys});
}

}  // namespace
}  // namespace sochdb::engine_lsm_test
