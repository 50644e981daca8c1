// The isolation matrix of docs/internals/isolation.md, cell by cell.
//
// Every anomaly is a small history played by hand; it "occurs" when what the transactions saw, and whether they could
// commit, is what no level that prevents it allows. The cells that do not prevent one are asserted to let it happen:
// otherwise the levels would not differ.

#include <string>

#include "test/harness.h"
#include "test/isolation_world.h"

namespace sochdb::isolation_test {
namespace {

using test::Get;
using test::kLevels;
using test::Put;
using test::Scan;
using test::TxnPtr;
using test::World;

// --- the anomalies

bool DirtyWrite(World& w) {  // G0
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "11");
  Put(t2, "x", "12");
  Put(t1, "y", "21");
  w.Commit(t1);
  Put(t2, "y", "22");
  w.Commit(t2);
  const std::string state = w.State();
  return state != "x=11 y=21 " && state != "x=12 y=22 ";
}

bool AbortedRead(World& w) {  // G1a
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "101");
  const bool seen = Get(t2, "x") != "10";
  t1->Abort();
  return seen || Get(t2, "x") != "10";
}

bool IntermediateRead(World& w) {  // G1b
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "101");
  const bool seen = Get(t2, "x") == "101";
  Put(t1, "x", "11");
  w.Commit(t1);
  return seen || Get(t2, "x") == "101";
}

bool CircularInformationFlow(World& w) {  // G1c
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  Put(t1, "x", "11");
  Put(t2, "y", "22");
  return Get(t1, "y") == "22" && Get(t2, "x") == "11";
}

bool ObservedTransactionVanishes(World& w) {  // OTV
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  TxnPtr t3 = w.Begin();
  Put(t1, "x", "11");
  Put(t1, "y", "19");
  Put(t2, "x", "12");
  w.Commit(t1);
  const std::string x = Get(t3, "x");
  Put(t2, "y", "18");
  w.Commit(t2);
  // One that saw T1's x must not later see a y from before T1, nor T2 come and go.
  const std::string y = Get(t3, "y");
  const std::string again = Get(t3, "x");
  if (x == "11" && y == "20") return true;
  return (y == "18") != (again == "12");
}

bool PredicateManyPreceders(World& w) {  // PMP
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const bool empty = Scan(t1).empty();
  Put(t2, "k1", "30");
  w.Commit(t2);
  return empty && !Scan(t1).empty();
}

bool LostUpdate(World& w) {  // P4
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const int a = std::stoi(Get(t1, "x"));
  const int b = std::stoi(Get(t2, "x"));
  Put(t1, "x", std::to_string(a + 1));
  Put(t2, "x", std::to_string(b + 1));
  return w.Commit(t1) && w.Commit(t2) && w.State() != "x=12 y=20 ";
}

bool ReadSkew(World& w) {  // G-single
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  const std::string x = Get(t1, "x");
  Put(t2, "x", "12");
  Put(t2, "y", "18");
  w.Commit(t2);
  return x == "10" && Get(t1, "y") == "18";
}

bool WriteSkew(World& w) {  // G2-item
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  for (const TxnPtr* txn : {&t1, &t2}) EXPECT_EQ(Get(*txn, "x") + Get(*txn, "y"), "1020");
  Put(t1, "x", "11");
  Put(t2, "y", "21");
  return w.Commit(t1) && w.Commit(t2);
}

bool AntiDependencyCycle(World& w) {  // G2
  TxnPtr t1 = w.Begin();
  TxnPtr t2 = w.Begin();
  EXPECT_EQ(Scan(t1) + Scan(t2), "");
  Put(t1, "k3", "30");
  Put(t2, "k4", "42");
  return w.Commit(t1) && w.Commit(t2);
}

struct Row {
  const char* name;
  bool (*occurs)(World&);
  bool allowed[3];  // by read committed, snapshot, serializable
};

constexpr Row kMatrix[] = {
    {"G0", DirtyWrite, {false, false, false}},
    {"G1a", AbortedRead, {false, false, false}},
    {"G1b", IntermediateRead, {false, false, false}},
    {"G1c", CircularInformationFlow, {false, false, false}},
    {"OTV", ObservedTransactionVanishes, {false, false, false}},
    {"PMP", PredicateManyPreceders, {true, false, false}},
    {"P4", LostUpdate, {true, false, false}},
    {"G-single", ReadSkew, {true, false, false}},
    {"G2-item", WriteSkew, {true, true, false}},
    {"G2", AntiDependencyCycle, {true, true, false}},
};

void CheckMatrix(int noise) {
  for (const Row& row : kMatrix) {
    for (size_t i = 0; i < 3; ++i) {
      World world(kLevels[i], noise);
      if (row.occurs(world) != row.allowed[i]) {
        test::Fail(__FILE__, __LINE__,
                   std::string(row.name) + (row.allowed[i] ? " must occur" : " must not occur") + " at level " +
                       std::to_string(static_cast<int>(kLevels[i])) + " with noise " + std::to_string(noise));
      }
    }
  }
}

TEST("each level prevents the anomalies it promises to, and the weaker ones let the others happen") { CheckMatrix(0); }
TEST("the matrix holds when validation starts before the commit mutex") { CheckMatrix(700); }
TEST("the matrix holds when the snapshot is older than the commit ring") { CheckMatrix(20'000); }

}  // namespace
}  // namespace sochdb::isolation_test
