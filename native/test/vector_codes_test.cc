// Codes of vectors: how near they come, and that an index searched by them answers as one without.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "env/posix_env.h"
#include "index/vector/binary_codec.h"
#include "index/vector/product_codec.h"
#include "index/vector/scalar_codec.h"
#include "test/harness.h"
#include "test/vector_fixture.h"

namespace sochdb::vector_codes_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;

constexpr size_t kDimension = 48;
constexpr size_t kCount = 2600;
constexpr Quantization kAll[] = {Quantization::kNone, Quantization::kScalar, Quantization::kProduct, Quantization::kBinary};
constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kDot, Metric::kEuclidean};

CollectionConfig CodedConfig(Metric metric, Quantization quantization) {
  CollectionConfig config;
  config.id = {1, 1};
  config.dimension = kDimension;
  config.metric = metric;
  config.quantization = quantization;
  config.pq_subvectors = 12;
  config.pq_centroids = 64;
  return config;
}

double CodedRecall(VectorStore& store, const Vectors& queries, size_t ef) {
  const auto snapshot = store.NewSnapshot();
  size_t found = 0;
  size_t wanted = 0;
  for (const auto& query : queries) {
    const auto exact = store.Search(snapshot.get(), {.vector = query, .k = 10, .exact = true});
    const auto near = store.Search(snapshot.get(), {.vector = query, .k = 10, .ef = ef});
    EXPECT_EQ(near.size(), exact.size());
    wanted += exact.size();
    for (const SearchResult& each : exact) {
      const auto same = [&](const SearchResult& other) { return other.document.id == each.document.id; };
      const auto at = std::find_if(near.begin(), near.end(), same);
      if (at == near.end()) continue;
      ++found;
      // Whatever led to it, what is returned is measured by the vectors.
      EXPECT_EQ(at->score, each.score);
      EXPECT_EQ(at->distance, each.distance);
    }
  }
  return static_cast<double>(found) / static_cast<double>(wanted);
}

void ExpectAtLeast(double actual, double least, const std::string& what) {
  if (actual < least) test::Fail(__FILE__, __LINE__, what + ": " + std::to_string(actual));
}

double LeastRecall(Quantization quantization) { return quantization >= Quantization::kProduct ? 0.85 : 0.95; }

TEST("recall@10 for every metric and quantization, with scores of the vectors themselves, also after a restart") {
  const Vectors vectors = ClusteredVectors(kCount + 40, kDimension, 40, test::Seed());
  const Vectors stored(vectors.begin(), vectors.begin() + kCount);
  const Vectors queries(vectors.begin() + kCount, vectors.end());
  for (const Metric metric : kMetrics) {
    for (const Quantization quantization : kAll) {
      VectorStore store(CodedConfig(metric, quantization));
      store.PutAll(stored);
      store.WaitUntilLinked();
      const std::string what = "metric " + std::to_string(static_cast<int>(metric)) + ", quantization " +
                               std::to_string(static_cast<int>(quantization));
      EXPECT(store.collection->index().stats().coded);
      const double recall = CodedRecall(store, queries, 100);
      ExpectAtLeast(recall, LeastRecall(quantization), what);
      store.Reopen();
      store.WaitUntilLinked();
      EXPECT(store.collection->index().stats().coded);
      ExpectAtLeast(CodedRecall(store, queries, 100), recall - 0.05, what + " after a restart");
    }
  }
}

TEST("an exact search goes by no code") {
  const Vectors vectors = ClusteredVectors(kCount, kDimension, 40, test::Seed());
  for (const Quantization quantization : kAll) {
    VectorStore store(CodedConfig(Metric::kEuclidean, quantization));
    store.PutAll(vectors);
    store.WaitUntilLinked();
    for (size_t q = 0; q < 20; ++q) {
      const auto ids = store.Ids({.vector = vectors[q * 100], .k = 1, .exact = true});
      EXPECT_EQ(ids.at(0), "d" + std::to_string(q * 100));
    }
  }
}

