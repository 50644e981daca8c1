// Transactions as one caller sees them: own writes, cursors, savepoints, the writer, limits.

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "env/mem_env.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "test/store_fixture.h"

namespace sochdb::txn_test {
namespace {

using test::BeginOn;
using test::GetOr;
using test::OpenAt;
using test::PutOne;
using test::ScanAll;
using test::Store;

constexpr TreeId kTree = TreeId::kKeys;

bool Is(const Status& status, Code code) { return status.code() == code; }

// --- own writes

TEST("a transaction reads its own writes, others only after its commit") {
  Store store;
  PutOne(store.engine.get(), "b", "old");
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "a", "1"));
  EXPECT_OK(txn->Put(kTree, "b", "2"));
  EXPECT_OK(txn->Delete(kTree, "c"));
  EXPECT_EQ(ScanAll(txn.get()), "a=1 b=2 ");
  EXPECT_EQ(GetOr(txn.get(), "b"), "2");
  EXPECT_EQ(GetOr(store.engine.get(), "b"), "old");
  EXPECT(txn->HasOwnWrites(kTree, "c", "d") && !txn->HasOwnWrites(kTree, "d", "") &&
         !txn->HasOwnWrites(TreeId::kPostings, "", ""));
  const Timestamp ts = txn->Commit().value();
  EXPECT(ts > txn->read_ts());
  EXPECT_EQ(ScanAll(store.engine->NewSnapshot().value().get()), "a=1 b=2 ");
}

TEST("own writes are listed in key order: puts, large ones too, and deletes; the first failure ends the list") {
  Store store;
  auto txn = store.Begin();
  const std::string big(kBlobThresholdBytes + 1, 'b');
  EXPECT_OK(txn->Put(kTree, "c", big));
  EXPECT_OK(txn->Put(kTree, "a", "1"));
  EXPECT_OK(txn->Delete(kTree, "b"));
  EXPECT_OK(txn->Put(kTree, "d", "out of range"));
  EXPECT_OK(txn->Put(TreeId::kRows, "a", "other tree"));
  std::string seen;
  const auto note = [&](std::string_view key, std::optional<std::string_view> value) -> Status {
    seen += std::string(key) + (value.has_value() ? "=" + std::to_string(value->size()) : "-") + " ";
    return {};
  };
  EXPECT_OK(txn->VisitOwnWrites(kTree, "a", "d", note));
  EXPECT_EQ(seen, "a=1 b- c=" + std::to_string(big.size()) + " ");
  int calls = 0;
  const Status stopped = txn->VisitOwnWrites(kTree, "", "", [&](std::string_view, std::optional<std::string_view>) -> Status {
    ++calls;
    return {Code::kCancelled, "enough"};
  });
  EXPECT(Is(stopped, Code::kCancelled) && calls == 1);
}

TEST("a finished transaction refuses everything, and aborting it again is harmless") {
  Store store;
  auto txn = store.Begin();
  auto cursor = txn->NewCursor(kTree, "", "", {});
  EXPECT_OK(txn->Put(kTree, "a", "1"));
  EXPECT_OK(txn->Commit().status());
  txn->Abort();
  ReadValue value;
  bool found = false;
  EXPECT(txn->finished());
  EXPECT(Is(txn->Get(kTree, "a", &value, &found), Code::kTransaction));
  EXPECT(Is(txn->Put(kTree, "a", "2"), Code::kTransaction));
  EXPECT(Is(txn->Commit().status(), Code::kTransaction));
  EXPECT(Is(cursor.value()->Next(&found), Code::kTransaction));
  EXPECT_EQ(GetOr(store.engine.get(), "a"), "1");
}

TEST("a transaction that is destroyed leaves nothing") {
  Store store;
  EXPECT_OK(store.Begin()->Put(kTree, "a", "1"));
  EXPECT_EQ(GetOr(store.engine.get(), "a"), "-");
  EXPECT_EQ(store.engine->stats().active_transactions, 0u);
  EXPECT_EQ(store.engine->stats().active_snapshots, 0u);
}

TEST("a read-only transaction commits with its read timestamp and writes nothing") {
  Store store;
  PutOne(store.engine.get(), "a", "1");
  auto txn = store.Begin();
  EXPECT_EQ(GetOr(txn.get(), "a"), "1");
  PutOne(store.engine.get(), "a", "2");
  EXPECT_EQ(txn->Commit().value(), txn->read_ts());
  EXPECT_EQ(store.engine->stats().wal.entries, 2u);
}

