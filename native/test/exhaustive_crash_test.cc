// Exhaustive crashes: a small script is crashed after every I/O operation, and at each of these points everything that a power
// loss may keep or lose is enumerated: all subsets where there are few undecided sectors, sizes and names, and the telling ones
// where there are many. What must hold then: commit_script.h.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "test/commit_script.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"

namespace sochdb::exhaustive_crash_test {
namespace {

using test::CommitScript;
using Fate = SimDisk::Fate;
using Fates = std::vector<Fate>;

// Subsets of what is undecided, the telling ones first: nothing and everything, every prefix (as if all had reached the disk in
// order), one thing alone, all but one, one torn; and all of them where that is less than `most`.
class Subsets {
 public:
  Subsets(const std::vector<SimDisk::Undecided>& undecided, size_t most, uint64_t seed) : most_(most) {
    const size_t n = undecided.size();
    if (n < 20 && (size_t{1} << n) <= most / 2) {
      for (size_t bits = 0; bits < size_t{1} << n; ++bits) Add(FromBits(n, bits));
    }
    Add(Fates(n, Fate::kLost));
    Add(Fates(n, Fate::kKept));
    // From a place that the seed decides, so that different runs see different ones where there are too many.
    for (size_t i = 0; i < n; ++i) Around(undecided, (i + seed) % n);
    SimRandom random(seed);
    for (size_t tries = 0; tries < most && all_.size() < most && n > 0; ++tries) {
      Fates fates(n);
      for (Fate& fate : fates) fate = static_cast<Fate>(random.Below(4));
      Add(std::move(fates));
    }
  }
  [[nodiscard]] const std::vector<Fates>& all() const { return all_; }

 private:
  static Fates FromBits(size_t n, size_t bits) {
    Fates fates(n);
    for (size_t i = 0; i < n; ++i) fates[i] = (bits >> i & 1) != 0 ? Fate::kKept : Fate::kLost;
    return fates;
  }

  void Around(const std::vector<SimDisk::Undecided>& undecided, size_t i) {
    const size_t n = undecided.size();
    Fates prefix(n, Fate::kLost);
    for (size_t j = 0; j <= i; ++j) prefix[j] = Fate::kKept;
    Add(std::move(prefix));
    Fates without(n, Fate::kKept);
    without[i] = Fate::kLost;
    Add(without);
    if (undecided[i].is_sectors) {
      without[i] = Fate::kGarbage;
      Add(without);
      without[i] = Fate::kZero;
      Add(without);
    }
    Fates alone(n, Fate::kLost);
    alone[i] = Fate::kKept;
    Add(std::move(alone));
  }

  void Add(Fates fates) {
    if (all_.size() < most_ && seen_.insert(fates).second) all_.push_back(std::move(fates));
  }

