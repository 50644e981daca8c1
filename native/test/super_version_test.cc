// SuperVersion against a model: reads over memtables and tables give what one sorted map of all versions gives.

#include "lsm/super_version.h"

#include "test/tree_fixture.h"

namespace sochdb::super_version_test {
namespace {

using test::Random;
using test::TableMaker;
using test::TreeModel;
using test::TreeVersion;

// A tree whose history is spread over tables of several levels, waiting memtables and the active one.
struct World {
  TableMaker tables;
  Tree tree{tables.env(), TreeId::kKeys, {.hash_seed = 7}};
  TreeModel model;
  std::vector<std::string> keys;
  Timestamp now = 0;
  Random random;

  explicit World(uint64_t seed) : random(seed) {
    for (int i = 0; i < 60; ++i) keys.push_back(test::HardKey(&random));
  }

  void Write(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const std::string& key = keys[random.Below(keys.size())];
      now += 1 + random.Below(3);
      TreeVersion version;
      const uint64_t kind = random.Below(6);
      version.kind = kind == 0 ? ValueKind::kDelete : kind == 1 ? ValueKind::kMerge : ValueKind::kValue;
      if (kind != 0) version.value = std::string(random.Below(40), static_cast<char>('a' + now % 26));
      tree.Add(key, now, version.kind, version.value, kNeverExpires);
      model[key][now] = version;
    }
  }
  void Grow() {
    Write(1 + random.Below(80));
    if (random.OneIn(2)) tree.Rotate();
    if (random.OneIn(3)) test::FlushOldest(&tree, &tables, 1 + random.Below(20));
    if (random.OneIn(6)) PushDown();
  }
  // All of level 0 becomes the newest run of a deeper level.
  void PushDown() {
    const SuperVersionRef current = tree.Acquire();
    if (current->levels() == nullptr || current->levels()->levels[0].empty()) return;
    auto next = std::make_shared<LevelState>(*current->levels());
    std::vector<SortedRun> moved = std::move(next->levels[0]);
    next->levels[0].clear();
    auto& below = next->levels[1];
    below.insert(below.begin(), moved.begin(), moved.end());
    tree.InstallLevels(next, nullptr);
  }
  Timestamp SomeTimestamp() { return random.OneIn(8) ? kMaxTimestamp : random.Below(now + 2); }
  std::string SomeKey() { return random.OneIn(8) ? test::HardKey(&random) : keys[random.Below(keys.size())]; }
};

bool Same(const VersionView& view, Timestamp ts, const TreeVersion& version) {
  return view.ts == ts && view.kind == version.kind && view.value == version.value;
}

void ExpectGet(const World& world, const SuperVersion& data, const std::string& key, Timestamp read_ts) {
  VersionView view;
  BlockRef pin;
  bool found = false;
  EXPECT_OK(data.Get(key, read_ts, &view, &pin, &found));
  const auto entry = world.model.find(key);
  const bool exists = entry != world.model.end() && entry->second.lower_bound(read_ts) != entry->second.end();
  EXPECT_EQ(found, exists);
  if (!found || !exists) return;
  const auto& [ts, version] = *entry->second.lower_bound(read_ts);
  EXPECT(Same(view, ts, version));
}

void ExpectVersions(World* world, const SuperVersion& data, const std::string& key, Timestamp read_ts) {
  const auto entry = world->model.find(key);
  uint64_t limit = 1 + world->random.Below(10);
  std::vector<Timestamp> seen;
  EXPECT_OK(data.VisitVersions(key, read_ts, [&](const VersionView& view) {
    EXPECT(entry != world->model.end() && Same(view, view.ts, entry->second.at(view.ts)));
    seen.push_back(view.ts);
    return --limit > 0;
  }));
  std::vector<Timestamp> expected;
  if (entry != world->model.end()) {
    for (auto at = entry->second.lower_bound(read_ts); at != entry->second.end() && expected.size() < seen.size() + limit; ++at)
      expected.push_back(at->first);
  }
  EXPECT(seen == expected);
}

void ExpectNewest(World* world, const SuperVersion& data) {
  const std::string key = world->SomeKey();
  const Timestamp above = world->random.Below(world->now + 2);
  Timestamp newest = 0;
  EXPECT_OK(data.NewestTimestamp(key, above, &newest));
  const auto entry = world->model.find(key);
  const Timestamp expected = entry == world->model.end() ? 0 : entry->second.begin()->first;
  EXPECT_EQ(newest > above, expected > above);
  if (newest > above) EXPECT_EQ(newest, expected);

  const std::string lo = world->SomeKey();
  const std::string hi = world->random.OneIn(4) ? "" : world->SomeKey();
  EXPECT_OK(data.NewestTimestampInRange(lo, hi, above, &newest));
  bool any = false;
  for (auto at = world->model.lower_bound(lo); at != world->model.end() && (hi.empty() || at->first < hi); ++at)
    any |= at->second.begin()->first > above;
  EXPECT_EQ(newest > above, any);
  if (any) EXPECT(newest > above && newest <= world->now);
}

void ExpectIterator(World* world, const SuperVersionRef& data, Timestamp read_ts) {
  std::vector<std::pair<std::string, Timestamp>> expected;
  for (const auto& [key, versions] : world->model) {
    if (const auto at = versions.lower_bound(read_ts); at != versions.end()) expected.emplace_back(key, at->first);
  }
  TreeIterator it(data, read_ts);
  size_t i = 0;
  for (it.SeekToFirst(); it.Valid(); it.Next(), ++i) {
    if (i >= expected.size()) break;
    EXPECT(it.key() == expected[i].first && it.version().ts == expected[i].second);
    EXPECT(Same(it.version(), expected[i].second, world->model[expected[i].first][expected[i].second]));
  }
  EXPECT_OK(it.status());
  EXPECT_EQ(i, expected.size());
  if (expected.empty()) return;
  i = world->random.Below(expected.size());
  it.Seek(expected[i].first);
  for (int step = 0; step < 60; ++step) {
    EXPECT(it.Valid() && it.key() == expected[i].first && it.version().ts == expected[i].second);
    if (!it.Valid()) return;
    if (world->random.OneIn(2) && i > 0) {
      it.Prev();
      --i;
    } else if (i + 1 < expected.size()) {
      it.Next();
      ++i;
    }
  }
}

TEST("reads over memtables and tables of several levels give what one map of all versions gives") {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    World world(test::Seed() + seed);
    for (int step = 0; step < 25; ++step) {
      world.Grow();
      const SuperVersionRef data = world.tree.Acquire();
      for (int i = 0; i < 12; ++i) {
        ExpectGet(world, *data, world.SomeKey(), world.SomeTimestamp());
        ExpectVersions(&world, *data, world.SomeKey(), world.SomeTimestamp());
        ExpectNewest(&world, *data);
      }
      ExpectIterator(&world, data, world.SomeTimestamp());
    }
  }
}

