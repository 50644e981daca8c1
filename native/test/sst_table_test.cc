// Tables against a model: whatever is written comes back, by every way of asking, at every timestamp.

#include <algorithm>
#include <string>

#include "sst/sst_format.h"
#include "sst/table.h"
#include "test/harness.h"
#include "test/sst_fixture.h"

namespace sochdb::sst_table_test {
namespace {

using test::Model;
using test::ModelShape;
using test::ModelVersions;
using test::NewestAt;
using test::Random;
using test::SameVersion;
using test::TableWorld;

void CheckGet(const Table& table, const Model& model, std::string_view key, Timestamp read_ts) {
  VersionView view;
  BlockRef pin;
  bool found = false;
  EXPECT_OK(table.Get(key, Table::FilterHash(key), read_ts, &view, &pin, &found));
  const auto at = model.find(key);
  const auto* wanted = at == model.end() ? nullptr : NewestAt(at->second, read_ts);
  EXPECT_EQ(found, wanted != nullptr);
  if (found && wanted != nullptr) EXPECT(SameVersion(view, wanted->first, wanted->second));
}

void CheckVisit(const Table& table, const Model& model, std::string_view key, Timestamp read_ts, size_t stop_after) {
  const auto at = model.find(key);
  const ModelVersions none;
  const ModelVersions& versions = at == model.end() ? none : at->second;
  auto next = versions.lower_bound(read_ts);
  size_t seen = 0;
  bool stopped = false;
  EXPECT_OK(table.VisitVersions(
      key, Table::FilterHash(key), read_ts,
      [&](const VersionView& view) {
        EXPECT(next != versions.end() && SameVersion(view, next->first, next->second));
        if (next != versions.end()) ++next;
        return ++seen != stop_after;
      },
      &stopped));
  EXPECT_EQ(stopped, stop_after != 0 && seen == stop_after);
  if (!stopped) EXPECT(next == versions.end());
}

void CheckRange(const Table& table, const Model& model, std::string_view lo, std::string_view hi, Timestamp above) {
  Timestamp newest = 0;
  EXPECT_OK(table.NewestTimestampInRange(lo, hi, above, &newest));
  bool any = false;
  bool is_one = false;
  for (auto at = model.lower_bound(lo); at != model.end() && (hi.empty() || at->first < hi); ++at) {
    any |= at->second.begin()->first > above;
    is_one |= at->second.count(newest) != 0;
  }
  EXPECT_EQ(newest != 0, any);
  if (newest != 0) EXPECT(newest > above && is_one);
}

// Some key near the model's: one of it, cut, extended, or of another kind.
std::string NearKey(Random* random, const std::vector<std::string>& keys) {
  std::string key = keys[random->Below(keys.size())];
  switch (random->Below(6)) {
    case 0:
      return test::HardKey(random);
    case 1:
      key.resize(random->Below(key.size() + 1));
      return key;
    case 2:
      key.push_back(static_cast<char>(random->Next()));
      return key;
    case 3:
      if (!key.empty()) key.back() = static_cast<char>(key.back() + 1);
      return key;
    default:
      return key;
  }
}

// An iterator against the model, moved at random.
void CheckIterator(Random* random, const Table& table, const Model& model, const std::vector<std::string>& keys,
                   Timestamp read_ts, int moves) {
  const auto seen = test::ModelAt(model, read_ts);
  const auto iterator = table.NewIterator(read_ts, random->OneIn(2));
  const auto lower = [&](std::string_view target) {
    return std::lower_bound(seen.begin(), seen.end(), target, [](const auto& a, std::string_view b) { return a.first < b; }) -
           seen.begin();
  };
  const auto end = static_cast<ptrdiff_t>(seen.size());
  ptrdiff_t at = end;
  bool forward = true;
  for (int i = 0; i < moves; ++i) {
    if (at < 0 || at >= end || random->OneIn(12)) {
      const std::string target = NearKey(random, keys);
      switch (random->Below(4)) {
        case 0:
          iterator->SeekToFirst();
          at = 0;
          break;
        case 1:
          iterator->SeekToLast();
          at = end - 1;
          break;
        case 2:
          iterator->Seek(target);
          at = lower(target);
          break;
        default:
          iterator->SeekForPrev(target);
          at = lower(target) - 1;
      }
    } else {
      if (random->OneIn(4)) forward = !forward;
      if (forward) iterator->Next();
      else iterator->Prev();
      at += forward ? 1 : -1;
    }
    const bool valid = at >= 0 && at < end;
    EXPECT_OK(iterator->status());
    EXPECT_EQ(iterator->Valid(), valid);
    if (!valid || !iterator->Valid()) continue;
    const auto& [key, newest] = seen[static_cast<size_t>(at)];
    EXPECT(iterator->key() == key);
    EXPECT(SameVersion(iterator->version(), newest->first, newest->second));
  }
}

void CheckWholeIterator(const Table& table, const Model& model, Timestamp read_ts) {
  const auto seen = test::ModelAt(model, read_ts);
  const auto iterator = table.NewIterator(read_ts);
  size_t i = 0;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next(), ++i) {
    if (i >= seen.size()) break;
    EXPECT(iterator->key() == seen[i].first && SameVersion(iterator->version(), seen[i].second->first, seen[i].second->second));
  }
  EXPECT_EQ(i, seen.size());
  for (iterator->SeekToLast(); iterator->Valid() && i > 0; iterator->Prev()) {
    --i;
    EXPECT(iterator->key() == seen[i].first && SameVersion(iterator->version(), seen[i].second->first, seen[i].second->second));
  }
  EXPECT_EQ(i, 0u);
  EXPECT(!iterator->Valid());
}

void CheckStream(const Table& table, const Model& model, std::string_view from, bool fill_cache) {
  const auto stream = table.NewVersionStream(fill_cache);
  auto at = model.lower_bound(from);
  if (from.empty()) stream->SeekToFirst();
  else stream->Seek(from);
  for (; at != model.end(); ++at) {
    for (const auto& [ts, version] : at->second) {
      if (!stream->Valid()) return test::Fail(__FILE__, __LINE__, "the stream ends early");
      EXPECT(stream->key() == at->first && SameVersion(stream->version(), ts, version));
      stream->Next();
    }
  }
  EXPECT(!stream->Valid());
  EXPECT_OK(stream->status());
}

void CheckTable(Random* random, const TableWorld& world, const Model& model, Timestamp max_ts) {
  const Table& table = *world.table;
  std::vector<std::string> keys;
  for (const auto& [key, versions] : model) keys.push_back(key);
  const auto any_ts = [&] { return random->OneIn(4) ? kMaxTimestamp : random->Below(max_ts); };
  for (int i = 0; i < 300; ++i) CheckGet(table, model, NearKey(random, keys), any_ts());
  for (int i = 0; i < 100; ++i) CheckVisit(table, model, NearKey(random, keys), any_ts(), random->Below(6));
  for (int i = 0; i < 100; ++i) {
    const std::string lo = NearKey(random, keys);
    CheckRange(table, model, lo, random->OneIn(5) ? std::string() : NearKey(random, keys), random->Below(max_ts + 2));
  }
  for (int i = 0; i < 4; ++i) CheckIterator(random, table, model, keys, any_ts(), 150);
  for (const Timestamp ts : {kMaxTimestamp, random->Below(max_ts), Timestamp{0}}) CheckWholeIterator(table, model, ts);
  CheckStream(table, model, "", random->OneIn(2));
  for (int i = 0; i < 4; ++i) CheckStream(table, model, NearKey(random, keys), random->OneIn(2));
}

TableOptions RandomOptions(Random* random) {
  TableOptions options;
  options.block_bytes = static_cast<uint32_t>(64u << random->Below(9));
  options.restart_interval = static_cast<uint32_t>(1 + random->Below(random->OneIn(3) ? 100 : 8));
  options.bloom_bits_per_key = random->OneIn(4) ? 0 : static_cast<uint32_t>(1 + random->Below(20));
  const uint64_t codec = random->Below(3);
  options.compression = static_cast<CompressionType>(codec);
  if (!CompressionAvailable(options.compression)) options.compression = CompressionType::kNone;
  return options;
}

TEST("a table gives back what was put in, whatever its layout") {
  for (int round = 0; round < test::Rounds(40) * test::SeedCount(); ++round) {
    Random random(test::Seed() + static_cast<uint64_t>(round));
    ModelShape shape;
    shape.keys = 1 + random.Below(400);
    shape.max_versions = 1 + random.Below(8);
    shape.max_value = random.OneIn(5) ? 3000 : 60;
    shape.wide_ts = random.OneIn(3);
    const Model model = RandomModel(&random, shape);
    const uint64_t cache = random.OneIn(3) ? 0 : random.OneIn(2) ? 20000 : 8 << 20;
    const auto world = TableWorld::Make(model, RandomOptions(&random), cache);
    if (world->table == nullptr) return;
    CheckTable(&random, *world, model, shape.wide_ts ? kMaxTimestamp : shape.max_ts + 10);
  }
}

TEST("a key whose versions span many blocks is read at every timestamp, both ways") {
  Random random(test::Seed());
  Model model;
  for (const char* key : {"a", "hot", "hot2", "z"}) {
    const uint64_t versions = std::string_view(key) == "hot" ? 700 : 3;
    for (uint64_t ts = 1; ts <= versions; ++ts) model[key][ts * 10] = test::RandomVersion(&random, 30);
  }
  for (const uint32_t block_bytes : {64u, 200u, 1000u, 4096u}) {
    const auto world = TableWorld::Make(model, {.block_bytes = block_bytes, .restart_interval = 4}, 1 << 20);
    if (world->table == nullptr) return;
    for (Timestamp ts = 0; ts < 7100; ts += 3) {
      CheckGet(*world->table, model, "hot", ts);
      if (ts % 50 == 0) CheckWholeIterator(*world->table, model, ts);
      CheckRange(*world->table, model, "b", "hot", ts);
      CheckRange(*world->table, model, "hot", "hot\0", ts);
    }
    CheckTable(&random, *world, model, 7100);
  }
}

TEST("empty keys and values, and the largest, come back") {
  Model model;
  model[""][5] = {ValueKind::kValue, kNeverExpires, ""};
  model[std::string(64 * 1024, 'k')][3] = {ValueKind::kValue, 99, std::string(kBlobThresholdBytes, 'x')};
  model[std::string(64 * 1024, 'k') + "1"][3] = {ValueKind::kMerge, kNeverExpires, std::string(kBlobThresholdBytes - 1, 'y')};
  model[std::string(64 * 1024, 'k') + "1"][2] = {ValueKind::kDelete, kNeverExpires, ""};
  model[std::string(kMaxTableKeyBytes, '\xff')][kMaxTimestamp] = {ValueKind::kValue, UINT64_MAX, "last"};
  for (const CompressionType codec : {CompressionType::kNone, CompressionType::kLz4, CompressionType::kZstd}) {
    if (!CompressionAvailable(codec)) continue;
    if (test::kSanitizer == test::Sanitizer::kThread && codec != CompressionType::kLz4) continue;
    const auto world = TableWorld::Make(model, {.compression = codec}, 4 << 20);
    if (world->table == nullptr) return;
    for (const auto& [key, versions] : model) {
      for (const Timestamp ts : {Timestamp{1}, Timestamp{2}, Timestamp{3}, kMaxTimestamp})
        CheckGet(*world->table, model, key, ts);
    }
    CheckWholeIterator(*world->table, model, kMaxTimestamp);
    CheckWholeIterator(*world->table, model, 2);
    CheckStream(*world->table, model, "", false);
  }
}

TEST("properties count what a table holds, and survive encoding") {
  Model model;
  model["a"][10] = {ValueKind::kValue, 500, "1234"};
  model["a"][9] = {ValueKind::kDelete, kNeverExpires, ""};
  model["b"][20] = {ValueKind::kMerge, 400, "56"};
  std::string blob(20, '\0');
  blob[0] = 3;
  model["c"][1] = {ValueKind::kBlob, kNeverExpires, blob};
  model["d"][2] = {ValueKind::kBlob, kNeverExpires, blob};
  const auto world = TableWorld::Make(model, {}, 0);
  if (world->table == nullptr) return;
  std::string encoded;
  world->written.EncodeTo(&encoded);
  for (const TableProperties& p : {world->written, world->table->properties()}) {
    EXPECT_EQ(p.entries, 5u);
    EXPECT_EQ(p.keys, 4u);
    EXPECT_EQ(p.deletes, 1u);
    EXPECT_EQ(p.merges, 1u);
    EXPECT_EQ(p.raw_bytes, 4u + 2u + 40u + 5u);
    EXPECT_EQ(p.min_ts, 1u);
    EXPECT_EQ(p.max_ts, 20u);
    EXPECT_EQ(p.min_expiry_ms, 400u);
    EXPECT_EQ(p.max_expiry_ms, 500u);
    EXPECT_EQ(p.expiring, 2u);
    EXPECT_EQ(p.block_bytes, TableOptions().block_bytes);
    EXPECT_EQ(p.smallest_key, "a");
    EXPECT_EQ(p.largest_key, "d");
    EXPECT(p.blobs == std::vector<uint64_t>{3});
    EXPECT_EQ(p.file_bytes, world->env.total_bytes());
    std::string again;
    p.EncodeTo(&again);
    EXPECT(again == encoded);
  }
  std::string_view rest = encoded;
  TableProperties decoded;
  EXPECT(TableProperties::Decode(&rest, &decoded) && rest.empty());
  for (size_t n = 0; n < encoded.size(); ++n) {
    std::string_view cut = std::string_view(encoded).substr(0, n);
    EXPECT(!TableProperties::Decode(&cut, &decoded));
  }
}

TEST("what is out of order, malformed or too large is refused, and the builder stays failed") {
  MemEnv env;
  const auto add = [&](const std::string& path, std::string_view key, const VersionView& version) {
    auto file = env.OpenFile(path, OpenMode::kCreateExclusive);
    TableBuilder builder(std::move(file).value(), path, 1, {});
    EXPECT_OK(builder.Add("m", {.ts = 5, .value = "x"}));
    const Status status = builder.Add(key, version);
    TableProperties properties;
    EXPECT_EQ(builder.Finish(&properties).code(), status.code());
    return status.code();
  };
  EXPECT_EQ(add("1", "a", {.ts = 1, .value = ""}), Code::kInternal);
  EXPECT_EQ(add("2", "m", {.ts = 5, .value = ""}), Code::kInternal);
  EXPECT_EQ(add("3", "m", {.ts = 6, .value = ""}), Code::kInternal);
  EXPECT_EQ(add("4", "n", {.ts = 1, .kind = ValueKind::kBlob, .value = "no reference"}), Code::kInternal);
  EXPECT_EQ(add("5", std::string(kMaxTableKeyBytes + 1, 'n'), {.ts = 1, .value = ""}), Code::kLimit);
  EXPECT_EQ(add("6", "m", {.ts = 4, .value = ""}), Code::kOk);
  auto file = env.OpenFile("empty", OpenMode::kCreateExclusive);
  TableBuilder empty(std::move(file).value(), "empty", 1, {});
  TableProperties properties;
  EXPECT_EQ(empty.Finish(&properties).code(), Code::kInternal);
}

TEST("the filter lets about one in a hundred absent keys pass") {
  Model model;
  for (int i = 0; i < 20000; ++i) model["key" + std::to_string(i)][1] = {};
  const auto world = TableWorld::Make(model, {}, 8 << 20);
  if (world->table == nullptr) return;
  VersionView view;
  BlockRef pin;
  bool found = false;
  const auto lookups = [&] { return world->cache->stats().hits + world->cache->stats().misses; };
  const uint64_t before = lookups();
  for (int i = 0; i < 20000; ++i) {
    const std::string key = "key" + std::to_string(i) + "x";
    EXPECT_OK(world->table->Get(key, Table::FilterHash(key), kMaxTimestamp, &view, &pin, &found));
    EXPECT(!found);
  }
  EXPECT(lookups() - before < 300);
}

TEST("the share of a table that a range takes is estimated to within two blocks") {
  Model model;
  for (int i = 10000; i < 30000; ++i) model[std::to_string(i)][1] = {ValueKind::kValue, kNeverExpires, std::string(50, 'v')};
  const auto world = TableWorld::Make(model, {.block_bytes = 1024, .compression = CompressionType::kNone}, 0);
  if (world->table == nullptr) return;
  const Table& table = *world->table;
  const uint64_t all = table.properties().data_bytes;
  EXPECT_EQ(table.ApproximateBytes("", ""), all);
  EXPECT_EQ(table.ApproximateBytes("3", ""), 0u);
  EXPECT_EQ(table.ApproximateBytes("0", "1"), 0u);
  EXPECT_EQ(table.ApproximateBytes("2", "1"), 0u);
  const uint64_t half = table.ApproximateBytes("15000", "25000");
  EXPECT(half > all / 2 - 2048 && half < all / 2 + 2048);
  EXPECT(table.ApproximateBytes("15000", "15001") < 2048);
}

}  // namespace
}  // namespace sochdb::sst_table_test
