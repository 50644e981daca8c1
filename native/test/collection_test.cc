// Collections: documents, filters, and what transactions see of them.

#include "index/document/collection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "test/sim_env.h"
#include "test/vector_fixture.h"

namespace sochdb::collection_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;
using Ids = std::vector<std::string>;

CollectionConfig Config(uint32_t dimension, std::vector<std::string> indexed = {}, Metric metric = Metric::kEuclidean) {
  CollectionConfig config;
  config.id = {1, 2};
  config.dimension = dimension;
  config.metric = metric;
  for (std::string& path : indexed) {
    config.indexed.push_back({.number = static_cast<uint32_t>(config.indexed.size()), .path = std::move(path), .segments = {}});
  }
  return config;
}

MetadataFilter Filter(std::vector<EqualityTest> tests) {
  Result<MetadataFilter> filter = MetadataFilter::Compile(std::move(tests));
  EXPECT_OK(filter.status());
  return std::move(filter).value();
}

Document GetOrFail(const VectorStore& store, ReadView view, std::string_view id) {
  Document document;
  bool found = false;
  EXPECT_OK(store.collection->Get(view, id, &document, &found));
  EXPECT(found);
  return document;
}

bool Exists(const VectorStore& store, ReadView view, std::string_view id) {
  Document document;
  bool found = false;
  EXPECT_OK(store.collection->Get(view, id, &document, &found));
  return found;
}

uint64_t CountOf(const VectorStore& store, ReadView view, const MetadataFilter* filter = nullptr) {
  const Result<uint64_t> count = store.collection->Count(view, filter, nullptr);
  EXPECT_OK(count.status());
  return count.ok() ? count.value() : 0;
}

// --- documents

