// What flushes and compactions make of the tables: where they end, when they are moved, what they let go, what they cost.

#include "env/mem_env.h"
#include "test/lsm_world.h"
#include "test/sim_random.h"

namespace sochdb::lsm_compaction_test {
namespace {

using namespace test;

constexpr TreeId kTree = TreeId::kRows;

std::string KeyOf(uint64_t container, uint64_t row) {
  std::string key(8, '\0');
  key[7] = static_cast<char>(container);
  std::string digits = std::to_string(row);
  return key + std::string(8 - digits.size(), '0') + digits;
}

struct Bench {
  explicit Bench(IndexPolicy policy, const LsmOptions& options = SmallTables()) : env(7) {
    store = OpenStore(&env, options).value();
    EXPECT_OK(store->SetPolicy(kTree, policy));
  }

  void Put(const std::string& key, ValueKind kind, std::string_view value, ExpiryMs expiry = kNeverExpires) {
    memtable->Add(key, ++last_ts, kind, value, expiry);
    raw_bytes += key.size() + value.size();
  }
  KeepRule Rule() const {
    KeepRule rule;
    rule.read_points = {last_ts};
    rule.expired_before_ms = expired_before_ms;
    rule.in_memory_from = [now = HlcFromMillis(expired_before_ms)](TreeId) { return now; };
    return rule;
  }
  void Flush() {
    const FlushUnit unit{kTree, memtable, ++lsn, last_ts};
    EXPECT_OK(store->Flush({&unit, 1}, Rule()));
    memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
  }
  // Until nothing is to be done; the reasons, in order.
  std::vector<std::string> Settle(int most = 1000) {
    std::vector<std::string> reasons;
    while (auto pick = store->PickCompaction(kMaxTimestamp)) {
      reasons.emplace_back(pick->reason);
      EXPECT_OK(store->Run(*pick, Rule(), nullptr, nullptr));
      if (static_cast<int>(reasons.size()) > most) {
        test::Fail(__FILE__, __LINE__, "no end of compactions: " + reasons.back() + Show(*store->levels(kTree)));
        break;
      }
    }
    return reasons;
  }
  [[nodiscard]] History contents() const { return ContentsOf(*store->levels(kTree)); }
  [[nodiscard]] uint64_t bytes() const { return store->levels(kTree)->bytes(); }

