// Filters on metadata: what they mean, how they are read, how sets of documents are made of them and kept.

#include "index/document/metadata_filter.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "index/document/filter_set.h"
#include "index/document/metadata_entries.h"
#include "index/vector/filter_cache.h"
#include "test/vector_fixture.h"

namespace sochdb::metadata_filter_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;
using Ids = std::vector<std::string>;

CollectionConfig Config(uint32_t dimension, std::vector<std::string> indexed) {
  CollectionConfig config;
  config.id = {3, 4};
  config.dimension = dimension;
  config.metric = Metric::kEuclidean;
  for (std::string& path : indexed) {
    config.indexed.push_back({.number = static_cast<uint32_t>(config.indexed.size()), .path = std::move(path), .segments = {}});
  }
  return config;
}

MetadataFilter Parse(std::string_view json) {
  Result<MetadataFilter> filter = MetadataFilter::Parse(json);
  EXPECT_OK(filter.status());
  return std::move(filter).value();
}

// --- what filters mean

struct Case {
  std::string json;
  Ids expected;
};

const std::vector<std::pair<std::string, std::string>>& Documents() {
  static const std::string long_text(300, 'x');
  static const std::vector<std::pair<std::string, std::string>> documents = {
      {"1", R"({"n":1,"s":"apple","tags":["red","blue"],"a":{"b":7}})"},
      {"2", R"({"n":2.5,"s":"banana","tags":[],"a":[{"b":7},{"b":9},5]})"},
      {"3", R"({"n":"1","s":null,"tags":"red","a":{}})"},
      {"4", R"({"n":-0.0,"s":")" + long_text + R"(","tags":[["red"]]})"},
      {"5", R"({"n":[1,10],"s":["gr\u00fcn","\u0000"],"a":{"b":[1,"7"]}})"},
      {"6", R"({"s":")" + long_text + R"(y"})"},
  };
  return documents;
}

std::vector<Case> Cases() {
  const std::string long_text(300, 'x');
  return {
      {R"(["and"])", {"1", "2", "3", "4", "5", "6"}},
      {R"(["or"])", {}},
      {R"(["gt","n",1])", {"2", "5"}},
      {R"(["gte","n",1])", {"1", "2", "5"}},
      {R"(["lt","n",1])", {"4"}},
      {R"(["lte","n",0])", {"4"}},
      {R"(["gte","n","0"])", {"3"}},
      {R"(["and",["gt","n",1],["lt","n",10]])", {"2", "5"}},
      {R"(["and",["lt","n",2],["gt","n",5]])", {"5"}},  // each by another element
      {R"(["not",["eq","n",1]])", {"2", "3", "4", "6"}},
      {R"(["not",["in","n",1,"1",0]])", {"2", "6"}},
      {R"(["in","n"])", {}},
      {R"(["in","n",10,-0])", {"4", "5"}},
      {R"(["in","s",null,"apple",")" + long_text + R"("])", {"1", "3", "4"}},
      {R"(["exists","a"])", {"1", "2", "3", "5"}},
      {R"(["exists","a.b"])", {"1", "2", "5"}},
      {R"(["not",["exists","tags"]])", {"5", "6"}},
      {R"(["contains","s","an"])", {"2"}},
      {R"(["contains","s","xy"])", {"6"}},
      {R"(["startsWith","s","xxx"])", {"4", "6"}},
      {R"(["startsWith","s","\u0000"])", {"5"}},
      {R"(["startsWith","s",""])", {"1", "2", "4", "5", "6"}},
      {R"(["endsWith","s","e"])", {"1"}},
      {R"(["endsWith","s","y"])", {"6"}},
      {R"(["gt","s",")" + long_text + R"("])", {"6"}},
      {R"(["gte","s",")" + long_text + R"("])", {"4", "6"}},
      {R"(["lt","s",")" + std::string(299, 'x') + R"("])", {"1", "2", "5"}},
      {R"(["lte","s","banana"])", {"1", "2", "5"}},
      {R"(["gt","a.b",7])", {"2"}},
      {R"(["eq","a.b","7"])", {"5"}},
      {R"(["or",["eq","tags","red"],["not",["gte","n",-1]]])", {"1", "3", "6"}},
      {R"(["not",["or",["exists","a"],["lt","n",1]]])", {"6"}},
      {R"(["not",["and",["exists","a"],["exists","n"]]])", {"4", "6"}},
  };
}