TEST("vectors that a byte cannot tell apart are compared as they are") {
  std::mt19937_64 random(test::Seed());
  std::normal_distribution<float> normal;
  Vectors vectors;
  for (size_t i = 0; i < kCount; ++i) {
    std::vector<float> vector(kDimension);
    // Far apart groups of near vectors.
    for (size_t d = 0; d < kDimension; ++d) vector[d] = normal(random) + ((i >> (d % 5)) & 1 ? 50'000.0f : -50'000.0f);
    vectors.push_back(std::move(vector));
  }
  VectorStore store(CodedConfig(Metric::kEuclidean, Quantization::kNone));
  store.PutAll(vectors);
  store.WaitUntilLinked();
  EXPECT(!store.collection->index().stats().coded);
  const Vectors queries(vectors.begin(), vectors.begin() + 20);
  EXPECT_EQ(CodedRecall(store, queries, 400), 1.0);
}

TEST("searches and two writers go on while codes are made; all answers are of the snapshot") {
  const Vectors vectors = ClusteredVectors(2 * 1400, 16, 30, test::Seed());
  for (const Quantization quantization : {Quantization::kScalar, Quantization::kProduct, Quantization::kBinary}) {
    CollectionConfig config = CodedConfig(Metric::kCosine, quantization);
    config.dimension = 16;
    config.pq_centroids = 16;
    VectorStore store(config, 2);
    std::atomic<int> writing{2};
    const auto write = [&](size_t from) {
      for (size_t i = from; i < from + 1400;) {
        const auto transaction = store.Begin(IsolationLevel::kSnapshot);
        for (const size_t end = std::min(from + 1400, i + 50); i < end; ++i) {
          EXPECT_OK(store.collection->Put(transaction.get(), "d" + std::to_string(i), vectors[i], "{}"));
        }
        EXPECT_OK(transaction->Commit().status());
      }
      writing.fetch_sub(1);
    };
    std::thread first(write, 0);
    std::thread second(write, 1400);
    for (size_t i = 0; writing.load() > 0; i = (i + 37) % vectors.size()) {
      const auto snapshot = store.NewSnapshot();
      const auto results = store.Search(snapshot.get(), {.vector = vectors[i], .k = 10});
      std::set<std::string> distinct;
      for (const SearchResult& result : results) distinct.insert(result.document.id);
      EXPECT_EQ(distinct.size(), results.size());
      const auto counted = store.collection->Count(snapshot.get(), nullptr, nullptr);
      EXPECT_EQ(results.size(), std::min<size_t>(10, counted.value()));
    }
    first.join();
    second.join();
    store.WaitUntilLinked();
    EXPECT(store.collection->index().stats().coded);
    for (size_t i = 0; i < vectors.size(); i += 97) {
      EXPECT_EQ(store.Ids({.vector = vectors[i], .k = 1, .exact = true}).at(0), "d" + std::to_string(i));
    }
  }
}

// Says what it was asked to map, and maps memory.
class MappingEnv final : public MemEnv {
 public:
  class HeapMapping final : public Mapping {
   public:
    explicit HeapMapping(size_t bytes) : bytes_(bytes), data_(static_cast<char*>(std::aligned_alloc(4096, bytes))) {}
    ~HeapMapping() override { std::free(data_); }
    [[nodiscard]] char* data() const override { return data_; }
    [[nodiscard]] size_t size() const override { return bytes_; }

   private:
    const size_t bytes_;
    char* const data_;
  };
  Result<std::unique_ptr<Mapping>> MapScratch(const std::string& /*dir*/, size_t bytes) override {
    return std::unique_ptr<Mapping>(std::make_unique<HeapMapping>((bytes + 4095) / 4096 * 4096));
  }
};

