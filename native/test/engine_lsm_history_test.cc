// What an engine with tables remembers: moments of the past, snapshots, expiry, large values.

#include <string>

#include "env/mem_env.h"
#include "test/engine_lsm_fixture.h"
#include "test/sim_env.h"

namespace sochdb::engine_lsm_history_test {
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

std::string AsOf(Engine* engine, Timestamp ts, std::string_view key) {
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshotAt(ts);
  if (!snapshot.ok()) return "!" + std::to_string(CodeOf(snapshot.status()));
  return GetOr((*snapshot).get(), key);
}

TEST("every moment within retention reads as it was, through flushes, compactions and closes") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  std::vector<Timestamp> moments;
  for (int i = 0; i < 10; ++i) {
    moments.push_back(test::PutOne(engine.get(), "k", std::to_string(i)));
    if (i == 7) moments.back() = engine->Delete(kTree, "k").value();
    PutMany(engine.get(), 0, 200, i);
    env.AdvanceMillis(60'000);
  }
  const auto check = [&] {
    for (size_t i = 0; i < moments.size(); ++i) {
      EXPECT_EQ(AsOf(engine.get(), moments[i], "k"), i == 7 ? "-" : std::to_string(i));
      EXPECT_EQ(AsOf(engine.get(), moments[i] - 1, "k"), i == 0 || i == 8 ? "-" : std::to_string(i == 7 ? 7 : i - 1));
    }
    EXPECT_EQ(AsOf(engine.get(), engine->visible_ts(), "k"), "9");
    EXPECT_EQ(AsOf(engine.get(), kMaxTimestamp, "k"), "!" + std::to_string(AsInt(Code::kInvalidArgument)));
  };
  check();
  EXPECT_OK(engine->Flush(nullptr));
  check();
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  check();
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", TinyOptions());
  check();
}

TEST("a recovery that has too little memory makes tables, and they keep every moment within retention") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 4 << 20;
  options.wal_limit_bytes = 16 << 20;
  auto engine = OpenAt(&env, "/db", options);
  std::vector<Timestamp> moments;
  for (int i = 0; i < 60; ++i) {
    moments.push_back(test::PutOne(engine.get(), "k", std::to_string(i)));
    PutMany(engine.get(), 0, 20, i);
    env.AdvanceMillis(1000);
  }
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT(engine->recovery_report().flushed_while_replaying > 1);
  for (size_t i = 0; i < moments.size(); ++i) EXPECT_EQ(AsOf(engine.get(), moments[i], "k"), std::to_string(i));
}

TEST("moments before retention are refused, not answered wrongly; a longer retention later brings none of them back") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.retention_ms = 10'000;
  auto engine = OpenAt(&env, "/db", options);
  const Timestamp first = test::PutOne(engine.get(), "k", "1");
  env.AdvanceMillis(5'000);
  const Timestamp second = test::PutOne(engine.get(), "k", "2");
  env.AdvanceMillis(6'000);
  EXPECT_EQ(AsOf(engine.get(), first, "k"), "!" + std::to_string(AsInt(Code::kLimit)));
  EXPECT_EQ(AsOf(engine.get(), second, "k"), "2");
  PutMany(engine.get(), 0, 500);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(AsOf(engine.get(), second, "k"), "2");
  env.AdvanceMillis(60'000);
  PutMany(engine.get(), 0, 500, 1);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_OK(engine->Close());
  options.retention_ms = 24ull * 3600 * 1000;
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(AsOf(engine.get(), second, "k"), "!" + std::to_string(AsInt(Code::kLimit)));
  EXPECT_EQ(GetOr(engine.get(), "k"), "2");
}

TEST("without retention old versions go, but for those that a snapshot holds") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 300, 1);
  auto held = engine->NewSnapshot();
  for (int salt = 2; salt < 8; ++salt) PutMany(engine.get(), 0, 300, salt);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  uint64_t entries = 0;
  for (const LevelStats& level : engine->stats().lsm.levels) entries += level.entries;
  EXPECT_EQ(entries, 600u);
  for (int i = 0; i < 300; i += 17) EXPECT_EQ(GetOr((*held).get(), KeyOf(i)), ValueOf(i + 1));
  ExpectMany(engine.get(), 0, 300, 7);
  (*held).reset();
  PutMany(engine.get(), 0, 300, 8);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  entries = 0;
  for (const LevelStats& level : engine->stats().lsm.levels) entries += level.entries;
  EXPECT_EQ(entries, 300u);
  ExpectMany(engine.get(), 0, 300, 8);
}

