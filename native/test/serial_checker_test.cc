// Random concurrent histories, checked by the serial order that we claim; and the checker itself, on histories that are wrong.

#include "test/serial_checker.h"

#include <string>
#include <vector>

#include "env/mem_env.h"
#include "test/harness.h"
#include "test/random_options.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "test/store_fixture.h"
#include "test/tables.h"

namespace sochdb::serial_checker_test {
namespace {

using test::GetOr;
using test::OpenAt;
using test::RecordedOp;
using test::RecordedTransaction;
using test::ScanAll;
using test::SerialChecker;

constexpr TreeId kTree = TreeId::kPostings;  // the one that has a merge operator

// What the threads of a history do.
struct Mix {
  int threads = 4;
  int transactions = 25;  // of each thread
  uint64_t keys = 8;
  bool weaker_levels = false;
  bool closures = true;
  bool autocommits = true;
  bool noise = false;  // a commit larger than the commit ring, now and then
};

class History {
 public:
  History(Env* env, Engine* engine, const Mix& mix) : env_(env), engine_(engine), mix_(mix), checker_(env) {
    engine_->SetMergeOperator(kTree, &sum_);
  }

  void Run(uint64_t seed) {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < mix_.threads; ++t) {
      threads.push_back(env_->StartThread("history", [this, seed, t] {
        SimRandom random(seed * 100 + static_cast<uint64_t>(t));
        for (int i = 0; i < mix_.transactions; ++i) One(&random, "t" + std::to_string(t) + "." + std::to_string(i));
      }));
    }
    for (auto& thread : threads) thread->Join();
  }

  // Compares every read, and the final state.
  void Check() {
    const std::optional<std::string> difference = checker_.Check({});
    if (difference.has_value()) test::Fail(__FILE__, __LINE__, *difference);
    auto snapshot = engine_->NewSnapshot().value();
    EXPECT_EQ(ScanAll(snapshot.get(), "", "", {}, SIZE_MAX, kTree), SerialChecker::Scan(checker_.state(), {}));
  }
  [[nodiscard]] size_t committed() const { return checker_.size(); }

 private:
  std::string Key(SimRandom* random) const { return "k" + std::to_string(random->Below(mix_.keys)); }

  void One(SimRandom* random, const std::string& name) {
    if (random->OneIn(20)) EXPECT_OK(test::FlushTables(engine_));
    if (mix_.autocommits && random->OneIn(5)) return Autocommit(random, name);
    TransactionOptions options;
    if (mix_.weaker_levels) options.isolation = static_cast<IsolationLevel>(random->Below(3));
    options.take_writer = mix_.closures && random->OneIn(4);
    options.read_applied = random->OneIn(2);  // means nothing without the writer
    Result<std::unique_ptr<Transaction>> begun = engine_->Begin(options);
    EXPECT_OK(begun.status());
    Transaction* const txn = begun.value().get();
    RecordedTransaction record;
    record.name = name + (options.take_writer ? " (closure)" : "");
    record.compare = options.take_writer || options.isolation == IsolationLevel::kSerializable;
    const Timestamp read_ts = txn->read_ts();
    const uint64_t ops = 1 + random->Below(6);
    SavepointId savepoint = 0;
    for (uint64_t i = 0; i < ops; ++i) Step(txn, random, &record, &savepoint);
    if (mix_.noise && random->OneIn(10)) Noise(txn);
    if (random->OneIn(8)) return txn->Abort();
    const bool holds_writes = txn->HasOwnWrites(kTree, "", "") || txn->HasOwnWrites(TreeId::kRows, "", "");
    const Result<Timestamp> committed = txn->Commit();
    EXPECT(committed.ok() || committed.status().code() == Code::kConflict);
    EXPECT(committed.ok() || !options.take_writer);
    if (!committed.ok()) return;
    EXPECT(holds_writes ? committed.value() > read_ts : committed.value() == txn->read_ts());
    record.at = committed.value();
    record.wrote = holds_writes;
    checker_.Add(std::move(record));
  }

