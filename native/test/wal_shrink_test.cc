// A log that gives space back: sealed, let go of as a whole, trimmed; and goes on from there, whatever a crash leaves.

#include <algorithm>

#include "test/wal_world.h"

namespace sochdb::wal_shrink_test {
namespace {

using namespace test;

WalOptions From(Lsn first_lsn) {
  WalOptions options = SmallSegments();
  options.first_lsn = first_lsn;
  return options;
}

size_t FilesOf(SimEnv* env) { return env->ListDir(kDir).value().size(); }

TEST("a log that nothing needs is let go of as a whole once it is sealed, and goes on where it ended") {
  for (const bool clean : {true, false}) {
    SimEnv env(1);
    Recovered opened = Recover(&env, 0);
    Wal* wal = opened.wal.get();
    AppendAll(wal, 1, 50);
    EXPECT_OK(wal->Sync());
    const Lsn end = wal->end_lsn();
    EXPECT_OK(wal->DeleteBefore(end));
    EXPECT_EQ(FilesOf(&env), 1u);  // what comes next would stand in it
    wal->Seal();
    EXPECT_OK(wal->DeleteBefore(end - 1));
    EXPECT_EQ(FilesOf(&env), 1u);
    EXPECT_OK(wal->DeleteBefore(end));
    EXPECT_OK(wal->Trim());
    EXPECT_EQ(FilesOf(&env), 0u);
    EXPECT_EQ(env.used_bytes(), 0u);
    EXPECT_EQ(wal->stats().total_bytes, 0u);
    EXPECT_EQ(wal->stats().segments, 0u);
    EXPECT_EQ(wal->stats().oldest_lsn, end);
    EXPECT_OK(wal->Sync());
    EXPECT_EQ(wal->end_lsn(), end);
    EXPECT(Wal::Verify(&env, kDir, wal->synced_lsn(), end).value().errors.empty());
    if (clean) EXPECT_OK(wal->Close());
    opened.wal.reset();
    env.Restart(1);

    opened = Recover(&env, clean ? end : 0, From(end));
    EXPECT_OK(opened.status);
    EXPECT_EQ(opened.report.end_lsn, end);
    EXPECT(opened.read.empty() && !opened.report.torn);
    AppendAll(opened.wal.get(), 51, 60);
    EXPECT_OK(opened.wal->Close());
    EXPECT(opened.wal->synced_lsn() > end);
    opened = Recover(&env, opened.wal->synced_lsn(), From(end));
    EXPECT_EQ(opened.read.size(), 10u);
    EXPECT_EQ(opened.read.front(), 51u);
  }
}

TEST("what is written and not synced is not let go of, whoever needs it no more") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0);
  Wal* wal = opened.wal.get();
  AppendAll(wal, 1, 50);
  EXPECT_OK(wal->Sync());
  const Lsn synced = wal->synced_lsn();
  AppendAll(wal, 51, 100);
  EXPECT_OK(wal->Flush());
  wal->Seal();
  const size_t files = FilesOf(&env);
  EXPECT(files > 2);
  EXPECT_OK(wal->DeleteBefore(wal->end_lsn()));
  EXPECT(wal->stats().oldest_lsn <= synced);
  opened.wal.reset();
  env.Restart(1);
  opened = Recover(&env, 0, From(synced));
  EXPECT_OK(opened.status);
  EXPECT(opened.report.end_lsn >= synced);
}

TEST("an empty log is no end of one that was acknowledged further") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0);
  AppendAll(opened.wal.get(), 1, 50);
  EXPECT_OK(opened.wal->Close());
  const Lsn end = opened.wal->synced_lsn();
  const std::vector<std::string> names = env.ListDir(kDir).value();
  for (const std::string& name : names) env.Vanish(JoinPath(kDir, name));
  EXPECT(Recover(&env, end, From(end - 1)).status.code() == Code::kCorruption);
  EXPECT_OK(Recover(&env, end, From(end)).status);
}

TEST("sealed with more to come, a segment is let go of like any other, and the log stays whole meanwhile") {
  SimEnv env(2);
  Recovered opened = Recover(&env, 0);
  Wal* const wal = opened.wal.get();
  AppendAll(wal, 1, 3);
  wal->Seal();
  EXPECT_OK(wal->Sync());  // pads behind the seal, or not: nothing is lost
  AppendAll(wal, 4, 6);
  EXPECT_OK(wal->Flush());
  EXPECT_EQ(FilesOf(&env), 2u);
  env.RestartProcess();
  opened = Recover(&env, 0);
  ExpectPrefix(opened, 6, 6);
}