// --- cursors

TEST("a cursor sees own writes from before it opened, and none from after (no Halloween updates)") {
  Store store;
  for (const char* key : {"a", "b", "c"}) PutOne(store.engine.get(), key, "0");
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "b", "own"));
  auto cursor = txn->NewCursor(kTree, "", "", {}).value();
  std::string seen;
  bool found = false;
  for (int i = 0; i < 10; ++i) {
    EXPECT_OK(cursor->Next(&found));
    if (!found) break;
    const std::string key(cursor->key());
    seen += key + "=" + std::string(cursor->value()) + " ";
    EXPECT_OK(txn->Put(kTree, key + "z", "moved"));
    EXPECT_OK(txn->Put(kTree, key, "changed"));
    EXPECT_OK(txn->Delete(kTree, "c"));
  }
  EXPECT_EQ(seen, "a=0 b=own c=0 ");
  EXPECT_EQ(ScanAll(txn.get()), "a=changed az=moved b=changed bz=moved cz=moved ");
}

TEST("ranges are half-open, an empty end is open, reverse runs from the end") {
  Store store;
  for (const char* key : {"a", "b", "c", "d"}) PutOne(store.engine.get(), key, "0");
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "bb", "1"));
  ScanOptions reverse;
  reverse.reverse = true;
  EXPECT_EQ(ScanAll(txn.get(), "b", "d"), "b=0 bb=1 c=0 ");
  EXPECT_EQ(ScanAll(txn.get(), "b", "d", reverse), "c=0 bb=1 b=0 ");
  EXPECT_EQ(ScanAll(txn.get(), "c", ""), "c=0 d=0 ");
  EXPECT_EQ(ScanAll(txn.get(), "", "", reverse), "d=0 c=0 bb=1 b=0 a=0 ");
  EXPECT_EQ(ScanAll(txn.get(), "d", "b"), "");
  EXPECT_EQ(ScanAll(txn.get(), "b", "b"), "");
}

TEST("a cursor goes on where it stood after a rollback has taken its own writes away") {
  Store store;
  for (const char* key : {"a", "c", "e"}) PutOne(store.engine.get(), key, "0");
  for (const bool backward : {false, true}) {
    auto txn = store.Begin();
    const SavepointId savepoint = txn->SetSavepoint();
    for (const char* key : {"b", "c", "d"}) EXPECT_OK(txn->Put(kTree, key, "own"));
    ScanOptions options;
    options.reverse = backward;
    auto cursor = txn->NewCursor(kTree, "", "", options).value();
    bool found = false;
    for (int i = 0; i < 3; ++i) EXPECT_OK(cursor->Next(&found));
    EXPECT_EQ(cursor->key(), "c");
    EXPECT_OK(txn->RollbackTo(savepoint));
    EXPECT_EQ(cursor->key(), "c");
    EXPECT_EQ(cursor->value(), "own");
    EXPECT_OK(txn->Put(kTree, "dd", "later"));
    EXPECT_OK(cursor->Next(&found));
    EXPECT_EQ(cursor->key(), backward ? "a" : "e");
    EXPECT_OK(cursor->Next(&found));
    EXPECT(!found);
  }
}

