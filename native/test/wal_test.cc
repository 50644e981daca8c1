// The log in a well-behaved world: what is appended comes back, in order, through records, segments and reopenings.

#include "wal/wal.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/harness.h"
#include "wal/wal_format.h"

namespace sochdb::wal_test {
namespace {

struct Entry {
  Lsn end_lsn;
  Timestamp commit_ts;
  std::string payload;
  friend bool operator==(const Entry&, const Entry&) = default;
};

WalOptions SmallSegments() {
  WalOptions options;
  options.segment_bytes = 8 * 1024;
  options.max_record_bytes = 1024;
  options.buffer_bytes = 2 * 1024;
  return options;
}

std::string Payload(uint64_t seed, size_t bytes) {
  std::string payload(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<char>(HashNumber(seed * 1'000'003 + i) & 0xff);
  return payload;
}

struct Log {
  std::unique_ptr<Wal> wal;
  WalReport report;
  std::vector<Entry> read;
};

Log OpenLog(Env* env, const WalOptions& options, Lsn synced_end_lsn) {
  Log log;
  auto opened = Wal::Open(
      env, "/db/wal", options, synced_end_lsn,
      [&log](const WalEntry& entry) {
        log.read.push_back({entry.end_lsn, entry.commit_ts, std::string(entry.payload)});
        return Status();
      },
      &log.report);
  EXPECT_OK(opened.status());
  if (opened.ok()) log.wal = std::move(opened).value();
  return log;
}

Entry AppendOne(Wal* wal, Timestamp ts, const std::string& payload) {
  EXPECT_OK(wal->Reserve(payload.size()));
  auto end = wal->Append(ts, payload);
  EXPECT_OK(end.status());
  return {end.ok() ? *end : 0, ts, payload};
}

TEST("transactions of every size come back whole, across records and segments") {
  MemEnv env;
  std::vector<Entry> written;
  Log log = OpenLog(&env, SmallSegments(), 0);
  const size_t sizes[] = {0, 1, 100, 471, 472, 473, 511, 512, 513, 983, 984, 985, 1024, 5000, 8191, 8192, 20'000, 100'000};
  Timestamp ts = 0;
  for (int round = 0; round < 3; ++round) {
    for (const size_t size : sizes) {
      ++ts;
      written.push_back(AppendOne(log.wal.get(), ts, Payload(ts, size)));
      if (ts % 3 == 0) EXPECT_OK(log.wal->Sync());
      if (ts % 5 == 0) EXPECT_OK(log.wal->Flush());
    }
  }
  EXPECT_OK(log.wal->Close());
  EXPECT_EQ(log.wal->synced_lsn(), log.wal->end_lsn());
  const Log again = OpenLog(&env, SmallSegments(), log.wal->end_lsn());
  EXPECT(again.read == written);
  EXPECT_EQ(again.report.entries, written.size());
  EXPECT_EQ(again.report.last_commit_ts, ts);
  EXPECT_EQ(again.report.end_lsn, log.wal->end_lsn());
  EXPECT(!again.report.torn);
}

TEST("a log that is opened, used and closed many times stays one log") {
  MemEnv env;
  std::vector<Entry> written;
  Lsn synced_end = 0;
  for (Timestamp ts = 1; ts <= 40; ++ts) {
    Log log = OpenLog(&env, SmallSegments(), synced_end);
    EXPECT(log.read == written);
    written.push_back(AppendOne(log.wal.get(), ts, Payload(ts, 300)));
    EXPECT_OK(log.wal->Close());
    synced_end = log.wal->synced_lsn();
  }
  // 40 groups of at most two sectors: few segments, since each opening after a clean close goes on in the last one.
  EXPECT(env.ListDir("/db/wal").value().size() <= 6);
}

TEST("opening and closing without writing changes nothing on disk") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  AppendOne(log.wal.get(), 1, "x");
  EXPECT_OK(log.wal->Close());
  const uint64_t bytes = env.total_bytes();
  for (int i = 0; i < 5; ++i) {
    Log idle = OpenLog(&env, SmallSegments(), log.wal->synced_lsn());
    EXPECT_OK(idle.wal->Close());
    EXPECT_EQ(idle.wal->synced_lsn(), log.wal->synced_lsn());
  }
  EXPECT_EQ(env.total_bytes(), bytes);
}

TEST("what was flushed survives the process, what was only appended does not") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  const Entry first = AppendOne(log.wal.get(), 1, "flushed");
  EXPECT_OK(log.wal->Flush());
  EXPECT_EQ(log.wal->flushed_lsn(), log.wal->end_lsn());
  EXPECT(log.wal->synced_lsn() < log.wal->end_lsn());
  AppendOne(log.wal.get(), 2, "buffered");
  log.wal.reset();
  const Log again = OpenLog(&env, SmallSegments(), 0);
  EXPECT(again.read == std::vector<Entry>{first});
  EXPECT(!again.report.torn);
}

TEST("the buffer is written out by itself when it is full") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  for (Timestamp ts = 1; ts <= 20; ++ts) AppendOne(log.wal.get(), ts, Payload(ts, 300));
  EXPECT(log.wal->end_lsn() - log.wal->flushed_lsn() < 2 * 1024);
}

TEST("a synced group ends on a sector boundary of its segment") {
  MemEnv env;
  Log log = OpenLog(&env, WalOptions{}, 0);
  for (size_t size = 0; size < 1100; size += 7) {
    AppendOne(log.wal.get(), size + 1, Payload(size, size));
    EXPECT_OK(log.wal->Sync());
    EXPECT_EQ(log.wal->end_lsn() % kWalSectorBytes, 0u);
  }
  const uint64_t syncs = log.wal->stats().syncs;
  EXPECT_OK(log.wal->Sync());  // nothing new
  EXPECT_EQ(log.wal->stats().syncs, syncs);
}

