#include "engine/engine.h"

#include <string>
#include <vector>

#include "env/mem_env.h"
#include "env/path.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb::engine_test {
namespace {

using test::GetOr;
using test::OpenAt;

constexpr TreeId kTree = TreeId::kKeys;

// --- the hot paths

TEST("what was put is got, at the timestamp the put answered") {
  MemEnv env;
  auto engine = OpenAt(&env);
  Result<Timestamp> ts = engine->Put(kTree, "k", "v", kNeverExpires);
  EXPECT_OK(ts.status());
  const EpochGuard guard;
  ReadValue value;
  bool found = false;
  EXPECT_OK(engine->Get(kTree, "k", &value, &found));
  EXPECT(found);
  EXPECT_EQ(value.data, "v");
  EXPECT_EQ(value.ts, *ts);
  EXPECT_OK(engine->Delete(kTree, "k").status());
  EXPECT_EQ(GetOr(engine.get(), "k"), "-");
}

TEST("trees do not see each other's keys, and the highest tree is one") {
  MemEnv env;
  auto engine = OpenAt(&env);
  EXPECT_OK(engine->Put(static_cast<TreeId>(63), "k", "v", kNeverExpires).status());
  EXPECT_EQ(GetOr(engine.get(), "k"), "-");
  EXPECT_EQ(GetOr(engine.get(), "k", static_cast<TreeId>(63)), "v");
  EXPECT_EQ(static_cast<int>(engine->Put(static_cast<TreeId>(64), "k", "v", 0).status().code()),
            static_cast<int>(Code::kInvalidArgument));
}

TEST("an empty key and an empty value are a key and a value") {
  MemEnv env;
  auto engine = OpenAt(&env);
  EXPECT_OK(engine->Put(kTree, "", "", kNeverExpires).status());
  EXPECT_EQ(GetOr(engine.get(), ""), "");
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env);
  EXPECT_EQ(GetOr(engine.get(), ""), "");
}

TEST("a key or value beyond the limit is refused, and the limit is named") {
  MemEnv env;
  auto engine = OpenAt(&env);
  const std::string key(kMaxKeyBytes + 1, 'k');
  const Status status = engine->Put(kTree, key, "v", kNeverExpires).status();
  EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(Code::kInvalidArgument));
  EXPECT(!status.details().empty() && status.details()[0].second == "kMaxKeyBytes");
  EXPECT_OK(engine->Put(kTree, std::string(kMaxKeyBytes, 'k'), "v", kNeverExpires).status());
  auto txn = test::BeginOn(engine.get());
  const std::string_view huge(key.data(), kMaxValueBytes + 1);  // never read: its length is enough
  const Status value = txn->Put(kTree, "k", huge, kNeverExpires);
  EXPECT_EQ(static_cast<int>(value.code()), static_cast<int>(Code::kInvalidArgument));
  EXPECT(!value.details().empty() && value.details()[0].second == "kMaxValueBytes");
}

TEST("an expired entry is absent from get, scan and snapshot, by the time of each snapshot") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  const uint64_t expiry = env.NowMillis() + 1000;
  EXPECT_OK(engine->Put(kTree, "k", "v", expiry).status());
  EXPECT_EQ(GetOr(engine.get(), "k"), "v");
  Result<std::unique_ptr<Snapshot>> before = engine->NewSnapshot();
  env.AdvanceMillis(2000);
  EXPECT_EQ(GetOr(engine.get(), "k"), "-");
  EXPECT_EQ(test::GetOr((*before).get(), "k"), "v");
  EXPECT_EQ(test::ScanAll((*before).get()), "k=v ");
  Result<std::unique_ptr<Snapshot>> after = engine->NewSnapshot();
  EXPECT_EQ(test::ScanAll((*after).get()), "");
}

TEST("a wall clock that is set back neither reorders commits nor revives what has expired") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  const uint64_t expiry = env.NowMillis() + 1000;
  EXPECT_OK(engine->Put(kTree, "k", "v", expiry).status());
  env.AdvanceMillis(2000);
  const Timestamp first = test::PutOne(engine.get(), "a", "1");
  env.StepWallClock(-3'600'000);
  const Timestamp second = test::PutOne(engine.get(), "a", "2");
  EXPECT(second > first);
  EXPECT_EQ(GetOr(engine.get(), "k"), "-");
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db");
  EXPECT(test::PutOne(engine.get(), "a", "3") > second);
  EXPECT_EQ(GetOr(engine.get(), "a"), "3");
}

