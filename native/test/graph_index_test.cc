// Indexes of properties: whatever is asked of an indexed graph is answered as by one that is looked at node by node, at every
// view; entries are those of the nodes; and what a transaction has not seen in an index is a conflict.

#include "index/graph/graph_index.h"

#include <random>
#include <string>
#include <vector>

#include "test/graph_fixture.h"

namespace sochdb::graph_index_test {
namespace {

using test::AskGraph;
using test::ChangeGraph;
using test::SnapshotOf;
using test::WriteGraph;

const std::string kPrefix("\0\0\0\1", 4);
// The same graph, without indexes.
const std::string kPlain("\0\0\0\2", 4);

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(engine_() % n); }
  std::string Pick(const std::vector<std::string>& from) { return from[Below(static_cast<uint32_t>(from.size()))]; }

  std::string Id() {
    return Below(9) == 0 ? "\"\\u0000" + std::to_string(Below(3)) + "\"" : "\"n" + std::to_string(Below(40)) + "\"";
  }
  std::string Type() { return Pick({R"("a")", R"("ab")", R"("b")"}); }
  std::string Path() { return Pick({R"("p")", R"("q")", R"("o.p")", R"("p\u0000")"}); }
  std::string Scalar() {
    switch (Below(8)) {
      case 0:
        return Pick({"true", "false", "null"});
      case 1:
      case 2:
        return Pick({R"("")", R"("x")", R"("xy")", R"("x\u0000")", R"("y")", R"("\uffff")"});
      case 3:
        return Long();
      default:
        return Pick({"-1", "0", "-0", "0.5", "1", "2", "3", "1e300", "4", "5"});
    }
  }
  std::string Long() { return "\"" + std::string(kMaxIndexedStringBytes + Below(3) - 1, 'x') + Pick({"", "a", "z"}) + "\""; }
  std::string Value() {
    switch (Below(6)) {
      case 0:
        return "[" + Scalar() + "," + Scalar() + "]";
      case 1:
        return Pick({"[]", "{}", "[{}]"});
      default:
        return Scalar();
    }
  }
  std::string Properties() {
    std::string json = "{\"p\":" + Value();
    if (Below(2) == 0) json += ",\"q\":" + Value();
    if (Below(2) == 0) json += ",\"o\":{\"p\":" + Value() + "}";
    if (Below(4) == 0) json += R"(,"p\u0000":)" + Value();
    return json + "}";
  }
  std::string Change() {
    switch (Below(8)) {
      case 0:
        return R"(["deleteNode",)" + Id() + "]";
      case 1:
        return R"(["updateNode",)" + Id() + ",null," + Properties() + R"(,["q"]])";
      case 2:
        return R"(["updateNode",)" + Id() + "," + Type() + ",{},[]]";
      case 3:
        return R"(["edge",)" + Id() + R"(,"e",)" + Id() + ",{}]";
      default:
        return R"(["node",)" + Id() + "," + Type() + "," + Properties() + "]";
    }
  }
  std::string Changes() {
    std::string all = "[" + Change();
    for (uint32_t more = Below(6); more > 0; --more) all += "," + Change();
    return all + "]";
  }
  std::string Declared() {
    std::string paths;
    for (const char* path : {R"("p")", R"("q")", R"("o.p")", R"("p\u0000")"}) {
      if (Below(2) == 0) paths += (paths.empty() ? "" : ",") + std::string(path);
    }
    return R"([["indexed",)" + (Below(2) == 0 ? "null" : Type()) + ",[" + paths + "]]]";
  }

