// Random histories through flushes, compactions of every policy, changes of policy and reopenings, against a model.

#include "test/lsm_world.h"
#include "test/sim_random.h"

namespace sochdb::lsm_store_test {
namespace {

using namespace test;

constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings};

class Walk {
 public:
  explicit Walk(uint64_t seed) : env_(seed), random_(seed), options_(SmallTables()) {
    Open();
    for (const TreeId tree : kTrees) Renew(tree);
  }

  void ChooseWhatIsRare(uint64_t seed) { env_.EnableBuggify(seed); }
  void Steps(int count) {
    for (int i = 0; i < count; ++i) {
      Step();
      if (i % 7 == 0) Check();
    }
    Check();
  }

  void Step() {
    const uint64_t choice = random_.Below(40);
    if (choice < 20) WriteBatch();
    else if (choice < 27) Flush();
    else if (choice < 30) CompactOnce();
    else if (choice < 34) CompactSideBySide();
    else if (choice < 35) ByHand();
    else if (choice < 36) EXPECT_OK(store_->SetPolicy(AnyTree(), static_cast<IndexPolicy>(random_.Below(4))));
    else if (choice < 37) Reopen();
    else if (choice < 38) MoveReaders();
    else clock_ms_ += random_.Below(200);
  }

  void SetPolicy(IndexPolicy policy) {
    for (const TreeId tree : kTrees) EXPECT_OK(store_->SetPolicy(tree, policy));
  }

  // Until nothing is due; the number of compactions.
  int Settle() {
    int count = 0;
    while (CompactOnce() && count < 500) ++count;
    EXPECT(count < 500);
    return count;
  }

  void Flush() {
    std::vector<FlushUnit> units;
    for (const TreeId tree : kTrees) {
      if (random_.OneIn(3)) continue;
      // Now and then two memtables of a tree at once.
      const int memtables = random_.OneIn(4) ? 2 : 1;
      for (int i = 0; i < memtables; ++i) {
        units.push_back({tree, Memory(tree).memtable, ++lsn_, last_ts_});
        if (i + 1 < memtables) {
          waiting_.push_back(Memory(tree).memtable);
          Renew(tree);
          WriteSome(tree);
        }
      }
    }
    EXPECT_OK(store_->Flush(units, Rule()));
    for (const FlushUnit& unit : units) Memory(unit.tree).chains.clear();
    for (const FlushUnit& unit : units) Renew(unit.tree);
    waiting_.clear();
    ++flushes_;
  }

  void WriteBatch() {
    for (const TreeId tree : kTrees) WriteSome(tree);
  }

  bool CompactOnce() {
    auto pick = store_->PickCompaction(clock_ms_);
    if (!pick) return false;
    if (random_.OneIn(10)) {
      store_->Release(*pick);
      return true;
    }
    EXPECT_OK(store_->Run(*pick, Rule(), nullptr, nullptr));
    ++compactions_;
    return true;
  }

  // Several compactions are under way at once, with flushes between, and end in any order.
  void CompactSideBySide() {
    std::vector<Begun> picks;
    for (int i = 0; i < 6; ++i) {
      auto pick = random_.OneIn(3) ? store_->PickLevel(AnyTree(), static_cast<int>(random_.Below(kLevels)))
                                   : store_->PickCompaction(clock_ms_);
      if (pick) picks.push_back({std::move(*pick), Rule()});
      if (random_.OneIn(3)) WriteBatch();
      if (random_.OneIn(3)) Flush();
      if (random_.OneIn(3)) MoveReaders();
      if (!picks.empty() && random_.OneIn(3)) RunOne(&picks);
    }
    while (!picks.empty()) RunOne(&picks);
  }
  // By what may be let go now, or by what might be when it began: less, and told to the manifest later than more was.
  struct Begun {
    CompactionPick pick;
    KeepRule rule;
  };
  void RunOne(std::vector<Begun>* picks) {
    const auto at = picks->begin() + static_cast<std::ptrdiff_t>(random_.Below(picks->size()));
    EXPECT_OK(store_->Run(at->pick, random_.OneIn(2) ? Rule() : at->rule, nullptr, nullptr));
    picks->erase(at);
  }

