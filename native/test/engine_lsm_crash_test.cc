// What crashes and failing disks may do to a store that flushes, compacts, takes checkpoints and makes backups: after a restart
// it is in the state after some commit, not before the last durable one, with every transaction whole over all trees.

#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lsm_crash_test {
namespace {

using test::CommitScript;
using test::GetOr;
using test::KeyOf;
using test::Named;
using test::ValueOf;

constexpr int kCommits = 18;
constexpr int kSyncAfter = 7;

EngineOptions Options(SyncMode mode, bool wal_enabled, bool background) {
  EngineOptions options = test::SmallOptions(mode, wal_enabled);
  const EngineOptions tiny = test::TinyOptions(background);
  options.background = background;
  options.memtable_bytes = kMinMemtableBytes;
  options.target_file_bytes = tiny.target_file_bytes;
  options.base_level_bytes = tiny.base_level_bytes;
  options.wal_limit_bytes = 32 * 1024;
  options.retention_ms = 0;
  return options;
}

// Each of these runs takes some tens of milliseconds: a few by default, by seed; all of them in long runs.
uint64_t Step() { return test::SeedCount() >= 100 ? 1 : static_cast<uint64_t>(17 * test::Stride(3)); }

// A commit, with all that may happen to tables between two of them.
Status BusyCommit(Engine* engine, int i) {
  SOCHDB_TRY(test::OneCommit(engine, i));
  if (i % 3 == 1) SOCHDB_TRY(engine->Flush(nullptr));
  if (i % 5 == 4) SOCHDB_TRY(engine->Compact(nullptr, nullptr));
  if (i == 8) SOCHDB_TRY(engine->CompactLevel(0, nullptr));
  if (i == 9) {
    SOCHDB_ASSIGN(checkpoint, engine->Checkpoint(nullptr));
    SOCHDB_TRY(engine->TruncateWal(checkpoint.lsn).status());
  }
  if (i == 11) SOCHDB_TRY(engine->SetIndexPolicy(TreeId::kRows, IndexPolicy::kWriteOptimized));
  if (i == 13) SOCHDB_TRY(engine->Backup("/copy", nullptr, nullptr).status());
  return {};
}

void PowerLoss(SyncMode mode, bool wal_enabled, bool background) {
  CommitScript script(Options(mode, wal_enabled, background), kCommits, kSyncAfter, BusyCommit);
  const uint64_t stride = Step();
  for (uint64_t at = 1 + test::Seed() % stride; at <= script.io_count() + 1; at += stride) {
    SimEnv env(1);
    env.CrashAt(at);
    const CommitScript::Outcome outcome = script.RunUntilFailure(&env);
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(test::Seed() * 1000 + at);
    if (at % 3 == 0) {  // and once more, while it recovers
      env.CrashAt(env.io_count() + 1 + (at * 7 + test::Seed()) % 60);
      (void)script.Open(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.Restart(test::Seed() * 1000 + at + 1);
    }
    script.CheckAfterRestart(&env, outcome.durable, outcome.attempted, Named("power loss", mode, at));
  }
}

TEST("a power loss at any operation of flushes, compactions and backups loses nothing durable: mode off") {
  PowerLoss(SyncMode::kOff, true, false);
}
TEST("a power loss at any operation of flushes, compactions and backups loses nothing durable: mode normal") {
  PowerLoss(SyncMode::kNormal, true, false);
}
TEST("a power loss at any operation of flushes, compactions and backups loses nothing durable: mode full") {
  PowerLoss(SyncMode::kFull, true, false);
}
TEST("a power loss at any operation of flushes, compactions and backups loses nothing durable: without a log") {
  PowerLoss(SyncMode::kNormal, false, false);
}
TEST("a power loss at any operation loses nothing durable while threads flush and compact") {
  PowerLoss(SyncMode::kFull, true, true);
}

TEST("the death of the process at any operation of flushes and compactions loses no acknowledged commit") {
  for (const bool background : {false, true}) {
    CommitScript script(Options(SyncMode::kNormal, true, background), kCommits, kSyncAfter, BusyCommit);
    const uint64_t stride = Step() * 2;
    for (uint64_t at = 1 + test::Seed() % stride; at <= script.io_count() + 1; at += stride) {
      SimEnv env(1);
      env.CrashAt(at);
      const CommitScript::Outcome outcome = script.RunUntilFailure(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.RestartProcess();
      script.CheckAfterRestart(&env, outcome.acknowledged, outcome.attempted, Named("death", SyncMode::kNormal, at));
    }
  }
}

TEST(
    "what a recovery brings into tables outlives a power loss at any of its operations, though who logged it never synced it") {
  const std::string value(2000, 'v');
  bool opened = false;
  for (uint64_t at = 1; !opened; ++at) {
    SimEnv env(at);
    EngineOptions options = Options(SyncMode::kNormal, true, false);
    options.memtable_bytes = 16 * kMinMemtableBytes;
    auto engine = test::OpenAt(&env, "/db", options);
    for (int n = 0; n < 60; ++n) EXPECT_OK(engine->Put(TreeId::kKeys, KeyOf(n), value, kNeverExpires).status());
    env.CrashNow();
    engine.reset();
    env.RestartProcess();
    // Recovery has less room, and makes tables.
    options.memtable_bytes = kMinMemtableBytes;
    env.CrashAt(env.io_count() + at);
    opened = Engine::Open(&env, "/db", options).ok();
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(at);
    options.sync_mode = SyncMode::kFull;
    engine = test::OpenAt(&env, "/db", options);
    EXPECT_OK(engine->Put(TreeId::kKeys, "after", "it", kNeverExpires).status());
    int found = 0;
    while (found < 60 && GetOr(engine.get(), KeyOf(found)) == value) ++found;
    for (int n = found; n < 60; ++n) EXPECT_EQ(GetOr(engine.get(), KeyOf(n)), "-");
    env.CrashNow();
    engine.reset();
    env.Restart(at + 1);
    engine = test::OpenAt(&env, "/db", options);
    EXPECT_EQ(GetOr(engine.get(), "after"), "it");
    EXPECT(engine->Verify(nullptr, nullptr).value().sound());
  }
}

void Failing(SimEnv::Fault fault, bool and_later, const char* name) {
  for (const bool wal_enabled : {true, false}) {
    CommitScript script(Options(SyncMode::kFull, wal_enabled, false), kCommits, kSyncAfter, BusyCommit);
    const uint64_t stride = Step() * 2;
    for (uint64_t at = 1 + test::Seed() % stride; at <= script.io_count(); at += stride) {
      SimEnv env(1);
      env.FailAt(at, fault, and_later);
      const CommitScript::Outcome outcome = script.RunUntilFailure(&env);
      env.ClearFaults();
      env.RestartProcess();
      const int low = wal_enabled ? outcome.acknowledged : outcome.durable;
      script.CheckAfterRestart(&env, low, outcome.attempted, Named(name, SyncMode::kFull, at));
    }
  }
}

TEST("an I/O error at any operation of flushes and compactions costs no acknowledged commit") {
  Failing(SimEnv::Fault::kIoError, false, "EIO");
  Failing(SimEnv::Fault::kIoError, true, "EIO for ever");
}
TEST("ENOSPC at any operation of flushes and compactions costs no acknowledged commit") {
  Failing(SimEnv::Fault::kNoSpace, false, "ENOSPC");
  Failing(SimEnv::Fault::kNoSpace, true, "ENOSPC for ever");
}

TEST("without a log, what is there after a loss of power is there of every tree") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimEnv env(seed);
    EngineOptions options = test::TinyOptions();
    options.wal_enabled = false;
    auto engine = test::OpenAt(&env, "/db", options);
    int committed = 0;
    // One tree is large and due to be flushed, the other never is by itself.
    while (engine->stats().lsm.flushes < 2 && committed < 5000) {
      const auto txn = test::BeginOn(engine.get());
      EXPECT_OK(txn->Put(TreeId::kKeys, KeyOf(committed), "s"));
      EXPECT_OK(txn->Put(TreeId::kRows, KeyOf(committed), test::ValueOf(committed)));
      EXPECT_OK(txn->Commit().status());
      ++committed;
    }
    env.CrashNow();
    engine.reset();
    env.Restart(seed);
    engine = test::OpenAt(&env, "/db", options);
    int there = 0;
    for (int i = 0; i < committed; ++i) {
      const bool small = test::GetOr(engine.get(), KeyOf(i)) != "-";
      EXPECT_EQ(small, test::GetOr(engine.get(), KeyOf(i), TreeId::kRows) != "-");
      there += small ? 1 : 0;
    }
    EXPECT(there > 0);
  }
}

TEST("without a log, what is there after a loss of power is a prefix of the commits, however slowly tables are made") {
  constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings};
  const auto tree_of = [&](int i) { return kTrees[i / 40 % 3]; };
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimEnv env(seed);
    env.EnableBuggify(seed);
    EngineOptions options = test::TinyOptions(true);
    options.wal_enabled = false;
    options.flush_threads = 3;
    auto engine = test::OpenAt(&env, "/db", options);
    env.CrashAt(env.io_count() + 40 + seed * 23);
    int tried = 0;
    while (tried < 3000 && engine->Put(tree_of(tried), KeyOf(tried), test::ValueOf(tried), kNeverExpires).ok()) ++tried;
    env.CrashAt(0);
    env.CrashNow();
    engine.reset();
    env.Restart(seed);
    engine = test::OpenAt(&env, "/db", options);
    int there = 0;
    while (there < tried && test::GetOr(engine.get(), KeyOf(there), tree_of(there)) != "-") ++there;
    for (int i = there; i < tried; ++i) EXPECT_EQ(test::GetOr(engine.get(), KeyOf(i), tree_of(i)), "-");
  }
}

