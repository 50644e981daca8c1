// What tests of vectors share: data that looks like embeddings, and a collection on an engine in memory.

#pragma once

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "env/mem_env.h"
#include "index/document/collection.h"
#include "test/store_fixture.h"

namespace sochdb::test {

using Vectors = std::vector<std::vector<float>>;

// Points around random centres: what embeddings look like to a graph.
inline Vectors ClusteredVectors(size_t count, size_t dimension, size_t clusters, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Vectors centres(clusters, std::vector<float>(dimension));
  for (auto& centre : centres) {
    for (float& value : centre) value = normal(random);
  }
  Vectors vectors(count, std::vector<float>(dimension));
  for (auto& vector : vectors) {
    const auto& centre = centres[random() % clusters];
    for (size_t i = 0; i < dimension; ++i) vector[i] = centre[i] + 0.6f * normal(random);
  }
  return vectors;
}

// An engine in memory with its registry and one collection.
struct VectorStore {
  explicit VectorStore(CollectionConfig with, uint32_t build_threads = 1, std::unique_ptr<Env> on = std::make_unique<MemEnv>(),
                       bool with_checkpoints = false, std::string at = "/db")
      : config(std::move(with)), env(std::move(on)), path(std::move(at)) {
    options.checkpoints = with_checkpoints;
    Reopen(build_threads);
  }

  void Close() {
    collection.reset();
    registry.reset();
    if (engine != nullptr) EXPECT_OK(engine->Close());
    engine.reset();
  }
  void Reopen(uint32_t build_threads = 1) {
    Close();
    engine = OpenAt(env.get(), path);
    options.build_threads = build_threads;
    registry = std::make_unique<VectorIndexRegistry>(engine.get(), options);
    collection = Open();
  }
  std::unique_ptr<Collection> Open() {
    Result<std::unique_ptr<Collection>> opened = Collection::Open(registry.get(), config, nullptr);
    EXPECT_OK(opened.status());
    SOCHDB_CHECK(opened.ok());
    return std::move(opened).value();
  }
  ~VectorStore() { Close(); }

  std::unique_ptr<Transaction> Begin(IsolationLevel isolation = IsolationLevel::kSerializable) {
    return BeginOn(engine.get(), isolation);
  }
  std::unique_ptr<Snapshot> NewSnapshot() {
    Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
    SOCHDB_CHECK(snapshot.ok());
    return std::move(snapshot).value();
  }
  void Put(std::string_view id, const std::vector<float>& vector, std::string_view metadata = "{}") {
    const auto transaction = Begin();
    EXPECT_OK(collection->Put(transaction.get(), id, vector, metadata));
    EXPECT_OK(transaction->Commit().status());
  }
  bool Delete(std::string_view id) {
    const auto transaction = Begin();
    bool existed = false;
    EXPECT_OK(collection->Delete(transaction.get(), id, &existed));
    EXPECT_OK(transaction->Commit().status());
    return existed;
  }
  // In transactions of `batch`: ids are prefix + number.
  void PutAll(const Vectors& vectors, const std::string& prefix = "d", size_t batch = 500, std::string_view metadata = "{}") {
    for (size_t i = 0; i < vectors.size();) {
      const auto transaction = Begin();
      for (const size_t end = std::min(vectors.size(), i + batch); i < end; ++i) {
        EXPECT_OK(collection->Put(transaction.get(), prefix + std::to_string(i), vectors[i], metadata));
      }
      EXPECT_OK(transaction->Commit().status());
    }
  }
  void WaitUntilLinked() { EXPECT_OK(registry->WaitUntilLinked(nullptr)); }

  std::vector<SearchResult> Search(ReadView view, const SearchRequest& request) const {
    std::vector<SearchResult> results;
    EXPECT_OK(collection->Search(view, request, &results));
    return results;
  }
  // Ids, nearest first, at the newest snapshot.
  std::vector<std::string> Ids(const SearchRequest& request) {
    const auto snapshot = NewSnapshot();
    return IdsOf(Search(snapshot.get(), request));
  }
  static std::vector<std::string> IdsOf(const std::vector<SearchResult>& results) {
    std::vector<std::string> ids;
    for (const SearchResult& result : results) ids.push_back(result.document.id);
    return ids;
  }

  CollectionConfig config;
  std::unique_ptr<Env> env;
  VectorIndexOptions options;
  std::string path;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<VectorIndexRegistry> registry;
  std::unique_ptr<Collection> collection;
};

}  // namespace sochdb::test
