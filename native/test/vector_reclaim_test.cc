// Slots that are used again: whatever is written, searched and held meanwhile, the index answers as the rows do.

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "index/document/row_scan.h"
#include "test/sim_env.h"
#include "test/vector_fixture.h"

namespace sochdb::vector_reclaim_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;

CollectionConfig Config(uint32_t dimension) {
  CollectionConfig config;
  config.id = {7, 3};
  config.dimension = dimension;
  config.metric = Metric::kEuclidean;
  config.m = 8;
  config.ef_construction = 40;
  return config;
}

VectorIndexStats StatsOf(const VectorStore& store) { return store.collection->index().stats(); }

// Until nothing is left that nobody sees.
void Reclaim(VectorStore* store) {
  store->registry->Reclaim(store->config.id);
  store->WaitUntilLinked();
}

std::vector<SearchResult> FromRows(const VectorStore& store, Reader* reader, const SearchRequest& request) {
  std::vector<float> prepared(PaddedDimension(store.config.dimension));
  PrepareVector(store.config.metric, request.vector.data(), store.config.dimension, prepared.data());
  std::vector<SearchResult> results;
  EXPECT_OK(SearchRows(store.config, reader, request, prepared, &results));
  return results;
}

// The index, not the rows, answers; and everything it finds is what the rows say. Returns how many of ten the graph has found.
size_t ExpectAsRows(const VectorStore& store, Snapshot* snapshot, const std::vector<float>& query) {
  EXPECT(store.collection->index().Covers(snapshot->read_ts()));
  const SearchRequest exact{.vector = query, .k = 10, .exact = true};
  const auto expected = FromRows(store, snapshot, exact);
  const auto found = store.Search(snapshot, exact);
  EXPECT_EQ(found.size(), expected.size());
  std::set<std::string> nearest;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    EXPECT_EQ(found[i].document.id, expected[i].document.id);
    EXPECT(found[i].distance == expected[i].distance && found[i].document.ordinal == expected[i].document.ordinal);
    nearest.insert(expected[i].document.id);
  }
  const auto by_graph = store.Search(snapshot, {.vector = query, .k = 10, .ef = 100});
  EXPECT_EQ(by_graph.size(), expected.size());
  EXPECT_EQ(store.collection->Count(snapshot, nullptr, nullptr).value(),
            CountRows(store.config, snapshot, nullptr, nullptr).value());
  const auto ids = VectorStore::IdsOf(by_graph);
  return static_cast<size_t>(
      std::count_if(ids.begin(), ids.end(), [&](const std::string& id) { return nearest.contains(id); }));
}

// Puts of one vector or several, deletes, and puts that change nothing.
void RandomWrites(std::mt19937_64* random, VectorStore* store, const Vectors& source, size_t documents, size_t writes) {
  const auto transaction = store->Begin();
  std::set<size_t> written;
  for (size_t i = 0; i < writes; ++i) {
    const size_t number = (*random)() % documents;
    if (!written.insert(number).second) continue;
    const std::string id = "d" + std::to_string(number);
    const uint64_t kind = (*random)() % 8;
    bool existed = false;
    if (kind == 0) {
      EXPECT_OK(store->collection->Delete(transaction.get(), id, &existed));
      continue;
    }
    const auto& vector = kind == 1 ? source[number] : source[(*random)() % source.size()];
    std::vector<float> vectors = vector;
    std::vector<std::string> texts;
    if (kind == 2) {
      texts = {"one", "two", "three"};
      for (int chunk = 0; chunk < 2; ++chunk) {
        const auto& more = source[(*random)() % source.size()];
        vectors.insert(vectors.end(), more.begin(), more.end());
      }
    }
    EXPECT_OK(store->collection->Put(transaction.get(), id, {.vectors = vectors, .metadata = "{}", .texts = texts}));
  }
  EXPECT_OK(transaction->Commit().status());
}

