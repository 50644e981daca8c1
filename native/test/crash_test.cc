// What a crash, a full disk or a failing one may do to a store, at every single I/O operation of a script.
//
// After a restart the state must be the model's after some commit p: not before the last one that was acknowledged as durable,
// not after the last one attempted, and of each transaction all or nothing, across trees. A failed operation may cost the
// store its writability, never an acknowledged commit, and nothing that was not acknowledged may be seen.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "test/store_fixture.h"

namespace sochdb {
namespace {

using test::BeginOn;
using test::ScanAll;

constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings, TreeId::kSequences};
const std::string kBig(kBlobThresholdBytes + 1, 'b');

// Everything in the store as text. While faults are armed, blobs are named without being read.
std::string StateOf(Reader* reader, bool read_blobs = true) {
  std::string out;
  for (const TreeId tree : kTrees) {
    ScanOptions options;
    options.keys_only = !read_blobs;
    Result<std::unique_ptr<Cursor>> cursor = reader->NewCursor(tree, "", "", options);
    if (!cursor.ok()) return "!" + cursor.status().message();
    for (;;) {
      bool found = false;
      const Status status = cursor.value()->Next(&found);
      if (!status.ok()) return "!" + status.message();
      if (!found) break;
      const std::string key(cursor.value()->key());
      out += std::to_string(static_cast<int>(tree)) + ":" + key + "=";
      const bool blob = key.substr(0, 4) == "blob";
      if (blob && read_blobs && cursor.value()->value() != kBig) out += "damaged";
      if (!blob) {
        for (const char c : cursor.value()->value().substr(0, 20))
          out += c < ' ' ? "\\" + std::to_string(c) : std::string(1, c);
      }
      out += " ";
    }
  }
  return out;
}

// One commit of the script, number `i`. Every third touches several trees.
Status OneCommit(Engine* engine, int i) {
  const std::string number = std::to_string(i);
  switch (i % 6) {
    case 0:
      return engine->Put(TreeId::kKeys, "last", number, kNeverExpires).status();
    case 4:
      return engine->Put(TreeId::kRows, "blob" + number, kBig, kNeverExpires).status();
    default:
      break;
  }
  TransactionOptions options;
  options.take_writer = i % 6 == 5;
  Result<std::unique_ptr<Transaction>> begun = engine->Begin(options);
  if (!begun.ok()) return begun.status();
  Transaction* const txn = begun.value().get();
  SOCHDB_TRY(txn->Put(TreeId::kKeys, "k" + number, number));
  SOCHDB_TRY(txn->Put(TreeId::kRows, "r", number));
  if (i % 6 == 1) SOCHDB_TRY(txn->Delete(TreeId::kKeys, "last"));
  SOCHDB_TRY(txn->Merge(TreeId::kPostings, "sum", "1"));
  SOCHDB_TRY(txn->PutAssigned(TreeId::kKeys, "numbered", "v12345678", 1, "seq"));
  if (i % 6 == 5) SOCHDB_TRY(txn->Put(TreeId::kRows, "long", std::string(3000, static_cast<char>('a' + i % 20))));
  return txn->Commit().status();
}

// The same commit on a map, for histories in which some of the commits failed.
class ScriptModel {
 public:
  void Apply(int i) {
    const std::string number = std::to_string(i);
    if (i % 6 == 0) {
      entries_["0:last"] = number;
      return;
    }
    if (i % 6 == 4) {
      entries_["2:blob" + number] = "";
      return;
    }
    entries_["0:k" + number] = number;
    entries_["2:r"] = number;
    if (i % 6 == 1) entries_.erase("0:last");
    if (i % 6 == 5) entries_["2:long"] = std::string(20, static_cast<char>('a' + i % 20));
    const std::string count = std::to_string(++counted_);
    entries_["4:sum"] = count;
    entries_["0:numbered"] = "v\\" + count + "\\0\\0\\0\\0\\0\\0\\0";
    entries_["11:seq"] = "\\" + count + "\\0\\0\\0\\0\\0\\0\\0";
  }
  [[nodiscard]] std::string Show() const {
    std::string out;
    for (const char* tree : {"0:", "2:", "4:", "11:"}) {
      for (const auto& [key, value] : entries_) {
        if (key.compare(0, std::string_view(tree).size(), tree) == 0) out += key + "=" + value + " ";
      }
    }
    return out;
  }