TEST("a filter admits what it says, of fields that are declared, not declared, and some of both") {
  for (const Ids& indexed : {Ids{}, Ids{"n", "s", "tags", "a", "a.b"}, Ids{"s", "a"}, Ids{"n", "a.b"}}) {
    VectorStore store(Config(1, indexed));
    for (const auto& [id, metadata] : Documents()) store.Put(id, {1}, metadata);
    const auto snapshot = store.NewSnapshot();
    const std::vector<float> query = {0};
    for (int again = 0; again < 2; ++again) {  // the second time from what is kept
      for (const Case& each : Cases()) {
        const MetadataFilter filter = Parse(each.json);
        const Result<uint64_t> count = store.collection->Count(snapshot.get(), &filter, nullptr);
        std::vector<Document> documents;
        EXPECT_OK(store.collection->List(snapshot.get(), {.filter = &filter}, &documents));
        Ids listed;
        for (const Document& document : documents) listed.push_back(document.id);
        const Ids found = VectorStore::IdsOf(store.Search(snapshot.get(), {.vector = query, .filter = &filter}));
        const bool same =
            count.ok() && count.value() == each.expected.size() && listed == each.expected && found == each.expected;
        if (!same) test::Fail(__FILE__, __LINE__, each.json + " of " + std::to_string(indexed.size()) + " declared fields");
      }
    }
  }
}

TEST("text that is no filter is refused") {
  std::string deep = R"(["eq","a",1])";
  for (int i = 0; i < 64; ++i) deep = R"(["not",)" + deep + "]";
  const std::string many = R"(["in","a")" + [] {
    std::string values;
    for (size_t i = 0; i <= MetadataFilter::kMaxValues; ++i) values += "," + std::to_string(i);
    return values;
  }() + "]";
  for (const std::string& bad : {std::string(),
                                 std::string("{}"),
                                 std::string("[]"),
                                 std::string("[1]"),
                                 std::string(R"(["nor"])"),
                                 std::string(R"(["not"])"),
                                 std::string(R"(["not",["and"],["and"]])"),
                                 std::string(R"(["eq","a"])"),
                                 std::string(R"(["eq","a",1,2])"),
                                 std::string(R"(["eq",1,2])"),
                                 std::string(R"(["eq","a",[1]])"),
                                 std::string(R"(["gt","a",true])"),
                                 std::string(R"(["contains","a",1])"),
                                 std::string(R"(["exists","a",1])"),
                                 std::string(R"(["eq","a..b",1])"),
                                 std::string(R"(["eq","",1])"),
                                 std::string(R"(["eq","a",1e999])"),
                                 std::string(R"(["and"]])"),
                                 std::string(R"(["and",1])"),
                                 deep,
                                 many}) {
    const Status status = MetadataFilter::Parse(bad).status();
    if (status.code() != Code::kInvalidArgument) test::Fail(__FILE__, __LINE__, bad.substr(0, 60));
  }
  EXPECT(!MetadataFilter::Parse(std::string(MetadataFilter::kMaxBytes + 1, ' ')).ok());
}

// --- entries

TEST("documents have an entry for each scalar, and marks for what entries cannot say") {
  CollectionConfig config = Config(1, {"s", "o"});
  MetadataPaths paths;
  for (size_t i = 0; i < config.indexed.size(); ++i) {
    paths.Add(std::vector<std::string>{config.indexed[i].path}, static_cast<uint32_t>(i));
  }
  const auto count = [&](std::string_view metadata) { return CollectMetadataEntries(config.indexed, paths, metadata).size(); };
  EXPECT_EQ(count("{}"), 0u);
  EXPECT_EQ(count(R"({"s":["a","a","b",null],"o":0})"), 4u);
  EXPECT_EQ(count(R"({"o":-0.0})"), 1u);
  EXPECT(CollectMetadataEntries(config.indexed, paths, R"({"o":-0.0})") ==
         CollectMetadataEntries(config.indexed, paths, R"({"o":0})"));
  EXPECT_EQ(count(R"({"o":{}})"), 1u);
  EXPECT_EQ(count(R"({"o":[[],{}]})"), 1u);
  EXPECT_EQ(count(R"({"o":[{},1]})"), 1u);
  EXPECT_EQ(count("{\"s\":[\"" + std::string(300, 'a') + "\",\"" + std::string(300, 'b') + "\"]}"), 1u);
}

// --- sets that are kept