  std::string Filter(int depth = 0) {
    switch (depth > 2 ? 9 : Below(14)) {
      case 0:
        return R"(["not",)" + Filter(depth + 1) + "]";
      case 1:
      case 2:
        return R"(["or",)" + Filter(depth + 1) + "," + Filter(depth + 1) + "]";
      case 3:
      case 4:
      case 5:
        return R"(["and",)" + Filter(depth + 1) + "," + Filter(depth + 1) + "]";
      case 6:
        return Pick({R"(["and"])", R"(["or"])"});
      case 7:
      case 8: {  // bounds of one property
        const std::string path = Path();
        const std::string low = Bound();
        const std::string high = Below(3) == 0 ? Bound() : low;
        return R"(["and",[")" + Pick({"gt", "gte"}) + "\"," + path + "," + low + R"(],[")" + Pick({"lt", "lte"}) + "\"," +
               path + "," + high + "]]";
      }
      default:
        return OneTest();
    }
  }
  std::string Bound() {
    return Below(3) == 0 ? (Below(3) == 0 ? Long() : Pick({R"("x")", R"("xy")", R"("")"})) : Pick({"0", "1", "2", "-1"});
  }
  std::string OneTest() {
    const std::string path = "," + Path();
    switch (Below(7)) {
      case 0:
        return R"(["in")" + path + (Below(4) == 0 ? "" : "," + Scalar() + "," + Scalar()) + "]";
      case 1:
        return R"(["exists")" + path + "]";
      case 2:
        return "[\"" + Pick({"contains", "startsWith", "endsWith"}) + "\"" + path + "," +
               Pick({R"("x")", R"("")", R"("y")", Long()}) + "]";
      case 3:
      case 4:
        return "[\"" + Pick({"lt", "lte", "gt", "gte"}) + "\"" + path + "," + Bound() + "]";
      default:
        return R"(["eq")" + path + "," + Scalar() + "]";
    }
  }
  std::string Request() {
    std::string test = R"("nodes":{"filter":)" + Filter();
    if (Below(2) == 0) test += R"(,"types":[)" + Type() + (Below(2) == 0 ? "," + Type() : "") + "]";
    test += "}";
    switch (Below(4)) {
      case 0:
        return R"({"op":"countNodes",)" + test + "}";
      case 1:
        return R"({"op":"match",)" + test + R"(,"steps":[{"maxHops":2,"minHops":0}],"limit":)" + std::to_string(Below(30)) +
               "}";
      default:
        return R"({"op":"nodes",)" + test + (Below(2) == 0 ? R"(,"after":)" + Id() : "") + R"(,"limit":)" +
               std::to_string(Below(2) == 0 ? 1000 : Below(5)) + "}";
    }
  }

 private:
  std::mt19937 engine_;
};

TEST("indexes of graphs: every view answers as one that looks at every node") {
  for (uint32_t seed = 1; seed <= static_cast<uint32_t>(test::Rounds(12)); ++seed) {
    Random random(seed);
    MemEnv env;
    auto engine = test::OpenAt(&env);
    std::vector<std::unique_ptr<Snapshot>> snapshots;
    const auto compare = [&](Reader* view, Transaction* transaction) {
      for (int i = 0; i < 12; ++i) {
        const std::string request = random.Request();
        const std::string expected = AskGraph({view, transaction, nullptr}, kPlain, request);
        const std::string found = AskGraph({view, transaction, nullptr}, kPrefix, request);
        if (found != expected) test::Fail(__FILE__, __LINE__, request + " of seed " + std::to_string(seed));
      }
    };
    for (int round = 0; round < 60; ++round) {
      const std::string changes = random.Changes();
      for (const std::string& prefix : {kPrefix, kPlain}) EXPECT_OK(WriteGraph(engine.get(), prefix, changes));
      if (round % 6 == 0) EXPECT_OK(WriteGraph(engine.get(), kPrefix, random.Declared()));
      if (round % 25 == 20) EXPECT_OK(engine->Flush(nullptr));
      auto now = SnapshotOf(engine.get());
      test::ExpectGraphWhole(now.get(), kPrefix);
      compare(now.get(), nullptr);
      if (round % 15 == 3) snapshots.push_back(std::move(now));
      for (const auto& snapshot : snapshots) compare(snapshot.get(), nullptr);
      if (round % 5 != 0) continue;
      auto transaction = test::BeginOn(engine.get(), static_cast<IsolationLevel>(random.Below(3)), random.Below(2) == 0);
      for (int i = 0; i < 3; ++i) {
        const SavepointId savepoint = transaction->SetSavepoint();
        const std::string own = random.Below(3) == 0 ? random.Declared() : random.Changes();
        EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, own));
        if (!own.starts_with(R"([["indexed")")) EXPECT_OK(ChangeGraph(transaction.get(), kPlain, own));
        compare(transaction.get(), transaction.get());
        if (random.Below(3) == 0) EXPECT_OK(transaction->RollbackTo(savepoint));
        compare(transaction.get(), transaction.get());
      }
      test::ExpectGraphWhole(transaction.get(), kPrefix);
      if (random.Below(2) == 0) EXPECT_OK(transaction->Commit().status());
      else transaction->Abort();
    }
    EXPECT_OK(WriteGraph(engine.get(), kPrefix,
                         R"([["indexed",null,[]],["indexed","a",[]],["indexed","ab",[]],["indexed","b",[]]])"));
    // Nothing is left of them but the number of the next.
    int entries = 0;
    const auto last = SnapshotOf(engine.get());
    test::VisitGraphRange(last.get(), TreeId::kNodes, IndexEntryPrefix(kPrefix), [&](auto, auto) { ++entries; });
    EXPECT_EQ(entries, 0);
    EXPECT_EQ(AskGraph({.view = last.get()}, kPrefix, R"({"op":"indexes"})"), "[]");
    snapshots.clear();
  }
}

