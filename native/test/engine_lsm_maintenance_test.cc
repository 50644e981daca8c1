// Checkpoints, backups, verification, read-only openings of an engine with tables.

#include <string>
#include <vector>

#include "engine/store_format.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lsm_maintenance_test {
namespace {

using test::AsInt;
using test::CodeOf;
using test::ExpectMany;
using test::GetOr;
using test::KeyOf;
using test::OpenAt;
using test::PutMany;
using test::TinyOptions;
using test::ValueOf;

constexpr TreeId kTree = TreeId::kKeys;

EngineOptions ReadOnly() {
  EngineOptions options = TinyOptions();
  options.read_only = true;
  return options;
}

// --- checkpoints

TEST(
    "a checkpoint covers what was committed and lets go of the log; what little it leaves can be let go of, what comes later "
    "not") {
  MemEnv env;
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 8 * 1024 * 1024;
  options.wal_limit_bytes = 64 * 1024 * 1024;
  auto engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(CodeOf(engine->TruncateWal(1).status()), AsInt(Code::kInvalidArgument));
  PutMany(engine.get(), 0, 1000);
  const Timestamp last = engine->visible_ts();
  Result<CheckpointInfo> checkpoint = engine->Checkpoint(nullptr);
  EXPECT_OK(checkpoint.status());
  EXPECT_EQ((*checkpoint).ts, last);
  EXPECT((*checkpoint).lsn > 100'000);
  EXPECT_EQ(engine->stats().wal.total_bytes, 0u);
  EXPECT_EQ(engine->stats().checkpoint_lsn, (*checkpoint).lsn);
  EXPECT(engine->stats().checkpoint_at_ms > 0);
  PutMany(engine.get(), 1000, 1010);
  Result<CheckpointInfo> second = engine->Checkpoint(nullptr);
  EXPECT_OK(second.status());
  const uint64_t left = engine->stats().wal.total_bytes;
  EXPECT(left > 1000);  // too little to begin a file for what comes next
  EXPECT_EQ(engine->TruncateWal((*second).lsn).value().bytes_freed, left);
  EXPECT_EQ(engine->stats().wal.total_bytes, 0u);
  checkpoint = std::move(second);
  PutMany(engine.get(), 1010, 1100);
  const Status refused = engine->TruncateWal((*checkpoint).lsn + 1).status();
  EXPECT_EQ(CodeOf(refused), AsInt(Code::kInvalidArgument));
  Result<TruncateInfo> truncated = engine->TruncateWal((*checkpoint).lsn);
  EXPECT_OK(truncated.status());
  EXPECT_EQ((*truncated).bytes_freed, 0u);
  EXPECT((*truncated).upto_lsn <= (*checkpoint).lsn);
  ExpectMany(engine.get(), 0, 1100);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", options);
  EXPECT_EQ(engine->stats().checkpoint_lsn, (*checkpoint).lsn);
  ExpectMany(engine.get(), 0, 1100);
  EXPECT_OK(engine->TruncateWal(0).status());
}

// --- backups

TEST("a backup opens like any store, holds what was committed, and goes on from there by itself") {
  for (const bool wal_enabled : {true, false}) {
    SimEnv env(test::Seed());
    EngineOptions options = TinyOptions();
    options.wal_enabled = wal_enabled;
    auto engine = OpenAt(&env, "/db", options);
    const std::string big(kBlobThresholdBytes + 1, 'b');
    EXPECT_OK(engine->Put(kTree, "big", big, kNeverExpires).status());
    PutMany(engine.get(), 0, 1500);
    uint64_t done = 0;
    Result<BackupReport> backup = engine->Backup("/copy/of/db", nullptr, [&](uint64_t d, uint64_t t) {
      EXPECT(d <= t);
      done = d;
    });
    EXPECT_OK(backup.status());
    EXPECT(done > 100'000);
    EXPECT_EQ((*backup).ts, engine->visible_ts());
    EXPECT((*backup).tables > 0 && (*backup).blobs == 1);
    EXPECT(!env.FileExists("/copy/of/db/LOCK"));
    PutMany(engine.get(), 0, 1500, 4);
    env.CrashNow();
    engine.reset();
    env.Restart(test::Seed());
    auto copy = OpenAt(&env, "/copy/of/db", options);
    EXPECT(copy->recovery_report().was_clean);
    ExpectMany(copy.get(), 0, 1500);
    EXPECT(GetOr(copy.get(), "big") == big);
    EXPECT_EQ(copy->visible_ts(), (*backup).ts);
    PutMany(copy.get(), 0, 1500, 8);
    EXPECT_OK(copy->Close());
    copy = OpenAt(&env, "/copy/of/db", options);
    ExpectMany(copy.get(), 0, 1500, 8);
    EXPECT_OK(copy->Close());
  }
}

TEST("a backup that was made is there after a loss of power, its directory too") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimEnv env(seed);
    auto engine = OpenAt(&env, "/db", TinyOptions());
    PutMany(engine.get(), 0, 200);
    EXPECT_OK(engine->Backup("/copy/of/db", nullptr, nullptr).status());
    env.CrashNow();
    engine.reset();
    env.Restart(seed);
    ExpectMany(OpenAt(&env, "/copy/of/db", TinyOptions()).get(), 0, 200);
  }
}

TEST("a backup that is refused, cancelled or out of space changes nothing and leaves nothing") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 1500);
  EXPECT_OK(env.CreateDir("/full"));
  { EXPECT_OK(env.OpenFile("/full/file", OpenMode::kCreate).status()); }
  EXPECT_EQ(CodeOf(engine->Backup("/full", nullptr, nullptr).status()), AsInt(Code::kInvalidArgument));
  EXPECT_EQ(test::ListOf(&env, "/full").size(), 1u);
  EXPECT_EQ(CodeOf(engine->Backup("/full/file", nullptr, nullptr).status()), AsInt(Code::kInvalidArgument));
  EXPECT_EQ(CodeOf(engine->Backup("", nullptr, nullptr).status()), AsInt(Code::kInvalidArgument));
  EXPECT_EQ(CodeOf(engine->Backup("/db", nullptr, nullptr).status()), AsInt(Code::kInvalidArgument));
  CancelToken cancel;
  const Status cancelled = engine
                               ->Backup("/copy", &cancel,
                                        [&](uint64_t done, uint64_t) {
                                          if (done > 20'000) cancel.Cancel();
                                        })
                               .status();
  EXPECT_EQ(CodeOf(cancelled), AsInt(Code::kCancelled));
  EXPECT_EQ(test::FilesIn(&env, "/copy/tables", ".sst"), 0u);
  EXPECT(!env.FileExists("/copy/FORMAT"));
  env.LimitDisk(env.used_bytes() + 30'000);
  EXPECT_EQ(CodeOf(engine->Backup("/copy2", nullptr, nullptr).status()), AsInt(Code::kDiskFull));
  EXPECT_EQ(test::FilesIn(&env, "/copy2/tables", ".sst"), 0u);
  env.LimitDisk(0);
  EXPECT_OK(engine->Backup("/copy2", nullptr, nullptr).status());
  ExpectMany(engine.get(), 0, 1500);
}

TEST("a backup that is made while threads write holds every transaction whole") {
  for (int i = 0; i < test::SeedCount() / 4 + 1; ++i) {
    SimEnv env(test::Seed() * 50 + static_cast<uint64_t>(i));
    EngineOptions options = TinyOptions(true);
    auto engine = OpenAt(&env, "/db", options);
    bool stop = false;
    int committed = 0;
    auto writer = env.StartThread("writer", [&] {
      for (int n = 1; n < 400 && !stop; ++n) {
        auto txn = test::BeginOn(engine.get());
        EXPECT_OK(txn->Put(TreeId::kKeys, "n", std::to_string(n)));
        EXPECT_OK(txn->Put(TreeId::kRows, "n", std::to_string(n)));
        EXPECT_OK(txn->Put(TreeId::kVectors, KeyOf(n), ValueOf(n, 500)));
        EXPECT_OK(txn->Commit().status());
        committed = n;
      }
    });
    while (committed < 50) env.SleepMicros(100);
    const int before = committed;
    EXPECT_OK(engine->Backup("/copy", nullptr, nullptr).status());
    stop = true;
    writer->Join();
    auto copy = OpenAt(&env, "/copy", options);
    const std::string n = GetOr(copy.get(), "n");
    EXPECT_EQ(GetOr(copy.get(), "n", TreeId::kRows), n);
    EXPECT(n != "-" && std::stoi(n) >= before);
    for (int k = 1; k <= std::stoi(n); ++k) EXPECT_EQ(GetOr(copy.get(), KeyOf(k), TreeId::kVectors), ValueOf(k, 500));
    EXPECT_EQ(GetOr(copy.get(), KeyOf(std::stoi(n) + 1), TreeId::kVectors), "-");
  }
}

// --- verification

// The files of a store that hold data.
std::vector<std::string> DataFiles(SimEnv* env) {
  std::vector<std::string> files{"/db/FORMAT"};
  for (const std::string dir : {"/db/wal", "/db/tables", "/db/blobs"}) {
    for (const std::string& name : test::ListOf(env, dir)) files.push_back(JoinPath(dir, name));
  }
  return files;
}

TEST("verification finds a flipped bit in any file, open or closed, and nothing in a sound store") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 1000);
  EXPECT_OK(engine->Put(kTree, "big", std::string(kBlobThresholdBytes + 1, 'b'), kNeverExpires).status());
  EXPECT_OK(engine->Flush(nullptr));
  PutMany(engine.get(), 1000, 1050);
  VerifyReport sound = engine->Verify(nullptr, nullptr).value();
  EXPECT(sound.sound() && sound.tables > 0 && sound.blobs == 1 && sound.wal.entries > 0);
  EXPECT_OK(engine->Close());
  engine.reset();
  EXPECT_OK(VerifyStore(&env, "/db", nullptr, nullptr, &sound));
  EXPECT(sound.sound() && sound.tables > 0 && sound.blobs == 1 && sound.bytes > kBlobThresholdBytes);
  for (const std::string& file : DataFiles(&env)) {
    const uint64_t size = env.Contents(file).size();
    if (file.find("/wal/") != std::string::npos && size < 600) continue;  // a spare
    const uint64_t at = size / 2;
    env.FlipBits(file, at, 0x04);
    VerifyReport found;
    const Status status = VerifyStore(&env, "/db", nullptr, nullptr, &found);
    EXPECT(!status.ok() || !found.sound());
    env.FlipBits(file, at, 0x04);
  }
  EXPECT_OK(VerifyStore(&env, "/db", nullptr, nullptr, &sound));
  EXPECT(sound.sound());
}

