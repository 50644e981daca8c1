// The part of the log that tables hold already: opening leaves it unread, whatever became of it; what lies above is judged as
// ever.

#include <algorithm>

#include "test/wal_world.h"

namespace sochdb::wal_needed_test {
namespace {

using namespace test;

struct Read {
  Status status;
  std::vector<Timestamp> timestamps;
  uint64_t operations = 0;  // of I/O
};

std::string ContentOf(Timestamp ts) {
  const auto letter = static_cast<char>('a' + ts % 26);
  return ts % 7 == 0 ? Payload(ts, 3000) : std::string(ts % 5 == 0 ? 9000 : 700, letter);  // some span records and segments
}

Read OpenFrom(SimEnv* env, Lsn first_lsn, Lsn synced_end_lsn, WalOptions options) {
  options.first_lsn = first_lsn;
  Read read;
  const uint64_t before = env->io_count();
  const auto visit = [&read](const WalEntry& entry) {
    EXPECT(entry.payload == ContentOf(entry.commit_ts));
    read.timestamps.push_back(entry.commit_ts);
    return Status();
  };
  read.status = Wal::Open(env, kDir, options, synced_end_lsn, visit, nullptr).status();
  read.operations = env->io_count() - before;
  return read;
}

// A log that was closed, and where each transaction of it ended: ends[0] is its beginning.
struct ClosedLog {
  explicit ClosedLog(SimEnv* env, const WalOptions& options, Timestamp count) {
    EXPECT_OK(env->CreateDir("/db"));
    EXPECT_OK(env->SyncDir("/"));
    auto wal = Wal::Open(
        env, kDir, options, 0, [](const WalEntry&) { return Status(); }, nullptr);
    EXPECT_OK(wal.status());
    ends.push_back(0);
    for (Timestamp ts = 1; ts <= count; ++ts) {
      const std::string content = ContentOf(ts);
      EXPECT_OK((*wal)->Reserve(content.size()));
      Result<Lsn> end = (*wal)->Append(ts, content);
      EXPECT_OK(end.status());
      ends.push_back(*end);
      if (ts % 4 == 0) EXPECT_OK((*wal)->Sync());
    }
    EXPECT_OK((*wal)->Close());
    end_lsn = (*wal)->synced_lsn();
  }
  std::vector<Lsn> ends;
  Lsn end_lsn = 0;
};

void ExpectFrom(const Read& read, Timestamp first, Timestamp last) {
  EXPECT_OK(read.status);
  EXPECT_EQ(read.timestamps.size(), last + 1 - first);
  for (size_t i = 0; i < read.timestamps.size(); ++i) EXPECT_EQ(read.timestamps[i], first + i);
}

TEST("opening hands out what is needed and no more, from every transaction on, compressed or not") {
  for (const CompressionType compression : {CompressionType::kNone, CompressionType::kLz4}) {
    for (Timestamp needed = 1; needed <= 61; ++needed) {
      SimEnv env(needed);
      WalOptions options = SmallSegments();
      options.compression = compression;
      const ClosedLog log(&env, options, 60);
      ExpectFrom(OpenFrom(&env, log.ends[needed - 1], log.end_lsn, options), needed, 60);
    }
  }
}

TEST("the log below what is needed is not read: neither whole segments nor the beginning of one") {
  SimEnv env(1);
  const ClosedLog small(&env, SmallSegments(), 200);  // many segments
  const Read all = OpenFrom(&env, 0, small.end_lsn, SmallSegments());
  ExpectFrom(all, 1, 200);
  const Read part = OpenFrom(&env, small.ends[195], small.end_lsn, SmallSegments());
  ExpectFrom(part, 196, 200);
  const size_t segments = env.ListDir(kDir).value().size();
  EXPECT(segments > 20);
  // A header of each is read either way; of a segment that is needed, its contents: the file is opened again, and read.
  EXPECT(part.operations + 2 * (segments - 5) < all.operations);

  SimEnv other(2);
  WalOptions options = SmallSegments();
  options.segment_bytes = 16 * 1024 * 1024;
  const ClosedLog large(&other, options, 5000);  // one segment of ten MiB, read a MiB at a time
  EXPECT_EQ(other.ListDir(kDir).value().size(), 1u);
  const uint64_t whole = OpenFrom(&other, 0, large.end_lsn, options).operations;
  const uint64_t end = OpenFrom(&other, large.ends[4995], large.end_lsn, options).operations;
  const uint64_t nothing = OpenFrom(&other, large.end_lsn, large.end_lsn, options).operations;
  EXPECT(end + 8 < whole);
  EXPECT(nothing < end);
}

TEST("damage below what is needed keeps no log from opening, and verifying names it; above, opening refuses") {
  for (const CompressionType compression : {CompressionType::kNone, CompressionType::kLz4}) {
    SimEnv env(3);
    WalOptions options = SmallSegments();
    options.compression = compression;
    const ClosedLog log(&env, options, 60);
    const auto segments = SegmentsOf(&env, log.end_lsn);
    EXPECT(segments.size() >= 3);
    for (const Timestamp needed : {Timestamp{17}, Timestamp{40}}) {
      const Lsn first_lsn = log.ends[needed - 1];
      uint64_t below = 0;
      for (const auto& [path, size] : segments) {
        const Lsn start = StartLsnOf(&env, path);
        for (uint64_t offset = kWalSegmentHeaderBytes; offset < size; offset += 23) {
          env.FlipBits(path, offset, 0x40);
          const Read read = OpenFrom(&env, first_lsn, log.end_lsn, options);
          if (start + offset < first_lsn) {
            ExpectFrom(read, needed, 60);
            ++below;
            const Result<WalReport> report = Wal::Verify(&env, kDir, log.end_lsn, first_lsn);
            EXPECT(report.ok() && report.value().errors.size() == 1 && report.value().errors[0].file == path);
          } else {
            EXPECT(read.status.code() == Code::kCorruption);
          }
          env.FlipBits(path, offset, 0x40);
        }
      }
      EXPECT(below > 100);
    }
  }
}

TEST("an LSN where no record begins is no place to go on from: all is read") {
  SimEnv env(4);
  const ClosedLog log(&env, SmallSegments(), 6);
  // The fifth transaction spans records: its second one begins behind the first, which is as long as records get.
  const Lsn fifth = log.ends[4] + (kWalSectorBytes - log.ends[4] % kWalSectorBytes) % kWalSectorBytes;  // behind the sync's pad
  const Lsn second_record = fifth + kWalRecordHeaderBytes + SmallSegments().max_record_bytes;
  for (const Lsn first_lsn : {second_record, fifth + 1, log.ends[2] - 1}) {
    ExpectFrom(OpenFrom(&env, first_lsn, log.end_lsn, SmallSegments()), 1, 6);
  }
  // Damage is judged there too.
  env.FlipBits(SegmentPath(1), log.ends[0] + kWalSegmentHeaderBytes + 60, 0x01);
  EXPECT(OpenFrom(&env, second_record, log.end_lsn, SmallSegments()).status.code() == Code::kCorruption);
  ExpectFrom(OpenFrom(&env, log.ends[4], log.end_lsn, SmallSegments()), 5, 6);
}

TEST("a log that ends below what is needed is refused, though nothing of what it holds is") {
  SimEnv env(5);
  const ClosedLog log(&env, SmallSegments(), 30);
  EXPECT(OpenFrom(&env, log.end_lsn + 1, 0, SmallSegments()).status.code() == Code::kCorruption);
  EXPECT(OpenFrom(&env, log.end_lsn, log.end_lsn + 1, SmallSegments()).status.code() == Code::kCorruption);
  const std::string last = JoinPath(kDir, env.ListDir(kDir).value().back());
  env.Cut(last, env.Contents(last).size() - kWalSectorBytes);
  EXPECT(OpenFrom(&env, log.end_lsn, log.end_lsn, SmallSegments()).status.code() == Code::kCorruption);
}

}  // namespace
}  // namespace sochdb::wal_needed_test
