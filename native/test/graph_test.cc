// Graphs: keys that sort as their texts, properties that are merged, and text from JavaScript that is damaged. What a graph
// answers is compared with a model in packages/sochdb/test/graph.

#include <algorithm>
#include <string>
#include <vector>

#include "index/graph/graph_changes.h"
#include "index/graph/graph_keys.h"
#include "index/graph/graph_properties.h"
#include "index/graph/graph_query.h"
#include "test/store_fixture.h"

namespace sochdb::graph_test {
namespace {

const std::string kPrefix("\0\0\0\1", 4);

TEST("texts in keys of graphs sort as they do, and come back") {
  const std::vector<std::string> texts = {std::string("\0", 1),
                                          std::string("\0\0", 2),
                                          std::string("\0\xff", 2),
                                          "\1",
                                          "a",
                                          std::string("a\0", 2),
                                          std::string("a\0b", 3),
                                          "a\1",
                                          "ab",
                                          "b",
                                          "\xff"};
  std::vector<std::string> keys;
  for (const std::string& text : texts) {
    std::string& key = keys.emplace_back();
    AppendGraphText(&key, text);
    key += "rest";
    std::string_view rest = key;
    std::string scratch;
    std::string_view read;
    EXPECT(TakeGraphText(&rest, &scratch, &read));
    EXPECT_EQ(read, text);
    EXPECT_EQ(rest, "rest");
    for (size_t length = 0; length + 5 <= key.size(); ++length) {
      rest = std::string_view(key).substr(0, length);
      EXPECT(!TakeGraphText(&rest, &scratch, &read));
    }
  }
  EXPECT(std::is_sorted(keys.begin(), keys.end()));
}

TEST("properties are merged by name, however it is spelled") {
  std::string merged;
  EXPECT(MergeProperties(R"({"a":1,"b":{"c":[2]},"d":"x"})", R"({"b":3,"e":null})", {"d"}, &merged));
  EXPECT_EQ(merged, R"({"a":1,"b":3,"e":null})");
  EXPECT(MergeProperties(R"({"\u0061":1})", R"({"a":2})", {}, &merged));
  EXPECT_EQ(merged, R"({"a":2})");
  EXPECT(MergeProperties("{}", "{}", {"a"}, &merged));
  EXPECT_EQ(merged, "{}");
  EXPECT(!MergeProperties("[]", "{}", {}, &merged));
  EXPECT(!MergeProperties("{}", R"({"a")", {}, &merged));
}

Status Write(Engine* engine, std::string_view changes, std::string* answers) {
  auto transaction = test::BeginOn(engine);
  GraphWriter writer(transaction.get(), kPrefix);
  answers->clear();
  SOCHDB_TRY(ApplyGraphChanges(&writer, changes, nullptr, answers));
  return transaction->Commit().status();
}

Status Read(Engine* engine, std::string_view text, std::optional<std::string>* answer) {
  SOCHDB_ASSIGN(request, GraphRequest::Parse(text));
  SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
  GraphAnswer said;
  SOCHDB_TRY(RunGraphQuery({.view = snapshot.get()}, kPrefix, request, 1000, nullptr, &said));
  *answer = std::move(said.text);
  return {};
}

const std::vector<std::string> kChanges = {
    R"([["node","a","t",{"p":1}],["edge","a","e","b",{}],["temporal","a","e","c",5,0,{"q":"x"}]])",
    R"([["updateNode","a",null,{"p":2},["r"]],["updateEdge","a","e","b",null,{},[]],["updateEdge","a","e","c",5,{},[]]])",
    R"([["end","a","e","c",900],["rule","e",1],["deleteEdge","a","e","b"],["deleteNode","a"]])",
    R"([["indexed","t",["p","q.r"]],["indexed",null,[]]])"};
const std::vector<std::string> kRequests = {
    R"({"op":"node","id":"a","validAt":5})",
    R"({"op":"nodes","nodes":{"types":["t"],"filter":["eq","p",1]},"after":"","limit":5})",
    R"({"op":"traverse","id":"a","direction":3,"edgeTypes":["e"],"maxDepth":3,"dfs":true,"prune":false,"limitPerNode":2,"maxVisits":9})",
    R"({"op":"path","id":"a","to":"c","weight":"w","maxDepth":4})",
    R"({"op":"match","id":"a","steps":[{"direction":1,"minHops":1,"maxHops":2,"nodes":{"types":["t"]}}],"limit":3})",
    R"({"op":"temporal","id":"a","start":1,"end":9})",
    R"({"op":"indexes"})",
};

TEST("changes and requests that are cut short or have another byte are refused, or mean something") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  std::string answers;
  EXPECT_OK(Write(engine.get(), kChanges[0], &answers));
  EXPECT_EQ(answers, "[false,null,null]");
  const auto refused_or_done = [](const Status& status) {
    return status.ok() || status.code() == Code::kInvalidArgument || status.code() == Code::kLimit;
  };
  for (const std::string& text : kChanges) {
    for (size_t at = 0; at < text.size(); ++at) {
      EXPECT(Write(engine.get(), text.substr(0, at), &answers).code() == Code::kInvalidArgument);
      std::string other = text;
      other[at] = "\"[{,0:nx"[at % 8];
      EXPECT(refused_or_done(Write(engine.get(), other, &answers)));
    }
  }
  std::optional<std::string> answer;
  for (const std::string& text : kRequests) {
    EXPECT_OK(Read(engine.get(), text, &answer));
    for (size_t at = 0; at < text.size(); ++at) {
      EXPECT(Read(engine.get(), text.substr(0, at), &answer).code() == Code::kInvalidArgument);
      std::string other = text;
      other[at] = "\"[{,0:nx"[at % 8];
      EXPECT(refused_or_done(Read(engine.get(), other, &answer)));
    }
  }
}

TEST("what is declared of indexes that is none is corruption, and nothing is written beside it") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  EXPECT_OK(engine->Put(TreeId::kNodes, GraphIndexesKey(kPrefix), "\1\2", kNeverExpires).status());
  std::optional<std::string> answer;
  EXPECT(Read(engine.get(), R"({"op":"indexes"})", &answer).code() == Code::kCorruption);
  EXPECT(Read(engine.get(), R"({"op":"nodes","nodes":{"filter":["eq","p",1]},"limit":5})", &answer).code() ==
         Code::kCorruption);
  std::string answers;
  EXPECT(Write(engine.get(), R"([["node","a","t",{}]])", &answers).code() == Code::kCorruption);
  EXPECT(Write(engine.get(), R"([["indexed",null,["p"]]])", &answers).code() == Code::kCorruption);
  // An entry that is cut off.
  EXPECT_OK(
      engine->Put(TreeId::kNodes, GraphIndexesKey(kPrefix), GraphIndexes{2, {{1, "", "p"}}}.Encode(), kNeverExpires).status());
  EXPECT_OK(engine->Put(TreeId::kNodes, IndexEntryPrefix(kPrefix, 1) + "\x7f", "", kNeverExpires).status());
  EXPECT(Read(engine.get(), R"({"op":"countNodes","nodes":{"filter":["exists","p"]}})", &answer).code() == Code::kCorruption);
}

TEST("an entry of a graph that is none is corruption") {
  MemEnv env;
  auto engine = test::OpenAt(&env);
  EXPECT_OK(engine->Put(TreeId::kNodes, NodeKey(kPrefix, "a"), "\x7f", kNeverExpires).status());
  EXPECT_OK(engine->Put(TreeId::kEdgesOut, EdgePrefix(kPrefix, "a") + "x", "{}", kNeverExpires).status());
  EXPECT_OK(engine->Put(TreeId::kTemporalEdges, TemporalPrefix(kPrefix, EdgeWay::kOut, "b") + "x", "", kNeverExpires).status());
  std::optional<std::string> answer;
  for (const char* text : {R"({"op":"node","id":"a"})", R"({"op":"neighbors","id":"a"})", R"({"op":"neighbors","id":"b"})"}) {
    EXPECT(Read(engine.get(), text, &answer).code() == Code::kCorruption);
  }
  std::string answers;
  EXPECT(Write(engine.get(), R"([["node","a","t",{}]])", &answers).code() == Code::kCorruption);
}

}  // namespace
}  // namespace sochdb::graph_test