void RunModel(size_t documents, size_t rounds, size_t writes, uint64_t seed) {
  std::mt19937_64 random(seed);
  const Vectors source = ClusteredVectors(documents + 500, 4, 20, seed);
  VectorStore store(Config(4));
  store.PutAll(Vectors(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(documents)));
  std::vector<std::unique_ptr<Snapshot>> held;
  size_t agreed = 0;
  size_t asked = 0;
  for (size_t round = 0; round < rounds; ++round) {
    RandomWrites(&random, &store, source, documents, writes);
    if (round % 3 == 0) held.push_back(store.NewSnapshot());
    if (held.size() > 1) held.erase(held.begin());
    if (round % 4 == 0) store.WaitUntilLinked();
    held.push_back(store.NewSnapshot());
    for (const auto& snapshot : held) {
      agreed += ExpectAsRows(store, snapshot.get(), source[random() % source.size()]);
      asked += 10;
    }
    held.pop_back();
  }
  EXPECT(agreed * 100 >= asked * 95);
  held.clear();
  Reclaim(&store);
  const VectorIndexStats stats = StatsOf(store);
  EXPECT_EQ(stats.dead, 0u);
  EXPECT(stats.reclaimed > 3 * documents);
  // There are fewer slots than there were versions.
  EXPECT(stats.unused < stats.reclaimed * 3 / 4);
  ExpectAsRows(store, store.NewSnapshot().get(), source[0]);
}

TEST("a small collection, without a graph, uses its slots again, and answers every snapshot as the rows do") {
  RunModel(200, test::kSanitizer == test::Sanitizer::kNone ? 120 : 60, 40, test::Seed());
}

TEST("a collection with a graph uses its slots again, and answers every snapshot as the rows do") {
  RunModel(2300, 16, 700, test::Seed());
}

TEST("ten rounds of replacing a fifth: memory stays, and recall loses no more than a hundredth") {
  constexpr size_t kLive = 3000;
  constexpr size_t kRound = kLive / 5;
  const Vectors source = ClusteredVectors(kLive + 10 * kRound, 16, 60, test::Seed());
  const Vectors queries = ClusteredVectors(100, 16, 60, test::Seed());
  VectorStore store(Config(16));
  store.PutAll(Vectors(source.begin(), source.begin() + kLive));
  store.WaitUntilLinked();
  const auto recall = [&] {
    size_t agreed = 0;
    const auto snapshot = store.NewSnapshot();
    for (const auto& query : queries) agreed += ExpectAsRows(store, snapshot.get(), query);
    return static_cast<double>(agreed) / static_cast<double>(10 * queries.size());
  };
  const double before = recall();
  uint64_t memory = 0;
  constexpr uint64_t kPagesAtEnds = 16 << 10;  // how much of the free slots' memory went back depends on where they lie
  for (size_t round = 0; round < (test::kSanitizer == test::Sanitizer::kThread ? 2 : 10); ++round) {
    const auto transaction = store.Begin();
    for (size_t i = 0; i < kRound; ++i) {
      bool existed = false;
      // Under an id of its own, and under the id of one that was deleted before.
      EXPECT_OK(store.collection->Delete(transaction.get(), "d" + std::to_string(round * kRound + i), &existed));
      EXPECT(existed);
      const size_t fresh = kLive + round * kRound + i;
      EXPECT_OK(store.collection->Put(transaction.get(), "d" + std::to_string(fresh), source[fresh], "{}"));
    }
    EXPECT_OK(transaction->Commit().status());
    Reclaim(&store);
    const VectorIndexStats stats = StatsOf(store);
    EXPECT_EQ(stats.dead, 0u);
    EXPECT_EQ(stats.reclaimed, (round + 1) * kRound);
    EXPECT_EQ(stats.slots, kLive);
    EXPECT_EQ(stats.linked, kLive);
    EXPECT_EQ(stats.unused, kRound);
    if (round == 0) memory = stats.vector_bytes;
    EXPECT(stats.vector_bytes <= memory + kPagesAtEnds);
  }
  const double after = recall();
  if (after < before - 0.01) test::Fail(__FILE__, __LINE__, std::to_string(before) + " became " + std::to_string(after));
}

TEST("what a snapshot sees stays until it is gone; moments before are read from the rows") {
  const Vectors source = ClusteredVectors(600, 4, 20, test::Seed());
  VectorStore store(Config(4));
  store.PutAll(Vectors(source.begin(), source.begin() + 300));
  auto held = store.NewSnapshot();
  const Timestamp past = held->read_ts();
  store.PutAll(Vectors(source.begin() + 300, source.end()));
  Reclaim(&store);
  EXPECT_EQ(StatsOf(store).dead, 300u);
  ExpectAsRows(store, held.get(), source[5]);
  const auto expected = VectorStore::IdsOf(store.Search(held.get(), {.vector = source[5], .k = 20}));
  held.reset();
  Reclaim(&store);
  EXPECT_EQ(StatsOf(store).dead, 0u);
  EXPECT_EQ(StatsOf(store).unused, 300u);
  store.PutAll(Vectors(source.begin(), source.begin() + 300));
  EXPECT_EQ(StatsOf(store).unused, 0u);
  Result<std::unique_ptr<Snapshot>> again = store.engine->NewSnapshotAt(past);
  EXPECT_OK(again.status());
  EXPECT(!store.collection->index().Covers(past));
  EXPECT(VectorStore::IdsOf(store.Search(again->get(), {.vector = source[5], .k = 20})) == expected);
}

