// Rare choices (Env::Buggify) in worlds that flush, compact, crash and open again: each point must be taken in some of them, or
// it is one that nothing tests.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/random_options.h"
#include "test/sim_env.h"
#include "test/tables.h"

namespace sochdb::buggify_test {
namespace {

namespace fs = std::filesystem;

// The names of all points, as the sources have them, each with how often it is written down.
std::map<std::string, int> PointsInSources() {
  const fs::path root = fs::exists("base/status.h") ? "." : "native";
  constexpr std::string_view kCall = "Buggify(\"";
  std::map<std::string, int> points;
  for (const char* layer : {"base", "codec", "wal", "mem", "sst", "lsm", "txn", "engine", "index", "exec"}) {
    if (!fs::exists(root / layer)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (size_t at = text.find(kCall); at != std::string::npos; at = text.find(kCall, at + 1)) {
        const size_t from = at + kCall.size();
        ++points[text.substr(from, text.find('"', from) - from)];
      }
    }
  }
  return points;
}

void Commit(Engine* engine, int thread) {
  for (int i = 0; i < 20; ++i) {
    (void)test::OneCommit(engine, thread * 100 + i);
    (void)engine->Put(TreeId::kVectors, std::to_string(i % 8), std::string(2500, 'v'), kNeverExpires);
    if (i % 7 == thread) (void)test::FlushTables(engine);
  }
  if (thread == 1) (void)test::CompactTables(engine);
}

// The points that were taken while three threads write, and after a power loss.
std::set<std::string> TakenIn(uint64_t seed) {
  SimEnv env(seed);
  env.EnableBuggify(seed);
  SimRandom random(seed);
  const EngineOptions options = test::RandomOptions(&random);
  test::SumOperator sum;
  const auto open = [&] {
    auto engine = test::OpenAt(&env, "/db", options);
    engine->SetMergeOperator(TreeId::kPostings, &sum);
    return engine;
  };
  std::unique_ptr<Engine> engine = open();
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < 3; ++t) threads.push_back(env.StartThread("committer", [&, t] { Commit(engine.get(), t); }));
  for (auto& thread : threads) thread->Join();
  engine.reset();
  env.CrashNow();
  env.Restart(seed);
  engine = open();
  Commit(engine.get(), 1);
  EXPECT(test::StateOf(engine.get()).find('!') == std::string::npos);
  EXPECT_OK(engine->Close());
  return env.buggified();
}

TEST("every point that asks for something rare is taken in some world, and named in one place") {
  const std::map<std::string, int> points = PointsInSources();
  EXPECT(points.size() > 10);
  std::map<std::string, int> worlds;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    for (const std::string& point : TakenIn(seed)) ++worlds[point];
  }
  for (const auto& [point, written] : points) {
    EXPECT_EQ(written, 1);
    if (worlds[point] == 0) test::Fail(__FILE__, __LINE__, point + " was never taken: no world above gets there");
  }
}

TEST("a power loss loses nothing durable in worlds that choose what is rare") {
  for (int i = 0; i < test::SeedCount() * 8; ++i) {
    const uint64_t seed = test::Seed() * 1000 + static_cast<uint64_t>(i);
    SimRandom random(seed);
    const bool wal_enabled = !random.OneIn(5);
    const SyncMode mode = test::kSyncModes[random.Below(3)];
    EngineOptions options = test::SmallOptions(mode, wal_enabled);
    options.background = random.OneIn(2);
    test::CommitScript script(options, 14, 7);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    env.CrashAt(1 + random.Below(script.io_count() * 2));
    const test::CommitScript::Outcome outcome = script.RunUntilFailure(&env);
    env.CrashAt(0);
    env.CrashNow();
    const bool process_only = mode != SyncMode::kOff && wal_enabled && random.OneIn(3);
    if (process_only) env.RestartProcess();
    else env.Restart(seed);
    script.CheckAfterRestart(&env, process_only ? outcome.acknowledged : outcome.durable, outcome.attempted,
                             "seed " + std::to_string(seed));
  }
}

TEST("writes that were held back go on once there is room, whoever rotates, flushes and compacts meanwhile") {
  for (int i = 0; i < test::SeedCount() * 5; ++i) {
    const uint64_t seed = test::Seed() * 1000 + static_cast<uint64_t>(i);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    EngineOptions options = test::SmallOptions(SyncMode::kNormal);
    options.flush_threads = 2;
    options.background = seed % 3 != 0;
    options.stall_timeout_ms = 60'000;
    options.writer_timeout_ms = 60'000;
    auto engine = test::OpenAt(&env, "/db", options);
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(env.StartThread("writer", [&, t] {
        const std::string key = "t" + std::to_string(t);
        for (int n = 0; n < 25; ++n) {
          if (n % 10 == t) EXPECT_OK(test::FlushTables(engine.get()));
          EXPECT_OK(
              engine->Put(n % 2 == 0 ? TreeId::kKeys : TreeId::kRows, key, std::string(400, 'v'), kNeverExpires).status());
        }
      }));
    }
    for (auto& thread : threads) thread->Join();
    EXPECT(engine->stats().stalls.stopped_micros < 10'000'000);
    EXPECT_OK(engine->Close());
  }
}

}  // namespace
}  // namespace sochdb::buggify_test
