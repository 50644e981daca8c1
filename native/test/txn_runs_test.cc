// Cursors that hand over runs, and reads of many keys: what they show, and what they note as read, is what steps and reads one
// by one show and note.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "sst/entry_group.h"
#include "test/mem_keys.h"
#include "test/tables_world.h"

namespace sochdb::txn_runs_test {
namespace {

using test::Random;

constexpr TreeId kTree = TreeId::kPostings;  // which takes operands
constexpr uint64_t kKeys = 12000;

struct Entry {
  std::string key;
  std::string value;
  bool operator==(const Entry&) const = default;
};
using Entries = std::vector<Entry>;

std::string KeyOf(uint64_t i) { return "key" + std::to_string(100000 + i); }
std::string ValueOf(uint64_t i) { return std::string(20, '0') + std::to_string(i); }

// Tables long enough to be read in groups.
class RunWorld : public test::TablesWorld {
 public:
  explicit RunWorld(uint64_t seed) : random(seed) {}

  void Write(Transaction* transaction) {
    const std::string key = KeyOf(random.Below(kKeys + 100));
    const uint64_t what = random.Below(plain ? 4 : 16) + (plain && random.OneIn(2) ? 12 : 0);
    if (what < 4) EXPECT_OK(transaction->Delete(kTree, key));
    else if (what == 4) EXPECT_OK(transaction->Put(kTree, key, ValueOf(7), kMaxTimestamp >> 20));  // far away
    else if (what == 5) EXPECT_OK(transaction->Put(kTree, key, ValueOf(7), 1));                    // expired
    else if (what == 6) EXPECT_OK(transaction->Merge(kTree, key, "1"));
    else EXPECT_OK(transaction->Put(kTree, key, ValueOf(random.Next() >> 1)));
  }
  // Commits: about so many writes, in one part of the keys or all over.
  void Commit(uint64_t writes) {
    const auto transaction = Begin();
    for (uint64_t i = 0; i < writes; ++i) Write(transaction.get());
    EXPECT_OK(transaction->Commit().status());
  }
  void Load() {
    const auto transaction = Begin();
    for (uint64_t i = 0; i < kKeys; ++i) EXPECT_OK(transaction->Put(kTree, KeyOf(i), ValueOf(i)));
    EXPECT_OK(transaction->Commit().status());
  }
  // As one file: the fixture's own are short.
  void FlushLong() {
    Rotate();
    EXPECT_OK(pipeline()->Sync());
    Tree* const tree = trees()->Find(kTree);
    const auto forget = [this](const ImmutableMemtable& flushed) {
      MutexLock lock(pipeline()->gate()->mutex());
      pipeline()->ForgetRing(flushed.newest_ts);
    };
    while (test::FlushOldest(tree, tables(), UINT64_MAX, Rule(), forget)) {
    }
    CollectRetired();
  }
  void CompactLong() {
    test::CompactAll(trees()->Find(kTree), tables(), Rule());
    CollectRetired();
  }
  void Move() {
    if (random.OneIn(2)) FlushLong();
    if (random.OneIn(3)) CompactLong();
  }

