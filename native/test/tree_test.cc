// Tree: rotation, installing levels, what it notes of the log, and readers beside all of it.

#include "lsm/tree.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "test/tree_fixture.h"
#include "txn/snapshot_list.h"

namespace sochdb::tree_test {
namespace {

using test::TableMaker;

struct World {
  TableMaker tables;
  MemtableUsage usage;
  Tree tree{tables.env(), TreeId::kKeys, {.hash_seed = 1, .usage = &usage}};

  void Put(std::string_view key, Timestamp ts, std::string_view value) {
    tree.Add(key, ts, ValueKind::kValue, value, kNeverExpires);
  }
  std::string Get(std::string_view key, Timestamp ts) {
    const EpochGuard guard;
    VersionView view;
    BlockRef pin;
    bool found = false;
    EXPECT_OK(tree.Get(key, ts, &view, &pin, &found));
    return found ? std::string(view.value) : "-";
  }
};

TEST("an empty memtable is not rotated") {
  World world;
  EXPECT(!world.tree.Rotate());
  EXPECT(world.tree.Immutables().empty());
}

TEST("a rotated memtable is read until levels take its place, and never twice") {
  World world;
  world.Put("a", 1, "one");
  EXPECT(world.tree.Rotate());
  world.Put("a", 2, "two");
  EXPECT(world.tree.Rotate());
  world.Put("b", 3, "three");
  EXPECT_EQ(world.Get("a", 1), "one");
  EXPECT_EQ(world.Get("a", 2), "two");
  EXPECT_EQ(world.tree.Immutables().size(), 2u);
  EXPECT(test::FlushOldest(&world.tree, &world.tables));
  EXPECT_EQ(world.tree.Immutables().size(), 1u);
  EXPECT_EQ(world.Get("a", 1), "one");
  EXPECT_EQ(world.Get("a", 9), "two");
  EXPECT_EQ(world.Get("b", 9), "three");
  EXPECT(test::FlushOldest(&world.tree, &world.tables));
  int visited = 0;
  EXPECT_OK(world.tree.VisitVersions("a", 9, [&](const VersionView&) { return ++visited > 0; }));
  EXPECT_EQ(visited, 2);
  EXPECT_EQ(world.tree.key_count(), 3u);
}

TEST("a memtable knows the part of the log that it stands for") {
  World world;
  EXPECT_EQ(world.tree.FirstUnflushedLsn(), kNoLsn);
  world.tree.NoteLog(100, 150);
  world.Put("a", 1, "x");
  world.tree.NoteLog(150, 200);
  world.Put("b", 2, "x");
  EXPECT_EQ(world.tree.FirstUnflushedLsn(), 100u);
  world.tree.Rotate();
  EXPECT_EQ(world.tree.FirstUnflushedLsn(), 100u);
  const ImmutableMemtable sealed = world.tree.Immutables().front();
  EXPECT_EQ(sealed.first_lsn, 100u);
  EXPECT_EQ(sealed.end_lsn, 200u);
  EXPECT_EQ(sealed.newest_ts, 2u);
  world.tree.NoteLog(300, 310);
  world.Put("c", 3, "x");
  test::FlushOldest(&world.tree, &world.tables);
  EXPECT_EQ(world.tree.FirstUnflushedLsn(), 300u);
  world.tree.Rotate();
  test::FlushOldest(&world.tree, &world.tables);
  EXPECT_EQ(world.tree.FirstUnflushedLsn(), kNoLsn);
}

TEST("memory is counted from active to waiting to gone") {
  World world;
  for (int i = 0; i < 5000; ++i) world.Put("key" + std::to_string(i), 1, std::string(100, 'v'));
  EXPECT_EQ(world.usage.active(), world.tree.memory_bytes());
  EXPECT_EQ(world.usage.active(), world.tree.active_bytes());
  const uint64_t bytes = world.usage.active();
  world.tree.Rotate();
  EXPECT_EQ(world.usage.active(), 0u);
  EXPECT_EQ(world.usage.immutable(), bytes);
  test::FlushOldest(&world.tree, &world.tables);
  EXPECT_EQ(world.usage.immutable(), 0u);
  EXPECT_EQ(world.tree.memory_bytes(), 0u);
}

TEST("the kind of memtable changes with the next one, at once when the active one is empty") {
  World world;
  world.tree.SetOrdered(false);
  world.Put("b", 1, "x");
  world.Put("a", 1, "y");
  world.tree.SetOrdered(true);
  world.tree.Rotate();
  world.Put("c", 2, "z");
  const auto it = world.tree.NewIterator(9);
  std::string keys;
  for (it->SeekToFirst(); it->Valid(); it->Next()) keys += it->key();
  EXPECT_EQ(keys, "abc");
}

TEST("whoever holds a super version keeps reading it, and its memtables go when the last holder has gone") {
  World world;
  world.Put("a", 1, "one");
  SuperVersionRef held = world.tree.Acquire();
  const std::weak_ptr<Memtable> memtable = held->memtables().front();
  world.tree.Rotate();
  test::FlushOldest(&world.tree, &world.tables);
  CollectRetired();
  VersionView view;
  BlockRef pin;
  bool found = false;
  EXPECT_OK(held->Get("a", 1, &view, &pin, &found));
  EXPECT(found && view.value == "one" && !memtable.expired());
  held.Reset();
  CollectRetired();
  EXPECT(memtable.expired());
}

TEST("a tree that dies takes along what readers had not left yet") {
  std::weak_ptr<Memtable> memtable;
  auto world = std::make_unique<World>();
  world->Put("a", 1, "one");
  memtable = world->tree.Acquire()->memtables().front();
  {
    const EpochGuard guard;
    world->tree.Rotate();
    test::FlushOldest(&world->tree, &world->tables);
    EXPECT(!memtable.expired());
    world.reset();
    EXPECT(memtable.expired());
  }
  CollectRetired();
}

// One thread commits, one rotates, flushes and compacts with the strictest rule there is, others read.
class Race {
 public:
  static constexpr int kKeys = 40;
  static constexpr uint64_t kFlushes = 20;  // at least

