// Commits that return before they are published, and the wait that many of them share.

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/harness.h"
#include "test/sim_env.h"

namespace sochdb {
namespace {

std::unique_ptr<Engine> OpenIn(SimEnv* env, SyncMode mode) {
  EngineOptions options;
  options.sync_mode = mode;
  auto engine = Engine::Open(env, "/db", options);
  EXPECT_OK(engine.status());
  return std::move(engine).value();
}

bool Has(Engine* engine, std::string_view key) {
  const EpochGuard guard;
  ReadValue value;
  bool found = false;
  EXPECT_OK(engine->Get(TreeId::kKeys, key, &value, &found));
  return found;
}

TEST("in mode full many unpublished commits share one sync, and nobody sees them before it") {
  SimEnv env(1);
  auto engine = OpenIn(&env, SyncMode::kFull);
  const uint64_t syncs = engine->stats().wal.syncs;
  Timestamp last = 0;
  for (int i = 0; i < 100; ++i) {
    auto put = engine->PutUnpublished(TreeId::kKeys, "k" + std::to_string(i), "v", kNeverExpires);
    EXPECT_OK(put.status());
    last = put.value();
  }
  auto txn = engine->Begin({}).value();
  EXPECT_OK(txn->Put(TreeId::kKeys, "t", "v"));
  auto committed = txn->CommitUnpublished();
  EXPECT_OK(committed.status());
  EXPECT(committed.value() > last);
  EXPECT(txn->finished());
  EXPECT(!Has(engine.get(), "k0") && !Has(engine.get(), "t"));
  EXPECT_EQ(engine->stats().wal.syncs, syncs);
  EXPECT_OK(engine->AwaitPublished(committed.value()));
  EXPECT_EQ(engine->stats().wal.syncs, syncs + 1);
  EXPECT(Has(engine.get(), "k0") && Has(engine.get(), "k99") && Has(engine.get(), "t"));
  EXPECT_OK(engine->AwaitPublished(last));
  EXPECT_EQ(engine->stats().wal.syncs, syncs + 1);
  EXPECT_OK(engine->Close());
}

TEST("in the other modes an unpublished commit is published when it returns") {
  for (const SyncMode mode : {SyncMode::kNormal, SyncMode::kOff}) {
    SimEnv env(2);
    auto engine = OpenIn(&env, mode);
    auto put = engine->PutUnpublished(TreeId::kKeys, "k", "v", kNeverExpires);
    EXPECT_OK(put.status());
    EXPECT(Has(engine.get(), "k"));
    EXPECT_OK(engine->AwaitPublished(put.value()));
    auto removed = engine->DeleteUnpublished(TreeId::kKeys, "k");
    EXPECT_OK(engine->AwaitPublished(removed.value()));
    EXPECT(!Has(engine.get(), "k"));
    EXPECT_OK(engine->Close());
  }
}

TEST("a commit that conflicts with an unpublished one is refused, and finds it published") {
  SimEnv env(3);
  auto engine = OpenIn(&env, SyncMode::kFull);
  auto txn = engine->Begin({}).value();
  ReadValue value;
  bool found = false;
  EXPECT_OK(txn->Get(TreeId::kKeys, "k", &value, &found));
  EXPECT_OK(txn->Put(TreeId::kKeys, "other", "v"));
  EXPECT_OK(engine->PutUnpublished(TreeId::kKeys, "k", "v", kNeverExpires).status());
  EXPECT_EQ(txn->CommitUnpublished().status().code(), Code::kConflict);
  EXPECT(Has(engine.get(), "k"));
  txn.reset();
  EXPECT_OK(engine->Close());
}

}  // namespace
}  // namespace sochdb
