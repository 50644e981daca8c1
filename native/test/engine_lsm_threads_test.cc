// Real threads on an engine whose memory is tiny: writers, readers, and everything that works on tables, all at once.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "env/mem_env.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lsm_threads_test {
namespace {

using test::GetOr;
using test::KeyOf;
using test::ValueOf;

constexpr int kWriters = 3;
constexpr int kKeys = 50;

int Commits() { return test::kSanitizer == test::Sanitizer::kNone ? 600 : 150; }

// Writes n to one key of two trees together, and a filler that moves memory along.
void WriteOn(Engine* engine, int writer, std::atomic<int>* done) {
  const std::string name = "w" + std::to_string(writer);
  for (int n = 1; n <= Commits(); ++n) {
    auto txn = test::BeginOn(engine, n % 3 == 0 ? IsolationLevel::kSerializable : IsolationLevel::kSnapshot, n % 7 == 0);
    const std::string key = name + KeyOf(n % kKeys);
    EXPECT_OK(txn->Put(TreeId::kKeys, key, std::to_string(n)));
    EXPECT_OK(txn->Put(TreeId::kRows, key, std::to_string(n)));
    EXPECT_OK(txn->Put(TreeId::kVectors, name, ValueOf(n, 400)));
    if (n % 11 == 0) EXPECT_OK(txn->Delete(TreeId::kVectors, name));
    EXPECT_OK(txn->Commit().status());
    if (n % 5 == 0) EXPECT_OK(engine->Put(TreeId::kKeys, name + "single", std::to_string(n), kNeverExpires).status());
  }
  done->fetch_add(1);
}

// A snapshot shows both trees alike, and never goes back.
void ReadOn(Engine* engine, const std::atomic<int>* done) {
  std::vector<int> seen(kWriters, 0);
  while (done->load() < kWriters) {
    Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
    EXPECT_OK(snapshot.status());
    const std::string keys = test::ScanAll((*snapshot).get(), "w0key", "w3", {}, SIZE_MAX, TreeId::kRows);
    std::string both;
    Result<std::unique_ptr<Cursor>> cursor = (*snapshot)->NewCursor(TreeId::kKeys, "w0key", "w3", {});
    EXPECT_OK(cursor.status());
    for (bool found = true;;) {
      const Status status = (*cursor)->Next(&found);
      EXPECT_OK(status);
      if (!found) break;
      const std::string key((*cursor)->key());
      if (key.find("single") == std::string::npos) both += key + "=" + std::string((*cursor)->value()) + " ";
    }
    EXPECT(keys == both);
    for (int w = 0; w < kWriters; ++w) {
      const std::string got = GetOr(engine, "w" + std::to_string(w) + "single");
      const int n = got == "-" ? 0 : std::stoi(got);
      EXPECT(n >= seen[static_cast<size_t>(w)]);
      seen[static_cast<size_t>(w)] = n;
    }
  }
}

void MaintainOn(Engine* engine, const std::atomic<int>* done) {
  for (int i = 0; done->load() < kWriters; ++i) {
    switch (i % 8) {
      case 0:
        EXPECT_OK(engine->Flush(nullptr));
        break;
      case 1:
        EXPECT_OK(engine->Compact(nullptr, nullptr));
        break;
      case 2:
        EXPECT_OK(engine->Checkpoint(nullptr).status());
        break;
      case 3:
        EXPECT(engine->Verify(nullptr, nullptr).value().sound());
        break;
      case 4:
        EXPECT_OK(engine->SetIndexPolicy(TreeId::kRows, static_cast<IndexPolicy>(i / 8 % 4)));
        break;
      case 5:
        EXPECT_OK(engine->TruncateWal(engine->stats().checkpoint_lsn).status());
        break;
      case 6:
        EXPECT_OK(engine->Backup("/copy" + std::to_string(i), nullptr, nullptr).status());
        break;
      default:
        EXPECT_OK(engine->CompactLevel(i / 8 % kLevels, nullptr));
        EXPECT_OK(engine->ApproximateSize(TreeId::kKeys, "", "").status());
    }
  }
}

TEST("threads that write, read, flush, compact, verify and back up at once see every transaction whole") {
  for (const bool wal_enabled : {true, false}) {
    MemEnv env;
    EngineOptions options = test::TinyOptions(true);
    options.wal_enabled = wal_enabled;
    options.flush_threads = 2;
    options.compaction_threads = 2;
    options.retention_ms = wal_enabled ? 0 : 1000;
    auto engine = test::OpenAt(&env, "/db", options);
    std::atomic<int> done{0};
    std::vector<std::unique_ptr<Thread>> threads;
    for (int w = 0; w < kWriters; ++w) {
      threads.push_back(env.StartThread("writer", [&, w] { WriteOn(engine.get(), w, &done); }));
    }
    for (int r = 0; r < 2; ++r) threads.push_back(env.StartThread("reader", [&] { ReadOn(engine.get(), &done); }));
    threads.push_back(env.StartThread("maintainer", [&] { MaintainOn(engine.get(), &done); }));
    for (auto& thread : threads) thread->Join();
    EXPECT(engine->stats().lsm.flushes > 0);
    EXPECT_OK(engine->Close());
    engine = test::OpenAt(&env, "/db", options);
    for (int w = 0; w < kWriters; ++w) {
      for (int n = Commits() - kKeys + 1; n <= Commits(); ++n) {
        const std::string key = "w" + std::to_string(w) + KeyOf(n % kKeys);
        EXPECT_EQ(GetOr(engine.get(), key), std::to_string(n));
        EXPECT_EQ(GetOr(engine.get(), key, TreeId::kRows), std::to_string(n));
      }
    }
  }
}

TEST("a close waits for what others do with the store, and refuses what comes later") {
  for (int i = 0; i < 5; ++i) {
    MemEnv env;
    auto engine = test::OpenAt(&env, "/db", test::TinyOptions(true));
    test::PutMany(engine.get(), 0, 800);
    std::vector<std::unique_ptr<Thread>> threads;
    const auto honest = [](const Status& status) {
      return status.ok() || status.code() == Code::kClosed || status.code() == Code::kCancelled;
    };
    threads.push_back(env.StartThread("compacter", [&] { EXPECT(honest(engine->Compact(nullptr, nullptr))); }));
    threads.push_back(env.StartThread("flusher", [&] {
      for (int n = 0; n < 20; ++n) {
        (void)engine->Put(TreeId::kKeys, KeyOf(n), ValueOf(n), kNeverExpires);
        EXPECT(honest(engine->Flush(nullptr)));
      }
    }));
    threads.push_back(env.StartThread("backup", [&] { EXPECT(honest(engine->Backup("/copy", nullptr, nullptr).status())); }));
    if (i % 2 == 1) env.SleepMicros(3000);
    EXPECT_OK(engine->Close());
    for (auto& thread : threads) thread->Join();
    engine = test::OpenAt(&env, "/db", test::TinyOptions(true));
    EXPECT(engine->recovery_report().was_clean);
    test::ExpectMany(engine.get(), 0, 800);
  }
}

}  // namespace
}  // namespace sochdb::engine_lsm_threads_test