  Random random;
  const bool plain = random.OneIn(2);  // nothing expires or is merged: groups stay groups
};

std::unique_ptr<Cursor> Open(Reader* reader, const std::string& lo = "", const std::string& hi = "") {
  auto cursor = reader->NewCursor(kTree, lo, hi, {});
  EXPECT_OK(cursor.status());
  return std::move(cursor).value();
}

bool Step(Cursor* cursor, Entries* out) {
  bool found = false;
  EXPECT_OK(cursor->Next(&found));
  if (found) out->push_back({std::string(cursor->key()), std::string(cursor->value())});
  return found;
}

// One run; counts what came in groups. Its values, and the key of the last.
bool StepRun(Cursor* cursor, uint32_t want, std::vector<std::string>* values, uint64_t* grouped) {
  EntryRun run;
  bool found = false;
  EXPECT_OK(cursor->NextRun(want, &run, &found));
  if (!found) return false;
  EXPECT(run.rows >= 1 && run.rows <= want);
  if (run.group != nullptr) {
    const std::vector<std::string_view>* all = nullptr;
    EXPECT_OK(run.group->Values(&all));
    for (uint32_t i = 0; i < run.rows; ++i) values->emplace_back((*all)[run.first + i]);
    *grouped += run.rows;
  } else {
    EXPECT_EQ(run.values.size(), size_t{run.rows});
    for (const std::string_view value : run.values) values->emplace_back(value);
  }
  return true;
}

Entries ReadAll(Reader* reader, const std::string& lo, const std::string& hi) {
  Entries entries;
  const auto cursor = Open(reader, lo, hi);
  while (Step(cursor.get(), &entries)) {
  }
  return entries;
}

// Walks a range by runs, single steps and skips, and compares with what single steps alone show. The number of rows that came
// in groups.
uint64_t CompareWalks(Random* random, Reader* reader) {
  const std::string lo = random->OneIn(2) ? "" : KeyOf(random->Below(kKeys));
  const std::string hi = random->OneIn(2) ? "" : KeyOf(random->Below(kKeys));
  const Entries expected = ReadAll(reader, lo, hi);
  const auto cursor = Open(reader, lo, hi);
  uint64_t grouped = 0;
  size_t at = 0;
  for (bool found = true; found;) {
    const uint64_t how = random->Below(40);
    if (how == 0) {
      Entries one;
      found = Step(cursor.get(), &one);
      if (found) EXPECT(at < expected.size() && one.front() == expected[at]);
      at += found ? 1 : 0;
    } else if (how == 1 && !expected.empty()) {
      const std::string target = KeyOf(random->Below(kKeys));
      const auto next = std::lower_bound(expected.begin() + static_cast<std::ptrdiff_t>(at), expected.end(), target,
                                         [](const Entry& entry, const std::string& key) { return entry.key < key; });
      EXPECT_OK(cursor->SeekNext(target, &found));
      at = static_cast<size_t>(next - expected.begin());
      EXPECT_EQ(found, at < expected.size());
      if (found && at < expected.size()) EXPECT_EQ(cursor->key(), std::string_view(expected[at].key));
      at += found ? 1 : 0;
    } else {
      std::vector<std::string> values;
      found = StepRun(cursor.get(), static_cast<uint32_t>(1 + random->Below(2000)), &values, &grouped);
      bool same = at + values.size() <= expected.size();
      for (size_t i = 0; same && i < values.size(); ++i) same = values[i] == expected[at + i].value;
      EXPECT(same);
      if (!same) return grouped;
      at += values.size();
      if (found) EXPECT_EQ(cursor->key(), std::string_view(expected[at - 1].key));
    }
  }
  EXPECT_EQ(at, expected.size());
  return grouped;
}

TEST("a cursor that hands over runs shows what single steps show, wherever the data lies") {
  uint64_t grouped = 0;
  for (int round = 0; round < test::Rounds(6); ++round) {
    RunWorld world(test::Seed() + static_cast<uint64_t>(round));
    world.Load();
    std::vector<std::unique_ptr<Snapshot>> snapshots;
    for (int i = 0; i < 8; ++i) {
      world.Move();
      snapshots.push_back(world.NewSnapshot());
      for (const auto& snapshot : snapshots) grouped += CompareWalks(&world.random, snapshot.get());
      world.Commit(i % 3 == 0 ? 3 : (i % 3 == 1 ? 300 : 6000));
      const auto transaction = world.Begin();
      for (uint64_t w = world.random.Below(200); w > 0; --w) world.Write(transaction.get());
      grouped += CompareWalks(&world.random, transaction.get());
      if (world.random.OneIn(3)) snapshots.erase(snapshots.begin());
    }
  }
  EXPECT(grouped > 0);
}

TEST("runs go on past a rollback of the transaction's own writes") {
  for (int round = 0; round < test::Rounds(8); ++round) {
    RunWorld world(test::Seed() + 100 + static_cast<uint64_t>(round));
    world.Load();
    world.FlushLong();
    const auto transaction = world.Begin();
    for (int i = 0; i < 30; ++i) world.Write(transaction.get());
    const SavepointId savepoint = transaction->SetSavepoint();
    for (int i = 0; i < 30; ++i) world.Write(transaction.get());
    const auto by_rows = Open(transaction.get());
    const auto by_runs = Open(transaction.get());
    Entries expected;
    std::vector<std::string> values;
    uint64_t grouped = 0;
    for (uint64_t i = 1 + world.random.Below(30); i > 0; --i) (void)StepRun(by_runs.get(), 700, &values, &grouped);
    while (expected.size() < values.size()) EXPECT(Step(by_rows.get(), &expected));
    EXPECT_OK(transaction->RollbackTo(savepoint));
    while (Step(by_rows.get(), &expected)) {
    }
    while (StepRun(by_runs.get(), 700, &values, &grouped)) {
    }
    EXPECT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < std::min(values.size(), expected.size()); ++i) EXPECT_EQ(values[i], expected[i].value);
    EXPECT(grouped > 0);
  }
}

TEST("what a run has passed is read, and what lies behind its last row is not") {
  for (const bool tables : {false, true}) {
    for (const bool inside : {false, true}) {
      RunWorld world(1);
      world.Load();
      if (tables) world.FlushLong();
      const auto reading = world.Begin();
      std::vector<std::string> values;
      uint64_t grouped = 0;
      const auto cursor = Open(reading.get());
      while (values.size() < 5000) EXPECT(StepRun(cursor.get(), 333, &values, &grouped));
      EXPECT_EQ(grouped > 0, tables);
      const std::string last(cursor->key());
      EXPECT_EQ(last, KeyOf(values.size() - 1));
      EXPECT_OK(reading->Put(kTree, "a", "1"));
      world.Put(inside ? KeyOf(values.size() - 2) + "x" : last + "x", "1", kTree);
      EXPECT_EQ(reading->Commit().status().code() == Code::kConflict, inside);
    }
  }
}

TEST("a block that cannot be read ends runs with its error, as it ends steps") {
  RunWorld world(2);
  world.Load();
  world.FlushLong();
  world.tables()->Damage("tables/1.sst", 60000);
  const auto snapshot = world.NewSnapshot();
  for (int i = 0; i < 2; ++i) {
    const auto cursor = Open(snapshot.get());
    Status status;
    uint64_t rows = 0;
    for (bool found = true; status.ok() && found;) {
      EntryRun run;
      status = cursor->NextRun(1000, &run, &found);
      rows += run.rows;
    }
    EXPECT(status.code() == Code::kCorruption);
    EXPECT(rows > 1000 && rows < kKeys);
    bool found = false;
    EntryRun run;
    EXPECT(cursor->NextRun(1000, &run, &found).code() == Code::kCorruption);
  }
}

// Reads keys at once and one by one: some that are there, and some that are not; neighbours, strangers, and one twice.
uint64_t CompareReads(Random* random, Reader* reader) {
  std::vector<std::string> keys;
  const bool near = random->OneIn(2);
  const uint64_t first = random->Below(kKeys);
  for (uint64_t i = 0, n = random->Below(200); i < n; ++i) {
    const uint64_t number = near ? first + random->Below(2 * n) : random->Below(kKeys + 200);
    keys.push_back(KeyOf(number) + (random->OneIn(8) ? "x" : ""));
  }
  if (!random->OneIn(3)) std::sort(keys.begin(), keys.end());
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  ReadValues values;
  EXPECT_OK(reader->GetMany(kTree, views, &values));
  EXPECT_EQ(values.items.size(), keys.size());
  uint64_t found_some = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    ReadValue value;
    bool found = false;
    EXPECT_OK(reader->Get(kTree, keys[i], &value, &found));
    EXPECT_EQ(values.items[i].found, found);
    if (found) EXPECT_EQ(values.items[i].data, value.data);
    found_some += found ? 1 : 0;
  }
  return found_some;
}

