// The log in a hostile world, I: crashes at every operation, failing and full disks.

#include <algorithm>

#include "env/sync.h"
#include "test/wal_world.h"

namespace sochdb::wal_crash_test {
namespace {

using namespace test;

TEST("after a power loss at any operation the log is a prefix with every synced transaction") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) / 4 + 1; ++seed) {
    const uint64_t operations = CountOperations(40, seed);
    for (uint64_t op = 1; op <= operations + 1; ++op) {
      SimEnv env(seed);
      Outcome outcome;
      env.CrashAt(op);
      RunAndClose(&env, 40, seed, &outcome);
      env.Restart(seed * 1000 + op);
      Recovered recovered = Recover(&env, outcome.closed ? outcome.closed_lsn : 0);
      ExpectPrefix(recovered, outcome.synced, outcome.attempted);
      if (!recovered.status.ok()) continue;
      // It goes on from there, and the next opening finds both.
      const Timestamp kept = recovered.read.size();
      Outcome second;
      Run(recovered.wal.get(), kept + 1, 5, seed, &second);
      EXPECT_OK(recovered.wal->Close());
      const Lsn end = recovered.wal->synced_lsn();
      recovered.wal.reset();
      env.Restart(op);
      ExpectPrefix(Recover(&env, end), kept + 5, kept + 5);
    }
  }
}

TEST("after the process dies at any operation every flushed transaction is there") {
  const uint64_t operations = CountOperations(40, 7);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(7);
    Outcome outcome;
    env.CrashAt(op);
    RunAndClose(&env, 40, 7, &outcome);
    env.RestartProcess();
    ExpectPrefix(Recover(&env, 0), outcome.flushed, outcome.attempted);
  }
}

TEST("crash upon crash, in recovery too, loses nothing that was synced and raises nothing from the dead") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 5; ++seed) {
    SimEnv env(seed);
    SimRandom random(seed);
    Timestamp must_have = 0;  // synced, or read by an opening that succeeded (which makes it durable)
    Timestamp may_have = 0;
    for (int life = 0; life < 12; ++life) {
      env.CrashAt(env.io_count() + 1 + random.Below(60));
      Recovered recovered = Recover(&env, 0);
      if (recovered.status.ok()) {
        ExpectPrefix(recovered, must_have, may_have);
        const Timestamp kept = recovered.read.size();
        Outcome outcome;
        outcome.attempted = outcome.synced = kept;
        Run(recovered.wal.get(), kept + 1, 30, seed + static_cast<uint64_t>(life), &outcome);
        must_have = outcome.synced;
        may_have = outcome.attempted;
      } else {
        EXPECT(recovered.status.code() == Code::kIoError);
      }
      recovered.wal.reset();
      env.Restart(random.Next());
    }
    ExpectPrefix(Recover(&env, 0), must_have, may_have);
  }
}

TEST("after a failed sync or write the log takes nothing more, and reopening tells what is there") {
  const uint64_t operations = CountOperations(25, 11);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(11);
    env.FailAt(op, op % 2 == 0 ? SimEnv::Fault::kIoError : SimEnv::Fault::kNoSpace);
    Outcome outcome;
    {
      Recovered opened = Recover(&env, 0);
      if (opened.status.ok()) {
        Run(opened.wal.get(), 1, 25, 11, &outcome);
        // Trying again is what the log must not fall for: a sync that "succeeds" now has saved nothing.
        if (opened.wal->Sync().ok()) outcome.synced = outcome.appended;
        const Status flushed = opened.wal->Flush();
        if (!flushed.ok()) {  // poisoned: everything says the same, though the fault is long over
          EXPECT_EQ(opened.wal->Append(99, "x").status().message(), flushed.message());
          EXPECT_EQ(opened.wal->Sync().message(), flushed.message());
          EXPECT_EQ(opened.wal->Reserve(1).message(), flushed.message());
          EXPECT(!opened.wal->Close().ok());
        }
      }
    }
    env.Restart(op);
    ExpectPrefix(Recover(&env, 0), outcome.synced, outcome.attempted);
  }
}

TEST("a failed sync is never taken back by a later one") {
  for (uint64_t op = 1; op <= 3; ++op) {  // zeros ahead, the records, the sync
    SimEnv env(1);
    Recovered opened = Recover(&env, 0);
    EXPECT_OK(opened.wal->Reserve(100));
    EXPECT_OK(opened.wal->Append(1, PayloadOf(1)).status());
    env.FailAt(env.io_count() + op, SimEnv::Fault::kIoError);
    EXPECT(opened.wal->Sync().code() == Code::kIoError);
    EXPECT(opened.wal->Sync().code() == Code::kIoError);
    EXPECT_EQ(opened.wal->synced_lsn(), 0u);
  }
}

