#include "mem/memtable.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mem/key_record.h"
#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::memtable_test {
namespace {

using test::HardKey;
using test::Random;

struct ModelVersion {
  Timestamp ts;
  ValueKind kind;
  ExpiryMs expiry_ms;
  std::string value;
};
// Versions oldest first; of equal timestamps only the last is kept.
using Model = std::map<std::string, std::vector<ModelVersion>>;

const ModelVersion* At(const std::vector<ModelVersion>& versions, Timestamp read_ts) {
  const ModelVersion* found = nullptr;
  for (const ModelVersion& version : versions) {
    if (version.ts <= read_ts) found = &version;
  }
  return found;
}

bool Same(const VersionView& view, const ModelVersion& version) {
  return view.ts == version.ts && view.kind == version.kind && view.expiry_ms == version.expiry_ms &&
         view.value == version.value;
}

struct World {
  explicit World(bool ordered) : table(Memtable::Create({.ordered = ordered, .hash_seed = 42})) {}

  void Add(const std::string& key, ModelVersion version) {
    table->Add(key, version.ts, version.kind, version.value, version.expiry_ms);
    std::vector<ModelVersion>& versions = model[key];
    if (!versions.empty() && versions.back().ts == version.ts) versions.pop_back();
    versions.push_back(std::move(version));
  }
  void AddRandom(Random* random, Timestamp ts) {
    std::string key = HardKey(random);
    if (!model.empty() && random->OneIn(2)) {  // often a key that is there already, or one close to it
      if (const auto near = model.lower_bound(key); near != model.end()) key = near->first;
    }
    const auto kind = static_cast<ValueKind>(random->Below(4));
    Add(key,
        {ts, kind, random->OneIn(3) ? random->Next() : 0, std::string(random->Below(40), static_cast<char>(random->Next()))});
  }
  // The keys visible at read_ts with their versions, in order.
  std::vector<std::pair<std::string, const ModelVersion*>> Visible(Timestamp read_ts) const {
    std::vector<std::pair<std::string, const ModelVersion*>> visible;
    for (const auto& [key, versions] : model) {
      if (const ModelVersion* version = At(versions, read_ts); version != nullptr) visible.emplace_back(key, version);
    }
    return visible;
  }