std::shared_ptr<const DocumentSet> SetOf(std::initializer_list<uint32_t> documents) {
  auto set = std::make_shared<DocumentSet>();
  for (const uint32_t document : documents) set->Add(document);
  return set;
}

TEST("a set is good until what it depends on changes, and then up to the documents that changed") {
  MemEnv env;
  FilterCache cache(&env);
  const FilterCache::Key equal{.bytes = "equal", .field = 1, .entry = "one"};
  const FilterCache::Key range{.bytes = "range", .field = 1};
  const FilterCache::Key any{.bytes = "any"};
  for (const FilterCache::Key* key : {&equal, &range, &any}) cache.Keep(*key, 10, 100, SetOf({1, 2}));
  EXPECT(cache.Find(equal, 10, 100).set != nullptr);
  EXPECT(cache.Find(equal, 50, 200).changed.empty());
  EXPECT(cache.Find(equal, 5, 100).set != nullptr);  // nothing changed in between
  EXPECT(cache.Find(equal, 10, 99).set == nullptr);  // it lacks what had expired

  cache.NoteEntry(20, 1, "two", 7);
  cache.NoteDocument(20, 7);
  EXPECT(cache.Find(equal, 20, 100).changed.empty());
  EXPECT(cache.Find(range, 19, 100).changed.empty());
  EXPECT(cache.Find(range, 20, 100).changed == (std::vector<uint32_t>{7}));
  EXPECT(cache.Find(any, 20, 100).changed == (std::vector<uint32_t>{7}));
  cache.NoteEntry(30, 1, "one", 9);
  cache.NoteEntry(30, 1, "one", 3);
  cache.NoteEntry(31, 2, "one", 4);
  EXPECT(cache.Find(equal, 35, 100).changed == (std::vector<uint32_t>{3, 9}));
  EXPECT(cache.Find(range, 35, 100).changed == (std::vector<uint32_t>{3, 7, 9}));
  cache.Keep(range, 35, 100, SetOf({1}));
  EXPECT(cache.Find(range, 40, 100).changed.empty());
  EXPECT_EQ(cache.Find(range, 40, 100).set->count(), 1u);
  EXPECT_EQ(cache.Find(range, 10, 100).set->count(), 2u);  // the older one is still there
  EXPECT(cache.Find(range, 5, 100).set == nullptr);        // of which nothing says that it held then

  cache.NoteEntry(40, 1, "one", std::nullopt);  // of a document without a number
  EXPECT(cache.Find(range, 45, 100).set == nullptr);
  EXPECT(cache.Find(range, 39, 100).set == nullptr);
}

TEST("what is kept, and what is logged, has a limit") {
  MemEnv env;
  FilterCache cache(&env);
  const FilterCache::Key key{.bytes = "set", .field = 1};
  cache.Keep(key, 10, 100, SetOf({1}));
  for (uint32_t i = 0; i < FilterCache::kMostChanged; ++i) cache.NoteEntry(20, 1, "x", i % 5);
  EXPECT(cache.Find(key, 20, 100).changed.size() == 5);
  cache.NoteEntry(21, 1, "x", 6);
  EXPECT(cache.Find(key, 21, 100).set == nullptr);  // too many
  for (uint32_t i = 0; i < 2 * FilterCache::kMaxLogged; ++i) cache.NoteEntry(30, 2, "y", i);
  EXPECT(cache.memory_bytes() < FilterCache::kMaxLogged * 64);
  EXPECT(cache.Find({.bytes = "other", .field = 2}, 30, 100).set == nullptr);
  for (uint32_t i = 0; i < 3 * FilterCache::kMaxSets; ++i) {
    cache.Keep({.bytes = "many" + std::to_string(i), .field = 3}, 40, 100, SetOf({i * 1000}));
  }
  EXPECT(cache.memory_bytes() < FilterCache::kMaxBytes + FilterCache::kMaxLogged * 64);
  EXPECT(cache.Find({.bytes = "many0", .field = 3}, 40, 100).set == nullptr);
  EXPECT(cache.Find({.bytes = "many383", .field = 3}, 40, 100).set != nullptr);
  cache.Keep({.bytes = std::string(FilterCache::kMaxKeyBytes + 1, 'k')}, 40, 100, SetOf({1}));
  EXPECT(cache.Find({.bytes = std::string(FilterCache::kMaxKeyBytes + 1, 'k')}, 40, 100).set == nullptr);
}

// --- recall

