// The keep rule against a model: whatever the history, the readers and the layers, nobody can tell that it was applied.

#include <algorithm>
#include <set>

#include "test/lsm_versions.h"
#include "test/sim_random.h"

namespace sochdb::lsm_keep_filter_test {
namespace {

using namespace test;

struct World {
  Chain above, input, below;
  KeepRule rule;
};

Chain Join(const Chain& a, const Chain& b, const Chain& c) {
  Chain all = a;
  all.insert(all.end(), b.begin(), b.end());
  all.insert(all.end(), c.begin(), c.end());
  return all;
}

constexpr uint64_t kMillis = 24;

PlainVersion RandomVersion(SimRandom* random, Timestamp ts) {
  PlainVersion version;
  version.ts = ts;
  const uint64_t kind = random->Below(8);
  version.kind = kind < 3 ? ValueKind::kMerge : kind < 4 ? ValueKind::kDelete : kind < 5 ? ValueKind::kBlob : ValueKind::kValue;
  if (version.kind == ValueKind::kDelete) return version;
  version.value = std::to_string(ts % 997);
  if (version.kind != ValueKind::kMerge && random->OneIn(2)) version.expiry_ms = HlcMillis(ts) + 1 + random->Below(kMillis);
  return version;
}

World RandomWorld(SimRandom* random) {
  World world;
  std::set<Timestamp> times;
  const uint64_t count = 1 + random->Below(9);
  while (times.size() < count) times.insert(HlcFromMillis(1 + random->Below(kMillis)) + random->Below(3));
  Chain all;
  for (auto it = times.rbegin(); it != times.rend(); ++it) all.push_back(RandomVersion(random, *it));
  const auto first = static_cast<std::ptrdiff_t>(random->OneIn(2) ? 0 : random->Below(count));
  auto end = static_cast<std::ptrdiff_t>(random->OneIn(2) ? count : 1 + random->Below(count));
  end = std::max(first + 1, end);
  world.above.assign(all.begin(), all.begin() + first);
  world.input.assign(all.begin() + first, all.begin() + end);
  world.below.assign(all.begin() + end, all.end());

  KeepRule& rule = world.rule;
  rule.bottom = world.below.empty() && !random->OneIn(4);
  for (uint64_t i = random->Below(4); i > 0; --i) rule.read_points.push_back(HlcFromMillis(1 + random->Below(kMillis)));
  rule.read_points.push_back(HlcFromMillis(1 + random->Below(kMillis + 8)));
  std::sort(rule.read_points.begin(), rule.read_points.end());
  if (random->OneIn(2)) rule.history_floor = HlcFromMillis(random->Below(kMillis + 4)) + random->Below(3);
  if (!random->OneIn(3)) rule.expired_before_ms = random->Below(2 * kMillis);
  if (random->OneIn(2)) rule.fold = FoldByAppending;
  for (const PlainVersion& version : world.above) {
    if (version.kind == ValueKind::kMerge) rule.unseen_operands_from = version.ts;
  }
  if (random->OneIn(4)) rule.unseen_operands_from = std::min(rule.unseen_operands_from, HlcFromMillis(random->Below(kMillis)));
  return world;
}

Chain Filter(const World& world, KeepStats* stats) {
  const History history = {{"key", world.input}};
  return Drain(NewKeepFilter(std::make_unique<HistoryStream>(&history), TreeId::kKeys, world.rule, stats).get())["key"];
}

// Where what a reader sees can change: before and at every version, and the read points.
std::vector<Timestamp> Readers(const World& world) {
  const Timestamp floor = world.rule.floor();
  std::set<Timestamp> readers(world.rule.read_points.begin(), world.rule.read_points.end());
  for (const PlainVersion& version : Join(world.above, world.input, world.below)) {
    for (const Timestamp ts : {version.ts - 1, version.ts}) readers.insert(std::max(ts, floor));
  }
  readers.insert(floor);
  return {readers.begin(), readers.end()};
}

// And when: before and at every expiry.
std::vector<uint64_t> Moments(const World& world) {
  std::set<uint64_t> moments = {world.rule.expired_before_ms};
  for (const PlainVersion& version : Join(world.above, world.input, world.below)) {
    if (version.expiry_ms == kNeverExpires) continue;
    for (const uint64_t ms : {version.expiry_ms - 1, version.expiry_ms}) {
      moments.insert(std::max(ms, world.rule.expired_before_ms));
    }
  }
  return {moments.begin(), moments.end()};
}

std::string Describe(const World& world, const Chain& kept) {
  std::ostringstream out;
  out << "above " << world.above << "\n    input " << world.input << "\n    below " << world.below << "\n    kept  " << kept
      << "\n    read points";
  for (const Timestamp point : world.rule.read_points) out << ' ' << HlcMillis(point) << '.' << (point & 0xffff);
  out << ", floor " << HlcMillis(world.rule.floor()) << '.' << (world.rule.floor() & 0xffff) << ", expired before "
      << world.rule.expired_before_ms << (world.rule.bottom ? ", bottom" : "") << (world.rule.fold ? ", fold" : "");
  return out.str();
}

bool SameForAll(const World& world, const Chain& kept) {
  const Chain before = Join(world.above, world.input, world.below);
  const Chain after = Join(world.above, kept, world.below);
  for (const Timestamp reader : Readers(world)) {
    for (const uint64_t now : Moments(world)) {
      if (Read(before, reader, now) != Read(after, reader, now)) return false;
    }
  }
  return true;
}

// Validation asks whether a key was written after a reader's snapshot.
bool SameForValidation(const World& world, const Chain& kept) {
  const Chain before = Join(world.above, world.input, world.below);
  const Chain after = Join(world.above, kept, world.below);
  for (const Timestamp reader : Readers(world)) {
    const bool written = before.front().ts > reader;
    if (written && (after.empty() || after.front().ts != before.front().ts)) return false;
    if (!written && !after.empty() && after.front().ts > reader) return false;
  }
  return true;
}

TEST("no reader and no validation can tell that versions were let go") {
  const uint64_t cases = test::kSanitizer == test::Sanitizer::kNone ? 30'000 : 4'000;
  for (uint64_t seed = 1; seed <= cases; ++seed) {
    SimRandom random(seed + test::Seed() * 1'000'003);
    const World world = RandomWorld(&random);
    KeepStats stats;
    const Chain kept = Filter(world, &stats);
    if (!SameForAll(world, kept)) test::Fail(__FILE__, __LINE__, "a reader sees something else: " + Describe(world, kept));
    if (!SameForValidation(world, kept)) test::Fail(__FILE__, __LINE__, "a write is hidden: " + Describe(world, kept));
    EXPECT_EQ(stats.read, world.input.size());
    EXPECT_EQ(stats.kept, kept.size());
    EXPECT_EQ(stats.read, stats.kept + stats.superseded + stats.deletes_dropped + stats.expired + stats.dead);
  }
}

TEST("up to the floor at most one version a read point stays, operands that wait for their base apart") {
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    SimRandom random(seed);
    World world = RandomWorld(&random);
    world.rule.fold = FoldByAppending;
    KeepStats stats;
    const Chain kept = Filter(world, &stats);
    const Timestamp floor = world.rule.floor();
    std::set<Timestamp> points = {floor};
    for (const Timestamp point : world.rule.read_points) points.insert(std::min(point, floor));
    const auto old = static_cast<size_t>(std::count_if(kept.begin(), kept.end(), [&](const auto& v) { return v.ts <= floor; }));
    const bool merges = std::any_of(kept.begin(), kept.end(), [](const auto& v) { return v.kind == ValueKind::kMerge; });
    if (!merges) EXPECT(old <= points.size());
    // At the bottom a delete stays only for a reader that is older than it, or to hide what that reader sees.
    if (world.rule.bottom && !kept.empty() && kept.back().kind == ValueKind::kDelete) {
      EXPECT(kept.back().ts > world.rule.oldest_reader());
    }
  }
}

Timestamp At(uint64_t ms) { return HlcFromMillis(ms); }
PlainVersion Value(uint64_t ms, std::string value, ExpiryMs expiry = kNeverExpires) {
  return {At(ms), ValueKind::kValue, expiry, std::move(value)};
}
PlainVersion Delete(uint64_t ms) { return {At(ms), ValueKind::kDelete, kNeverExpires, ""}; }
PlainVersion Operand(uint64_t ms, std::string value) { return {At(ms), ValueKind::kMerge, kNeverExpires, std::move(value)}; }

Chain Kept(Chain input, KeepRule rule) {
  KeepStats stats;
  return Filter({{}, std::move(input), {}, std::move(rule)}, &stats);
}

TEST("one ancient snapshot costs one version a key, not all history since") {
  Chain history;
  for (uint64_t ms = 1000; ms > 0; --ms) history.push_back(Value(ms, std::to_string(ms)));
  KeepRule rule;
  rule.read_points = {At(5), At(1000)};
  const Chain kept = Kept(history, rule);
  EXPECT_EQ(kept, (Chain{Value(1000, "1000"), Value(5, "5")}));
}

TEST("what is counted as pinned is what would go if nobody read before the floor") {
  SimRandom random(test::Seed());
  uint64_t pinned_worlds = 0;
  for (int i = 0; i < 3000; ++i) {
    World world = RandomWorld(&random);
    world.rule.fold = nullptr;
    for (PlainVersion& version : world.input) {
      version.kind = ValueKind::kValue;
      version.expiry_ms = kNeverExpires;
    }
    const auto bytes = [](const Chain& chain) {
      uint64_t sum = 0;
      for (const PlainVersion& version : chain) sum += std::string_view("key").size() + version.value.size();
      return sum;
    };
    KeepStats stats;
    const uint64_t with_readers = bytes(Filter(world, &stats));
    World without = world;
    std::erase_if(without.rule.read_points, [&](Timestamp point) { return point < world.rule.floor(); });
    KeepStats unread;
    const uint64_t without_readers = bytes(Filter(without, &unread));
    EXPECT_EQ(stats.pinned_bytes, with_readers - without_readers);
    EXPECT_EQ(unread.pinned_bytes, 0u);
    pinned_worlds += stats.pinned_bytes != 0;
  }
  EXPECT(pinned_worlds > 100);
}

TEST("a delete goes at the bottom, and stays above something") {
  KeepRule rule;
  rule.read_points = {At(50)};
  EXPECT_EQ(Kept({Delete(20), Value(10, "a")}, rule), (Chain{Delete(20)}));
  rule.bottom = true;
  EXPECT_EQ(Kept({Delete(20), Value(10, "a")}, rule), Chain{});
}

TEST("an expired value is a delete above something, and nothing at the bottom") {
  KeepRule rule;
  rule.read_points = {At(50)};
  rule.expired_before_ms = 40;
  EXPECT_EQ(Kept({Value(20, "a", 30), Value(10, "b")}, rule), (Chain{Delete(20)}));
  rule.bottom = true;
  EXPECT_EQ(Kept({Value(20, "a", 30), Value(10, "b")}, rule), Chain{});
  EXPECT_EQ(Kept({Value(20, "a", 45)}, rule), (Chain{Value(20, "a", 45)}));
}

TEST("an expired value takes operands of its time with it, and waits for those it cannot see") {
  KeepRule rule;
  rule.read_points = {At(50)};
  rule.expired_before_ms = 40;
  rule.bottom = true;
  EXPECT_EQ(Kept({Operand(25, "x"), Value(20, "a", 30)}, rule), Chain{});
  EXPECT_EQ(Kept({Operand(35, "y"), Operand(25, "x"), Value(20, "a", 30)}, rule), (Chain{Operand(35, "y")}));
  rule.unseen_operands_from = At(28);  // an operand of 28 may lie in a newer table: it must go, too
  EXPECT_EQ(Kept({Value(20, "a", 30)}, rule), (Chain{Value(20, "", 30)}));
  rule.unseen_operands_from = At(31);
  EXPECT_EQ(Kept({Value(20, "a", 30)}, rule), Chain{});
}

TEST("operands are folded into the value below, once a read point") {
  KeepRule rule;
  rule.read_points = {At(15), At(50)};
  rule.fold = FoldByAppending;
  const Chain history = {Operand(30, "d"), Operand(25, "c"), Operand(12, "b"), Value(10, "a")};
  EXPECT_EQ(Kept(history, rule), (Chain{Value(30, "a+b+c+d"), Value(12, "a+b")}));
  rule.history_floor = At(26);  // what is newer stays as it was written
  EXPECT_EQ(Kept(history, rule), (Chain{Operand(30, "d"), Operand(25, "c"), Value(12, "a+b")}));
}

TEST("operands stay where folding could change what someone reads") {
  KeepRule rule;
  rule.read_points = {At(50)};
  rule.fold = FoldByAppending;
  const Chain unknown_base = {Operand(30, "b"), Operand(20, "a")};
  EXPECT_EQ(Kept(unknown_base, rule), unknown_base);
  const Chain outlives_base = {Operand(30, "b"), Value(20, "a", 30)};  // from 30 on b stands alone
  EXPECT_EQ(Kept(outlives_base, rule), outlives_base);
  const Chain blob = {Operand(30, "b"), {At(20), ValueKind::kBlob, kNeverExpires, "ref"}};
  EXPECT_EQ(Kept(blob, rule), blob);
  rule.bottom = true;
  EXPECT_EQ(Kept(unknown_base, rule), (Chain{Value(30, "+a+b")}));
  EXPECT_EQ(Kept({Operand(30, "b"), Value(20, "a", 31)}, rule), (Chain{Value(30, "a+b", 31)}));
  rule.fold = [](TreeId, std::string_view, auto, const auto&, std::string*) { return Status(Code::kUnsupported, "no"); };
  EXPECT_EQ(Kept(unknown_base, rule), unknown_base);
}

TEST("dead containers go whole, everything else of the same stream stays") {
  History history;
  for (int i = 0; i < 100; ++i) {
    history["key" + std::to_string(100 + i)] = {Value(60, "newer than the floor"), Value(10, "old")};
  }
  KeepRule rule;
  rule.read_points = {At(50)};
  rule.is_dead = [](TreeId, std::string_view key) { return key.back() == '7'; };
  KeepStats stats;
  const History kept = Drain(NewKeepFilter(std::make_unique<HistoryStream>(&history), TreeId::kRows, rule, &stats).get());
  EXPECT_EQ(kept.size(), 90u);
  EXPECT_EQ(stats.dead, 20u);
  for (const auto& [key, chain] : kept) EXPECT_EQ(chain, history[key]);
}

TEST("a chain of operands too long for memory passes unfolded, and reads the same") {
  Chain history;
  const std::string operand(512 * 1024, 'x');
  for (uint64_t ms = 160; ms > 1; --ms) history.push_back(Operand(ms, operand));
  history.push_back(Value(1, "base", 80));
  KeepRule rule;
  rule.read_points = {At(500)};
  rule.expired_before_ms = 450;
  const Chain kept = Kept(history, rule);
  EXPECT_EQ(Read(kept, At(500), 450), Read(history, At(500), 450));
  EXPECT(kept.size() >= 80u);
}

TEST("a merge of streams gives each version once, the newest source's where two have it") {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SimRandom random(seed);
    const size_t sources = 1 + random.Below(6);
    std::vector<History> histories(sources);
    History expected;
    for (int i = 0; i < 60; ++i) {
      const std::string key = std::to_string(random.Below(12));
      const Timestamp ts = 1 + random.Below(20);
      std::optional<size_t> first;
      for (size_t s = 0; s < sources; ++s) {
        if (!random.OneIn(3)) continue;
        Chain& chain = histories[s][key];
        const bool there = std::any_of(chain.begin(), chain.end(), [&](const auto& v) { return v.ts == ts; });
        if (!there) chain.push_back({ts, ValueKind::kValue, kNeverExpires, std::to_string(s)});
      }
    }
    for (size_t s = sources; s-- > 0;) {
      for (auto& [key, chain] : histories[s]) {
        std::sort(chain.begin(), chain.end(), [](const auto& a, const auto& b) { return a.ts > b.ts; });
        for (const PlainVersion& version : chain) {
          Chain& merged = expected[key];
          std::erase_if(merged, [&](const auto& v) { return v.ts == version.ts; });
          merged.push_back(version);
        }
      }
    }
    std::vector<std::unique_ptr<VersionStream>> inputs;
    for (const History& history : histories) inputs.push_back(std::make_unique<HistoryStream>(&history));
    for (auto& [key, chain] : expected) {
      std::sort(chain.begin(), chain.end(), [](const auto& a, const auto& b) { return a.ts > b.ts; });
    }
    const auto merged = NewMergedStream(std::move(inputs));
    EXPECT(Drain(merged.get()) == expected);
    merged->Seek("5");
    const auto at = expected.lower_bound("5");
    EXPECT_EQ(merged->Valid(), at != expected.end());
    if (merged->Valid()) EXPECT_EQ(std::string(merged->key()), at->first);
  }
}

}  // namespace
}  // namespace sochdb::lsm_keep_filter_test