TEST("many keys that are read at once have the values that they have one by one, wherever the data lies") {
  uint64_t found = 0;
  for (int round = 0; round < test::Rounds(6); ++round) {
    RunWorld world(test::Seed() + 200 + static_cast<uint64_t>(round));
    world.Load();
    std::vector<std::unique_ptr<Snapshot>> snapshots;
    for (int i = 0; i < 8; ++i) {
      world.Move();
      snapshots.push_back(world.NewSnapshot());
      for (const auto& snapshot : snapshots) found += CompareReads(&world.random, snapshot.get());
      world.Commit(i % 3 == 0 ? 3 : (i % 3 == 1 ? 300 : 6000));
      const auto transaction = world.Begin();
      for (uint64_t w = world.random.Below(2000); w > 0; --w) world.Write(transaction.get());
      for (int reads = 0; reads < 5; ++reads) found += CompareReads(&world.random, transaction.get());
    }
  }
  EXPECT(found > 0);
}

TEST("many versions of a key, over several blocks, are told apart when it is read with others") {
  RunWorld world(3);
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  for (uint64_t i = 0; i < 400; ++i) {
    world.Put(KeyOf(5), std::string(100, 'a') + std::to_string(i), kTree);
    if (i % 50 == 0) snapshots.push_back(world.NewSnapshot());
    world.Put(KeyOf(4 + i % 5), ValueOf(i), kTree);
  }
  world.FlushLong();
  const std::vector<std::string> keys = {KeyOf(4), KeyOf(5), KeyOf(5) + "x", KeyOf(6), KeyOf(7), KeyOf(5)};
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  for (const auto& snapshot : snapshots) {
    ReadValues values;
    EXPECT_OK(snapshot->GetMany(kTree, views, &values));
    for (size_t i = 0; i < keys.size(); ++i) {
      const std::string alone = test::GetOr(snapshot.get(), keys[i], kTree);
      EXPECT_EQ(values.items[i].found ? std::string(values.items[i].data) : "-", alone);
    }
  }
}

