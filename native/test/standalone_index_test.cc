// Indexes that belong to no database: what searches see while others write, files, and what is made of damaged ones.

#include "index/standalone/standalone_index.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <set>
#include <thread>

#include "env/mem_env.h"
#include "index/standalone/block_file.h"
#include "test/harness.h"
#include "test/vector_fixture.h"

namespace sochdb::standalone_index_test {
namespace {

using test::ClusteredVectors;

constexpr uint32_t kDimension = 16;

StandaloneOptions Options(Metric metric = Metric::kEuclidean) {
  return {.dimension = kDimension, .metric = metric, .m = 8, .ef_construction = 40};
}

std::vector<float> Flat(const test::Vectors& vectors) {
  std::vector<float> flat;
  for (const auto& vector : vectors) flat.insert(flat.end(), vector.begin(), vector.end());
  return flat;
}

std::vector<uint64_t> Numbered(size_t count, uint64_t from = 0) {
  std::vector<uint64_t> ids(count);
  for (size_t i = 0; i < count; ++i) ids[i] = from + i;
  return ids;
}

Status InsertAll(StandaloneIndex* index, const std::vector<uint64_t>& ids, const std::vector<float>& flat, uint32_t threads = 1,
                 bool skip = false, StandaloneInserted* out = nullptr) {
  StandaloneInserted inserted;
  const Status status = index->Insert({.ids = ids, .vectors = flat, .threads = threads, .skip_refused = skip, .progress = {}},
                                      out != nullptr ? out : &inserted);
  return status;
}

std::vector<uint64_t> Found(StandaloneIndex* index, const std::vector<float>& query, size_t k, size_t ef = 0) {
  std::vector<StandaloneHit> hits;
  EXPECT_OK(index->Search(query, k, ef, nullptr, &hits));
  std::vector<uint64_t> ids;
  for (const StandaloneHit& hit : hits) ids.push_back(hit.id);
  return ids;
}

std::vector<uint64_t> Nearest(const test::Vectors& vectors, const std::vector<float>& query, size_t k) {
  std::vector<std::pair<double, uint64_t>> all;
  for (size_t i = 0; i < vectors.size(); ++i) {
    double sum = 0;
    for (size_t j = 0; j < query.size(); ++j) sum += std::pow(double{vectors[i][j]} - double{query[j]}, 2);
    all.emplace_back(sum, i);
  }
  std::sort(all.begin(), all.end());
  std::vector<uint64_t> ids;
  for (size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
  return ids;
}

size_t Common(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  const std::set<uint64_t> of_a(a.begin(), a.end());
  return static_cast<size_t>(std::count_if(b.begin(), b.end(), [&](uint64_t id) { return of_a.contains(id); }));
}

TEST("a standalone index finds what is near: exactly while it is small, nearly always when it is large") {
  const auto vectors = ClusteredVectors(StandaloneIndex::kExactBelow + 1000, kDimension, 30, test::Seed());
  const auto queries = ClusteredVectors(20, kDimension, 30, test::Seed());
  MemEnv env;
  StandaloneIndex index(&env, Options());
  const test::Vectors few(vectors.begin(), vectors.begin() + 500);
  EXPECT_OK(InsertAll(&index, Numbered(500), Flat(few)));
  for (const auto& query : queries) EXPECT(Found(&index, query, 10) == Nearest(few, query, 10));
  const test::Vectors rest(vectors.begin() + 500, vectors.end());
  EXPECT_OK(InsertAll(&index, Numbered(rest.size(), 500), Flat(rest), 2));
  EXPECT_EQ(index.size(), uint64_t{vectors.size()});
  size_t common = 0;
  for (const auto& query : queries) common += Common(Found(&index, query, 10, 100), Nearest(vectors, query, 10));
  EXPECT(common >= 190);
  EXPECT_EQ(Found(&index, queries[0], 100'000).size(), vectors.size());
}

TEST("replaced and deleted vectors are gone at once, and their memory after a while") {
  MemEnv env;
  StandaloneIndex index(&env, Options());
  const auto vectors = ClusteredVectors(300, kDimension, 5, test::Seed());
  EXPECT_OK(InsertAll(&index, Numbered(300), Flat(vectors)));
  const auto other = ClusteredVectors(300, kDimension, 5, test::Seed() + 1);
  EXPECT_OK(InsertAll(&index, Numbered(300), Flat(other)));
  EXPECT_EQ(index.size(), uint64_t{300});
  EXPECT(Found(&index, vectors[0], 5) == Nearest(other, vectors[0], 5));
  bool existed = false;
  EXPECT_OK(index.Delete(Nearest(other, vectors[0], 1)[0], &existed));
  EXPECT(existed);
  EXPECT_OK(index.Delete(12345, &existed));
  EXPECT(!existed);
  EXPECT_EQ(index.size(), uint64_t{299});
  std::vector<uint64_t> left = Nearest(other, vectors[0], 5);
  left.erase(left.begin());
  EXPECT(Found(&index, vectors[0], 4) == left);
  // 30 times as many vectors as there is memory for in what the index may keep.
  uint64_t most = 0;
  for (int round = 0; round < 30; ++round) {
    EXPECT_OK(InsertAll(&index, Numbered(300), Flat(other)));
    most = std::max(most, index.memory_bytes());
  }
  EXPECT(most < 2400 * (kDimension * 4 + 16 * 4 + 300));
  EXPECT(Found(&index, vectors[0], 5) == Nearest(other, vectors[0], 5));
}

TEST("a batch goes in as a whole or not at all, or without what is refused") {
  MemEnv env;
  StandaloneOptions options = Options();
  options.max_elements = 3;
  StandaloneIndex index(&env, options);
  std::vector<float> flat(4 * kDimension, 1.0f);
  flat[kDimension] = std::nanf("");
  const std::vector<uint64_t> ids = {7, 8, UINT64_MAX, 7};
  const Status refused = InsertAll(&index, ids, flat);
  EXPECT(refused.code() == Code::kInvalidArgument);
  EXPECT(refused.message().starts_with("vectors[1]: The vector's value at position 0 is NaN"));
  EXPECT_EQ(index.size(), uint64_t{0});
  StandaloneInserted inserted;
  EXPECT_OK(InsertAll(&index, ids, flat, 1, true, &inserted));
  EXPECT_EQ(inserted.inserted, uint64_t{3});  // the last one replaces the first
  EXPECT_EQ(inserted.refused, uint64_t{1});
  EXPECT_EQ(index.size(), uint64_t{2});
  flat.assign(3 * kDimension, 2.0f);
  EXPECT(InsertAll(&index, {7, 1, 2}, flat).code() == Code::kLimit);
  EXPECT_OK(InsertAll(&index, {7, 1, 2}, flat, 1, true, &inserted));
  EXPECT_EQ(inserted.refused, uint64_t{1});
  EXPECT(Found(&index, std::vector<float>(kDimension, 2.0f), 10) == (std::vector<uint64_t>{1, 7, UINT64_MAX}));
  EXPECT(InsertAll(&index, {1, 2}, flat).code() == Code::kInvalidArgument);
  std::vector<StandaloneHit> hits;
  EXPECT(index.Search(std::vector<float>(3), 1, 0, nullptr, &hits).code() == Code::kInvalidArgument);
}

TEST("a cancelled insertion leaves nothing, and the next one goes in") {
  MemEnv env;
  StandaloneIndex index(&env, Options());
  const auto vectors = ClusteredVectors(500, kDimension, 5, test::Seed());
  const std::vector<float> flat = Flat(vectors);
  const std::vector<uint64_t> ids = Numbered(500);
  CancelToken cancel;
  StandaloneInserted inserted;
  const StandaloneBatch batch{
      .ids = ids, .vectors = flat, .cancel = &cancel, .progress = [&](uint64_t done, uint64_t /*total*/) {
        if (done > 100) cancel.Cancel();
      }};
  EXPECT(index.Insert(batch, &inserted).code() == Code::kCancelled);
  EXPECT_EQ(index.size(), uint64_t{0});
  EXPECT(Found(&index, vectors[0], 10).empty());
  EXPECT_OK(InsertAll(&index, ids, flat));
  EXPECT(Found(&index, vectors[0], 10) == Nearest(vectors, vectors[0], 10));
}

TEST("searches see whole batches while others insert, replace and delete") {
  constexpr size_t kBatch = 50;
  constexpr int kBatches = 20;
  MemEnv env;
  StandaloneIndex index(&env, Options());
  const auto vectors = ClusteredVectors(kBatch, kDimension, 5, test::Seed());
  const std::vector<float> flat = Flat(vectors);
  std::atomic<bool> done{false};
  std::atomic<int> searches{0};
  std::thread searcher([&] {
    do {
      const std::vector<uint64_t> found = Found(&index, vectors[0], 10 * kBatch * kBatches);
      if (found.size() % kBatch != 0) test::Fail(__FILE__, __LINE__, "half of a batch: " + std::to_string(found.size()));
      if (std::set<uint64_t>(found.begin(), found.end()).size() != found.size()) test::Fail(__FILE__, __LINE__, "an id twice");
      searches.fetch_add(1);
    } while (!done.load());
  });
  // A third of them replace what is there; so many that the graph is built anew on the way.
  for (int batch = 0; batch < kBatches * 3; ++batch) {
    EXPECT_OK(InsertAll(&index, Numbered(kBatch, static_cast<uint64_t>(batch % 5) * kBatch), flat, 2));
  }
  done.store(true);
  searcher.join();
  EXPECT(searches.load() > 0);
  EXPECT_EQ(index.size(), uint64_t{5 * kBatch});
}

// --- files

std::unique_ptr<StandaloneIndex> Sample(Env* env, size_t count, Metric metric = Metric::kCosine) {
  auto index = std::make_unique<StandaloneIndex>(env, Options(metric));
  EXPECT_OK(InsertAll(index.get(), Numbered(count, 1000), Flat(ClusteredVectors(count, kDimension, 5, test::Seed()))));
  bool existed = false;
  EXPECT_OK(index->Delete(1001, &existed));
  return index;
}

TEST("a saved index is the same when it is loaded, and goes on growing") {
  const auto queries = ClusteredVectors(10, kDimension, 5, test::Seed() + 1);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{60}, size_t{2500}}) {
    for (const Metric metric : {Metric::kCosine, Metric::kDot, Metric::kEuclidean}) {
      MemEnv env;
      const auto index = Sample(&env, count, metric);
      EXPECT_OK(index->Save("dir/a", nullptr));
      EXPECT_OK(index->Save("dir/a", nullptr));  // over the file that is there
      EXPECT(!env.FileExists("dir/a.tmp"));
      Result<std::unique_ptr<StandaloneIndex>> loaded = StandaloneIndex::Load(&env, "dir/a", nullptr);
      EXPECT_OK(loaded.status());
      if (!loaded.ok()) return;
      EXPECT_EQ(loaded.value()->size(), index->size());
      EXPECT(loaded.value()->options().metric == metric);
      for (const auto& query : queries) {
        std::vector<StandaloneHit> before;
        std::vector<StandaloneHit> after;
        EXPECT_OK(index->Search(query, 10, 0, nullptr, &before));
        EXPECT_OK(loaded.value()->Search(query, 10, 0, nullptr, &after));
        EXPECT(std::equal(before.begin(), before.end(), after.begin(), after.end(),
                          [](const auto& a, const auto& b) { return a.id == b.id && a.distance == b.distance; }));
      }
      EXPECT_OK(InsertAll(loaded.value().get(), {1001}, queries[0]));
      EXPECT_EQ(Found(loaded.value().get(), queries[0], 1).size(), size_t{1});
      EXPECT_OK(loaded.value()->Save("b", nullptr));
    }
  }
}

std::string Contents(Env* env, const std::string& path) {
  std::string contents;
  EXPECT_OK(ReadWholeFile(env, path, &contents));
  return contents;
}

Status LoadContents(MemEnv* env, const std::string& contents) {
  EXPECT_OK(WriteFileAtomically(env, "", "damaged", contents));
  Result<std::unique_ptr<StandaloneIndex>> loaded = StandaloneIndex::Load(env, "damaged", nullptr);
  if (loaded.ok()) (void)Found(loaded.value().get(), std::vector<float>(kDimension, 0.5f), 5);
  return loaded.status();
}

TEST("every flipped bit and every cut of a file is found") {
  MemEnv env;
  EXPECT_OK(Sample(&env, 40)->Save("a", nullptr));
  const std::string good = Contents(&env, "a");
  std::mt19937_64 random(test::Seed());
  for (size_t at = 0; at < good.size(); at += at < 100 ? 1 : 13) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    EXPECT(LoadContents(&env, damaged).code() == Code::kCorruption);
    EXPECT(LoadContents(&env, good.substr(0, at)).code() == Code::kCorruption);
  }
  EXPECT(LoadContents(&env, good + "x").code() == Code::kCorruption);
  EXPECT(LoadContents(&env, "").code() == Code::kCorruption);
  EXPECT_OK(LoadContents(&env, good));
  EXPECT(StandaloneIndex::Load(&env, "missing", nullptr).status().code() != Code::kCorruption);
}

TEST("a file whose checksums fit and whose contents do not is refused, or is an index like any other") {
  MemEnv env;
  EXPECT_OK(Sample(&env, 60)->Save("a", nullptr));
  BlockReader reader(&env, "a", nullptr);
  EXPECT_OK(reader.Begin("SOCHDBVI", 1));
  std::string stream(reader.stream_bytes(), '\0');
  EXPECT_OK(reader.Read(stream.data(), stream.size()));
  std::mt19937_64 random(test::Seed());
  int refused = 0;
  const int rounds = test::Rounds(600);
  for (int round = 0; round < rounds; ++round) {
    std::string changed = stream;
    for (int i = 0; i < 3; ++i) {
      const size_t at = random() % (round % 4 == 0 ? 48 : changed.size());
      changed[at] = static_cast<char>(random());
    }
    BlockWriter writer(&env, "b", nullptr);
    EXPECT_OK(writer.Begin("SOCHDBVI", 1));
    EXPECT_OK(writer.Write(changed));
    EXPECT_OK(writer.Finish());
    Result<std::unique_ptr<StandaloneIndex>> loaded = StandaloneIndex::Load(&env, "b", nullptr);
    if (!loaded.ok()) {
      EXPECT(loaded.status().code() == Code::kCorruption);
      ++refused;
      continue;
    }
    StandaloneIndex& index = *loaded.value();
    if (index.options().dimension != kDimension) continue;
    std::vector<StandaloneHit> hits;
    EXPECT_OK(index.Search(std::vector<float>(kDimension, 0.5f), 100, 50, nullptr, &hits));
    EXPECT_OK(InsertAll(&index, Numbered(3), std::vector<float>(3 * kDimension, 0.25f)));
  }
  EXPECT(refused > rounds / 10);
}

}  // namespace
}  // namespace sochdb::standalone_index_test
