#include "engine/engine.h"

#include <filesystem>
#include <string>
#include <vector>

#include "engine/store_format.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb {
namespace {

using test::GetOr;
using test::OpenAt;
using test::SumOperator;

constexpr TreeId kTree = TreeId::kKeys;

// --- the hot paths

TEST("what was put is got, at the timestamp the put answered") {
  MemEnv env;
  auto engine = OpenAt(&env);
  Result<Timestamp> ts = engine->Put(kTree, "k", "v", kNeverExpires);
  EXPECT_OK(ts.status());
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

// --- opening and closing

TEST("everything is there again after a clean close, and the report says it was clean") {
  for (const SyncMode mode : {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull}) {
    MemEnv env;
    EngineOptions options;
    options.sync_mode = mode;
    auto engine = OpenAt(&env, "/db", options);
    EXPECT(engine->recovery_report().was_clean);
    for (int i = 0; i < 100; ++i) EXPECT_OK(engine->Put(kTree, "k" + std::to_string(i), "v", kNeverExpires).status());
    const Timestamp visible = engine->visible_ts();
    EXPECT_OK(engine->Close());
    EXPECT_OK(engine->Close());
    engine.reset();
    engine = OpenAt(&env, "/db", options);
    EXPECT(engine->recovery_report().was_clean);
    EXPECT_EQ(engine->recovery_report().replayed_entries, 100u);
    EXPECT_EQ(engine->visible_ts(), visible);
    EXPECT_EQ(engine->LastWrite(kTree), visible);
    EXPECT_EQ(GetOr(engine.get(), "k99"), "v");
  }
}

TEST("a shutdown without a close is reported, and what was written to files is there") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  engine = OpenAt(&env, "/db");
  EXPECT(!engine->recovery_report().was_clean);
  EXPECT_EQ(GetOr(engine.get(), "k"), "v");
}

TEST("a store without a log keeps what was synced or closed, deletes and merges included") {
  SumOperator sum;
  MemEnv env;
  EngineOptions options;
  options.wal_enabled = false;
  auto engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  EXPECT_OK(engine->Put(kTree, "a", "1", kNeverExpires).status());
  EXPECT_OK(engine->Put(kTree, "b", "2", kNeverExpires).status());
  test::MergeOne(engine.get(), "n", "1");
  EXPECT_OK(engine->Sync());
  EXPECT_OK(engine->Delete(kTree, "a").status());
  test::MergeOne(engine.get(), "n", "2");
  test::MergeOne(engine.get(), "n", "3");
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  engine->SetMergeOperator(TreeId::kPostings, &sum);
  EXPECT_EQ(GetOr(engine.get(), "a"), "-");
  EXPECT_EQ(GetOr(engine.get(), "b"), "2");
  EXPECT_EQ(GetOr(engine.get(), "n", TreeId::kPostings), "6");
  EXPECT_EQ(engine->stats().wal.entries, 2u);
}

TEST("a store is opened by one holder at a time, and the error names the other") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  Result<std::unique_ptr<Engine>> second = Engine::Open(&env, "/db", {});
  EXPECT_EQ(static_cast<int>(second.status().code()), static_cast<int>(Code::kLocked));
  EXPECT_OK(engine->Close());
  Result<std::unique_ptr<Engine>> third = Engine::Open(&env, "/db", {});
  EXPECT_OK(third.status());
}

TEST("a path that is a file, or empty, or not there and not to be made, is refused clearly") {
  SimEnv env(test::Seed());
  { EXPECT_OK(env.OpenFile("/file", OpenMode::kCreate).status()); }
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/file", {}).status().code()), static_cast<int>(Code::kInvalidArgument));
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "", {}).status().code()), static_cast<int>(Code::kInvalidArgument));
  EngineOptions options;
  options.create_if_missing = false;
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/none", options).status().code()), static_cast<int>(Code::kNotFound));
  EXPECT(!env.FileExists("/none"));
  EXPECT_OK(env.CreateDir("/empty"));
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/empty", options).status().code()), static_cast<int>(Code::kNotFound));
}

TEST("directories on the way to a store are made") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/a/b/c");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  EXPECT_OK(engine->Close());
  engine.reset();
  env.Restart(test::Seed() + 1);
  engine = OpenAt(&env, "/a/b/c");
  EXPECT_EQ(GetOr(engine.get(), "k"), "v");
}

TEST("a store of a newer format is refused, and one flipped bit of FORMAT or CLEAN is found") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  EXPECT_OK(engine->Close());
  engine.reset();
  for (const char* name : {kFormatFileName, kCleanFileName}) {
    const std::string file = JoinPath("/db", name);
    const uint64_t size = env.Contents(file).size();
    for (uint64_t i = 0; i < size; ++i) {
      env.FlipBits(file, i, 0x10);
      const Status status = Engine::Open(&env, "/db", {}).status();
      EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(Code::kCorruption));
      env.FlipBits(file, i, 0x10);
    }
  }
  StoreFormat newer;
  EXPECT_OK(DecodeStoreFormat("FORMAT", env.Contents("/db/FORMAT"), &newer));
  ++newer.version;
  EXPECT_OK(WriteFileAtomically(&env, "/db", kFormatFileName, EncodeStoreFormat(newer)));
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/db", {}).status().code()), static_cast<int>(Code::kFormatVersion));
  newer.version = kStoreFormatVersion;
  newer.incompatible_features = 1;
  EXPECT_OK(WriteFileAtomically(&env, "/db", kFormatFileName, EncodeStoreFormat(newer)));
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/db", {}).status().code()), static_cast<int>(Code::kFormatVersion));
  newer.incompatible_features = 0;
  newer.compatible_features = 1;
  EXPECT_OK(WriteFileAtomically(&env, "/db", kFormatFileName, EncodeStoreFormat(newer)));
  EXPECT_OK(Engine::Open(&env, "/db", {}).status());
}

