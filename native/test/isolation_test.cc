// The isolation matrix of docs/internals/isolation.md, cell by cell, and the anomalies that only serializable prevents.
//
// Every anomaly is a small history played by hand; it "occurs" when what the transactions saw, and whether they could
// commit, is what no level that prevents it allows. The cells that do not prevent one are asserted to let it happen:
// otherwise the levels would not differ.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "env/mem_env.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb {
namespace {

using test::BeginOn;
using test::GetOr;
using test::OpenAt;
using test::PutOne;
using test::ScanAll;

constexpr TreeId kTree = TreeId::kKeys;
constexpr IsolationLevel kReadCommitted = IsolationLevel::kReadCommitted;
constexpr IsolationLevel kSnapshot = IsolationLevel::kSnapshot;
constexpr IsolationLevel kSerializable = IsolationLevel::kSerializable;
constexpr IsolationLevel kLevels[] = {kReadCommitted, kSnapshot, kSerializable};

using TxnPtr = std::unique_ptr<Transaction>;

// A store with x=10 and y=20, and something to commit beside every history: what happens to a transaction must not
// depend on whether validation walks the ring or asks the trees.
class World {
 public:
  World(IsolationLevel level, int noise) : level_(level), noise_(noise), engine_(OpenAt(&env_)) {
    PutOne(engine_.get(), "x", "10");
    PutOne(engine_.get(), "y", "20");
  }
  TxnPtr Begin() { return BeginOn(engine_.get(), level_); }
  TxnPtr Begin(IsolationLevel level) { return BeginOn(engine_.get(), level); }
  // Commits, after the noise; false on conflict.
  bool Commit(const TxnPtr& txn) {
    MakeNoise();
    const Status status = txn->Commit().status();
    EXPECT(status.ok() || status.code() == Code::kConflict);
    return status.ok();
  }
  std::string State() { return ScanAll(engine_->NewSnapshot().value().get()); }
  Engine* engine() { return engine_.get(); }

 private:
  void MakeNoise() {
    for (int i = 0; i < noise_; ++i) {
      EXPECT_OK(engine_->Put(TreeId::kMetadata, "noise" + std::to_string(i % 100), "n", kNeverExpires).status());
    }
  }
  MemEnv env_;
  const IsolationLevel level_;
  const int noise_;
  std::unique_ptr<Engine> engine_;
};

void Put(const TxnPtr& txn, std::string_view key, std::string_view value) { EXPECT_OK(txn->Put(kTree, key, value)); }
std::string Get(const TxnPtr& txn, std::string_view key) { return GetOr(txn.get(), key); }
// What stands between k and l: the predicate of the histories.
std::string Scan(const TxnPtr& txn) { return ScanAll(txn.get(), "k", "l"); }

// --- the anomalies

bool DirtyWrite(World& w) {  // G0
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "11");
  Put(t2, "x", "12");
  Put(t1, "y", "21");
  w.Commit(t1);
  Put(t2, "y", "22");
  w.Commit(t2);
  const std::string state = w.State();
  return state != "x=11 y=21 " && state != "x=12 y=22 ";
}

bool AbortedRead(World& w) {  // G1a
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "101");
  const bool seen = Get(t2, "x") != "10";
  t1->Abort();
  return seen || Get(t2, "x") != "10";
}

bool IntermediateRead(World& w) {  // G1b
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "101");
  const bool seen = Get(t2, "x") == "101";
  Put(t1, "x", "11");
  w.Commit(t1);
  return seen || Get(t2, "x") == "101";
}

bool CircularInformationFlow(World& w) {  // G1c
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "11");
  Put(t2, "y", "22");
  return Get(t1, "y") == "22" && Get(t2, "x") == "11";
}

bool ObservedTransactionVanishes(World& w) {  // OTV
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  TxnPtr t3 = w.Begin();
  Put(t1, "x", "11");
  Put(t1, "y", "19");
  Put(t2, "x", "12");
  w.Commit(t1);
  const std::string x = Get(t3, "x");
  Put(t2, "y", "18");
  w.Commit(t2);
  // One that saw T1's x must not later see a y from before T1, nor T2 come and go.
  const std::string y = Get(t3, "y");
  const std::string again = Get(t3, "x");
  if (x == "11" && y == "20") return true;
  return (y == "18") != (again == "12");
}

bool PredicateManyPreceders(World& w) {  // PMP
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const bool empty = Scan(t1).empty();
  Put(t2, "k1", "30");
  w.Commit(t2);
  return empty && !Scan(t1).empty();
}

bool LostUpdate(World& w) {  // P4
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const int a = std::stoi(Get(t1, "x"));
  const int b = std::stoi(Get(t2, "x"));
  Put(t1, "x", std::to_string(a + 1));
  Put(t2, "x", std::to_string(b + 1));
  return w.Commit(t1) && w.Commit(t2) && w.State() != "x=12 y=20 ";
}

bool ReadSkew(World& w) {  // G-single
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const std::string x = Get(t1, "x");
  Put(t2, "x", "12");
  Put(t2, "y", "18");
  w.Commit(t2);
  return x == "10" && Get(t1, "y") == "18";
}

bool WriteSkew(World& w) {  // G2-item
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  for (const TxnPtr* txn : {&t1, &t2}) EXPECT_EQ(Get(*txn, "x") + Get(*txn, "y"), "1020");
  Put(t1, "x", "11");
  Put(t2, "y", "21");
  return w.Commit(t1) && w.Commit(t2);
}

bool AntiDependencyCycle(World& w) {  // G2
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  EXPECT_EQ(Scan(t1) + Scan(t2), "");
  Put(t1, "k3", "30");
  Put(t2, "k4", "42");
  return w.Commit(t1) && w.Commit(t2);
}

struct Row {
  const char* name;
  bool (*occurs)(World&);
  bool allowed[3];  // by read committed, snapshot, serializable
};

constexpr Row kMatrix[] = {
    {"G0", DirtyWrite, {false, false, false}},
    {"G1a", AbortedRead, {false, false, false}},
    {"G1b", IntermediateRead, {false, false, false}},
    {"G1c", CircularInformationFlow, {false, false, false}},
    {"OTV", ObservedTransactionVanishes, {false, false, false}},
    {"PMP", PredicateManyPreceders, {true, false, false}},
    {"P4", LostUpdate, {true, false, false}},
    {"G-single", ReadSkew, {true, false, false}},
    {"G2-item", WriteSkew, {true, true, false}},
    {"G2", AntiDependencyCycle, {true, true, false}},
};

void CheckMatrix(int noise) {
  for (const Row& row : kMatrix) {
    for (size_t i = 0; i < 3; ++i) {
      World world(kLevels[i], noise);
      if (row.occurs(world) != row.allowed[i]) {
        test::Fail(__FILE__, __LINE__,
                   std::string(row.name) + (row.allowed[i] ? " must occur" : " must not occur") + " at level " +
                       std::to_string(static_cast<int>(kLevels[i])) + " with noise " + std::to_string(noise));
      }
    }
  }
}

TEST("each level prevents the anomalies it promises to, and the weaker ones let the others happen") { CheckMatrix(0); }
TEST("the matrix holds when validation starts before the commit mutex") { CheckMatrix(700); }
TEST("the matrix holds when the snapshot is older than the commit ring") { CheckMatrix(20'000); }

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
}  // namespace sochdb
