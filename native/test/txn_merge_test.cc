// Writes that a commit completes: merges, and numbers that are assigned from a sequence.

#include <string>

#include "base/bytes.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb::txn_merge_test {
namespace {

using test::GetOr;
using test::OpenAt;
using test::ScanAll;
using test::Store;

constexpr TreeId kTree = TreeId::kKeys;
constexpr TreeId kSums = TreeId::kPostings;

bool Is(const Status& status, Code code) { return status.code() == code; }

// --- merges

TEST("merges combine with what lies below, in every layer, and in the order they were made") {
  Store store;
  Engine* const engine = store.engine.get();
  test::MergeOne(engine, "n", "1");
  test::MergeOne(engine, "n", "2");
  EXPECT_EQ(GetOr(engine, "n", kSums), "3");
  auto txn = store.Begin();
  EXPECT_OK(txn->Merge(kSums, "n", "10"));
  EXPECT_OK(txn->Merge(kSums, "n", "20"));
  EXPECT_EQ(GetOr(txn.get(), "n", kSums), "33");
  EXPECT_EQ(ScanAll(txn.get(), "", "", {}, SIZE_MAX, kSums), "n=33 ");
  EXPECT_OK(txn->Put(kSums, "n", "100"));
  EXPECT_OK(txn->Merge(kSums, "n", "1"));
  EXPECT_EQ(GetOr(txn.get(), "n", kSums), "101");
  EXPECT_OK(txn->Delete(kSums, "m"));
  EXPECT_OK(txn->Merge(kSums, "m", "7"));
  EXPECT_OK(txn->Commit().status());
  EXPECT_EQ(GetOr(engine, "n", kSums), "101");
  EXPECT_EQ(GetOr(engine, "m", kSums), "7");
  auto more = store.Begin();
  EXPECT_OK(more->Merge(kSums, "n", "4"));
  EXPECT_OK(more->Merge(kSums, "n", "5"));
  EXPECT_OK(more->Commit().status());
  EXPECT_OK(engine->Close());
  store.engine = OpenAt(&store.env);
  store.engine->SetMergeOperator(kSums, &store.sum);
  EXPECT_EQ(GetOr(store.engine.get(), "n", kSums), "110");
}

TEST("a rollback takes merge operands away as it takes puts") {
  Store store;
  auto txn = store.Begin();
  EXPECT_OK(txn->Merge(kSums, "n", "1"));
  const SavepointId savepoint = txn->SetSavepoint();
  EXPECT_OK(txn->Merge(kSums, "n", "2"));
  EXPECT_OK(txn->RollbackTo(savepoint));
  EXPECT_OK(txn->Merge(kSums, "n", "4"));
  EXPECT_EQ(GetOr(txn.get(), "n", kSums), "5");
}

TEST("a merged value expires with the value below its operands, and later operands begin anew") {
  SimEnv env(test::Seed());
  auto engine = OpenAt(&env, "/db");
  test::SumOperator sum;
  engine->SetMergeOperator(kSums, &sum);
  EXPECT_OK(engine->Put(kSums, "n", "5", env.NowMillis() + 1000).status());
  test::MergeOne(engine.get(), "n", "3");
  EXPECT_EQ(GetOr(engine.get(), "n", kSums), "8");
  env.AdvanceMillis(2000);
  EXPECT_EQ(GetOr(engine.get(), "n", kSums), "-");
  test::MergeOne(engine.get(), "n", "2");
  EXPECT_EQ(GetOr(engine.get(), "n", kSums), "2");
}

TEST("a merge into a tree without an operator is refused") {
  Store store;
  EXPECT(Is(store.Begin()->Merge(kTree, "k", "1"), Code::kUnsupported));
}

// --- sequences

uint64_t NumberIn(Reader* reader, std::string_view key) {
  const std::string value = GetOr(reader, key);
  return value.size() >= 9 ? DecodeFixed64(value.data() + 1) : 0;
}

TEST("numbers that are assigned at commit follow commit order, without gaps, and survive a restart") {
  Store store;
  const std::string blank = "v" + std::string(8, 'x');
  auto first = store.Begin();
  auto second = store.Begin();
  auto aborted = store.Begin();
  EXPECT_OK(first->PutAssigned(kTree, "b", blank, 1, "seq"));
  EXPECT_OK(first->PutAssigned(kTree, "a", blank, 1, "seq"));
  EXPECT_EQ(NumberIn(first.get(), "b"), 0u);
  EXPECT_OK(aborted->PutAssigned(kTree, "z", blank, 1, "seq"));
  EXPECT_OK(second->PutAssigned(kTree, "c", blank, 1, "seq"));
  EXPECT_OK(second->PutAssigned(kTree, "d", blank, 1, "other"));
  EXPECT_OK(second->Commit().status());
  aborted->Abort();
  EXPECT_OK(first->Commit().status());
  auto snapshot = store.engine->NewSnapshot().value();
  EXPECT_EQ(NumberIn(snapshot.get(), "c"), 1u);
  EXPECT_EQ(NumberIn(snapshot.get(), "d"), 1u);
  EXPECT_EQ(NumberIn(snapshot.get(), "b"), 2u);  // in the order of the writes, not of the keys
  EXPECT_EQ(NumberIn(snapshot.get(), "a"), 3u);
  snapshot.reset();
  EXPECT_OK(store.engine->Close());
  store.engine = OpenAt(&store.env);
  auto later = store.Begin();
  EXPECT_OK(later->PutAssigned(kTree, "e", blank, 1, "seq"));
  EXPECT_OK(later->Commit().status());
  EXPECT_EQ(NumberIn(store.engine->NewSnapshot().value().get(), "e"), 4u);
}

TEST("a sequence that the transaction itself sets goes on from there") {
  Store store;
  auto txn = store.Begin();
  std::string number;
  PutFixed64(&number, 41);
  EXPECT_OK(txn->Put(TreeId::kSequences, "seq", number));
  EXPECT_OK(txn->PutAssigned(kTree, "k", "v" + std::string(8, 'x'), 1, "seq"));
  EXPECT_OK(txn->Commit().status());
  EXPECT_EQ(NumberIn(store.engine->NewSnapshot().value().get(), "k"), 42u);
}

TEST("an assigned field that does not fit its value is refused") {
  Store store;
  auto txn = store.Begin();
  EXPECT(Is(txn->PutAssigned(kTree, "k", "1234567", 0, "seq"), Code::kInvalidArgument));
  EXPECT(Is(txn->PutAssigned(kTree, "k", "12345678", 1, "seq"), Code::kInvalidArgument));
  EXPECT(Is(txn->PutAssigned(kTree, "k", "12345678", UINT32_MAX, "seq"), Code::kInvalidArgument));
  EXPECT_OK(txn->PutAssigned(kTree, "k", "12345678", 0, "seq"));
}

}  // namespace
}  // namespace sochdb::txn_merge_test