// Documents in the order of their distance from a point, so that a range of them is near it or far away.
struct RankedStore {
  RankedStore(size_t count, size_t dimension)
      : source(ClusteredVectors(count, dimension, 100, test::Seed())),
        store(Config(static_cast<uint32_t>(dimension), {"rank", "random"})) {
    std::vector<std::pair<double, size_t>> order;
    for (size_t i = 0; i < count; ++i) {
      double sum = 0;
      for (size_t j = 0; j < dimension; ++j)
        sum += std::pow(static_cast<double>(source[i][j]) - static_cast<double>(source[0][j]), 2);
      order.emplace_back(sum, i);
    }
    std::sort(order.begin(), order.end());
    std::vector<size_t> rank_of(count);
    for (size_t rank = 0; rank < count; ++rank) rank_of[order[rank].second] = rank;
    std::mt19937_64 random(test::Seed());
    for (size_t i = 0; i < count;) {
      const auto transaction = store.Begin();
      for (const size_t end = std::min(count, i + 1000); i < end; ++i) {
        const std::string metadata =
            "{\"rank\":" + std::to_string(rank_of[i]) + ",\"random\":" + std::to_string(random() % count) + "}";
        EXPECT_OK(store.collection->Put(transaction.get(), "d" + std::to_string(i), source[i], metadata));
      }
      EXPECT_OK(transaction->Commit().status());
    }
    store.WaitUntilLinked();
  }

  void Expect(const std::string& json) {
    const MetadataFilter filter = Parse(json);
    const auto snapshot = store.NewSnapshot();
    const uint64_t matching = store.collection->Count(snapshot.get(), &filter, nullptr).value();
    size_t hits = 0;
    size_t wanted = 0;
    for (size_t q = 0; q < 20; ++q) {
      std::vector<float> query = source[0];  // near the point, each a little elsewhere
      for (size_t j = 0; j < query.size(); ++j) query[j] += 0.2f * source[q + 1][j];
      const SearchRequest request{.vector = query, .k = 10, .ef = 100, .filter = &filter};
      SearchRequest exact = request;
      exact.exact = true;
      const Ids found = VectorStore::IdsOf(store.Search(snapshot.get(), request));
      const Ids right = VectorStore::IdsOf(store.Search(snapshot.get(), exact));
      EXPECT_EQ(right.size(), std::min<uint64_t>(10, matching));
      EXPECT_EQ(found.size(), right.size());
      const std::set<std::string> of_found(found.begin(), found.end());
      for (const std::string& id : right) hits += of_found.count(id);
      wanted += right.size();
    }
    const double recall = wanted == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(wanted);
    if (recall < 0.98) test::Fail(__FILE__, __LINE__, json + ": recall " + std::to_string(recall));
  }

  Vectors source;
  VectorStore store;
};