  void ByHand() {
    const TreeId tree = AnyTree();
    auto pick = random_.OneIn(2) ? store_->PickWhole(tree) : store_->PickLevel(tree, static_cast<int>(random_.Below(kLevels)));
    if (pick) EXPECT_OK(store_->Run(*pick, Rule(), nullptr, nullptr));
  }

  void CompactWhole() {
    for (const TreeId tree : kTrees) {
      if (auto pick = store_->PickWhole(tree)) EXPECT_OK(store_->Run(*pick, Rule(), nullptr, nullptr));
    }
  }

  void Reopen() {
    told_ = Told();
    store_.reset();
    if (random_.OneIn(2)) env_.RestartProcess();
    Open();
    // What was not flushed comes back from the log.
    for (const TreeId tree : kTrees) {
      auto memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
      for (auto& [key, chain] : Memory(tree).chains) {
        for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
          memtable->Add(key, it->ts, it->kind, it->value, it->expiry_ms);
        }
      }
      Memory(tree).memtable = std::move(memtable);
    }
  }

  void ReleaseReaders() {
    readers_.clear();
    floor_ = last_ts_;
  }

  void Check() {
    for (const TreeId tree : kTrees) CheckTree(tree);
    store_->ReapFiles(nullptr);
    const auto left = Leftovers(&env_, *store_);
    for (const std::string& name : left) test::Fail(__FILE__, __LINE__, "left over: " + name);
  }

  LsmStore* store() { return store_.get(); }
  SimEnv* env() { return &env_; }
  const History& written(TreeId tree) { return written_[static_cast<size_t>(tree)]; }
  Timestamp last_ts() const { return last_ts_; }
  uint64_t now_ms() const { return clock_ms_; }
  void Advance(uint64_t ms) { clock_ms_ += ms; }

 private:
  struct InMemory {
    std::shared_ptr<Memtable> memtable;
    History chains;
  };

  TreeId AnyTree() { return kTrees[random_.Below(std::size(kTrees))]; }
  InMemory& Memory(TreeId tree) { return memory_[static_cast<size_t>(tree)]; }
  void Renew(TreeId tree) { Memory(tree).memtable = Memtable::Create({.ordered = random_.OneIn(2), .hash_seed = 1}); }

  void Open() {
    auto opened = OpenStore(&env_, options_);
    EXPECT_OK(opened.status());
    store_ = std::move(opened).value();
    for (const TreeId tree : kTrees) told_.latest[static_cast<size_t>(tree)] = store_->levels(tree);
    store_->SetListener(&told_);
  }

  std::string AnyKey() {
    const uint64_t container = focus_ == 0 ? random_.Below(4) : focus_ == 1 ? 3 * random_.Below(2) : focus_ - 2;
    std::string key = {0, 0, 0, 1, 0, 0, 0, static_cast<char>(container)};
    return key + "key" + std::to_string(random_.Below(60));
  }

  void WriteSome(TreeId tree) {
    focus_ = random_.Below(6);
    for (uint64_t i = 1 + random_.Below(20); i > 0; --i) {
      if (random_.OneIn(3)) ++clock_ms_;
      last_ts_ = std::max(last_ts_ + 1, HlcFromMillis(clock_ms_));
      PlainVersion version;
      version.ts = last_ts_;
      const uint64_t kind = random_.Below(tree == TreeId::kPostings ? 8 : 5);
      version.kind = kind == 0 ? ValueKind::kDelete : kind >= 5 ? ValueKind::kMerge : ValueKind::kValue;
      if (version.kind != ValueKind::kDelete) version.value = std::string(random_.Below(120), 'v') + std::to_string(last_ts_);
      if (version.kind == ValueKind::kValue && random_.OneIn(3)) version.expiry_ms = clock_ms_ + 1 + random_.Below(400);
      const std::string key = AnyKey();
      Memory(tree).memtable->Add(key, version.ts, version.kind, version.value, version.expiry_ms);
      for (History* history : {&written_[static_cast<size_t>(tree)], &Memory(tree).chains}) {
        Chain& chain = (*history)[key];
        chain.insert(chain.begin(), version);
      }
    }
  }