TEST("cursors over any mixture of committed and own entries agree with a map, skips included") {
  for (uint64_t round = 0; round < static_cast<uint64_t>(test::Rounds(200)); ++round) {
    SimRandom random(test::Seed() * 1000 + round);
    Store store;
    std::map<std::string, std::string> model;
    const auto key = [&] { return std::string(1, static_cast<char>('a' + random.Below(12))); };
    for (int i = 0; i < 8; ++i) {
      const std::string k = key();
      PutOne(store.engine.get(), k, "c");
      model[k] = "c";
    }
    auto txn = store.Begin();
    for (int i = 0; i < 8; ++i) {
      const std::string k = key();
      if (random.Below(3) == 0) {
        EXPECT_OK(txn->Delete(kTree, k));
        model.erase(k);
      } else {
        EXPECT_OK(txn->Put(kTree, k, "own" + std::to_string(i)));
        model[k] = "own" + std::to_string(i);
      }
    }
    const std::string lo = random.Below(2) == 0 ? "" : key();
    const std::string hi = random.Below(2) == 0 ? "" : key();
    ScanOptions options;
    options.reverse = random.Below(2) == 0;
    std::vector<std::string> expected;
    for (const auto& [k, v] : model) {
      if (k >= lo && (hi.empty() || k < hi)) expected.push_back(k + v);
    }
    if (options.reverse) std::reverse(expected.begin(), expected.end());
    auto cursor = txn->NewCursor(kTree, lo, hi, options).value();
    size_t at = 0;
    for (;;) {
      bool found = false;
      if (random.Below(3) == 0) {
        const std::string to = key();
        while (at < expected.size() && (options.reverse ? expected[at].substr(0, 1) > to : expected[at].substr(0, 1) < to))
          ++at;
        EXPECT_OK(cursor->SeekNext(to, &found));
      } else {
        EXPECT_OK(cursor->Next(&found));
      }
      EXPECT_EQ(found, at < expected.size());
      if (!found || at >= expected.size()) break;
      EXPECT_EQ(std::string(cursor->key()) + std::string(cursor->value()), expected[at]);
      ++at;
    }
  }
}

// --- savepoints

TEST("rolling back to a savepoint drops what came later, and savepoints after it") {
  Store store;
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "a", "1"));
  const SavepointId first = txn->SetSavepoint();
  EXPECT_OK(txn->Put(kTree, "a", "2"));
  EXPECT_OK(txn->Put(kTree, "b", "2"));
  const SavepointId second = txn->SetSavepoint();
  EXPECT_OK(txn->Delete(kTree, "a"));
  EXPECT_OK(txn->Put(kTree, "c", "3"));
  EXPECT_OK(txn->RollbackTo(second));
  EXPECT_EQ(ScanAll(txn.get()), "a=2 b=2 ");
  EXPECT_OK(txn->RollbackTo(first));
  EXPECT_EQ(ScanAll(txn.get()), "a=1 ");
  EXPECT(Is(txn->RollbackTo(second), Code::kTransaction));
  EXPECT_OK(txn->Put(kTree, "d", "4"));
  EXPECT_OK(txn->RollbackTo(first));
  EXPECT_OK(txn->Release(first));
  EXPECT(Is(txn->RollbackTo(first), Code::kTransaction));
  EXPECT(Is(txn->Release(first), Code::kTransaction));
  EXPECT_OK(txn->Commit().status());
  EXPECT_EQ(ScanAll(store.engine->NewSnapshot().value().get()), "a=1 ");
}

TEST("savepoints nested at random agree with copies of a map") {
  for (uint64_t round = 0; round < static_cast<uint64_t>(test::Rounds(100)); ++round) {
    SimRandom random(test::Seed() * 977 + round);
    Store store;
    auto txn = store.Begin();
    std::map<std::string, std::string> model;
    std::vector<std::pair<SavepointId, std::map<std::string, std::string>>> stack;
    for (int step = 0; step < 120; ++step) {
      const uint64_t choice = random.Below(10);
      const std::string key(1, static_cast<char>('a' + random.Below(6)));
      if (choice < 5) {
        const std::string value(random.Below(40), static_cast<char>('0' + step % 10));
        EXPECT_OK(txn->Put(kTree, key, value));
        model[key] = value;
      } else if (choice < 6) {
        EXPECT_OK(txn->Delete(kTree, key));
        model.erase(key);
      } else if (choice < 8) {
        stack.emplace_back(txn->SetSavepoint(), model);
      } else if (!stack.empty()) {
        const size_t to = static_cast<size_t>(random.Below(stack.size()));
        if (choice == 8) {
          EXPECT_OK(txn->RollbackTo(stack[to].first));
          model = stack[to].second;
          stack.resize(to + 1);
        } else {
          EXPECT_OK(txn->Release(stack[to].first));
          stack.resize(to);
        }
      }
      std::string expected;
      for (const auto& [k, v] : model) expected += k + "=" + v + " ";
      EXPECT_EQ(ScanAll(txn.get()), expected);
    }
  }
}

