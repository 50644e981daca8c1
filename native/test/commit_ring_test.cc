#include "mem/commit_ring.h"

#include <algorithm>
#include <string>
#include <vector>

#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::commit_ring_test {
namespace {

using test::MakeRecord;
using test::Random;

struct Entry {
  Timestamp ts;
  std::string key;
};

std::vector<std::string> Walked(const CommitRing& ring, Timestamp since, WalkResult wanted = WalkResult::kDone) {
  std::vector<std::string> keys;
  const WalkResult result = ring.WalkSince(since, [&](Timestamp ts, const WrittenKey& written) {
    EXPECT(ts > since);
    keys.emplace_back(written.key());
    return true;
  });
  EXPECT(result == wanted);
  return keys;
}

TEST("the commit ring gives the keys since a snapshot, newest first, or says that it is too old") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 5; ++seed) {
    Random random(seed);
    Arena arena;
    CommitRing ring(60);
    EXPECT_EQ(ring.capacity(), 64u);
    std::vector<Entry> model;
    Timestamp floor = 0;
    Timestamp ts = 0;
    for (int commit = 0; commit < 500; ++commit) {
      ts += 1 + random.Below(3);
      std::vector<WrittenKey> written;
      for (uint64_t i = random.OneIn(40) ? 70 : random.Below(12); i > 0; --i) {
        const std::string key = std::to_string(random.Below(1000));
        written.push_back({TreeId::kRows, MakeRecord(&arena, key)});
        model.push_back({ts, key});
      }
      ring.Append(ts, written);
      if (random.OneIn(30)) ring.Forget(ts - random.Below(std::min<Timestamp>(ts, 10)));
      floor = ring.floor();
      EXPECT(floor <= ts && ring.size() <= ring.capacity());
      for (int probe = 0; probe < 5; ++probe) {
        const Timestamp since = random.Below(ts + 2);
        EXPECT_EQ(ring.ReachesBackTo(since), since >= floor);
        std::vector<std::string> wanted;
        for (auto at = model.rbegin(); since >= floor && at != model.rend() && at->ts > since; ++at) wanted.push_back(at->key);
        EXPECT(Walked(ring, since, since >= floor ? WalkResult::kDone : WalkResult::kTooOld) == wanted);
        if (since >= floor) EXPECT_EQ(ring.CountSince(since), wanted.size());
      }
    }
  }
}

TEST("the commit ring forgets no more than it must") {
  Arena arena;
  CommitRing ring(4);
  const auto append = [&](Timestamp ts, size_t n) {
    ring.Append(ts, std::vector<WrittenKey>(n, {TreeId::kKeys, MakeRecord(&arena, std::to_string(ts))}));
  };
  append(1, 2);
  append(2, 2);
  EXPECT_EQ(ring.floor(), 0u);
  append(3, 1);  // commit 1 goes, wholly
  EXPECT_EQ(ring.floor(), 1u);
  EXPECT(Walked(ring, 1) == (std::vector<std::string>{"3", "2", "2"}));
  append(4, 5);  // more than the ring holds: nothing before it is known
  EXPECT_EQ(ring.floor(), 4u);
  EXPECT(Walked(ring, 4).empty());
  append(5, 0);
  append(6, 4);
  EXPECT_EQ(ring.floor(), 4u);
  EXPECT_EQ(Walked(ring, 5).size(), 4u);
}

TEST("a walk of the commit ring ends when it is told to") {
  Arena arena;
  CommitRing ring(4);
  ring.Append(1, std::vector<WrittenKey>(3, {TreeId::kKeys, MakeRecord(&arena, "k")}));
  int visited = 0;
  EXPECT(ring.WalkSince(0, [&](Timestamp, const WrittenKey&) { return ++visited < 2; }) == WalkResult::kStopped);
  EXPECT_EQ(visited, 2);
}

}  // namespace
}  // namespace sochdb::commit_ring_test