TEST("what is all deleted leaves a graph in which what comes later is found") {
  const Vectors source = ClusteredVectors(5000, 4, 20, test::Seed());
  VectorStore store(Config(4));
  store.PutAll(Vectors(source.begin(), source.begin() + 2500));
  store.WaitUntilLinked();
  for (size_t i = 0; i < 2500; i += 500) {
    const auto transaction = store.Begin();
    bool existed = false;
    for (size_t j = i; j < i + 500; ++j)
      EXPECT_OK(store.collection->Delete(transaction.get(), "d" + std::to_string(j), &existed));
    EXPECT_OK(transaction->Commit().status());
  }
  Reclaim(&store);
  EXPECT_EQ(StatsOf(store).slots, 0u);
  EXPECT_EQ(store.Ids({.vector = source[0], .k = 10}).size(), 0u);
  store.PutAll(Vectors(source.begin() + 2500, source.end()));
  store.WaitUntilLinked();
  EXPECT_EQ(StatsOf(store).unused, 0u);
  EXPECT_EQ(StatsOf(store).linked, 2500u);
  const auto snapshot = store.NewSnapshot();
  size_t agreed = 0;
  for (size_t i = 0; i < 50; ++i) agreed += ExpectAsRows(store, snapshot.get(), source[i]);
  EXPECT(agreed >= 475);
}

TEST("the memory of what was deleted goes back to the system, and is taken again by what comes later") {
  constexpr size_t kAll = 6000;
  constexpr size_t kStays = 600;
  const Vectors source = ClusteredVectors(2 * kAll, 64, 60, test::Seed());
  VectorStore store(Config(64));
  store.PutAll(Vectors(source.begin(), source.begin() + kAll));
  store.WaitUntilLinked();
  const VectorIndexStats full = StatsOf(store);
  EXPECT(full.coded);
  for (size_t i = kStays; i < kAll; i += 600) {
    const auto transaction = store.Begin();
    bool existed = false;
    for (size_t j = i; j < i + 600; ++j)
      EXPECT_OK(store.collection->Delete(transaction.get(), "d" + std::to_string(j), &existed));
    EXPECT_OK(transaction->Commit().status());
  }
  Reclaim(&store);
  const VectorIndexStats shrunk = StatsOf(store);
  EXPECT_EQ(shrunk.unused, kAll - kStays);
#if defined(__linux__)
  // Vectors and codes of a tenth are left, and pages that they lie in; of the links likewise.
  EXPECT(shrunk.vector_bytes < full.vector_bytes / 6);
  EXPECT(full.memory_bytes - shrunk.memory_bytes > (full.vector_bytes - shrunk.vector_bytes) + (kAll - kStays) * 32);
#endif
  const auto find_all = [&] {
    const auto snapshot = store.NewSnapshot();
    size_t agreed = 0;
    for (size_t i = 0; i < 30; ++i) agreed += ExpectAsRows(store, snapshot.get(), source[i * 7]);
    EXPECT(agreed >= 285);
  };
  find_all();
  store.PutAll(Vectors(source.begin() + kAll, source.begin() + 2 * kAll - kStays), "e");
  store.WaitUntilLinked();
  EXPECT_EQ(StatsOf(store).unused, 0u);
  EXPECT_EQ(StatsOf(store).vector_bytes, full.vector_bytes);
  find_all();
  // A second time, so that pages go back that had gone before.
  for (size_t i = 0; i < kAll - kStays; ++i) store.Delete("e" + std::to_string(i));
  Reclaim(&store);
#if defined(__linux__)
  EXPECT(StatsOf(store).vector_bytes < full.vector_bytes / 6);
#endif
  find_all();
}

