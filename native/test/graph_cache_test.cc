// What is kept of graphs in memory is never seen in an answer: every view reads as one without it does, whatever is written
// meanwhile, by itself or by others.

#include "index/graph/graph_cache.h"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "index/graph/graph_changes.h"
#include "index/graph/graph_query.h"
#include "test/store_fixture.h"

namespace sochdb::graph_cache_test {
namespace {

const std::string kPrefix("\0\0\0\1", 4);
const std::string kOther("\0\0\0\2", 4);
constexpr uint64_t kBytes = 4u << 20;

std::string Ask(Reader* view, Transaction* transaction, GraphCache* cache, std::string_view text,
                std::string_view prefix = kPrefix) {
  Result<GraphRequest> request = GraphRequest::Parse(text);
  SOCHDB_CHECK(request.ok());
  GraphAnswer answer;
  const Status status = RunGraphQuery({view, transaction, cache}, prefix, *request, 1000, nullptr, &answer);
  if (!status.ok()) return "!" + status.message();
  return answer.text.value_or("-") + answer.ids + answer.properties + answer.edges;
}

void Change(Transaction* transaction, std::string_view changes, std::string_view prefix = kPrefix) {
  GraphWriter writer(transaction, prefix);
  std::string answers;
  EXPECT_OK(ApplyGraphChanges(&writer, changes, nullptr, &answers));
}

Status Write(Engine* engine, std::string_view changes, std::string_view prefix = kPrefix) {
  auto transaction = test::BeginOn(engine, IsolationLevel::kSerializable, true);
  Change(transaction.get(), changes, prefix);
  return transaction->Commit().status();
}

std::unique_ptr<Snapshot> Now(Engine* engine) {
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
  SOCHDB_CHECK(snapshot.ok());
  return std::move(snapshot).value();
}

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(engine_() % n); }
  // Some with what keys escape.
  std::string Id() {
    const uint32_t n = Below(12);
    return n == 0 ? "\\u0000" : n == 1 ? "x\\u0000y" : "n" + std::to_string(n);
  }
  std::string Type() { return std::string(1, static_cast<char>('a' + Below(3))); }
  std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

  std::string OneChange() {
    const std::string edge = Quoted(Id()) + "," + Quoted(Type()) + "," + Quoted(Id());
    const std::string properties = "{\"w\":" + std::to_string(Below(9)) + "}";
    const std::string from = std::to_string(100 * Below(20));
    switch (Below(9)) {
      case 0:
        return "[[\"node\"," + Quoted(Id()) + "," + Quoted(Type()) + "," + properties + "]]";
      case 1:
        return Below(3) == 0 ? "[[\"deleteNode\"," + Quoted(Id()) + "]]" : "[]";
      case 2:
        return "[[\"deleteEdge\"," + edge + "]]";
      case 3:
        return "[[\"temporal\"," + edge + "," + from + ",0," + properties + "]]";
      case 4:
        return "[[\"updateEdge\"," + edge + ",null," + properties + ",[]]]";
      case 5:
        return "[[\"updateEdge\"," + edge + "," + from + "," + properties + ",[]]]";
      case 6:
        return "[[\"end\"," + edge + ",3000]]";
      default:
        return "[[\"edge\"," + edge + "," + properties + "]]";
    }
  }
  std::string OneRequest() {
    const std::string id = "\"id\":" + Quoted(Id());
    std::string some = ",\"direction\":" + std::to_string(1 + Below(3)) + ",\"validAt\":" + std::to_string(Below(2000));
    if (Below(2) == 0) some += ",\"edgeTypes\":[" + Quoted(Type()) + "," + Quoted(Type()) + "]";
    switch (Below(7)) {
      case 0:
        return "{\"op\":\"node\"," + id + "}";
      case 1:
        return "{\"op\":\"neighbors\"," + id + some + "}";
      case 2:
        return "{\"op\":\"degree\"," + id + some + "}";
      case 3:
        return "{\"op\":\"path\"," + id + ",\"to\":" + Quoted(Id()) + some + (Below(2) == 0 ? ",\"weight\":\"w\"}" : "}");
      case 4:
        return "{\"op\":\"temporal\"," + id + some + ",\"start\":0,\"end\":1500}";
      case 5:
        return "{\"op\":\"match\"," + id + ",\"steps\":[{\"direction\":3},{\"direction\":2}],\"limit\":20}";
      default:
        return "{\"op\":\"traverse\"," + id + some + ",\"maxDepth\":" + std::to_string(Below(4)) +
               (Below(2) == 0 ? ",\"dfs\":true}" : "}");
    }
  }

 private:
  std::mt19937 engine_;
};