 private:
  std::map<std::string, std::string> entries_;
  int counted_ = 0;
};

constexpr int kCommits = 14;
constexpr int kSyncAfter = 7;  // the script asks for a sync after this commit

EngineOptions Options(SyncMode mode, bool wal_enabled = true) {
  EngineOptions options;
  options.sync_mode = mode;
  options.wal_enabled = wal_enabled;
  options.wal.segment_bytes = 8 * 1024;
  options.wal.max_record_bytes = 512;
  options.wal.buffer_bytes = 2048;
  return options;
}

// The states after 0, 1, … kCommits commits, from a run that nothing disturbs; and the number of its I/O operations.
struct Expected {
  std::vector<std::string> states;
  uint64_t io_count = 0;
};

// What a run knew when it ended.
struct Outcome {
  int acknowledged = 0;  // commits that returned OK
  int attempted = 0;
  int durable = 0;  // of the acknowledged, those a power loss may not take
  bool closed = false;
};

class Script {
 public:
  Script(SyncMode mode, bool wal_enabled) : options_(Options(mode, wal_enabled)) {
    SimEnv env(1);
    Expected expected;
    std::unique_ptr<Engine> engine = Open(&env).value();
    expected.states.push_back(StateOf(engine->NewSnapshot().value().get()));
    for (int i = 0; i < kCommits; ++i) {
      EXPECT_OK(OneCommit(engine.get(), i));
      expected.states.push_back(StateOf(engine->NewSnapshot().value().get()));
      if (i == kSyncAfter) EXPECT_OK(engine->Sync());
    }
    EXPECT_OK(engine->Close());
    for (size_t i = 0; i < expected.states.size(); ++i) {
      for (size_t j = 0; j < i; ++j) EXPECT(expected.states[i] != expected.states[j]);
    }
    expected.io_count = env.io_count();
    expected_ = std::move(expected);
  }

  Result<std::unique_ptr<Engine>> Open(Env* env) {
    Result<std::unique_ptr<Engine>> engine = Engine::Open(env, "/db", options_);
    if (engine.ok()) engine.value()->SetMergeOperator(TreeId::kPostings, &sum_);
    return engine;
  }

  // Runs until something fails.
  Outcome RunUntilFailure(Env* env) {
    Outcome outcome;
    Result<std::unique_ptr<Engine>> engine = Open(env);
    if (!engine.ok()) return outcome;
    for (int i = 0; i < kCommits; ++i) {
      outcome.attempted = i + 1;
      if (!OneCommit(engine.value().get(), i).ok()) return outcome;
      outcome.acknowledged = i + 1;
      if (options_.sync_mode == SyncMode::kFull && options_.wal_enabled) outcome.durable = i + 1;
      if (i != kSyncAfter) continue;
      if (!engine.value()->Sync().ok()) return outcome;
      outcome.durable = i + 1;
    }
    outcome.closed = engine.value()->Close().ok();
    if (outcome.closed) outcome.durable = outcome.acknowledged;
    return outcome;
  }

  // The commits that `state` holds, or -1.
  int CommitsIn(const std::string& state) const {
    for (size_t i = 0; i < expected_.states.size(); ++i) {
      if (expected_.states[i] == state) return static_cast<int>(i);
    }
    return -1;
  }

