// The store of tables in a hostile world: crashes, failing and full disks, and cancelled work, at every operation.

#include "test/lsm_world.h"
#include "test/sim_random.h"
#include "wal/blob_store.h"

namespace sochdb::lsm_crash_test {
namespace {

using namespace test;

// A fixed script: each step is one change of the store. Contents after every step are known from a run without faults.
struct Step {
  const char* name;
  Status (*run)(LsmStore* store, uint64_t step);
};

KeepRule RuleOf(uint64_t step) {
  KeepRule rule;
  rule.read_points = {HlcFromMillis(10 * (step + 1))};
  rule.expired_before_ms = 5 * step;
  return rule;
}

std::shared_ptr<Memtable> MemoryOf(uint64_t step, uint64_t salt) {
  std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
  for (uint64_t i = 0; i < 40; ++i) {
    const std::string key = "0001000" + std::to_string(i % 3) + std::to_string(HashNumber(i, salt) % 25);
    const Timestamp ts = HlcFromMillis(10 * step) + i;
    const bool deleted = i % 7 == 3;
    memtable->Add(key, ts, deleted ? ValueKind::kDelete : ValueKind::kValue,
                  deleted ? "" : std::string(100, static_cast<char>('a' + step)), i % 5 == 1 ? 10 * step + 15 : kNeverExpires);
  }
  return memtable;
}

Status FlushStep(LsmStore* store, uint64_t step) {
  const std::vector<FlushUnit> units = {{TreeId::kKeys, MemoryOf(step, step), step * 100, HlcFromMillis(10 * step) + 50},
                                        {TreeId::kRows, MemoryOf(step, step + 9), step * 100, HlcFromMillis(10 * step) + 50}};
  return store->Flush(units, RuleOf(step));
}
Status RunPick(LsmStore* store, const std::optional<CompactionPick>& pick, uint64_t step) {
  return pick ? store->Run(*pick, RuleOf(step), nullptr, nullptr) : Status();
}
Status CompactStep(LsmStore* store, uint64_t step) { return RunPick(store, store->PickCompaction(1000), step); }
Status LevelStep(LsmStore* store, uint64_t step) { return RunPick(store, store->PickLevel(TreeId::kKeys, 0), step); }
Status WholeStep(LsmStore* store, uint64_t step) { return RunPick(store, store->PickWhole(TreeId::kRows), step); }
Status PolicyStep(LsmStore* store, uint64_t) { return store->SetPolicy(TreeId::kKeys, IndexPolicy::kScanOptimized); }
Status ReapStep(LsmStore* store, uint64_t) {
  store->ReapFiles(nullptr);
  return {};
}

constexpr Step kScript[] = {
    {"flush", FlushStep}, {"flush", FlushStep},     {"level", LevelStep}, {"reap", ReapStep},       {"flush", FlushStep},
    {"whole", WholeStep}, {"policy", PolicyStep},   {"flush", FlushStep}, {"compact", CompactStep}, {"reap", ReapStep},
    {"flush", FlushStep}, {"compact", CompactStep}, {"whole", WholeStep}, {"reap", ReapStep},
};

struct Contents {
  History keys, rows;
  std::array<Lsn, kTreeCount> flushed{};
  IndexPolicy policy = IndexPolicy::kBalanced;
  friend bool operator==(const Contents&, const Contents&) = default;
};

Contents Look(const LsmStore& store) {
  const ManifestState state = store.state();
  return {ContentsOf(*store.levels(TreeId::kKeys)), ContentsOf(*store.levels(TreeId::kRows)), state.flushed,
          state.policies[static_cast<size_t>(TreeId::kKeys)]};
}

// Contents before the first step and after each.
std::vector<Contents> Expected() {
  SimEnv env(1);
  std::vector<Contents> contents(1);
  auto store = OpenStore(&env, SmallTables());
  EXPECT_OK(store.status());
  for (uint64_t step = 0; step < std::size(kScript); ++step) {
    EXPECT_OK(kScript[step].run(store->get(), step + 1));
    contents.push_back(Look(**store));
  }
  return contents;
}

uint64_t CountOperations() {
  SimEnv env(1);
  auto store = OpenStore(&env, SmallTables());
  for (uint64_t step = 0; step < std::size(kScript); ++step) EXPECT_OK(kScript[step].run(store->get(), step + 1));
  store->reset();
  return env.io_count();
}

void ExpectNothingLeftOver(SimEnv* env, const LsmStore& store) {
  for (const std::string& name : Leftovers(env, store)) test::Fail(__FILE__, __LINE__, "left over: " + name);
}

TEST("after a power loss at any operation every acknowledged change is there, whole, and nothing is left over") {
  const std::vector<Contents> expected = Expected();
  const uint64_t operations = CountOperations();
  for (uint64_t op = 1; op <= operations + 1; op += static_cast<uint64_t>(test::Stride(5))) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      SimEnv env(seed);
      env.CrashAt(op);
      size_t done = 0;
      if (auto store = OpenStore(&env, SmallTables()); store.ok()) {
        while (done < std::size(kScript) && kScript[done].run(store->get(), done + 1).ok() && !env.crashed()) ++done;
      }
      env.Restart(op * 10 + seed);
      auto store = OpenStore(&env, SmallTables());
      EXPECT_OK(store.status());
      if (!store.ok()) continue;
      const Contents found = Look(**store);
      const size_t attempted = std::min(done + 1, std::size(kScript));
      EXPECT(found == expected[done] || found == expected[attempted]);
      ExpectNothingLeftOver(&env, **store);
      // It goes on from there.
      EXPECT_OK(FlushStep(store->get(), 50));
      store->reset();
      env.Restart(op);
      auto again = OpenStore(&env, SmallTables());
      EXPECT_OK(again.status());
      if (again.ok()) EXPECT_EQ((*again)->state().flushed[static_cast<size_t>(TreeId::kKeys)], 5000u);
    }
  }
}

