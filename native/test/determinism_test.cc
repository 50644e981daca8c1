// The simulated world is deterministic: the same seed gives the same run, or a failing seed would be worth nothing.

#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/random_options.h"
#include "test/sim_env.h"
#include "test/tables.h"

namespace sochdb::determinism_test {
namespace {

struct Run {
  uint64_t trace = 0;
  uint64_t operations = 0;
  std::string state;
  bool operator==(const Run&) const = default;
};

// Threads that commit under random options, a power loss in the middle, and what is there afterwards.
Run RunOnce(uint64_t seed) {
  SimEnv env(seed);
  env.EnableBuggify(seed);
  SimRandom random(seed);
  const EngineOptions options = test::RandomOptions(&random);
  test::SumOperator sum;
  const auto open = [&] {
    Result<std::unique_ptr<Engine>> engine = Engine::Open(&env, "/db", options);
    if (engine.ok()) engine.value()->SetMergeOperator(TreeId::kPostings, &sum);
    return engine;
  };
  Result<std::unique_ptr<Engine>> engine = open();
  EXPECT_OK(engine.status());
  env.CrashAt(env.io_count() + 1 + random.Below(200));
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < 3; ++t) {
    threads.push_back(env.StartThread("committer", [&, t] {
      for (int i = 0; i < 12; ++i) (void)test::OneCommit(engine.value().get(), t * 100 + i);
      if (t == 1) (void)test::FlushTables(engine.value().get());
    }));
  }
  for (auto& thread : threads) thread->Join();
  engine.value().reset();
  env.CrashAt(0);
  env.CrashNow();
  env.Restart(seed);
  engine = open();
  EXPECT_OK(engine.status());
  Run run;
  run.state = test::StateOf(engine.value().get());
  EXPECT_OK(engine.value()->Close());
  engine.value().reset();
  run.trace = env.trace_hash();
  run.operations = env.io_count();
  return run;
}

TEST("every seed gives the same run twice: threads, faults, crash, recovery, and all") {
  for (int i = 0; i < test::SeedCount(); ++i) {
    const uint64_t seed = test::Seed() * 1000 + static_cast<uint64_t>(i);
    const Run first = RunOnce(seed);
    const Run second = RunOnce(seed);
    EXPECT_EQ(first.trace, second.trace);
    EXPECT_EQ(first.operations, second.operations);
    EXPECT_EQ(first.state, second.state);
  }
}

TEST("different seeds give different runs") { EXPECT(!(RunOnce(test::Seed()) == RunOnce(test::Seed() + 1))); }

}  // namespace
}  // namespace sochdb::determinism_test