TEST("a recovery that drops several segments may itself be interrupted anywhere") {
  bool complete = false;
  for (uint64_t op = 1; !complete; ++op) {
    SimEnv env(op);
    {
      Recovered opened = Recover(&env, 0);
      Outcome outcome;
      Run(opened.wal.get(), 1, 5, 1, &outcome);
      EXPECT_OK(opened.wal->Sync());
      for (Timestamp ts = 6; ts <= 80; ++ts) {
        EXPECT_OK(opened.wal->Reserve(PayloadOf(ts).size()));
        EXPECT_OK(opened.wal->Append(ts, PayloadOf(ts)).status());
      }
      EXPECT_OK(opened.wal->Flush());
    }
    env.RestartProcess();
    const auto names = env.ListDir(kDir).value();
    EXPECT(names.size() >= 4);
    env.FlipBits(JoinPath(kDir, names[0]), env.Contents(JoinPath(kDir, names[0])).size() - 100, 1);
    env.CrashAt(env.io_count() + op);
    complete = Recover(&env, 0).status.ok();
    env.Restart(op);
    const Recovered recovered = Recover(&env, 0);
    ExpectPrefix(recovered, 5, 79);
    EXPECT_EQ(env.ListDir(kDir).value().size(), 1u);
  }
}

TEST("one sync covers every segment that was filled since the last") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimEnv env(seed);
    {
      Recovered opened = Recover(&env, 0);
      AppendAll(opened.wal.get(), 1, 120);
      EXPECT(opened.wal->stats().segments > 8);
      EXPECT_OK(opened.wal->Sync());
    }
    env.Restart(seed);
    ExpectPrefix(Recover(&env, 0), 120, 120);
  }
}

TEST("a full disk refuses a reserve without a trace, and work goes on once there is room") {
  SimEnv env(6);
  Recovered opened = Recover(&env, 0);
  Outcome outcome;
  Run(opened.wal.get(), 1, 20, 6, &outcome);
  EXPECT_OK(opened.wal->Sync());
  const auto names = env.ListDir(kDir).value();
  const uint64_t used = env.used_bytes();
  env.LimitDisk(used + 10'000);
  const Lsn end = opened.wal->end_lsn();
  EXPECT(opened.wal->Reserve(100'000).code() == Code::kDiskFull);
  EXPECT(env.ListDir(kDir).value() == names);
  EXPECT_EQ(env.used_bytes(), used);
  EXPECT_EQ(opened.wal->end_lsn(), end);
  env.LimitDisk(0);
  Run(opened.wal.get(), 21, 20, 6, &outcome);
  EXPECT_EQ(outcome.appended, 40u);
  EXPECT_OK(opened.wal->Close());
  const Lsn closed = opened.wal->synced_lsn();
  opened.wal.reset();
  ExpectPrefix(Recover(&env, closed), 40, 40);
}

TEST("committers and a syncing thread in any order: what was acknowledged survives the crash") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 3; ++seed) {
    SimEnv env(seed);
    Timestamp acknowledged = 0;
    Timestamp attempted = 0;
    {
      Recovered opened = Recover(&env, 0);
      Wal* wal = opened.wal.get();
      Mutex mutex(&env);  // guards the two counters' pairing with LSNs
      std::vector<std::pair<Lsn, Timestamp>> pending;
      bool done = false;
      env.CrashAt(env.io_count() + 1 + seed * 7 % 150);
      auto syncer = env.StartThread("syncer", [&] {
        while (!done) {
          env.SleepMicros(20);
          if (!wal->Sync().ok()) return;
          const Lsn synced = wal->synced_lsn();
          const MutexLock lock(&mutex);
          for (const auto& [lsn, ts] : pending) {
            if (lsn <= synced) acknowledged = std::max(acknowledged, ts);
          }
        }
      });
      for (Timestamp ts = 1; ts <= 60; ++ts) {
        const std::string payload = PayloadOf(ts);
        if (!wal->Reserve(payload.size()).ok()) break;
        attempted = ts;
        const auto end = wal->Append(ts, payload);
        if (!end.ok()) break;
        {
          const MutexLock lock(&mutex);
          pending.emplace_back(end.value(), ts);
        }
        if (ts % 2 == 0 && !wal->Flush().ok()) break;
      }
      done = true;
      syncer->Join();
    }
    env.Restart(seed);
    ExpectPrefix(Recover(&env, 0), acknowledged, attempted);
  }
}

}  // namespace
}  // namespace sochdb::wal_crash_test