TEST("codes take the memory they promise: a byte of each value is at most 1/3.5, parts of eight values 1/24") {
  const size_t dimension = 128;
  const Vectors vectors = ClusteredVectors(3000, dimension, 30, test::Seed());
  const double full = static_cast<double>(vectors.size() * dimension * sizeof(float));
  const auto bytes_of = [&](Quantization quantization) {
    CollectionConfig config = CodedConfig(Metric::kCosine, quantization);
    config.dimension = dimension;
    config.m = 4;
    config.ef_construction = 10;
    config.pq_subvectors = 0;
    config.pq_centroids = 16;
    VectorStore store(config, 1, std::make_unique<MappingEnv>());
    store.PutAll(vectors);
    store.WaitUntilLinked();
    const VectorIndexStats stats = store.collection->index().stats();
    EXPECT_EQ(stats.mapped_bytes > 0, quantization != Quantization::kNone);
    EXPECT(stats.vector_bytes < stats.memory_bytes);
    return static_cast<double>(stats.vector_bytes);
  };
  EXPECT(bytes_of(Quantization::kNone) > full);
  EXPECT(bytes_of(Quantization::kScalar) <= full / 3.5);
  EXPECT(bytes_of(Quantization::kProduct) <= full / 24);
  EXPECT(bytes_of(Quantization::kBinary) <= full / 14);
}

TEST("options out of range are refused with what they take") {
  const auto refused = [](CollectionConfig config, const std::string& option) {
    VectorStore store(CodedConfig(Metric::kCosine, Quantization::kNone));
    config.id = {1, 2};
    const Status status = Collection::Open(store.registry.get(), config, nullptr).status();
    EXPECT(status.code() == Code::kInvalidArgument);
    EXPECT_EQ(status.details()[0].second, option);
  };
  CollectionConfig config = CodedConfig(Metric::kCosine, Quantization::kProduct);
  config.pq_subvectors = kDimension + 1;
  refused(config, "pqNumSubvectors");
  config.pq_subvectors = 1;
  for (const uint32_t centroids : {0u, 1u, 257u}) {
    config.pq_centroids = centroids;
    refused(config, "pqNumCentroids");
  }
}

std::vector<std::unique_ptr<VectorCodec>> AllCodecs(Metric metric, size_t dimension, const std::vector<const float*>& sample) {
  static const std::atomic<bool> never{false};
  std::vector<std::unique_ptr<VectorCodec>> codecs;
  codecs.push_back(std::make_unique<ScalarCodec>(metric, dimension, sample));
  codecs.push_back(std::make_unique<BinaryCodec>(metric, dimension, sample));
  codecs.push_back(std::make_unique<ProductCodec>(metric, dimension, (dimension + 1) / 2, 256, sample, never));
  return codecs;
}

// Root of the mean squared error of distances by code, in units of the distances' standard deviation.
double RelativeError(const VectorCodec& codec, Metric metric, const std::vector<const float*>& vectors, size_t dimension) {
  const RowDistance exact(metric, PaddedDimension(dimension));
  std::vector<std::vector<uint8_t>> rows(vectors.size(), std::vector<uint8_t>(codec.row_bytes()));
  CodeQuery query;
  for (size_t i = 0; i < vectors.size(); ++i) codec.Encode(vectors[i], &query, rows[i].data());
  double errors = 0;
  double sum = 0;
  double squares = 0;
  double count = 0;
  for (size_t q = 0; q < vectors.size(); q += 10) {
    codec.Begin(vectors[q], &query);
    for (size_t i = 0; i < vectors.size(); ++i) {
      const uint8_t* row = rows[i].data();
      float by_code = 0;
      codec.Compare(query, &row, 1, &by_code);
      const auto distance = static_cast<double>(exact.One(vectors[q], vectors[i]));
      errors += (static_cast<double>(by_code) - distance) * (static_cast<double>(by_code) - distance);
      if (codec.compares_rows()) {
        const auto between = static_cast<double>(codec.Between(rows[q].data(), row));
        EXPECT(std::abs(between - static_cast<double>(by_code)) < 0.05 * (1 + std::abs(distance)));
      }
      sum += distance;
      squares += distance * distance;
      ++count;
    }
  }
  return std::sqrt(errors / count) / std::sqrt(squares / count - (sum / count) * (sum / count));
}