  SimEnv env;
  std::unique_ptr<LsmStore> store;
  std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
  Timestamp last_ts = HlcFromMillis(100);
  ExpiryMs expired_before_ms = 0;
  Lsn lsn = 0;
  uint64_t raw_bytes = 0;
};

TEST("of two memtables flushed at once the newer keeps its deletes, and the older what its operands need") {
  SimEnv env(1);
  auto store = OpenStore(&env, SmallTables());
  std::shared_ptr<Memtable> older = Memtable::Create({.ordered = true, .hash_seed = 1});
  older->Add("deleted", HlcFromMillis(10), ValueKind::kValue, "a", 0);
  older->Add("expired", HlcFromMillis(10), ValueKind::kValue, "b", 30);
  std::shared_ptr<Memtable> newer = Memtable::Create({.ordered = true, .hash_seed = 1});
  newer->Add("deleted", HlcFromMillis(20), ValueKind::kDelete, "", 0);
  newer->Add("expired", HlcFromMillis(20), ValueKind::kMerge, "c", 0);
  const std::vector<FlushUnit> units = {{kTree, older, 1, HlcFromMillis(10)}, {kTree, newer, 2, HlcFromMillis(20)}};
  KeepRule rule;
  rule.read_points = {HlcFromMillis(50)};
  rule.expired_before_ms = 40;
  EXPECT_OK((*store)->Flush(units, rule));
  for (const char* key : {"deleted", "expired"}) {
    EXPECT(!Read(ChainIn(*(*store)->levels(kTree), key), HlcFromMillis(50), 40).has_value());
  }
  // Operands as old as the expired value's last day may wait in memory, until a flush has passed it.
  EXPECT_OK((*store)->Run(*(*store)->PickWhole(kTree), rule, nullptr, nullptr));
  EXPECT_EQ((*store)->levels(kTree)->entries(), 1u);
  const FlushUnit empty{kTree, Memtable::Create({.ordered = true, .hash_seed = 1}), 3, HlcFromMillis(30)};
  EXPECT_OK((*store)->Flush({&empty, 1}, rule));
  EXPECT_OK((*store)->Run(*(*store)->PickWhole(kTree), rule, nullptr, nullptr));
  EXPECT((*store)->levels(kTree)->empty());
}

TEST("a unit of which nothing is kept makes no table, and its log is done with all the same") {
  Bench bench(IndexPolicy::kBalanced);
  bench.Put("a", ValueKind::kDelete, "");
  bench.Flush();
  EXPECT(bench.store->levels(kTree)->empty());
  EXPECT_EQ(bench.store->state().flushed[static_cast<size_t>(kTree)], 1u);
}

TEST("tables end at their size, rather with a container, never within a key") {
  Bench bench(IndexPolicy::kBalanced);
  KeepRule all = bench.Rule();
  for (uint64_t container = 1; container <= 3; ++container) {
    for (uint64_t row = 0; row < 40; ++row) {
      for (int version = 0; version < 3; ++version) bench.Put(KeyOf(container, row), ValueKind::kValue, std::string(60, 'v'));
    }
  }
  for (int version = 0; version < 200; ++version) bench.Put(KeyOf(4, 1), ValueKind::kValue, std::string(100, 'v'));
  all.read_points = {1};
  all.history_floor = 1;
  all.read_points = {bench.last_ts};
  const FlushUnit unit{kTree, bench.memtable, 1, bench.last_ts};
  EXPECT_OK(bench.store->Flush({&unit, 1}, all));
  const LevelStatePtr levels = bench.store->levels(kTree);
  EXPECT_EQ(levels->entries(), 560u);
  const auto& files = levels->levels[0].front().files;
  EXPECT(files.size() >= 4);
  std::set<char> containers_ended;
  for (size_t i = 0; i < files.size(); ++i) {
    const bool same = files[i]->smallest()[7] == files[i]->largest()[7];
    EXPECT(same || files[i]->properties().file_bytes < 4096 + 2048);
    if (i + 1 < files.size()) EXPECT(files[i]->largest() < files[i + 1]->smallest());
    if (same) containers_ended.insert(files[i]->largest()[7]);
  }
  EXPECT_EQ(files.back()->properties().entries, 200u);  // one key, far beyond the target size
  EXPECT_EQ(files.back()->properties().keys, 1u);
}

TEST("what was deleted is let go although nothing more is written") {
  for (const auto policy : {IndexPolicy::kBalanced, IndexPolicy::kScanOptimized, IndexPolicy::kWriteOptimized}) {
    Bench bench(policy);
    for (uint64_t row = 0; row < 100; ++row) bench.Put(KeyOf(1, row), ValueKind::kValue, std::string(100, 'v'));
    bench.Flush();
    EXPECT_OK(bench.store->Run(*bench.store->PickWhole(kTree), bench.Rule(), nullptr, nullptr));
    for (uint64_t row = 0; row < 90; ++row) bench.Put(KeyOf(1, row), ValueKind::kDelete, "");
    const Timestamp before = bench.last_ts - 90;
    {
      // A reader from before the deletes needs what they hide: nothing is worth doing.
      KeepRule held = bench.Rule();
      held.read_points = {before, bench.last_ts};
      const FlushUnit unit{kTree, bench.memtable, 2, bench.last_ts};
      EXPECT_OK(bench.store->Flush({&unit, 1}, held));
      EXPECT(!bench.store->PickCompaction(kMaxTimestamp));
    }
    bench.memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
    bench.Put(KeyOf(9, 0), ValueKind::kValue, "the next flush knows that the reader has gone");
    bench.Flush();
    EXPECT(!bench.Settle(5).empty());
    EXPECT_EQ(bench.contents().size(), 11u);
    EXPECT_EQ(bench.store->levels(kTree)->entries(), 11u);
  }
}

TEST("what has expired is let go although nothing more is written, once, and not before") {
  LsmOptions options = SmallTables();
  options.target_file_bytes = 64 * 1024;
  Bench bench(IndexPolicy::kBalanced, options);
  for (uint64_t row = 0; row < 100; ++row) {
    bench.Put(KeyOf(1, row), ValueKind::kValue, std::string(100, 'v'), row < 80 ? 1000 + row : kNeverExpires);
  }
  bench.Flush();
  EXPECT(bench.Settle(1).empty());
  bench.expired_before_ms = 1040;
  bench.Put(KeyOf(2, 0), ValueKind::kValue, "x");
  bench.Flush();
  EXPECT(bench.Settle(1).empty());  // not half of it
  bench.expired_before_ms = 1070;
  bench.Put(KeyOf(2, 1), ValueKind::kValue, "x");
  bench.Flush();
  EXPECT_EQ(bench.Settle(2), (std::vector<std::string>{kGarbageReason}));
  EXPECT_EQ(bench.contents().size(), 31u);
}

// Ten ascending rows a flush.
void Append(uint64_t flushes, Bench* bench) {
  for (uint64_t batch = 0; batch < flushes; ++batch) {
    for (uint64_t row = 0; row < 10; ++row) bench->Put(KeyOf(1, batch * 10 + row), ValueKind::kValue, std::string(60, 'v'));
    bench->Flush();
    bench->Settle(20);
  }
}

TEST("ascending keys are moved, and put together once where tables are small") {
  LsmOptions options = SmallTables();
  options.target_file_bytes = 64 * 1024;  // a flush is less than a thirty-second of it
  Bench bench(IndexPolicy::kAppendOnly, options);
  Append(100, &bench);
  const LsmStats stats = bench.store->stats();
  EXPECT(stats.moves >= 20);
  EXPECT(stats.compaction_written_bytes <= stats.flushed_bytes * 2);
  EXPECT_EQ(bench.contents().size(), 1000u);
  EXPECT_EQ(stats.levels[kBottomLevel].entries + stats.levels[0].entries, 1000u);
  EXPECT(stats.levels[kBottomLevel].files < 60);
}

TEST("ascending keys are not rewritten where tables are not small, until there are very many") {
  Bench bench(IndexPolicy::kAppendOnly);
  Append(100, &bench);
  EXPECT_EQ(bench.store->stats().compaction_written_bytes, 0u);
  Append(500, &bench);
  const LsmStats stats = bench.store->stats();
  EXPECT(stats.compaction_written_bytes > 0);
  EXPECT(stats.levels[kBottomLevel].files < 520);
}

TEST("what is written the most is flushed as it is, and compressed when it is merged") {
  LsmOptions options = SmallTables();
  options.table.compression = CompressionType::kLz4;
  Bench bench(IndexPolicy::kWriteOptimized, options);
  for (uint64_t flush = 0; flush < 4; ++flush) {
    for (uint64_t row = 0; row < 10; ++row) bench.Put(KeyOf(1, row), ValueKind::kValue, std::string(60, 'v'));
    bench.Flush();
    EXPECT_EQ(bench.store->levels(kTree)->levels[0].front().files[0]->properties().compression, CompressionType::kNone);
  }
  bench.Settle(20);
  const auto levels = bench.store->levels(kTree);
  EXPECT(levels->levels[0].empty());
  EXPECT_EQ(levels->levels[1].front().files[0]->properties().compression, CompressionType::kLz4);
}

TEST("ascending keys cost no rewriting under a leveled policy either, once tables have their size") {
  for (const auto policy : {IndexPolicy::kBalanced, IndexPolicy::kScanOptimized, IndexPolicy::kWriteOptimized}) {
    Bench bench(policy);
    for (uint64_t batch = 0; batch < 60; ++batch) {
      for (uint64_t row = 0; row < 60; ++row) bench.Put(KeyOf(1, batch * 60 + row), ValueKind::kValue, std::string(60, 'v'));
      bench.Flush();
      bench.Settle(20);
    }
    const LsmStats stats = bench.store->stats();
    EXPECT(stats.moves > 0);
    EXPECT(stats.compaction_written_bytes <= stats.flushed_bytes / 2);
    EXPECT_EQ(bench.store->levels(kTree)->entries(), 3600u);
  }
}

// Random overwrites of a fixed set of keys: the hardest case for space, and for rewriting.
TEST("under random overwrites space stays near that of the live data, and rewriting within bounds") {
  struct Bound {
    IndexPolicy policy;
    double space;
    double writes;
  };
  for (const Bound& bound : {Bound{IndexPolicy::kWriteOptimized, 4.0, 4.0}, Bound{IndexPolicy::kBalanced, 1.3, 6.0},
                             Bound{IndexPolicy::kScanOptimized, 1.2, 12.0}}) {
    Bench bench(bound.policy);
    SimRandom random(5);
    constexpr uint64_t kKeys = 2000;
    for (uint64_t i = 0; i < 12 * kKeys; ++i) {
      bench.Put(KeyOf(1, i < kKeys ? i : random.Below(kKeys)), ValueKind::kValue, std::string(90, 'v'));
      if (i % 150 != 149) continue;
      bench.Flush();
      bench.Settle(50);
    }
    bench.Flush();
    bench.Settle(50);
    const LsmStats stats = bench.store->stats();
    const auto stored = static_cast<double>(bench.bytes());
    const double writes =
        static_cast<double>(stats.flushed_bytes + stats.compaction_written_bytes) / static_cast<double>(stats.flushed_bytes);
    EXPECT_OK(bench.store->Run(*bench.store->PickWhole(kTree), bench.Rule(), nullptr, nullptr));
    const double space = stored / static_cast<double>(bench.bytes());
    EXPECT_EQ(bench.store->levels(kTree)->entries(), kKeys);
    if (space > bound.space || writes > bound.writes) {
      std::ostringstream what;
      what << "policy " << static_cast<int>(bound.policy) << ": space " << space << ", writes " << writes;
      test::Fail(__FILE__, __LINE__, what.str());
    }
  }
}

TEST("flushes, compactions, readers and statistics meet without harm") {
  MemEnv env;
  LsmOptions options = SmallTables();
  auto store = OpenStore(&env, options);
  EXPECT_OK(store.status());
  LsmStore* const lsm = store->get();
  constexpr uint64_t kBatches = test::kSanitizer == test::Sanitizer::kNone ? 150 : 40;
  std::atomic<Timestamp> published{1};
  std::atomic<bool> done{false};
  const auto rule = [&] {
    KeepRule made;
    made.read_points = {published.load()};
    return made;
  };
  std::vector<std::unique_ptr<Thread>> threads;
  threads.push_back(env.StartThread("flush", [&] {
    for (uint64_t batch = 1; batch <= kBatches; ++batch) {
      std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
      for (uint64_t row = 0; row < 50; ++row) {
        memtable->Add(KeyOf(1, row), HlcFromMillis(batch), ValueKind::kValue, std::to_string(batch) + std::string(80, 'v'), 0);
      }
      published = HlcFromMillis(batch);
      const FlushUnit unit{kTree, memtable, batch, HlcFromMillis(batch)};
      EXPECT_OK(lsm->Flush({&unit, 1}, rule()));
    }
    done = true;
  }));
  for (int i = 0; i < 2; ++i) {
    threads.push_back(env.StartThread("compact", [&] {
      while (!done) {
        if (auto pick = lsm->PickCompaction(1000)) EXPECT_OK(lsm->Run(*pick, rule(), nullptr, nullptr));
        lsm->ReapFiles(nullptr);
      }
    }));
  }
  threads.push_back(env.StartThread("read", [&] {
    Timestamp last = 0;
    while (!done) {
      const LevelStatePtr levels = lsm->levels(kTree);
      const Chain chain = ChainIn(*levels, KeyOf(1, 7));
      if (chain.empty()) continue;
      EXPECT(chain.front().ts >= last);
      last = chain.front().ts;
      EXPECT(lsm->stats().levels[0].files < 1000);
      (void)lsm->pressure();
      (void)lsm->TakePicture();
    }
  }));
  for (const auto& thread : threads) thread->Join();
  const History contents = ContentsOf(*lsm->levels(kTree));
  EXPECT_EQ(contents.size(), 50u);
  for (const auto& [key, chain] : contents) EXPECT_EQ(chain.front().ts, HlcFromMillis(kBatches));
}

}  // namespace
}  // namespace sochdb::lsm_compaction_test