TEST("a failing or full disk at any operation changes nothing, and trying again goes on; or the store says that it is final") {
  const std::vector<Contents> expected = Expected();
  const uint64_t operations = CountOperations();
  for (const auto fault : {SimEnv::Fault::kIoError, SimEnv::Fault::kNoSpace}) {
    for (uint64_t op = 1; op <= operations; op += static_cast<uint64_t>(test::Stride(5))) {
      SimEnv env(1);
      env.FailAt(op, fault);
      auto store = OpenStore(&env, SmallTables());
      if (!store.ok()) store = OpenStore(&env, SmallTables());
      EXPECT_OK(store.status());
      if (!store.ok()) continue;
      size_t done = 0;
      size_t attempted = 0;
      for (; done < std::size(kScript); ++done) {
        attempted = done + 1;
        Status ran = kScript[done].run(store->get(), done + 1);
        if (ran.code() == Code::kReadOnly) {
          EXPECT_EQ((*store)->health().message(), ran.message());
          EXPECT(FlushStep(store->get(), 60).code() == Code::kReadOnly);
          EXPECT(!(*store)->PickWhole(TreeId::kKeys));
          EXPECT(Look(**store) == expected[done]);  // reading goes on
          break;
        }
        if (!ran.ok()) {
          EXPECT(Look(**store) == expected[done]);
          (*store)->ReapFiles(nullptr);
          ExpectNothingLeftOver(&env, **store);
          ran = kScript[done].run(store->get(), done + 1);
        }
        EXPECT_OK(ran);
        if (env.io_count() >= op) EXPECT(Look(**store) == expected[done + 1]);  // before, looking would meet the fault
      }
      store->reset();
      env.Restart(op);
      auto again = OpenStore(&env, SmallTables());
      EXPECT_OK(again.status());
      if (!again.ok()) continue;
      const Contents found = Look(**again);
      EXPECT(found == expected[done] || found == expected[attempted]);
      ExpectNothingLeftOver(&env, **again);
    }
  }
}

TEST("a disk that stays full takes nothing and loses nothing; with room again the same work succeeds") {
  SimEnv env(3);
  auto store = OpenStore(&env, SmallTables());
  EXPECT_OK(store.status());
  for (uint64_t step = 1; step <= 3; ++step) EXPECT_OK(FlushStep(store->get(), step));
  const Contents before = Look(**store);
  env.LimitDisk(env.used_bytes() + 700);
  EXPECT(FlushStep(store->get(), 4).code() == Code::kDiskFull);
  EXPECT(LevelStep(store->get(), 4).code() == Code::kDiskFull);
  EXPECT(Look(**store) == before);
  ExpectNothingLeftOver(&env, **store);
  EXPECT_OK((*store)->health());
  env.LimitDisk(0);
  EXPECT_OK(FlushStep(store->get(), 4));
  EXPECT_OK(LevelStep(store->get(), 4));
}

