// The parts of a transaction by themselves: footprint, write batch, writer gate.

#include <string>
#include <vector>

#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "txn/footprint.h"
#include "txn/write_batch.h"
#include "txn/writer_gate.h"

namespace sochdb::txn_parts_test {
namespace {

// --- footprint

TEST("a footprint of any size covers all that was added, and stays within its bounds") {
  for (uint64_t round = 0; round < 60; ++round) {
    SimRandom random(test::Seed() * 31 + round);
    const Footprint::Limits limits{16 + static_cast<size_t>(random.Below(40)), 600 + random.Below(3000)};
    Footprint footprint(limits);
    std::vector<Footprint::Range> added;   // a point as [key, key]
    std::vector<Footprint::Range> ranges;  // those of them that hold more than a point
    std::vector<std::string> keys(400);
    const auto key = [&] { return std::string_view(keys[static_cast<size_t>(random.Below(keys.size()))]); };
    for (std::string& k : keys) {
      k = std::to_string(random.Below(1000));
      if (random.OneIn(20)) k += std::string(static_cast<size_t>(random.Below(300)), 'x');
      if (random.OneIn(100)) k.clear();
    }
    for (int i = 0; i < 300; ++i) {
      const auto tree = static_cast<TreeId>(random.Below(3));
      const Timestamp since = 100 + random.Below(50);
      const std::string_view lo = key();
      if (random.OneIn(4)) {
        const std::string_view hi = random.OneIn(5) ? std::string_view() : key();
        footprint.AddRange(tree, lo, hi, since);
        if (!hi.empty() && hi <= lo) continue;
        added.push_back({tree, since, lo, hi});
        ranges.push_back(added.back());
      } else if (random.OneIn(4)) {
        const std::string_view last = key();
        footprint.AddRangeThrough(tree, lo, last, since);
        if (last < lo) continue;
        added.push_back({tree, since, lo, last});
        if (lo < last) ranges.push_back(added.back());
      } else {
        footprint.AddPoint(tree, lo, since);
        added.push_back({tree, since, lo, lo});
      }
      EXPECT(footprint.points().size() + footprint.ranges().size() <= limits.max_entries);
      if (i % 50 != 0) continue;
      footprint.Seal();
      for (const Footprint::Range& range : added) {
        EXPECT(footprint.InvalidatedBy(range.tree, range.lo, range.since + 1));
        EXPECT(footprint.oldest_since() <= range.since);
      }
      for (const Footprint::Range& range : ranges) {
        const std::string inside = std::string(range.lo) + '\0';
        if (range.hi.empty() || inside < range.hi) EXPECT(footprint.InvalidatedBy(range.tree, inside, range.since + 1));
      }
      EXPECT(!footprint.InvalidatedBy(static_cast<TreeId>(3), key(), kMaxTimestamp));
      EXPECT(!footprint.InvalidatedBy(TreeId::kKeys, key(), 100));  // nothing was read before 100
    }
  }
}

TEST("a footprint within its bounds is exact") {
  Footprint footprint({});
  footprint.AddPoint(TreeId::kKeys, "b", 10);
  footprint.AddRange(TreeId::kKeys, "d", "f", 10);
  footprint.AddRange(TreeId::kKeys, "e", "h", 10);
  footprint.AddRangeThrough(TreeId::kRows, "x", "y", 20);
  footprint.Seal();
  const auto hit = [&](TreeId tree, std::string_view key, Timestamp ts) { return footprint.InvalidatedBy(tree, key, ts); };
  for (const char* key : {"b", "d", "e", "g"}) EXPECT(hit(TreeId::kKeys, key, 11) && !hit(TreeId::kKeys, key, 10));
  for (const char* key : {"", "a", "bb", "c", "h", "z"}) EXPECT(!hit(TreeId::kKeys, key, 11));
  EXPECT(hit(TreeId::kRows, "y", 21) && !hit(TreeId::kRows, "y", 20) && !hit(TreeId::kRows, "y0", 21) &&
         !hit(TreeId::kRows, "b", 21));
}

TEST("keys too long to be remembered make the whole tree count as read") {
  Footprint footprint({64, 1000});
  footprint.AddPoint(TreeId::kKeys, std::string(2000, 'k'), 10);
  footprint.Seal();
  EXPECT(footprint.InvalidatedBy(TreeId::kKeys, "anything", 11));
  EXPECT(!footprint.InvalidatedBy(TreeId::kRows, "anything", 11));
}

// --- write batch

std::string AnyBatch(SimRandom* random, std::vector<std::string>* keys) {
  WriteBatchBuilder builder;
  const uint64_t count = 1 + random->Below(8);
  builder.Start(count);
  for (uint64_t i = 0; i < count; ++i) {
    keys->push_back(std::string(static_cast<size_t>(random->Below(300)), static_cast<char>(random->Below(256))));
    builder.Add(static_cast<TreeId>(random->Below(kTreeCount)), static_cast<ValueKind>(random->Below(4)), keys->back(),
                std::string(static_cast<size_t>(random->Below(300)), 'v'), random->OneIn(2) ? 0 : random->Next());
  }
  return std::string(builder.payload());
}

// Reads all of it; the number of operations, or -1 on an error.
int ReadBatch(std::string_view payload) {
  WriteBatchReader reader(payload);
  if (!reader.Start().ok()) return -1;
  for (int count = 0;; ++count) {
    BatchOperation operation;
    bool found = false;
    if (!reader.Next(&operation, &found).ok()) return -1;
    if (!found) return count;
  }
}

TEST("a write batch reads back as it was written") {
  SimRandom random(test::Seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> keys;
    const std::string payload = AnyBatch(&random, &keys);
    EXPECT_EQ(ReadBatch(payload), static_cast<int>(keys.size()));
    WriteBatchReader reader(payload);
    EXPECT_OK(reader.Start());
    for (const std::string& key : keys) {
      BatchOperation operation;
      bool found = false;
      EXPECT_OK(reader.Next(&operation, &found));
      EXPECT(found && operation.key == key);
      EXPECT(operation.kind == ValueKind::kDelete ? operation.value.empty() : true);
    }
  }
}

TEST("a write batch that is cut short is an error, and damage never reads past it") {
  SimRandom random(test::Seed());
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> keys;
    const std::string payload = AnyBatch(&random, &keys);
    for (size_t n = 0; n < payload.size(); ++n) {
      const std::vector<char> cut(payload.begin(),
                                  payload.begin() + static_cast<std::ptrdiff_t>(n));  // so that asan sees its end
      EXPECT_EQ(ReadBatch({cut.data(), cut.size()}), -1);
    }
    std::vector<char> damaged(payload.begin(), payload.end());
    for (int i = 0; i < 50; ++i) {
      damaged[static_cast<size_t>(random.Below(damaged.size()))] = static_cast<char>(random.Below(256));
      (void)ReadBatch({damaged.data(), damaged.size()});
    }
  }
  EXPECT_EQ(ReadBatch(std::string("\x02\0\0", 3)), -1);  // of a newer version
}

TEST("a list of operands reads back in order, and a malformed one is noticed") {
  std::string list;
  for (const char* operand : {"a", "", "ccc"}) AppendOperand(&list, operand);
  std::string_view rest = list;
  std::string seen;
  while (!rest.empty()) {
    std::string_view operand;
    EXPECT(TakeOperand(&rest, &operand));
    seen += std::string(operand) + ",";
  }
  EXPECT_EQ(seen, "a,,ccc,");
  std::string_view cut = std::string_view(list).substr(0, 1);
  std::string_view operand;
  EXPECT(!TakeOperand(&cut, &operand));
}

// --- writer gate

TEST("the writer belongs to one owner at a time, and closing the gate wakes who waits") {
  SimEnv env(test::Seed());
  WriterGate gate(&env);
  int a = 0;
  int b = 0;
  EXPECT_OK(gate.Take(&a, 10));
  EXPECT_EQ(static_cast<int>(gate.Take(&b, 10).code()), static_cast<int>(Code::kTransaction));
  EXPECT_EQ(static_cast<int>(gate.Enter(nullptr, 10).code()), static_cast<int>(Code::kTransaction));
  EXPECT_OK(gate.Enter(&a, 10));
  gate.Leave();
  Code waited = Code::kOk;
  auto waiter = env.StartThread("waiter", [&] { waited = gate.Take(&b, 1'000'000).code(); });
  env.SleepMicros(1000);
  {
    MutexLock lock(gate.mutex());
    gate.Close();
  }
  waiter->Join();
  EXPECT_EQ(static_cast<int>(waited), static_cast<int>(Code::kClosed));
  gate.Release(&a);
  EXPECT_EQ(static_cast<int>(gate.Enter(nullptr, 10).code()), static_cast<int>(Code::kClosed));
}

}  // namespace
}  // namespace sochdb::txn_parts_test
