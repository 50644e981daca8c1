// What a full or failing disk does to an engine with tables, and how writers are held back.

#include <string>

#include "engine/write_throttle.h"
#include "env/mem_env.h"
#include "env/path.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lsm_faults_test {
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

TEST("on a full disk writes are refused without a trace once memory is full, reads go on, and all resumes by itself") {
  for (const bool background : {false, true}) {
    SimEnv env(test::Seed());
    EngineOptions options = TinyOptions(background);
    options.wal_limit_bytes = 64 * 1024 * 1024;
    auto engine = OpenAt(&env, "/db", options);
    PutMany(engine.get(), 0, 500);
    env.LimitDisk(env.used_bytes() + 20'000);
    int taken = 500;
    Status status;
    while (status.ok() && taken < 5000) {
      status = engine->Put(kTree, KeyOf(taken), ValueOf(taken), kNeverExpires).status();
      if (status.ok()) ++taken;
    }
    EXPECT_EQ(CodeOf(status), AsInt(Code::kDiskFull));
    EXPECT_EQ(GetOr(engine.get(), KeyOf(taken)), "-");
    ExpectMany(engine.get(), 0, taken);
    env.LimitDisk(0);
    env.SleepMicros(10'000'000);
    PutMany(engine.get(), taken, taken + 500);
    EXPECT_OK(engine->Flush(nullptr));
    ExpectMany(engine.get(), 0, taken + 500);
    EXPECT(engine->stats().background_error.empty());
    EXPECT_OK(engine->Close());
    engine = OpenAt(&env, "/db", options);
    ExpectMany(engine.get(), 0, taken + 500);
  }
}

TEST("a table whose writing fails once is written again; a disk that keeps failing makes the store read-only, and says so") {
  for (const bool for_ever : {false, true}) {
    SimEnv env(test::Seed());
    EngineOptions options = TinyOptions();
    options.sync_mode = SyncMode::kOff;
    auto engine = OpenAt(&env, "/db", options);
    PutMany(engine.get(), 0, 100);
    EXPECT_OK(engine->Sync());
    env.FailAt(env.io_count() + 3, SimEnv::Fault::kIoError, for_ever);
    Status status;
    for (int i = 0; i < 10 && (i == 0 || !status.ok()); ++i) status = engine->Flush(nullptr);
    if (!for_ever) {
      EXPECT_OK(status);
      EXPECT(engine->stats().flush_failures <= 1);
    } else {
      EXPECT_EQ(CodeOf(status), AsInt(Code::kReadOnly));
      EXPECT_EQ(CodeOf(engine->Put(kTree, "k", "v", 0).status()), AsInt(Code::kReadOnly));
    }
    env.ClearFaults();
    ExpectMany(engine.get(), 0, 100);
    EXPECT_EQ(engine->Close().ok(), !for_ever);
    engine.reset();
    engine = OpenAt(&env, "/db", options);
    ExpectMany(engine.get(), 0, 100);
  }
}

TEST("a manifest whose writing failed makes the store read-only at once") {
  int refused = 0;
  for (uint64_t at = 1; at <= 40; ++at) {
    SimEnv env(at);
    EngineOptions options = TinyOptions();
    options.sync_mode = SyncMode::kOff;
    auto engine = OpenAt(&env, "/db", options);
    PutMany(engine.get(), 0, 100);
    EXPECT_OK(engine->Sync());
    env.FailAt(env.io_count() + at, SimEnv::Fault::kIoError);
    const Status status = engine->Flush(nullptr);
    if (CodeOf(status) == AsInt(Code::kReadOnly)) {
      ++refused;
      EXPECT_EQ(CodeOf(engine->Put(kTree, "k", "v", 0).status()), AsInt(Code::kReadOnly));
    }
    env.ClearFaults();
    ExpectMany(engine.get(), 0, 100);
  }
  EXPECT(refused > 0);
}

TEST("a directory that vanishes under an open store is an error that names it, never a crash") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db", TinyOptions());
  PutMany(engine.get(), 0, 500);
  EXPECT_OK(engine->Flush(nullptr));
  for (const std::string dir : {"/db/wal", "/db/tables"}) {
    for (const std::string& name : test::ListOf(&env, dir)) env.Vanish(JoinPath(dir, name));
  }
  PutMany(engine.get(), 500, 520);
  (void)engine->Verify(nullptr, nullptr);
  (void)engine->Compact(nullptr, nullptr);
  (void)engine->Backup("/copy", nullptr, nullptr);
  (void)GetOr(engine.get(), KeyOf(3));
  (void)engine->Close();
}

// --- holding writers back

class Throttle {
 public:
  explicit Throttle(Env* env) : throttle(env, {1000, 4, 500}) {}
  WriteThrottle throttle;
};