TEST("a filtered search finds .98 of the right ones, whatever part passes and wherever it lies") {
  const size_t count = test::kSanitizer == test::Sanitizer::kNone ? 30'000 : 4'000;
  RankedStore ranked(count, 24);
  for (const size_t parts : {2u, 3u, 5u, 10u, 20u, 100u, 1000u, 10'000u}) {
    const std::string part = std::to_string(std::max<size_t>(1, count / parts));
    const std::string rest = std::to_string(count - std::max<size_t>(1, count / parts));
    ranked.Expect(R"(["lt","random",)" + part + "]");
    ranked.Expect(R"(["lt","rank",)" + part + "]");   // what the query looks for
    ranked.Expect(R"(["gte","rank",)" + rest + "]");  // what is farthest from it
  }
}

// Which part of the exact answer an index finds among some documents, and by which plan.
double RecallAmong(const VectorStore& store, const Vectors& queries, const DocumentSet* only, size_t ef,
                   std::set<SearchPlan>* plans) {
  const auto snapshot = store.engine->NewSnapshot();
  EXPECT_OK(snapshot.status());
  size_t hits = 0;
  size_t wanted = 0;
  for (const std::vector<float>& each : queries) {
    std::vector<float> prepared(PaddedDimension(each.size()));
    PrepareVector(store.config.metric, each.data(), each.size(), prepared.data());
    SearchReport report;
    VectorQuery query{.vector = prepared.data(),
                      .k = std::min<size_t>(10, ef),
                      .ef = ef,
                      .read_ts = snapshot.value()->read_ts(),
                      .now_ms = snapshot.value()->now_ms(),
                      .only = only,
                      .report = &report};
    std::vector<VectorHit> found;
    EXPECT_OK(store.collection->index().Search(query, &found));
    plans->insert(report.plan);
    query.exact = true;
    std::vector<VectorHit> right;
    EXPECT_OK(store.collection->index().Search(query, &right));
    EXPECT_EQ(found.size(), right.size());
    std::set<std::string_view> ids;
    for (const VectorHit& hit : found) ids.insert(hit.id);
    EXPECT_EQ(ids.size(), found.size());
    for (const VectorHit& hit : right) hits += ids.count(hit.id);
    wanted += right.size();
  }
  return static_cast<double>(hits) / static_cast<double>(wanted);
}

TEST("a search by the graph among a filter's documents finds as many of the right ones as one among all") {
  const bool plain = test::kSanitizer == test::Sanitizer::kNone;
  const size_t count = plain ? 20'000 : 5'000;
  const size_t ef = plain ? 10 : 2;  // so few that the documents are not scanned instead
  const RankedStore ranked(count, 24);
  const Vectors queries(ranked.source.begin(), ranked.source.begin() + 50);
  const VectorIndex& index = ranked.store.collection->index();
  std::set<SearchPlan> plans;
  const double of_all = RecallAmong(ranked.store, queries, nullptr, ef, &plans);
  EXPECT(plans == (std::set<SearchPlan>{SearchPlan::kGraph}));
  std::mt19937_64 random(test::Seed());
  for (const size_t part : {4u, 5u}) {
    DocumentSet some;
    for (size_t i = 0; i < count; ++i) {
      const std::optional<uint32_t> document = index.FindDocument("d" + std::to_string(i));
      EXPECT(document.has_value());
      if (random() % part == 0) some.Add(*document);
    }
    const double of_some = RecallAmong(ranked.store, queries, &some, ef, &plans);
    if (of_some < of_all - 0.01) {
      test::Fail(__FILE__, __LINE__, std::to_string(of_some) + " among some, " + std::to_string(of_all) + " among all");
    }
  }
  EXPECT(plans.count(SearchPlan::kPassing) == 1);
  // A quarter that lies elsewhere: noticed, and looked at in another way. (In a small collection nothing lies far away.)
  if (!plain) return;
  const MetadataFilter far = Parse(R"(["gte","rank",)" + std::to_string(count / 4 * 3) + "]");
  const auto snapshot = ranked.store.engine->NewSnapshot();
  FilterSet filter(ranked.store.config, index, snapshot.value().get(), nullptr);
  EXPECT_OK(filter.Read(far, true));
  EXPECT(!filter.has_rest());
  const Vectors near(1, ranked.source[0]);
  EXPECT(RecallAmong(ranked.store, near, filter.set(), ef, &plans) >= 0.98);
}

TEST("the slots of a filter's documents are kept with them until a commit changes the index, for snapshots that see the same") {
  RankedStore ranked(200, 8);
  VectorStore& store = ranked.store;
  const VectorIndex& index = store.collection->index();
  DocumentSet some;
  for (size_t i = 0; i < 100; ++i) some.Add(index.FindDocument("d" + std::to_string(i)).value());
  std::vector<float> prepared(PaddedDimension(ranked.source[0].size()));
  PrepareVector(store.config.metric, ranked.source[0].data(), ranked.source[0].size(), prepared.data());
  const auto nearest = [&](const Snapshot& snapshot) {
    const VectorQuery query{
        .vector = prepared.data(), .k = 1, .read_ts = snapshot.read_ts(), .now_ms = snapshot.now_ms(), .only = &some};
    std::vector<VectorHit> found;
    EXPECT_OK(index.Search(query, &found));
    return found.empty() ? std::string() : std::string(found[0].id);
  };
  const auto before = store.NewSnapshot();
  EXPECT_EQ(nearest(*before), "d0");
  EXPECT(some.listed().Kept() != nullptr);
  EXPECT_EQ(nearest(*before), "d0");
  store.Delete("d0");
  const auto deleted = store.NewSnapshot();
  EXPECT(nearest(*deleted) != "d0");
  EXPECT_EQ(nearest(*before), "d0");
  store.Put("d0", ranked.source[0]);
  const auto again = store.NewSnapshot();
  EXPECT_EQ(nearest(*again), "d0");
  EXPECT(nearest(*deleted) != "d0");
  const DocumentSet copy = some;
  EXPECT(copy.listed().Kept() == nullptr);
}

}  // namespace
}  // namespace sochdb::metadata_filter_test