TEST("trimming gives back spares and what is allocated behind the end, and what is reserved next takes space again") {
  SimEnv env(3);
  WalOptions options = SmallSegments();
  options.segment_bytes = 64 * 1024 * 1024;
  Recovered opened = Recover(&env, 0, options);
  Wal* const wal = opened.wal.get();
  AppendAll(wal, 1, 5);
  EXPECT_OK(wal->Reserve(100 * 1024 * 1024));  // a spare
  EXPECT(env.used_bytes() > 100 * 1024 * 1024);
  EXPECT(wal->stats().spare_segments > 0);
  EXPECT_OK(wal->Sync());
  EXPECT_OK(wal->Trim());
  EXPECT_EQ(FilesOf(&env), 1u);
  EXPECT(env.used_bytes() <= wal->end_lsn() + 4096);
  EXPECT_EQ(wal->stats().spare_segments, 0u);
  EXPECT_EQ(wal->stats().allocated_bytes, 0u);
  env.LimitDisk(env.used_bytes());
  EXPECT(wal->Reserve(3000).code() == Code::kDiskFull);
  EXPECT_EQ(FilesOf(&env), 1u);
  env.LimitDisk(0);
  AppendAll(wal, 6, 6);
  EXPECT(env.used_bytes() >= 1024 * 1024);
  EXPECT(env.used_bytes() < 2 * 1024 * 1024);  // small steps again
  EXPECT_OK(wal->Close());
  ExpectPrefix(Recover(&env, wal->synced_lsn(), options), 6, 6);
}

TEST("what is buffered and not written is not trimmed away") {
  SimEnv env(4);
  Recovered opened = Recover(&env, 0);
  AppendAll(opened.wal.get(), 1, 40);
  EXPECT_OK(opened.wal->Sync());
  const Lsn first_lsn = opened.wal->synced_lsn();
  EXPECT_OK(opened.wal->ReleaseBefore(first_lsn));
  EXPECT(opened.wal->stats().spare_segments > 0);
  EXPECT_OK(opened.wal->Reserve(100));
  EXPECT_OK(opened.wal->Append(41, std::string(100, 'x')).status());
  EXPECT_OK(opened.wal->Trim());
  EXPECT_OK(opened.wal->Flush());
  EXPECT_OK(opened.wal->Close());
  Timestamp last = 0;
  const auto visit = [&last](const WalEntry& entry) {
    last = entry.commit_ts;
    return Status();
  };
  EXPECT_OK(Wal::Open(&env, kDir, From(first_lsn), opened.wal->synced_lsn(), visit, nullptr).status());
  EXPECT_EQ(last, 41u);
}

// What a program knows that lets go of its log: below first_lsn nothing is needed, transactions up to `checkpoint` are
// elsewhere.
struct World {
  Lsn first_lsn = 0;
  Timestamp checkpoint = 0;
  Outcome outcome;
  uint64_t emptied = 0;  // times that nothing was left of the log
};

// Appends, flushes, syncs, releases; now and then seals and deletes all, and trims. Until something fails.
void RunShrinking(Wal* wal, Timestamp first, uint64_t count, uint64_t seed, World* world) {
  SimRandom random(seed * 31 + first);
  Outcome& outcome = world->outcome;
  for (Timestamp ts = first; ts < first + count; ++ts) {
    const std::string payload = PayloadOf(ts);
    if (!wal->Reserve(payload.size()).ok()) return;
    outcome.attempted = ts;
    if (!wal->Append(ts, payload).ok()) return;
    outcome.appended = ts;
    if (random.OneIn(2) && !wal->Flush().ok()) return;
    if (random.OneIn(12)) wal->Seal();
    if (random.OneIn(12) && !wal->Trim().ok()) return;
    if (!random.OneIn(4)) continue;
    if (!wal->Sync().ok()) return;
    outcome.synced = ts;
    if (!random.OneIn(3)) continue;
    world->first_lsn = wal->end_lsn();
    world->checkpoint = ts;
    if (random.OneIn(2)) wal->Seal();
    if (!(random.OneIn(2) ? wal->DeleteBefore(world->first_lsn) : wal->ReleaseBefore(world->first_lsn)).ok()) return;
    if (wal->stats().segments == 0) ++world->emptied;
    if (random.OneIn(2) && !wal->Trim().ok()) return;
  }
}

// Everything behind the checkpoint that was synced is there, in order, and nothing that was never written.
void ExpectSince(const Recovered& recovered, const World& world) {
  EXPECT_OK(recovered.status);
  const auto& read = recovered.read;
  for (size_t i = 1; i < read.size(); ++i) EXPECT_EQ(read[i], read[i - 1] + 1);
  const Timestamp last = read.empty() ? world.checkpoint : std::max(world.checkpoint, read.back());
  EXPECT(read.empty() || read.front() <= world.checkpoint + 1);
  EXPECT(last >= world.outcome.synced && last <= world.outcome.attempted);
  EXPECT(recovered.report.end_lsn >= world.first_lsn);
}