TEST("what a snapshot alone keeps is counted, by a flush and by a compaction, until it is released") {
  for (const bool flush_alone : {false, true}) {
    SimEnv env(test::Seed());
    EngineOptions options = TinyOptions();
    options.retention_ms = 0;
    auto engine = OpenAt(&env, "/db", options);
    const auto tidy = [&] { return flush_alone ? engine->Flush(nullptr) : engine->Compact(nullptr, nullptr); };
    EXPECT_EQ(engine->stats().snapshot_age_ms, 0u);
    for (int i = 0; i < 20; ++i) test::PutOne(engine.get(), KeyOf(i), ValueOf(i));
    if (!flush_alone) EXPECT_OK(tidy());
    auto snapshot = engine->NewSnapshot().value();
    env.AdvanceMillis(30 * 60'000);
    for (int round = 1; round < 4; ++round) {
      for (int i = 0; i < 20; ++i) test::PutOne(engine.get(), KeyOf(i), ValueOf(i + round));
    }
    EXPECT_OK(tidy());
    const EngineStats stats = engine->stats();
    EXPECT_EQ(stats.snapshot_bytes, 20 * (KeyOf(0).size() + 100));
    EXPECT(stats.snapshot_age_ms >= 30 * 60'000 && stats.snapshot_age_ms < 31 * 60'000);
    EXPECT_EQ(stats.logical_bytes, 2 * stats.snapshot_bytes);
    snapshot.reset();
    EXPECT_EQ(engine->stats().snapshot_bytes, 0u);
    EXPECT_EQ(engine->stats().snapshot_age_ms, 0u);
    EXPECT_OK(engine->Compact(nullptr, nullptr));
    EXPECT_EQ(engine->stats().logical_bytes, stats.snapshot_bytes);
  }
}

TEST("a cursor and a transaction go on over what they began with while everything is flushed and compacted under them") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 1000);
  auto txn = test::BeginOn(engine.get(), IsolationLevel::kSnapshot);
  auto snapshot = engine->NewSnapshot();
  auto cursor = (*snapshot)->NewCursor(kTree, "key", "kez", {});
  bool found = false;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_OK((*cursor)->Next(&found));
    EXPECT(found && (*cursor)->key() == KeyOf(i) && (*cursor)->value() == ValueOf(i));
    if (i % 250 == 0) {
      PutMany(engine.get(), 0, 1000, i + 1);
      EXPECT_OK(engine->Compact(nullptr, nullptr));
    }
  }
  EXPECT_EQ(GetOr(txn.get(), KeyOf(5)), ValueOf(5));
  EXPECT_OK(txn->Put(kTree, "other", "w"));
  EXPECT_OK(txn->Commit().status());
}

TEST("what a transaction read or wrote is still known to have changed when it lies in tables by then") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 500);
  EXPECT_OK(engine->Flush(nullptr));
  for (const bool deletes : {false, true}) {
    auto reader = test::BeginOn(engine.get());
    EXPECT(GetOr(reader.get(), KeyOf(7)) != "!");
    EXPECT_OK(reader->Put(kTree, "mine", "1"));
    auto writer = test::BeginOn(engine.get(), IsolationLevel::kSnapshot);
    EXPECT_OK(writer->Put(kTree, KeyOf(7), "w"));
    auto scanner = test::BeginOn(engine.get());
    EXPECT(test::ScanAll(scanner.get(), "key0004", "key0005") != "");
    EXPECT_OK(scanner->Put(kTree, "mine2", "1"));
    if (deletes) EXPECT_OK(engine->Delete(kTree, KeyOf(7)).status());
    else test::PutOne(engine.get(), KeyOf(7), "changed");
    test::PutOne(engine.get(), "key0004zz", "phantom");
    PutMany(engine.get(), 100, 400, 9);
    EXPECT_OK(engine->Compact(nullptr, nullptr));
    EXPECT_EQ(CodeOf(reader->Commit().status()), AsInt(Code::kConflict));
    EXPECT_EQ(CodeOf(writer->Commit().status()), AsInt(Code::kConflict));
    EXPECT_EQ(CodeOf(scanner->Commit().status()), AsInt(Code::kConflict));
  }
}