TEST("searches, commits, linking and reclaiming run at once; every answer is its snapshot's") {
  const Vectors source = ClusteredVectors(3000, 6, 30, test::Seed());
  VectorStore store(Config(6), 2);
  store.PutAll(Vectors(source.begin(), source.begin() + 2200));
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (uint64_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      std::mt19937_64 random(reader);
      while (!stop.load()) {
        const auto snapshot = store.NewSnapshot();
        const auto& query = source[random() % source.size()];
        const SearchRequest exact{.vector = query, .k = 10, .exact = true};
        EXPECT(VectorStore::IdsOf(store.Search(snapshot.get(), exact)) ==
               VectorStore::IdsOf(FromRows(store, snapshot.get(), exact)));
        for (int i = 0; i < 10; ++i) {
          // Search itself fails when a result has no row at the snapshot.
          const auto ids =
              VectorStore::IdsOf(store.Search(snapshot.get(), {.vector = source[random() % source.size()], .k = 10}));
          EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), size_t{10});
        }
      }
    });
  }
  std::mt19937_64 random(99);
  for (int round = 0; round < 16; ++round) {
    RandomWrites(&random, &store, source, 2200, 300);
    if (round % 4 == 3) store.registry->Reclaim(store.config.id);
    if (round % 8 == 7) store.WaitUntilLinked();
  }
  stop.store(true);
  for (std::thread& thread : readers) thread.join();
  Reclaim(&store);
  EXPECT_EQ(StatsOf(store).dead, 0u);
  EXPECT(StatsOf(store).reclaimed > 3000);
  const auto snapshot = store.NewSnapshot();
  for (size_t i = 0; i < 10; ++i) ExpectAsRows(store, snapshot.get(), source[i]);
}

TEST("checkpoints have slots that are nobody's, some that are not linked, and documents in chunks") {
  for (const bool chunked : {false, true}) {
    std::mt19937_64 random(test::Seed());
    const Vectors source = ClusteredVectors(3000, 4, 20, test::Seed());
    VectorStore store(Config(4), 1, std::make_unique<MemEnv>(), true);
    store.PutAll(Vectors(source.begin(), source.begin() + 2500));
    store.WaitUntilLinked();
    for (int round = 0; round < 3; ++round) {
      if (chunked) RandomWrites(&random, &store, source, 2500, 300);
      else store.PutAll(Vectors(source.begin() + 100 * (round + 1), source.begin() + 100 * (round + 1) + 300));
      Reclaim(&store);
      EXPECT(StatsOf(store).unused > 0);
      // Not linked, perhaps, when it is closed.
      store.Put("d7", source[7 + static_cast<size_t>(round)]);
      store.Put("d8", source[9 + static_cast<size_t>(round)]);
      const auto before = store.Ids({.vector = source[3], .k = 50, .exact = true});
      const VectorIndexStats was = StatsOf(store);
      store.Reopen();
      store.WaitUntilLinked();
      const VectorIndexStats is = StatsOf(store);
      EXPECT(is.checkpoint_ts != 0 && !is.checkpoint_refused);
      EXPECT_EQ(is.slots, was.slots);
      EXPECT_EQ(is.unused, was.unused);
      EXPECT_EQ(is.live, was.live);
      EXPECT_EQ(is.unlinked, 0u);
      EXPECT(store.Ids({.vector = source[3], .k = 50, .exact = true}) == before);
      const auto snapshot = store.NewSnapshot();
      size_t agreed = 0;
      for (size_t i = 0; i < 20; ++i) agreed += ExpectAsRows(store, snapshot.get(), source[i]);
      EXPECT(agreed >= 190);
    }
  }
}

TEST("under the simulated scheduler reclaiming ends well among commits and linking") {
  const Vectors source = ClusteredVectors(2600, 4, 20, test::Seed());
  VectorStore store(Config(4), 2, std::make_unique<SimEnv>(test::Seed()));
  std::mt19937_64 random(test::Seed());
  store.PutAll(Vectors(source.begin(), source.begin() + 2200));
  for (int round = 0; round < 4; ++round) {
    RandomWrites(&random, &store, source, 2200, 500);
    store.registry->Reclaim(store.config.id);
    ExpectAsRows(store, store.NewSnapshot().get(), source[static_cast<size_t>(round)]);
  }
  Reclaim(&store);
  EXPECT_EQ(StatsOf(store).dead, 0u);
  EXPECT(StatsOf(store).reclaimed > 500);
  ExpectAsRows(store, store.NewSnapshot().get(), source[9]);
}

}  // namespace
}  // namespace sochdb::vector_reclaim_test
