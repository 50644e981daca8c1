// Fail-nth: a session of everything a store is asked for, in which the n-th I/O operation fails, or the n-th allocation,
// for n = 1, 2, … until one session passes untouched.
//
// Whatever fails: the process lives, the failure is a Status (or std::bad_alloc, where an API says so), what was not
// acknowledged is not seen, what was acknowledged is there after a reopen, in mode full after a power loss too, and the
// transaction, the cursor or the engine that met the failure can be let go.

#include <algorithm>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/oom.h"
#include "test/sim_env.h"
#include "test/tables.h"

namespace sochdb::fail_nth_test {
namespace {

using test::StateOf;

// What fails in a session, and whether it has yet.
class Trouble {
 public:
  virtual ~Trouble() = default;
  virtual void Begin() = 0;               // the next step may fail
  virtual void End() = 0;                 // from here on nothing fails, until Begin goes on counting
  [[nodiscard]] virtual bool over() = 0;  // it has struck (and will not again, unless it stays)
};

class IoTrouble final : public Trouble {
 public:
  IoTrouble(SimEnv* env, uint64_t n, SimEnv::Fault fault, bool and_later)
      : env_(env), left_(n), fault_(fault), later_(and_later) {}
  void Begin() override {
    if (over_ && !later_) return;
    began_ = env_->io_count();
    env_->FailAt(over_ ? began_ + 1 : began_ + left_, fault_, later_);
  }
  void End() override {
    const uint64_t made = env_->io_count() - began_;
    env_->ClearFaults();
    if (over_) return;
    over_ = made >= left_;
    left_ -= std::min(made, left_);
  }
  bool over() override { return over_; }

 private:
  SimEnv* const env_;
  uint64_t left_;
  const SimEnv::Fault fault_;
  const bool later_;
  uint64_t began_ = 0;
  bool over_ = false;
};

class MemoryTrouble final : public Trouble {
 public:
  MemoryTrouble(uint64_t n, bool and_later) : left_(n), later_(and_later) {}
  void Begin() override {
    if (over_ && !later_) return;
    test::g_oom = {over_ ? 1 : left_, later_, false, false, 0};
  }
  void End() override {
    over_ = over_ || test::g_oom.fired;
    left_ = over_ ? 1 : std::max<uint64_t>(test::g_oom.left, 1);
    test::g_oom = {};
  }
  bool over() override { return over_; }

 private:
  uint64_t left_;
  const bool later_;
  bool over_ = false;
};

// What a failed step may come to: one of the errors that tell of the trouble, or of what it led to.
bool IsHonest(const Status& status) {
  switch (status.code()) {
    case Code::kIoError:
    case Code::kDiskFull:
    case Code::kOutOfMemory:
    case Code::kReadOnly:
    case Code::kClosed:
    case Code::kTransaction:
      return true;
    default:
      return false;
  }
}

class Session {
 public:
  Session(SimEnv* env, Trouble* trouble, SyncMode mode, std::string what)
      : env_(env), trouble_(trouble), options_(test::SmallOptions(mode)), what_(std::move(what)) {}

  void Run() {
    history_.push_back(model_);
    OpenInTrouble();
    for (int i = 0; i < 4; ++i) Commit(i);
    (void)Step([this] { return test::FlushTables(engine_.get()); });
    for (int i = 4; i < 7; ++i) Commit(i);
    Read();
    (void)Step([this] { return engine_->Sync(); });
    Reopen();
    for (int i = 7; i < 10; ++i) Commit(i);
    (void)Step([this] { return test::CompactTables(engine_.get()); });
    for (int i = 10; i < 12; ++i) Commit(i);
    Wander();
    Read();
    (void)Step([this] { return engine_->VerifyWal(nullptr, {}).status(); });
    CloseAndJudge();
  }

 private:
  void Fail(const std::string& how) { test::Fail(__FILE__, __LINE__, what_ + ": " + how); }

  // Runs one step in which things may fail.
  Status Step(const std::function<Status()>& step) {
    Status status;
    trouble_->Begin();
    try {
      status = step();
    } catch (const std::bad_alloc&) {
      trouble_->End();
      status = Status(Code::kOutOfMemory, "thrown");
    }
    trouble_->End();
    if (!status.ok() && !trouble_->over()) Fail("failed before the trouble: " + status.message());
    if (!status.ok() && !IsHonest(status))
      Fail("failed as " + std::to_string(static_cast<int>(status.code())) + " " + status.message());
    return status;
  }

