#include "mem/hash_index.h"

#include <atomic>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::hash_index_test {
namespace {

using test::HardKey;
using test::MakeRecord;
using test::Random;

const KeyRecord* InsertNew(HashIndex* index, Arena* arena, std::string_view key, uint64_t hash) {
  const KeyRecord* record = MakeRecord(arena, key, hash);
  index->MakeRoom(hash);
  index->Insert(record, hash);
  return record;
}

TEST("the hash index finds every key it was given, and no other") {
  Arena arena;
  HashIndex index(&arena, 7);
  Random random(test::Seed());
  std::unordered_map<std::string, const KeyRecord*> model;
  for (int i = 0; i < 30000; ++i) {
    const std::string key = HardKey(&random);
    const uint64_t hash = index.HashOf(key);
    const auto known = model.find(key);
    const KeyRecord* found = index.Find(key, hash);
    EXPECT(found == (known == model.end() ? nullptr : known->second));
    if (found == nullptr) model[key] = InsertNew(&index, &arena, key, hash);
  }
  for (const auto& [key, record] : model) EXPECT(index.Find(key, index.HashOf(key)) == record);
}

TEST("keys whose hashes are all the same are still told apart") {
  Arena arena;
  HashIndex index(&arena, 0);
  for (const uint64_t hash : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x1234'0000'ffff'ffff}}) {
    std::vector<const KeyRecord*> records;
    for (int i = 0; i < 500; ++i) records.push_back(InsertNew(&index, &arena, "same" + std::to_string(i), hash));
    for (int i = 0; i < 500; ++i) EXPECT(index.Find("same" + std::to_string(i), hash) == records[static_cast<size_t>(i)]);
    EXPECT(index.Find("other", hash) == nullptr);
  }
}

TEST("an index that nothing was put into takes no memory and finds nothing") {
  Arena arena;
  HashIndex index(&arena, 0);
  EXPECT(index.Find("", index.HashOf("")) == nullptr);
  EXPECT_EQ(arena.memory_bytes(), 0u);
}

TEST("a reader finds what was inserted before it looked, while the tables grow") {
  constexpr uint64_t kKeys = 20000;
  Arena arena;
  HashIndex index(&arena, 99);
  std::atomic<uint64_t> inserted{0};
  std::atomic<uint64_t> wrong{0};
  const auto read = [&](uint64_t seed) {
    Random random(seed);
    for (uint64_t n = 0; n < kKeys;) {
      n = inserted.load(std::memory_order_acquire);
      for (int i = 0; i < 50 && n > 0; ++i) {
        const std::string key = "key" + std::to_string(random.Below(n));
        const KeyRecord* record = index.Find(key, index.HashOf(key));
        if (record == nullptr || record->key() != key || record->newest()->ts != 1) ++wrong;
        const std::string missing = "miss" + std::to_string(random.Below(n));
        if (index.Find(missing, index.HashOf(missing)) != nullptr) ++wrong;
      }
    }
  };
  std::thread first(read, 1);
  std::thread second(read, 2);
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "key" + std::to_string(i);
    InsertNew(&index, &arena, key, index.HashOf(key));
    inserted.store(i + 1, std::memory_order_release);
  }
  first.join();
  second.join();
  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace sochdb::hash_index_test