  // Opens after a restart and compares; then uses the store once more.
  void CheckAfterRestart(SimEnv* env, int low, int high, const std::string& what) {
    Result<std::unique_ptr<Engine>> engine = Open(env);
    if (!engine.ok()) return test::Fail(__FILE__, __LINE__, what + ": " + engine.status().message());
    const std::string state = StateOf(engine.value()->NewSnapshot().value().get());
    const int commits = CommitsIn(state);
    if (commits < low || commits > high) {
      return test::Fail(__FILE__, __LINE__,
                        what + ": state of commit " + std::to_string(commits) + ", wanted " + std::to_string(low) + ".." +
                            std::to_string(high) + ": " + state);
    }
    EXPECT_OK(engine.value()->Put(TreeId::kKeys, "after", "restart", kNeverExpires).status());
    EXPECT_OK(engine.value()->Close());
    engine = Open(env);
    if (!engine.ok()) return test::Fail(__FILE__, __LINE__, what + ": opening again: " + engine.status().message());
    EXPECT(engine.value()->recovery_report().was_clean);
    EXPECT_EQ(test::GetOr(engine.value().get(), "after"), "restart");
  }

  [[nodiscard]] uint64_t io_count() const { return expected_.io_count; }
  [[nodiscard]] const std::vector<std::string>& states() const { return expected_.states; }
  [[nodiscard]] const EngineOptions& options() const { return options_; }

