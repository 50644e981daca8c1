// The learned navigator: what it learns, when it is accepted, and that it never shows anything but what a plain search may.

#include "index/vector/navigator.h"

#include <algorithm>
#include <random>

#include "index/vector/navigator_fit.h"
#include "test/vector_fixture.h"

namespace sochdb::navigator_test {
namespace {

using test::Vectors;
using test::VectorStore;

constexpr uint32_t kDimension = 24;
constexpr size_t kStored = 2600;

// Around centres, some groups along a line, others in all directions: some are easy to search, others hard.
Vectors MixedVectors(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 fixed(1);
  std::normal_distribution<float> normal;
  Vectors centres(kDimension, std::vector<float>(kDimension));
  for (auto& centre : centres) {
    for (float& value : centre) value = 0.5f * normal(fixed);
  }
  Vectors vectors(count, std::vector<float>(kDimension));
  for (auto& vector : vectors) {
    const size_t group = random() % centres.size();
    for (size_t d = 0; d < kDimension; ++d) {
      vector[d] = centres[group][d] + (d <= group ? 1.0f : 0.02f) * normal(random);
    }
  }
  return vectors;
}

// All alike: nothing tells how far a search has to go.
Vectors UniformVectors(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Vectors vectors(count, std::vector<float>(kDimension));
  for (auto& vector : vectors) {
    for (float& value : vector) value = normal(random);
  }
  return vectors;
}

CollectionConfig Config() {
  CollectionConfig config;
  config.id = {7, 3};
  config.dimension = kDimension;
  config.metric = Metric::kEuclidean;
  config.m = 8;
  config.ef_construction = 40;
  config.ef_search = 96;
  config.learned_navigator = true;
  return config;
}

NavigatorTraining With(uint32_t sample) {
  NavigatorTraining training;
  training.sample = sample;
  return training;
}

void Store(VectorStore* store, const NavigatorReport& report) {
  const auto transaction = store->Begin();
  EXPECT_OK(store->collection->StoreNavigator(transaction.get(), report));
  EXPECT_OK(transaction->Commit().status());
  store->collection->UseNavigator(report);
}

NavigatorReport Train(VectorStore* store, const NavigatorTraining& training) {
  NavigatorReport report;
  EXPECT_OK(store->collection->TrainNavigator(store->engine.get(), training, &report));
  Store(store, report);
  return report;
}

NavigatorState StateOf(const VectorStore& store) {
  const auto navigator = store.collection->index().navigator();
  return navigator == nullptr ? NavigatorState::kNone : navigator->state();
}

// How a search went about it.
SearchExplanation Explain(VectorStore* store, SearchRequest request) {
  SearchExplanation explanation;
  request.explanation = &explanation;
  store->Ids(request);
  return explanation;
}

constexpr double kOfHard[] = {0.5, 0.7, 0.8, 0.85, 0.88};

// Queries of two kinds, of which the narrow search finds all or half. `telling`: the first feature says which.
NavigatorRecords Records(bool telling) {
  NavigatorRecords records;
  records.stages = 5;
  records.plain = 2;
  for (size_t query = 0; query < 400; ++query) {
    const bool hard = query / 2 % 2 == 1;
    std::vector<NavigatorRecord> stages;
    for (size_t stage = 0; stage < records.stages; ++stage) {
      const double recall = hard ? kOfHard[stage] : 1;
      stages.push_back({{1, telling && hard ? 1.0 : 0.0}, 1, 2, recall, 100.0 * static_cast<double>(stage + 1)});
    }
    records.Add(stages);
  }
  return records;
}

NavigatorModel Fit(const NavigatorRecords& records) {
  NavigatorModel model;
  for (uint32_t stage = 0; stage < records.stages; ++stage) model.stages.push_back({10 * (stage + 1), {}});
  FitNavigator(records, &model);
  return model;
}

TEST("a navigator ends easy searches early and goes on with hard ones, where it can tell them apart") {
  const NavigatorMeasures told = Fit(Records(true)).measures;
  EXPECT_EQ(told.queries, 200u);
  EXPECT(told.recall >= told.plain_recall && told.worst_recall >= told.plain_worst_recall);
  EXPECT(told.evaluations <= 0.9 * told.plain_evaluations);
  const NavigatorMeasures guessed = Fit(Records(false)).measures;
  EXPECT(guessed.evaluations >= guessed.plain_evaluations);
}

TEST("a navigator's record comes back as it was, and nothing else is taken for one") {
  NavigatorModel model = Fit(Records(true));
  model.dimension = kDimension;
  model.trained_ts = 77;
  const std::string record = model.Encode();
  NavigatorModel read;
  EXPECT(NavigatorModel::Decode(record, &read));
  EXPECT_EQ(read.Encode(), record);
  EXPECT_EQ(read.trained_ts, 77u);
  for (size_t bytes = 0; bytes < record.size(); ++bytes) EXPECT(!(NavigatorModel::Decode(record.substr(0, bytes), &read)));
  EXPECT(!(NavigatorModel::Decode(record + 'x', &read)));
  for (const auto& [at, value] : {std::pair<size_t, char>{0, 2}, {1, 9}, {3, 0}, {3, 100}}) {
    std::string other = record;
    other[at] = value;
    EXPECT(!(NavigatorModel::Decode(other, &read)));
  }
}

TEST("a search in stages finds at the end of each what one of so many places finds") {
  class Stages final : public SearchStages {
   public:
    Stages(std::vector<size_t> places, size_t usual) : places_(std::move(places)), usual_(usual) {}
    [[nodiscard]] size_t Usual() const override { return usual_; }
    size_t Next(const CandidatePool& pool, uint64_t) override {
      if (next_ > 0) {
        ends.push_back(SlotsOf(pool));
        ends.back().resize(std::min(ends.back().size(), places_[next_ - 1]));
      }
      return next_ < places_.size() ? places_[next_++] : 0;
    }
    static std::vector<uint32_t> SlotsOf(const CandidatePool& pool) {
      std::vector<uint32_t> slots;
      for (size_t i = 0; i < pool.size(); ++i) slots.push_back(pool[i].slot());
      return slots;
    }
    std::vector<std::vector<uint32_t>> ends;

   private:
    std::vector<size_t> places_;
    const size_t usual_;
    size_t next_ = 0;
  };

  MemEnv env;
  SlotVectors vectors(Metric::kEuclidean, kDimension);
  HnswGraph graph(&env, {.m = 4, .ef_construction = 20}, &vectors);
  const Vectors stored = UniformVectors(600, 3);
  vectors.Reserve(600);
  SearchScratch scratch;
  for (uint32_t slot = 0; slot < 600; ++slot) {
    graph.AddSlot(slot);
    PrepareVector(Metric::kEuclidean, stored[slot].data(), kDimension, vectors.full().view()[slot]);
  }
  graph.Publish(600);
  for (uint32_t slot = 0; slot < 600; ++slot) graph.Link(slot, HnswGraph::LevelHash(slot), &scratch);
  const std::vector<size_t> places = {10, 15, 40, 41, 160};
  std::vector<float> query(PaddedDimension(kDimension));
  for (const auto& vector : UniformVectors(20, 4)) {
    PrepareVector(Metric::kEuclidean, vector.data(), kDimension, query.data());
    scratch.query.Begin(vectors, nullptr, query.data());
    for (const size_t usual : {size_t{1}, size_t{40}, size_t{1000}}) {
      Stages stages(places, usual);
      EXPECT_OK(graph.SearchStaged(&stages, kNoSlot, 600, nullptr, &scratch));
      EXPECT_EQ(stages.ends.size(), places.size());
      for (size_t i = 0; i < places.size(); ++i) {
        EXPECT_OK(graph.Search(places[i], 600, nullptr, &scratch));
        EXPECT(stages.ends[i] == Stages::SlotsOf(scratch.pool));
      }
    }
  }
}

TEST("a navigator is refused where it does not help, and what it takes is said") {
  VectorStore store(Config());
  store.PutAll(UniformVectors(2100, 6));
  NavigatorReport report;
  NavigatorTraining training = With(100);
  EXPECT_EQ(store.collection->TrainNavigator(store.engine.get(), With(50), &report).code(), Code::kInvalidArgument);
  store.WaitUntilLinked();
  CancelToken cancelled;
  cancelled.Cancel();
  training.cancel = &cancelled;
  EXPECT_EQ(store.collection->TrainNavigator(store.engine.get(), training, &report).code(), Code::kCancelled);
  report = Train(&store, With(300));
  EXPECT(!(report.accepted));
  EXPECT_EQ(report.checks.size(), 3u);
  const auto refused = std::ranges::find_if(report.checks, [](const NavigatorCheck& check) { return !check.passed; });
  EXPECT(refused != report.checks.end());
  EXPECT_EQ(StateOf(store), NavigatorState::kNone);
  // What is missing for a graph.
  for (size_t i = 0; i < 200; ++i) store.Delete("d" + std::to_string(i));
  EXPECT_EQ(store.collection->TrainNavigator(store.engine.get(), With(300), &report).code(), Code::kInvalidArgument);
}

// Of each query: what it finds, led and not, is compared with all.
struct Found {
  size_t led = 0;
  size_t hits = 0;
  size_t plain_hits = 0;
  uint64_t visited = 0;
  uint64_t plain_visited = 0;
};

Found SearchAll(VectorStore* store, const Vectors& queries) {
  Found found;
  for (const auto& query : queries) {
    const std::vector<std::string> truth = store->Ids({.vector = query, .exact = true});
    const auto hits = [&](const SearchRequest& request) {
      size_t count = 0;
      for (const std::string& id : store->Ids(request)) count += static_cast<size_t>(std::ranges::count(truth, id));
      return count;
    };
    const SearchRequest led{.vector = query};
    const SearchRequest plain{.vector = query, .ef = store->config.ef_search};
    found.hits += hits(led);
    found.plain_hits += hits(plain);
    const SearchExplanation explanation = Explain(store, led);
    found.led += explanation.navigation == Navigation::kLed ? 1 : 0;
    found.visited += explanation.visited;
    found.plain_visited += Explain(store, plain).visited;
  }
  return found;
}

// Searches far away from everything, until the navigator has had enough of them.
void Drift(VectorStore* store) {
  const std::vector<float> far(kDimension, 50.0f);
  for (uint32_t i = 0; i <= Navigator::kJudgedQueries; ++i) store->Ids({.vector = far, .with_metadata = false});
}

TEST("a navigator that is accepted leads searches, falls back, drifts, and is there again after opening") {
  VectorStore store(Config());
  const Vectors stored = MixedVectors(kStored, 5);
  store.PutAll(stored);
  store.WaitUntilLinked();
  NavigatorReport report;
  NavigatorReport again;
  EXPECT_OK(store.collection->TrainNavigator(store.engine.get(), With(100), &report));
  EXPECT_OK(store.collection->TrainNavigator(store.engine.get(), With(100), &again));
  EXPECT_EQ(report.model.Encode(), again.model.Encode());
  report = {};
  EXPECT_OK(store.collection->TrainNavigator(store.engine.get(), With(1000), &report));
  EXPECT(report.accepted);
  EXPECT_EQ(report.checks.size(), 3u);
  EXPECT_EQ(StateOf(store), NavigatorState::kNone);  // not before it is used

  // Where time matters, searches that take 970 ns or less beside 1000 are accepted, others refused.
  for (const uint64_t led_nanos : {uint64_t{970}, uint64_t{971}}) {
    constexpr uint64_t kTimed = 500;  // of each kind, one after the other
    uint64_t calls = 0;
    uint64_t nanos = 0;
    NavigatorTraining timed = With(2 * kTimed);
    timed.clock = [&] {
      const bool ends = calls % 2 == 1;
      const bool led = calls / 2 / kTimed % 2 == 1;
      ++calls;
      return nanos += !ends ? 7 : led ? led_nanos : 1000;
    };
    NavigatorReport judged;
    EXPECT_OK(store.collection->TrainNavigator(store.engine.get(), timed, &judged));
    EXPECT_EQ(judged.model.Encode(), report.model.Encode());
    EXPECT_EQ(judged.accepted, led_nanos == 970);
    const NavigatorCheck& time = judged.checks.back();
    EXPECT_EQ(std::string(time.name), "time");
    EXPECT_EQ(time.passed, judged.accepted);
    EXPECT(std::abs(time.measured - static_cast<double>(led_nanos) / 1000) < 1e-9 && std::abs(time.limit - 0.97) < 1e-9);
  }
  Store(&store, report);
  EXPECT_EQ(StateOf(store), NavigatorState::kActive);

  // In its field: as many are found, with fewer distances.
  const Vectors queries = MixedVectors(60, 9);
  const Found found = SearchAll(&store, queries);
  EXPECT(found.led >= 50);
  EXPECT(found.hits + 10 >= found.plain_hits);
  EXPECT(found.visited < found.plain_visited);

  // Not asked: another ef, more documents than it knows, all of them.
  EXPECT_EQ(Explain(&store, {.vector = queries[0], .ef = 96}).navigation, Navigation::kPlain);
  EXPECT_EQ(Explain(&store, {.vector = queries[0], .k = 11}).navigation, Navigation::kPlain);
  EXPECT_EQ(Explain(&store, {.vector = queries[0], .exact = true}).navigation, Navigation::kPlain);

  // Outside of its field: exactly what the graph finds by itself.
  {
    CollectionConfig plain = store.config;
    plain.learned_navigator = false;
    const auto other = Collection::Open(store.registry.get(), plain, nullptr);
    EXPECT_OK(other.status());
    for (const float far : {20.0f, 50.0f, -30.0f}) {
      const std::vector<float> query(kDimension, far);
      SearchExplanation explanation;
      const SearchRequest request{.vector = query, .explanation = &explanation};
      const auto snapshot = store.NewSnapshot();
      const std::vector<std::string> ids = VectorStore::IdsOf(store.Search(snapshot.get(), request));
      EXPECT_EQ(explanation.navigation, Navigation::kFellBack);
      explanation = {};
      std::vector<SearchResult> results;
      EXPECT_OK(other.value()->Search(snapshot.get(), request, &results));
      EXPECT_EQ(explanation.navigation, Navigation::kPlain);
      EXPECT(VectorStore::IdsOf(results) == ids);
    }
  }

  // What a view sees is what it sees.
  {
    const auto before = store.NewSnapshot();
    const std::string nearest = store.Ids({.vector = queries[1]}).at(0);
    EXPECT(store.Delete(nearest));
    EXPECT(!(std::ranges::count(store.Ids({.vector = queries[1]}), nearest) > 0));
    EXPECT_EQ(VectorStore::IdsOf(store.Search(before.get(), {.vector = queries[1]})).at(0), nearest);
    const auto transaction = store.Begin();
    EXPECT_OK(store.collection->Put(transaction.get(), "own", queries[1], "{}"));
    EXPECT_EQ(VectorStore::IdsOf(store.Search(transaction.get(), {.vector = queries[1]})).at(0), "own");
  }

  // Opened again; without the option nobody asks for it.
  store.Reopen();
  store.WaitUntilLinked();
  EXPECT_EQ(StateOf(store), NavigatorState::kActive);
  EXPECT_EQ(store.collection->index().navigator()->changes(), 1u);
  EXPECT(SearchAll(&store, queries).led >= 50);

  // Queries drift away: it is suspended, until it is trained again.
  Drift(&store);
  EXPECT_EQ(StateOf(store), NavigatorState::kSuspendedByQueries);
  EXPECT_EQ(Explain(&store, {.vector = queries[0]}).navigation, Navigation::kPlain);
  Store(&store, report);
  EXPECT_EQ(StateOf(store), NavigatorState::kActive);

  // So do vectors.
  for (size_t i = 0; i < kStored / 4 + 10;) {
    const auto deleting = store.Begin();
    for (const size_t end = i + 60; i < end; ++i) {
      bool existed = false;
      EXPECT_OK(store.collection->Delete(deleting.get(), "d" + std::to_string(i), &existed));
    }
    EXPECT_OK(deleting->Commit().status());
  }
  EXPECT_EQ(StateOf(store), NavigatorState::kSuspendedByChanges);
  store.Reopen();
  EXPECT_EQ(StateOf(store), NavigatorState::kSuspendedByChanges);

  // Refused or let go of, there is none.
  Store(&store, NavigatorReport{});
  EXPECT_EQ(StateOf(store), NavigatorState::kNone);
  store.Reopen();
  EXPECT_EQ(StateOf(store), NavigatorState::kNone);
}

}  // namespace
}  // namespace sochdb::navigator_test
