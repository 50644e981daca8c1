// What the tests of the log share: transactions that can be checked by their timestamps alone, a run that appends,
// flushes and syncs by seed, and a recovery that checks what it reads.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "env/path.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "wal/wal.h"
#include "wal/wal_format.h"

namespace sochdb::test {

constexpr const char* kDir = "/db/wal";

inline WalOptions SmallSegments() {
  WalOptions options;
  options.segment_bytes = 8 * 1024;
  options.max_record_bytes = 1024;
  options.buffer_bytes = 2 * 1024;
  return options;
}

inline std::string Payload(uint64_t ts, size_t bytes) {
  std::string payload(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<char>(HashNumber(ts * 1'000'003 + i) & 0xff);
  return payload;
}

// The transaction with timestamp ts is always the same, so what is read can be checked without a record of what was written.
inline std::string PayloadOf(Timestamp ts) {
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

inline Recovered Recover(SimEnv* env, Lsn synced_end_lsn, const WalOptions& options = SmallSegments()) {
  Recovered result;
  result.status = env->CreateDir("/db");
  if (result.status.ok()) result.status = env->SyncDir("/");
  if (!result.status.ok()) return result;
  auto opened = Wal::Open(
      env, kDir, options, synced_end_lsn,
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
inline void Run(Wal* wal, Timestamp first, uint64_t count, uint64_t seed, Outcome* outcome) {
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

inline void RunAndClose(SimEnv* env, uint64_t count, uint64_t seed, Outcome* outcome) {
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
inline void ExpectPrefix(const Recovered& recovered, Timestamp at_least, Timestamp at_most) {
  EXPECT_OK(recovered.status);
  for (size_t i = 0; i < recovered.read.size(); ++i) EXPECT_EQ(recovered.read[i], i + 1);
  EXPECT(recovered.read.size() >= at_least);
  EXPECT(recovered.read.size() <= at_most);
}

inline uint64_t CountOperations(uint64_t transactions, uint64_t seed) {
  SimEnv env(seed);
  Outcome outcome;
  RunAndClose(&env, transactions, seed, &outcome);
  EXPECT(outcome.closed);
  return env.io_count();
}

inline std::string SegmentPath(uint64_t number) { return JoinPath(kDir, NumberedFileName(number, kWalExtension)); }

inline Lsn StartLsnOf(SimEnv* env, const std::string& path) {
  WalSegmentHeader header;
  EXPECT_OK(DecodeWalSegmentHeader(env->Contents(path), &header));
  return header.start_lsn;
}

// The segments of a log that ends at end_lsn, and how many bytes of each file are part of it.
inline std::vector<std::pair<std::string, uint64_t>> SegmentsOf(SimEnv* env, Lsn end_lsn) {
  std::vector<std::pair<std::string, uint64_t>> segments;
  const std::vector<std::string> names = env->ListDir(kDir).value();
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string path = JoinPath(kDir, names[i]);
    const Lsn end = i + 1 < names.size() ? StartLsnOf(env, JoinPath(kDir, names[i + 1])) : end_lsn;
    segments.emplace_back(path, end - StartLsnOf(env, path));
  }
  return segments;
}

// Transactions first … last, neither flushed nor synced.
inline void AppendAll(Wal* wal, Timestamp first, Timestamp last) {
  for (Timestamp ts = first; ts <= last; ++ts) {
    EXPECT_OK(wal->Reserve(PayloadOf(ts).size()));
    EXPECT_OK(wal->Append(ts, PayloadOf(ts)).status());
  }
}

}  // namespace sochdb::test
