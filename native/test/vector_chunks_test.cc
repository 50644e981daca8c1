// Documents of several vectors: a search finds the nearest documents, however close together the vectors of each lie.

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "index/document/row_scan.h"
#include "test/vector_fixture.h"

namespace sochdb::vector_chunks_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;

constexpr uint32_t kDimension = 24;

CollectionConfig Config(Quantization quantization = Quantization::kNone) {
  CollectionConfig config;
  config.id = {7, 3};
  config.dimension = kDimension;
  config.metric = Metric::kEuclidean;
  config.quantization = quantization;
  for (const char* path : {"even", "tenth"}) {
    config.indexed.push_back({.number = static_cast<uint32_t>(config.indexed.size()), .path = path, .segments = {}});
  }
  return config;
}

// Each vector stands for a document of so many chunks around it.
void PutChunked(VectorStore* store, const Vectors& documents, size_t chunks, float apart) {
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < documents.size();) {
    const auto transaction = store->Begin();
    for (const size_t end = std::min(documents.size(), i + 100); i < end; ++i) {
      std::vector<float> vectors;
      for (size_t chunk = 0; chunk < chunks; ++chunk) {
        for (const float value : documents[i]) vectors.push_back(value + apart * normal(random));
      }
      const std::string metadata =
          std::string(i % 2 == 0 ? R"({"even":true)" : R"({"even":false)") + (i % 10 == 0 ? R"(,"tenth":true})" : "}");
      EXPECT_OK(store->collection->Put(transaction.get(), "d" + std::to_string(i), {.vectors = vectors, .metadata = metadata}));
    }
    EXPECT_OK(transaction->Commit().status());
  }
  store->WaitUntilLinked();
}

// What the rows say, one after the other.
std::vector<SearchResult> FromRows(const VectorStore& store, Reader* reader, const SearchRequest& request) {
  std::vector<float> prepared(PaddedDimension(kDimension));
  PrepareVector(store.config.metric, request.vector.data(), kDimension, prepared.data());
  std::vector<SearchResult> results;
  EXPECT_OK(SearchRows(store.config, reader, request, prepared, &results));
  return results;
}

struct Measured {
  double recall = 0;
  uint64_t visited = 0;  // distances, for a query
  size_t by_graph = 0;   // queries
};

Measured Measure(const VectorStore& store, Snapshot* reader, const Vectors& queries, const MetadataFilter* filter = nullptr) {
  Measured measured;
  size_t hits = 0;
  for (const auto& query : queries) {
    SearchExplanation explanation;
    const SearchRequest request{.vector = query, .k = 10, .filter = filter};
    SearchRequest explained = request;
    explained.explanation = &explanation;
    const auto found = store.Search(reader, explained);
    const auto expected = FromRows(store, reader, request);
    EXPECT_EQ(found.size(), expected.size());
    std::set<std::pair<std::string, double>> nearest;
    for (const SearchResult& each : expected) nearest.emplace(each.document.id, each.distance);
    std::set<std::string> ids;
    for (const SearchResult& each : found) {
      EXPECT(ids.insert(each.document.id).second);
      // The score is that of the nearest of its vectors, or the document was not found.
      hits += nearest.count({each.document.id, each.distance});
    }
    EXPECT(std::ranges::is_sorted(found, {}, [](const SearchResult& each) { return each.distance; }));
    measured.visited += explanation.visited / queries.size();
    measured.by_graph += static_cast<size_t>(explanation.plan == std::string_view("graph"));
  }
  measured.recall = static_cast<double>(hits) / static_cast<double>(10 * queries.size());
  return measured;
}

TEST("the nearest documents are found where their chunks lie close together, and where they do not") {
  const Vectors documents = ClusteredVectors(1000, kDimension, 40, test::Seed());
  const Vectors queries = ClusteredVectors(40, kDimension, 40, test::Seed());
  for (const Quantization quantization : {Quantization::kNone, Quantization::kScalar}) {
    for (const float apart : {0.0f, 0.01f, 0.3f}) {
      VectorStore store(Config(quantization));
      PutChunked(&store, documents, 8, apart);
      const auto snapshot = store.NewSnapshot();
      const Measured measured = Measure(store, snapshot.get(), queries);
      EXPECT(measured.recall >= 0.95);
      EXPECT(measured.by_graph >= 35);
      // A part of the 8,000 vectors, and no second search.
      EXPECT(measured.visited < 4000);
    }
  }
}

TEST("documents of many vectors that a filter admits are found, and none is shown twice") {
  const Vectors documents = ClusteredVectors(800, kDimension, 40, test::Seed());
  const Vectors queries = ClusteredVectors(20, kDimension, 40, test::Seed());
  VectorStore store(Config());
  PutChunked(&store, documents, 10, 0.02f);
  const auto snapshot = store.NewSnapshot();
  const Result<MetadataFilter> even = MetadataFilter::Parse(R"(["eq","even",true])");
  EXPECT_OK(even.status());
  EXPECT(Measure(store, snapshot.get(), queries, &even.value()).recall >= 0.95);
  const Result<MetadataFilter> tenth = MetadataFilter::Parse(R"(["eq","tenth",true])");
  EXPECT_OK(tenth.status());
  EXPECT(Measure(store, snapshot.get(), queries, &tenth.value()).recall >= 0.95);
}

TEST("one document with all of the nearest vectors hides no other") {
  VectorStore store(Config());
  const Vectors others = ClusteredVectors(300, kDimension, 10, test::Seed());
  std::vector<float> many;
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  const std::vector<float> middle = others[3];
  for (size_t i = 0; i < 3000 * kDimension; ++i) many.push_back(middle[i % kDimension] + 0.001f * normal(random));
  {
    const auto transaction = store.Begin();
    EXPECT_OK(store.collection->Put(transaction.get(), "long", {.vectors = many, .metadata = "{}"}));
    EXPECT_OK(transaction->Commit().status());
  }
  store.PutAll(others);
  store.WaitUntilLinked();
  const auto snapshot = store.NewSnapshot();
  EXPECT(Measure(store, snapshot.get(), {middle, others[7]}).recall >= 0.95);
}

}  // namespace
}  // namespace sochdb::vector_chunks_test
