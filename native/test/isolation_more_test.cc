// What the isolation matrix does not show: anomalies that only serializable prevents, what exactly a scan has read,
// constraints, merges and publication.

#include <new>
#include <string>
#include <vector>

#include "base/epoch.h"
#include "test/harness.h"
#include "test/isolation_world.h"
#include "test/oom.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb::isolation_more_test {
namespace {

using test::BeginOn;
using test::Get;
using test::GetOr;
using test::kLevels;
using test::kReadCommitted;
using test::kSerializable;
using test::kSnapshot;
using test::OpenAt;
using test::Put;
using test::PutOne;
using test::Scan;
using test::ScanAll;
using test::TxnPtr;
using test::World;

constexpr TreeId kTree = TreeId::kKeys;

// --- more that only serializable prevents, each beside the same history under snapshot isolation

TEST("a read-only transaction may not make a serial order impossible (Fekete's anomaly)") {
  for (const IsolationLevel level : {kSnapshot, kSerializable}) {
    World w(level, 0);
    PutOne(w.engine(), "x", "0");
    PutOne(w.engine(), "y", "0");
    TxnPtr t2 = w.Begin();  // withdraws 10, with a fee of 1 when the sum would fall below 0
    const int sum = std::stoi(Get(t2, "x")) + std::stoi(Get(t2, "y"));
    TxnPtr t1 = w.Begin();  // deposits 20 to y
    Put(t1, "y", std::to_string(std::stoi(Get(t1, "y")) + 20));
    EXPECT(w.Commit(t1));
    TxnPtr t3 = w.Begin();  // reads both: the deposit is there, the withdrawal is not
    EXPECT_EQ(Get(t3, "x") + " " + Get(t3, "y"), "0 20");
    EXPECT(w.Commit(t3));
    Put(t2, "x", sum - 10 < 0 ? "-11" : "-10");
    EXPECT_EQ(w.Commit(t2), level == kSnapshot);
  }
}

TEST("a report that was printed stays true (batch and report)") {
  for (const IsolationLevel level : {kSnapshot, kSerializable}) {
    World w(level, 0);
    PutOne(w.engine(), "batch", "1");
    TxnPtr receipt = w.Begin();  // belongs to the batch it read
    const std::string batch = Get(receipt, "batch");
    TxnPtr close = w.Begin();
    Put(close, "batch", std::to_string(std::stoi(Get(close, "batch")) + 1));
    EXPECT(w.Commit(close));
    TxnPtr report = w.Begin();  // of the closed batch
    EXPECT_EQ(Get(report, "batch"), "2");
    EXPECT_EQ(Scan(report), "");
    EXPECT(w.Commit(report));
    Put(receipt, "k/" + batch, "100");
    EXPECT_EQ(w.Commit(receipt), level == kSnapshot);
  }
}

TEST("deleting and inserting the same value again is still a write (ABA)") {
  World w(kSerializable, 0);
  TxnPtr reader = w.Begin();
  EXPECT_EQ(Get(reader, "x"), "10");
  EXPECT_OK(w.engine()->Delete(kTree, "x").status());
  PutOne(w.engine(), "x", "10");
  Put(reader, "z", "1");
  EXPECT(!w.Commit(reader));
}

TEST("a phantom in an empty range, before the first key or behind the last, conflicts") {
  for (const char* phantom : {"k", "k5", "a", "zz"}) {
    World w(kSerializable, 0);
    TxnPtr reader = w.Begin();
    EXPECT_EQ(ScanAll(reader.get(), phantom, std::string(phantom) + "~"), "");
    PutOne(w.engine(), phantom, "1");
    Put(reader, "other", "1");
    EXPECT(!w.Commit(reader));
  }
}

TEST("a missing key that was looked up conflicts with its insert") {
  World w(kSerializable, 0);
  TxnPtr reader = w.Begin();
  EXPECT_EQ(Get(reader, "k"), "-");
  PutOne(w.engine(), "k", "1");
  Put(reader, "other", "1");
  EXPECT(!w.Commit(reader));
}

TEST("a read that memory was missing to note keeps its transaction from committing") {
  int refused = 0;
  for (uint64_t n = 1; n <= 20; ++n) {
    World w(kSerializable, 0);
    PutOne(w.engine(), "k", "0");
    TxnPtr reader = w.Begin();
    EXPECT_OK(reader->Put(kTree, "other", "1"));
    test::OutOfMemory oom(n, false);
    std::string read;
    try {
      const EpochGuard guard;
      ReadValue value;
      bool found = false;
      if (reader->Get(kTree, "k", &value, &found).ok() && found) read = "noted or lost";
    } catch (const std::bad_alloc&) {
    }
    oom.Disarm();
    if (!oom.fired()) break;
    if (read.empty()) continue;
    PutOne(w.engine(), "k", "1");
    EXPECT(!reader->Commit().ok());
    ++refused;
  }
  EXPECT(refused > 0);
}

// Scans `limit` entries of [a, m), with b d f h in it, while `written` is written; whether it could commit.
bool LimitedScanCommits(bool reverse, size_t limit, const std::string& written) {
  World w(kSerializable, 0);
  for (const char* key : {"b", "d", "f", "h"}) PutOne(w.engine(), key, "0");
  TxnPtr reader = w.Begin();
  ScanOptions options;
  options.reverse = reverse;
  (void)ScanAll(reader.get(), "a", "m", options, limit);
  PutOne(w.engine(), written, "1");
  Put(reader, "zzz", "1");
  return w.Commit(reader);
}

TEST("a scan with a limit has read up to the last entry it returned, and not beyond") {
  for (const char* inside : {"a", "b", "c", "d"}) EXPECT(!LimitedScanCommits(false, 2, inside));
  for (const char* beyond : {"d0", "e", "f", "l", "m", "A"}) EXPECT(LimitedScanCommits(false, 2, beyond));
  for (const char* inside : {"l", "i", "h", "g", "f"}) EXPECT(!LimitedScanCommits(true, 2, inside));
  for (const char* beyond : {"e", "d", "a", "m", "z"}) EXPECT(LimitedScanCommits(true, 2, beyond));
  EXPECT(!LimitedScanCommits(false, 5, "l"));  // exhausted: the whole range
  EXPECT(!LimitedScanCommits(true, 5, "a"));
  EXPECT(LimitedScanCommits(false, 5, "m"));
  EXPECT(LimitedScanCommits(true, 5, "A"));
  EXPECT(LimitedScanCommits(false, 0, "b"));  // never moved: nothing was read
}

TEST("a cursor that skips has read what it walked, and not what it skipped") {
  for (const bool reverse : {false, true}) {
    for (const char* written : {"c", "h", "q"}) {
      World w(kSerializable, 0);
      for (const char* key : {"b", "d", "f", "j", "p", "r"}) PutOne(w.engine(), key, "0");
      TxnPtr reader = w.Begin();
      ScanOptions options;
      options.reverse = reverse;
      auto cursor = reader->NewCursor(kTree, "a", "t", options).value();
      bool found = false;
      EXPECT_OK(cursor->Next(&found));
      EXPECT_OK(cursor->Next(&found));
      EXPECT_EQ(cursor->key(), reverse ? "p" : "d");
      EXPECT_OK(cursor->SeekNext(reverse ? "d" : "p", &found));
      EXPECT_EQ(cursor->key(), reverse ? "d" : "p");
      EXPECT_OK(cursor->Next(&found));
      PutOne(w.engine(), written, "1");
      Put(reader, "zzz", "1");
      EXPECT_EQ(w.Commit(reader), std::string_view(written) == "h");
    }
  }
}

TEST("a read set that was coarsened still finds every conflict") {
  constexpr int kReads = 70'000;  // more than are kept one by one
  for (const int written : {0, 1, 33'333, 65'535, 65'536, kReads - 1}) {
    World w(kSerializable, 0);
    TxnPtr reader = w.Begin();
    const auto key = [](int i) { return "n" + std::to_string(1'000'000 + i); };
    ReadValue value;
    bool found = false;
    for (int i = 0; i < kReads; ++i) EXPECT_OK(reader->Get(kTree, key(i * 7919 % kReads), &value, &found));
    PutOne(w.engine(), key(written), "1");
    Put(reader, "zzz", "1");
    EXPECT(!w.Commit(reader));
  }
  World w(kSerializable, 0);
  TxnPtr reader = w.Begin();
  ReadValue value;
  bool found = false;
  for (int i = 0; i < kReads; ++i) EXPECT_OK(reader->Get(kTree, "n" + std::to_string(1'000'000 + i), &value, &found));
  EXPECT_OK(w.engine()->Put(TreeId::kRows, "n1000000", "other tree", kNeverExpires).status());
  PutOne(w.engine(), "a", "far away");
  Put(reader, "zzz", "1");
  EXPECT(w.Commit(reader));
}

TEST("blind writes do not conflict under serializable, and do under snapshot") {
  for (const IsolationLevel level : {kReadCommitted, kSnapshot, kSerializable}) {
    World w(level, 0);
    TxnPtr t1 = w.Begin();
    TxnPtr t2 = w.Begin();
    Put(t1, "x", "1");
    Put(t2, "x", "2");
    EXPECT(w.Commit(t1));
    EXPECT_EQ(w.Commit(t2), level != kSnapshot);
  }
}

TEST("reading what one wrote oneself registers nothing") {
  World w(kSerializable, 0);
  TxnPtr txn = w.Begin();
  Put(txn, "x", "1");
  EXPECT_EQ(Get(txn, "x"), "1");
  PutOne(w.engine(), "x", "2");
  EXPECT(w.Commit(txn));
}

TEST("a read-only transaction never conflicts, whatever was written since") {
  World w(kSerializable, 0);
  TxnPtr txn = w.Begin();
  EXPECT_EQ(ScanAll(txn.get()), "x=10 y=20 ");
  PutOne(w.engine(), "x", "2");
  EXPECT_EQ(Get(txn, "x"), "10");
  EXPECT(w.Commit(txn));
}

TEST("reads stay registered after a rollback to a savepoint") {
  World w(kSerializable, 0);
  TxnPtr txn = w.Begin();
  const SavepointId savepoint = txn->SetSavepoint();
  EXPECT_EQ(Get(txn, "x"), "10");
  EXPECT_OK(txn->RollbackTo(savepoint));
  PutOne(w.engine(), "x", "2");
  Put(txn, "z", "1");
  EXPECT(!w.Commit(txn));
}

TEST("a range that was registered without reading conflicts like one that was read") {
  for (const IsolationLevel level : kLevels) {
    World w(level, 0);
    TxnPtr txn = w.Begin();
    txn->RegisterRangeRead(kTree, "k", "l");
    PutOne(w.engine(), "k7", "1");
    Put(txn, "z", "1");
    EXPECT_EQ(w.Commit(txn), level != kSerializable);
  }
}

// --- constraints, in every level

TEST("of two that check a unique key and insert it, one commits, at every level") {
  for (const IsolationLevel level : kLevels) {
    for (const int noise : {0, 700, 20'000}) {
      World w(level, noise);
      TxnPtr t1 = w.Begin();
      TxnPtr t2 = w.Begin();
      for (const TxnPtr* txn : {&t1, &t2}) {
        (void)(*txn)->BeginStatement();
        ReadValue value;
        bool found = false;
        EXPECT_OK((*txn)->GetForConstraint(TreeId::kIndexes, "email", &value, &found));
        EXPECT(!found);
        EXPECT_OK((*txn)->Put(TreeId::kIndexes, "email", "row"));
      }
      EXPECT(w.Commit(t1));
      EXPECT(!w.Commit(t2));
    }
  }
}

TEST("a row that a foreign key was checked against may not vanish before the commit, at every level") {
  for (const IsolationLevel level : kLevels) {
    World w(level, 0);
    TxnPtr child = w.Begin();
    (void)child->BeginStatement();
    ReadValue value;
    bool found = false;
    EXPECT_OK(child->GetForConstraint(kTree, "x", &value, &found));
    EXPECT(found);
    EXPECT_OK(w.engine()->Delete(kTree, "x").status());
    (void)child->BeginStatement();  // a later statement's snapshot does not excuse the earlier check
    Put(child, "child", "of x");
    EXPECT(!w.Commit(child));
  }
}

TEST("an absence that a constraint rests on may not end before the commit, at every level") {
  for (const IsolationLevel level : kLevels) {
    World w(level, 0);
    TxnPtr remove = w.Begin();
    (void)remove->BeginStatement();
    remove->RegisterConstraintRange(kTree, "child/", "child0");
    EXPECT_OK(remove->Delete(kTree, "x"));
    PutOne(w.engine(), "child/1", "of x");
    EXPECT(!w.Commit(remove));
  }
}

TEST("an entry that is replaced with what was derived from it may not have changed before the commit, at every level") {
  for (const IsolationLevel level : kLevels) {
    for (const int noise : {0, 700, 20'000}) {
      World w(level, noise);
      TxnPtr t1 = w.Begin();
      TxnPtr t2 = w.Begin();
      for (const TxnPtr* txn : {&t1, &t2}) {
        (void)(*txn)->BeginStatement();
        EXPECT_EQ(Get(*txn, "x"), "10");
        (*txn)->RegisterReplacement(kTree, "x");
        EXPECT_OK((*txn)->Put(kTree, "x", txn == &t1 ? "11" : "12"));
        (void)(*txn)->BeginStatement();  // a later statement's snapshot does not excuse the earlier one
        Put(*txn, txn == &t1 ? "entry/11" : "entry/12", "x");
      }
      EXPECT(w.Commit(t1));
      EXPECT(!w.Commit(t2));
    }
  }
}

// --- read committed

TEST("a read committed statement reads one snapshot, the next one a newer") {
  World w(kReadCommitted, 0);
  TxnPtr txn = w.Begin();
  (void)txn->BeginStatement();
  EXPECT_EQ(Get(txn, "x"), "10");
  PutOne(w.engine(), "x", "11");
  EXPECT_EQ(Get(txn, "x"), "10");
  auto cursor = txn->NewCursor(kTree, "", "", {}).value();
  (void)txn->BeginStatement();
  EXPECT_EQ(Get(txn, "x"), "11");
  bool found = false;
  EXPECT_OK(cursor->Next(&found));
  EXPECT_EQ(cursor->value(), "10");
  EXPECT_EQ(w.engine()->stats().active_snapshots, 2u);
}

// --- merges

TEST("merges conflict with reads, and under snapshot with puts and deletes of their key, not with merges") {
  constexpr TreeId kSums = TreeId::kPostings;
  test::SumOperator sum;
  enum class Act { kMerge, kPut, kDelete };
  const auto act = [&](const TxnPtr& txn, Act what) {
    if (what == Act::kMerge) EXPECT_OK(txn->Merge(kSums, "n", "1"));
    else if (what == Act::kPut) EXPECT_OK(txn->Put(kSums, "n", "5"));
    else EXPECT_OK(txn->Delete(kSums, "n"));
  };
  for (const int noise : {0, 700, 20'000}) {
    for (const IsolationLevel level : kLevels) {
      for (const Act mine : {Act::kMerge, Act::kPut, Act::kDelete}) {
        for (const Act theirs : {Act::kMerge, Act::kPut, Act::kDelete}) {
          World w(level, noise);
          w.engine()->SetMergeOperator(kSums, &sum);
          TxnPtr t1 = w.Begin();
          TxnPtr t2 = w.Begin();
          act(t1, mine);
          act(t2, theirs);
          EXPECT(w.Commit(t2));
          const bool both_merge = mine == Act::kMerge && theirs == Act::kMerge;
          EXPECT_EQ(w.Commit(t1), level != kSnapshot || both_merge);
        }
      }
    }
    World w(kSerializable, noise);
    w.engine()->SetMergeOperator(kSums, &sum);
    TxnPtr reader = w.Begin();
    EXPECT_OK(reader->Merge(kSums, "n", "1"));
    EXPECT_EQ(GetOr(reader.get(), "n", kSums), "1");  // this reads what lies below
    test::MergeOne(w.engine(), "n", "1");
    EXPECT(!w.Commit(reader));
  }
}

// --- publication

TEST("a commit that has returned is seen by whoever begins then, in every mode") {
  for (const SyncMode mode : {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull}) {
    MemEnv env;
    EngineOptions options;
    options.sync_mode = mode;
    auto engine = OpenAt(&env, "/db", options);
    for (int i = 0; i < 100; ++i) {
      const Timestamp ts = PutOne(engine.get(), "k", std::to_string(i));
      EXPECT(engine->visible_ts() >= ts);
      EXPECT_EQ(GetOr(BeginOn(engine.get()).get(), "k"), std::to_string(i));
      EXPECT_EQ(engine->LastWrite(kTree), ts);
    }
  }
}

TEST("in mode full nobody sees a commit that a power loss can undo") {
  for (int seed = 0; seed < test::SeedCount(); ++seed) {
    SimEnv env(test::Seed() + static_cast<uint64_t>(seed));
    EngineOptions options;
    options.sync_mode = SyncMode::kFull;
    auto engine = OpenAt(&env, "/db", options);
    const auto count = [](Reader* reader) {
      const std::string n = GetOr(reader, "n");
      return n == "-" ? 0 : std::stoi(n);
    };
    int committed = 0;
    int seen = 0;
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 3; ++t) {
      threads.push_back(env.StartThread("counter", [&] {
        for (int i = 0; i < 8; ++i) {
          auto txn = BeginOn(engine.get());
          EXPECT_OK(txn->Put(kTree, "n", std::to_string(count(txn.get()) + 1)));
          if (txn->Commit().ok()) ++committed;
        }
      }));
    }
    threads.push_back(env.StartThread("witness", [&] {
      env.SleepMicros(env.Random64() % 2000);
      seen = count(engine->NewSnapshot().value().get());
      env.CrashNow();
    }));
    for (auto& thread : threads) thread->Join();
    engine.reset();
    env.Restart(test::Seed() + static_cast<uint64_t>(seed));
    engine = OpenAt(&env, "/db", options);
    const int found = count(engine->NewSnapshot().value().get());
    EXPECT(found >= seen && found >= committed);
  }
}

}  // namespace
}  // namespace sochdb::isolation_more_test
