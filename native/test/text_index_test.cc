// The keyword index of collections, compared on every query with a plain computation over all documents.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "test/vector_fixture.h"

namespace sochdb::text_index_test {
namespace {

using test::VectorStore;

// Documents by id: the text of each field.
using Corpus = std::map<std::string, std::vector<std::string>>;
struct Scored {
  std::string id;
  double score;
  bool operator==(const Scored&) const = default;
};

CollectionConfig Config(std::vector<double> weights = {1}) {
  CollectionConfig config;
  config.id = {1, 2};
  config.dimension = 1;
  config.metric = Metric::kEuclidean;
  for (const double weight : weights) {
    const auto number = static_cast<uint32_t>(config.text.fields.size() + 1);
    config.text.fields.push_back({.number = number, .path = "t" + std::to_string(number), .weight = weight});
  }
  return config;
}

std::string MetadataOf(const std::vector<std::string>& texts) {
  std::string json = "{";
  for (size_t i = 0; i < texts.size(); ++i) {
    json += (i == 0 ? "\"t" : ",\"t") + std::to_string(i + 1) + "\":\"" + texts[i] + '"';
  }
  return json + '}';
}

std::vector<std::string> Split(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// BM25 as it is written down, over every document, of a query of plain words.
std::vector<Scored> Reference(const Corpus& corpus, const CollectionConfig& config, const std::string& query, size_t k) {
  std::vector<std::string> clauses;
  std::map<std::string, double> times;
  for (const std::string& word : Split(query)) {
    if (times[word]++ == 0) clauses.push_back(word);
  }
  std::map<std::string, double> scores;
  for (const std::string& word : clauses) {
    for (size_t field = 0; field < config.text.fields.size(); ++field) {
      double documents = 0;
      double words = 0;
      double with = 0;
      std::map<std::string, std::pair<double, double>> found;  // frequency, length
      for (const auto& [id, texts] : corpus) {
        const std::vector<std::string> split = Split(texts[field]);
        if (split.empty()) continue;
        ++documents;
        words += static_cast<double>(split.size());
        const auto frequency = static_cast<double>(std::count(split.begin(), split.end(), word));
        if (frequency == 0) continue;
        ++with;
        found[id] = {frequency, static_cast<double>(split.size())};
      }
      const double idf = std::log(1 + (documents - with + 0.5) / (with + 0.5));
      const double weight = idf * (config.text.fields[field].weight * times[word]);
      for (const auto& [id, posting] : found) {
        const auto [f, length] = posting;
        scores[id] += weight * (f * 2.2 / (f + 1.2 * (1 - 0.75 + 0.75 * length / (words / documents))));
      }
    }
  }
  std::vector<Scored> best;
  for (const auto& [id, score] : scores) best.push_back({id, score});
  std::stable_sort(best.begin(), best.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  if (best.size() > k) best.resize(k);
  return best;
}

size_t CountMatches(const Corpus& corpus, const std::string& query) {
  const std::vector<std::string> words = Split(query);
  return static_cast<size_t>(std::count_if(corpus.begin(), corpus.end(), [&](const auto& each) {
    return std::any_of(each.second.begin(), each.second.end(), [&](const std::string& text) {
      const std::vector<std::string> split = Split(text);
      return std::any_of(split.begin(), split.end(),
                         [&](const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); });
    });
  }));
}

std::vector<Scored> FoundBy(const VectorStore& store, ReadView view, const std::string& query, size_t k,
                            uint64_t* matches = nullptr) {
  TextRequest request;
  request.search.k = k;
  request.text = query;
  TextResults results;
  EXPECT_OK(store.collection->SearchText(view, request, &results));
  if (matches != nullptr) *matches = results.matches;
  std::vector<Scored> found;
  for (const SearchResult& hit : results.hits) found.push_back({hit.document.id, hit.score});
  return found;
}

bool SameUpToRounding(const std::vector<Scored>& actual, const std::vector<Scored>& expected) {
  if (actual.size() != expected.size()) return false;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::abs(actual[i].score - expected[i].score) > 1e-12 * expected[i].score) return false;
    if (actual[i].id == expected[i].id) continue;
    // Equal but for rounding, which the reference does in another order.
    const auto same = [&](const Scored& each) { return each.id == actual[i].id; };
    const auto other = std::find_if(expected.begin(), expected.end(), same);
    if (other == expected.end() || std::abs(other->score - expected[i].score) > 1e-12 * expected[i].score) return false;
  }
  return true;
}

class RandomTexts {
 public:
  explicit RandomTexts(uint64_t seed) : random_(seed) {}
  size_t Below(size_t n) { return random_() % n; }
  // Words of which the first are frequent, as in language.
  std::string Word() { return "w" + std::to_string(std::min({Below(40), Below(40), Below(40)})); }
  std::string Text(size_t most) {
    std::string text;
    for (size_t i = Below(most + 1); i > 0; --i) text += (text.empty() ? "" : " ") + Word();
    return text;
  }
  std::string Query() {
    std::string query = Word();
    for (size_t i = Below(4); i > 0; --i) query += ' ' + Word();
    return query;
  }
  std::vector<std::string> Document(size_t fields) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < fields; ++i) texts.push_back(Text(i == 0 ? 30 : 5));
    return texts;
  }

 private:
  std::mt19937_64 random_;
};