const char* const kPeople =
    R"([["node","ann","person",{"age":30,"team":"ml"}],["node","ben","person",{"age":40,"team":"web"}],)"
    R"(["node","cat","robot",{"age":50,"team":"ml"}],["indexed",null,["team"]],["indexed","person",["age"]]])";

// Reads by index, writes something, and commits after another wrote `other`.
Status CommitBeside(const std::string& request, const std::string& other,
                    IsolationLevel isolation = IsolationLevel::kSerializable) {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, kPeople));
  auto transaction = test::BeginOn(engine.get(), isolation);
  AskGraph({transaction.get(), transaction.get(), nullptr}, kPrefix, request);
  EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, R"([["edge","seen","by","it",{}]])"));
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, other));
  return transaction->Commit().status();
}

TEST("indexes of graphs: what would have been found is a conflict, and nothing else is") {
  const std::string team = R"({"op":"nodes","nodes":{"filter":["eq","team","ml"]},"limit":100})";
  const std::string age =
      R"({"op":"countNodes","nodes":{"types":["person"],"filter":["and",["gte","age",30],["lt","age",40]]}})";
  const std::string match =
      R"({"op":"match","nodes":{"filter":["eq","team","ml"]},"steps":[{"maxHops":1,"minHops":0}],"limit":100})";
  struct Case {
    std::string request;
    const char* other;
    bool conflicts;
  };
  const std::vector<Case> cases = {
      {team, R"([["node","dan","person",{"team":"ml"}]])", true},
      {team, R"([["updateNode","ben",null,{"team":"ml"},[]]])", true},
      {team, R"([["updateNode","ann",null,{"team":"web"},[]]])", true},
      {team, R"([["deleteNode","cat"]])", true},
      {team, R"([["node","dan","person",{"team":"web"}]])", false},
      {team, R"([["updateNode","ben",null,{"age":41},[]]])", false},
      {match, R"([["node","dan","person",{"team":"ml"}]])", true},
      {match, R"([["node","dan","person",{"team":"web"}]])", false},
      {age, R"([["node","dan","person",{"age":35}]])", true},
      {age, R"([["node","dan","person",{"age":[20,60]}]])", true},
      {age, R"([["node","dan","person",{"age":40}]])", false},
      {age, R"([["node","dan","robot",{"age":35}]])", false},
      // What is indexed is part of what was read.
      {team, R"([["indexed",null,[]]])", true},
  };
  for (const Case& each : cases) {
    const Status status = CommitBeside(each.request, each.other);
    EXPECT(status.ok() != each.conflicts);
    if (each.conflicts) EXPECT(status.code() == Code::kConflict);
    if (each.conflicts) EXPECT_OK(CommitBeside(each.request, each.other, IsolationLevel::kSnapshot));
  }
}

