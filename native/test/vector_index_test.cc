// The vector index against a model: what every snapshot sees, before, during and after the graph is built.

#include "index/vector/vector_index.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "index/document/row_scan.h"
#include "test/sim_env.h"
#include "test/vector_fixture.h"

namespace sochdb::vector_index_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;

CollectionConfig Config(uint32_t dimension, Metric metric = Metric::kEuclidean) {
  CollectionConfig config;
  config.id = {7, 3};
  config.dimension = dimension;
  config.metric = metric;
  return config;
}

// The same answer from the rows, one by one.
std::vector<SearchResult> FromRows(const VectorStore& store, Reader* reader, const SearchRequest& request) {
  std::vector<float> prepared(PaddedDimension(store.config.dimension));
  PrepareVector(store.config.metric, request.vector.data(), store.config.dimension, prepared.data());
  std::vector<SearchResult> results;
  EXPECT_OK(SearchRows(store.config, reader, request, prepared, &results));
  return results;
}

bool Same(const std::vector<SearchResult>& a, const std::vector<SearchResult>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const SearchResult& one, const SearchResult& other) {
    return one.document.id == other.document.id && one.distance == other.distance && one.score == other.score &&
           one.document.ordinal == other.document.ordinal && one.document.metadata == other.document.metadata;
  });
}

// Which part of the exact answer a search by the graph finds.
double Recall(const VectorStore& store, Reader* reader, const Vectors& queries, size_t k, size_t ef,
              const MetadataFilter* filter = nullptr) {
  size_t hits = 0;
  size_t wanted = 0;
  std::vector<SearchResult> results;
  for (const auto& query : queries) {
    const SearchRequest request{.vector = query, .k = k, .ef = ef, .filter = filter};
    const auto exact = VectorStore::IdsOf(FromRows(store, reader, request));
    EXPECT_OK(store.collection->Search(static_cast<Snapshot*>(reader), request, &results));
    const auto found = VectorStore::IdsOf(results);
    EXPECT_EQ(found.size(), exact.size());
    const std::set<std::string> distinct(found.begin(), found.end());
    EXPECT_EQ(distinct.size(), found.size());
    for (const std::string& id : exact) hits += distinct.count(id);
    wanted += exact.size();
  }
  return wanted == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(wanted);
}

void ExpectRecall(double recall, double least) {
  if (recall < least) test::Fail(__FILE__, __LINE__, "recall " + std::to_string(recall));
}

// What the model knows of a document: every version, oldest first; no vector where it was deleted.
struct Version {
  Timestamp ts;
  std::optional<std::vector<float>> vector;
};
using Model = std::map<std::string, std::vector<Version>>;

