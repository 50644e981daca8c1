// One caller, any order of operations, on an engine whose memory is tiny, against a map of versions: puts, deletes, expiry,
// merges, large values, transactions over several trees; snapshots of the present and of the past; and between them flushes,
// compactions, checkpoints, changes of policy, backups, closes and crashes.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "env/path.h"
#include "test/engine_lsm_fixture.h"
#include "test/sim_random.h"

namespace sochdb::engine_lsm_model_test {
namespace {

using test::AsInt;
using test::CodeOf;

constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings};
constexpr int kKeys = 60;

// A key's history: what it held from a timestamp on.
struct Entry {
  std::optional<std::string> value;
  ExpiryMs expiry_ms = kNeverExpires;
};
using History = std::map<Timestamp, Entry>;
using Model = std::map<std::pair<TreeId, std::string>, History>;

const Entry* At(const History& history, Timestamp ts) {
  auto after = history.upper_bound(ts);
  return after == history.begin() ? nullptr : &std::prev(after)->second;
}

bool Live(const Entry* entry, uint64_t now_ms) {
  return entry != nullptr && entry->value && (entry->expiry_ms == kNeverExpires || entry->expiry_ms > now_ms);
}

std::string Short(std::string_view value) { return std::to_string(value.size()) + ":" + std::string(value.substr(0, 12)); }

std::string Show(const Model& model, TreeId tree, Timestamp ts, uint64_t now_ms) {
  std::string out;
  for (const auto& [key, history] : model) {
    if (key.first != tree) continue;
    const Entry* entry = At(history, ts);
    if (Live(entry, now_ms)) out += key.second + "=" + Short(*entry->value) + " ";
  }
  return out;
}

std::string Show(Reader* reader, TreeId tree, bool reverse) {
  ScanOptions options;
  options.reverse = reverse;
  Result<std::unique_ptr<Cursor>> cursor = reader->NewCursor(tree, "", "", options);
  if (!cursor.ok()) return "!" + cursor.status().message();
  std::string out;
  for (;;) {
    bool found = false;
    const Status status = (*cursor)->Next(&found);
    if (!status.ok()) return "!" + status.message();
    if (!found) return out;
    const std::string one = std::string((*cursor)->key()) + "=" + Short((*cursor)->value()) + " ";
    out = reverse ? one + out : out + one;
  }
}

class ModelRun {
 public:
  explicit ModelRun(uint64_t seed) : seed_(seed), random_(seed), env_(seed) {
    if (seed % 2 == 0) env_.EnableBuggify(seed);
    options_ = test::TinyOptions(random_.OneIn(3));
    options_.memtable_bytes = 16 * 1024u << random_.Below(4);
    options_.sync_mode = static_cast<SyncMode>(random_.Below(3));
    options_.wal_enabled = !random_.OneIn(4);
    options_.retention_ms = random_.OneIn(3) ? 0 : 3000;
    options_.compression = random_.OneIn(2) ? CompressionType::kNone : CompressionType::kLz4;
    options_.wal.max_record_bytes = 1024;
    options_.flush_threads = 1 + static_cast<uint32_t>(random_.Below(2));
    Open();
  }

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      Step();
      if (i % 40 == 39) CheckNow();
    }
    CheckNow();
    Reopen(true);
    CheckNow();
    held_.clear();
    EXPECT_OK(engine_->Compact(nullptr, nullptr));
    CheckNow();
    EXPECT(engine_->Verify(nullptr, nullptr).value().sound());
  }

 private:
  struct Held {
    std::unique_ptr<Snapshot> snapshot;
    Timestamp ts;  // the model's
  };

  void Fail(const std::string& what) { test::Fail(__FILE__, __LINE__, "seed " + std::to_string(seed_) + ": " + what); }

  void Open() {
    engine_ = test::OpenAt(&env_, "/db", options_);
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
  }

  void Step() {
    const uint64_t choice = random_.Below(100);
    if (choice < 55) Write();
    else if (choice < 75) WriteTogether();
    else if (choice < 80) env_.AdvanceMillis(random_.Below(600));
    else if (choice < 86) ReadPoint();
    else if (choice < 90) HoldOrRelease();
    else if (choice < 93) ReadPast();
    else Maintain();
  }

  void Maintain() {
    switch (random_.Below(12)) {
      case 0:
      case 1:
        EXPECT_OK(engine_->Flush(nullptr));
        break;
      case 2:
        EXPECT_OK(engine_->Compact(nullptr, nullptr));
        break;
      case 3:
        EXPECT_OK(engine_->CompactLevel(static_cast<int>(random_.Below(kLevels)), nullptr));
        break;
      case 4:
        EXPECT_OK(engine_->Checkpoint(nullptr).status());
        break;
      case 5:
        EXPECT_OK(engine_->TruncateWal(engine_->stats().checkpoint_lsn).status());
        break;
      case 6:
        EXPECT_OK(engine_->SetIndexPolicy(AnyTree(), static_cast<IndexPolicy>(random_.Below(4))));
        break;
      case 7:
        EXPECT_OK(engine_->Sync());
        break;
      case 8:
        return Backup();
      case 9:
        if (options_.wal_enabled && options_.sync_mode != SyncMode::kOff) return Reopen(false);
        return Reopen(true);
      default:
        return Reopen(true);
    }
  }

  TreeId AnyTree() { return kTrees[random_.Below(3)]; }
  std::string AnyKey() { return "k" + std::to_string(10 + random_.Below(kKeys)); }
  std::string AnyValue() {
    if (random_.OneIn(60))
      return std::string(kBlobThresholdBytes + 1 + random_.Below(3), static_cast<char>('a' + random_.Below(26)));
    return test::ValueOf(static_cast<int>(random_.Below(1000)), 1 + random_.Below(300));
  }
  ExpiryMs AnyExpiry() { return random_.OneIn(4) ? env_.NowMillis() + 1 + random_.Below(3000) : kNeverExpires; }

  void Write() {
    const TreeId tree = random_.OneIn(2) ? TreeId::kKeys : TreeId::kRows;
    const std::string key = AnyKey();
    if (random_.OneIn(4)) {
      const Result<Timestamp> ts = engine_->Delete(tree, key);
      EXPECT_OK(ts.status());
      model_[{tree, key}][ts.value()] = {};
      return;
    }
    const std::string value = AnyValue();
    const ExpiryMs expiry = AnyExpiry();
    const Result<Timestamp> ts = engine_->Put(tree, key, value, expiry);
    EXPECT_OK(ts.status());
    model_[{tree, key}][ts.value()] = {value, expiry};
  }

  // A transaction over all trees, with merges.
  void WriteTogether() {
    auto txn = test::BeginOn(engine_.get(), IsolationLevel::kSerializable, random_.OneIn(2));
    std::map<std::pair<TreeId, std::string>, Entry> writes;
    const uint64_t count = 1 + random_.Below(8);
    for (uint64_t i = 0; i < count; ++i) {
      const TreeId tree = AnyTree();
      const std::string key = AnyKey();
      if (tree == TreeId::kPostings) {
        const int by = static_cast<int>(random_.Below(100));
        EXPECT_OK(txn->Merge(tree, key, std::to_string(by)));
        const auto own = writes.find({tree, key});
        const Entry* below = own != writes.end() ? &own->second : At(model_[{tree, key}], kMaxTimestamp);
        const long long base = below != nullptr && below->value ? std::stoll(*below->value) : 0;
        writes[{tree, key}] = {std::to_string(base + by), kNeverExpires};
      } else if (random_.OneIn(5)) {
        EXPECT_OK(txn->Delete(tree, key));
        writes[{tree, key}] = {};
      } else {
        const std::string value = AnyValue();
        EXPECT_OK(txn->Put(tree, key, value));
        writes[{tree, key}] = {value, kNeverExpires};
      }
    }
    if (random_.OneIn(6)) return txn->Abort();
    const Result<Timestamp> ts = txn->Commit();
    EXPECT_OK(ts.status());
    for (auto& [key, entry] : writes) model_[key][ts.value()] = entry;
  }

  void ReadPoint() {
    const TreeId tree = AnyTree();
    const std::string key = AnyKey();
    const Entry* entry = At(model_[{tree, key}], kMaxTimestamp);
    const std::string wanted = Live(entry, env_.NowMillis()) ? *entry->value : "-";
    const std::string got = test::GetOr(engine_.get(), key, tree);
    if (got != wanted) Fail(key + " is " + Short(got) + ", wanted " + Short(wanted));
  }

  void HoldOrRelease() {
    if (held_.size() > 3 || (!held_.empty() && random_.OneIn(2))) {
      CheckHeld(held_.back());
      held_.pop_back();
      return;
    }
    Result<std::unique_ptr<Snapshot>> snapshot = engine_->NewSnapshot();
    EXPECT_OK(snapshot.status());
    held_.push_back({std::move(snapshot).value(), engine_->visible_ts()});
  }

  void CheckHeld(const Held& held) {
    for (const TreeId tree : kTrees) {
      const std::string wanted = Show(model_, tree, held.ts, held.snapshot->now_ms());
      for (const bool reverse : {false, true}) {
        const std::string got = Show(held.snapshot.get(), tree, reverse);
        if (got != wanted) Fail("a snapshot shows " + got + "\n   wanted " + wanted);
      }
    }
  }

  void ReadPast() {
    const uint64_t back = random_.Below(5000);
    const Timestamp ts = HlcFromMillis(env_.NowMillis() - back) + random_.Below(1 << 16);
    Result<std::unique_ptr<Snapshot>> snapshot = engine_->NewSnapshotAt(ts);
    if (!snapshot.ok()) {
      EXPECT_EQ(CodeOf(snapshot.status()), AsInt(Code::kLimit));
      // A moment is only refused when it is further back than retention, or when nothing later was written.
      if (back < options_.retention_ms) Fail("a moment within retention was refused");
      return;
    }
    CheckHeld({std::move(snapshot).value(), ts});
  }

  void CheckNow() {
    Result<std::unique_ptr<Snapshot>> snapshot = engine_->NewSnapshot();
    EXPECT_OK(snapshot.status());
    CheckHeld({std::move(snapshot).value(), engine_->visible_ts()});
    for (const Held& held : held_) CheckHeld(held);
  }

  void Backup() {
    const std::string path = "/copies/" + std::to_string(++copies_);
    EXPECT_OK(engine_->Backup(path, nullptr, nullptr).status());
    auto copy = test::OpenAt(&env_, path, options_);
    copy->SetMergeOperator(TreeId::kPostings, &sum_);
    EXPECT_EQ(copy->visible_ts(), engine_->visible_ts());
    Result<std::unique_ptr<Snapshot>> snapshot = copy->NewSnapshot();
    EXPECT_OK(snapshot.status());
    CheckHeld({std::move(snapshot).value(), copy->visible_ts()});
    EXPECT_OK(copy->Close());
  }

  const uint64_t seed_;
  SimRandom random_;
  SimEnv env_;
  EngineOptions options_;
  test::SumOperator sum_;
  std::unique_ptr<Engine> engine_;
  Model model_;
  std::vector<Held> held_;
  int copies_ = 0;
};

TEST("whatever is done in whatever order, every moment that is remembered reads as a map of versions says") {
  for (int i = 0; i < test::SeedCount(); ++i)
    ModelRun(test::Seed() * 1000 + static_cast<uint64_t>(i)).Run(test::kSanitizer == test::Sanitizer::kThread ? 200 : 500);
}

}  // namespace
}  // namespace sochdb::engine_lsm_model_test