TEST("threads that commit, flush and compact together lose nothing in a crash, and no transaction is half there") {
  for (int i = 0; i < test::SeedCount(); ++i) {
    const uint64_t seed = test::Seed() * 100 + static_cast<uint64_t>(i);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    EngineOptions options = Options(seed % 2 == 0 ? SyncMode::kFull : SyncMode::kNormal, true, true);
    options.flush_threads = 1 + static_cast<uint32_t>(seed % 3);
    options.compaction_threads = 1 + static_cast<uint32_t>(seed % 2);
    auto engine = test::OpenAt(&env, "/db", options);
    env.CrashAt(env.io_count() + 50 + seed * 131 % 2000);
    constexpr int kThreads = 3;
    int acknowledged[kThreads] = {};
    int attempted[kThreads] = {};
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(env.StartThread("committer", [&, t] {
        for (int n = 1; n < 150; ++n) {
          auto txn = test::BeginOn(engine.get(), IsolationLevel::kSnapshot);
          const std::string key = "t" + std::to_string(t);
          attempted[t] = n;
          if (!txn->Put(TreeId::kKeys, key, std::to_string(n)).ok()) return;
          if (!txn->Put(TreeId::kRows, key, std::to_string(n)).ok()) return;
          if (!txn->Put(TreeId::kVectors, key + KeyOf(n % 40), ValueOf(n, 300)).ok()) return;
          if (!txn->Commit().ok()) return;
          acknowledged[t] = n;
          if (t == 0 && n % 40 == 0) (void)engine->Flush(nullptr);
        }
      }));
    }
    for (auto& thread : threads) thread->Join();
    engine.reset();
    env.CrashAt(0);
    env.CrashNow();
    if (seed % 2 == 0) env.Restart(seed);
    else env.RestartProcess();
    engine = test::OpenAt(&env, "/db", options);
    for (int t = 0; t < kThreads; ++t) {
      const std::string key = "t" + std::to_string(t);
      const std::string in_keys = GetOr(engine.get(), key);
      EXPECT_EQ(GetOr(engine.get(), key, TreeId::kRows), in_keys);
      const int found = in_keys == "-" ? 0 : std::stoi(in_keys);
      EXPECT(found >= acknowledged[t] && found <= attempted[t]);
      for (int n = std::max(1, found - 39); n <= found; ++n) {
        EXPECT_EQ(GetOr(engine.get(), key + KeyOf(n % 40), TreeId::kVectors), ValueOf(n, 300));
      }
    }
    EXPECT(engine->Verify(nullptr, nullptr).value().sound());
  }
}

TEST("one seed gives one run, with all its threads") {
  const auto run = [](uint64_t seed) {
    SimEnv env(seed);
    env.EnableBuggify(seed);
    auto engine = test::OpenAt(&env, "/db", Options(SyncMode::kNormal, true, true));
    for (int i = 0; i < 40; ++i) (void)BusyCommit(engine.get(), i);
    EXPECT_OK(engine->Close());
    engine.reset();
    return env.trace_hash();
  };
  EXPECT_EQ(run(test::Seed()), run(test::Seed()));
}

}  // namespace
}  // namespace sochdb::engine_lsm_crash_test