std::vector<std::string> ModelSearch(const Model& model, const VectorStore& store, Timestamp read_ts,
                                     const std::vector<float>& query, size_t k) {
  const size_t padded = PaddedDimension(store.config.dimension);
  std::vector<float> prepared(padded);
  std::vector<float> row(padded);
  PrepareVector(store.config.metric, query.data(), query.size(), prepared.data());
  std::vector<std::pair<double, std::string>> all;
  for (const auto& [id, versions] : model) {
    const Version* seen = nullptr;
    for (const Version& version : versions) {
      if (version.ts <= read_ts) seen = &version;
    }
    if (seen == nullptr || !seen->vector.has_value()) continue;
    PrepareVector(store.config.metric, seen->vector->data(), seen->vector->size(), row.data());
    all.emplace_back(Measure(store.config.metric, prepared.data(), padded).To(row.data()).distance, id);
  }
  std::sort(all.begin(), all.end());
  std::vector<std::string> ids;
  for (size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
  return ids;
}

// One commit of random puts (some of an unchanged vector) and deletes, to store and model.
void RandomCommit(std::mt19937_64& random, VectorStore* store, Model* model, const Vectors& source, size_t documents,
                  size_t writes_wanted) {
  const auto transaction = store->Begin();
  std::map<std::string, std::optional<std::vector<float>>> writes;
  for (size_t i = 0; i < writes_wanted; ++i) {
    const std::string id = "d" + std::to_string(random() % documents);
    if (random() % 4 == 0) {
      bool existed = false;
      EXPECT_OK(store->collection->Delete(transaction.get(), id, &existed));
      writes[id] = std::nullopt;
      continue;
    }
    const auto& versions = (*model)[id];
    const bool unchanged = random() % 5 == 0 && !versions.empty() && versions.back().vector.has_value();
    const std::vector<float> vector = unchanged ? *versions.back().vector : source[random() % source.size()];
    const std::string metadata = "{\"n\":" + std::to_string(random() % 9) + "}";
    EXPECT_OK(store->collection->Put(transaction.get(), id, vector, metadata));
    writes[id] = vector;
  }
  const Result<Timestamp> ts = transaction->Commit();
  EXPECT_OK(ts.status());
  for (auto& [id, vector] : writes) (*model)[id].push_back({ts.value(), std::move(vector)});
}

void CheckAtSnapshots(std::mt19937_64& random, const Model& model, VectorStore* store,
                      const std::vector<std::unique_ptr<Snapshot>>& snapshots, const Vectors& source) {
  for (const auto& snapshot : snapshots) {
    const auto& query = source[random() % source.size()];
    const size_t k = 1 + random() % 20;
    const auto expected = ModelSearch(model, *store, snapshot->read_ts(), query, k);
    const SearchRequest exact{.vector = query, .k = k, .exact = true};
    const auto results = store->Search(snapshot.get(), exact);
    EXPECT(VectorStore::IdsOf(results) == expected);
    EXPECT(Same(results, FromRows(*store, snapshot.get(), exact)));
    // By the graph: as many, each of them visible and measured as the rows say, nearly all of them the right ones.
    EXPECT_EQ(store->Search(snapshot.get(), {.vector = query, .k = k}).size(), expected.size());
    const Result<uint64_t> count = store->collection->Count(snapshot.get(), nullptr, nullptr);
    EXPECT_EQ(count.value(), CountRows(store->config, snapshot.get(), nullptr, nullptr).value());
  }
}

TEST("an exact search equals the model at every snapshot, whatever is written, deleted and linked meanwhile") {
  std::mt19937_64 random(test::Seed());
  const Vectors source = ClusteredVectors(4000, 8, 50, test::Seed());
  VectorStore store(Config(8));
  Model model;
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  const int rounds = test::kSanitizer == test::Sanitizer::kNone ? 400 : 150;
  for (int round = 0; round < rounds; ++round) {
    RandomCommit(random, &store, &model, source, 6000, round == 0 ? 4000 : 1 + random() % 30);
    if (round % 8 == 0) snapshots.push_back(store.NewSnapshot());
    if (snapshots.size() > 4) snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(random() % snapshots.size()));
    if (round % 10 == 9) CheckAtSnapshots(random, model, &store, snapshots, source);
    if (round == rounds / 2) store.WaitUntilLinked();
  }
  store.WaitUntilLinked();
  EXPECT(store.collection->index().stats().linked > 0);
  snapshots.push_back(store.NewSnapshot());
  for (int i = 0; i < 5; ++i) CheckAtSnapshots(random, model, &store, snapshots, source);
  for (const auto& snapshot : snapshots) {
    ExpectRecall(Recall(store, snapshot.get(), Vectors(source.begin(), source.begin() + 40), 10, 100), 0.95);
  }
}

TEST("recall@10 at ef 100 is at least .95 through the whole index") {
  VectorStore store(Config(24, Metric::kCosine));
  store.PutAll(ClusteredVectors(4000, 24, 50, test::Seed()));
  store.WaitUntilLinked();
  EXPECT_EQ(store.collection->index().stats().unlinked, 0u);
  const auto snapshot = store.NewSnapshot();
  ExpectRecall(Recall(store, snapshot.get(), ClusteredVectors(50, 24, 50, test::Seed()), 10, 100), 0.95);
}

TEST("rows written before the index was opened, while it opens and after are all found, each once") {
  const Vectors source = ClusteredVectors(3000, 6, 30, test::Seed());
  VectorStore store(Config(6));
  store.PutAll(source);
  for (int round = 0; round < 3; ++round) {
    store.registry->Close(store.config.id);
    std::atomic<bool> stop{false};
    const std::unique_ptr<Collection> writer = std::move(store.collection);
    std::thread writing([&] {
      std::mt19937_64 random(test::Seed());
      while (!stop.load()) {
        const auto transaction = store.Begin();
        const std::string id = "d" + std::to_string(random() % 4000);
        bool existed = false;
        if (random() % 3 == 0) EXPECT_OK(writer->Delete(transaction.get(), id, &existed));
        else EXPECT_OK(writer->Put(transaction.get(), id, source[random() % source.size()], "{}"));
        EXPECT_OK(transaction->Commit().status());
      }
    });
    store.collection = store.Open();
    const auto early = store.NewSnapshot();
    const SearchRequest request{.vector = source[1], .k = 5000, .exact = true};
    EXPECT(Same(store.Search(early.get(), request), FromRows(store, early.get(), request)));
    stop.store(true);
    writing.join();
    const auto late = store.NewSnapshot();
    EXPECT(Same(store.Search(late.get(), request), FromRows(store, late.get(), request)));
    EXPECT(Same(store.Search(early.get(), request), FromRows(store, early.get(), request)));
  }
}

