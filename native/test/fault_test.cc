// What a failing or a full disk may do to a store, at every single I/O operation of a script.
//
// A failed operation may cost the store its writability, never an acknowledged commit, and nothing that was not acknowledged
// may be seen.

#include <algorithm>
#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/tables.h"

namespace sochdb::fault_test {
namespace {

using test::BeginOn;
using test::CommitScript;
using test::Named;
using test::OneCommit;
using test::ScriptModel;
using test::SmallOptions;
using test::StateOf;

constexpr int kCommits = 14;

// Runs the script on, past failures, and compares what can be read at every step with what was acknowledged. A commit that
// failed and left no trace is followed by others, or the store is read-only from then on.
class FaultyRun {
 public:
  FaultyRun(CommitScript* script, std::string what) : script_(script), what_(std::move(what)), env_(1) {}

  void Run(uint64_t at, SimEnv::Fault fault, bool and_later) {
    env_.FailAt(at, fault, and_later);
    later_ = and_later;
    Result<std::unique_ptr<Engine>> engine = script_->Open(&env_);
    if (!engine.ok()) {  // it may refuse to open, with an error; without the fault it opens
      env_.ClearFaults();
      engine = script_->Open(&env_);
      if (!engine.ok()) return Fail("opening again: " + engine.status().message());
    }
    history_.push_back(acknowledged_.Show());
    for (int i = 0; i < kCommits; ++i) {
      One(engine.value().get(), i);
      if (i % 5 == 1) (void)test::FlushTables(engine.value().get());
      if (i % 5 == 4) (void)test::CompactTables(engine.value().get());
    }
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
    std::string now = StateOf(engine, false);
    if (now.starts_with("!") && later_) return;              // the disk is gone: nothing to compare with
    if (now.starts_with("!")) now = StateOf(engine, false);  // the read has met the fault; it does so once
    if (now != history_.back()) Fail("visible is " + now + "\n   acknowledged: " + history_.back());
  }

  void CheckRestarted(bool closed) {
    Result<std::unique_ptr<Engine>> engine = script_->Open(&env_);
    if (!engine.ok()) return Fail("after a restart: " + engine.status().message());
    const std::string found = StateOf(engine.value().get());
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

  CommitScript* const script_;
  const std::string what_;
  SimEnv env_;
  ScriptModel acknowledged_;
  std::vector<std::string> history_;  // the states after each acknowledged commit
  std::vector<std::string> perhaps_;  // the last of them with one commit that failed
  bool read_only_ = false;
  bool later_ = false;
};

void FailEveryOperation(SimEnv::Fault fault, bool and_later, const char* name) {
  const auto step = static_cast<uint64_t>(test::Stride(4));
  for (const SyncMode mode : test::kSyncModes) {
    CommitScript script(test::SmallOptions(mode), kCommits, 7);
    for (uint64_t at = 1 + test::Seed() % step; at <= script.io_count(); at += step)
      FaultyRun(&script, Named(name, mode, at)).Run(at, fault, and_later);
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
  for (const SyncMode mode : test::kSyncModes) {
    SimEnv env(test::Seed());
    auto engine = test::OpenAt(&env, "/db", SmallOptions(mode));
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
    engine = test::OpenAt(&env, "/db", SmallOptions(mode));
    EXPECT_EQ(engine->stats().key_count, static_cast<uint64_t>(taken) + 2);
    EXPECT_EQ(test::GetOr(engine.get(), "after"), "2");
  }
}

TEST("after a failed sync the store is read-only with the cause, reads go on, and reopening mends it") {
  SimEnv env(test::Seed());
  auto engine = test::OpenAt(&env, "/db", SmallOptions(SyncMode::kFull));
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
  engine = test::OpenAt(&env, "/db", SmallOptions(SyncMode::kFull));
  EXPECT(!engine->recovery_report().was_clean);
  const std::string k = test::GetOr(engine.get(), "k");
  EXPECT(k == "1" || k == "2");
  test::PutOne(engine.get(), "k", "4");
}

}  // namespace
}  // namespace sochdb::fault_test
