// Files of hnswlib that say what is not so: refused, or an index like any other. What hnswlib itself writes is tested from
// JavaScript (packages/sochdb/test/vector/hnswlib.test.ts).

#include "index/standalone/hnswlib_import.h"

#include <bit>
#include <random>

#include "base/bytes.h"
#include "env/mem_env.h"
#include "test/harness.h"

namespace sochdb::hnswlib_import_test {
namespace {

constexpr uint32_t kDimension = 6;
constexpr uint32_t kLinks = 4;

// Elements in a ring, every eighth of them in a layer above, every 32nd in two.
std::string RingFile(uint32_t count) {
  std::string file;
  const uint64_t vector_offset = 4 * (2 * kLinks + 1);
  const uint64_t label_offset = vector_offset + 4 * kDimension;
  for (const uint64_t word :
       {uint64_t{0}, uint64_t{count} + 5, uint64_t{count}, label_offset + 8, label_offset, vector_offset}) {
    PutFixed64(&file, word);
  }
  PutFixed32(&file, 2);
  PutFixed32(&file, 0);
  for (const uint64_t word : {uint64_t{kLinks}, uint64_t{2 * kLinks}, uint64_t{kLinks}, uint64_t{0}, uint64_t{50}})
    PutFixed64(&file, word);
  const auto row = [&](uint32_t element, uint32_t step, uint32_t room, bool deleted) {
    PutFixed32(&file, 2u | (deleted ? 0x10000u : 0));
    PutFixed32(&file, (element + step) % count);
    PutFixed32(&file, (element + count - step) % count);
    file.append(4 * (room - 2), '\0');
  };
  for (uint32_t i = 0; i < count; ++i) {
    row(i, 1, 2 * kLinks, i % 10 == 3);
    for (uint32_t j = 0; j < kDimension; ++j) PutFixed32(&file, std::bit_cast<uint32_t>(static_cast<float>(i + j)));
    PutFixed64(&file, 100 + i);
  }
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t levels = i % 32 == 0 ? 2 : i % 8 == 0 ? 1 : 0;
    PutFixed32(&file, levels * 4 * (kLinks + 1));
    if (levels > 0) row(i, 8, kLinks, false);
    if (levels > 1) row(i, 32, kLinks, false);
  }
  return file;
}

Result<std::unique_ptr<StandaloneIndex>> Import(MemEnv* env, const std::string& contents) {
  EXPECT_OK(WriteFileAtomically(env, "", "file", contents));
  return ImportHnswlib(env, "file", {.dimension = kDimension, .metric = Metric::kEuclidean});
}

TEST("a file of hnswlib keeps its links, and elements that were deleted stay unseen") {
  MemEnv env;
  // More than are compared one by one: found by the file's own links or not at all.
  Result<std::unique_ptr<StandaloneIndex>> index = Import(&env, RingFile(3200));
  EXPECT_OK(index.status());
  if (!index.ok()) return;
  EXPECT_EQ(index.value()->size(), uint64_t{2880});
  std::vector<StandaloneHit> hits;
  EXPECT_OK(index.value()->Search(std::vector<float>{1600, 1601, 1602, 1603, 1604, 1605}, 3, 50, nullptr, &hits));
  EXPECT_EQ(hits.size(), size_t{3});
  EXPECT(!hits.empty() && hits[0].id == 1700 && hits[0].distance == 0);
  EXPECT_OK(index.value()->Search(std::vector<float>{1603, 1604, 1605, 1606, 1607, 1608}, 1, 50, nullptr, &hits));
  EXPECT(!hits.empty() && (hits[0].id == 1702 || hits[0].id == 1704));
}

TEST("a damaged file of hnswlib is refused, or is an index like any other") {
  MemEnv env;
  const std::string good = RingFile(64);
  EXPECT_OK(Import(&env, good).status());
  for (size_t size = 0; size < good.size(); size += 7) {
    EXPECT(Import(&env, good.substr(0, size)).status().code() == Code::kCorruption);
  }
  std::mt19937_64 random(test::Seed());
  int refused = 0;
  const int rounds = test::Rounds(1500);
  for (int round = 0; round < rounds; ++round) {
    std::string damaged = good;
    for (uint64_t i = 0; i <= random() % 3; ++i) {
      const size_t at = random() % (round % 3 == 0 ? 96 : damaged.size());
      damaged[at] =
          static_cast<char>(random() % 4 == 0 ? random() : static_cast<uint64_t>(damaged[at]) ^ (1u << (random() % 8)));
    }
    Result<std::unique_ptr<StandaloneIndex>> index = Import(&env, damaged);
    if (!index.ok()) {
      const Code code = index.status().code();
      EXPECT(code == Code::kCorruption || code == Code::kInvalidArgument);
      ++refused;
      continue;
    }
    std::vector<StandaloneHit> hits;
    EXPECT_OK(index.value()->Search(std::vector<float>(kDimension, 9.5f), 100, 20, nullptr, &hits));
    EXPECT_EQ(hits.size(), index.value()->size());
    const std::vector<uint64_t> ids = {1, 2, 100};
    const std::vector<float> vectors(3 * kDimension, 4.5f);
    StandaloneInserted inserted;
    EXPECT_OK(index.value()->Insert({.ids = ids, .vectors = vectors, .progress = {}}, &inserted));
  }
  EXPECT(refused > rounds / 4);
}

}  // namespace
}  // namespace sochdb::hnswlib_import_test
