// The log's space: small at first, taken before a timestamp, and used again once it is released, whatever a crash leaves.

#include <algorithm>

#include "base/bytes.h"
#include "test/wal_world.h"

namespace sochdb::wal_recycle_test {
namespace {

using namespace test;

WalOptions From(Lsn first_lsn) {
  WalOptions options = SmallSegments();
  options.first_lsn = first_lsn;
  return options;
}

// What a program that checkpoints knows: below `first_lsn` nothing is needed, and transactions up to `checkpoint` are
// elsewhere.
struct Checkpointed {
  Lsn first_lsn = 0;
  Timestamp checkpoint = 0;
  uint64_t recycled = 0;
  Outcome outcome;
};

// As Run, with a checkpoint now and then: what is synced is taken for durable elsewhere, and released.
void RunReleasing(Wal* wal, Timestamp first, uint64_t count, uint64_t seed, Checkpointed* world) {
  SimRandom random(seed * 31 + first);
  Outcome& outcome = world->outcome;
  for (Timestamp ts = first; ts < first + count; ++ts) {
    const std::string payload = PayloadOf(ts);
    if (!wal->Reserve(payload.size()).ok()) return;
    outcome.attempted = ts;
    if (!wal->Append(ts, payload).ok()) return;
    outcome.appended = ts;
    if (random.OneIn(2) && !wal->Flush().ok()) return;
    if (!random.OneIn(4)) continue;
    if (!wal->Sync().ok()) return;
    outcome.synced = outcome.flushed = ts;
    if (!random.OneIn(3)) continue;
    world->first_lsn = wal->synced_lsn();
    world->checkpoint = ts;
    const bool released = wal->ReleaseBefore(world->first_lsn).ok();
    world->recycled = wal->stats().recycled_segments;
    if (!released) return;
  }
}

// Everything behind the checkpoint that was synced is there, in order, and nothing that was never written.
void ExpectSince(const Recovered& recovered, const Checkpointed& world) {
  EXPECT_OK(recovered.status);
  const auto& read = recovered.read;
  for (size_t i = 1; i < read.size(); ++i) EXPECT_EQ(read[i], read[i - 1] + 1);
  const Timestamp last = read.empty() ? world.checkpoint : std::max(world.checkpoint, read.back());
  EXPECT(read.empty() || read.front() <= world.checkpoint + 1);
  EXPECT(last >= world.outcome.synced && last <= world.outcome.attempted);
}

uint64_t CountReleasing(uint64_t seed) {
  SimEnv env(seed);
  Recovered opened = Recover(&env, 0);
  Checkpointed world;
  RunReleasing(opened.wal.get(), 1, 90, seed, &world);
  EXPECT_EQ(world.outcome.appended, 90u);
  EXPECT(world.recycled >= 2);
  EXPECT_OK(opened.wal->Close());
  return env.io_count();
}

TEST("released segment files are written again: the log's files and space stay few") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0);
  Checkpointed world;
  uint64_t most = 0;
  for (Timestamp ts = 1; ts <= 600; ts += 30) {
    RunReleasing(opened.wal.get(), ts, 30, 1, &world);
    most = std::max<uint64_t>(most, env.ListDir(kDir).value().size());
  }
  EXPECT_EQ(world.outcome.appended, 600u);
  EXPECT(most <= 12);
  const Wal::Stats stats = opened.wal->stats();
  EXPECT(stats.recycled_segments > 10);
  EXPECT(stats.spare_segments <= 2 + 2);
  EXPECT(stats.allocated_bytes > 0);
  // An open log with spares of an earlier life verifies clean.
  EXPECT_OK(opened.wal->Flush());
  const auto report = Wal::Verify(&env, kDir, opened.wal->synced_lsn(), world.first_lsn);
  EXPECT(report.ok() && report.value().errors.empty() && !report.value().torn);
  EXPECT_OK(opened.wal->Close());
  EXPECT_EQ(opened.wal->stats().spare_segments, 0u);
  Recovered again = Recover(&env, opened.wal->synced_lsn(), From(world.first_lsn));
  world.outcome.synced = 600;
  ExpectSince(again, world);
  EXPECT(!again.report.torn);
}

TEST("without recycling released files are deleted") {
  SimEnv env(1);
  WalOptions options = SmallSegments();
  options.recycle_segments = 0;
  Recovered opened = Recover(&env, 0, options);
  AppendAll(opened.wal.get(), 1, 100);
  EXPECT_OK(opened.wal->Sync());
  EXPECT_OK(opened.wal->ReleaseBefore(opened.wal->synced_lsn()));
  EXPECT_EQ(opened.wal->stats().recycled_segments, 0u);
  EXPECT_EQ(opened.wal->stats().segments, 1u);
  EXPECT(env.ListDir(kDir).value().size() <= 2);
}