TEST("graphs kept in memory: every view answers as without") {
  for (const uint64_t bytes : {kBytes, uint64_t{64 * 1024}}) {
    for (uint32_t seed = 1; seed <= 4; ++seed) {
      Random random(seed);
      MemEnv env;
      auto engine = test::OpenAt(&env);
      auto cache = std::make_unique<GraphCache>(engine.get(), bytes);
      std::vector<std::unique_ptr<Snapshot>> snapshots;
      const auto compare = [&](Reader* view, Transaction* transaction) {
        for (int i = 0; i < 6; ++i) {
          const std::string request = random.OneRequest();
          const std::string& prefix = random.Below(4) == 0 ? kOther : kPrefix;
          EXPECT_EQ(Ask(view, transaction, cache.get(), request, prefix), Ask(view, transaction, nullptr, request, prefix));
        }
      };
      for (int round = 0; round < 120; ++round) {
        EXPECT_OK(Write(engine.get(), random.OneChange(), random.Below(4) == 0 ? kOther : kPrefix));
        compare(Now(engine.get()).get(), nullptr);
        if (round % 20 == 3) snapshots.push_back(Now(engine.get()));
        if (!snapshots.empty()) compare(snapshots[random.Below(static_cast<uint32_t>(snapshots.size()))].get(), nullptr);
        if (round % 5 == 0) {
          const auto isolation = static_cast<IsolationLevel>(random.Below(3));
          auto transaction = test::BeginOn(engine.get(), isolation, random.Below(3) == 0);
          compare(transaction.get(), transaction.get());
          for (int i = 0; i < 3; ++i) {
            const SavepointId savepoint = transaction->SetSavepoint();
            Change(transaction.get(), random.OneChange());
            compare(transaction.get(), transaction.get());
            if (random.Below(2) == 0) EXPECT_OK(transaction->RollbackTo(savepoint));
            compare(transaction.get(), transaction.get());
          }
          if (random.Below(2) == 0) EXPECT_OK(transaction->Commit().status());
          else transaction->Abort();
        }
      }
      const GraphCache::Stats stats = cache->stats();
      EXPECT(stats.hits > 0 && stats.misses > 0 && stats.used_bytes <= bytes);
      snapshots.clear();
      cache.reset();
      EXPECT_OK(engine->Close());
    }
  }
}

TEST("graphs kept in memory: a hit is a read that a serializable commit stands on") {
  for (const char* request :
       {R"({"op":"neighbors","id":"a"})", R"({"op":"neighbors","id":"b","direction":2})",
        R"({"op":"neighbors","id":"a","edgeTypes":["e"]})", R"({"op":"traverse","id":"a","maxDepth":1})"}) {
    MemEnv env;
    auto engine = test::OpenAt(&env);
    GraphCache cache(engine.get(), kBytes);
    EXPECT_OK(Write(engine.get(), R"([["node","a","t",{}],["edge","a","e","b",{}]])"));
    Ask(Now(engine.get()).get(), nullptr, &cache, request);
    const uint64_t hits = cache.stats().hits;
    auto transaction = test::BeginOn(engine.get());
    Ask(transaction.get(), transaction.get(), &cache, request);
    EXPECT(cache.stats().hits > hits);
    Change(transaction.get(), R"([["node","seen","t",{}]])");
    EXPECT_OK(Write(engine.get(), R"([["edge","a","e","b",{"new":1}]])"));
    EXPECT(transaction->Commit().status().code() == Code::kConflict);
    // Another type is another range.
    auto second = test::BeginOn(engine.get());
    Ask(second.get(), second.get(), &cache, R"({"op":"neighbors","id":"a","edgeTypes":["e"]})");
    Change(second.get(), R"([["node","seen","t",{}]])");
    EXPECT_OK(Write(engine.get(), R"([["edge","a","f","b",{}]])"));
    EXPECT_OK(second->Commit().status());
  }
}

TEST("graphs kept in memory: a node with too many edges is read each time, the same") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  GraphCache cache(engine.get(), 256 * 1024);
  std::string changes = "[";
  for (int i = 0; i < 2000; ++i) {
    changes += (i == 0 ? "" : ",") + std::string(R"(["edge","hub","e","n)") + std::to_string(i) + R"(",{"w":1}])";
  }
  EXPECT_OK(Write(engine.get(), changes + "]"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(Now(engine.get()).get(), nullptr, &cache, R"({"op":"degree","id":"hub"})"), "2000");
  }
  EXPECT(cache.stats().used_bytes < 16 * 1024);
}

// Writers move a ring's one marked edge on; whoever reads finds exactly one, and what is read twice in a snapshot is the same.
TEST("graphs kept in memory: readers beside writers see what was committed") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  GraphCache cache(engine.get(), 64 * 1024);
  EXPECT_OK(Write(engine.get(), R"([["edge","hub","at","n0",{"n":0}]])"));
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        const std::unique_ptr<Snapshot> snapshot = Now(engine.get());
        const char* const requests[] = {R"({"op":"neighbors","id":"hub"})", R"({"op":"traverse","id":"hub","maxDepth":2})"};
        for (const char* request : requests) {
          EXPECT_EQ(Ask(snapshot.get(), nullptr, &cache, request), Ask(snapshot.get(), nullptr, nullptr, request));
        }
        EXPECT_EQ(Ask(snapshot.get(), nullptr, &cache, R"({"op":"degree","id":"hub"})"), "1");
      }
    });
  }
  for (int i = 0; i < 400; ++i) {
    const std::string now = std::to_string(i % 7);
    const std::string next = std::to_string((i + 1) % 7);
    EXPECT_OK(Write(engine.get(), R"([["deleteEdge","hub","at","n)" + now + R"("],["edge","hub","at","n)" + next +
                                      R"(",{"n":)" + next + R"(}],["node","n)" + next + R"(","t",{"i":)" + std::to_string(i) +
                                      "}]]"));
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace sochdb::graph_cache_test
