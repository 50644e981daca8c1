// Commits that return before they are published, and the wait that many of them share.

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/harness.h"
#include "test/sim_env.h"

namespace sochdb::unpublished_commit_test {
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

// --- writers that read what is applied

std::unique_ptr<Transaction> BeginApplied(Engine* engine) {
  TransactionOptions options;
  options.take_writer = true;
  options.read_applied = true;
  auto begun = engine->Begin(options);
  EXPECT_OK(begun.status());
  return std::move(begun).value();
}

std::string ReadIn(Transaction* transaction, std::string_view key) {
  ReadValue value;
  bool found = false;
  EXPECT_OK(transaction->Get(TreeId::kKeys, key, &value, &found));
  return found ? std::string(value.data) : "-";
}

// Adds an "x" to the value; the timestamp to wait for.
Timestamp Lengthen(Engine* engine, std::string_view key) {
  auto transaction = BeginApplied(engine);
  const std::string now = ReadIn(transaction.get(), key);
  EXPECT_OK(transaction->Put(TreeId::kKeys, key, (now == "-" ? "" : now) + "x"));
  auto ts = transaction->CommitUnpublished();
  EXPECT_OK(ts.status());
  return ts.ok() ? ts.value() : 0;
}

TEST("in mode full writers that read each other's commits before they are durable share one sync, and lose none") {
  SimEnv env(4);
  auto engine = OpenIn(&env, SyncMode::kFull);
  const uint64_t syncs = engine->stats().wal.syncs;
  Timestamp last = 0;
  for (int i = 0; i < 50; ++i) last = Lengthen(engine.get(), "k");
  EXPECT_EQ(engine->stats().wal.syncs, syncs);
  EXPECT(!Has(engine.get(), "k"));
  EXPECT_OK(engine->AwaitPublished(last));
  EXPECT_EQ(engine->stats().wal.syncs, syncs + 1);
  EXPECT_EQ(ReadIn(engine->Begin({}).value().get(), "k"), std::string(50, 'x'));
  EXPECT_OK(engine->Close());
}

TEST("one that wrote nothing tells of nothing that is not durable") {
  SimEnv env(5);
  auto engine = OpenIn(&env, SyncMode::kFull);
  EXPECT_OK(engine->PutUnpublished(TreeId::kKeys, "k", "v", kNeverExpires).status());
  auto transaction = BeginApplied(engine.get());
  EXPECT_EQ(ReadIn(transaction.get(), "k"), "v");
  EXPECT(!Has(engine.get(), "k"));
  EXPECT_OK(transaction->Commit().status());
  EXPECT(Has(engine.get(), "k"));
  EXPECT_OK(engine->Close());
}

TEST("one that rests on a commit whose sync fails, fails with it, whether it wrote or not") {
  for (const bool writes : {false, true}) {
    SimEnv env(6);
    auto engine = OpenIn(&env, SyncMode::kFull);
    EXPECT_OK(engine->PutUnpublished(TreeId::kKeys, "k", "v", kNeverExpires).status());
    auto transaction = BeginApplied(engine.get());
    EXPECT_EQ(ReadIn(transaction.get(), "k"), "v");
    if (writes) EXPECT_OK(transaction->Put(TreeId::kKeys, "k", "w"));
    env.FailAt(env.io_count() + 1, SimEnv::Fault::kIoError, true);
    EXPECT(!transaction->Commit().ok());
    EXPECT(!Has(engine.get(), "k"));
    env.ClearFaults();
    auto refused = engine->Begin({});
    EXPECT_OK(refused.value()->Put(TreeId::kKeys, "k", "x"));
    EXPECT_EQ(refused.value()->Commit().status().code(), Code::kReadOnly);
    refused.value().reset();
    transaction.reset();
    (void)engine->Close();
  }
}

TEST("a reader above what is published keeps its sight beside a flush and a compaction") {
  SimEnv env(7);
  auto engine = OpenIn(&env, SyncMode::kFull);
  EXPECT_OK(engine->Put(TreeId::kKeys, "k", "old", kNeverExpires).status());
  EXPECT_OK(engine->PutUnpublished(TreeId::kKeys, "k", "new", kNeverExpires).status());
  auto transaction = BeginApplied(engine.get());
  EXPECT(transaction->read_ts() > engine->visible_ts());
  const auto before = engine->NewSnapshot().value();
  EXPECT_OK(engine->Flush(nullptr));
  EXPECT_OK(engine->Compact(nullptr, nullptr));
  EXPECT_EQ(ReadIn(transaction.get(), "k"), "new");
  ReadValue value;
  bool found = false;
  EXPECT_OK(before->Get(TreeId::kKeys, "k", &value, &found));
  EXPECT_EQ(std::string(value.data), "old");
  EXPECT_OK(transaction->Commit().status());
  EXPECT_EQ(ReadIn(engine->Begin({}).value().get(), "k"), "new");
}

}  // namespace
}  // namespace sochdb::unpublished_commit_test