TEST("after a power loss at any operation of a log that recycles, all that is needed is there") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) / 4 + 1; ++seed) {
    const uint64_t operations = CountReleasing(seed);
    for (uint64_t op = 1; op <= operations + 1; ++op) {
      SimEnv env(seed);
      Checkpointed world;
      env.CrashAt(op);
      {
        Recovered opened = Recover(&env, 0);
        if (opened.status.ok()) RunReleasing(opened.wal.get(), 1, 90, seed, &world);
        if (op > operations) env.CrashNow();
      }
      env.Restart(seed * 1000 + op);
      Recovered recovered = Recover(&env, 0, From(world.first_lsn));
      ExpectSince(recovered, world);
      if (!recovered.status.ok()) continue;
      // It goes on, recycles again, crashes again.
      const Timestamp kept = recovered.read.empty() ? world.checkpoint : std::max(world.checkpoint, recovered.read.back());
      world.outcome.attempted = world.outcome.synced = kept;
      env.CrashAt(env.io_count() + 1 + op % 90);
      RunReleasing(recovered.wal.get(), kept + 1, 60, seed, &world);
      recovered.wal.reset();
      env.Restart(op);
      ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
    }
  }
}

TEST("after the process dies at any operation of a log that recycles, nothing of an earlier life is read") {
  const uint64_t operations = CountReleasing(3);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(3);
    Checkpointed world;
    env.CrashAt(op);
    {
      Recovered opened = Recover(&env, 0);
      if (opened.status.ok()) RunReleasing(opened.wal.get(), 1, 90, 3, &world);
    }
    env.RestartProcess();
    ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
  }
}

TEST("a failing operation of a log that recycles loses nothing that was synced") {
  const uint64_t operations = CountReleasing(5);
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(5);
    Checkpointed world;
    env.FailAt(op, op % 2 == 0 ? SimEnv::Fault::kIoError : SimEnv::Fault::kNoSpace);
    {
      Recovered opened = Recover(&env, 0);
      if (opened.status.ok()) {
        RunReleasing(opened.wal.get(), 1, 90, 5, &world);
        const Timestamp next = world.outcome.attempted + 1;  // as after an error that passed
        if (opened.wal->Sync().ok()) {
          world.outcome.synced = world.outcome.appended;
          if (world.outcome.appended == world.outcome.attempted) RunReleasing(opened.wal.get(), next, 30, 6, &world);
        }
      }
    }
    env.Restart(op);
    ExpectSince(Recover(&env, 0, From(world.first_lsn)), world);
  }
}

TEST("a log that begins recycled files while it is verified is found sound") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 3; ++seed) {
    SimEnv env(seed);
    Recovered opened = Recover(&env, 0);
    Wal* const wal = opened.wal.get();
    AppendAll(wal, 1, 60);
    EXPECT_OK(wal->Sync());
    const Lsn first_lsn = wal->synced_lsn();
    EXPECT_OK(wal->ReleaseBefore(first_lsn));
    EXPECT_EQ(wal->stats().recycled_segments, 2u);
    bool done = false;
    auto verifier = env.StartThread("verifier", [&] {
      while (!done) {
        const auto report = Wal::Verify(&env, kDir, wal->synced_lsn(), first_lsn);
        EXPECT_OK(report.status());
        if (report.ok()) EXPECT(report.value().errors.empty());
      }
    });
    for (Timestamp ts = 61; ts <= 110; ++ts) {
      AppendAll(wal, ts, ts);
      EXPECT_OK(ts % 3 == 0 ? wal->Sync() : wal->Flush());
    }
    done = true;
    verifier->Join();
    EXPECT(wal->stats().spare_segments <= 1);
  }
}

// A log whose active segment has an earlier life behind its end.
struct Reused {
  explicit Reused(uint64_t seed) : env(seed) {
    Recovered opened = Recover(&env, 0);
    Wal* const wal = opened.wal.get();
    AppendAll(wal, 1, 60);
    EXPECT_OK(wal->Sync());
    EXPECT_OK(wal->ReleaseBefore(wal->synced_lsn()));
    first_lsn = wal->synced_lsn();
    Timestamp ts = 60;
    while (wal->stats().spare_segments > 0 || wal->stats().active_bytes < 2000) {  // until the last spare is begun
      ++ts;
      EXPECT_OK(wal->Reserve(400));
      EXPECT_OK(wal->Append(ts, Payload(ts, 400)).status());
      EXPECT_OK(wal->Sync());
      if (ts > 500) break;
    }
    path = JoinPath(kDir, env.ListDir(kDir).value().back());
    start = wal->end_lsn() - wal->stats().active_bytes;
    end_lsn = wal->end_lsn();
  }