  void Run() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { ReadNewest(); });
    threads.emplace_back([this] { ReadSnapshots(); });
    threads.emplace_back([this] { Flush(); });
    Commit();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong_.load(), 0u);
  }

 private:
  // A commit writes its timestamp to two keys; every so often it deletes them instead.
  static std::string Key(uint64_t n) { return "key" + std::to_string(n % kKeys); }
  static std::string Twin(uint64_t n) { return "twin" + std::to_string(n % kKeys); }

  void Commit() {
    const Timestamp last = test::kSanitizer == test::Sanitizer::kNone ? 20000 : 5000;
    for (Timestamp ts = 1; ts <= last; ++ts) {
      // So that there is something to meet, however the threads are scheduled.
      if (ts % (last / kFlushes) == 0) AwaitFlush();
      std::lock_guard lock(commit_mutex_);
      const ValueKind kind = ts % 7 == 0 ? ValueKind::kDelete : ValueKind::kValue;
      const std::string value = kind == ValueKind::kDelete ? "" : std::to_string(ts);
      world_.tree.Add(Key(ts), ts, kind, value, kNeverExpires);
      world_.tree.Add(Twin(ts), ts, kind, value, kNeverExpires);
      published_.store(ts, std::memory_order_release);
    }
    stop_ = true;
  }
  void AwaitFlush() {
    const uint64_t flushes = flushes_;
    while (flushes_ == flushes) std::this_thread::yield();
  }
  // What key n must show at a timestamp.
  static std::string Expected(uint64_t n, Timestamp ts) {
    if (ts < 1) return "-";
    Timestamp newest = ts - (ts - n % kKeys) % kKeys;
    if (n % kKeys > ts || newest == 0) return "-";
    return newest % 7 == 0 ? "-" : std::to_string(newest);
  }
  std::string Read(const SuperVersion& data, const std::string& key, Timestamp ts) {
    VersionView view;
    BlockRef pin;
    bool found = false;
    if (!data.Get(key, ts, &view, &pin, &found).ok()) return "!";
    return found && view.kind != ValueKind::kDelete ? std::string(view.value) : "-";
  }
  void Expect(const std::string& got, const std::string& wanted) {
    if (got != wanted) wrong_.fetch_add(1);
  }

  void ReadNewest() {
    for (uint64_t n = 0; !stop_; ++n) {
      const EpochGuard guard;
      Timestamp ts = 0;
      const SuperVersion* const data =
          world_.tree.ReadNewest([this] { return published_.load(std::memory_order_acquire); }, &ts);
      Expect(Read(*data, Key(n), ts), Expected(n, ts));
      Expect(Read(*data, Twin(n), ts), Expected(n, ts));
    }
  }
  void ReadSnapshots() {
    for (uint64_t n = 0; !stop_; ++n) {
      const SnapshotList::Held held =
          snapshots_.Acquire([this] { return published_.load(std::memory_order_acquire); }, [] { return uint64_t{0}; });
      const Timestamp ts = held.ts;
      if (n % 2 == 0) std::this_thread::yield();
      {
        TreeIterator it(world_.tree.Acquire(), ts);
        std::map<std::string, std::string> seen;
        for (it.SeekToFirst(); it.Valid(); it.Next()) {
          if (it.version().kind != ValueKind::kDelete) seen[std::string(it.key())] = it.version().value;
        }
        if (!it.status().ok()) wrong_.fetch_add(1);
        for (uint64_t k = 0; k < kKeys; ++k) {
          const std::string expected = Expected(k, ts);
          const auto at = seen.find(Key(k));
          Expect(at == seen.end() ? "-" : at->second, expected);
          const auto twin = seen.find(Twin(k));
          Expect(twin == seen.end() ? "-" : twin->second, expected);
        }
      }
      snapshots_.Release(held);
    }
  }
  KeepRule Rule() {
    const ReadPoints points =
        snapshots_.TakeReadPoints([this] { return published_.load(std::memory_order_acquire); }, kMaxTimestamp);
    KeepRule rule;
    rule.read_points = points.points;
    rule.history_floor = points.history_floor;
    return rule;
  }
  void Flush() {
    for (uint64_t n = 0; !stop_; ++n) {
      {
        std::lock_guard lock(commit_mutex_);
        world_.tree.Rotate();
      }
      while (test::FlushOldest(&world_.tree, &world_.tables, 30, Rule())) ++flushes_;
      if (n % 4 == 0) test::CompactAll(&world_.tree, &world_.tables, Rule(), 30);
      CollectRetired();
    }
  }

  World world_;
  SnapshotList snapshots_{world_.tables.env()};
  std::mutex commit_mutex_;
  std::atomic<Timestamp> published_{0};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> wrong_{0};
  std::atomic<uint64_t> flushes_{0};
};

