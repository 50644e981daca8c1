// Reads that must not wait for the disk: what is in memory they answer, of the rest they say so, and nothing is counted twice.

#include "base/cached_only.h"

#include <memory>
#include <string>

#include "env/mem_env.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::cached_only_test {
namespace {

using test::AsInt;
using test::CodeOf;
using test::GetOr;
using test::KeyOf;
using test::MergeOne;
using test::OpenAt;
using test::PutMany;
using test::PutOne;
using test::TinyOptions;
using test::ValueOf;

template <typename From>
Status GetCached(From* from, std::string_view key, std::string* value, TreeId tree = TreeId::kKeys) {
  const CachedOnly here;
  const EpochGuard guard;
  ReadValue read;
  bool found = false;
  const Status status = from->Get(tree, key, &read, &found);
  *value = found ? std::string(read.data) : "-";
  return status;
}

// A store all of whose data is in tables, none of it in the cache.
struct ColdStore {
  ColdStore() {
    Open();
    PutMany(engine.get(), 0, 1000);
    PutOne(engine.get(), "large", std::string(kBlobThresholdBytes + 1, 'x'));
    MergeOne(engine.get(), "sum", "1");
    EXPECT_OK(engine->Flush(nullptr));
    MergeOne(engine.get(), "sum", "2");
    EXPECT_OK(engine->Flush(nullptr));
    EXPECT_OK(engine->Close());
    Open();
  }
  void Open() {
    engine = OpenAt(&env, "/db", TinyOptions());
    engine->SetMergeOperator(TreeId::kPostings, &sum);
  }
  MemEnv env;
  test::SumOperator sum;
  std::unique_ptr<Engine> engine;
};

template <typename From>
void ExpectWaitsOnce(Engine* engine, From* from, int i) {
  const EngineStats before = engine->stats();
  std::string value;
  EXPECT_EQ(CodeOf(GetCached(from, KeyOf(i), &value)), AsInt(Code::kWouldBlock));
  EXPECT_EQ(value, "-");
  EXPECT_EQ(engine->stats().reads, before.reads);
  EXPECT_EQ(engine->stats().lsm.cache.misses, before.lsm.cache.misses);
  EXPECT_EQ(GetOr(from, KeyOf(i)), ValueOf(i));
  EXPECT_EQ(engine->stats().reads, before.reads + 1);
  EXPECT_EQ(engine->stats().lsm.cache.misses, before.lsm.cache.misses + 1);
  EXPECT_OK(GetCached(from, KeyOf(i), &value));
  EXPECT_EQ(value, ValueOf(i));
  EXPECT_EQ(engine->stats().lsm.cache.misses, before.lsm.cache.misses + 1);
}

TEST("a block that is not cached is not read, and counts when it is") {
  ColdStore store;
  ExpectWaitsOnce(store.engine.get(), store.engine.get(), 0);
  const auto snapshot = store.engine->NewSnapshot().value();
  ExpectWaitsOnce(store.engine.get(), snapshot.get(), 400);
  const auto transaction = test::BeginOn(store.engine.get());
  ExpectWaitsOnce(store.engine.get(), transaction.get(), 700);
}

TEST("memory and filters answer without the disk") {
  ColdStore store;
  PutOne(store.engine.get(), KeyOf(3), "new");
  std::string value;
  EXPECT_OK(GetCached(store.engine.get(), KeyOf(3), &value));
  EXPECT_EQ(value, "new");
  EXPECT_OK(GetCached(store.engine.get(), "zzz", &value));
  EXPECT_EQ(value, "-");
}

TEST("a value in a file of its own always waits") {
  ColdStore store;
  for (int round = 0; round < 2; ++round) {
    std::string value;
    EXPECT_EQ(CodeOf(GetCached(store.engine.get(), "large", &value)), AsInt(Code::kWouldBlock));
    EXPECT_EQ(GetOr(store.engine.get(), "large").size(), kBlobThresholdBytes + 1);
  }
}

TEST("operands whose base is not cached wait for it") {
  ColdStore store;
  std::string value;
  const uint64_t reads = store.engine->stats().reads;
  EXPECT_EQ(CodeOf(GetCached(store.engine.get(), "sum", &value, TreeId::kPostings)), AsInt(Code::kWouldBlock));
  EXPECT_EQ(store.engine->stats().reads, reads);
  EXPECT_EQ(GetOr(store.engine.get(), "sum", TreeId::kPostings), "3");
  EXPECT_OK(GetCached(store.engine.get(), "sum", &value, TreeId::kPostings));
  EXPECT_EQ(value, "3");
}

TEST("a walk stops where it would have to wait, and says why") {
  ColdStore store;
  const auto snapshot = store.engine->NewSnapshot().value();
  const uint64_t misses = store.engine->stats().lsm.cache.misses;
  {
    const CachedOnly here;
    auto cursor = snapshot->NewCursor(TreeId::kKeys, "", "", {}).value();
    bool found = false;
    EXPECT_EQ(CodeOf(cursor->Next(&found)), AsInt(Code::kWouldBlock));
    EXPECT(!found);
  }
  EXPECT_EQ(store.engine->stats().lsm.cache.misses, misses);
  EXPECT(test::ScanAll(snapshot.get(), "", "", {}, 1).starts_with(KeyOf(0) + "="));
}

}  // namespace
}  // namespace sochdb::cached_only_test