  void Open() {
    Result<std::unique_ptr<Engine>> engine = Engine::Open(env_, "/db", options_);
    if (!engine.ok()) return Fail("opening without trouble: " + engine.status().message());
    engine_ = std::move(engine).value();
    engine_->SetMergeOperator(TreeId::kPostings, &sum_);
  }

  void OpenInTrouble() {
    const Status opened = Step([this] {
      Result<std::unique_ptr<Engine>> engine = Engine::Open(env_, "/db", options_);
      if (!engine.ok()) return engine.status();
      engine_ = std::move(engine).value();
      return Status();
    });
    if (opened.ok()) engine_->SetMergeOperator(TreeId::kPostings, &sum_);
    else Open();
  }

  void Commit(int i) {
    const Status status = Step([&] { return test::OneCommit(engine_.get(), i); });
    if (status.ok()) {
      if (read_only_) Fail("a read-only store took a commit");
      model_.Apply(i);
      history_.push_back(model_);
      perhaps_.clear();
    } else if (status.code() == Code::kReadOnly) {
      read_only_ = true;
    } else {
      test::ScriptModel with = model_;
      with.Apply(i);
      perhaps_.push_back(std::move(with));
    }
    const std::string now = StateOf(engine_.get(), false);
    if (now != model_.Show()) Fail("visible is " + now + "\n   acknowledged: " + model_.Show());
  }

  // Reads in trouble: right answers or errors.
  void Read() {
    for (const bool blobs : {false, true}) {
      std::string state;
      const Status status = Step([&] {
        state = StateOf(engine_.get(), blobs);
        return Status();
      });
      if (!status.ok() || state != model_.Show()) {
        if (!trouble_->over()) Fail("read " + state + "\n   acknowledged: " + model_.Show());
        if (status.ok() && state.substr(0, 1) != "!") Fail("trouble made a read wrong: " + state);
      }
    }
    (void)Step([&] {
      ReadValue value;
      bool found = false;
      const EpochGuard guard;
      return engine_->Get(TreeId::kRows, "blob4", &value, &found);
    });
  }

  // A transaction that does everything and is given up: it must leave nothing, however it ends.
  void Wander() {
    for (const bool closure : {false, true}) {
      std::unique_ptr<Transaction> txn;
      TransactionOptions options;
      options.take_writer = closure;
      (void)Step([&] {
        Result<std::unique_ptr<Transaction>> begun = engine_->Begin(options);
        if (begun.ok()) txn = std::move(begun).value();
        return begun.status();
      });
      if (txn == nullptr) continue;
      std::unique_ptr<Cursor> cursor;
      (void)Step([&] { return WriteMuch(txn.get()); });
      (void)Step([&] {
        Result<std::unique_ptr<Cursor>> made = txn->NewCursor(TreeId::kKeys, "", "", {});
        if (!made.ok()) return made.status();
        cursor = std::move(made).value();
        bool found = false;
        for (int i = 0; i < 3; ++i) SOCHDB_TRY(cursor->Next(&found));
        return cursor->SeekNext("n", &found);
      });
      (void)Step([&] {
        txn->BeginStatement();
        const SavepointId savepoint = txn->SetSavepoint();
        SOCHDB_TRY(txn->Put(TreeId::kKeys, "k2", "later"));
        SOCHDB_TRY(txn->RollbackTo(savepoint));
        return txn->Release(savepoint);
      });
      (void)Step([&] {
        cursor.reset();
        return Status();
      });
      (void)Step([&] {
        txn.reset();
        return Status();
      });
    }
    (void)Step([&] {
      const EngineStats stats = engine_->stats();
      return stats.active_transactions == 0 ? Status() : Status(Code::kInternal, "a transaction is still active");
    });
    if (engine_->stats().active_snapshots != 0) Fail("a snapshot is still held");
    if (StateOf(engine_.get(), false) != model_.Show()) Fail("a transaction that was given up left something");
  }

  static Status WriteMuch(Transaction* txn) {
    for (int i = 0; i < 40; ++i) SOCHDB_TRY(txn->Put(TreeId::kKeys, "wander" + std::to_string(i), std::string(200, 'w')));
    SOCHDB_TRY(txn->Put(TreeId::kRows, "blob of wander", std::string(kBlobThresholdBytes + 1, 'b')));
    SOCHDB_TRY(txn->Delete(TreeId::kKeys, "k1"));
    SOCHDB_TRY(txn->Merge(TreeId::kPostings, "sum", "7"));
    ReadValue value;
    bool found = false;
    SOCHDB_TRY(txn->Get(TreeId::kPostings, "sum", &value, &found));
    SOCHDB_TRY(txn->GetForConstraint(TreeId::kCatalog, "none", &value, &found));
    txn->RegisterRangeRead(TreeId::kPostings, "a", "b");
    return {};
  }