  void Noise(Transaction* txn) {
    for (int i = 0; i < 20'000; ++i) EXPECT_OK(txn->Put(TreeId::kRows, std::to_string(i % 7), "n"));
  }

  void Autocommit(SimRandom* random, const std::string& name) {
    RecordedTransaction record;
    record.name = name + " (autocommit)";
    record.wrote = true;
    const std::string key = Key(random);
    const std::string value = std::to_string(random->Below(1000));
    const bool put = random->OneIn(2);
    const Result<Timestamp> ts = put ? engine_->Put(kTree, key, value, kNeverExpires) : engine_->Delete(kTree, key);
    EXPECT_OK(ts.status());
    record.at = ts.value();
    record.ops.push_back({put ? RecordedOp::Kind::kPut : RecordedOp::Kind::kDelete, key, value, "", false, SIZE_MAX});
    checker_.Add(std::move(record));
  }

  void Step(Transaction* txn, SimRandom* random, RecordedTransaction* record, SavepointId* savepoint) {
    RecordedOp op;
    op.key = Key(random);
    switch (random->Below(10)) {
      case 0:
      case 1:
      case 2:
        op.kind = RecordedOp::Kind::kGet;
        op.value = GetOr(txn, op.key, kTree);
        break;
      case 3:
      case 4: {
        op.kind = RecordedOp::Kind::kScan;
        op.hi = random->OneIn(3) ? "" : Key(random);
        op.reverse = random->OneIn(2);
        if (random->OneIn(2)) op.limit = static_cast<size_t>(random->Below(4));
        ScanOptions options;
        options.reverse = op.reverse;
        op.value = ScanAll(txn, op.key, op.hi, options, op.limit, kTree);
        break;
      }
      case 5:
        op.kind = RecordedOp::Kind::kDelete;
        EXPECT_OK(txn->Delete(kTree, op.key));
        break;
      case 6:
        op.kind = RecordedOp::Kind::kMerge;
        op.value = std::to_string(1 + random->Below(9));
        EXPECT_OK(txn->Merge(kTree, op.key, op.value));
        break;
      case 7:
        if (*savepoint == 0) {
          op.kind = RecordedOp::Kind::kSavepoint;
          *savepoint = txn->SetSavepoint();
        } else {
          op.kind = RecordedOp::Kind::kRollback;
          EXPECT_OK(txn->RollbackTo(*savepoint));
        }
        break;
      default:
        op.kind = RecordedOp::Kind::kPut;
        op.value = std::to_string(random->Below(1000));
        EXPECT_OK(txn->Put(kTree, op.key, op.value));
    }
    record->ops.push_back(std::move(op));
  }

  Env* const env_;
  Engine* const engine_;
  const Mix mix_;
  test::SumOperator sum_;
  SerialChecker checker_;
};

// In the simulated world, one seed after the other; for every sync mode.
void RunSimulated(const Mix& mix) {
  for (int i = 0; i < test::SeedCount(); ++i) {
    const uint64_t seed = test::Seed() + static_cast<uint64_t>(i);
    SimEnv env(seed);
    env.EnableBuggify(seed);
    SimRandom random(seed);
    const EngineOptions options = test::RandomOptions(&random);
    auto engine = OpenAt(&env, "/db", options);
    History history(&env, engine.get(), mix);
    history.Run(seed);
    history.Check();
    EXPECT_OK(engine->Close());
    engine = OpenAt(&env, "/db", options);
    History reopened(&env, engine.get(), mix);
    engine.reset();
  }
}

TEST("serializable histories under a random scheduler are what running them one by one would give") { RunSimulated({}); }

TEST("the weaker levels beside them do not disturb that") {
  Mix mix;
  mix.weaker_levels = true;
  RunSimulated(mix);
}

TEST("contention on two keys, without closures, is serializable too") {
  Mix mix;
  mix.keys = 2;
  mix.closures = false;
  mix.autocommits = false;
  RunSimulated(mix);
}

TEST("histories on real threads are serializable, in every mode") {
  for (const SyncMode mode : {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull}) {
    for (const bool noise : {false, true}) {
      MemEnv env;
      EngineOptions options;
      options.sync_mode = mode;
      auto engine = OpenAt(&env, "/db", options);
      Mix mix;
      mix.transactions = noise ? 30 : 400;
      mix.noise = noise;
      mix.weaker_levels = true;
      History history(&env, engine.get(), mix);
      history.Run(test::Seed());
      history.Check();
      EXPECT(history.committed() > 20);
      EXPECT_OK(engine->Close());
    }
  }
}

TEST("the same seed gives the same history") {
  uint64_t traces[2] = {};
  for (uint64_t& trace : traces) {
    SimEnv env(test::Seed());
    auto engine = OpenAt(&env, "/db");
    History history(&env, engine.get(), {});
    history.Run(test::Seed());
    EXPECT_OK(engine->Close());
    engine.reset();
    trace = env.trace_hash();
  }
  EXPECT_EQ(traces[0], traces[1]);
}

// --- the checker finds what is wrong

RecordedTransaction Made(Timestamp at, bool wrote, std::vector<RecordedOp> ops) {
  RecordedTransaction transaction;
  transaction.name = "made";
  transaction.at = at;
  transaction.wrote = wrote;
  transaction.ops = std::move(ops);
  return transaction;
}
RecordedOp Read(const char* key, const char* value) { return {RecordedOp::Kind::kGet, key, value, "", false, SIZE_MAX}; }
RecordedOp Write(const char* key, const char* value) { return {RecordedOp::Kind::kPut, key, value, "", false, SIZE_MAX}; }

TEST("the checker tells a stale read, a lost update, a phantom and a shared timestamp from a serial history") {
  MemEnv env;
  {
    SerialChecker good(&env);
    good.Add(Made(2, true, {Read("a", "1"), Write("a", "2")}));
    good.Add(Made(1, true, {Read("a", "-"), Write("a", "1")}));
    good.Add(Made(1, false, {Read("a", "1")}));
    EXPECT(!good.Check({}).has_value());
    EXPECT_EQ(good.state().at("a"), "2");
  }
  {
    SerialChecker lost(&env);
    lost.Add(Made(1, true, {Read("a", "-"), Write("a", "1")}));
    lost.Add(Made(2, true, {Read("a", "-"), Write("a", "1")}));
    EXPECT(lost.Check({}).has_value());
  }
  {
    SerialChecker phantom(&env);
    phantom.Add(Made(1, true, {Write("a", "1")}));
    phantom.Add(Made(2, true, {{RecordedOp::Kind::kScan, "", "", "", false, SIZE_MAX}, Write("b", "1")}));
    EXPECT(phantom.Check({}).has_value());
  }
  SerialChecker shared(&env);
  shared.Add(Made(1, true, {Write("a", "1")}));
  shared.Add(Made(1, true, {Write("b", "1")}));
  EXPECT(shared.Check({}).has_value());
}

}  // namespace
}  // namespace sochdb::serial_checker_test