TEST("after a clean close any flipped bit of the log is found") {
  SimEnv env(test::Seed());
  EngineOptions options;
  options.wal.segment_bytes = kBlobThresholdBytes;
  auto engine = OpenAt(&env, "/db", options);
  for (int i = 0; i < 5; ++i) EXPECT_OK(engine->Put(kTree, "k" + std::to_string(i), "value", kNeverExpires).status());
  EXPECT_OK(engine->Close());
  engine.reset();
  Result<std::vector<std::string>> names = env.ListDir("/db/wal");
  EXPECT_OK(names.status());
  for (const std::string& name : *names) {
    const std::string file = JoinPath("/db/wal", name);
    const uint64_t size = env.Contents(file).size();
    for (uint64_t i = 0; i < size; i += 7) {
      env.FlipBits(file, i, 0x01);
      EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/db", options).status().code()), static_cast<int>(Code::kCorruption));
      env.FlipBits(file, i, 0x01);
    }
  }
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(GetOr(engine.get(), "k4"), "value");
}

TEST("a log whose FORMAT file is gone is not taken for a new store") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  EXPECT_OK(engine->Close());
  engine.reset();
  env.Vanish("/db/FORMAT");
  EXPECT_EQ(static_cast<int>(Engine::Open(&env, "/db", {}).status().code()), static_cast<int>(Code::kCorruption));
}

TEST("after close every call is refused, and what outlives it is harmless") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  auto txn = test::BeginOn(engine.get());
  EXPECT_OK(txn->Put(kTree, "own", "w", kNeverExpires));
  Result<std::unique_ptr<Cursor>> cursor = txn->NewCursor(kTree, "", "", {});
  bool found = false;
  EXPECT_OK((*cursor)->Next(&found));
  auto idle = test::BeginOn(engine.get());
  TransactionOptions writer;
  writer.take_writer = true;
  Result<std::unique_ptr<Transaction>> closure = engine->Begin(writer);
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
  EXPECT_OK(engine->Close());

  const auto closed = [](const Status& status) {
    return status.code() == Code::kClosed || status.code() == Code::kTransaction;
  };
  ReadValue value;
  EXPECT(closed(engine->Get(kTree, "k", &value, &found)) && !found);
  EXPECT(closed(engine->Put(kTree, "k", "v", 0).status()));
  EXPECT(closed(engine->Delete(kTree, "k").status()));
  EXPECT(closed(engine->Begin({}).status()));
  EXPECT(closed(engine->NewSnapshot().status()));
  EXPECT(closed(engine->Sync()));
  EXPECT(closed(engine->VerifyWal().status()));
  EXPECT(closed((*cursor)->Next(&found)) && !found);
  EXPECT(closed(txn->Put(kTree, "a", "b", 0)));
  EXPECT(closed(txn->Commit().status()));
  EXPECT(closed((*closure)->Put(kTree, "a", "b", 0)));
  EXPECT(closed((*closure)->Commit().status()));
  EXPECT(closed((*snapshot)->Get(kTree, "k", &value, &found)));
  idle->Abort();
  (*cursor).reset();
}

TEST("a store in memory works as one on disk does") {
  MemEnv env;
  auto engine = OpenAt(&env, ":memory:");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  EXPECT_EQ(GetOr(engine.get(), "k"), "v");
  EXPECT_OK(engine->Close());
}

TEST("a store on a real disk is locked while open and opened again like any other") {
  const std::string root =
      (std::filesystem::temp_directory_path() / ("sochdb-" + std::to_string(Env::Posix()->Random64()))).string();
  const std::string path = root + "/a/store";
  const std::string big(kBlobThresholdBytes + 1, 'b');
  for (const SyncMode mode : {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull}) {
    EngineOptions options;
    options.sync_mode = mode;
    auto engine = OpenAt(Env::Posix(), path, options);
    EXPECT_EQ(static_cast<int>(Engine::Open(Env::Posix(), path, options).status().code()), static_cast<int>(Code::kLocked));
    test::PutOne(engine.get(), "mode", std::to_string(static_cast<int>(mode)));
    EXPECT_OK(engine->Put(kTree, "big", big, kNeverExpires).status());
    EXPECT_OK(engine->Close());
    engine = OpenAt(Env::Posix(), path, options);
    EXPECT(engine->recovery_report().was_clean);
    EXPECT_EQ(GetOr(engine.get(), "mode"), std::to_string(static_cast<int>(mode)));
    EXPECT(GetOr(engine.get(), "big") == big);
  }
  const std::string inside = path + "/FORMAT/store";
  EXPECT(!Engine::Open(Env::Posix(), inside, {}).ok());
  EXPECT_EQ(static_cast<int>(Engine::Open(Env::Posix(), path + "/FORMAT", {}).status().code()),
            static_cast<int>(Code::kInvalidArgument));
  std::filesystem::remove_all(root);
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
  Result<WalReport> report = engine->VerifyWal();
  EXPECT_OK(report.status());
  EXPECT_EQ((*report).entries, 50u);
  EXPECT((*report).errors.empty() && !(*report).torn);
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
}  // namespace sochdb