constexpr uint64_t kTransactions = 60;

uint64_t CountShrinking(uint64_t seed) {
  SimEnv env(seed);
  Recovered opened = Recover(&env, 0);
  World world;
  RunShrinking(opened.wal.get(), 1, kTransactions, seed, &world);
  EXPECT_EQ(world.outcome.appended, kTransactions);
  EXPECT(world.emptied >= 1);
  EXPECT_OK(opened.wal->Close());
  return env.io_count();
}

void RunAndCloseShrinking(SimEnv* env, uint64_t seed, World* world) {
  Recovered opened = Recover(env, 0);
  if (!opened.status.ok()) return;
  RunShrinking(opened.wal.get(), 1, kTransactions, seed, world);
  if (world->outcome.appended != kTransactions || !opened.wal->Close().ok()) return;
  world->outcome.synced = kTransactions;
  world->outcome.closed_lsn = opened.wal->synced_lsn();
}

TEST("after a power loss at any operation of a log that shrinks, all that is needed is there, and it goes on") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) / 4 + 2; ++seed) {
    const uint64_t operations = CountShrinking(seed);
    for (uint64_t op = 1; op <= operations + 1; ++op) {
      SimEnv env(seed);
      World world;
      env.CrashAt(op);
      RunAndCloseShrinking(&env, seed, &world);
      env.CrashNow();
      env.Restart(seed * 1000 + op);
      Recovered recovered = Recover(&env, world.outcome.closed_lsn, From(world.first_lsn));
      ExpectSince(recovered, world);
      if (!recovered.status.ok()) continue;
      const Timestamp kept = recovered.read.empty() ? world.checkpoint : std::max(world.checkpoint, recovered.read.back());
      world.outcome.attempted = world.outcome.synced = kept;
      env.CrashAt(env.io_count() + 1 + op % 90);
      RunShrinking(recovered.wal.get(), kept + 1, 40, seed, &world);
      recovered.wal.reset();
      env.Restart(op);
      ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
    }
  }
}

TEST("after the process dies at any operation of a log that shrinks, all that was written out is there") {
  const uint64_t operations = CountShrinking(3);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(3);
    World world;
    env.CrashAt(op);
    RunAndCloseShrinking(&env, 3, &world);
    env.RestartProcess();
    ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
  }
}

TEST("a failing operation of a log that shrinks loses nothing that was synced") {
  const uint64_t operations = CountShrinking(5);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(5);
    World world;
    env.FailAt(op, op % 2 == 0 ? SimEnv::Fault::kIoError : SimEnv::Fault::kNoSpace);
    {
      Recovered opened = Recover(&env, 0);
      if (opened.status.ok()) {
        RunShrinking(opened.wal.get(), 1, kTransactions, 5, &world);
        const Timestamp next = world.outcome.attempted + 1;  // as after an error that passed
        if (opened.wal->Sync().ok()) {
          world.outcome.synced = world.outcome.appended;
          if (world.outcome.appended == world.outcome.attempted) RunShrinking(opened.wal.get(), next, 30, 6, &world);
        }
      }
    }
    env.Restart(op);
    ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
  }
}

TEST("a log may shrink while another thread syncs it") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 3; ++seed) {
    SimEnv env(seed);
    Recovered opened = Recover(&env, 0);
    Wal* const wal = opened.wal.get();
    bool done = false;
    auto syncer = env.StartThread("syncer", [&] {
      while (!done) EXPECT_OK(wal->Sync());
    });
    Lsn first_lsn = 0;
    Timestamp checkpoint = 0;
    for (Timestamp ts = 1; ts <= 60; ++ts) {
      AppendAll(wal, ts, ts);
      if (ts % 7 == 0) wal->Seal();
      if (ts % 5 == 0) EXPECT_OK(wal->Trim());
      if (ts % 9 != 0) continue;
      const Lsn synced = wal->synced_lsn();
      if (synced < wal->end_lsn()) continue;
      first_lsn = synced;
      checkpoint = ts;
      EXPECT_OK(wal->DeleteBefore(first_lsn));
    }
    done = true;
    syncer->Join();
    EXPECT_OK(wal->Close());
    const Recovered again = Recover(&env, wal->synced_lsn(), From(first_lsn));
    EXPECT_OK(again.status);
    EXPECT(!again.read.empty() && again.read.back() == 60u && again.read.front() <= checkpoint + 1);
  }
}

}  // namespace
}  // namespace sochdb::wal_shrink_test
