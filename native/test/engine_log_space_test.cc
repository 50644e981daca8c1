// What a store that rests keeps of its log: after a checkpoint, a compaction, a close, or when nobody writes for a while.

#include <string>

#include "engine/background.h"
#include "engine/verify.h"
#include "env/path.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_log_space_test {
namespace {

using test::ExpectMany;
using test::GetOr;
using test::OpenAt;
using test::PutMany;
using test::TinyOptions;

constexpr TreeId kTree = TreeId::kKeys;

size_t LogFiles(Env* env) { return test::FilesIn(env, "/db/wal", ".wal"); }

uint64_t LogBytes(SimEnv* env) {
  uint64_t bytes = 0;
  const std::vector<std::string> names = test::ListOf(env, "/db/wal");
  for (const std::string& name : names) bytes += env->Contents(JoinPath("/db/wal", name)).size();
  return bytes;
}

// A segment that is hardly begun is not worth a new file.
uint64_t KeptBytes() { return TinyOptions().wal.segment_bytes / 4; }

// Writes `count` entries from `from` on, and then until there are files that wait to be written again; where that was.
int PutUntilSpares(Engine* engine, int from, int count) {
  PutMany(engine, from, from + count);
  int end = from + count;
  for (; engine->stats().wal.spare_segments == 0 && end < from + count + 10'000; ++end) PutMany(engine, end, end + 1);
  EXPECT(engine->stats().wal.spare_segments > 0);
  return end;
}

TEST("a checkpoint leaves nothing of a log that nothing needs, and a compaction neither") {
  for (const bool compact : {false, true}) {
    SimEnv env(test::Seed());
    auto engine = OpenAt(&env, "/db", TinyOptions());
    const int end = PutUntilSpares(engine.get(), 0, 2000);
    EXPECT(LogFiles(&env) > 1);
    EXPECT_OK(compact ? engine->Compact(nullptr, nullptr) : engine->Checkpoint(nullptr).status());
    EXPECT(LogFiles(&env) <= 1 && LogBytes(&env) <= KeptBytes());
    EXPECT_EQ(engine->stats().wal.allocated_bytes, 0u);
    EXPECT(engine->Verify(nullptr, nullptr).value().sound());
    PutMany(engine.get(), end, end + 10);  // and it goes on
    EXPECT_OK(engine->Sync());
    env.CrashNow();
    engine.reset();
    env.Restart(test::Seed());
    engine = OpenAt(&env, "/db", TinyOptions());
    EXPECT_EQ(engine->recovery_report().replayed_entries, 10u);
    ExpectMany(engine.get(), 0, end + 10);
  }
}

TEST("a crash right after a checkpoint has no log to read, and LSNs go on") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 3000);
  for (int i = 0; engine->stats().wal.active_bytes <= KeptBytes(); ++i) PutMany(engine.get(), i, i + 1);
  const Result<CheckpointInfo> checkpoint = engine->Checkpoint(nullptr);
  EXPECT_OK(checkpoint.status());
  env.CrashNow();
  engine.reset();
  env.Restart(test::Seed());
  engine = OpenAt(&env, "/db", TinyOptions());
  EXPECT(!engine->recovery_report().was_clean);
  EXPECT_EQ(engine->recovery_report().wal.bytes, 0u);
  EXPECT_EQ(engine->recovery_report().wal.end_lsn, checkpoint.value().lsn);
  PutMany(engine.get(), 3000, 3100);
  EXPECT_OK(engine->Close());
  engine = OpenAt(&env, "/db", TinyOptions());
  ExpectMany(engine.get(), 0, 3100);
}

TEST("a clean close leaves no spare, no long log, and nothing of one that nobody needs") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 8 * 1024 * 1024;
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 8000);
  EXPECT_EQ(engine->stats().table_files, 0u);
  EXPECT_OK(engine->Close());
  EXPECT_EQ(LogFiles(&env), 0u);  // what was in memory would have been long to replay
  engine = OpenAt(&env, "/db", options);
  EXPECT(engine->recovery_report().was_clean);
  EXPECT_EQ(engine->recovery_report().replayed_entries, 0u);
  ExpectMany(engine.get(), 0, 8000);

  PutMany(engine.get(), 8000, 8020);
  EXPECT_OK(engine->Close());
  EXPECT_EQ(LogFiles(&env), 1u);  // short: it stays, and only what was written of it
  EXPECT(LogBytes(&env) < 5000);
  EXPECT_EQ(LogBytes(&env) % 512, 0u);
  engine = OpenAt(&env, "/db", options);
  EXPECT(engine->recovery_report().was_clean);
  EXPECT_EQ(engine->recovery_report().replayed_entries, 20u);
  ExpectMany(engine.get(), 0, 8020);
  EXPECT_OK(engine->Flush(nullptr));
  EXPECT_OK(engine->Close());
  EXPECT_EQ(LogFiles(&env), 0u);
  VerifyReport report;
  EXPECT_OK(VerifyStore(&env, "/db", nullptr, nullptr, &report));
  EXPECT(report.sound());
}