// A store and what it should hold.
struct World {
  explicit World(uint64_t seed, std::vector<double> weights = {1}) : texts(seed), store(Config(std::move(weights))) {}

  void Change(Transaction* transaction, Corpus* of) {
    const std::string id = "d" + std::to_string(texts.Below(300));
    if (texts.Below(4) == 0) {
      bool existed = false;
      EXPECT_OK(store.collection->Delete(transaction, id, &existed));
      EXPECT_EQ(existed, of->erase(id) == 1);
      return;
    }
    const std::vector<std::string> document = texts.Document(store.config.text.fields.size());
    const std::vector<float> vector = {1};
    EXPECT_OK(store.collection->Put(transaction, id, vector, MetadataOf(document)));
    (*of)[id] = document;
  }
  void Commit(size_t changes) {
    const auto transaction = store.Begin();
    for (size_t i = 0; i < changes; ++i) Change(transaction.get(), &corpus);
    EXPECT_OK(transaction->Commit().status());
  }
  void Compare(ReadView view, const Corpus& with) {
    const std::string query = texts.Query();
    const size_t k = 1 + texts.Below(15);
    uint64_t matches = 0;
    const std::vector<Scored> found = FoundBy(store, view, query, k, &matches);
    EXPECT(SameUpToRounding(found, Reference(with, store.config, query, k)));
    EXPECT_EQ(matches, CountMatches(with, query));
    EXPECT(found == FoundBy(store, view, query, k));
  }
  PostingCache* cache() const { return store.collection->index().postings(); }

  RandomTexts texts;
  VectorStore store;
  Corpus corpus;
};

TEST("a search by words finds what a computation over all documents finds, as they come and go") {
  for (const uint64_t cache_bytes : {PostingCache::kDefaultMaxBytes, uint64_t{6000}, uint64_t{0}}) {
    World world(test::Seed(), {1, 2.5});
    world.cache()->set_max_bytes(cache_bytes);
    for (int round = 0; round < test::Rounds(40); ++round) {
      world.Commit(1 + world.texts.Below(30));
      const auto snapshot = world.store.NewSnapshot();
      for (int i = 0; i < 5; ++i) world.Compare(snapshot.get(), world.corpus);
      EXPECT(cache_bytes == 0 || world.cache()->memory_bytes() <= std::max<uint64_t>(cache_bytes + 256 * 41, 1));
    }
  }
}

TEST("old snapshots find what there was, whether the cache reaches back to them or not") {
  World world(test::Seed() + 1);
  world.Commit(200);
  std::vector<std::pair<std::unique_ptr<Snapshot>, Corpus>> past;
  for (int round = 0; round < test::Rounds(30); ++round) {
    world.Commit(1 + world.texts.Below(20));
    past.emplace_back(world.store.NewSnapshot(), world.corpus);
    for (int i = 0; i < 6; ++i) {
      const auto& [snapshot, corpus] = past[world.texts.Below(past.size())];
      world.Compare(snapshot.get(), corpus);
    }
  }
}

