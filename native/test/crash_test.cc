// What a crash may do to a store, at every single I/O operation of a script. What must hold then: commit_script.h.

#include <algorithm>
#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/sim_env.h"

namespace sochdb::crash_test {
namespace {

using test::BeginOn;
using test::CommitScript;
using test::Named;

CommitScript MakeScript(SyncMode mode, bool wal_enabled = true) {
  return CommitScript(test::SmallOptions(mode, wal_enabled), 14, 7);
}

// Which operations are tried: all, or every n-th from one that the seed chooses where a sanitizer makes it slow.
uint64_t Step(int n) { return static_cast<uint64_t>(test::Stride(n)); }
uint64_t FirstOf(int n) { return 1 + test::Seed() % Step(n); }

void PowerLossAtEveryOperation(SyncMode mode, bool wal_enabled) {
  CommitScript script = MakeScript(mode, wal_enabled);
  for (uint64_t at = FirstOf(3); at <= script.io_count() + 1; at += Step(3)) {
    for (int round = 0; round < std::max(1, test::SeedCount() / 10); ++round) {
      SimEnv env(1);
      env.CrashAt(at);
      const CommitScript::Outcome outcome = script.RunUntilFailure(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.Restart(test::Seed() * 1000 + at * 10 + static_cast<uint64_t>(round));
      if (round % 2 == 1) {  // and once more, while it recovers
        env.CrashAt(env.io_count() + 1 + (at * 7 + test::Seed()) % 40);
        (void)script.Open(&env);
        env.CrashAt(0);
        env.CrashNow();
        env.Restart(test::Seed() * 1000 + at);
      }
      script.CheckAfterRestart(&env, outcome.durable, outcome.attempted, Named("power loss", mode, at));
    }
  }
}

TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode off") {
  PowerLossAtEveryOperation(SyncMode::kOff, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode normal") {
  PowerLossAtEveryOperation(SyncMode::kNormal, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode full") {
  PowerLossAtEveryOperation(SyncMode::kFull, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: without a log") {
  PowerLossAtEveryOperation(SyncMode::kNormal, false);
}

TEST("the death of the process at any operation loses no acknowledged commit in modes normal and full") {
  for (const SyncMode mode : {SyncMode::kNormal, SyncMode::kFull}) {
    CommitScript script = MakeScript(mode);
    for (uint64_t at = FirstOf(3); at <= script.io_count() + 1; at += Step(3)) {
      SimEnv env(1);
      env.CrashAt(at);
      const CommitScript::Outcome outcome = script.RunUntilFailure(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.RestartProcess();
      script.CheckAfterRestart(&env, outcome.acknowledged, outcome.attempted, Named("death", mode, at));
    }
  }
}

TEST("threads that commit together in mode full lose nothing acknowledged, and no transaction is half there") {
  for (int i = 0; i < test::SeedCount(); ++i) {
    const uint64_t seed = test::Seed() * 100 + static_cast<uint64_t>(i);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    CommitScript script = MakeScript(SyncMode::kFull);
    std::unique_ptr<Engine> engine = script.Open(&env).value();
    env.CrashAt(env.io_count() + 1 + seed * 13 % 60);
    constexpr int kThreads = 3;
    int acknowledged[kThreads] = {};
    int attempted[kThreads] = {};
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(env.StartThread("committer", [&, t] {
        for (int n = 1; n < 40; ++n) {
          auto txn = BeginOn(engine.get());
          const std::string key = "t" + std::to_string(t);
          attempted[t] = n;
          if (!txn->Put(TreeId::kKeys, key, std::to_string(n)).ok()) return;
          if (!txn->Put(TreeId::kRows, key, std::to_string(n)).ok()) return;
          if (!txn->Commit().ok()) return;
          acknowledged[t] = n;
        }
      }));
    }
    for (auto& thread : threads) thread->Join();
    engine.reset();
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(seed);
    engine = script.Open(&env).value();
    for (int t = 0; t < kThreads; ++t) {
      const std::string key = "t" + std::to_string(t);
      const std::string in_keys = test::GetOr(engine.get(), key);
      EXPECT_EQ(test::GetOr(engine.get(), key, TreeId::kRows), in_keys);
      const int found = in_keys == "-" ? 0 : std::stoi(in_keys);
      EXPECT(found >= acknowledged[t] && found <= attempted[t]);
    }
  }
}

}  // namespace
}  // namespace sochdb::crash_test
