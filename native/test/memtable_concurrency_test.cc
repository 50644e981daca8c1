#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "mem/memtable.h"
#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::memtable_concurrency_test {
namespace {

using test::Random;

constexpr uint64_t kCommits = 4000;
constexpr uint64_t kKeysPerCommit = 3;

// What a writer commits, known to everyone beforehand: commit t adds the keys [3(t-1), 3t) of `keys` and writes an older
// key again, all with t as timestamp and value. So a reader at t knows exactly what it must see.
struct Plan {
  explicit Plan(uint64_t seed) {
    Random random(seed);
    for (uint64_t i = 0; i < kCommits * kKeysPerCommit; ++i) {
      // Unique by the number at the end; a third ascending, the rest anywhere, some with bytes that sort at the ends.
      std::string key = i % 3 == 0 ? "ascending/" : std::string(1, static_cast<char>(random.Below(256)));
      if (i % 3 == 1) key += std::to_string(random.Below(1000));
      PutBigEndian64(&key, i);
      keys.push_back(key);
    }
    xor_until.push_back(0);
    for (const std::string& key : keys) xor_until.push_back(xor_until.back() ^ Hash64(key));
  }
  static uint64_t Rewritten(Timestamp t) { return HashNumber(t) % (t * kKeysPerCommit); }

  std::vector<std::string> keys;
  std::vector<uint64_t> xor_until;  // of the hashes of the first n keys
};

class Race {
 public:
  Race(bool ordered, uint64_t seed) : plan_(seed), table_(Memtable::Create({.ordered = ordered, .hash_seed = seed})) {}

  uint64_t Run() {
    std::vector<std::thread> readers;
    for (const auto walk : {&Race::WalkForward, &Race::WalkBackward, &Race::ReadPointsAndSeek}) {
      readers.emplace_back([this, walk, seed = readers.size()] {
        Random random(seed);
        Timestamp seen = 0;
        do {
          seen = visible_.load(std::memory_order_acquire);
          (this->*walk)(seen, &random);
        } while (seen < kCommits);
      });
    }
    Write();
    for (std::thread& reader : readers) reader.join();
    return wrong_.load();
  }

 private:
  void Expect(bool condition) {
    if (!condition) wrong_.fetch_add(1, std::memory_order_relaxed);
  }

  void Write() {
    for (Timestamp t = 1; t <= kCommits; ++t) {
      const std::string value = std::to_string(t);
      for (uint64_t i = (t - 1) * kKeysPerCommit; i < t * kKeysPerCommit; ++i) {
        table_->Add(plan_.keys[i], t, ValueKind::kValue, value, 0);
      }
      table_->Add(plan_.keys[Plan::Rewritten(t)], t, ValueKind::kValue, value, 0);
      visible_.store(t, std::memory_order_release);
    }
  }

  void ExpectVersion(const VersionView& view, Timestamp read_ts) {
    Expect(view.ts <= read_ts && view.value == std::to_string(view.ts));
  }

  void WalkForward(Timestamp read_ts, Random*) { Walk(read_ts, true); }
  void WalkBackward(Timestamp read_ts, Random*) { Walk(read_ts, false); }

  void Walk(Timestamp read_ts, bool forward) {
    const auto it = table_->NewIterator(read_ts);
    uint64_t count = 0;
    uint64_t hashes = 0;
    std::string last;
    for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); forward ? it->Next() : it->Prev()) {
      const std::string key(it->key());
      Expect(count == 0 || (forward ? last < key : key < last));
      ExpectVersion(it->version(), read_ts);
      last = key;
      hashes ^= Hash64(key);
      ++count;
    }
    Expect(count == read_ts * kKeysPerCommit);
    Expect(hashes == plan_.xor_until[read_ts * kKeysPerCommit]);
  }

  void ReadPointsAndSeek(Timestamp read_ts, Random* random) {
    const uint64_t known = read_ts * kKeysPerCommit;
    if (known == 0) return;
    const auto it = table_->NewIterator(read_ts);
    for (int round = 0; round < 30; ++round) {
      const uint64_t i = random->Below(plan_.keys.size());
      VersionView view;
      Expect(table_->Get(plan_.keys[i], read_ts, &view) == (i < known));
      if (i < known) ExpectVersion(view, read_ts);

      const std::string& key = plan_.keys[random->Below(known)];
      Expect(table_->NewestTimestamp(key) > 0);
      it->Seek(key);
      Expect(it->Valid() && it->key() == key);
      // To and fro ends where it began.
      for (int step = 0; step < 20 && it->Valid(); ++step) it->Next();
      if (!it->Valid()) it->SeekToLast();
      while (it->Valid() && it->key() > key) it->Prev();
      Expect(it->Valid() && it->key() == key);
      it->SeekForPrev(key + '\0');
      Expect(it->Valid() && it->key() == key);
      Expect(table_->NewestTimestampInRange(key, key + '\0', 0) > 0);
    }
  }

  const Plan plan_;
  const std::unique_ptr<Memtable> table_;
  std::atomic<Timestamp> visible_{0};
  std::atomic<uint64_t> wrong_{0};
};

TEST("readers see exactly their snapshot of an ordered memtable while the writer inserts and splits") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 3; ++seed) EXPECT_EQ(Race(true, seed).Run(), 0u);
}

TEST("readers see exactly their snapshot of a memtable of runs while the writer seals and merges them") {
  for (uint64_t seed = test::Seed(); seed < test::Seed() + 2; ++seed) EXPECT_EQ(Race(false, seed).Run(), 0u);
}

TEST("old versions of a hot key stay readable while it is written") {
  constexpr Timestamp kVersions = 20000;
  const auto table = Memtable::Create({});
  std::atomic<Timestamp> visible{0};
  std::atomic<uint64_t> wrong{0};
  std::thread reader([&] {
    Random random(1);
    for (Timestamp seen = 0; seen < kVersions;) {
      seen = visible.load(std::memory_order_acquire);
      if (seen == 0) continue;
      const Timestamp ts = 1 + random.Below(seen);
      VersionView view;
      if (!table->Get("hot", ts, &view) || view.ts != ts || view.value != std::to_string(ts)) ++wrong;
    }
  });
  for (Timestamp ts = 1; ts <= kVersions; ++ts) {
    table->Add("hot", ts, ValueKind::kValue, std::to_string(ts), 0);
    visible.store(ts, std::memory_order_release);
  }
  reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace sochdb::memtable_concurrency_test