TEST("a snapshot older than the opened index is answered from the rows") {
  const Vectors source = ClusteredVectors(50, 4, 5, test::Seed());
  VectorStore store(Config(4));
  store.PutAll(source);
  const auto before = store.NewSnapshot();
  const SearchRequest request{.vector = source[0], .k = 10};
  const auto expected = store.Search(before.get(), request);
  store.Delete("d0");
  store.registry->Close(store.config.id);
  store.collection = store.Open();
  EXPECT(!store.collection->index().Covers(before->read_ts()));
  EXPECT(Same(store.Search(before.get(), request), expected));
  EXPECT_EQ(store.collection->Count(before.get(), nullptr, nullptr).value(), 50u);
  EXPECT_EQ(store.Ids(request).front() == "d0", false);
}

TEST("a collection whose index was closed goes on answering, from the rows") {
  const Vectors source = ClusteredVectors(50, 4, 5, test::Seed());
  VectorStore store(Config(4));
  store.PutAll(source);
  const auto before = store.NewSnapshot();
  store.registry->Close(store.config.id);
  EXPECT(store.collection->index().Covers(before->read_ts()));
  store.Put("new", source[0]);
  store.Delete("d0");
  EXPECT_EQ(store.Ids({.vector = source[0], .k = 1}).front(), "new");
  const auto after = store.NewSnapshot();
  EXPECT(!store.collection->index().Covers(after->read_ts()));
  EXPECT_EQ(store.collection->Count(after.get(), nullptr, nullptr).value(), 50u);
  EXPECT_EQ(VectorStore::IdsOf(store.Search(before.get(), {.vector = source[0], .k = 1})).front(), "d0");
}

TEST("a damaged row is reported, not searched around; without it the rows answer, and a new index is whole again") {
  VectorStore store(Config(2));
  store.Put("a", {1, 2});
  EXPECT_OK(store.engine->Put(TreeId::kVectors, store.config.id.DocumentKey("bad"), "no row", kNeverExpires).status());
  const std::vector<float> query = {1, 2};
  std::vector<SearchResult> results;
  auto snapshot = store.NewSnapshot();
  EXPECT(store.collection->Search(snapshot.get(), {.vector = query}, &results).code() != Code::kOk);
  EXPECT_OK(store.engine->Delete(TreeId::kVectors, store.config.id.DocumentKey("bad")).status());
  EXPECT_EQ(store.Ids({.vector = query}).size(), size_t{1});
  EXPECT(!store.collection->index().stats().complete);
  store.collection = store.Open();
  EXPECT(store.collection->index().stats().complete);
  EXPECT_EQ(store.Ids({.vector = query}).size(), size_t{1});
}

TEST("everything is there again after a restart") {
  const Vectors source = ClusteredVectors(300, 5, 9, test::Seed());
  VectorStore store(Config(5));
  store.PutAll(source);
  store.Delete("d7");
  store.Put("d8", source[9]);
  const SearchRequest request{.vector = source[8], .k = 300};
  const auto before = store.Ids(request);
  store.Reopen();
  EXPECT(store.Ids(request) == before);
  EXPECT_EQ(before.size(), size_t{299});
}

