// The graph alone: recall against exact search, determinism, growth, and searches while others link.

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "env/env.h"
#include "index/vector/hnsw_graph.h"
#include "test/harness.h"
#include "test/vector_fixture.h"

namespace sochdb::hnsw_test {
namespace {

using test::ClusteredVectors;

// A graph with its vectors, as the vector index keeps them.
struct Fixture {
  Fixture(Metric metric_used, size_t dimension_used, const HnswOptions& options)
      : metric(metric_used),
        dimension(dimension_used),
        vectors(metric_used, dimension_used),
        graph(Env::Posix(), options, &vectors) {}

  uint32_t Append(const std::vector<float>& vector) {
    const uint32_t slot = count++;
    vectors.Reserve(slot + 1);
    graph.AddSlot(slot);
    PrepareVector(metric, vector.data(), dimension, vectors.full().view()[slot]);
    vectors.Encode(slot);
    graph.Publish(slot + 1);
    return slot;
  }
  void Link(uint32_t slot) { graph.Link(slot, HashNumber(slot), &scratch); }

  std::vector<float> Prepare(const std::vector<float>& query) const {
    std::vector<float> prepared(PaddedDimension(dimension));
    PrepareVector(metric, query.data(), dimension, prepared.data());
    return prepared;
  }
  std::vector<uint32_t> Search(const std::vector<float>& query, size_t k, size_t ef, SearchScratch* with) const {
    const uint32_t limit = graph.published();
    const std::vector<float> prepared = Prepare(query);
    with->query.Begin(vectors, vectors.codes(), prepared.data());
    EXPECT_OK(graph.Search(ef, limit, nullptr, with));
    std::vector<uint32_t> found;
    for (size_t i = 0; i < std::min(k, with->pool.size()); ++i) found.push_back(with->pool[i].slot());
    return found;
  }
  std::vector<uint32_t> Exact(const std::vector<float>& query, size_t k) const {
    const std::vector<float> prepared = Prepare(query);
    std::vector<std::pair<double, uint32_t>> all;
    for (uint32_t slot = 0; slot < count; ++slot) {
      all.emplace_back(Measure(metric, prepared.data(), prepared.size()).To(vectors.full().view()[slot]).distance, slot);
    }
    std::sort(all.begin(), all.end());
    std::vector<uint32_t> found;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) found.push_back(all[i].second);
    return found;
  }

  Metric metric;
  size_t dimension;
  uint32_t count = 0;
  SlotVectors vectors;
  HnswGraph graph;
  SearchScratch scratch;
};

double Recall(const Fixture& fixture, const std::vector<std::vector<float>>& queries, size_t k, size_t ef) {
  SearchScratch scratch;
  size_t hits = 0;
  for (const auto& query : queries) {
    const std::vector<uint32_t> found = fixture.Search(query, k, ef, &scratch);
    const std::vector<uint32_t> exact = fixture.Exact(query, k);
    for (const uint32_t slot : exact) hits += static_cast<size_t>(std::count(found.begin(), found.end(), slot));
  }
  return static_cast<double>(hits) / static_cast<double>(k * queries.size());
}

TEST("recall@10 at ef 100 is at least .95 on clustered data, for every metric") {
  const auto vectors = ClusteredVectors(test::kSanitizer == test::Sanitizer::kNone ? 4000 : 1500, 32, 50, test::Seed());
  const auto queries = ClusteredVectors(50, 32, 50, test::Seed());
  for (const Metric metric : {Metric::kCosine, Metric::kDot, Metric::kEuclidean}) {
    Fixture fixture(metric, 32, {.m = 16, .ef_construction = 100});
    for (const auto& vector : vectors) fixture.Link(fixture.Append(vector));
    const double recall = Recall(fixture, queries, 10, 100);
    if (recall < 0.95) test::Fail(__FILE__, __LINE__, "recall " + std::to_string(recall));
  }
}

TEST("the same vectors in the same order build the same graph") {
  const auto vectors = ClusteredVectors(1500, 17, 20, test::Seed());
  Fixture first(Metric::kEuclidean, 17, {.m = 8, .ef_construction = 60});
  Fixture second(Metric::kEuclidean, 17, {.m = 8, .ef_construction = 60});
  for (const auto& vector : vectors) {
    first.Link(first.Append(vector));
    second.Link(second.Append(vector));
  }
  SearchScratch scratch;
  for (size_t i = 0; i < 20; ++i) {
    const auto& query = vectors[i * 7];
    EXPECT(first.Search(query, 30, 30, &scratch) == second.Search(query, 30, 30, &scratch));
  }
}

// So many slots, one after the other, are of one group.
class EqualGroups final : public SlotGroups {
 public:
  explicit EqualGroups(uint32_t slots) : slots_(slots) {}
  void Begin(SearchScratch* /*scratch*/) override {}
  [[nodiscard]] size_t Count(SearchScratch* scratch) const override {
    std::set<uint32_t> groups;
    for (size_t i = 0; i < scratch->pool.size(); ++i) groups.insert(scratch->pool[i].slot() / slots_);
    return groups.size();
  }

