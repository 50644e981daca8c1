// The simulated world keeps its own promises: what it loses, what it keeps, and that a seed decides everything.

#include "test/sim_env.h"

#include <set>

#include "env/sync.h"
#include "test/harness.h"

namespace sochdb::sim_env_test {
namespace {

std::unique_ptr<File> Open(SimEnv* env, const std::string& path) {
  auto file = env->OpenFile(path, OpenMode::kCreate);
  EXPECT_OK(file.status());
  return std::move(file).value();
}

TEST("what was synced, file and name, survives every power loss") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SimEnv env(seed);
    EXPECT_OK(env.CreateDir("/db"));
    EXPECT_OK(env.SyncDir("/"));
    {
      auto file = Open(&env, "/db/a");
      EXPECT_OK(file->Write(0, std::string(512, 'a')));
      EXPECT_OK(file->Sync());
      EXPECT_OK(env.SyncDir("/db"));
      EXPECT_OK(file->Write(512, std::string(2000, 'b')));  // another sector, and not synced
    }
    env.Restart(seed);
    EXPECT_EQ(env.Contents("/db/a").substr(0, 512), std::string(512, 'a'));
  }
}

TEST("what was not synced is sometimes kept, sometimes lost and sometimes damaged") {
  std::set<std::string> seen;
  int vanished = 0;
  int kept = 0;
  int garbage = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SimEnv env(seed);
    EXPECT_OK(Open(&env, "/a")->Write(0, std::string(1024, 'a')));
    env.Restart(seed);
    const std::string contents = env.Contents("/a");
    if (!env.FileExists("/a")) ++vanished;
    else if (contents == std::string(1024, 'a')) ++kept;
    else if (contents.find_first_not_of(std::string("a\0", 2)) != std::string::npos) ++garbage;
    seen.insert(contents);
  }
  EXPECT(vanished > 30 && kept > 30 && garbage > 5 && seen.size() > 20);
}

TEST("a rename without a synced directory shows the old file or the new one, never neither") {
  int old_one = 0;
  int new_one = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimEnv env(seed);
    EXPECT_OK(WriteFileAtomically(&env, "/", "f", "old"));
    auto file = Open(&env, "/f.tmp");
    EXPECT_OK(file->Write(0, "new"));
    EXPECT_OK(file->Sync());
    EXPECT_OK(env.RenameFile("/f.tmp", "/f"));
    env.Restart(seed);
    if (env.Contents("/f") == "old") ++old_one;
    else if (env.Contents("/f") == "new") ++new_one;
    else EXPECT(false);
  }
  EXPECT(old_one > 10 && new_one > 10);
}

TEST("a file written atomically is the old or the new one at every crash point") {
  for (uint64_t op = 1; op < 20; ++op) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SimEnv env(seed);
      EXPECT_OK(WriteFileAtomically(&env, "/", "f", "old"));
      env.CrashAt(env.io_count() + op);
      const Status written = WriteFileAtomically(&env, "/", "f", "new, and longer");
      env.Restart(seed);
      std::string contents;
      EXPECT_OK(ReadWholeFile(&env, "/f", &contents));
      EXPECT(contents == "new, and longer" || (contents == "old" && !written.ok()));
    }
  }
}

TEST("after a failed sync the pages count as clean, and the next sync saves nothing") {
  int lost = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimEnv env(seed);
    auto file = Open(&env, "/a");
    EXPECT_OK(env.SyncDir("/"));
    EXPECT_OK(file->Write(0, std::string(4096, 'x')));
    env.FailAt(env.io_count() + 1, SimEnv::Fault::kIoError);
    EXPECT(file->Sync().code() == Code::kIoError);
    EXPECT_OK(file->Sync());
    char byte = 0;
    size_t got = 0;
    EXPECT_OK(file->Read(0, 1, &byte, &got));
    EXPECT_EQ(byte, 'x');  // the cache still shows it
    env.Restart(seed);
    if (env.Contents("/a") != std::string(4096, 'x')) ++lost;
  }
  EXPECT(lost > 20);
}