  const size_t most_;
  std::vector<Fates> all_;
  std::set<Fates> seen_;
};

std::string Describe(const char* what, uint64_t at, const std::vector<SimDisk::Undecided>& undecided, const Fates& fates) {
  constexpr const char* kNames[] = {"lost", "kept", "zero", "garbage"};
  std::string out = std::string(what) + ", crash at operation " + std::to_string(at);
  for (size_t i = 0; i < fates.size() && i < 40; ++i) {
    out += (i == 0 ? ": " : ", ") + undecided[i].what + " " + kNames[static_cast<size_t>(fates[i])];
  }
  return out;
}

void CrashEverywhere(const char* what, CommitScript* script, size_t most) {
  const auto step = static_cast<uint64_t>(test::Stride(4));
  for (uint64_t at = 1 + test::Seed() % step; at <= script->io_count() + 1; at += step) {
    SimEnv env(1);
    env.CrashAt(at);
    const CommitScript::Outcome outcome = script->RunUntilFailure(&env);
    env.CrashAt(0);
    env.CrashNow();
    const SimDisk disk = env.CloneDisk();
    const std::vector<SimDisk::Undecided> undecided = env.ListUndecided();
    const Subsets subsets(undecided, most, test::Seed() + at);
    for (const Fates& fates : subsets.all()) {
      env.UseDisk(disk.Clone());
      env.Restart(fates);
      script->CheckAfterRestart(&env, outcome.durable, outcome.attempted, Describe(what, at, undecided, fates));
    }
  }
}

// How many subsets are tried at each point.
size_t MostSubsets() { return static_cast<size_t>(test::SeedCount()) * 5; }

Status SmallCommit(Engine* engine, int i) {
  const std::string number = std::to_string(i);
  if (i % 3 == 0) return engine->Put(TreeId::kKeys, "k" + number, std::string(40, 'v') + number, kNeverExpires).status();
  TransactionOptions options;
  options.take_writer = i % 2 == 0;
  SOCHDB_ASSIGN(txn, engine->Begin(options));
  if (i % 3 == 1) SOCHDB_TRY(txn->Delete(TreeId::kKeys, "k" + std::to_string(i - 1)));
  SOCHDB_TRY(txn->Put(TreeId::kKeys, "t" + number, number));
  SOCHDB_TRY(txn->Put(TreeId::kRows, "r", std::string(700, static_cast<char>('a' + i))));
  SOCHDB_TRY(txn->Merge(TreeId::kPostings, "sum", "1"));
  return txn->Commit().status();
}

TEST("every subset of what a power loss may lose leaves a prefix of the commits: each sync mode") {
  for (const SyncMode mode : test::kSyncModes) {
    CommitScript script(test::SmallOptions(mode), 6, 3, SmallCommit);
    CrashEverywhere("small commits", &script, MostSubsets());
  }
}

TEST("every subset of what a power loss may lose leaves a prefix of the commits: without a log") {
  CommitScript script(test::SmallOptions(SyncMode::kNormal, false), 4, 2, SmallCommit);
  CrashEverywhere("without a log", &script, MostSubsets());
}

// Transactions that span segments: names and headers of several files are undecided at once.
Status LongCommit(Engine* engine, int i) {
  SOCHDB_ASSIGN(txn, engine->Begin({}));
  SOCHDB_TRY(txn->Put(TreeId::kRows, "long", std::string(9000, static_cast<char>('a' + i))));
  SOCHDB_TRY(txn->Put(TreeId::kKeys, "number", std::to_string(i)));
  return txn->Commit().status();
}

TEST("every subset of what a power loss may lose leaves a prefix of the commits: transactions over several segments") {
  for (const SyncMode mode : {SyncMode::kNormal, SyncMode::kFull}) {
    CommitScript script(test::SmallOptions(mode), 3, 1, LongCommit);
    CrashEverywhere("long commits", &script, MostSubsets());
  }
}

Status BlobCommit(Engine* engine, int i) {
  if (i == 1) return engine->Put(TreeId::kRows, "blob", std::string(kBlobThresholdBytes + 1, 'b'), kNeverExpires).status();
  return engine->Put(TreeId::kKeys, "k" + std::to_string(i), "v", kNeverExpires).status();
}

TEST("a reference to a blob never comes back without its blob") {
  CommitScript script(test::SmallOptions(SyncMode::kNormal), 3, -1, BlobCommit);
  CrashEverywhere("a blob", &script, MostSubsets() / 10);
}

TEST("the subsets of few things are all of them, and of many things never more than asked for") {
  std::vector<SimDisk::Undecided> few(3);
  const Subsets of_few(few, 100, 1);
  for (const Fate first : {Fate::kLost, Fate::kKept}) {
    for (const Fate second : {Fate::kLost, Fate::kKept}) {
      const Fates fates = {first, second, Fate::kLost};
      EXPECT_EQ(std::count(of_few.all().begin(), of_few.all().end(), fates), 1);
    }
  }
  std::vector<SimDisk::Undecided> many(500, {true, "sector"});
  EXPECT_EQ(Subsets(many, 40, 1).all().size(), 40u);
  EXPECT_EQ(Subsets({}, 40, 1).all().size(), 1u);
}

}  // namespace
}  // namespace sochdb::exhaustive_crash_test