 private:
  const uint32_t slots_;
};

// Recall of the 10 nearest groups, of `size` slots all but equal each.
double GroupRecall(uint32_t size, SlotGroups* groups) {
  constexpr size_t kDimension = 24;
  constexpr size_t kGroups = 1000;
  constexpr size_t kQueries = 40;
  const auto middles = ClusteredVectors(kGroups + kQueries, kDimension, 30, 3);
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  Fixture fixture(Metric::kEuclidean, kDimension, {.m = 8, .ef_construction = 40});
  for (uint32_t i = 0; i < kGroups * size; ++i) {
    std::vector<float> vector = middles[i / size];
    for (float& value : vector) value += 0.001f * normal(random);
    const uint32_t slot = fixture.Append(vector);
    fixture.graph.Link(slot, HashNumber(slot), &fixture.scratch, groups);
  }
  const auto first_groups = [&](const std::vector<uint32_t>& slots) {
    std::set<uint32_t> found;
    for (size_t i = 0; i < slots.size() && found.size() < 10; ++i) found.insert(slots[i] / size);
    return found;
  };
  SearchScratch scratch;
  size_t hits = 0;
  for (size_t i = kGroups; i < middles.size(); ++i) {
    const std::set<uint32_t> found = first_groups(fixture.Search(middles[i], 15 * size, 15 * size, &scratch));
    for (const uint32_t group : first_groups(fixture.Exact(middles[i], 15 * size))) hits += found.count(group);
  }
  return static_cast<double>(hits) / static_cast<double>(10 * kQueries);
}

TEST("slots of groups that lie close together are linked with those of other groups") {
  constexpr uint32_t kSize = 16;
  EqualGroups groups(kSize);
  const double recall = GroupRecall(kSize, &groups);
  if (recall < 0.98) test::Fail(__FILE__, __LINE__, "recall " + std::to_string(recall));
  // What it is for: a pool of 40 holds two or three of them.
  const double untold = GroupRecall(kSize, nullptr);
  if (untold > 0.95) test::Fail(__FILE__, __LINE__, "recall " + std::to_string(untold));
}

TEST("an empty graph finds nothing, one vector finds itself") {
  Fixture fixture(Metric::kCosine, 3, {});
  EXPECT(fixture.Search({1, 2, 3}, 10, 10, &fixture.scratch).empty());
  fixture.Link(fixture.Append({1, 0, 0}));
  EXPECT(fixture.Search({1, 2, 3}, 10, 10, &fixture.scratch) == std::vector<uint32_t>{0});
}

TEST("a slot that is published but not linked is not met") {
  Fixture fixture(Metric::kEuclidean, 2, {});
  for (int i = 0; i < 50; ++i) fixture.Link(fixture.Append({static_cast<float>(i), 0}));
  fixture.Append({0, 0});
  const auto found = fixture.Search({0, 0}, 100, 100, &fixture.scratch);
  EXPECT_EQ(found.size(), size_t{50});
  EXPECT_EQ(std::count(found.begin(), found.end(), 50u), 0);
}

TEST("what searches have stopped finding, after many slots have left, is found again") {
  constexpr uint32_t kLive = 3000;
  constexpr uint32_t kRound = kLive / 5;
  constexpr uint32_t kRounds = 10;
  const auto source = ClusteredVectors(kLive + kRounds * kRound, 16, 60, 1);
  Fixture fixture(Metric::kEuclidean, 16, {.m = 8, .ef_construction = 40});
  for (uint32_t i = 0; i < kLive; ++i) fixture.Link(fixture.Append(source[i]));
  for (uint32_t gone = 0; gone < kRounds * kRound; gone += kRound) {
    for (uint32_t i = 0; i < kRound; ++i) fixture.Link(fixture.Append(source[fixture.count]));
    std::vector<uint32_t> leaving(kRound);
    std::iota(leaving.begin(), leaving.end(), gone);
    fixture.graph.BeginUnlinking(leaving);
    for (uint32_t slot = gone; slot < fixture.count; ++slot) fixture.graph.Unlink(slot, &fixture.scratch);
    fixture.graph.EndUnlinking();
  }
  const auto missed = [&] {
    size_t count = 0;
    for (uint32_t slot = kRounds * kRound; slot < fixture.count; ++slot) {
      const auto found = fixture.Search(source[slot], 1, 20, &fixture.scratch);
      if (found.empty() || found[0] != slot) ++count;
    }
    return count;
  };
  const size_t before = missed();
  ConnectPass pass{.one_in = 1};
  while (!fixture.graph.ConnectSome(&pass, 100, &fixture.scratch)) {
  }
  const size_t after = missed();
  if (before < 5 || after * 5 > before)
    test::Fail(__FILE__, __LINE__, std::to_string(before) + " were missed, then " + std::to_string(after));
}

TEST("a cancelled search stops") {
  Fixture fixture(Metric::kEuclidean, 4, {.m = 4, .ef_construction = 20});
  for (const auto& vector : ClusteredVectors(3000, 4, 5, test::Seed())) fixture.Link(fixture.Append(vector));
  CancelToken cancel;
  cancel.Cancel();
  const std::vector<float> query = fixture.Prepare({0, 0, 0, 0});
  fixture.scratch.query.Begin(fixture.vectors, nullptr, query.data());
  const Status status = fixture.graph.Search(2000, fixture.graph.published(), &cancel, &fixture.scratch);
  EXPECT(status.code() == Code::kCancelled);
}

TEST("searches run while two threads link and a third appends") {
  const auto vectors = ClusteredVectors(4000, 24, 40, test::Seed());
  Fixture fixture(Metric::kCosine, 24, {.m = 12, .ef_construction = 60});
  std::atomic<uint32_t> next{0};
  std::atomic<bool> done{false};
  const auto link = [&] {
    SearchScratch scratch;
    for (;;) {
      const uint32_t slot = next.fetch_add(1);
      if (slot >= vectors.size()) return;
      while (fixture.graph.published() <= slot) std::this_thread::yield();
      fixture.graph.Link(slot, HashNumber(slot), &scratch);
    }
  };
  std::thread appender([&] {
    for (const auto& vector : vectors) fixture.Append(vector);
  });
  std::thread linker1(link);
  std::thread linker2(link);
  std::thread searcher([&] {
    SearchScratch scratch;
    for (size_t i = 0; !done.load(); i = (i + 1) % vectors.size()) {
      const auto found = fixture.Search(vectors[i], 10, 30, &scratch);
      const std::set<uint32_t> distinct(found.begin(), found.end());
      EXPECT_EQ(distinct.size(), found.size());
      for (const uint32_t slot : found) EXPECT(slot < fixture.graph.published());
    }
  });
  appender.join();
  linker1.join();
  linker2.join();
  done.store(true);
  searcher.join();
  const std::vector<std::vector<float>> queries(vectors.begin(), vectors.begin() + 50);
  EXPECT(Recall(fixture, queries, 10, 100) >= 0.95);
}

}  // namespace
}  // namespace sochdb::hnsw_test
