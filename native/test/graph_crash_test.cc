// What crashes may do to graphs: after a restart a commit is there in every tree, or in none.

#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/graph_fixture.h"
#include "test/sim_env.h"

namespace sochdb::graph_crash_test {
namespace {

using test::DumpGraphs;
using test::SnapshotOf;
using test::WriteGraph;

const std::string kPrefix("\0\0\0\1", 4);

const std::vector<std::string> kBefore = {
    R"([["indexed","person",["age","tags"]],["indexed",null,["city"]]])",
    R"([["node","ada","person",{"age":36,"tags":["math","code"],"city":"London"}],["node","bob","person",{"age":20}],)"
    R"(["node","lab","place",{"city":"Paris"}]])",
    R"([["edge","ada","knows","bob",{"w":1}],["edge","bob","knows","ada",{}],["edge","bob","at","lab",{}],)"
    R"(["edge","bob","likes","bob",{}],["temporal","ada","in","lab",100,0,{"p":1}],["temporal","bob","in","lab",5,9,{}]])"};

// Each with what it leaves in several trees at once.
const std::vector<std::string> kCommits = {
    // A node comes, one changes, one changes its type: entries come and go.
    R"([["node","eve","person",{"age":40,"tags":["x"],"city":"Rome"}],["updateNode","ada",null,{"age":37},["city"]],)"
    R"(["updateNode","lab","building",{},[]],["edge","eve","knows","ada",{"since":2020}],["edge","ada","knows","eve",{}],)"
    R"(["temporal","eve","in","lab",200,300,{"q":"r"}],["end","ada","in","lab",500]])",
    // A node goes, with its edges both ways.
    R"([["deleteNode","bob"],["deleteEdge","ada","in","lab"],["node","zoe","person",{"age":1,"tags":[]}]])",
    // What is indexed changes.
    R"([["indexed","person",["name","tags"]],["indexed",null,[]],["node","dan","person",{"name":"Dan","tags":["a","b"]}]])"};

// A value that goes to a file of its own.
std::string WithBlob() {
  return R"([["node","big","person",{"age":7,"text":")" + std::string(kBlobThresholdBytes + 1, 'b') +
         R"("}],["edge","big","knows","ada",{}],["temporal","ada","knows","big",1,0,{}]])";
}

EngineOptions Options(SyncMode mode) {
  EngineOptions options = test::SmallOptions(mode);
  options.background = false;
  return options;
}

std::string Stored(Engine* engine) {
  const std::unique_ptr<Snapshot> snapshot = SnapshotOf(engine);
  test::ExpectGraphWhole(snapshot.get(), kPrefix);
  return DumpGraphs(snapshot.get());
}

// What comes after the commit may crash too: then it is there.
Status Upkeep(Engine* engine) {
  SOCHDB_TRY(engine->Flush(nullptr));
  return engine->Compact(nullptr, nullptr);
}

void CrashEverywhere(const std::string& changes, SyncMode mode) {
  const auto stride = static_cast<uint64_t>(test::Stride(2));
  SimEnv env(1);
  auto engine = test::OpenAt(&env, "/db", Options(mode));
  for (const std::string& each : kBefore) EXPECT_OK(WriteGraph(engine.get(), kPrefix, each));
  EXPECT_OK(engine->Flush(nullptr));
  const std::string before = Stored(engine.get());
  EXPECT_OK(engine->Close());
  engine.reset();
  const SimDisk disk = env.CloneDisk();

  engine = test::OpenAt(&env, "/db", Options(mode));
  EXPECT_OK(WriteGraph(engine.get(), kPrefix, changes));
  const std::string after = Stored(engine.get());
  EXPECT(before != after);
  EXPECT_OK(engine->Close());
  engine.reset();

  bool crashed = true;
  uint64_t lost = 0;
  uint64_t kept = 0;
  for (uint64_t at = 1 + test::Seed() % stride; crashed; at += stride) {
    env.UseDisk(disk.Clone());
    engine = test::OpenAt(&env, "/db", Options(mode));
    env.CrashAt(env.io_count() + at);
    const bool committed = WriteGraph(engine.get(), kPrefix, changes).ok();
    const bool kept_up = committed && Upkeep(engine.get()).ok();
    const bool closed = kept_up && engine->Close().ok();
    crashed = !closed;
    engine.reset();
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(at);
    engine = test::OpenAt(&env, "/db", Options(mode));
    const std::string found = Stored(engine.get());
    EXPECT(found == before || found == after);
    // What is in tables is durable, whatever the mode.
    if (closed || (committed && mode == SyncMode::kFull)) EXPECT(found == after);
    ++(found == before ? lost : kept);
    // It goes on from there.
    EXPECT_OK(WriteGraph(engine.get(), kPrefix, R"([["node","next","person",{"age":2}],["edge","next","to","ada",{}]])"));
    Stored(engine.get());
    EXPECT_OK(engine->Close());
    engine.reset();
  }
  if (stride == 1) EXPECT(lost > 0 && kept > 0);
}

TEST("a crash at any operation of a commit to a graph leaves all of it or nothing, in every tree: mode full") {
  for (const std::string& changes : kCommits) CrashEverywhere(changes, SyncMode::kFull);
}

TEST("a crash at any operation of a commit to a graph leaves all of it or nothing, in every tree: mode normal") {
  for (const std::string& changes : kCommits) CrashEverywhere(changes, SyncMode::kNormal);
}

TEST("a crash at any operation of a commit whose node has a file of its own leaves all of it or nothing") {
  CrashEverywhere(WithBlob(), SyncMode::kFull);
}

}  // namespace
}  // namespace sochdb::graph_crash_test
