// The writes of a transaction against a list of all that was written.

#include "txn/write_set.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "test/harness.h"
#include "test/sim_random.h"

namespace sochdb::write_set_test {
namespace {

using Key = std::pair<TreeId, std::string>;
using Model = std::map<Key, std::string>;

// Two of them share the place where the newest write is remembered.
constexpr TreeId kTrees[] = {TreeId::kCatalog, TreeId::kRows, TreeId::kIndexes, TreeId::kNodes, TreeId::kRowsAppendOnly};

std::string KeyOf(SimRandom* random, uint64_t* next) {
  // Runs that ascend, as bulk writes do, with writes elsewhere between them.
  if (random->OneIn(4)) return std::to_string(1000 + random->Below(300));
  if (random->OneIn(60)) *next = 1000 + random->Below(300);
  return std::to_string((*next)++ % 300 + 1000);
}

void ExpectSame(const WriteSet& writes, const Model& model) {
  EXPECT_EQ(writes.size(), model.size());
  auto wanted = model.begin();
  for (auto at = writes.begin(); at != writes.end(); ++at, ++wanted) {
    EXPECT(at->first.tree == wanted->first.first);
    EXPECT_EQ(std::string(at->first.key), wanted->first.second);
    EXPECT_EQ(std::string(WriteSet::VersionAt(at->second, kLatestSequence)->value()), wanted->second);
  }
}

TEST("a write set finds what was written last, in order, whatever was rolled back before") {
  for (uint64_t round = 0; round < 40; ++round) {
    SimRandom random(test::Seed() * 17 + round);
    WriteSet writes;
    Model model;
    std::vector<std::pair<SavepointId, Model>> savepoints;
    uint64_t next = 0;
    for (int i = 0; i < 1500; ++i) {
      const TreeId tree = kTrees[random.Below(std::size(kTrees))];
      const std::string key = KeyOf(&random, &next);
      const OwnVersion* const found = writes.Find(tree, key, kLatestSequence);
      const auto wanted = model.find({tree, key});
      EXPECT_EQ(found != nullptr, wanted != model.end());
      if (found != nullptr) EXPECT_EQ(std::string(found->value()), wanted->second);
      if (!random.OneIn(3)) {
        const std::string value = std::to_string(i);
        writes.Add(tree, key, ValueKind::kValue, value, kNeverExpires, nullptr);
        model[{tree, key}] = value;
      }
      if (random.OneIn(50)) savepoints.emplace_back(writes.SetSavepoint(), model);
      if (random.OneIn(70) && !savepoints.empty()) {
        savepoints.resize(1 + static_cast<size_t>(random.Below(savepoints.size())));
        EXPECT(writes.RollbackTo(savepoints.back().first).ok());
        model = savepoints.back().second;
        ExpectSame(writes, model);
      }
      if (random.OneIn(700)) {
        writes.Clear();
        model.clear();
        savepoints.clear();
      }
      const auto tree_is = [&](const auto& entry) { return entry.first.first == tree; };
      if (random.OneIn(40)) EXPECT_EQ(writes.HasAny(tree, {}, {}), std::any_of(model.begin(), model.end(), tree_is));
    }
    ExpectSame(writes, model);
  }
}

}  // namespace
}  // namespace sochdb::write_set_test