TEST("faults come at the operation they were ordered for, with the code they should have") {
  SimEnv env(1);
  auto file = Open(&env, "/a");
  env.FailAt(env.io_count() + 2, SimEnv::Fault::kNoSpace);
  EXPECT_OK(file->Write(0, "a"));
  EXPECT(file->Write(1, "b").code() == Code::kDiskFull);
  EXPECT_OK(file->Write(2, "c"));
  env.LimitDisk(env.used_bytes() + 100);
  EXPECT_OK(file->Allocate(0, 100));
  EXPECT(file->Allocate(0, 10'000).code() == Code::kDiskFull);
  EXPECT(file->Write(9'000, "x").code() == Code::kDiskFull);
  env.CrashNow();
  EXPECT(file->Write(0, "x").code() == Code::kIoError);
  EXPECT(env.OpenFile("/a", OpenMode::kReadOnly).status().code() == Code::kIoError);
  env.RestartProcess();
  EXPECT(file->Write(0, "x").code() == Code::kIoError);  // a handle from before
  EXPECT_OK(env.OpenFile("/a", OpenMode::kReadOnly).status());
}

TEST("a lock is held until it is released or the process dies") {
  SimEnv env(1);
  auto held = env.LockFile("/lock");
  EXPECT_OK(held.status());
  EXPECT(env.LockFile("/lock").status().code() == Code::kLocked);
  env.RestartProcess();
  auto next = env.LockFile("/lock");
  EXPECT_OK(next.status());
  held.value().reset();  // of the dead process
  EXPECT(env.LockFile("/lock").status().code() == Code::kLocked);
}

struct RunResult {
  uint64_t trace;
  std::string order;
};

// Four threads that append to a log of their own doing, over a mutex, a condition variable, files and time.
RunResult RunThreads(uint64_t seed) {
  SimEnv env(seed);
  RunResult result;
  {
    Mutex mutex(&env);
    CondVar changed(&env);
    int turns = 0;
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(env.StartThread("worker", [&, t] {
        auto file = env.OpenFile("/f" + std::to_string(t), OpenMode::kCreate);
        for (int i = 0; i < 10; ++i) {
          EXPECT_OK(file.value()->Write(static_cast<uint64_t>(i), "x"));
          const MutexLock lock(&mutex);
          result.order.push_back(static_cast<char>('a' + t));
          ++turns;
          changed.SignalAll();
          if (i == 5) changed.WaitFor(&mutex, 100);
        }
      }));
    }
    {
      const MutexLock lock(&mutex);
      while (turns < 40) changed.Wait(&mutex);
    }
    for (auto& thread : threads) thread->Join();
  }
  result.trace = env.trace_hash();
  return result;
}

TEST("the same seed gives the same run of threads, and another seed another") {
  std::set<std::string> orders;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunResult first = RunThreads(seed);
    const RunResult second = RunThreads(seed);
    EXPECT_EQ(first.trace, second.trace);
    EXPECT_EQ(first.order, second.order);
    EXPECT_EQ(first.order.size(), 40u);
    orders.insert(first.order);
  }
  EXPECT(orders.size() > 20);
}

TEST("time leaps to the next deadline when all wait, and runs a little with every operation") {
  SimEnv env(1);
  const uint64_t start = env.MonotonicMicros();
  env.SleepMicros(3'600'000'000);
  EXPECT(env.MonotonicMicros() >= start + 3'600'000'000);
  const uint64_t wall = env.NowMillis();
  env.StepWallClock(-10'000);
  EXPECT_EQ(env.NowMillis(), wall - 10'000);
  const uint64_t before = env.MonotonicMicros();
  Open(&env, "/a");
  EXPECT(env.MonotonicMicros() > before + 1);
  Mutex mutex(&env);
  CondVar never(&env);
  const MutexLock lock(&mutex);
  EXPECT(!never.WaitFor(&mutex, 1000));
}

}  // namespace
}  // namespace sochdb::sim_env_test
