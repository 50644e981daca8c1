// The log in a hostile world: crashes at every operation, torn sectors, flipped bits, failing disks.

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "env/path.h"
#include "env/sync.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "wal/wal.h"
#include "wal/wal_format.h"

namespace sochdb {
namespace {

constexpr const char* kDir = "/db/wal";

WalOptions SmallSegments() {
  WalOptions options;
  options.segment_bytes = 8 * 1024;
  options.max_record_bytes = 1024;
  options.buffer_bytes = 2 * 1024;
  return options;
}

std::string Payload(uint64_t ts, size_t bytes) {
  std::string payload(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<char>(HashNumber(ts * 1'000'003 + i) & 0xff);
  return payload;
}

// The transaction with timestamp ts is always the same, so what is read can be checked without a record of what was written.
std::string PayloadOf(Timestamp ts) {
  SimRandom random(ts);
  const uint64_t size = random.OneIn(6) ? random.Below(6000) : random.Below(600);
  return Payload(ts, size);
}

// What a run left behind, as far as the program knows.
struct Outcome {
  Timestamp attempted = 0;  // the last transaction that Append was called for
  Timestamp appended = 0;   // the last that Append took
  Timestamp flushed = 0;
  Timestamp synced = 0;
  bool closed = false;
  Lsn closed_lsn = 0;
};

struct Recovered {
  Status status;
  WalReport report;
  std::vector<Timestamp> read;
  std::unique_ptr<Wal> wal;
};

Recovered Recover(SimEnv* env, Lsn synced_end_lsn) {
  Recovered result;
  result.status = env->CreateDir("/db");
  if (result.status.ok()) result.status = env->SyncDir("/");
  if (!result.status.ok()) return result;
  auto opened = Wal::Open(
      env, kDir, SmallSegments(), synced_end_lsn,
      [&result](const WalEntry& entry) {
        EXPECT_EQ(std::string(entry.payload), PayloadOf(entry.commit_ts));
        result.read.push_back(entry.commit_ts);
        return Status();
      },
      &result.report);
  result.status = opened.status();
  if (opened.ok()) result.wal = std::move(opened).value();
  return result;
}

// Appends transactions from `first` on, flushing and syncing now and then, until `count` are in or something fails.
void Run(Wal* wal, Timestamp first, uint64_t count, uint64_t seed, Outcome* outcome) {
  SimRandom random(seed);
  for (Timestamp ts = first; ts < first + count; ++ts) {
    const std::string payload = PayloadOf(ts);
    if (!wal->Reserve(payload.size()).ok()) return;
    outcome->attempted = ts;
    if (!wal->Append(ts, payload).ok()) return;
    outcome->appended = ts;
    if (random.OneIn(2)) {
      if (!wal->Flush().ok()) return;
      outcome->flushed = ts;
    }
    if (random.OneIn(4)) {
      if (!wal->Sync().ok()) return;
      outcome->synced = outcome->flushed = ts;
    }
  }
}

void RunAndClose(SimEnv* env, uint64_t count, uint64_t seed, Outcome* outcome) {
  Recovered opened = Recover(env, 0);
  if (!opened.status.ok()) return;
  Run(opened.wal.get(), 1, count, seed, outcome);
  if (outcome->appended == count && opened.wal->Close().ok()) {
    outcome->closed = true;
    outcome->closed_lsn = opened.wal->synced_lsn();
    outcome->synced = outcome->flushed = count;
  }
}

// 1, 2, … n without a hole, with everything that must be there and nothing that was never written.
void ExpectPrefix(const Recovered& recovered, Timestamp at_least, Timestamp at_most) {
  EXPECT_OK(recovered.status);
  for (size_t i = 0; i < recovered.read.size(); ++i) EXPECT_EQ(recovered.read[i], i + 1);
  EXPECT(recovered.read.size() >= at_least);
  EXPECT(recovered.read.size() <= at_most);
}

uint64_t CountOperations(uint64_t transactions, uint64_t seed) {
  SimEnv env(seed);
  Outcome outcome;
  RunAndClose(&env, transactions, seed, &outcome);
  EXPECT(outcome.closed);
  return env.io_count();
}

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

TEST("any flipped bit of a log that was closed cleanly is found, by opening and by verifying") {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    SimEnv env(seed);
    Outcome outcome;
    RunAndClose(&env, 30, seed, &outcome);
    EXPECT(outcome.closed);
    const auto files = env.ListDir(kDir);
    EXPECT(files.value().size() >= 2);
    for (const std::string& name : files.value()) {
      const std::string path = JoinPath(kDir, name);
      const uint64_t size = env.Contents(path).size();
      for (uint64_t offset = 0; offset < size; ++offset) {
        const auto mask = static_cast<uint8_t>(1u << (HashNumber(offset) % 8));
        env.FlipBits(path, offset, mask);
        const Recovered recovered = Recover(&env, outcome.closed_lsn);
        EXPECT(recovered.status.code() == Code::kCorruption);
        for (const char* detail : {"file", "offset", "expected", "actual"}) {
          const auto& details = recovered.status.details();
          EXPECT(std::any_of(details.begin(), details.end(), [detail](const auto& d) { return d.first == detail; }));
        }
        if (offset % 16 == 0) {
          const auto report = Wal::Verify(&env, kDir, outcome.closed_lsn);
          EXPECT(report.ok() && report.value().errors.size() == 1);
          if (report.ok() && !report.value().errors.empty()) EXPECT_EQ(report.value().errors[0].file, path);
        }
        env.FlipBits(path, offset, mask);
      }
    }
    ExpectPrefix(Recover(&env, outcome.closed_lsn), 30, 30);
  }
}

TEST("a flipped bit after a crash is found or cuts the tail, and never gives wrong data") {
  SimEnv env(3);
  Outcome outcome;
  {
    Recovered opened = Recover(&env, 0);
    Run(opened.wal.get(), 1, 30, 3, &outcome);
    EXPECT_OK(opened.wal->Flush());
  }
  env.RestartProcess();
  uint64_t found = 0;
  uint64_t cut = 0;
  const auto names = env.ListDir(kDir).value();
  for (const std::string& name : names) {
    const std::string path = JoinPath(kDir, name);
    const uint64_t size = env.Contents(path).size();
    for (uint64_t offset = 0; offset < size; offset += 3) {
      env.FlipBits(path, offset, 0x10);
      // Verify only looks; opening would act on what it finds.
      const auto report = Wal::Verify(&env, kDir, 0);
      EXPECT_OK(report.status());
      if (!report.value().errors.empty()) ++found;
      else if (report.value().torn) ++cut;
      EXPECT(report.value().entries <= 30);
      env.FlipBits(path, offset, 0x10);
    }
  }
  EXPECT(found > 1000 && cut > 100);
}

TEST("damage before data that later records know to be synced is corruption, even after a crash") {
  SimEnv env(5);
  std::string path;
  {
    Recovered opened = Recover(&env, 0);
    for (Timestamp ts = 1; ts <= 3; ++ts) {
      EXPECT_OK(opened.wal->Reserve(PayloadOf(ts).size()));
      EXPECT_OK(opened.wal->Append(ts, PayloadOf(ts)).status());
      EXPECT_OK(opened.wal->Sync());
    }
  }
  env.RestartProcess();
  path = JoinPath(kDir, NumberedFileName(1, kWalExtension));
  env.FlipBits(path, kWalSegmentHeaderBytes + 50, 1);  // in transaction 1; 2 and 3 were written after it was synced
  const Recovered recovered = Recover(&env, 0);
  EXPECT(recovered.status.code() == Code::kCorruption);
  EXPECT(recovered.read.empty());
  env.FlipBits(path, kWalSegmentHeaderBytes + 50, 1);
  env.FlipBits(path, 100, 1);  // in the header: its records still prove what it held
  EXPECT(Recover(&env, 0).status.code() == Code::kCorruption);
}

TEST("a torn tail is cut and reported with its LSN and size, once") {
  SimEnv env(9);
  Lsn whole = 0;
  {
    Recovered opened = Recover(&env, 0);
    for (Timestamp ts = 1; ts <= 3; ++ts) {
      EXPECT_OK(opened.wal->Reserve(PayloadOf(ts).size()));
      EXPECT_OK(opened.wal->Append(ts, PayloadOf(ts)).status());
      if (ts == 2) EXPECT_OK(opened.wal->Sync());
      if (ts == 2) whole = opened.wal->end_lsn();
    }
    EXPECT_OK(opened.wal->Flush());
  }
  env.RestartProcess();
  const std::string path = JoinPath(kDir, NumberedFileName(1, kWalExtension));
  env.FlipBits(path, whole + 60, 1);
  Recovered recovered = Recover(&env, 0);
  ExpectPrefix(recovered, 2, 2);
  EXPECT(recovered.report.torn);
  EXPECT_EQ(recovered.report.torn_lsn, whole);
  EXPECT_EQ(recovered.report.torn_bytes, kWalRecordHeaderBytes + PayloadOf(3).size());
  EXPECT_EQ(recovered.report.end_lsn, whole);
  EXPECT_OK(recovered.wal->Close());
  EXPECT(!Recover(&env, recovered.wal->synced_lsn()).report.torn);
}

TEST("a missing segment in the middle is corruption, and so is a log that ends before its clean close") {
  for (const uint64_t gone : {1u, 2u, 3u}) {
    SimEnv env(2);
    Outcome outcome;
    RunAndClose(&env, 60, 2, &outcome);
    EXPECT(env.ListDir(kDir).value().size() >= 4);
    env.Vanish(JoinPath(kDir, NumberedFileName(gone, kWalExtension)));
    EXPECT(Recover(&env, 0).status.code() == Code::kCorruption);
    const auto report = Wal::Verify(&env, kDir, 0);
    EXPECT(report.ok() && report.value().errors.size() == 1);
  }
  SimEnv env(2);
  Outcome outcome;
  RunAndClose(&env, 60, 2, &outcome);
  const std::string last = JoinPath(kDir, env.ListDir(kDir).value().back());
  env.Cut(last, env.Contents(last).size() - 1);
  EXPECT(Recover(&env, outcome.closed_lsn).status.code() == Code::kCorruption);
  env.Vanish(last);
  EXPECT(Recover(&env, outcome.closed_lsn).status.code() == Code::kCorruption);
}

TEST("verifying reads on behind damage and counts what is still whole") {
  SimEnv env(4);
  Outcome outcome;
  RunAndClose(&env, 60, 4, &outcome);
  const auto clean = Wal::Verify(&env, kDir, outcome.closed_lsn);
  EXPECT(clean.ok() && clean.value().entries == 60 && clean.value().errors.empty());
  const auto names = env.ListDir(kDir).value();
  env.FlipBits(JoinPath(kDir, names[0]), 600, 1);
  env.FlipBits(JoinPath(kDir, names[1]), 2000, 1);
  env.FlipBits(JoinPath(kDir, names[2]), 20, 1);  // a header: its whole segment cannot be read
  const auto report = Wal::Verify(&env, kDir, outcome.closed_lsn);
  EXPECT_OK(report.status());
  EXPECT_EQ(report.value().errors.size(), 3u);
  EXPECT(report.value().entries > 20 && report.value().entries < 60);
  EXPECT_EQ(report.value().end_lsn, outcome.closed_lsn);
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

std::string SegmentPath(uint64_t number) { return JoinPath(kDir, NumberedFileName(number, kWalExtension)); }

void Append(Wal* wal, Timestamp first, Timestamp last) {
  for (Timestamp ts = first; ts <= last; ++ts) {
    EXPECT_OK(wal->Reserve(PayloadOf(ts).size()));
    EXPECT_OK(wal->Append(ts, PayloadOf(ts)).status());
  }
}

TEST("one sync covers every segment that was filled since the last") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimEnv env(seed);
    {
      Recovered opened = Recover(&env, 0);
      Append(opened.wal.get(), 1, 120);
      EXPECT(opened.wal->stats().segments > 8);
      EXPECT_OK(opened.wal->Sync());
    }
    env.Restart(seed);
    ExpectPrefix(Recover(&env, 0), 120, 120);
  }
}

TEST("a segment that is missing behind a damaged tail is still corruption") {
  SimEnv env(1);
  {
    Recovered opened = Recover(&env, 0);
    Append(opened.wal.get(), 1, 60);
    EXPECT_OK(opened.wal->Flush());
  }
  env.RestartProcess();
  env.FlipBits(SegmentPath(1), env.Contents(SegmentPath(1)).size() - 10, 1);
  EXPECT(Wal::Verify(&env, kDir, 0).value().torn);  // nothing was synced: so far it may be a torn tail
  env.Vanish(SegmentPath(2));
  EXPECT(Recover(&env, 0).status.code() == Code::kCorruption);
}

std::vector<Timestamp> ReadTimestamps(SimEnv* env, std::unique_ptr<Wal>* wal) {
  std::vector<Timestamp> read;
  auto opened = Wal::Open(
      env, "/wal", SmallSegments(), 0,
      [&read](const WalEntry& entry) {
        read.push_back(entry.commit_ts);
        return Status();
      },
      nullptr);
  EXPECT_OK(opened.status());
  if (opened.ok()) *wal = std::move(opened).value();
  return read;
}

TEST("records of a segment that recovery dropped never come back, even at the same LSN") {
  SimEnv env(1);
  std::unique_ptr<Wal> wal;
  const std::string one_sector = Payload(1, kWalSectorBytes - kWalRecordHeaderBytes);
  const auto append = [&](Timestamp ts) {
    EXPECT_OK(wal->Reserve(one_sector.size()));
    EXPECT_OK(wal->Append(ts, one_sector).status());
  };
  EXPECT(ReadTimestamps(&env, &wal).empty());
  for (Timestamp ts = 1; ts <= 30; ++ts) append(ts);  // two full segments of 15
  EXPECT_OK(wal->Flush());
  wal.reset();
  env.RestartProcess();
  const std::string path = JoinPath("/wal", NumberedFileName(2, kWalExtension));
  const std::string before = env.Contents(path);
  env.Overwrite(path, 0, std::string(kWalSegmentHeaderBytes, '\0'));  // its first sector never reached the disk
  EXPECT_EQ(ReadTimestamps(&env, &wal).size(), 15u);
  append(100);
  EXPECT_OK(wal->Sync());
  wal.reset();
  env.RestartProcess();
  // Behind the new record the disk shows what the dropped segment had there, at the very same LSNs.
  env.Overwrite(path, 1024, std::string_view(before).substr(1024));
  const auto read = ReadTimestamps(&env, &wal);
  EXPECT_EQ(read.size(), 16u);
  EXPECT_EQ(read.back(), 100u);
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
}  // namespace sochdb