  void MoveReaders() {
    if (random_.OneIn(2) && !readers_.empty()) readers_.erase(readers_.begin());
    else readers_.insert(last_ts_);
    if (random_.OneIn(3)) floor_ = std::max(floor_, last_ts_ - std::min(last_ts_, HlcFromMillis(random_.Below(40))));
    if (random_.OneIn(3)) expired_before_ms_ = std::max(expired_before_ms_, clock_ms_ - random_.Below(20));
  }

  KeepRule Rule() {
    if (random_.OneIn(2)) expired_before_ms_ = std::max(expired_before_ms_, clock_ms_ - random_.Below(20));
    KeepRule rule;
    rule.read_points.assign(readers_.begin(), readers_.end());
    rule.read_points.push_back(last_ts_);
    rule.history_floor = floor_;
    rule.expired_before_ms = expired_before_ms_;
    if (random_.OneIn(2)) rule.fold = FoldByAppending;
    return rule;
  }

  void CheckTree(TreeId tree) {
    const LevelStatePtr levels = store_->levels(tree);
    EXPECT(told_.latest[static_cast<size_t>(tree)] == levels);
    const Timestamp floor = std::min(floor_, last_ts_);
    const Timestamp promised = store_->state().history_floor;  // what the manifest says can be read
    EXPECT(promised <= floor);
    std::vector<Timestamp> readers(readers_.begin(), readers_.end());
    for (const Timestamp from : {floor, promised}) {
      readers.push_back(from);
      readers.push_back(from + random_.Below(last_ts_ - from + 1));
    }
    readers.push_back(last_ts_);
    for (const auto& [key, all] : written(tree)) {
      Chain now;
      if (const auto found = Memory(tree).chains.find(key); found != Memory(tree).chains.end()) now = found->second;
      const Chain below = ChainIn(*levels, key);
      now.insert(now.end(), below.begin(), below.end());
      for (const Timestamp reader : readers) {
        const uint64_t at = expired_before_ms_ + (random_.OneIn(2) ? 0 : random_.Below(500));
        if (Read(all, reader, at) == Read(now, reader, at)) continue;
        std::ostringstream what;
        what << "tree " << static_cast<int>(tree) << " key " << key << " read at " << HlcMillis(reader) << '.'
             << (reader & 0xffff) << ": written " << all << "\n    there " << now << "\n    in" << Show(*levels);
        test::Fail(__FILE__, __LINE__, what.str());
        return;
      }
    }
  }

  SimEnv env_;
  SimRandom random_;
  const LsmOptions options_;
  std::unique_ptr<LsmStore> store_;
  Told told_;  // goes before the store, as all levels do
  std::array<InMemory, kTreeCount> memory_;
  std::vector<std::shared_ptr<Memtable>> waiting_;
  std::array<History, kTreeCount> written_;
  std::set<Timestamp> readers_;
  Timestamp floor_ = 0;
  ExpiryMs expired_before_ms_ = 0;
  uint64_t focus_ = 0;  // which containers a memtable's next keys are of: all, the outer two, or one
  uint64_t clock_ms_ = 100;
  Timestamp last_ts_ = HlcFromMillis(100);
  Lsn lsn_ = 0;
  int flushes_ = 0;
  int compactions_ = 0;
};