TEST("readers beside rotation, flush and compaction see what was published, whole") {
  Race race;
  race.Run();
}

// --- the list of snapshots

TEST("read points are the floor, what is being read and what is published, each once") {
  MemEnv env;
  SnapshotList list(&env);
  const auto published = [] { return Timestamp{100}; };
  const SnapshotList::Held held = list.Acquire(published, [] { return uint64_t{5000}; });
  const SnapshotList::Held past = list.AcquireAt(40, published, 6000).value();
  EXPECT_EQ(past.ts, 40u);
  const ReadPoints points = list.TakeReadPoints(published, 70);
  EXPECT(points.points == std::vector<Timestamp>({40, 70, 100}));
  EXPECT_EQ(points.history_floor, 70u);
  EXPECT_EQ(list.TakeReadPoints(published, 60).history_floor, 70u);
  EXPECT_EQ(list.TakeReadPoints(published, 500).history_floor, 100u);
  list.Release(held);
  list.Release(past);
}

TEST("who reads above what is published needs no point of its own, until it is published") {
  MemEnv env;
  SnapshotList list(&env);
  Timestamp visible = 100;
  const auto published = [&] { return visible; };
  const SnapshotList::Held applied = list.Acquire([] { return Timestamp{120}; }, [] { return uint64_t{1}; });
  EXPECT_EQ(applied.ts, 120u);
  EXPECT(list.TakeReadPoints(published, 50).points == std::vector<Timestamp>({50, 100}));
  visible = 130;
  EXPECT(list.TakeReadPoints(published, 50).points == std::vector<Timestamp>({50, 120, 130}));
  list.Release(applied);
}

TEST("a moment below the history floor is refused, the floor itself is not, and one ahead is the newest there is") {
  MemEnv env;
  SnapshotList list(&env);
  const auto published = [] { return Timestamp{100}; };
  (void)list.TakeReadPoints(published, 70);
  const auto refused = list.AcquireAt(69, published, 1);
  EXPECT_EQ(static_cast<int>(refused.status().code()), static_cast<int>(Code::kLimit));
  EXPECT_EQ(list.AcquireAt(70, published, 1).value().ts, 70u);
  EXPECT_EQ(list.AcquireAt(1000, published, 2).value().ts, 100u);
  EXPECT_EQ(list.summary().count, 2u);
  list.Release({70, 1});
  list.Release({100, 2});
}

TEST("the oldest snapshot is the one that looks back furthest, its age that of the one that has been open longest") {
  MemEnv env;
  SnapshotList list(&env);
  EXPECT_EQ(list.summary().since_ms, 0u);
  const auto at = [&list](Timestamp ts, uint64_t now_ms) {
    return list.Acquire([ts] { return ts; }, [now_ms] { return now_ms; });
  };
  const SnapshotList::Held first = at(100, 5000);
  const SnapshotList::Held same = at(100, 7000);
  const SnapshotList::Held past = list.AcquireAt(
                                          40, [] { return Timestamp{100}; }, 9000)
                                      .value();
  EXPECT_EQ(list.summary().oldest, 40u);
  EXPECT_EQ(list.summary().since_ms, 5000u);
  {
    const SnapshotHold hold(&list, 100);
    list.Release(first);
    EXPECT_EQ(list.summary().since_ms, 5000u);  // whose reader still holds it
  }
  EXPECT_EQ(list.summary().since_ms, 7000u);
  list.Release(same);
  EXPECT_EQ(list.summary().since_ms, 9000u);
  list.Release(past);
  EXPECT_EQ(list.summary().count, 0u);
}

}  // namespace
}  // namespace sochdb::tree_test