TEST("searches and commits run while two threads build the graph; nobody sees what is not there") {
  const Vectors source = ClusteredVectors(5000, 12, 40, test::Seed());
  VectorStore store(Config(12, Metric::kCosine), 2);
  store.PutAll(Vectors(source.begin(), source.begin() + 2500));
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      std::mt19937_64 random(reader);
      while (!stop.load()) {
        const auto snapshot = store.NewSnapshot();
        // Search itself fails when a result has no row at the snapshot.
        const auto results = store.Search(snapshot.get(), {.vector = source[random() % source.size()], .k = 10});
        const auto ids = VectorStore::IdsOf(results);
        EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), size_t{10});
      }
    });
  }
  threads.emplace_back([&] {
    std::mt19937_64 random(99);
    for (size_t i = 2500; i < source.size(); i += 50) {
      const auto transaction = store.Begin();
      for (size_t j = i; j < i + 50; ++j) {
        EXPECT_OK(store.collection->Put(transaction.get(), "d" + std::to_string(j), source[j], "{}"));
      }
      bool existed = false;
      EXPECT_OK(store.collection->Delete(transaction.get(), "d" + std::to_string(random() % i), &existed));
      EXPECT_OK(transaction->Commit().status());
    }
    stop.store(true);
  });
  for (std::thread& thread : threads) thread.join();
  store.WaitUntilLinked();
  const auto snapshot = store.NewSnapshot();
  ExpectRecall(Recall(store, snapshot.get(), Vectors(source.begin(), source.begin() + 50), 10, 100), 0.95);
}

TEST("an update of the metadata alone takes no slot") {
  VectorStore store(Config(2));
  store.Put("a", {1, 2}, R"({"v":1})");
  store.Put("a", {1, 2}, R"({"v":2})");
  EXPECT_EQ(store.collection->index().stats().slots, 1u);
  store.Put("a", {1, 3}, R"({"v":2})");
  EXPECT_EQ(store.collection->index().stats().slots, 2u);
  store.Delete("a");
  store.Put("a", {1, 3});
  EXPECT_EQ(store.collection->index().stats().slots, 3u);
  EXPECT_EQ(store.collection->index().stats().live, 1u);
}

TEST("a thousand equal vectors come in the order of their ids") {
  VectorStore store(Config(3, Metric::kCosine));
  store.PutAll(Vectors(1000, {1, 2, 3}));
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) expected.push_back("d" + std::to_string(i));
  std::sort(expected.begin(), expected.end());
  expected.resize(10);
  const std::vector<float> query = {3, 2, 1};
  EXPECT(store.Ids({.vector = query, .k = 10}) == expected);
}

TEST("an index is open once: another configuration is refused, closing and opening again is not") {
  VectorStore store(Config(3));
  VectorIndexConfig config{.id = store.config.id, .dimension = 3, .metric = Metric::kEuclidean, .hnsw = {}};
  const auto first = store.registry->Open(config, nullptr);
  const auto second = store.registry->Open(config, nullptr);
  EXPECT(first.ok() && second.ok() && first.value() == second.value());
  config.dimension = 4;
  EXPECT(store.registry->Open(config, nullptr).status().code() == Code::kInvalidArgument);
  store.registry->Close(config.id);
  EXPECT_OK(store.registry->Open(config, nullptr).status());
  config.dimension = 0;
  EXPECT(store.registry->Open(config, nullptr).status().code() == Code::kInvalidArgument);
}

TEST("opening and searching stop when they are cancelled") {
  const Vectors source = ClusteredVectors(2500, 4, 5, test::Seed());
  VectorStore store(Config(4));
  store.PutAll(source);
  CancelToken cancel;
  cancel.Cancel();
  std::vector<SearchResult> results;
  const auto snapshot = store.NewSnapshot();
  const SearchRequest request{.vector = source[0], .exact = true, .cancel = &cancel};
  EXPECT(store.collection->Search(snapshot.get(), request, &results).code() == Code::kCancelled);
  store.registry->Close(store.config.id);
  EXPECT(Collection::Open(store.registry.get(), store.config, &cancel).status().code() == Code::kCancelled);
  EXPECT_OK(Collection::Open(store.registry.get(), store.config, nullptr).status());
}

TEST("under the simulated scheduler every interleaving of commits, searches and linking ends well") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 3; ++seed) {
    const Vectors source = ClusteredVectors(2300, 4, 20, seed);
    VectorStore store(Config(4), 2, std::make_unique<SimEnv>(seed));
    store.PutAll(source, "d", 100);
    const auto snapshot = store.NewSnapshot();
    const SearchRequest request{.vector = source[0], .k = 10, .exact = true};
    EXPECT(Same(store.Search(snapshot.get(), request), FromRows(store, snapshot.get(), request)));
    store.WaitUntilLinked();
    EXPECT_EQ(store.collection->index().stats().unlinked, 0u);
    EXPECT_EQ(store.Ids({.vector = source[0], .k = 1}).front(), "d0");
  }
}

}  // namespace
}  // namespace sochdb::vector_index_test