 private:
  const EngineOptions options_;
  test::SumOperator sum_;
  Expected expected_;
};

std::string Named(const char* what, SyncMode mode, uint64_t at) {
  return std::string(what) + " at operation " + std::to_string(at) + ", mode " + std::to_string(static_cast<int>(mode));
}

constexpr SyncMode kModes[] = {SyncMode::kOff, SyncMode::kNormal, SyncMode::kFull};

// --- crashes

void PowerLossAtEveryOperation(SyncMode mode, bool wal_enabled) {
  Script script(mode, wal_enabled);
  for (uint64_t at = 1; at <= script.io_count() + 1; ++at) {
    for (int round = 0; round < std::max(1, test::SeedCount() / 10); ++round) {
      SimEnv env(1);
      env.CrashAt(at);
      const Outcome outcome = script.RunUntilFailure(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.Restart(test::Seed() * 1000 + at * 10 + static_cast<uint64_t>(round));
      if (round % 2 == 1) {  // and once more, while it recovers
        env.CrashAt(env.io_count() + 1 + (at * 7 + test::Seed()) % 40);
        (void)script.Open(&env);
        env.CrashAt(0);
        env.CrashNow();
        env.Restart(test::Seed() * 1000 + at);
      }
      script.CheckAfterRestart(&env, outcome.durable, outcome.attempted, Named("power loss", mode, at));
    }
  }
}

TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode off") {
  PowerLossAtEveryOperation(SyncMode::kOff, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode normal") {
  PowerLossAtEveryOperation(SyncMode::kNormal, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: mode full") {
  PowerLossAtEveryOperation(SyncMode::kFull, true);
}
TEST("a power loss at any operation leaves a prefix of the commits, with all that was durable: without a log") {
  PowerLossAtEveryOperation(SyncMode::kNormal, false);
}

TEST("the death of the process at any operation loses no acknowledged commit in modes normal and full") {
  for (const SyncMode mode : {SyncMode::kNormal, SyncMode::kFull}) {
    Script script(mode, true);
    for (uint64_t at = 1; at <= script.io_count() + 1; ++at) {
      SimEnv env(1);
      env.CrashAt(at);
      const Outcome outcome = script.RunUntilFailure(&env);
      env.CrashAt(0);
      env.CrashNow();
      env.RestartProcess();
      script.CheckAfterRestart(&env, outcome.acknowledged, outcome.attempted, Named("death", mode, at));
    }
  }
}

TEST("threads that commit together in mode full lose nothing acknowledged, and no transaction is half there") {
  for (int i = 0; i < test::SeedCount(); ++i) {
    const uint64_t seed = test::Seed() * 100 + static_cast<uint64_t>(i);
    SimEnv env(seed);
    Script script(SyncMode::kFull, true);
    std::unique_ptr<Engine> engine = script.Open(&env).value();
    env.CrashAt(env.io_count() + 1 + seed * 13 % 60);
    constexpr int kThreads = 3;
    int acknowledged[kThreads] = {};
    int attempted[kThreads] = {};
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(env.StartThread("committer", [&, t] {
        for (int n = 1; n < 40; ++n) {
          auto txn = BeginOn(engine.get());
          const std::string key = "t" + std::to_string(t);
          attempted[t] = n;
          if (!txn->Put(TreeId::kKeys, key, std::to_string(n)).ok()) return;
          if (!txn->Put(TreeId::kRows, key, std::to_string(n)).ok()) return;
          if (!txn->Commit().ok()) return;
          acknowledged[t] = n;
        }
      }));
    }
    for (auto& thread : threads) thread->Join();
    engine.reset();
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(seed);
    engine = script.Open(&env).value();
    for (int t = 0; t < kThreads; ++t) {
      const std::string key = "t" + std::to_string(t);
      const std::string in_keys = test::GetOr(engine.get(), key);
      EXPECT_EQ(test::GetOr(engine.get(), key, TreeId::kRows), in_keys);
      const int found = in_keys == "-" ? 0 : std::stoi(in_keys);
      EXPECT(found >= acknowledged[t] && found <= attempted[t]);
    }
  }
}

// --- failing operations

// Runs the script on, past failures, and compares what can be read at every step with what was acknowledged. A commit that
// failed and left no trace is followed by others, or the store is read-only from then on.
class FaultyRun {
 public:
  FaultyRun(Script* script, std::string what) : script_(script), what_(std::move(what)), env_(1) {}

  void Run(uint64_t at, SimEnv::Fault fault, bool and_later) {
    env_.FailAt(at, fault, and_later);
    Result<std::unique_ptr<Engine>> engine = script_->Open(&env_);
    if (!engine.ok()) {  // it may refuse to open, with an error; without the fault it opens
      env_.ClearFaults();
      engine = script_->Open(&env_);
      if (!engine.ok()) return Fail("opening again: " + engine.status().message());
    }
    history_.push_back(acknowledged_.Show());
    for (int i = 0; i < kCommits; ++i) One(engine.value().get(), i);
    const bool closed = engine.value()->Close().ok();
    if (closed && read_only_) Fail("a read-only store was closed as if all were well");
    engine.value().reset();
    env_.ClearFaults();
    env_.RestartProcess();
    CheckRestarted(closed);
  }

 private:
  void Fail(const std::string& how) { test::Fail(__FILE__, __LINE__, what_ + ": " + how); }

  void One(Engine* engine, int i) {
    const Status status = OneCommit(engine, i);
    if (status.ok()) {
      if (read_only_) Fail("a read-only store took a commit");
      acknowledged_.Apply(i);
      history_.push_back(acknowledged_.Show());
      perhaps_.clear();
    } else if (status.code() == Code::kReadOnly) {
      read_only_ = true;
    } else {
      ScriptModel with = acknowledged_;
      with.Apply(i);
      perhaps_.push_back(with.Show());
    }
    const std::string now = StateOf(engine->NewSnapshot().value().get(), false);
    if (now != history_.back()) Fail("visible is " + now + "\n   acknowledged: " + history_.back());
  }

  void CheckRestarted(bool closed) {
    Result<std::unique_ptr<Engine>> engine = script_->Open(&env_);
    if (!engine.ok()) return Fail("after a restart: " + engine.status().message());
    const std::string found = StateOf(engine.value()->NewSnapshot().value().get());
    if (found == history_.back()) return;
    // A commit whose write or sync failed may be there or not; then nothing was committed after it. In mode off, what had not
    // been written when writing failed may be lost.
    const auto among = [&](const std::vector<std::string>& states) {
      return std::find(states.begin(), states.end(), found) != states.end();
    };
    const bool may_lose = script_->options().sync_mode == SyncMode::kOff;
    if (closed || !(among(perhaps_) || (may_lose && among(history_)))) {
      Fail("after a restart: " + found + "\n   acknowledged: " + history_.back());
    }
  }

  Script* const script_;
  const std::string what_;
  SimEnv env_;
  ScriptModel acknowledged_;
  std::vector<std::string> history_;  // the states after each acknowledged commit
  std::vector<std::string> perhaps_;  // the last of them with one commit that failed
  bool read_only_ = false;
};

void FailEveryOperation(SimEnv::Fault fault, bool and_later, const char* name) {
  for (const SyncMode mode : kModes) {
    Script script(mode, true);
    for (uint64_t at = 1; at <= script.io_count(); ++at) FaultyRun(&script, Named(name, mode, at)).Run(at, fault, and_later);
  }
}

TEST("an I/O error at any operation shows nothing unacknowledged and loses nothing acknowledged") {
  FailEveryOperation(SimEnv::Fault::kIoError, false, "EIO");
}
TEST("a disk that fails from some operation on shows nothing unacknowledged and loses nothing acknowledged") {
  FailEveryOperation(SimEnv::Fault::kIoError, true, "EIO for ever");
}
TEST("ENOSPC at any operation shows nothing unacknowledged and loses nothing acknowledged") {
  FailEveryOperation(SimEnv::Fault::kNoSpace, false, "ENOSPC");
}
TEST("ENOSPC from some operation on shows nothing unacknowledged and loses nothing acknowledged") {
  FailEveryOperation(SimEnv::Fault::kNoSpace, true, "ENOSPC for ever");
}

TEST("a full disk refuses commits without a trace, and takes them again when there is room") {
  for (const SyncMode mode : kModes) {
    SimEnv env(test::Seed());
    auto engine = test::OpenAt(&env, "/db", Options(mode));
    test::PutOne(engine.get(), "before", "1");
    env.LimitDisk(env.used_bytes());
    Status full;
    int taken = 0;
    const std::string value(700, 'v');
    while (full.ok() && taken < 100) {
      full = engine->Put(TreeId::kKeys, "k" + std::to_string(taken), value, kNeverExpires).status();
      if (full.ok()) ++taken;
    }
    EXPECT_EQ(static_cast<int>(full.code()), static_cast<int>(Code::kDiskFull));
    EXPECT_EQ(test::GetOr(engine.get(), "k" + std::to_string(taken)), "-");
    EXPECT_EQ(test::GetOr(engine.get(), "before"), "1");
    env.LimitDisk(0);
    test::PutOne(engine.get(), "after", "2");
    EXPECT_OK(engine->Close());
    engine = test::OpenAt(&env, "/db", Options(mode));
    EXPECT_EQ(engine->stats().key_count, static_cast<uint64_t>(taken) + 2);
    EXPECT_EQ(test::GetOr(engine.get(), "after"), "2");
  }
}

TEST("after a failed sync the store is read-only with the cause, reads go on, and reopening mends it") {
  SimEnv env(test::Seed());
  auto engine = test::OpenAt(&env, "/db", Options(SyncMode::kFull));
  test::PutOne(engine.get(), "k", "1");
  env.FailAt(env.io_count() + 1, SimEnv::Fault::kIoError, true);
  const Status failed = engine->Put(TreeId::kKeys, "k", "2", kNeverExpires).status();
  EXPECT_EQ(static_cast<int>(failed.code()), static_cast<int>(Code::kIoError));
  env.ClearFaults();
  const Status later = engine->Put(TreeId::kKeys, "k", "3", kNeverExpires).status();
  EXPECT_EQ(static_cast<int>(later.code()), static_cast<int>(Code::kReadOnly));
  EXPECT(!later.details().empty());
  EXPECT_EQ(test::GetOr(engine.get(), "k"), "1");
  {
    auto closure = BeginOn(engine.get(), IsolationLevel::kSerializable, true);
    EXPECT_EQ(test::GetOr(closure.get(), "k"), "1");
    EXPECT_OK(closure->Commit().status());
  }
  EXPECT(!engine->Close().ok());
  engine = test::OpenAt(&env, "/db", Options(SyncMode::kFull));
  EXPECT(!engine->recovery_report().was_clean);
  const std::string k = test::GetOr(engine.get(), "k");
  EXPECT(k == "1" || k == "2");
  test::PutOne(engine.get(), "k", "4");
}

}  // namespace
}  // namespace sochdb