TEST("what has expired is gone from every read at once, and from the disk after a compaction") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.retention_ms = 1000;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 300);
  const uint64_t expiry = env.NowMillis() + 5000;
  for (int i = 300; i < 600; ++i) EXPECT_OK(engine->Put(kTree, KeyOf(i), ValueOf(i), expiry).status());
  EXPECT_OK(engine->Flush(nullptr));
  EXPECT_EQ(GetOr(engine.get(), KeyOf(400)), ValueOf(400));
  auto before = engine->NewSnapshot();
  env.AdvanceMillis(10'000);
  ExpectMany(engine.get(), 0, 300);
  EXPECT_EQ(GetOr(engine.get(), KeyOf(400)), "-");
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(GetOr((*before).get(), KeyOf(400)), ValueOf(400));
  (*before).reset();
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  uint64_t entries = 0;
  for (const LevelStats& level : engine->stats().lsm.levels) entries += level.entries;
  EXPECT_EQ(entries, 300u);
  ExpectMany(engine.get(), 0, 300);
}

TEST("the file of a large value lives as long as something can read it, and no longer") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  const auto files = [&] { return test::FilesIn(&env, "/db/blobs", ".blob"); };
  const std::string first(kBlobThresholdBytes + 1, 'a');
  const std::string second(kBlobThresholdBytes + 1, 'b');
  EXPECT_OK(engine->Put(kTree, "big", first, kNeverExpires).status());
  EXPECT_OK(engine->Put(kTree, "stays", first, kNeverExpires).status());
  EXPECT_OK(engine->Flush(nullptr));
  auto held = engine->NewSnapshot();
  EXPECT_OK(engine->Put(kTree, "big", second, kNeverExpires).status());
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(files(), 3u);
  EXPECT(GetOr((*held).get(), "big") == first);
  EXPECT(GetOr(engine.get(), "big") == second);
  (*held).reset();
  test::PutOne(engine.get(), "x", "y");
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(files(), 2u);
  EXPECT(GetOr(engine.get(), "big") == second);
  EXPECT(GetOr(engine.get(), "stays") == first);
  // One that is overwritten before it ever came into a table.
  EXPECT_OK(engine->Put(kTree, "big", first, kNeverExpires).status());
  EXPECT_OK(engine->Put(kTree, "big", second, kNeverExpires).status());
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(files(), 2u);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(files(), 2u);
  EXPECT(GetOr(engine.get(), "big") == second);
}

TEST("what has expired stays in a compaction as long as merges that wait in memory were made before it did") {
  SimEnv env(test::Seed());
  test::SumOperator sum;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  const uint64_t expiry = env.NowMillis() + 1000;
  EXPECT_OK(engine->Put(TreeId::kPostings, "n", "5", expiry).status());
  EXPECT_OK(engine->Flush(nullptr));
  env.AdvanceMillis(10);
  test::MergeOne(engine.get(), "n", "1");
  EXPECT_EQ(GetOr(engine.get(), "n", TreeId::kPostings), "6");
  env.AdvanceMillis(2000);
  EXPECT_EQ(GetOr(engine.get(), "n", TreeId::kPostings), "-");  // it went with what it was merged into
  EXPECT_OK(engine->CompactLevel(0, nullptr));
  EXPECT_EQ(GetOr(engine.get(), "n", TreeId::kPostings), "-");
  EXPECT_OK(engine->Close());
}

TEST("what a compaction took for expired is so for all later commits, though the wall clock is set back") {
  SimEnv env(test::Seed());
  test::SumOperator sum;
  EngineOptions options = TinyOptions();
  options.retention_ms = 0;
  auto engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  const uint64_t expiry = env.NowMillis() + 1000;
  EXPECT_OK(engine->Put(TreeId::kPostings, "n", "5", expiry).status());
  EXPECT_OK(engine->Flush(nullptr));
  env.AdvanceMillis(2000);
  EXPECT_OK(engine->CompactLevel(0, nullptr));
  env.StepWallClock(-1900);
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Merge(TreeId::kPostings, "n", "1"));
  Result<Timestamp> committed = txn->Commit();
  EXPECT_OK(committed.status());
  EXPECT(HlcMillis(*committed) >= expiry);
  EXPECT_EQ(GetOr(engine.get(), "n", TreeId::kPostings), "1");
  EXPECT_OK(engine->Close());
}

}  // namespace
}  // namespace sochdb::engine_lsm_history_test