  std::unique_ptr<Memtable> table;
  Model model;
};

void ExpectPoints(const World& world, Timestamp read_ts) {
  for (const auto& [key, versions] : world.model) {
    const ModelVersion* wanted = At(versions, read_ts);
    VersionView view;
    EXPECT_EQ(world.table->Get(key, read_ts, &view), wanted != nullptr);
    if (wanted != nullptr) EXPECT(Same(view, *wanted));
    EXPECT_EQ(world.table->NewestTimestamp(key), versions.back().ts);
  }
  EXPECT_EQ(world.table->key_count(), world.model.size());
}

void ExpectWalks(const World& world, Timestamp read_ts) {
  const auto visible = world.Visible(read_ts);
  const auto it = world.table->NewIterator(read_ts);
  EXPECT(!it->Valid());
  size_t i = 0;
  for (it->SeekToFirst(); it->Valid() && i < visible.size(); it->Next(), ++i) {
    EXPECT(it->key() == visible[i].first && Same(it->version(), *visible[i].second));
  }
  EXPECT(!it->Valid() && i == visible.size());
  for (it->SeekToLast(); it->Valid() && i > 0; it->Prev()) {
    --i;
    EXPECT(it->key() == visible[i].first && Same(it->version(), *visible[i].second));
  }
  EXPECT(!it->Valid() && i == 0);
}

// Seeks, then wanders to and fro.
void ExpectWandering(const World& world, Timestamp read_ts, Random* random) {
  const auto visible = world.Visible(read_ts);
  const auto it = world.table->NewIterator(read_ts);
  for (int round = 0; round < 20; ++round) {
    const std::string target =
        !visible.empty() && random->OneIn(2) ? visible[random->Below(visible.size())].first : HardKey(random);
    auto at =
        std::lower_bound(visible.begin(), visible.end(), target, [](const auto& a, const auto& b) { return a.first < b; }) -
        visible.begin();
    if (random->OneIn(2)) {
      it->Seek(target);
    } else {
      it->SeekForPrev(target);
      --at;
    }
    for (int step = 0; step < 12; ++step) {
      const bool inside = at >= 0 && at < static_cast<long>(visible.size());
      EXPECT_EQ(it->Valid(), inside);
      if (!it->Valid() || !inside) break;
      const auto& [key, version] = visible[static_cast<size_t>(at)];
      EXPECT(it->key() == key && Same(it->version(), *version));
      const bool forward = random->Below(3) != 0;
      forward ? it->Next() : it->Prev();
      at += forward ? 1 : -1;
    }
  }
}

void ExpectRangeTimestamps(const World& world, Timestamp newest, Random* random) {
  for (int round = 0; round < 30; ++round) {
    const std::string lo = HardKey(random);
    const std::string hi = random->OneIn(4) ? "" : HardKey(random);
    const Timestamp above = random->Below(newest + 2);
    bool any = false;
    for (const auto& [key, versions] : world.model) {
      any = any || (key >= lo && (hi.empty() || key < hi) && versions.back().ts > above);
    }
    const Timestamp found = world.table->NewestTimestampInRange(lo, hi, above);
    EXPECT_EQ(found > above, any);
    EXPECT(any || found == 0);
  }
}

TEST("a memtable agrees with a map of versions on reads, walks, seeks and ranges, at every timestamp") {
  for (const bool ordered : {true, false}) {
    for (uint64_t seed = test::Seed(); seed < test::Seed() + 3; ++seed) {
      Random random(seed);
      World world(ordered);
      ExpectWalks(world, kMaxTimestamp);
      Timestamp ts = 1;
      for (int i = 0; i < 7000; ++i) {
        world.AddRandom(&random, ts);
        if (random.OneIn(3)) ts += 1 + random.Below(2);
        if (i % 1750 != 5) continue;
        for (const Timestamp read_ts : {Timestamp{0}, random.Below(ts + 1), ts, kMaxTimestamp}) {
          ExpectPoints(world, read_ts);
          ExpectWalks(world, read_ts);
          ExpectWandering(world, read_ts, &random);
        }
        ExpectRangeTimestamps(world, ts, &random);
      }
    }
  }
}

TEST("an iterator shows its snapshot exactly, whatever is added while it walks") {
  for (const bool ordered : {true, false}) {
    for (uint64_t seed = test::Seed(); seed < test::Seed() + 12; ++seed) {
      Random random(seed);
      World world(ordered);
      Timestamp ts = 1;
      for (uint64_t i = random.Below(3000); i > 0; --i) world.AddRandom(&random, ts++);
      const Timestamp read_ts = ts;
      const auto it = world.table->NewIterator(read_ts);
      const auto visible = world.Visible(read_ts);
      std::map<std::string, ModelVersion> wanted;  // copied: the model's vectors move as it grows
      for (const auto& [key, version] : visible) wanted.emplace(key, *version);
      const auto add_some = [&] {
        for (uint64_t i = random.Below(6); i > 0; --i) world.AddRandom(&random, ++ts);
      };
      it->SeekToFirst();
      for (const auto& [key, version] : wanted) {
        EXPECT(it->Valid() && it->key() == key && Same(it->version(), version));
        if (!it->Valid()) break;
        add_some();
        it->Next();
      }
      EXPECT(!it->Valid());
      it->SeekToLast();
      for (auto at = wanted.rbegin(); at != wanted.rend() && it->Valid(); ++at) {
        EXPECT(it->key() == at->first && Same(it->version(), at->second));
        add_some();
        it->Prev();
      }
      EXPECT(!it->Valid());
    }
  }
}

TEST("keys and values are copied") {
  const auto table = Memtable::Create({});
  std::string key = "key";
  std::string value = "value";
  table->Add(key, 5, ValueKind::kValue, value, 0);
  key[0] = 'x';
  value[0] = 'x';
  VersionView view;
  EXPECT(table->Get("key", 5, &view) && view.value == "value");
  EXPECT(!table->Get("xey", 5, &view));
}

TEST("the greatest value and a key of 64 KiB are kept whole") {
  for (const bool ordered : {true, false}) {
    const auto table = Memtable::Create({.ordered = ordered});
    const std::string key(kMaxKeyBytes, '\xff');
    const std::string value(kBlobThresholdBytes, 'v');
    table->Add(key, 1, ValueKind::kValue, value, 0);
    table->Add(key.substr(1), 1, ValueKind::kValue, "", 0);
    VersionView view;
    EXPECT(table->Get(key, 1, &view) && view.value == value);
    const auto it = table->NewIterator(1);
    it->SeekToLast();
    EXPECT(it->Valid() && it->key() == key);
    it->Prev();
    EXPECT(it->Valid() && it->key() == key.substr(1));
  }
}

TEST("every snapshot of a hot key finds its version in a few steps") {
  constexpr Timestamp kVersions = 20000;
  const auto table = Memtable::Create({});
  const KeyRecord* record = nullptr;
  for (Timestamp ts = 1; ts <= kVersions; ++ts) record = table->Add("hot", 2 * ts, ValueKind::kValue, std::to_string(ts), 0);
  VersionView view;
  EXPECT(!table->Get("hot", 1, &view));
  for (Timestamp ts = 1; ts <= kVersions; ++ts) {
    EXPECT(table->Get("hot", 2 * ts, &view) && view.ts == 2 * ts && view.value == std::to_string(ts));
    EXPECT(table->Get("hot", 2 * ts + 1, &view) && view.ts == 2 * ts);
    // The walk of KeyRecord::NewestAt, counted.
    int steps = 0;
    const Version* version = record->newest();
    for (; version->ts > 2 * ts; ++steps) version = version->jump()->ts > 2 * ts ? version->jump() : version->next();
    EXPECT(steps <= 45);  // three times log2(kVersions)
  }
}

struct Collected {
  std::string text;
  size_t limit;
};
bool Collect(void* context, const VersionView& view) {
  auto* collected = static_cast<Collected*>(context);
  collected->text += std::to_string(view.ts) + "=" + std::string(view.value) + " ";
  return --collected->limit > 0;
}

TEST("versions are visited newest first from the snapshot on, one for each timestamp, until told to stop") {
  const auto table = Memtable::Create({});
  table->Add("k", 10, ValueKind::kValue, "a", 0);
  table->Add("k", 20, ValueKind::kMerge, "lost", 0);
  table->Add("k", 20, ValueKind::kMerge, "b", 0);
  table->Add("k", 30, ValueKind::kMerge, "c", 0);
  const auto visit = [&](const char* key, Timestamp read_ts, size_t limit) {
    Collected collected{"", limit};
    table->VisitVersions(key, read_ts, Collect, &collected);
    return collected.text;
  };
  EXPECT_EQ(visit("k", 30, 9), "30=c 20=b 10=a ");
  EXPECT_EQ(visit("k", 29, 9), "20=b 10=a ");
  EXPECT_EQ(visit("k", 30, 2), "30=c 20=b ");
  EXPECT_EQ(visit("k", 9, 9), "");
  EXPECT_EQ(visit("none", 30, 9), "");
}

TEST("memory reserved ahead serves the adds that follow, and an absurd demand is refused") {
  const auto table = Memtable::Create({});
  EXPECT_EQ(table->memory_bytes(), 0u);
  EXPECT_OK(table->Reserve(1000, 1000 * 116));
  const uint64_t reserved = table->memory_bytes();
  Random random(test::Seed());
  for (int i = 0; i < 1000; ++i) {
    std::string key = std::to_string(random.Next());
    key.resize(16, ' ');
    table->Add(key, 1, ValueKind::kValue, std::string(100, 'v'), 0);
  }
  EXPECT_EQ(table->memory_bytes(), reserved);
  EXPECT(table->Reserve(1, uint64_t{1} << 60).code() == Code::kOutOfMemory);
  VersionView view;
  EXPECT(!table->Get("absent", 1, &view));
}

double Nanos() {
  return static_cast<double>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void PrintTimings(bool ordered, size_t n, bool ascending) {
  Random random(1);
  std::vector<std::string> keys(n);
  for (size_t i = 0; i < n; ++i) {
    char key[32];
    const uint64_t number = ascending ? i : random.Below(100000000000ull);
    std::snprintf(key, sizeof key, "user:%011llu", static_cast<unsigned long long>(number));
    keys[i] = key;
  }
  const std::string value(100, 'v');
  const auto table = Memtable::Create({.ordered = ordered, .hash_seed = 1});
  double start = Nanos();
  for (size_t i = 0; i < n; ++i) table->Add(keys[i], i + 1, ValueKind::kValue, value, 0);
  const double insert = (Nanos() - start) / static_cast<double>(n);
  constexpr size_t kProbes = 200000;
  std::vector<const std::string*> probes(kProbes);
  for (auto& probe : probes) probe = &keys[random.Below(n)];
  uint64_t sum = 0;
  double get = 1e9;
  double seek = 1e9;
  double scan = 1e9;
  const auto it = table->NewIterator(kMaxTimestamp);
  for (int round = 0; round < 5; ++round) {
    VersionView view;
    start = Nanos();
    for (const std::string* key : probes) sum += table->Get(*key, kMaxTimestamp, &view) ? view.value.size() : 0;
    get = std::min(get, (Nanos() - start) / kProbes);
    start = Nanos();
    for (size_t i = 0; i < kProbes / 10; ++i) {
      it->Seek(*probes[i]);
      sum += it->version().ts;
    }
    seek = std::min(seek, (Nanos() - start) / (kProbes / 10));
    start = Nanos();
    size_t shown = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next(), ++shown) sum += it->key().size() + it->version().ts;
    scan = std::min(scan, (Nanos() - start) / static_cast<double>(shown));
  }
  std::printf("%-9s %-9s %7zu keys: add %5.0f  get %4.0f  seek %5.0f  scan %4.0f ns; %3.0f bytes a key (%llu)\n",
              ordered ? "ordered" : "runs", ascending ? "ascending" : "random", n, insert, get, seek, scan,
              static_cast<double>(table->memory_bytes()) / static_cast<double>(n), static_cast<unsigned long long>(sum % 10));
}

// SOCHDB_TIMING=1 sochdb_test --filter=timings, with the objects built at -O2 -DNDEBUG.
TEST("timings of the memtable are printed when asked for") {
  if (std::getenv("SOCHDB_TIMING") == nullptr) return;
  for (const bool ordered : {true, false}) {
    for (const bool ascending : {false, true}) {
      for (const size_t n : {size_t{10000}, size_t{100000}, size_t{500000}}) PrintTimings(ordered, n, ascending);
    }
  }
}

}  // namespace
}  // namespace sochdb::memtable_test