TEST("a transaction finds its own writes, and nobody else does before the commit") {
  for (const uint64_t cache_bytes : {PostingCache::kDefaultMaxBytes, uint64_t{0}}) {
    World world(test::Seed() + 2);
    world.cache()->set_max_bytes(cache_bytes);
    world.Commit(200);
    for (int round = 0; round < test::Rounds(12); ++round) {
      const auto before = world.store.NewSnapshot();
      world.Compare(before.get(), world.corpus);
      Corpus own = world.corpus;
      const auto transaction = world.store.Begin(static_cast<IsolationLevel>(round % 3));
      for (int i = 0; i < 8; ++i) {
        world.Change(transaction.get(), &own);
        world.Compare(transaction.get(), own);
      }
      world.Compare(before.get(), world.corpus);
      if (round % 2 == 0) continue;
      EXPECT_OK(transaction->Commit().status());
      world.Compare(before.get(), world.corpus);
      world.corpus = own;
      world.Compare(world.store.NewSnapshot().get(), world.corpus);
    }
  }
}

TEST("reopening keeps the index, and flushed and compacted entries are the same") {
  World world(test::Seed() + 3, {1, 1});
  for (int round = 0; round < 4; ++round) {
    world.Commit(60);
    if (round % 2 == 0) EXPECT_OK(world.store.engine->Flush(nullptr));
    else EXPECT_OK(world.store.engine->Compact(nullptr, nullptr));
    world.store.Reopen();
    const auto snapshot = world.store.NewSnapshot();
    for (int i = 0; i < 10; ++i) world.Compare(snapshot.get(), world.corpus);
  }
}