  Recovered Open(Lsn synced_end_lsn) {
    Recovered result;
    auto opened = Wal::Open(
        &env, kDir, From(first_lsn), synced_end_lsn,
        [&result](const WalEntry& entry) {
          result.read.push_back(entry.commit_ts);
          return Status();
        },
        &result.report);
    result.status = opened.status();
    if (opened.ok()) result.wal = std::move(opened).value();
    return result;
  }

  SimEnv env;
  Lsn first_lsn = 0;
  Lsn start = 0;
  Lsn end_lsn = 0;
  std::string path;
};

TEST("an earlier life behind the end of the log is no torn tail") {
  Reused world(1);
  world.env.RestartProcess();
  EXPECT(world.env.Contents(world.path).size() > world.end_lsn - world.start + 500);
  const Recovered recovered = world.Open(0);
  EXPECT_OK(recovered.status);
  EXPECT_EQ(recovered.report.end_lsn, world.end_lsn);
  EXPECT(!recovered.report.torn);
  EXPECT_EQ(world.env.Contents(world.path).size(), world.end_lsn - world.start);
}

TEST("a torn tail in a recycled segment is cut and reported with its LSN and size") {
  Reused torn(1);
  torn.env.RestartProcess();
  // The last synced group is damaged, and nothing proves that it was one.
  const uint64_t offset = torn.end_lsn - torn.start - kWalSectorBytes;
  torn.env.FlipBits(torn.path, offset + 100, 1);
  const Recovered recovered = torn.Open(0);
  EXPECT_OK(recovered.status);
  EXPECT(recovered.report.torn);
  EXPECT_EQ(recovered.report.torn_lsn, torn.start + offset);
  EXPECT_EQ(recovered.report.torn_bytes, kWalSectorBytes);
}

TEST("where a recycled segment's header is lost, its own records count, not those of its earlier life") {
  Reused world(2);
  world.env.RestartProcess();
  world.env.FlipBits(world.path, 100, 1);
  EXPECT(world.Open(0).status.code() == Code::kCorruption);
}

TEST("an old header that comes back over synced records is corruption") {
  Reused world(2);
  world.env.RestartProcess();
  std::string header(kWalSegmentHeaderBytes, '\0');
  WalSegmentHeader old;
  old.salt = 12345;
  old.number = 1;
  old.start_lsn = 0;
  old.segment_bytes = 8 * 1024;
  EncodeWalSegmentHeader(old, header.data());
  world.env.Overwrite(world.path, 0, header);
  EXPECT(world.Open(0).status.code() == Code::kCorruption);
}

TEST("a new log takes little of the disk, a busy one is given more at a time, a closed one keeps nothing") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0, WalOptions{});
  EXPECT_EQ(env.used_bytes(), 0u);
  AppendAll(opened.wal.get(), 1, 1);
  EXPECT_OK(opened.wal->Sync());
  EXPECT(env.used_bytes() <= 1024 * 1024);
  const uint64_t operations = env.io_count();
  const std::string payload(100 * 1024, 'x');
  for (Timestamp ts = 1; ts <= 200; ++ts) {
    EXPECT_OK(opened.wal->Reserve(payload.size()));
    EXPECT_OK(opened.wal->Append(ts, payload).status());
  }
  EXPECT(env.io_count() - operations < 40);  // 20 MiB: a write per MiB, a few allocations
  EXPECT(env.used_bytes() < 64 * 1024 * 1024);
  EXPECT_OK(opened.wal->Close());
  EXPECT(env.used_bytes() < 21 * 1024 * 1024);
  EXPECT_EQ(opened.wal->stats().allocated_bytes, 0u);
}

TEST("a disk that fills between the steps of an allocation refuses the reserve, not the sync") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0, WalOptions{});
  Wal* const wal = opened.wal.get();
  env.LimitDisk(3 * 1024 * 1024);
  const std::string payload(10 * 1024, 'x');
  Timestamp ts = 0;
  Status reserved;
  while ((reserved = wal->Reserve(payload.size())).ok()) {
    EXPECT_OK(wal->Append(++ts, payload).status());
    EXPECT_OK(wal->Sync());
  }
  EXPECT(reserved.code() == Code::kDiskFull);
  EXPECT(ts > 270);  // the last step takes what there is
  EXPECT_OK(wal->Sync());
  EXPECT(wal->Reserve(200 * 1024 * 1024).code() == Code::kDiskFull);
  EXPECT_EQ(env.ListDir(kDir).value().size(), 1u);
  env.LimitDisk(0);
  EXPECT_OK(wal->Reserve(payload.size()));
  EXPECT_OK(wal->Append(++ts, payload).status());
  EXPECT_OK(wal->Close());
}

}  // namespace
}  // namespace sochdb::wal_recycle_test