TEST("writers are not asked while there is room, and wait at most their time when there is none") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  t.throttle.SetMemory(999, 3, {});
  t.throttle.SetPressure({10, 12, 24}, {});
  EXPECT(!t.throttle.needed());
  t.throttle.SetMemory(1000, 1, {});
  EXPECT(t.throttle.needed());
  const uint64_t begun = env.MonotonicMicros();
  const Status status = t.throttle.Admit(100, 60'000);
  EXPECT_EQ(CodeOf(status), AsInt(Code::kTimeout));
  const uint64_t waited = env.MonotonicMicros() - begun;
  EXPECT(waited >= 500'000 && waited < 600'000);
  EXPECT_EQ(t.throttle.stats().timeouts, 1u);
  EXPECT_EQ(t.throttle.stats().stopped_writes, 1u);
  EXPECT(t.throttle.stats().stopped_micros >= 500'000);
}

TEST("a writer that waits goes on as soon as there is room, and is told at once of a full disk or a close") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  t.throttle.SetMemory(0, 4, {});
  Status status;
  auto writer = env.StartThread("writer", [&] { status = t.throttle.Admit(100, 60'000); });
  env.SleepMicros(1000);
  t.throttle.SetMemory(0, 3, {});
  writer->Join();
  EXPECT_OK(status);
  t.throttle.SetMemory(0, 4, {Code::kDiskFull, "full"});
  EXPECT_EQ(CodeOf(t.throttle.Admit(100, 60'000)), AsInt(Code::kDiskFull));
  t.throttle.SetMemory(0, 4, {});
  writer = env.StartThread("writer", [&] { status = t.throttle.Admit(100, 60'000); });
  env.SleepMicros(1000);
  t.throttle.Close();
  writer->Join();
  EXPECT_EQ(CodeOf(status), AsInt(Code::kClosed));
}

TEST("without background threads a writer that waits works until there is room") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  int turns = 0;
  t.throttle.SetInlineWork([&] {
    if (++turns == 3) t.throttle.SetMemory(0, 3, {});  // others were at it before
  });
  t.throttle.SetMemory(0, 4, {});
  EXPECT_OK(t.throttle.Admit(100, 60'000));
  EXPECT_EQ(turns, 3);
}

TEST("a writer that waits is told when the store becomes read-only") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  Status health;
  t.throttle.SetCheck([&] { return health; });
  t.throttle.SetMemory(0, 4, {});
  Status status;
  auto writer = env.StartThread("writer", [&] { status = t.throttle.Admit(100, 60'000); });
  env.SleepMicros(1000);
  health = Status(Code::kReadOnly, "read-only");
  t.throttle.SetMemory(0, 4, {Code::kIoError, "failed"});
  writer->Join();
  EXPECT_EQ(CodeOf(status), AsInt(Code::kReadOnly));
}

TEST("the further compaction lags behind, the longer each write is delayed") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  uint64_t last = 0;
  for (uint32_t runs = 12; runs < 24; runs += 2) {
    t.throttle.SetPressure({runs, 12, 24}, {});
    EXPECT(t.throttle.needed());
    const uint64_t begun = env.MonotonicMicros();
    EXPECT_OK(t.throttle.Admit(1'000'000, 60'000));
    const uint64_t delay = env.MonotonicMicros() - begun;
    EXPECT(delay > last);
    last = delay;
  }
  EXPECT_EQ(t.throttle.stats().delayed_writes, 6u);
  t.throttle.SetPressure({24, 12, 24}, {});
  EXPECT_EQ(CodeOf(t.throttle.Admit(100, 10)), AsInt(Code::kTimeout));
  t.throttle.SetPressure({3, 12, 24}, {});
  EXPECT(!t.throttle.needed());
}

TEST("a write that waits in vain says what has to catch up, and how far behind it is") {
  SimEnv env(test::Seed());
  Throttle t(&env);
  const auto detail = [](const Status& status, std::string_view name) {
    for (const auto& [key, value] : status.details()) {
      if (key == name) return value;
    }
    return std::string();
  };
  t.throttle.SetPressure({26, 12, 24}, {});
  Status status = t.throttle.Admit(100, 20);
  EXPECT_EQ(CodeOf(status), AsInt(Code::kTimeout));
  EXPECT(status.message().find("faster than flushes and compactions") != std::string::npos);
  EXPECT(status.message().find("26 runs of tables wait to be merged (writes stop at 24).") != std::string::npos);
  EXPECT_EQ(detail(status, "stall"), "compaction");
  EXPECT_EQ(detail(status, "runs"), "26");
  EXPECT(std::stoull(detail(status, "waitedMs")) >= 20);
  t.throttle.SetMemory(1234, 1, {Code::kIoError, "The disk is tired."});
  status = t.throttle.Admit(100, 20);
  EXPECT(status.message().find("1234 bytes of memtables wait to be flushed, 1 memtable of one tree (writes stop at 1000 and 4)."
                               " The last attempt failed: The disk is tired.") != std::string::npos);
  EXPECT_EQ(detail(status, "stall"), "flush");
  EXPECT_EQ(detail(status, "waitingBytes"), "1234");
  EXPECT_EQ(detail(status, "waitingMemtables"), "1");
  EXPECT_EQ(t.throttle.stats().timeouts, 2u);
}

}  // namespace
}  // namespace sochdb::engine_lsm_faults_test