TEST("indexes of graphs: a node that is written beside a change of what is indexed is a conflict at every isolation level") {
  for (const IsolationLevel isolation :
       {IsolationLevel::kSerializable, IsolationLevel::kSnapshot, IsolationLevel::kReadCommitted}) {
    for (const bool declares_first : {false, true}) {
      MemEnv env;
      auto engine = test::OpenAt(&env);
      EXPECT_OK(WriteGraph(engine.get(), kPrefix, kPeople));
      const std::string node = R"([["node","dan","person",{"age":1,"team":"x","city":"Rome"}],["deleteNode","ann"]])";
      const std::string declared = R"([["indexed","person",["city"]]])";
      auto transaction = test::BeginOn(engine.get(), isolation);
      EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, declares_first ? node : declared));
      EXPECT_OK(WriteGraph(engine.get(), kPrefix, declares_first ? declared : node));
      EXPECT(transaction->Commit().status().code() == Code::kConflict);
      test::ExpectGraphWhole(SnapshotOf(engine.get()).get(), kPrefix);
    }
  }
}

TEST("indexes of graphs: declaring what is declared writes nothing, and numbers are not used again") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, kPeople));
  auto transaction = test::BeginOn(engine.get());
  EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, R"([["indexed",null,["team","team"]],["indexed","person",["age"]]])"));
  EXPECT_EQ(transaction->write_bytes(), 0u);
  EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, R"([["indexed",null,[]],["indexed",null,["team"]]])"));
  GraphReader reader({transaction.get(), transaction.get(), nullptr}, kPrefix, {}, nullptr);
  GraphIndexes indexes;
  EXPECT_OK(reader.GetIndexes(&indexes));
  EXPECT_EQ(indexes.next_number, 4u);
  test::ExpectGraphWhole(transaction.get(), kPrefix);
}

TEST("indexes of graphs: too many properties, and paths that are none, are refused, and leave nothing") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, kPeople));
  const std::string before = test::DumpGraphs(SnapshotOf(engine.get()).get());
  std::string many;
  for (size_t i = 0; i < GraphIndexes::kMaxProperties; ++i) many += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\"";
  EXPECT(WriteGraph(engine.get(), kPrefix, R"([["indexed","robot",[)" + many + "]]]").code() == Code::kLimit);
  for (const char* path : {"", "a..b", ".a", "a."}) {
    const std::string changes = std::string(R"([["indexed",null,[")") + path + "\"]]]";
    EXPECT(WriteGraph(engine.get(), kPrefix, changes).code() == Code::kInvalidArgument);
  }
  EXPECT(WriteGraph(engine.get(), kPrefix, R"([["indexed","",["a"]]])").code() == Code::kInvalidArgument);
  EXPECT_EQ(test::DumpGraphs(SnapshotOf(engine.get()).get()), before);
}