TEST("a damaged table is an error where it is read, is reported, and is set aside by compaction; the rest goes on") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.block_cache_bytes = 0;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 300);
  EXPECT_OK(engine->Flush(nullptr));
  std::string file;
  for (const std::string& name : test::ListOf(&env, "/db/tables")) {
    if (name.find(".sst") != std::string::npos) file = JoinPath("/db/tables", name);
  }
  env.FlipBits(file, 100, 0x10);
  int damaged = 0;
  int right = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string got = GetOr(engine.get(), KeyOf(i));
    if (got == ValueOf(i)) ++right;
    else if (got[0] == '!') ++damaged;
  }
  EXPECT(damaged > 0 && right + damaged == 300);
  const VerifyReport found = engine->Verify(nullptr, nullptr).value();
  EXPECT_EQ(found.faults.size(), 1u);
  EXPECT_EQ(found.faults[0].file, file);
  EXPECT_EQ(CodeOf(engine->Compact(nullptr, nullptr)), AsInt(Code::kCorruption));
  EXPECT_EQ(engine->stats().damaged_tables, 1u);
  EXPECT(!engine->stats().background_error.empty());
  // However far compaction falls behind: what it cannot read must not end writing.
  for (int salt = 0; salt < 6; ++salt) PutMany(engine.get(), 1000, 3000, salt);
  EXPECT_EQ(GetOr(engine.get(), KeyOf(2999)), ValueOf(2999 + 5));
  // What needs it is tried once, and then no more.
  for (int salt = 0; salt < 6; ++salt) PutMany(engine.get(), 0, 2000, salt);
  EXPECT_EQ(engine->stats().compaction_failures, 1u);
  EXPECT_OK(engine->Close());
}