TEST("a close does not keep a long log for the sake of a few entries that are in no table yet") {
  SimEnv env(test::Seed());
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 64 * 1024;
  options.wal.segment_bytes = 8 * 1024 * 1024;  // one segment, for all
  auto engine = OpenAt(&env, "/db", options);
  PutMany(engine.get(), 0, 5000);
  EXPECT_OK(engine->Flush(nullptr));
  PutMany(engine.get(), 5000, 5003);
  EXPECT(engine->stats().wal.total_bytes > 500'000);
  EXPECT_OK(engine->Close());
  EXPECT_EQ(LogFiles(&env), 0u);
  engine = OpenAt(&env, "/db", options);
  ExpectMany(engine.get(), 0, 5003);
}

TEST("a store that nobody writes to gives back the space of its log, and one that is written to keeps it") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions(true));
  int end = PutUntilSpares(engine.get(), 0, 2000);
  for (int i = 0; i < 8; ++i, ++end) {  // a write between any two ticks
    PutMany(engine.get(), end, end + 1);
    env.SleepMicros(Background::kTickMicros / 2);
  }
  EXPECT(engine->stats().wal.spare_segments > 0);
  const uint64_t before = env.used_bytes();
  for (int i = 0; i < 10; ++i) env.SleepMicros(Background::kTickMicros);
  const Wal::Stats log = engine->stats().wal;
  EXPECT_EQ(log.spare_segments, 0u);
  EXPECT_EQ(log.allocated_bytes, 0u);
  EXPECT(env.used_bytes() < before);
  EXPECT(log.total_bytes > 0);  // what is in no table stays
  EXPECT_OK(engine->Flush(nullptr));
  for (int i = 0; i < 10; ++i) env.SleepMicros(Background::kTickMicros);
  EXPECT(engine->stats().wal.total_bytes <= KeptBytes());
  PutMany(engine.get(), end, end + 100);
  ExpectMany(engine.get(), 0, end + 100);
  env.CrashNow();
  engine.reset();
  env.RestartProcess();
  engine = OpenAt(&env, "/db", TinyOptions(true));
  ExpectMany(engine.get(), 0, end + 100);
}

// A store with a long log, of which tables hold a part. In SyncMode::kFull: all that is written is durable.
std::unique_ptr<Engine> MakeStore(SimEnv* env, const EngineOptions& options) {
  auto engine = OpenAt(env, "/db", options);
  PutMany(engine.get(), 0, 300);
  EXPECT_OK(engine->Flush(nullptr));
  PutMany(engine.get(), 300, 500);
  return engine;
}

TEST("a crash at any operation of a close or a checkpoint loses nothing, and only a finished close is clean") {
  for (const bool close : {true, false}) {
    EngineOptions options = TinyOptions();
    options.sync_mode = SyncMode::kFull;
    options.memtable_bytes = 64 * 1024;  // what is written last fits; its log, a sector for each, is longer: a close flushes it
    uint64_t from = 0;
    uint64_t to = 0;
    const auto act = [&](Engine* engine) { return close ? engine->Close() : engine->Checkpoint(nullptr).status(); };
    {
      SimEnv env(test::Seed());
      auto engine = MakeStore(&env, options);
      from = env.io_count();
      EXPECT_OK(act(engine.get()));
      to = env.io_count();
      EXPECT(LogBytes(&env) <= (close ? 0 : KeptBytes()));
    }
    EXPECT(to - from > 20);
    for (uint64_t op = from + 1; op <= to + 1; ++op) {
      for (const bool power : {true, false}) {
        SimEnv env(test::Seed());
        auto engine = MakeStore(&env, options);
        env.CrashAt(op);
        const bool done = act(engine.get()).ok();
        EXPECT_EQ(done, op == to + 1);
        env.CrashNow();
        engine.reset();
        if (power) env.Restart(test::Seed() * 100 + op);
        else env.RestartProcess();
        engine = OpenAt(&env, "/db", options);
        if (done) EXPECT_EQ(engine->recovery_report().was_clean, close);
        ExpectMany(engine.get(), 0, 500);
        PutMany(engine.get(), 500, 520);
        EXPECT_OK(engine->Close());
        engine = OpenAt(&env, "/db", options);
        EXPECT(engine->recovery_report().was_clean);
        ExpectMany(engine.get(), 0, 520);
        EXPECT(engine->Verify(nullptr, nullptr).value().sound());
      }
    }
  }
}

}  // namespace
}  // namespace sochdb::engine_log_space_test