TEST("a key that is overwritten for ever, statement by statement, takes no more memory for it") {
  Store store;
  auto txn = store.Begin();
  (void)txn->BeginStatement();
  EXPECT_OK(txn->Put(kTree, "counter", "0000000"));
  uint64_t after_few = 0;
  for (int i = 0; i < 10'000; ++i) {
    (void)txn->BeginStatement();
    EXPECT_OK(txn->Put(kTree, "counter", std::to_string(1'000'000 + i)));
    if (i == 10) after_few = txn->write_bytes();
  }
  EXPECT_EQ(txn->write_bytes(), after_few);
  EXPECT_EQ(GetOr(txn.get(), "counter"), "1009999");
}

TEST("memory of writes that were rolled back is used again") {
  Store store;
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "kept", "v"));
  const SavepointId savepoint = txn->SetSavepoint();
  const uint64_t before = txn->write_bytes();
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 100; ++i) EXPECT_OK(txn->Put(kTree, "k" + std::to_string(i), std::string(1000, 'v')));
    EXPECT_OK(txn->RollbackTo(savepoint));
    EXPECT_EQ(txn->write_bytes(), before);
  }
  EXPECT_EQ(ScanAll(txn.get()), "kept=v ");
}

// --- the writer

TEST("while a closure holds the writer, its thread is told so instead of waiting for itself") {
  Store store;
  PutOne(store.engine.get(), "k", "0");
  auto other = store.Begin();
  EXPECT_OK(other->Put(kTree, "x", "1"));
  auto closure = store.Closure();
  EXPECT(closure->holds_writer());
  TransactionOptions options;
  options.take_writer = true;
  EXPECT(Is(store.engine->Begin(options).status(), Code::kTransaction));
  EXPECT(Is(store.engine->Put(kTree, "k", "1", 0).status(), Code::kTransaction));
  EXPECT(Is(store.engine->Delete(kTree, "k").status(), Code::kTransaction));
  EXPECT(Is(other->Commit().status(), Code::kTransaction));
  EXPECT(other->finished());
  EXPECT_EQ(GetOr(store.engine.get(), "k"), "0");
  EXPECT_OK(closure->Put(kTree, "k", "2"));
  EXPECT_OK(closure->Commit().status());
  EXPECT(!closure->holds_writer());
  PutOne(store.engine.get(), "k", "3");
}

TEST("a closure that aborts, or is dropped, gives the writer back") {
  Store store;
  store.Closure()->Abort();
  { auto dropped = store.Closure(); }
  auto failed = store.Closure();
  EXPECT(!failed->Put(kTree, std::string(kMaxKeyBytes + 1, 'k'), "v").ok());
  failed->Abort();
  PutOne(store.engine.get(), "k", "v");
}

TEST("who waits for the writer too long gets a timeout, and who waits long enough gets the writer") {
  SimEnv env(test::Seed());
  EngineOptions options;
  options.writer_timeout_ms = 100;
  auto engine = OpenAt(&env, "/db", options);
  auto closure = BeginOn(engine.get(), IsolationLevel::kSerializable, true);
  Code put = Code::kOk;
  Code waited = Code::kInternal;
  bool release = false;
  auto impatient = env.StartThread("impatient", [&] { put = engine->Put(kTree, "k", "v", 0).status().code(); });
  impatient->Join();
  auto patient = env.StartThread("patient", [&] {
    TransactionOptions begin;
    begin.take_writer = true;
    begin.timeout_ms = 10'000;
    Result<std::unique_ptr<Transaction>> mine = engine->Begin(begin);
    waited = mine.status().code();
    EXPECT(release);
  });
  env.SleepMicros(1'000'000);
  release = true;
  closure->Abort();
  patient->Join();
  EXPECT_EQ(static_cast<int>(put), static_cast<int>(Code::kTimeout));
  EXPECT_EQ(static_cast<int>(waited), static_cast<int>(Code::kOk));
}

TEST("a closure sees every commit that was acknowledged before it, and never conflicts") {
  Store store;
  PutOne(store.engine.get(), "k", "1");
  auto closure = store.Closure();
  EXPECT_EQ(GetOr(closure.get(), "k"), "1");
  EXPECT_EQ(ScanAll(closure.get()), "k=1 ");
  EXPECT_OK(closure->Put(kTree, "k", "2"));
  EXPECT_OK(closure->Commit().status());
  EXPECT_EQ(GetOr(store.engine.get(), "k"), "2");
}

// --- limits and time