TEST("each of many keys counts as read, there or not, and nothing between them") {
  const std::vector<std::string> keys = {KeyOf(1), KeyOf(2) + "x", KeyOf(900)};
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  for (const std::string& written : {keys[0], keys[1], keys[2], KeyOf(2), KeyOf(3)}) {
    RunWorld world(4);
    world.Load();
    world.FlushLong();
    const auto reading = world.Begin();
    ReadValues values;
    EXPECT_OK(reading->GetMany(kTree, views, &values));
    EXPECT(values.items[0].found && !values.items[1].found && values.items[2].found);
    EXPECT_OK(reading->Put(kTree, "a", "1"));
    world.Put(written, "1", kTree);
    const bool read = std::find(keys.begin(), keys.end(), written) != keys.end();
    EXPECT_EQ(reading->Commit().status().code() == Code::kConflict, read);
  }
}

TEST("a block that cannot be read fails all keys that are read at once") {
  RunWorld world(2);
  world.Load();
  world.FlushLong();
  world.tables()->Damage("tables/1.sst", 60000);
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < kKeys; i += 5) keys.push_back(KeyOf(i));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  ReadValues values;
  EXPECT(world.NewSnapshot()->GetMany(kTree, views, &values).code() == Code::kCorruption);
  EXPECT_OK(world.NewSnapshot()->GetMany(kTree, std::span(views).first(1), &values));
}

}  // namespace
}  // namespace sochdb::txn_runs_test