TEST("a document comes back as it was put, replaced by a second put, gone after a delete") {
  VectorStore store(Config(3));
  store.Put("a", {1, 2, 3}, R"({"t":"x"})");
  store.Put("b", {3, 2, 1});
  const auto before = store.NewSnapshot();
  store.Put("a", {4, 5, 6}, R"({"t":"y"})");
  const auto after = store.NewSnapshot();
  EXPECT(GetOrFail(store, before.get(), "a").vector == (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(GetOrFail(store, before.get(), "a").metadata, R"({"t":"x"})");
  EXPECT(GetOrFail(store, after.get(), "a").vector == (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(GetOrFail(store, after.get(), "b").metadata, "{}");
  EXPECT_EQ(CountOf(store, after.get()), 2u);
  EXPECT(store.Delete("a"));
  EXPECT(!store.Delete("a"));
  const auto last = store.NewSnapshot();
  EXPECT(!Exists(store, last.get(), "a"));
  EXPECT_EQ(CountOf(store, last.get()), 1u);
  EXPECT_EQ(CountOf(store, before.get()), 2u);
}

TEST("every version has an ordinal of its own, in commit order, over restarts") {
  VectorStore store(Config(1));
  store.Put("a", {1});
  store.Put("b", {2});
  store.Put("a", {1}, R"({"again":true})");
  const auto snapshot = store.NewSnapshot();
  EXPECT_EQ(GetOrFail(store, snapshot.get(), "b").ordinal, 2u);
  EXPECT_EQ(GetOrFail(store, snapshot.get(), "a").ordinal, 3u);
  const std::vector<float> query = {1};
  EXPECT_EQ(store.Search(snapshot.get(), {.vector = query, .k = 1}).front().document.ordinal, 3u);
}

TEST("the ordinals go on after a restart") {
  VectorStore store(Config(1));
  store.Put("a", {1});
  store.Delete("a");
  store.Reopen();
  store.Put("b", {2});
  const auto snapshot = store.NewSnapshot();
  EXPECT_EQ(GetOrFail(store, snapshot.get(), "b").ordinal, 2u);
}

TEST("bad input is refused with what was expected, and leaves no trace in the transaction") {
  VectorStore store(Config(2, {"t"}));
  const auto transaction = store.Begin();
  const std::vector<float> good = {1, 2};
  const std::vector<float> wrong = {1, 2, 3};
  const std::vector<float> nan = {1, std::numeric_limits<float>::quiet_NaN()};
  const std::string huge(2 << 20, ' ');
  const std::string deep = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  const auto refused = [&](std::string_view id, const std::vector<float>& vector, std::string_view metadata) {
    const Status status = store.collection->Put(transaction.get(), id, vector, metadata);
    return status.code() == Code::kInvalidArgument && !status.message().empty();
  };
  EXPECT(refused("a", wrong, "{}"));
  EXPECT(refused("a", nan, "{}"));
  EXPECT(refused("", good, "{}"));
  EXPECT(refused(std::string(5000, 'i'), good, "{}"));
  EXPECT(refused("a", good, "[1]"));
  EXPECT(refused("a", good, "{\"t\":1"));
  EXPECT(refused("a", good, "{\"t\":\"\xff\"}"));
  EXPECT(refused("a", good, deep));
  EXPECT(refused("a", good, "{\"t\":1" + huge + "}"));
  EXPECT(!transaction->HasOwnWrites(TreeId::kVectors, "", ""));
  EXPECT(!transaction->HasOwnWrites(TreeId::kMetadata, "", ""));
  EXPECT_OK(store.collection->Put(transaction.get(), "a", good, "{\"t\":1}"));
  EXPECT_OK(transaction->Commit().status());

  std::vector<SearchResult> results;
  const auto snapshot = store.NewSnapshot();
  EXPECT(store.collection->Search(snapshot.get(), {.vector = wrong}, &results).code() == Code::kInvalidArgument);
  EXPECT(store.collection->Search(snapshot.get(), {.vector = nan}, &results).code() == Code::kInvalidArgument);
  EXPECT(store.collection->Search(snapshot.get(), {.vector = good, .k = kMaxK + 1}, &results).code() == Code::kInvalidArgument);
  EXPECT_OK(store.collection->Search(snapshot.get(), {.vector = good, .k = 0}, &results));
  EXPECT(results.empty());
}

TEST("a list is in order of ids, goes on after one, and takes a filter and a limit") {
  VectorStore store(Config(1));
  for (const char* id : {"c", "a", "b", "aa"}) store.Put(id, {1}, id[0] == 'a' ? R"({"x":1})" : "{}");
  const auto snapshot = store.NewSnapshot();
  const auto list = [&](const ListRequest& request) {
    std::vector<Document> documents;
    EXPECT_OK(store.collection->List(snapshot.get(), request, &documents));
    Ids ids;
    for (const Document& document : documents) ids.push_back(document.id);
    return ids;
  };
  const MetadataFilter filter = Filter({{"x", JsonScalar::Number(1)}});
  EXPECT(list({}) == (Ids{"a", "aa", "b", "c"}));
  EXPECT(list({.after = "a", .limit = 2}) == (Ids{"aa", "b"}));
  EXPECT(list({.filter = &filter}) == (Ids{"a", "aa"}));
  EXPECT_EQ(CountOf(store, snapshot.get(), &filter), 2u);
}

TEST("collections and namespaces do not see each other") {
  VectorStore store(Config(1));
  store.Put("a", {1});
  CollectionConfig other = store.config;
  const std::vector<float> query = {1};
  for (const CollectionId id : {CollectionId{1, 3}, CollectionId{2, 2}, CollectionId{0, 2}}) {
    other.id = id;
    const auto collection = Collection::Open(store.registry.get(), other, nullptr);
    EXPECT_OK(collection.status());
    std::vector<SearchResult> results;
    const auto snapshot = store.NewSnapshot();
    EXPECT_OK(collection.value()->Search(snapshot.get(), {.vector = query}, &results));
    EXPECT(results.empty());
  }
}

// --- results

TEST("results carry score and distance of the metric, ties are in order of ids, minScore cuts") {
  VectorStore store(Config(2, {}, Metric::kCosine));
  store.Put("same2", {2, 0});
  store.Put("same1", {1, 0});
  store.Put("zero", {0, 0});
  store.Put("across", {0, 3});
  store.Put("against", {-1, 0});
  const std::vector<float> query = {5, 0};
  const auto snapshot = store.NewSnapshot();
  const auto results = store.Search(snapshot.get(), {.vector = query, .k = 10});
  EXPECT(VectorStore::IdsOf(results) == (Ids{"same1", "same2", "across", "zero", "against"}));
  EXPECT_EQ(results[0].score, 1.0);
  EXPECT_EQ(results[0].distance, 0.0);
  EXPECT_EQ(results[3].score, 0.0);
  EXPECT_EQ(results[4].score, -1.0);
  EXPECT_EQ(results[4].distance, 2.0);
  EXPECT_EQ(store.Ids({.vector = query, .k = 10, .min_score = 0.0}).size(), size_t{4});
  EXPECT_EQ(store.Ids({.vector = query, .k = 10, .min_score = 0.5}).size(), size_t{2});
  const auto with_vectors =
      store.Search(snapshot.get(), {.vector = query, .k = 1, .with_metadata = false, .with_vectors = true});
  EXPECT(with_vectors[0].document.vector == (std::vector<float>{1, 0}));
  EXPECT(with_vectors[0].document.metadata.empty());
}

// --- transactions

TEST("a search in a transaction sees its own puts and deletes, and forgets what is rolled back") {
  VectorStore store(Config(1, {"t"}));
  store.Put("a", {1}, R"({"t":1})");
  store.Put("b", {2}, R"({"t":1})");
  store.Put("c", {3}, R"({"t":2})");
  const auto transaction = store.Begin();
  bool existed = false;
  EXPECT_OK(store.collection->Delete(transaction.get(), "a", &existed));
  EXPECT(existed);
  EXPECT_OK(store.collection->Put(transaction.get(), "b", std::vector<float>{9}, R"({"t":2})"));
  const SavepointId savepoint = transaction->SetSavepoint();
  EXPECT_OK(store.collection->Put(transaction.get(), "d", std::vector<float>{0.5}, R"({"t":1})"));
  const std::vector<float> query = {0};
  const MetadataFilter one = Filter({{"t", JsonScalar::Number(1)}});
  const MetadataFilter two = Filter({{"t", JsonScalar::Number(2)}});
  const auto ids = [&](const MetadataFilter* filter) {
    return VectorStore::IdsOf(store.Search(transaction.get(), {.vector = query, .filter = filter}));
  };
  EXPECT(ids(nullptr) == (Ids{"d", "c", "b"}));
  EXPECT(ids(&one) == (Ids{"d"}));
  EXPECT(ids(&two) == (Ids{"c", "b"}));
  EXPECT_EQ(CountOf(store, transaction.get()), 3u);
  EXPECT_OK(transaction->RollbackTo(savepoint));
  EXPECT(ids(nullptr) == (Ids{"c", "b"}));
  EXPECT_EQ(CountOf(store, transaction.get()), 2u);
  EXPECT(store.Ids({.vector = query}) == (Ids{"a", "b", "c"}));
  EXPECT_OK(transaction->Commit().status());
  EXPECT(store.Ids({.vector = query}) == (Ids{"c", "b"}));
}

TEST("deleting what this transaction put, and putting what it deleted") {
  VectorStore store(Config(1, {"t"}));
  store.Put("a", {1}, R"({"t":1})");
  const auto transaction = store.Begin();
  bool existed = false;
  EXPECT_OK(store.collection->Delete(transaction.get(), "a", &existed));
  EXPECT_OK(store.collection->Put(transaction.get(), "a", std::vector<float>{2}, R"({"t":3})"));
  EXPECT_OK(store.collection->Put(transaction.get(), "b", std::vector<float>{3}, R"({"t":3})"));
  EXPECT_OK(store.collection->Delete(transaction.get(), "b", &existed));
  EXPECT(existed);
  EXPECT_OK(store.collection->Delete(transaction.get(), "b", &existed));
  EXPECT(!existed);
  EXPECT_EQ(CountOf(store, transaction.get()), 1u);
  EXPECT_OK(transaction->Commit().status());
  const std::vector<float> query = {0};
  const MetadataFilter one = Filter({{"t", JsonScalar::Number(1)}});
  const MetadataFilter three = Filter({{"t", JsonScalar::Number(3)}});
  EXPECT(store.Ids({.vector = query, .filter = &three}) == (Ids{"a"}));
  EXPECT(store.Ids({.vector = query, .filter = &one}).empty());
}

TEST("a serializable transaction that searched conflicts with a commit to the collection; one that only read does not") {
  VectorStore store(Config(1));
  store.Put("a", {1});
  const std::vector<float> query = {0};
  const auto searcher = store.Begin();
  const auto reader = store.Begin();
  EXPECT_EQ(store.Search(searcher.get(), {.vector = query}).size(), size_t{1});
  EXPECT_EQ(store.Search(reader.get(), {.vector = query}).size(), size_t{1});
  store.Put("phantom", {0.5});
  EXPECT_EQ(store.Search(searcher.get(), {.vector = query}).size(), size_t{1});
  EXPECT_OK(searcher->Put(TreeId::kKeys, std::string("\0\0\0\1k", 5), "v"));
  EXPECT(searcher->Commit().status().code() == Code::kConflict);
  EXPECT_OK(reader->Commit().status());
}

TEST("a count conflicts likewise; at snapshot level neither does") {
  VectorStore store(Config(1));
  const std::vector<float> query = {0};
  const auto counting = store.Begin();
  const auto relaxed = store.Begin(IsolationLevel::kSnapshot);
  EXPECT_EQ(CountOf(store, counting.get()), 0u);
  EXPECT(store.Search(relaxed.get(), {.vector = query}).empty());
  store.Put("phantom", {0.5});
  const std::string key("\0\0\0\1k", 5);
  EXPECT_OK(counting->Put(TreeId::kKeys, key, "v"));
  EXPECT_OK(relaxed->Put(TreeId::kKeys, key + "2", "v"));
  EXPECT(counting->Commit().status().code() == Code::kConflict);
  EXPECT_OK(relaxed->Commit().status());
}

TEST("a readCommitted transaction searches at a snapshot of its own each time") {
  VectorStore store(Config(1));
  store.Put("a", {1});
  const std::vector<float> query = {0};
  const auto transaction = store.Begin(IsolationLevel::kReadCommitted);
  EXPECT_EQ(store.Search(transaction.get(), {.vector = query}).size(), size_t{1});
  store.Put("b", {2});
  EXPECT_EQ(store.Search(transaction.get(), {.vector = query}).size(), size_t{2});
  store.Delete("a");
  EXPECT(VectorStore::IdsOf(store.Search(transaction.get(), {.vector = query})) == (Ids{"b"}));
}

TEST("two readCommitted transactions that change one document's fields leave no entry behind") {
  VectorStore store(Config(1, {"t"}));
  store.Put("a", {1}, R"({"t":1})");
  const auto first = store.Begin(IsolationLevel::kReadCommitted);
  EXPECT_OK(store.collection->Put(first.get(), "a", std::vector<float>{1}, R"({"t":2})"));
  store.Put("a", {1}, R"({"t":3})");
  EXPECT(first->Commit().status().code() == Code::kConflict);
  const std::vector<float> query = {0};
  for (const double t : {1.0, 2.0}) {
    const MetadataFilter filter = Filter({{"t", JsonScalar::Number(t)}});
    EXPECT(store.Ids({.vector = query, .filter = &filter}).empty());
  }
}

TEST("an expired document is in no answer of a snapshot that began later, and in those of earlier ones") {
  VectorStore store(Config(1, {"t"}), 1, std::make_unique<SimEnv>(test::Seed()));
  const uint64_t soon = store.env->NowMillis() + 10'000;
  const auto transaction = store.Begin();
  EXPECT_OK(store.collection->Put(transaction.get(), "brief", std::vector<float>{1}, R"({"t":1})", soon));
  EXPECT_OK(store.collection->Put(transaction.get(), "lasting", std::vector<float>{2}, R"({"t":1})"));
  EXPECT_OK(transaction->Commit().status());
  const auto before = store.NewSnapshot();
  store.env->SleepMicros(20'000'000);
  const auto after = store.NewSnapshot();
  const std::vector<float> query = {0};
  const MetadataFilter filter = Filter({{"t", JsonScalar::Number(1)}});
  for (const MetadataFilter* each : {static_cast<const MetadataFilter*>(nullptr), &filter}) {
    for (int again = 0; again < 2; ++again) {
      EXPECT(VectorStore::IdsOf(store.Search(after.get(), {.vector = query, .filter = each})) == (Ids{"lasting"}));
      EXPECT(VectorStore::IdsOf(store.Search(before.get(), {.vector = query, .filter = each})) == (Ids{"brief", "lasting"}));
    }
    EXPECT_EQ(CountOf(store, before.get(), each), 2u);
    EXPECT_EQ(CountOf(store, after.get(), each), 1u);
  }
  EXPECT(Exists(store, before.get(), "brief"));
  EXPECT(!Exists(store, after.get(), "brief"));
  EXPECT(!store.Delete("brief"));
}

// --- filters

struct FilterCase {
  EqualityTest test;
  Ids expected;
};

std::vector<FilterCase> FilterCases() {
  const std::string long_text(1000, 'x');
  return {
      {{"kind", JsonScalar::String("word")}, {"1", "2"}},
      {{"kind", JsonScalar::Null()}, {"3"}},
      {{"kind", JsonScalar::Boolean(true)}, {"5"}},
      {{"n", JsonScalar::Number(1)}, {"1", "2"}},
      {{"n", JsonScalar::Number(0)}, {"4"}},
      {{"n", JsonScalar::String("1")}, {"3"}},
      {{"tags", JsonScalar::String("red")}, {"1", "3"}},
      {{"tags", JsonScalar::String("gr\xc3\xbcn")}, {"3"}},
      {{"a.b", JsonScalar::Number(7)}, {"1", "2"}},
      {{"a.b", JsonScalar::Number(8)}, {"2"}},
      {{"text", JsonScalar::String(long_text)}, {"5"}},
      {{"text", JsonScalar::String("nul\0l" + std::string(1, '\0'))}, {}},
      {{"missing", JsonScalar::Null()}, {}},
  };
}

void PutFilterDocuments(VectorStore* store) {
  store->Put("1", {1}, R"({"kind":"word","n":1,"tags":["red","blue"],"a":{"b":7}})");
  store->Put("2", {2}, R"({"kind":["word","phrase"],"n":1.0,"tags":[],"a":[{"b":7},{"b":8}]})");
  store->Put("3", {3}, R"({"kind":null,"n":"1","tags":["gr\u00fcn","red"],"a":{"c":7}})");
  store->Put("4", {4}, R"({"n":-0,"tags":[["red"]],"a.b":7})");
  store->Put("5", {5}, R"({"kind":true,"n":10e-1000,"text":")" + std::string(1000, 'x') + R"("})");
}

TEST("a filter means the same with and without declared fields, in searches and counts") {
  for (const bool declared : {false, true}) {
    VectorStore store(Config(1, declared ? Ids{"kind", "n", "tags", "a.b", "text", "missing"} : Ids{}));
    PutFilterDocuments(&store);
    const std::vector<float> query = {0};
    const auto snapshot = store.NewSnapshot();
    for (const FilterCase& each : FilterCases()) {
      const MetadataFilter filter = Filter({each.test});
      Ids expected = each.expected;
      if (each.test.path == "n" && each.test.value == JsonScalar::Number(0)) expected.push_back("5");
      const Ids found = VectorStore::IdsOf(store.Search(snapshot.get(), {.vector = query, .filter = &filter}));
      if (found != expected) test::Fail(__FILE__, __LINE__, "filter on " + each.test.path);
      EXPECT_EQ(CountOf(store, snapshot.get(), &filter), expected.size());
    }
    const MetadataFilter both = Filter({{"kind", JsonScalar::String("word")}, {"tags", JsonScalar::String("red")}});
    EXPECT(store.Ids({.vector = query, .filter = &both}) == (Ids{"1"}));
  }
}

TEST("paths and numbers that mean nothing are refused") {
  for (const char* path : {"", ".", "a.", ".a", "a..b"}) {
    EXPECT(MetadataFilter::Compile({{path, JsonScalar::Null()}}).status().code() == Code::kInvalidArgument);
  }
  const JsonScalar nan = JsonScalar::Number(std::nan(""));
  EXPECT(MetadataFilter::Compile({{"a", nan}}).status().code() == Code::kInvalidArgument);
  EXPECT(!MetadataFilter::Compile(std::vector<EqualityTest>(1025, {"a", JsonScalar::Null()})).ok());
}

TEST("a filter follows updates and deletes, and old snapshots keep their answer") {
  VectorStore store(Config(1, {"t"}));
  store.Put("a", {1}, R"({"t":1})");
  store.Put("b", {2}, R"({"t":1})");
  const std::vector<float> query = {0};
  const MetadataFilter one = Filter({{"t", JsonScalar::Number(1)}});
  const MetadataFilter two = Filter({{"t", JsonScalar::Number(2)}});
  EXPECT(store.Ids({.vector = query, .filter = &one}) == (Ids{"a", "b"}));
  const auto before = store.NewSnapshot();
  store.Put("a", {1}, R"({"t":2})");
  EXPECT(store.Ids({.vector = query, .filter = &one}) == (Ids{"b"}));
  EXPECT(store.Ids({.vector = query, .filter = &two}) == (Ids{"a"}));
  EXPECT(VectorStore::IdsOf(store.Search(before.get(), {.vector = query, .filter = &one})) == (Ids{"a", "b"}));
  store.Delete("b");
  store.Put("a", {7}, R"({"t":2})");
  EXPECT(store.Ids({.vector = query, .filter = &one}).empty());
  EXPECT(store.Ids({.vector = query, .filter = &two}) == (Ids{"a"}));
  EXPECT(VectorStore::IdsOf(store.Search(before.get(), {.vector = query, .filter = &one})) == (Ids{"a", "b"}));
  EXPECT(VectorStore::IdsOf(store.Search(before.get(), {.vector = query, .filter = &two})).empty());
}

// Documents of which every n-th has {"every":{"n":true}}, and those far from the query {"far":true}.
struct SelectiveStore {
  SelectiveStore(bool declared, size_t count)
      : source(ClusteredVectors(count, 8, 30, test::Seed())),
        store(Config(8, declared ? Ids{"every.2", "every.10", "every.100", "every.1000", "far"} : Ids{})) {
    const std::vector<float>& query = source[0];
    const auto transaction = store.Begin();
    for (size_t i = 0; i < count; ++i) {
      std::string metadata = "{\"every\":{";
      for (const size_t n : {2u, 10u, 100u, 1000u}) {
        if (i % n == 0) metadata += "\"" + std::to_string(n) + "\":true,";
      }
      if (metadata.back() == ',') metadata.pop_back();
      const double away = SquaredDistance(query, source[i]);
      metadata += away > 60 ? "},\"far\":true}" : "}}";
      EXPECT_OK(store.collection->Put(transaction.get(), "d" + std::to_string(i), source[i], metadata));
    }
    EXPECT_OK(transaction->Commit().status());
    store.WaitUntilLinked();
  }
  static double SquaredDistance(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    return sum;
  }

  Vectors source;
  VectorStore store;
};

TEST("a filtered search is never short and finds nearly all of the right ones, however selective the filter") {
  for (const bool declared : {true, false}) {
    const size_t count = test::kSanitizer == test::Sanitizer::kNone ? 12000 : 5000;
    SelectiveStore selective(declared, declared ? count : 5000);
    const auto snapshot = selective.store.NewSnapshot();
    for (const char* path : {"every.2", "every.10", "every.100", "every.1000", "far"}) {
      const MetadataFilter filter = Filter({{path, JsonScalar::Boolean(true)}});
      const uint64_t matching = CountOf(selective.store, snapshot.get(), &filter);
      size_t hits = 0;
      size_t wanted = 0;
      for (size_t i = 0; i < 20; ++i) {
        const SearchRequest request{.vector = selective.source[i * 3], .k = 10, .ef = 100, .filter = &filter};
        SearchRequest exact = request;
        exact.exact = true;
        const Ids found = VectorStore::IdsOf(selective.store.Search(snapshot.get(), request));
        const Ids right = VectorStore::IdsOf(selective.store.Search(snapshot.get(), exact));
        EXPECT_EQ(found.size(), std::min<uint64_t>(10, matching));
        EXPECT_EQ(right.size(), found.size());
        for (const std::string& id : found) hits += static_cast<size_t>(std::count(right.begin(), right.end(), id));
        wanted += right.size();
      }
      const double recall = static_cast<double>(hits) / static_cast<double>(wanted);
      if (recall < 0.95) test::Fail(__FILE__, __LINE__, std::string(path) + ": recall " + std::to_string(recall));
    }
  }
}

// --- JSON

TEST("the JSON reader accepts what RFC 8259 does, and nothing else") {
  for (const char* good : {"{}", "[]", " [1 , 2.5e-3,-0] ", R"({"a":{"b":[true,false,null]}})", R"("\ud83d\ude00\n")", "0",
                           R"({"":""})", "[[],{}]"}) {
    EXPECT_OK(CheckJson(good, false));
  }
  for (const char* bad :
       {"",    " ",     "{",   "}",  "[1,]",      "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",  "{a:1}",  "01",
        "1.",  ".5",    "-",   "1e", "+1",        "nul",  "nulls",   "\"\\x\"",  "\"\\u12g4\"", "\"",     "\"\t\"",
        "1 2", "[1 2]", "[1}", "{]", "{\"a\":1]", "'a'",  "// c\n1", "NaN",      "\"\\",        "\"\\u12"}) {
    if (CheckJson(bad, false).ok()) test::Fail(__FILE__, __LINE__, std::string("accepted ") + bad);
  }
  EXPECT(!CheckJson("[]", true).ok());
  EXPECT_OK(CheckJson(std::string(64, '[') + std::string(64, ']'), false));
  EXPECT(!CheckJson(std::string(65, '[') + std::string(65, ']'), false).ok());
}

TEST("escapes mean what they say") {
  JsonReader reader(R"("\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\ud800x")");
  EXPECT(reader.Next() == JsonToken::kString);
  EXPECT_EQ(reader.Text(), "\xc3\xa9\xf0\x9f\x98\x80\"\\/\b\f\n\r\t\xed\xa0\x80x");
  EXPECT(reader.TextEquals(reader.Text()));
}

}  // namespace
}  // namespace sochdb::collection_test