// --- read-only

TEST("a store that is opened read-only shows what tables and log hold, refuses writes, and is not changed by a byte") {
  for (const bool crashed : {false, true}) {
    SimEnv env(test::Seed());
    auto engine = OpenAt(&env, "/db", TinyOptions());
    PutMany(engine.get(), 0, 1000);
    EXPECT_OK(engine->Sync());
    if (crashed) env.CrashNow();
    else EXPECT_OK(engine->Close());
    engine.reset();
    if (crashed) env.RestartProcess();
    std::vector<std::string> before;
    for (const std::string& file : DataFiles(&env)) before.push_back(file + env.Contents(file));
    engine = OpenAt(&env, "/db", ReadOnly());
    EXPECT(engine->recovery_report().read_only && !engine->recovery_report().log_skipped);
    EXPECT_EQ(engine->recovery_report().was_clean, !crashed);
    ExpectMany(engine.get(), 0, 1000);
    EXPECT_EQ(CodeOf(engine->Put(kTree, "k", "v", 0).status()), AsInt(Code::kReadOnly));
    auto txn = test::BeginOn(engine.get());
    EXPECT_OK(txn->Put(kTree, "k", "v"));
    EXPECT_EQ(CodeOf(txn->Commit().status()), AsInt(Code::kReadOnly));
    for (const Status& status :
         {engine->Flush(nullptr), engine->Compact(nullptr, nullptr), engine->Sync(), engine->Checkpoint(nullptr).status(),
          engine->TruncateWal(0).status(), engine->SetIndexPolicy(kTree, IndexPolicy::kAppendOnly)}) {
      EXPECT_EQ(CodeOf(status), AsInt(Code::kReadOnly));
    }
    EXPECT(engine->Verify(nullptr, nullptr).value().sound());
    EXPECT_OK(engine->Close());
    engine.reset();
    std::vector<std::string> after;
    for (const std::string& file : DataFiles(&env)) after.push_back(file + env.Contents(file));
    EXPECT(before == after);
    engine = OpenAt(&env, "/db", TinyOptions());
    ExpectMany(engine.get(), 0, 1000);
  }
}