TEST("a flush whose condition fails leaves no trace: nothing is installed before it is met") {
  SimEnv env(3);
  auto store = OpenStore(&env, SmallTables());
  EXPECT_OK(store.status());
  std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
  for (int i = 0; i < 500; ++i) memtable->Add("k" + std::to_string(i), HlcFromMillis(1), ValueKind::kValue, "v", 0);
  const FlushUnit unit{TreeId::kKeys, memtable, 1, HlcFromMillis(1)};
  const Contents before = Look(**store);
  const uint64_t flushed = (*store)->state().flushed[static_cast<size_t>(TreeId::kKeys)];
  const auto refuse = [&] {
    EXPECT(Look(**store) == before);
    EXPECT_EQ((*store)->state().flushed[static_cast<size_t>(TreeId::kKeys)], flushed);
    return Status(Code::kIoError, "The log was not synced.");
  };
  EXPECT((*store)->Flush({&unit, 1}, RuleOf(1), refuse).code() == Code::kIoError);
  EXPECT(Look(**store) == before);
  ExpectNothingLeftOver(&env, **store);
  EXPECT_OK((*store)->Flush({&unit, 1}, RuleOf(1), [] { return Status(); }));
  EXPECT(!(Look(**store) == before));
}

TEST("a cancelled compaction stops, leaves no trace, and can be done later") {
  SimEnv env(3);
  LsmOptions options = SmallTables();
  options.target_file_bytes = 1024 * 1024;
  auto store = OpenStore(&env, options);
  EXPECT_OK(store.status());
  for (uint64_t step = 1; step <= 4; ++step) {
    std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
    for (uint64_t i = 0; i < 2000; ++i) {
      memtable->Add("000000010000" + std::to_string(i), HlcFromMillis(step), ValueKind::kValue, std::string(100, 'v'), 0);
    }
    const FlushUnit unit{TreeId::kKeys, memtable, step, HlcFromMillis(step)};
    EXPECT_OK((*store)->Flush({&unit, 1}, RuleOf(step)));
  }
  const Contents before = Look(**store);
  CancelToken token;
  uint64_t reports = 0;
  const auto pick = (*store)->PickWhole(TreeId::kKeys);
  EXPECT(pick.has_value());
  EXPECT(!(*store)->PickWhole(TreeId::kKeys).has_value());  // its files are taken
  const Status ran = (*store)->Run(*pick, RuleOf(9), &token, [&](uint64_t done, uint64_t total) {
    EXPECT(done <= total);
    if (++reports == 2) token.Cancel();
  });
  EXPECT(ran.code() == Code::kCancelled);
  EXPECT(Look(**store) == before);
  ExpectNothingLeftOver(&env, **store);
  // Also where nothing would be written.
  KeepRule all_dead = RuleOf(9);
  all_dead.is_dead = [](TreeId, std::string_view) { return true; };
  EXPECT((*store)->Run(*(*store)->PickWhole(TreeId::kKeys), all_dead, &token, nullptr).code() == Code::kCancelled);
  EXPECT_OK((*store)->Run(*(*store)->PickWhole(TreeId::kKeys), all_dead, nullptr, nullptr));
  EXPECT((*store)->levels(TreeId::kKeys)->empty());
}

TEST("a compaction keeps to its rate") {
  SimEnv env(3);
  LsmOptions options = SmallTables();
  options.compaction_bytes_per_second = 10'000;
  auto store = OpenStore(&env, options);
  for (uint64_t step = 1; step <= 4; ++step) EXPECT_OK(FlushStep(store->get(), step));
  const uint64_t began = env.MonotonicMicros();
  EXPECT_OK(WholeStep(store->get(), 9));
  const uint64_t written = (*store)->stats().compaction_written_bytes;
  EXPECT(written > 2000);
  EXPECT((env.MonotonicMicros() - began) * options.compaction_bytes_per_second / 1'000'000 >= written);
}