TEST("indexes of graphs: the first of very many are found without walking over all of them") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  std::string changes = R"([["indexed",null,["n"]])";
  for (int i = 10000; i < 20000; ++i) {
    const std::string number = std::to_string(i);
    changes += R"(,["node","n)" + number + R"(","t",{"n":)" + number + "}]";
  }
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, changes + "]"));
  EXPECT_OK(WriteGraph(engine.get(), kPlain, changes + R"(,["indexed",null,[]]])"));
  const auto view = SnapshotOf(engine.get());
  for (const char* filter :
       {R"(["gte","n",0])", R"(["and",["gte","n",0],["lt","n",15003]])", R"(["or",["lt","n",17000],["gt","n",19990]])"}) {
    for (const char* after : {"", "n10500", "n15001", "n16998", "n19995", "z"}) {
      for (const char* limit : {"1", "7", "2000"}) {
        for (const char* types : {"", R"("types":["t"],)", R"("types":["t","u"],)", R"("types":["u"],)"}) {
          const std::string request = std::string(R"({"op":"nodes","nodes":{)") + types + R"("filter":)" + filter +
                                      R"(},"after":")" + after + R"(","limit":)" + limit + "}";
          EXPECT(AskGraph({.view = view.get()}, kPrefix, request) == AskGraph({.view = view.get()}, kPlain, request));
        }
      }
    }
  }
  struct Case {
    const char* filter;
    const char* first;
    bool walks_all;
  };
  const std::vector<Case> cases = {{R"(["gte","n",0])", "n10000", false},
                                   {R"(["gte","n",15000])", "n15000", true},  // half of the nodes come before it
                                   {R"(["in","n",15000,15001])", "n15000", true}};
  for (const Case& each : cases) {
    const std::string request = std::string(R"({"op":"nodes","nodes":{"filter":)") + each.filter + R"(},"limit":2})";
    auto transaction = test::BeginOn(engine.get());
    const std::string answer = AskGraph({transaction.get(), transaction.get(), nullptr}, kPrefix, request);
    EXPECT(answer.starts_with(std::string(R"([{"id":")") + each.first));
    EXPECT_OK(ChangeGraph(transaction.get(), kPrefix, R"([["edge","seen","by","it",{}]])"));
    // Behind all others, in the index and among the nodes.
    const bool is_range = std::string_view(each.filter).starts_with(R"(["gte)");
    EXPECT_OK(WriteGraph(engine.get(), kPrefix, R"([["node","z","t",{"n":99999}]])"));
    EXPECT_EQ(transaction->Commit().ok(), !(is_range && each.walks_all));
    EXPECT_OK(WriteGraph(engine.get(), kPrefix, R"([["deleteNode","z"]])"));
  }
}

TEST("indexes of graphs: making one and looking through one end when they are cancelled") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  std::string changes = "[";
  for (int i = 0; i < 2000; ++i) {
    changes += (i == 0 ? R"(["node","n)" : R"(,["node","n)") + std::to_string(i) + R"(","t",{"n":)" + std::to_string(i) + "}]";
  }
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, changes + "]"));
  CancelToken cancelled;
  cancelled.Cancel();
  auto transaction = test::BeginOn(engine.get());
  EXPECT(GraphWriter(transaction.get(), kPrefix).SetIndexed(std::nullopt, {"n"}, &cancelled).code() ==
         cancelled.Check().code());
  EXPECT_OK(GraphWriter(transaction.get(), kPrefix).SetIndexed(std::nullopt, {"n"}, nullptr));
  EXPECT(GraphWriter(transaction.get(), kPrefix).SetIndexed(std::nullopt, {}, &cancelled).code() == cancelled.Check().code());
  for (const char* filter : {R"(["eq","n",1])", R"(["gt","n",1])"}) {
    const std::string request = std::string(R"({"op":"countNodes","nodes":{"filter":)") + filter + "}}";
    Result<GraphRequest> parsed = GraphRequest::Parse(request);
    EXPECT_OK(parsed.status());
    GraphAnswer answer;
    const GraphSource source{transaction.get(), transaction.get(), nullptr};
    EXPECT(RunGraphQuery(source, kPrefix, *parsed, 0, &cancelled, &answer).code() == cancelled.Check().code());
  }
}

TEST("indexes of graphs: nodes that are read are those of the rarest of the tests") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  std::string changes = R"([["indexed",null,["all","rare","n"]])";
  for (int i = 0; i < 3000; ++i) {
    changes += R"(,["node","n)" + std::to_string(i) + R"(","t",{"all":true,"rare":)" + std::to_string(i / 3) + R"(,"n":)" +
               std::to_string(i) + "}]";
  }
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, changes + "]"));
  const auto view = SnapshotOf(engine.get());
  // Each node that a pattern may begin with is a visit: three of them, and no more, wherever the test stands.
  for (const char* filter : {R"(["and",["eq","all",true],["eq","rare",7]])", R"(["and",["eq","rare",7],["eq","all",true]])",
                             R"(["and",["exists","n"],["gte","n",21],["lt","n",24]])", R"(["in","n",21,22,23])",
                             R"(["or",["eq","n",21],["and",["gt","n",21],["lte","n",23]]])"}) {
    const std::string request =
        std::string(R"({"op":"match","nodes":{"filter":)") + filter + R"(},"steps":[{"minHops":0}],"limit":9,)";
    EXPECT(AskGraph({.view = view.get()}, kPrefix, request + R"("maxVisits":3})").starts_with(R"([{"nodes":[{"id":"n21")"));
    EXPECT(AskGraph({.view = view.get()}, kPrefix, request + R"("maxVisits":2})").starts_with("!"));
  }
}

}  // namespace
}  // namespace sochdb::graph_index_test