TEST("a value from a table stays while it is pinned, when the tree has let its table go") {
  World world(test::Seed());
  world.tree.Add("k", 1, ValueKind::kValue, "in a table", kNeverExpires);
  world.tree.Rotate();
  test::FlushOldest(&world.tree, &world.tables);
  VersionView view;
  BlockRef pin;
  bool found = false;
  EXPECT_OK(world.tree.Acquire()->Get("k", 1, &view, &pin, &found));
  EXPECT(found && static_cast<bool>(pin));
  world.tree.InstallLevels(std::make_shared<LevelState>(), nullptr);
  EXPECT_EQ(view.value, "in a table");
}

TEST("damage in a table is reported by every kind of read, and is no end of the data") {
  World world(test::Seed());
  for (int i = 0; i < 500; ++i) {
    world.tree.Add("key" + std::to_string(1000 + i), 5, ValueKind::kValue, std::string(50, 'v'), kNeverExpires);
  }
  world.tree.Rotate();
  test::FlushOldest(&world.tree, &world.tables);
  world.tables.Damage("tables/1.sst", 3000);
  const SuperVersionRef data = world.tree.Acquire();
  const auto damaged = [](const Status& status) { return status.code() == Code::kCorruption; };
  bool get_failed = false;
  bool visit_failed = false;
  bool newest_failed = false;
  for (int i = 0; i < 500; ++i) {
    const std::string key = "key" + std::to_string(1000 + i);
    VersionView view;
    BlockRef pin;
    bool found = false;
    Timestamp newest = 0;
    get_failed |= damaged(data->Get(key, 9, &view, &pin, &found));
    visit_failed |= damaged(data->VisitVersions(key, 9, [](const VersionView&) { return true; }));
    newest_failed |= damaged(data->NewestTimestamp(key, 1, &newest));
  }
  EXPECT(get_failed && visit_failed && newest_failed);
  TreeIterator it(data, 9);
  uint64_t rows = 0;
  for (it.SeekToFirst(); it.Valid(); it.Next()) ++rows;
  EXPECT(damaged(it.status()));
  EXPECT(rows < 500);
}

}  // namespace
}  // namespace sochdb::super_version_test