TEST("a missing or cut table is named when the store is opened, a damaged one by verify") {
  for (const bool missing : {true, false}) {
    SimEnv env(3);
    {
      auto store = OpenStore(&env, SmallTables());
      EXPECT_OK(FlushStep(store->get(), 1));
    }
    const std::string name = NumberedFileName(1, "sst");
    const std::string path = JoinPath(kTablesDir, name);
    if (missing) env.Vanish(path);
    else env.Cut(path, env.Contents(path).size() - 10);
    const auto store = OpenStore(&env, SmallTables());
    EXPECT(store.status().code() == Code::kCorruption);
    bool named = false;
    for (const auto& [key, value] : store.status().details()) named = named || (key == "file" && value == path);
    EXPECT(named);
  }
  SimEnv env(3);
  auto store = OpenStore(&env, SmallTables());
  EXPECT_OK(FlushStep(store->get(), 1));
  const std::string path = JoinPath(kTablesDir, NumberedFileName(1, "sst"));
  env.FlipBits(path, 100, 1);
  std::vector<LsmStore::Fault> faults;
  EXPECT_OK((*store)->Verify([&](const LsmStore::Fault& fault) { faults.push_back(fault); }, nullptr, nullptr));
  EXPECT_EQ(faults.size(), 1u);
  if (!faults.empty()) {
    EXPECT_EQ(faults[0].file, path);
    EXPECT(faults[0].expected != faults[0].actual);
  }
}

TEST("a reader of a store that another process changes finds a whole state") {
  SimEnv env(3);
  auto store = OpenStore(&env, SmallTables());
  LsmOptions read_only = SmallTables();
  read_only.read_only = true;
  for (uint64_t step = 1; step <= 8; ++step) {
    EXPECT_OK(FlushStep(store->get(), step));
    if (step % 3 == 0) EXPECT_OK(WholeStep(store->get(), step));
    (*store)->ReapFiles(nullptr);
    auto reader = OpenStore(&env, read_only);
    EXPECT_OK(reader.status());
    if (!reader.ok()) continue;
    EXPECT(Look(**reader) == Look(**store));
    EXPECT(FlushStep(reader->get(), 1).code() == Code::kReadOnly);
    EXPECT((*reader)->SetPolicy(TreeId::kKeys, IndexPolicy::kBalanced).code() == Code::kReadOnly);
    EXPECT(!(*reader)->PickCompaction(0));
  }
  SimEnv empty(3);
  EXPECT_OK(OpenStore(&empty, read_only).status());
}

TEST("files stay while a reader holds them, and go when it lets go; so do the blobs they name") {
  SimEnv env(3);
  auto store = OpenStore(&env, SmallTables());
  std::shared_ptr<Memtable> memtable = Memtable::Create({.ordered = true, .hash_seed = 1});
  std::string blob;
  for (uint64_t number = 1; number <= 3; ++number) {
    blob.clear();
    BlobRef{number, 2'000'000, 7}.EncodeTo(&blob);
    memtable->Add(number == 3 ? "b" : "a", HlcFromMillis(number), ValueKind::kBlob, blob, 0);
  }
  FlushUnit unit{TreeId::kKeys, std::move(memtable), 1, HlcFromMillis(3)};
  EXPECT_OK((*store)->Flush({&unit, 1}, RuleOf(9)));
  EXPECT_EQ((*store)->LiveBlobs(), (std::vector<uint64_t>{2, 3}));
  std::vector<uint64_t> gone;
  const auto note = [&](std::span<const uint64_t> blobs) { gone.insert(gone.end(), blobs.begin(), blobs.end()); };
  (*store)->ReapFiles(note);
  EXPECT(gone.empty());  // the memtable may still be read
  unit.memtable.reset();
  (*store)->ReapFiles(note);
  EXPECT_EQ(gone, (std::vector<uint64_t>{1}));

  std::shared_ptr<Memtable> deletes = Memtable::Create({.ordered = true, .hash_seed = 1});
  deletes->Add("a", HlcFromMillis(5), ValueKind::kDelete, "", 0);
  const FlushUnit second{TreeId::kKeys, std::move(deletes), 2, HlcFromMillis(5)};
  EXPECT_OK((*store)->Flush({&second, 1}, RuleOf(9)));
  {
    const LsmStore::Picture picture = (*store)->TakePicture();
    EXPECT_OK((*store)->Run(*(*store)->PickWhole(TreeId::kKeys), RuleOf(9), nullptr, nullptr));
    (*store)->ReapFiles(note);
    EXPECT_EQ(gone.size(), 1u);
    EXPECT_EQ((*store)->stats().obsolete_files, 2u);
    for (const TableFilePtr& file : picture.files) EXPECT(env.FileExists(file->table().path()));
  }
  (*store)->ReapFiles(note);
  EXPECT_EQ(gone, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ((*store)->LiveBlobs(), (std::vector<uint64_t>{3}));
  EXPECT_EQ((*store)->stats().obsolete_files, 0u);
  ExpectNothingLeftOver(&env, **store);
}

}  // namespace
}  // namespace sochdb::lsm_crash_test