  // A clean close and an open; where either fails, as after a death of the process.
  void Reopen() {
    const Status closed = Step([this] { return engine_->Close(); });
    Judge(closed.ok(), true);
  }

  void CloseAndJudge() {
    const Status closed = Step([this] { return engine_->Close(); });
    Judge(closed.ok(), false);
  }

  void Judge(bool closed, bool go_on) {
    if (closed && read_only_) Fail("a read-only store was closed as if all were well");
    (void)Step([this] {
      engine_.reset();
      return Status();
    });
    if (options_.sync_mode == SyncMode::kFull) env_->Restart(env_->io_count());
    else env_->RestartProcess();
    if (go_on) OpenInTrouble();
    else Open();
    if (engine_ == nullptr) return;
    const std::string found = StateOf(engine_.get());
    if (found == model_.Show()) return Settle(model_);
    // A commit that failed may be there or not, when nothing was committed after it. In mode off what was not written may be
    // lost.
    if (!closed) {
      for (const test::ScriptModel& state : perhaps_) {
        if (state.Show() == found) return Settle(state);
      }
      for (const test::ScriptModel& state : history_) {
        if (options_.sync_mode == SyncMode::kOff && state.Show() == found) return Settle(state);
      }
    }
    Fail("after a restart: " + found + "\n   acknowledged: " + model_.Show());
  }

  void Settle(test::ScriptModel state) {
    model_ = std::move(state);
    history_ = {model_};
    perhaps_.clear();
    read_only_ = false;
  }

 private:
  SimEnv* const env_;
  Trouble* const trouble_;
  const EngineOptions options_;
  const std::string what_;
  test::SumOperator sum_;
  std::unique_ptr<Engine> engine_;
  test::ScriptModel model_;
  std::vector<test::ScriptModel> history_;  // before each acknowledged commit of this life, and now
  std::vector<test::ScriptModel> perhaps_;  // now, and one commit that failed
  bool read_only_ = false;
};

// Every n-th operation fails, in each mode, until a session passes untouched.
void FailIo(SimEnv::Fault fault, bool and_later, const char* name) {
  const auto step = static_cast<uint64_t>(test::Stride(5));
  for (const SyncMode mode : test::kSyncModes) {
    bool untouched = false;
    for (uint64_t n = 1 + test::Seed() % step; !untouched; n += step) {
      SimEnv env(1);
      IoTrouble trouble(&env, n, fault, and_later);
      Session(&env, &trouble, mode, test::Named(name, mode, n)).Run();
      untouched = !trouble.over();
    }
  }
}

TEST("a session survives EIO at any operation") { FailIo(SimEnv::Fault::kIoError, false, "EIO"); }
TEST("a session survives a disk that fails from any operation on") { FailIo(SimEnv::Fault::kIoError, true, "EIO for ever"); }
TEST("a session survives ENOSPC at any operation") { FailIo(SimEnv::Fault::kNoSpace, false, "ENOSPC"); }
TEST("a session survives ENOSPC from any operation on") { FailIo(SimEnv::Fault::kNoSpace, true, "ENOSPC for ever"); }

// As above, for allocations. There are thousands: the seed decides which are tried, all in a long run.
void FailMemory(bool and_later, const char* name) {
  const uint64_t step = test::SeedCount() > 100 ? 1 : static_cast<uint64_t>(test::Stride(4)) * 5;
  for (const SyncMode mode : test::kSyncModes) {
    bool untouched = false;
    for (uint64_t n = 1 + (test::Seed() * 7 + static_cast<uint64_t>(mode) * 5) % step; !untouched; n += step) {
      SimEnv env(1);
      MemoryTrouble trouble(n, and_later);
      Session(&env, &trouble, mode, test::Named(name, mode, n)).Run();
      untouched = !trouble.over();
    }
  }
}

TEST("a session survives any allocation that fails") { FailMemory(false, "bad_alloc"); }
TEST("a session survives memory that stays exhausted") { FailMemory(true, "bad_alloc for ever"); }

}  // namespace
}  // namespace sochdb::fail_nth_test
