#include "mem/ordered_index.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::ordered_index_test {
namespace {

using test::HardKey;
using test::MakeRecord;
using test::Random;

struct World {
  Arena records;
  Arena nodes;
  OrderedIndex index{&nodes};
  std::set<std::string> model;

  void Insert(const std::string& key) {
    if (model.insert(key).second) index.Insert(MakeRecord(&records, key));
  }
};

void ExpectAt(const OrderedIndex::Cursor& cursor, const std::set<std::string>& model,
              std::set<std::string>::const_iterator at) {
  EXPECT_EQ(cursor.Valid(), at != model.end());
  if (cursor.Valid() && at != model.end()) EXPECT(cursor.record()->key() == *at);
}

void ExpectSame(const World& world) {
  OrderedIndex::Cursor cursor(&world.index);
  cursor.SeekToFirst();
  for (auto at = world.model.begin(); at != world.model.end() && cursor.Valid(); ++at, cursor.Next()) {
    ExpectAt(cursor, world.model, at);
  }
  EXPECT(!cursor.Valid());
  cursor.SeekToLast();
  for (auto at = world.model.rbegin(); at != world.model.rend() && cursor.Valid(); ++at, cursor.Prev()) {
    EXPECT(cursor.record()->key() == *at);
  }
  EXPECT(!cursor.Valid());
}

void ExpectSeeks(const World& world, const std::string& target) {
  OrderedIndex::Cursor cursor(&world.index);
  const auto at = world.model.lower_bound(target);
  cursor.Seek(target);
  ExpectAt(cursor, world.model, at);
  if (cursor.Valid()) {
    cursor.Next();
    ExpectAt(cursor, world.model, std::next(at));
  }
  cursor.SeekForPrev(target);
  ExpectAt(cursor, world.model, at == world.model.begin() ? world.model.end() : std::prev(at));
  if (cursor.Valid()) {
    cursor.Next();
    ExpectAt(cursor, world.model, at);
  }
}

TEST("an order word holds its entries' slots through inserts and replacements") {
  Random random(test::Seed());
  for (int round = 0; round < 500; ++round) {
    std::vector<int> model;
    NodeOrder order(0);
    for (int slot = 0; slot < NodeOrder::kMaxSlots; ++slot) {
      if (!model.empty() && random.OneIn(4)) {
        const auto position = static_cast<int>(random.Below(model.size()));
        order = order.Replace(position, slot);
        model[static_cast<size_t>(position)] = slot;
      } else {
        const auto position = static_cast<int>(random.Below(model.size() + 1));
        order = order.Insert(position, slot);
        model.insert(model.begin() + position, slot);
      }
      EXPECT_EQ(order.count(), static_cast<int>(model.size()));
      for (int i = 0; i < order.count(); ++i) EXPECT_EQ(order.slot(i), model[static_cast<size_t>(i)]);
    }
  }
  for (int n = 0; n <= NodeOrder::kMaxSlots; ++n) {
    EXPECT_EQ(NodeOrder::Identity(n).count(), n);
    for (int i = 0; i < n; ++i) EXPECT_EQ(NodeOrder::Identity(n).slot(i), i);
  }
}

TEST("heads after a common prefix order as the keys do, or tie") {
  Random random(test::Seed());
  for (int round = 0; round < 20000; ++round) {
    const std::string a = HardKey(&random);
    const std::string b = HardKey(&random);
    const size_t common = CommonPrefix(a, b);
    EXPECT(a.compare(0, common, b, 0, common) == 0);
    EXPECT(common == a.size() || common == b.size() || a[common] != b[common]);
    const size_t skip = random.Below(common + 1);
    EXPECT_EQ(KeyLess(a, b, skip), a < b);
    if (a < b) EXPECT(KeyHead(a, skip) <= KeyHead(b, skip));
    if (a == b) EXPECT(KeyHead(a, skip) == KeyHead(b, skip));
  }
}

TEST("the ordered index agrees with a sorted set on walks and seeks, whatever the keys") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 4; ++seed) {
    Random random(seed);
    World world;
    ExpectSame(world);
    for (int i = 1; i <= 6000; ++i) {
      world.Insert(HardKey(&random));
      if (i % 8 == 0) ExpectSeeks(world, HardKey(&random));
      if (i < 64 || i % 1500 == 0) ExpectSame(world);
    }
    for (const std::string& key : world.model) {
      ExpectSeeks(world, key);
      ExpectSeeks(world, key + '\0');
    }
  }
}