TEST("a transaction that ends beyond the reserve still finds its place") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  EXPECT_OK(log.wal->Reserve(10));
  EXPECT_OK(log.wal->Append(1, Payload(1, 50'000)).status());
  EXPECT_OK(log.wal->Close());
  EXPECT_EQ(OpenLog(&env, SmallSegments(), log.wal->synced_lsn()).report.entries, 1u);
}

TEST("a transaction above the log's bound is refused before anything is written") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  EXPECT(log.wal->Reserve(kMaxWalTransactionBytes + 1).code() == Code::kLimit);
  EXPECT_EQ(log.wal->end_lsn(), 0u);
  EXPECT_EQ(env.total_bytes(), 0u);
}

TEST("released segments are gone, and the rest is read from there") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  std::vector<Entry> written;
  for (Timestamp ts = 1; ts <= 100; ++ts) written.push_back(AppendOne(log.wal.get(), ts, Payload(ts, 500)));
  EXPECT_OK(log.wal->Sync());
  const uint64_t before = log.wal->stats().segments;
  EXPECT_OK(log.wal->ReleaseBefore(written[60].end_lsn));
  EXPECT(log.wal->stats().segments < before);
  EXPECT(log.wal->stats().oldest_lsn <= written[60].end_lsn);
  EXPECT_OK(log.wal->Close());
  WalOptions options = SmallSegments();
  options.first_lsn = written[60].end_lsn;
  const Log again = OpenLog(&env, options, log.wal->synced_lsn());
  EXPECT(again.read.size() >= 39 && again.read.size() < 100);
  EXPECT(std::equal(again.read.rbegin(), again.read.rend(), written.rbegin()));
  // Whoever still needs the beginning is told that it is missing.
  const auto whole = Wal::Open(
      &env, "/db/wal", SmallSegments(), 0, [](const WalEntry&) { return Status(); }, nullptr);
  EXPECT(whole.status().code() == Code::kCorruption);
}

TEST("an open log verifies clean, and its numbers add up") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  for (Timestamp ts = 1; ts <= 50; ++ts) {
    AppendOne(log.wal.get(), ts, Payload(ts, 700));
    if (ts % 7 == 0) EXPECT_OK(log.wal->Sync());
  }
  EXPECT_OK(log.wal->Flush());
  const auto report = Wal::Verify(&env, "/db/wal", log.wal->synced_lsn());
  EXPECT_OK(report.status());
  EXPECT_EQ(report.value().entries, 50u);
  EXPECT_EQ(report.value().end_lsn, log.wal->end_lsn());
  EXPECT(report.value().errors.empty() && !report.value().torn);
  const Wal::Stats stats = log.wal->stats();
  EXPECT_EQ(stats.entries, 50u);
  EXPECT_EQ(stats.newest_lsn - stats.oldest_lsn, stats.total_bytes);
  EXPECT(stats.segments > 3 && stats.active_bytes <= 8 * 1024);
}

TEST("after it is closed a log takes nothing, and closing again is harmless") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  AppendOne(log.wal.get(), 1, "x");
  EXPECT_OK(log.wal->Close());
  EXPECT(log.wal->Reserve(1).code() == Code::kClosed);
  EXPECT(log.wal->Append(2, "y").status().code() == Code::kClosed);
  EXPECT(log.wal->Flush().code() == Code::kClosed);
  EXPECT_OK(log.wal->Close());
}

TEST("an error of the visitor stops the opening and is passed on") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  AppendOne(log.wal.get(), 1, "x");
  EXPECT_OK(log.wal->Close());
  const auto opened = Wal::Open(
      &env, "/db/wal", SmallSegments(), 0, [](const WalEntry&) { return Status(Code::kCancelled, "enough"); }, nullptr);
  EXPECT(opened.status().code() == Code::kCancelled);
}

TEST("syncs and appends run beside each other") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  std::atomic<bool> done{false};
  auto syncer = env.StartThread("syncer", [&] {
    Lsn before = 0;
    while (!done.load()) {
      EXPECT_OK(log.wal->Sync());
      EXPECT(log.wal->synced_lsn() >= before);
      before = log.wal->synced_lsn();
    }
  });
  for (Timestamp ts = 1; ts <= 2000; ++ts) {
    AppendOne(log.wal.get(), ts, Payload(ts, ts % 700));
    if (ts % 3 == 0) EXPECT_OK(log.wal->Flush());
  }
  done.store(true);
  syncer->Join();
  EXPECT_OK(log.wal->Close());
  EXPECT_EQ(OpenLog(&env, SmallSegments(), log.wal->synced_lsn()).report.entries, 2000u);
}

TEST("a log in a newer format is refused as such") {
  MemEnv env;
  Log log = OpenLog(&env, SmallSegments(), 0);
  AppendOne(log.wal.get(), 1, "x");
  EXPECT_OK(log.wal->Close());
  const std::string path = JoinPath("/db/wal", NumberedFileName(1, kWalExtension));
  std::string bytes;
  EXPECT_OK(ReadWholeFile(&env, path, &bytes));
  EncodeFixed32(bytes.data() + 12, kWalFormatVersion + 1);
  EncodeFixed32(bytes.data() + 8, MaskCrc(Crc32c(std::string_view(bytes).substr(12, kWalSegmentHeaderBytes - 12))));
  EXPECT_OK(WriteFileAtomically(&env, "/db/wal", NumberedFileName(1, kWalExtension), bytes));
  const auto opened = Wal::Open(
      &env, "/db/wal", SmallSegments(), 0, [](const WalEntry&) { return Status(); }, nullptr);
  EXPECT(opened.status().code() == Code::kFormatVersion);
}

}  // namespace
}  // namespace sochdb::wal_test