TEST("whatever is flushed, compacted, reshaped and reopened, every reader sees what was written") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()); ++seed) {
    Walk walk(seed + 1000 * test::Seed());
    if (seed % 2 == 0) walk.ChooseWhatIsRare(seed);
    walk.SetPolicy(static_cast<IndexPolicy>(seed / 2 % 4));
    walk.Steps(test::kSanitizer == test::Sanitizer::kNone ? 250 : 80);
    EXPECT_OK(walk.store()->Verify([](const LsmStore::Fault& fault) { test::Fail(__FILE__, __LINE__, fault.file); }, nullptr,
                                   nullptr));
  }
}

TEST("the first steps of a store hold, too") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 20; ++seed) {
    Walk walk(seed * 31 + test::Seed());
    walk.SetPolicy(static_cast<IndexPolicy>(seed % 4));
    walk.Steps(12);
  }
}

TEST("under every policy compaction comes to an end, and readers then merge few runs") {
  for (int policy = 0; policy < kIndexPolicyCount; ++policy) {
    Walk walk(77 + static_cast<uint64_t>(policy));
    walk.SetPolicy(static_cast<IndexPolicy>(policy));
    for (int round = 0; round < 40; ++round) {
      walk.WriteBatch();
      walk.Flush();
      walk.ReleaseReaders();
      walk.Settle();
    }
    walk.Check();
    for (const TreeId tree : kTrees) {
      const PolicySettings settings = walk.store()->settings(tree);
      EXPECT(walk.store()->levels(tree)->runs() < settings.slowdown_runs);
    }
    const LsmStore::Pressure pressure = walk.store()->pressure();
    EXPECT(pressure.runs < pressure.slowdown);
    EXPECT_EQ(walk.store()->stats().pending_compaction_bytes, 0u);
  }
}

TEST("a change of policy leads the tree into the new shape and layout") {
  for (int from = 0; from < kIndexPolicyCount; ++from) {
    for (int to = 0; to < kIndexPolicyCount; ++to) {
      Walk walk(static_cast<uint64_t>(from * 10 + to));
      walk.SetPolicy(static_cast<IndexPolicy>(from));
      for (int round = 0; round < 12; ++round) {
        walk.WriteBatch();
        walk.Flush();
        walk.CompactOnce();
      }
      walk.SetPolicy(static_cast<IndexPolicy>(to));
      walk.ReleaseReaders();
      walk.Settle();
      walk.Check();
      for (const TreeId tree : kTrees) {
        const LevelStatePtr levels = walk.store()->levels(tree);
        const PolicySettings settings = walk.store()->settings(tree);
        EXPECT(settings.policy == static_cast<IndexPolicy>(to));
        for (size_t level = 1; level < levels->levels.size(); ++level) {
          const auto& runs = levels->levels[level];
          if (settings.style == CompactionStyle::kLeveled) EXPECT(runs.size() <= 1);
          if (settings.style == CompactionStyle::kTimeWindow) EXPECT(level == kBottomLevel ? runs.size() <= 1 : runs.empty());
          if (level == kBottomLevel && settings.style != CompactionStyle::kTiered) EXPECT(runs.size() <= 1);
          for (const SortedRun& run : runs) {
            for (const TableFilePtr& file : run.files) EXPECT_EQ(file->properties().block_bytes, settings.table.block_bytes);
          }
        }
      }
    }
  }
}

TEST("after a whole compaction there is one version a live key, and nothing else") {
  Walk walk(5);
  walk.Steps(60);
  walk.Flush();
  walk.Flush();
  walk.Flush();
  walk.ReleaseReaders();
  walk.CompactWhole();
  for (const TreeId tree : kTrees) {
    for (const auto& [key, chain] : ContentsOf(*walk.store()->levels(tree))) {
      const bool merges = chain.front().kind == ValueKind::kMerge;
      if (!merges) EXPECT_EQ(chain.size(), 1u);
      if (!merges) EXPECT(chain.front().kind == ValueKind::kValue);
    }
    EXPECT(walk.store()->levels(tree)->runs() <= 1);
  }
}

}  // namespace
}  // namespace sochdb::lsm_store_test