std::string Row(const char* table, uint64_t i) {
  std::string key(table);
  PutBigEndian64(&key, i);
  return key;
}

TEST("ascending, descending and interleaved runs are kept in order") {
  World world;
  for (uint64_t i = 0; i < 3000; ++i) {
    world.Insert(Row("up", i));
    world.Insert(Row("down", 3000 - i));
    world.Insert(Row("middle", i % 2 == 0 ? i : 6000 - i));
    world.Insert(Row("beside", i));
  }
  ExpectSame(world);
  for (uint64_t i = 0; i < 3000; i += 7) {
    for (const char* table : {"up", "down", "middle", "beside"}) ExpectSeeks(world, Row(table, i));
  }
}

TEST("an ascending load fills its leaves, alone or beside others") {
  constexpr uint64_t kKeys = 50000;
  constexpr uint64_t kPackedBytesPerKey = 48;  // two leaves of 256 bytes for 14 keys, and the inner nodes
  World alone;
  for (uint64_t i = 0; i < kKeys; ++i) alone.Insert(Row("row", i));
  EXPECT(alone.nodes.memory_bytes() < kKeys * kPackedBytesPerKey);
  ExpectSame(alone);

  World beside;
  for (uint64_t i = 0; i < kKeys / 2; ++i) {
    beside.Insert(Row("a", i));
    beside.Insert(Row("b", i));
  }
  EXPECT(beside.nodes.memory_bytes() < kKeys * kPackedBytesPerKey);
  ExpectSame(beside);
}

TEST("no order of insertion takes more than a bounded amount of memory") {
  constexpr uint64_t kKeys = 20000;
  constexpr uint64_t kBytesPerKeyMax = 160;
  for (int pattern = 0; pattern < 4; ++pattern) {
    World world;
    for (uint64_t i = 0; i < kKeys; ++i) {
      const uint64_t descending = kKeys - i;
      const uint64_t inward = i % 2 == 0 ? i : 2 * kKeys - i;
      const uint64_t outward = i % 2 == 0 ? kKeys + i : kKeys - i;
      const uint64_t sawtooth = (i / 100) * 100 + (99 - i % 100);
      world.Insert(Row("row", std::vector<uint64_t>{descending, inward, outward, sawtooth}[static_cast<size_t>(pattern)]));
    }
    EXPECT(world.nodes.memory_bytes() < kKeys * kBytesPerKeyMax);
    ExpectSame(world);
  }
}

// The heart of the index: a cursor that stands anywhere while the writer inserts and splits, on both sides and under it.
TEST("a cursor shows what was there before it, once and in order, while keys are inserted around it") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 30; ++seed) {
    Random random(seed);
    World world;
    const bool ascending = seed % 3 == 0;
    auto next_key = [&, i = uint64_t{0}]() mutable {
      return ascending ? Row(random.OneIn(2) ? "a" : "c", i++) : HardKey(&random);
    };
    for (uint64_t i = random.Below(400); i > 0; --i) world.Insert(next_key());
    const std::set<std::string> before = world.model;
    if (before.empty()) continue;

    OrderedIndex::Cursor cursor(&world.index);
    const bool forward = seed % 2 == 0;
    const std::string target =
        random.OneIn(2) ? *std::next(before.begin(), static_cast<long>(random.Below(before.size()))) : "";
    for (uint64_t i = random.Below(60); i > 0; --i) world.Insert(next_key());  // after the opening, before the seek
    std::vector<std::string> wanted;
    if (forward) {
      cursor.Seek(target);
      wanted.assign(before.lower_bound(target), before.end());
    } else {
      cursor.SeekToLast();
      wanted.assign(before.rbegin(), before.rend());
    }
    std::vector<std::string> shown;
    std::string last;
    for (bool first = true; cursor.Valid(); forward ? cursor.Next() : cursor.Prev()) {
      const std::string key(cursor.record()->key());
      EXPECT(first || (forward ? last < key : key < last));
      first = false;
      last = key;
      if (before.count(key) != 0) shown.push_back(key);
      for (uint64_t i = random.Below(12); i > 0 && world.model.size() < 4000; --i) world.Insert(next_key());
    }
    EXPECT(shown == wanted);
    ExpectSame(world);
  }
}

}  // namespace
}  // namespace sochdb::ordered_index_test