TEST("distances by code are on the scale of those by vector, at every length and with values all vectors share") {
  for (const size_t dimension : {1u, 3u, 17u, 64u, 100u, 130u}) {
    Vectors vectors = ClusteredVectors(300, dimension, 10, test::Seed());
    for (auto& vector : vectors) vector[0] += 30;
    for (const Metric metric : kMetrics) {
      std::vector<std::vector<float>> prepared;
      std::vector<const float*> sample;
      for (const auto& vector : vectors) {
        prepared.emplace_back(PaddedDimension(dimension));
        PrepareVector(metric, vector.data(), dimension, prepared.back().data());
      }
      for (const auto& vector : prepared) sample.push_back(vector.data());
      const auto codecs = AllCodecs(metric, dimension, sample);
      const std::string what = std::to_string(dimension) + " values, metric " + std::to_string(static_cast<int>(metric));
      if (metric == Metric::kCosine && dimension == 1) continue;  // all distances are the same
      ExpectAtLeast(0.05 - RelativeError(*codecs[0], metric, sample, dimension), 0, "scalar, " + what);
      ExpectAtLeast(0.75 - RelativeError(*codecs[1], metric, sample, dimension), 0, "binary, " + what);
      ExpectAtLeast(0.45 - RelativeError(*codecs[2], metric, sample, dimension), 0, "pq, " + what);
    }
  }
}

TEST("zeros, tiny and enormous values have codes, and finite distances") {
  const size_t dimension = 20;
  std::vector<std::vector<float>> vectors;
  for (const float value : {0.0f, 1e-44f, 1e-38f, 1.0f, 2e17f, -2e17f}) {
    vectors.emplace_back(PaddedDimension(dimension));
    std::fill_n(vectors.back().begin(), dimension, value);
    vectors.back()[3] = -value;
  }
  std::vector<const float*> sample;
  for (const auto& vector : vectors) sample.push_back(vector.data());
  for (const Metric metric : {Metric::kDot, Metric::kEuclidean}) {
    for (const auto& codec : AllCodecs(metric, dimension, sample)) {
      std::vector<uint8_t> row(codec->row_bytes());
      CodeQuery query;
      for (const float* from : sample) {
        codec->Encode(from, &query, row.data());
        for (const float* to : sample) {
          codec->Begin(to, &query);
          const uint8_t* at = row.data();
          float distance = 0;
          codec->Compare(query, &at, 1, &distance);
          EXPECT(std::isfinite(distance));
        }
      }
    }
  }
}

TEST("equal samples train equal codes, and a training that is stopped ends") {
  const Vectors vectors = ClusteredVectors(500, 16, 10, test::Seed());
  std::vector<const float*> sample;
  for (const auto& vector : vectors) sample.push_back(vector.data());
  const std::atomic<bool> never{false};
  const std::atomic<bool> at_once{true};
  const ProductCodec first(Metric::kDot, 16, 5, 32, sample, never);
  const ProductCodec second(Metric::kDot, 16, 5, 32, sample, never);
  const ProductCodec stopped(Metric::kDot, 16, 5, 32, sample, at_once);
  CodeQuery scratch;
  std::vector<uint8_t> a(first.row_bytes());
  std::vector<uint8_t> b(first.row_bytes());
  for (const float* vector : sample) {
    first.Encode(vector, &scratch, a.data());
    second.Encode(vector, &scratch, b.data());
    EXPECT(a == b);
  }
}

TEST("memory with a nameless file behind it holds what is written, and leaves nothing in its directory") {
  char name[] = "/tmp/sochdb-mapping-XXXXXX";
  const std::string dir = mkdtemp(name);
  {
    auto mapped = Env::Posix()->MapScratch(dir, 3 << 20);
    EXPECT_OK(mapped.status());
    char* data = mapped.value()->data();
    EXPECT_EQ(mapped.value()->size(), size_t{3} << 20);
    for (size_t i = 0; i < 3u << 20; i += 4096) data[i] = static_cast<char>(i >> 12);
    for (size_t i = 0; i < 3u << 20; i += 4096) EXPECT_EQ(data[i], static_cast<char>(i >> 12));
    EXPECT(Env::Posix()->ListDir(dir).value().empty());
  }
  EXPECT(!Env::Posix()->MapScratch(dir + "/missing", 4096).ok());
  EXPECT(MemEnv().MapScratch(dir, 4096).status().code() == Code::kUnsupported);
  EXPECT_OK(Env::Posix()->DeleteDir(dir));
}

}  // namespace
}  // namespace sochdb::vector_codes_test