TEST("threads that search and threads that write share the lists in memory") {
  World world(test::Seed() + 4);
  world.cache()->set_max_bytes(200'000);
  world.Commit(200);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (uint64_t reader = 0; reader < 3; ++reader) {
    threads.emplace_back([&, reader] {
      RandomTexts texts(reader);
      while (!done.load()) {
        const auto snapshot = world.store.NewSnapshot();
        const std::string query = texts.Query();
        // The same from the snapshot whatever is committed between, gives the lists away, or folds them.
        const std::vector<Scored> found = FoundBy(world.store, snapshot.get(), query, 10);
        if (texts.Below(20) == 0) world.cache()->set_max_bytes(texts.Below(2) == 0 ? 4000 : 200'000);
        EXPECT(found == FoundBy(world.store, snapshot.get(), query, 10));
      }
    });
  }
  for (int round = 0; round < test::Rounds(150); ++round) world.Commit(1 + world.texts.Below(12));
  done = true;
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 10; ++i) world.Compare(world.store.NewSnapshot().get(), world.corpus);
}

TEST("documents that expire leave searches and their statistics, and a deleted entry is none") {
  VectorStore store(Config());
  const std::vector<float> vector = {1};
  const auto put = [&](const char* id, const std::string& text, ExpiryMs expires_ms) {
    const auto transaction = store.Begin();
    EXPECT_OK(store.collection->Put(transaction.get(), id, vector, MetadataOf({text}), expires_ms));
    EXPECT_OK(transaction->Commit().status());
  };
  put("a", "one two", kNeverExpires);
  const uint64_t now_ms = store.NewSnapshot()->now_ms();
  put("gone", "one one", 1);
  put("stays", "one three", now_ms + 1'000'000'000);
  const Corpus visible = {{"a", {"one two"}}, {"stays", {"one three"}}};
  for (int i = 0; i < 2; ++i) {
    const auto snapshot = store.NewSnapshot();
    EXPECT(SameUpToRounding(FoundBy(store, snapshot.get(), "one three", 5), Reference(visible, store.config, "one three", 5)));
  }
}

// Ids, best first.
std::string Ids(const VectorStore& store, const std::string& query) {
  const std::unique_ptr<Snapshot> snapshot = const_cast<VectorStore&>(store).NewSnapshot();
  std::string ids;
  for (const Scored& each : FoundBy(store, snapshot.get(), query, 20)) ids += (ids.empty() ? "" : " ") + each.id;
  return ids;
}
std::set<std::string> IdSet(const VectorStore& store, const std::string& query) {
  std::istringstream in(Ids(store, query));
  return {std::istream_iterator<std::string>(in), {}};
}

TEST("phrases, beginnings, and words that must and must not be there") {
  VectorStore store(Config({1, 1}));
  const auto put = [&](const char* id, const std::string& title, const std::string& body) {
    store.Put(id, {1}, MetadataOf({title, body}));
  };
  put("a", "new york", "the big apple");
  put("b", "york", "a new town");
  put("c", "", "new new york york pizza");
  put("d", "apples", "and pears");
  using Set = std::set<std::string>;
  EXPECT(IdSet(store, "new york") == (Set{"a", "b", "c"}));
  EXPECT(IdSet(store, "\"new york\"") == (Set{"a", "c"}));
  EXPECT(IdSet(store, "\"york new\"") == Set{});
  EXPECT(IdSet(store, "\"new york") == (Set{"a", "c"}));  // not closed
  EXPECT(IdSet(store, "appl*") == (Set{"a", "d"}));
  EXPECT(IdSet(store, "APPLE* -pears") == Set{"a"});
  EXPECT(IdSet(store, "+york +new -\"new york\"") == Set{"b"});
  EXPECT(IdSet(store, "+york pizza") == (Set{"a", "b", "c"}));
  EXPECT_EQ(Ids(store, "+york pizza").substr(0, 1), "c");
  EXPECT(IdSet(store, "+new-york") == (Set{"a", "c"}));  // a sign makes a phrase of it
  EXPECT(IdSet(store, "new-york") == (Set{"a", "b", "c"}));
  EXPECT(IdSet(store, "-york") == Set{});
  EXPECT(IdSet(store, "+nowhere york") == Set{});
  EXPECT(IdSet(store, "york -nowhere") == (Set{"a", "b", "c"}));
  for (const char* nothing : {"", " ", "+", "-", "\"", "\"\"", "*", "+ -", "!?", "nowhere*"})
    EXPECT(IdSet(store, nothing).empty());
}

TEST("a phrase scores as one word whose idf is the sum of its words', a beginning as one word") {
  VectorStore store(Config());
  store.Put("a", {1}, MetadataOf({"x y x y z"}));
  store.Put("b", {1}, MetadataOf({"y x"}));
  store.Put("c", {1}, MetadataOf({"xx xy x"}));
  const auto snapshot = store.NewSnapshot();
  const auto idf = [](double n) { return std::log(1 + (3 - n + 0.5) / (n + 0.5)); };
  const auto impact = [](double f, double length) { return f * 2.2 / (f + 1.2 * (0.25 + 0.75 * length / (10.0 / 3))); };
  const std::vector<Scored> phrase = FoundBy(store, snapshot.get(), "\"x y\"", 5);
  EXPECT(phrase.size() == 1 && std::abs(phrase[0].score - (idf(3) + idf(2)) * impact(2, 5)) < 1e-12);
  const std::vector<Scored> prefix = FoundBy(store, snapshot.get(), "x*", 5);
  EXPECT(SameUpToRounding(prefix, {{"c", idf(3) * impact(3, 3)}, {"a", idf(3) * impact(2, 5)}, {"b", idf(3) * impact(1, 2)}}) ||
         SameUpToRounding(prefix, {{"c", idf(3) * impact(3, 3)}, {"b", idf(3) * impact(1, 2)}, {"a", idf(3) * impact(2, 5)}}));
  const std::vector<Scored> twice = FoundBy(store, snapshot.get(), "y y", 5);
  const std::vector<Scored> once = FoundBy(store, snapshot.get(), "y", 5);
  EXPECT(twice.size() == 2 && twice[0].score == 2 * once[0].score);
}

}  // namespace
}  // namespace sochdb::text_index_test