TEST("a transaction older than its time limit is aborted at its next use") {
  SimEnv env(test::Seed());
  EngineOptions options;
  options.transaction_timeout_ms = 1000;
  auto engine = OpenAt(&env, "/db", options);
  auto txn = BeginOn(engine.get());
  auto closure = BeginOn(engine.get(), IsolationLevel::kSerializable, true);
  EXPECT_OK(txn->Put(kTree, "k", "v"));
  env.AdvanceMillis(1001);
  EXPECT(Is(txn->Put(kTree, "k", "w"), Code::kTimeout));
  EXPECT(Is(txn->Commit().status(), Code::kTransaction));
  EXPECT(Is(closure->Commit().status(), Code::kTimeout));
  PutOne(engine.get(), "k", "writer is free");
}

TEST("a transaction beyond its byte limit is told so, and may still commit what it has") {
  EngineOptions options;
  options.max_transaction_bytes = 100 * 1024;
  Store store(options);
  auto txn = store.Begin();
  EXPECT_OK(txn->Put(kTree, "a", std::string(60 * 1024, 'v')));
  const Status status = txn->Put(kTree, "b", std::string(60 * 1024, 'v'));
  EXPECT(Is(status, Code::kLimit));
  EXPECT(!status.details().empty() && status.details()[0].first == "limit");
  EXPECT_OK(txn->Commit().status());
  EXPECT_EQ(GetOr(store.engine.get(), "b"), "-");
  EXPECT_EQ(GetOr(store.engine.get(), "a").size(), 60u * 1024);
}

TEST("an entry that expires between read and commit makes a serializable transaction conflict") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  EXPECT_OK(engine->Put(kTree, "k", "v", env.NowMillis() + 1000).status());
  // Nothing else that they have read changes before they commit.
  auto by_get = BeginOn(engine.get());
  auto by_get_many = BeginOn(engine.get());
  auto by_scan = BeginOn(engine.get());
  auto in_time = BeginOn(engine.get());
  auto weaker = BeginOn(engine.get(), IsolationLevel::kSnapshot);
  for (Transaction* txn : {by_get.get(), in_time.get(), weaker.get()}) EXPECT_EQ(GetOr(txn, "k"), "v");
  {
    const EpochGuard guard;
    const std::string_view keys[] = {"k", "l"};
    ReadValues values;
    EXPECT_OK(by_get_many->GetMany(kTree, keys, &values));
    EXPECT(values.items[0].found);
  }
  EXPECT_EQ(ScanAll(by_scan.get(), "k", "l"), "k=v ");
  EXPECT_OK(in_time->Put(kTree, "1", "v"));
  EXPECT_OK(in_time->Commit().status());
  env.AdvanceMillis(2000);
  for (Transaction* txn : {by_get.get(), by_get_many.get(), by_scan.get()}) {
    EXPECT_OK(txn->Put(kTree, "2", "v"));
    EXPECT(Is(txn->Commit().status(), Code::kConflict));
  }
  EXPECT_OK(weaker->Put(kTree, "4", "v"));
  EXPECT_OK(weaker->Commit().status());
}

TEST("a store may be used by many threads at once") {
  Store store;
  PutOne(store.engine.get(), "n", "0");
  std::atomic<int> committed{0};
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < 4; ++t) {
    threads.push_back(store.env.StartThread("worker", [&, t] {
      for (int i = 0; i < 200; ++i) {
        if (t == 0) {
          auto closure = BeginOn(store.engine.get(), IsolationLevel::kSerializable, true);
          EXPECT_OK(closure->Put(kTree, "n", std::to_string(std::stoi(GetOr(closure.get(), "n")) + 1)));
          EXPECT_OK(closure->Commit().status());
          committed.fetch_add(1);
          continue;
        }
        auto txn = store.Begin();
        EXPECT_OK(txn->Put(kTree, "n", std::to_string(std::stoi(GetOr(txn.get(), "n")) + 1)));
        const Status status = txn->Commit().status();
        EXPECT(status.ok() || status.code() == Code::kConflict);
        if (status.ok()) committed.fetch_add(1);
      }
    }));
  }
  for (auto& thread : threads) thread->Join();
  EXPECT_EQ(GetOr(store.engine.get(), "n"), std::to_string(committed.load()));
}

}  // namespace
}  // namespace sochdb::txn_test
