// The log in a hostile world, II: flipped bits, missing files, stale sectors.

#include <algorithm>

#include "test/wal_world.h"

namespace sochdb::wal_damage_test {
namespace {

using namespace test;

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

TEST("any flipped bit of a log that was closed cleanly is found, by opening and by verifying") {
  const auto step = static_cast<uint64_t>(Stride(2));
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    SimEnv env(seed);
    Outcome outcome;
    RunAndClose(&env, 30, seed, &outcome);
    EXPECT(outcome.closed);
    const auto segments = SegmentsOf(&env, outcome.closed_lsn);
    EXPECT(segments.size() >= 2);
    for (const auto& [path, size] : segments) {
      EXPECT(env.Contents(path).size() < size + kWalRecordHeaderBytes);  // too little for a record, and nothing is in it
      for (uint64_t offset = Seed() % step; offset < size; offset += step) {
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
  uint64_t flips = 0;
  const auto names = env.ListDir(kDir).value();
  const auto step = static_cast<uint64_t>(Stride(6));
  for (const std::string& name : names) {
    const std::string path = JoinPath(kDir, name);
    const uint64_t size = env.Contents(path).size();
    for (uint64_t offset = Seed() % step; offset < size; offset += step) {
      env.FlipBits(path, offset, 0x10);
      ++flips;
      // Verify only looks; opening would act on what it finds.
      const auto report = Wal::Verify(&env, kDir, 0);
      EXPECT_OK(report.status());
      if (!report.value().errors.empty()) ++found;
      else if (report.value().torn) ++cut;
      EXPECT(report.value().entries <= 30);
      env.FlipBits(path, offset, 0x10);
    }
  }
  EXPECT(found > flips / 8 && cut > flips / 80);
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

TEST("a record that stands in another one's place is none, whole as it is") {
  SimEnv env(1);
  Recovered opened = Recover(&env, 0);
  Lsn before = 0;
  for (Timestamp ts = 1; ts <= 5; ++ts) {
    before = opened.wal->end_lsn();
    const std::string payload = PayloadOf(5);  // all of one size
    EXPECT_OK(opened.wal->Reserve(payload.size()));
    EXPECT_OK(opened.wal->Append(ts, payload).status());
  }
  EXPECT_OK(opened.wal->Flush());
  const Lsn end = opened.wal->end_lsn();
  opened.wal.reset();
  env.RestartProcess();
  const auto names = env.ListDir(kDir).value();
  const std::string path = JoinPath(kDir, names[0]);
  const std::string bytes = env.Contents(path);
  const std::string last = bytes.substr(before, end - before);
  {
    auto file = env.OpenFile(path, OpenMode::kReadWrite);
    EXPECT_OK(file.status());
    EXPECT_OK((*file)->Write(end, last));
  }
  std::vector<Timestamp> read;
  WalReport report;
  const auto visit = [&read](const WalEntry& entry) {
    read.push_back(entry.commit_ts);
    return Status();
  };
  auto again = Wal::Open(&env, kDir, SmallSegments(), 0, visit, &report);
  EXPECT_OK(again.status());
  EXPECT_EQ(read.size(), 5u);
  EXPECT_EQ(report.end_lsn, end);
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

TEST("a segment that is missing behind a damaged tail is still corruption") {
  SimEnv env(1);
  {
    Recovered opened = Recover(&env, 0);
    AppendAll(opened.wal.get(), 1, 60);
    EXPECT_OK(opened.wal->Flush());
  }
  env.RestartProcess();
  env.FlipBits(SegmentPath(1), env.Contents(SegmentPath(1)).size() - 10, 1);
  EXPECT(Wal::Verify(&env, kDir, 0).value().torn);  // nothing was synced: so far it may be a torn tail
  env.Vanish(SegmentPath(2));
  EXPECT(Recover(&env, 0).status.code() == Code::kCorruption);
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

TEST("no bytes crash the reader or make it tell of transactions that never were") {
  const int rounds = SeedCount() * 25;
  for (int round = 0; round < rounds; ++round) {
    SimEnv env(static_cast<uint64_t>(round));
    SimRandom random(static_cast<uint64_t>(round));
    Outcome outcome;
    RunAndClose(&env, 25, 1, &outcome);
    const auto names = env.ListDir(kDir).value();
    for (uint64_t hits = 1 + random.Below(4); hits > 0; --hits) {
      const std::string path = JoinPath(kDir, names[random.Below(names.size())]);
      const uint64_t size = env.Contents(path).size();
      std::string bytes(1 + random.Below(random.OneIn(2) ? 8 : 2000), '\0');
      if (!random.OneIn(3)) {
        for (char& c : bytes) c = static_cast<char>(random.Next() & 0xff);
      } else if (size > bytes.size()) {
        bytes = env.Contents(path).substr(random.Below(size - bytes.size()), bytes.size());  // its own bytes, misdirected
      }
      env.Overwrite(path, random.Below(size), bytes);
    }
    EXPECT_OK(Wal::Verify(&env, kDir, outcome.closed_lsn).status());
    const Recovered strict = Recover(&env, outcome.closed_lsn);
    EXPECT(strict.status.code() == Code::kCorruption || strict.read.size() == 25);
    const Recovered lenient = Recover(&env, 0);  // checks every payload it is given
    for (size_t i = 0; i < lenient.read.size(); ++i) EXPECT_EQ(lenient.read[i], i + 1);
  }
}

}  // namespace
}  // namespace sochdb::wal_damage_test
