// The block cache: what it holds, what it lets go of, and that threads may share it.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "env/mem_env.h"
#include "sst/block_cache.h"
#include "sst/table.h"
#include "test/harness.h"
#include "test/sst_fixture.h"

namespace sochdb::sst_cache_test {
namespace {

using test::Model;
using test::Random;

BlockRef MakeBlock(uint32_t size, char fill) {
  auto bytes = std::make_unique<char[]>(size);
  std::fill_n(bytes.get(), size, fill);
  return BlockRef(Block::New(std::move(bytes), size));
}

TEST("the cache never holds more than its budget, and counts what it does exactly") {
  MemEnv env;
  Random random(test::Seed());
  for (const uint64_t capacity : {uint64_t{0}, uint64_t{1000}, uint64_t{100000}, uint64_t{40} << 20}) {
    const auto cache = BlockCache::Create(&env, capacity);
    const uint64_t table = cache->NewTableId();
    uint64_t finds = 0;
    for (int i = 0; i < 3000; ++i) {
      const uint64_t offset = random.Below(2000) * 100;
      const auto size = static_cast<uint32_t>(1 + random.Below(random.OneIn(10) ? 60000 : 3000));
      ++finds;
      const BlockRef found = cache->Find(table, offset);
      if (found) EXPECT_EQ(static_cast<uint8_t>(found.data()[0]), static_cast<uint8_t>(offset / 100));
      else cache->Insert(table, offset, MakeBlock(size, static_cast<char>(offset / 100)));
      const BlockCache::Stats stats = cache->stats();
      EXPECT(stats.used_bytes <= capacity);
      EXPECT_EQ(stats.capacity_bytes, capacity);
      EXPECT_EQ(stats.hits + stats.misses, finds);
      EXPECT(stats.misses >= stats.blocks + stats.evictions);
    }
    EXPECT_EQ(cache->stats().blocks != 0, capacity >= 1000);
    cache->EraseTable(table);
    EXPECT_EQ(cache->stats().used_bytes, 0u);
    EXPECT_EQ(cache->stats().blocks, 0u);
  }
}

TEST("what is read again stays, what a scan passes once goes") {
  MemEnv env;
  const auto cache = BlockCache::Create(&env, 1 << 20);
  const uint64_t table = cache->NewTableId();
  for (uint64_t i = 0; i < 50; ++i) cache->Insert(table, i, MakeBlock(10000, 'h'));
  for (uint64_t i = 0; i < 50; ++i) EXPECT(static_cast<bool>(cache->Find(table, i)));
  for (uint64_t scan = 0; scan < 1000; ++scan) {
    cache->Insert(table, 1000 + scan, MakeBlock(10000, 's'));
    if (scan % 20 == 0) {
      for (uint64_t i = 0; i < 50; ++i) EXPECT(static_cast<bool>(cache->Find(table, i)));
    }
  }
  EXPECT(cache->stats().evictions > 800);
}

TEST("a block that is in use outlives its eviction, its table and the cache") {
  MemEnv env;
  auto cache = BlockCache::Create(&env, 50000);
  const uint64_t table = cache->NewTableId();
  cache->Insert(table, 0, MakeBlock(20000, 'a'));
  const BlockRef held = cache->Find(table, 0);
  EXPECT(static_cast<bool>(held));
  for (uint64_t i = 1; i < 20; ++i) cache->Insert(table, i, MakeBlock(20000, 'b'));
  EXPECT(!cache->Find(table, 0));
  cache->EraseTable(table);
  cache.reset();
  EXPECT(held.data() == std::string(20000, 'a'));
}

TEST("the first of two blocks for one place stays, and tables do not see each other's") {
  MemEnv env;
  const auto cache = BlockCache::Create(&env, 1 << 20);
  const uint64_t a = cache->NewTableId();
  const uint64_t b = cache->NewTableId();
  EXPECT(a != b);
  cache->Insert(a, 0, MakeBlock(10, '1'));
  cache->Insert(a, 0, MakeBlock(10, '2'));
  cache->Insert(b, 0, MakeBlock(10, '3'));
  EXPECT_EQ(cache->Find(a, 0).data()[0], '1');
  EXPECT_EQ(cache->Find(b, 0).data()[0], '3');
  cache->EraseTable(a);
  EXPECT(!cache->Find(a, 0));
  EXPECT(static_cast<bool>(cache->Find(b, 0)));
}

TEST("a walk that is told so leaves the cache alone") {
  Random random(test::Seed());
  const Model model = test::RandomModel(&random, {});
  const auto world = test::TableWorld::Make(model, {.block_bytes = 256}, 1 << 20);
  if (world->table == nullptr) return;
  const auto touched = [&] { return world->cache->stats().hits + world->cache->stats().misses; };
  const auto stream = world->table->NewVersionStream();
  for (stream->SeekToFirst(); stream->Valid(); stream->Next()) continue;
  const auto past = world->table->NewIterator(kMaxTimestamp, false);
  for (past->SeekToLast(); past->Valid(); past->Prev()) continue;
  EXPECT_EQ(touched(), 0u);
  const auto through = world->table->NewIterator(kMaxTimestamp, true);
  for (through->SeekToFirst(); through->Valid(); through->Next()) continue;
  EXPECT_EQ(world->cache->stats().blocks, world->written.blocks);
  for (through->SeekToLast(); through->Valid(); through->Prev()) continue;
  EXPECT(world->cache->stats().hits > 0);
}

TEST("threads that share tables and a small cache read the right data") {
  Random random(test::Seed());
  const Model model = test::RandomModel(&random, {.keys = 200});
  const auto world = test::TableWorld::Make(model, {.block_bytes = 512}, 20000);
  if (world->table == nullptr) return;
  std::vector<std::string> keys;
  for (const auto& [key, versions] : model) keys.push_back(key);
  std::atomic<int> wrong{0};
  const auto body = [&](uint64_t seed) {
    Random mine(seed);
    for (int i = 0; i < 300; ++i) {
      // A table of its own comes and goes beside the shared one.
      if (i % 50 == 0) {
        const auto own = Table::Open(&world->env, "t.sst", 7, {.cache = world->cache.get()});
        if (!own.ok()) ++wrong;
      }
      const std::string& key = keys[mine.Below(keys.size())];
      const test::ModelVersions& versions = model.find(key)->second;
      VersionView view;
      BlockRef pin;
      bool found = false;
      const Status status = world->table->Get(key, Table::FilterHash(key), kMaxTimestamp, &view, &pin, &found);
      if (!status.ok() || !found || !test::SameVersion(view, versions.begin()->first, versions.begin()->second)) ++wrong;
    }
    size_t seen = 0;
    const auto iterator = world->table->NewIterator(kMaxTimestamp);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) ++seen;
    if (seen != model.size()) ++wrong;
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) threads.emplace_back(body, test::Seed() + t);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT(world->cache->stats().used_bytes <= 20000);
}

}  // namespace
}  // namespace sochdb::sst_cache_test