// --- blobs

TEST("a value above the threshold lives in a file, and reads like any other") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  const std::string big(kBlobThresholdBytes + 1, 'b');
  const std::string bigger(2 * kBlobThresholdBytes, 'c');
  EXPECT_OK(engine->Put(kTree, "one", big, kNeverExpires).status());
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Put(kTree, "two", bigger, kNeverExpires));
  EXPECT_EQ(test::GetOr(txn.get(), "two").size(), bigger.size());
  EXPECT(txn->write_bytes() < 4096);
  EXPECT_OK(txn->Commit().status());
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db");
  EXPECT(GetOr(engine.get(), "one") == big);
  EXPECT(GetOr(engine.get(), "two") == bigger);
  EXPECT(engine->stats().memory_bytes < kBlobThresholdBytes * 2);
}

TEST("a blob of an aborted, overwritten or rolled back write is deleted, one of a commit stays") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  const std::string big(kBlobThresholdBytes + 1, 'b');
  const auto files = [&] { return env.ListDir("/db/blobs").value().size(); };
  auto aborted = test::BeginOn(engine.get());
  EXPECT_OK(aborted->Put(kTree, "a", big, kNeverExpires));
  EXPECT_EQ(files(), 1u);
  aborted->Abort();
  EXPECT_EQ(files(), 0u);
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Put(kTree, "a", big, kNeverExpires));
  EXPECT_OK(txn->Put(kTree, "a", big, kNeverExpires));
  const SavepointId savepoint = txn->SetSavepoint();
  EXPECT_OK(txn->Put(kTree, "b", big, kNeverExpires));
  EXPECT_OK(txn->RollbackTo(savepoint));
  EXPECT_EQ(files(), 3u);
  EXPECT_OK(txn->Commit().status());
  EXPECT_EQ(files(), 1u);
  EXPECT(GetOr(engine.get(), "a") == big);
}

TEST("a blob file that the log does not name is deleted at open; a damaged one is corruption, not wrong data") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  const std::string big(kBlobThresholdBytes + 1, 'b');
  EXPECT_OK(engine->Put(kTree, "k", big, kNeverExpires).status());
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Put(kTree, "lost", big, kNeverExpires));
  env.CrashNow();
  txn.reset();
  engine.reset();
  env.RestartProcess();
  EXPECT_EQ(env.ListDir("/db/blobs").value().size(), 2u);
  engine = OpenAt(&env, "/db");
  EXPECT_EQ(env.ListDir("/db/blobs").value().size(), 1u);
  EXPECT(GetOr(engine.get(), "k") == big);
  env.FlipBits(JoinPath("/db/blobs", env.ListDir("/db/blobs").value()[0]), 1000, 0x80);
  const EpochGuard guard;
  ReadValue value;
  bool found = false;
  EXPECT_EQ(static_cast<int>(engine->Get(kTree, "k", &value, &found).code()), static_cast<int>(Code::kCorruption));
}

// --- limits, listeners, statistics

TEST("beyond the memory limit writes fail before anything is written, and reads go on") {
  MemEnv env;
  EngineOptions options;
  options.memory_limit_bytes = 8 * 1024 * 1024;
  auto engine = OpenAt(&env, "/db", options);
  const std::string value(64 * 1024, 'v');
  Status status;
  int written = 0;
  while (status.ok() && written < 1000) status = engine->Put(kTree, "k" + std::to_string(written++), value, 0).status();
  EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(Code::kLimit));
  const uint64_t bytes = engine->stats().wal.newest_lsn;
  EXPECT(!engine->Put(kTree, "again", value, 0).ok());
  EXPECT_EQ(engine->stats().wal.newest_lsn, bytes);
  EXPECT_EQ(GetOr(engine.get(), "k0"), value);
}

class Recorder final : public CommitListener {
 public:
  explicit Recorder(uint64_t mask) : mask_(mask) {}
  uint64_t tree_mask() const override { return mask_; }
  void OnCommit(Timestamp commit_ts, std::span<const CommittedWrite> writes) noexcept override {
    for (const CommittedWrite& write : writes) {
      seen += std::to_string(static_cast<int>(write.tree)) + ":" + std::string(write.key) + " ";
    }
    last_ts = commit_ts;
  }
  std::string seen;
  Timestamp last_ts = 0;

 private:
  const uint64_t mask_;
};

