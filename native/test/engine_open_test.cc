// Opening and closing a store: what survives, what is refused, what outlives a close.

#include <filesystem>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/store_format.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"
#include "wal/wal.h"

namespace sochdb::engine_open_test {
namespace {

using test::GetOr;
using test::OpenAt;
using test::SumOperator;

constexpr TreeId kTree = TreeId::kKeys;

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

TEST(
    "a store in a directory that was made just before is there after a loss of power, and opened again does not count as "
    "closed") {
  EngineOptions options;
  options.sync_mode = SyncMode::kFull;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimEnv env(seed);
    EXPECT_OK(env.CreateDir("/db"));
    for (const char* value : {"1", "2"}) {
      auto engine = OpenAt(&env, "/db", options);
      EXPECT_EQ(GetOr(engine.get(), "k"), *value == '1' ? "-" : "1");
      EXPECT_OK(engine->Put(kTree, "k", value, kNeverExpires).status());
      if (*value == '1') env.CrashNow();
      else EXPECT_OK(engine->Close());
      engine.reset();
      env.Restart(seed);
    }
    auto engine = OpenAt(&env, "/db", options);
    EXPECT(engine->recovery_report().was_clean);
    EXPECT_EQ(GetOr(engine.get(), "k"), "2");
    env.CrashNow();
    engine.reset();
    env.Restart(seed);
    engine = OpenAt(&env, "/db", options);
    EXPECT(!engine->recovery_report().was_clean);
    EXPECT_EQ(GetOr(engine.get(), "k"), "2");
  }
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
  EXPECT_EQ(engine->stats().wal.entries, 0u);
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

TEST("a log that is not in commit order is not replayed") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", kNeverExpires).status());
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  {
    Timestamp last_ts = 0;
    std::string payload;
    const auto visit = [&](const WalEntry& entry) {
      last_ts = entry.commit_ts;
      payload = entry.payload;
      return Status();
    };
    auto wal = Wal::Open(&env, "/db/wal", WalOptions{}, 0, visit, nullptr);
    EXPECT_OK(wal.status());
    EXPECT_OK((*wal)->Reserve(payload.size()));
    EXPECT_OK((*wal)->Append(last_ts, payload).status());
    EXPECT_OK((*wal)->Sync());
    EXPECT_OK((*wal)->Close());
  }
  EXPECT(Engine::Open(&env, "/db", {}).status().code() == Code::kCorruption);
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
  const EpochGuard guard;
  ReadValue value;
  EXPECT(closed(engine->Get(kTree, "k", &value, &found)) && !found);
  EXPECT(closed(engine->Put(kTree, "k", "v", 0).status()));
  EXPECT(closed(engine->Delete(kTree, "k").status()));
  EXPECT(closed(engine->Begin({}).status()));
  EXPECT(closed(engine->NewSnapshot().status()));
  EXPECT(closed(engine->Sync()));
  EXPECT(closed(engine->VerifyWal(nullptr, {}).status()));
  EXPECT(closed((*cursor)->Next(&found)) && !found);
  EXPECT(closed(txn->Put(kTree, "a", "b", 0)));
  EXPECT(closed(txn->Commit().status()));
  EXPECT(closed((*closure)->Put(kTree, "a", "b", 0)));
  EXPECT(closed((*closure)->Commit().status()));
  EXPECT(closed((*snapshot)->Get(kTree, "k", &value, &found)));
  idle->Abort();
  (*cursor).reset();
}

TEST("a store whose directory is gone takes no more writes once that was noticed, and is not closed as if all were well") {
  for (const bool noticed_by_tick : {false, true}) {
    SimEnv env(1);
    auto engine = OpenAt(&env);
    test::PutOne(engine.get(), "a", "1");
    const std::string format = JoinPath("/db", kFormatFileName);
    const std::string bytes = env.Contents(format);
    EXPECT_OK(env.DeleteFile(format));
    if (noticed_by_tick) {
      env.SleepMicros(5'000'000);
      const Status refused = engine->Put(kTree, "b", "2", kNeverExpires).status();
      EXPECT_EQ(refused.code(), Code::kReadOnly);
      EXPECT(refused.message().find("was deleted, moved or replaced") != std::string::npos);
      EXPECT_EQ(GetOr(engine.get(), "a"), "1");
    }
    EXPECT(!engine->Close().ok());
    EXPECT(!env.FileExists(JoinPath("/db", kCleanFileName)));
    engine.reset();
    {
      auto file = env.OpenFile(format, OpenMode::kCreate).value();
      EXPECT_OK(file->Write(0, bytes));
      EXPECT_OK(file->Sync());
    }
    engine = OpenAt(&env);
    EXPECT(!engine->recovery_report().was_clean);
    EXPECT_EQ(GetOr(engine.get(), "a"), "1");
  }
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

}  // namespace
}  // namespace sochdb::engine_open_test