TEST("beside a process that writes, a reader sees what is in tables, and says what it leaves out") {
  MemEnv env;
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 1000);
  EXPECT_OK(engine->Flush(nullptr));
  test::PutOne(engine.get(), "in the log", "only");
  auto reader = OpenAt(&env, "/db", ReadOnly());
  EXPECT(reader->recovery_report().log_skipped);
  ExpectMany(reader.get(), 0, 1000);
  EXPECT_EQ(GetOr(reader.get(), "in the log"), "-");
  PutMany(engine.get(), 0, 1000, 5);
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  ExpectMany(reader.get(), 0, 1000);
  EXPECT_OK(reader->Close());
  EXPECT_OK(engine->Close());
}

TEST("a read-only opening of nothing makes nothing") {
  SimEnv env(test::Seed());
  EXPECT_EQ(CodeOf(Engine::Open(&env, "/none", ReadOnly()).status()), AsInt(Code::kNotFound));
  EXPECT(!env.FileExists("/none"));
  EXPECT_OK(env.CreateDir("/empty"));
  EXPECT_EQ(CodeOf(Engine::Open(&env, "/empty", ReadOnly()).status()), AsInt(Code::kNotFound));
  EXPECT_EQ(test::ListOf(&env, "/empty").size(), 0u);
}

// --- directories

TEST("a directory that holds other things does not become a store") {
  SimEnv env(test::Seed());
  EXPECT_OK(env.CreateDir("/home"));
  { EXPECT_OK(env.OpenFile("/home/letter.txt", OpenMode::kCreate).status()); }
  const Status status = Engine::Open(&env, "/home", TinyOptions()).status();
  EXPECT_EQ(CodeOf(status), AsInt(Code::kInvalidArgument));
  EXPECT(status.message().find("letter.txt") != std::string::npos);
  EXPECT_EQ(test::ListOf(&env, "/home").size(), 1u);
  EXPECT_OK(env.DeleteFile("/home/letter.txt"));
  { EXPECT_OK(env.OpenFile("/home/.gitkeep", OpenMode::kCreate).status()); }
  EXPECT_OK(Engine::Open(&env, "/home", TinyOptions()).status());
}

TEST("a store of the first format, all in its log, opens and becomes one of the present") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 8 * 1024 * 1024;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 100);
  EXPECT_OK(engine->Close());
  engine.reset();
  StoreFormat format;
  EXPECT_OK(DecodeStoreFormat("FORMAT", env.Contents("/db/FORMAT"), &format));
  format.version = 1;
  EXPECT_OK(WriteFileAtomically(&env, "/db", kFormatFileName, EncodeStoreFormat(format)));
  for (const std::string& name : test::ListOf(&env, "/db/tables")) env.Vanish(JoinPath("/db/tables", name));
  engine = OpenAt(&env, "/db", TinyOptions());
  ExpectMany(engine.get(), 0, 100);
  EXPECT_OK(DecodeStoreFormat("FORMAT", env.Contents("/db/FORMAT"), &format));
  EXPECT_EQ(format.version, kStoreFormatVersion);
}

}  // namespace
}  // namespace sochdb::engine_lsm_maintenance_test