TEST("a listener hears every commit to its trees, in order, from where it was added until it is removed") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  Recorder rows(uint64_t{1} << static_cast<int>(TreeId::kRows));
  Result<Timestamp> before = engine->Put(TreeId::kRows, "early", "v", kNeverExpires);
  EXPECT_EQ(engine->AddListener(&rows), *before);
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Put(TreeId::kRows, "b", "v"));
  EXPECT_OK(txn->Put(TreeId::kRows, "a", "v"));
  EXPECT_OK(txn->Put(TreeId::kKeys, "x", "v"));
  const Timestamp ts = txn->Commit().value();
  EXPECT_EQ(rows.seen, "2:a 2:b ");
  EXPECT_EQ(rows.last_ts, ts);
  EXPECT_OK(engine->Put(kTree, "other", "v", kNeverExpires).status());
  EXPECT_EQ(rows.last_ts, ts);
  engine->RemoveListener(&rows);
  EXPECT_OK(engine->Put(TreeId::kRows, "late", "v", kNeverExpires).status());
  EXPECT_EQ(rows.last_ts, ts);
}

TEST("statistics count what happened") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "a", "1", kNeverExpires).status());
  EXPECT_EQ(GetOr(engine.get(), "a"), "1");
  auto txn = test::BeginOn(engine.get());
  auto snapshot = engine->NewSnapshot();
  EXPECT_EQ(engine->stats().active_transactions, 1u);
  EXPECT_EQ(engine->stats().active_snapshots, 2u);
  EXPECT_EQ(engine->stats().oldest_snapshot, engine->visible_ts());
  EXPECT_OK(txn->Put(kTree, "b", "2"));
  EXPECT_OK(txn->Commit().status());
  test::BeginOn(engine.get())->Abort();
  const EngineStats stats = engine->stats();
  EXPECT_EQ(stats.active_transactions, 0u);
  EXPECT_EQ(stats.committed_transactions, 2u);
  EXPECT_EQ(stats.aborted_transactions, 1u);
  EXPECT_EQ(stats.key_count, 2u);
  EXPECT_EQ(stats.reads, 1u);
  EXPECT_EQ(stats.writes, 2u);
  EXPECT_EQ(stats.wal.entries, 2u);
}

TEST("the log verifies while the store is in use") {
  MemEnv env;
  EngineOptions options;
  options.sync_mode = SyncMode::kOff;
  auto engine = OpenAt(&env, "/db", options);
  for (int i = 0; i < 50; ++i) EXPECT_OK(engine->Put(kTree, "k" + std::to_string(i), "v", kNeverExpires).status());
  Result<WalReport> report = engine->VerifyWal(nullptr, {});
  EXPECT_OK(report.status());
  EXPECT_EQ((*report).entries, 50u);
  EXPECT((*report).errors.empty() && !(*report).torn);
}

TEST("a verification of the log tells how far it is, and is stopped half-way") {
  MemEnv env;
  auto engine = OpenAt(&env);
  const std::string value(100'000, 'v');
  for (int i = 0; i < 40; ++i) EXPECT_OK(engine->Put(kTree, "k" + std::to_string(i), value, kNeverExpires).status());
  std::vector<uint64_t> seen;
  uint64_t all = 0;
  CancelToken stopped;
  const auto stop = [&](uint64_t done, uint64_t total) {
    seen.push_back(done);
    all = total;
    if (done > 1'000'000) stopped.Cancel();
  };
  EXPECT_EQ(engine->VerifyWal(&stopped, stop).status().code(), Code::kCancelled);
  EXPECT(seen.back() > 1'000'000 && seen.back() < 2'000'000 && all >= 4'000'000);
  CancelToken unused;
  const auto report = engine->VerifyWal(&unused, [&](uint64_t done, uint64_t) { seen.push_back(done); });
  EXPECT_OK(report.status());
  EXPECT_EQ(report.value().entries, 40u);
  EXPECT_EQ(seen.back(), all);
  // So is that of the whole store, while it reads the log.
  CancelToken cancelled;
  cancelled.Cancel();
  EXPECT_EQ(engine->Verify(&cancelled, {}).status().code(), Code::kCancelled);
}

TEST("in mode off the log's own thread writes what was committed soon after") {
  SimEnv env(test::Seed());
  EngineOptions options;
  options.sync_mode = SyncMode::kOff;
  auto engine = OpenAt(&env, "/db", options);
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  env.SleepMicros(200'000);
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(GetOr(engine.get(), "k"), "v");
}

}  // namespace
}  // namespace sochdb::engine_test
