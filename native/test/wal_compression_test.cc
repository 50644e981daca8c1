// Compressed transactions in the log: read whatever the options, and bounded whatever their bytes.

#include "base/bytes.h"
#include "test/wal_world.h"

namespace sochdb::wal_compression_test {
namespace {

using namespace test;

constexpr CompressionType kTypes[] = {CompressionType::kNone, CompressionType::kLz4, CompressionType::kZstd};

// Documents of up to 30 KB, now and then noise.
std::string TextOf(Timestamp ts) {
  SimRandom random(ts);
  if (random.OneIn(5)) return Payload(ts, random.Below(5000));
  std::string text;
  for (uint64_t n = random.Below(random.OneIn(6) ? 1000 : 60); n > 0; --n) {
    text += "{\"id\":" + std::to_string(random.Below(100'000)) + ",\"name\":\"somebody\"},";
  }
  return text;
}

WalOptions With(CompressionType type) {
  WalOptions options = SmallSegments();
  options.compression = type;
  return options;
}

struct Log {
  Status status;
  std::unique_ptr<Wal> wal;
  WalReport report;
  std::vector<Timestamp> read;
};

Log OpenText(Env* env, const WalOptions& options, Lsn synced_end_lsn) {
  Log log;
  auto opened = Wal::Open(
      env, "/wal", options, synced_end_lsn,
      [&log](const WalEntry& entry) {
        EXPECT(entry.payload == TextOf(entry.commit_ts));
        log.read.push_back(entry.commit_ts);
        return Status();
      },
      &log.report);
  log.status = opened.status();
  if (opened.ok()) log.wal = std::move(opened).value();
  return log;
}

void AppendText(Wal* wal, Timestamp first, Timestamp last) {
  for (Timestamp ts = first; ts <= last; ++ts) {
    const std::string text = TextOf(ts);
    EXPECT_OK(wal->Reserve(text.size()));
    EXPECT_OK(wal->Append(ts, text).status());
    if (ts % 3 == 0) EXPECT_OK(wal->Sync());
  }
}

TEST("a log whose compression changes from opening to opening is read whole by any") {
  SimEnv env(1);
  Timestamp ts = 0;
  Lsn end = 0;
  for (int round = 0; round < 9; ++round) {
    const CompressionType type = kTypes[round % 3];
    if (!CompressionAvailable(type)) continue;
    Log log = OpenText(&env, With(type), end);
    EXPECT_OK(log.status);
    EXPECT_EQ(log.read.size(), ts);
    AppendText(log.wal.get(), ts + 1, ts + 40);
    ts += 40;
    const Wal::Stats stats = log.wal->stats();
    EXPECT((stats.compressed_entries > 10) == (type != CompressionType::kNone));
    EXPECT((stats.compression_saved_bytes > 10'000) == (type != CompressionType::kNone));
    EXPECT_OK(log.wal->Close());
    end = log.wal->synced_lsn();
  }
  const auto report = Wal::Verify(&env, "/wal", end);
  EXPECT(report.ok() && report.value().errors.empty() && report.value().entries == ts);
}

TEST("a compressed log is a prefix after a power loss at any operation") {
  const WalOptions options = With(CompressionType::kLz4);
  bool complete = false;
  for (uint64_t op = 1; !complete; ++op) {
    SimEnv env(op);
    Timestamp attempted = 0;
    Timestamp synced = 0;
    env.CrashAt(op);
    Log log = OpenText(&env, options, 0);
    for (Timestamp ts = 1; log.wal != nullptr && ts <= 30; ++ts) {
      const std::string text = TextOf(ts);
      if (!log.wal->Reserve(text.size()).ok()) break;
      attempted = ts;
      if (!log.wal->Append(ts, text).ok() || !log.wal->Flush().ok()) break;
      if (ts % 4 != 0) continue;
      if (!log.wal->Sync().ok()) break;
      synced = ts;
    }
    complete = attempted == 30 && log.wal->Sync().ok();
    log.wal.reset();
    env.Restart(op);
    const Log recovered = OpenText(&env, options, 0);
    EXPECT_OK(recovered.status);
    for (size_t i = 0; i < recovered.read.size(); ++i) EXPECT_EQ(recovered.read[i], i + 1);
    EXPECT(recovered.read.size() >= synced && recovered.read.size() <= attempted);
  }
}

// A log of one record with sound checksums, whose payload somebody made up.
Status ReadForged(CompressionType type, std::string_view payload, uint64_t* verify_errors) {
  SimEnv env(1);
  EXPECT_OK(env.CreateDir("/wal"));
  WalSegmentHeader segment;
  segment.salt = 7;
  segment.number = 1;
  segment.segment_bytes = 1 << 20;
  std::string bytes(kWalSegmentHeaderBytes + kWalRecordHeaderBytes, '\0');
  EncodeWalSegmentHeader(segment, bytes.data());
  bytes += payload;
  WalRecordHeader record;
  record.length = static_cast<uint32_t>(payload.size());
  record.salt = 7;
  record.compression = type;
  record.lsn = kWalSegmentHeaderBytes;
  record.commit_ts = 1;
  EncodeWalRecordHeader(record, bytes.data() + kWalSegmentHeaderBytes);
  EXPECT_OK(WriteFileAtomically(&env, "/wal", NumberedFileName(1, kWalExtension), bytes));
  const auto report = Wal::Verify(&env, "/wal", 0);
  EXPECT_OK(report.status());
  *verify_errors = report.value().errors.size();
  return Wal::Open(
             &env, "/wal", SmallSegments(), 0, [](const WalEntry&) { return Status(); }, nullptr)
      .status();
}

TEST("a forged compressed transaction is corruption, and its claimed size allocates nothing") {
  uint64_t errors = 0;
  for (const CompressionType type : {CompressionType::kLz4, CompressionType::kZstd}) {
    if (!CompressionAvailable(type)) continue;
    std::string claim;
    for (const uint64_t raw : {uint64_t{1}, uint64_t{3000}, kMaxWalTransactionBytes, kMaxWalTransactionBytes + 1, UINT64_MAX}) {
      claim.clear();
      PutVarint64(&claim, raw);
      EXPECT(ReadForged(type, claim + "\x10" + "abc", &errors).code() == Code::kCorruption);
      EXPECT_EQ(errors, 1u);
    }
    EXPECT(ReadForged(type, "", &errors).code() == Code::kCorruption);
    EXPECT(ReadForged(type, std::string(20, '\xff'), &errors).code() == Code::kCorruption);
  }
  EXPECT_OK(ReadForged(CompressionType::kNone, "abc", &errors));
  EXPECT_EQ(errors, 0u);
}

TEST("without ZSTD a log that needs it says what to install, and cannot be opened to write it") {
  if (CompressionAvailable(CompressionType::kZstd)) return;
  uint64_t errors = 0;
  const Status read = ReadForged(CompressionType::kZstd, "\x05xxxx", &errors);
  EXPECT(read.code() == Code::kUnsupported);
  EXPECT(read.message().find("zstd-napi") != std::string::npos);
  EXPECT_EQ(errors, 0u);
  SimEnv env(1);
  EXPECT(OpenText(&env, With(CompressionType::kZstd), 0).status.code() == Code::kUnsupported);
  EXPECT(!env.FileExists("/wal"));
}

}  // namespace
}  // namespace sochdb::wal_compression_test
