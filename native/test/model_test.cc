// One caller, any order of operations, against a map: puts, deletes, expiry, merges, transactions with savepoints, snapshots
// that stay open, closes and crashes of the process with a new opening after them.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "test/harness.h"
#include "test/random_options.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "test/store_fixture.h"
#include "test/tables.h"

namespace sochdb::model_test {
namespace {

using test::BeginOn;
using test::OpenAt;

constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings};

struct Entry {
  std::string value;
  ExpiryMs expiry_ms = kNeverExpires;
};
using Model = std::map<std::pair<TreeId, std::string>, Entry>;

std::string Show(const Model& model, TreeId tree, uint64_t now_ms) {
  std::string out;
  for (const auto& [key, entry] : model) {
    if (key.first != tree || (entry.expiry_ms != kNeverExpires && entry.expiry_ms <= now_ms)) continue;
    out += key.second + "=" + entry.value + " ";
  }
  return out;
}

class ModelRun {
 public:
  explicit ModelRun(uint64_t seed) : random_(seed), env_(seed) {
    env_.EnableBuggify(seed);
    options_ = test::RandomOptions(&random_);
    Open();
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
    CheckAll();
    Reopen(true);
    CheckAll();
  }

 private:
  struct Held {
    std::unique_ptr<Snapshot> snapshot;
    Model model;
  };

  void Open() {
    engine_ = OpenAt(&env_, "/db", options_);
    engine_->SetMergeOperator(TreeId::kPostings, &sum_);
  }

  void Reopen(bool cleanly) {
    held_.clear();
    if (cleanly) EXPECT_OK(engine_->Close());
    else env_.CrashNow();
    engine_.reset();
    if (!cleanly) env_.RestartProcess();
    Open();
    EXPECT_EQ(engine_->recovery_report().was_clean, cleanly);
    if (!cleanly && options_.wal_enabled) EXPECT(!engine_->recovery_report().wal.torn);
  }

  void Step() {
    const uint64_t choice = random_.Below(100);
    if (random_.OneIn(30)) EXPECT_OK(test::FlushTables(engine_.get()));
    if (random_.OneIn(80)) EXPECT_OK(test::CompactTables(engine_.get()));
    if (choice < 45) Autocommit();
    else if (choice < 75) RunTransaction();
    else if (choice < 82) env_.AdvanceMillis(random_.Below(400));
    else if (choice < 88) held_.push_back({engine_->NewSnapshot().value(), model_});
    else if (choice < 92 && !held_.empty())
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(random_.Below(held_.size())));
    else if (choice < 96) CheckAll();
    else if (choice < 98) Reopen(true);
    else CrashProcess();
  }

  // A store that promises nothing without a sync gets one: what is tested is that nothing else is lost.
  void CrashProcess() {
    if (!options_.wal_enabled || options_.sync_mode == SyncMode::kOff) EXPECT_OK(engine_->Sync());
    Reopen(false);
  }

  std::string Key() { return std::string(1, static_cast<char>('a' + random_.Below(10))); }
  TreeId AnyTree() { return kTrees[random_.Below(3)]; }
  // Merged entries do not expire here: whether an operand comes before or after an expiry is a matter of its commit's
  // millisecond (txn_test.cc).
  ExpiryMs Expiry(TreeId tree) {
    return tree != TreeId::kPostings && random_.OneIn(4) ? env_.NowMillis() + 100 + random_.Below(1000) : kNeverExpires;
  }
  std::string Number() { return std::to_string(random_.Below(1000)); }

  void Autocommit() {
    const TreeId tree = AnyTree();
    const std::string key = Key();
    if (random_.OneIn(4)) {
      EXPECT_OK(engine_->Delete(tree, key).status());
      model_.erase({tree, key});
      return;
    }
    // Plain trees also take values that span records and segments.
    const std::string value = tree != TreeId::kPostings && random_.OneIn(10) ? std::string(5000, 'v') : Number();
    const ExpiryMs expiry = Expiry(tree);
    EXPECT_OK(engine_->Put(tree, key, value, expiry).status());
    model_[{tree, key}] = {value, expiry};
  }

  void Write(Transaction* txn, Model* model) {
    TreeId tree = AnyTree();
    const std::string key = Key();
    const uint64_t choice = random_.Below(10);
    if (choice < 5) {
      const std::string value = Number();
      const ExpiryMs expiry = Expiry(tree);
      EXPECT_OK(txn->Put(tree, key, value, expiry));
      (*model)[{tree, key}] = {value, expiry};
    } else if (choice < 7) {
      EXPECT_OK(txn->Delete(tree, key));
      model->erase({tree, key});
    } else {
      tree = TreeId::kPostings;
      const std::string operand = Number();
      EXPECT_OK(txn->Merge(tree, key, operand));
      Entry& entry = (*model)[{tree, key}];
      entry.value = std::to_string((entry.value.empty() ? 0 : std::stoll(entry.value)) + std::stoll(operand));
    }
  }

  void RunTransaction() {
    const bool closure = random_.OneIn(2);
    auto txn = BeginOn(engine_.get(), static_cast<IsolationLevel>(random_.Below(3)), closure);
    Model own = model_;
    std::vector<std::pair<SavepointId, Model>> savepoints;
    const uint64_t steps = 1 + random_.Below(8);
    for (uint64_t i = 0; i < steps; ++i) {
      const uint64_t choice = random_.Below(10);
      if (choice < 7) {
        Write(txn.get(), &own);
      } else if (choice == 7) {
        savepoints.emplace_back(txn->SetSavepoint(), own);
      } else if (choice == 8 && !savepoints.empty()) {
        EXPECT_OK(txn->RollbackTo(savepoints.back().first));
        own = savepoints.back().second;
      } else {
        CheckReader(txn.get(), own);
      }
    }
    CheckReader(txn.get(), own);
    if (random_.OneIn(5)) return txn->Abort();
    const Status status = txn->Commit().status();
    // Time passes with every I/O, so an entry that was read may have expired: that is the only conflict there can be here.
    EXPECT(status.ok() ||
           (status.code() == Code::kConflict && !status.details().empty() && status.details().back().second == "expiry"));
    if (status.ok()) model_ = std::move(own);
  }

  void CheckReader(Reader* reader, const Model& model) {
    for (const TreeId tree : kTrees) {
      ScanOptions options;
      // What is read committed reads at a time of its own.
      const std::string before = test::ScanAll(reader, "", "", options, SIZE_MAX, tree);
      EXPECT_EQ(before, Show(model, tree, reader->now_ms()));
    }
  }

  void CheckAll() {
    CheckReader(engine_->NewSnapshot().value().get(), model_);
    for (Held& held : held_) CheckReader(held.snapshot.get(), held.model);
    const TreeId tree = AnyTree();
    const std::string key = Key();
    const std::string got = test::GetOr(engine_.get(), key, tree);
    const auto found = model_.find({tree, key});
    const uint64_t now = env_.NowMillis();
    const bool live = found != model_.end() && (found->second.expiry_ms == kNeverExpires || found->second.expiry_ms > now);
    EXPECT_EQ(got, live ? found->second.value : "-");
  }

  SimRandom random_;
  SimEnv env_;
  EngineOptions options_;
  test::SumOperator sum_;
  std::unique_ptr<Engine> engine_;
  Model model_;
  std::vector<Held> held_;
};

TEST("any sequence of operations, closes and crashes of the process agrees with a map") {
  for (int i = 0; i < test::SeedCount() * 3; ++i) ModelRun(test::Seed() * 1000 + static_cast<uint64_t>(i)).Run(150);
}

}  // namespace
}  // namespace sochdb::model_test
