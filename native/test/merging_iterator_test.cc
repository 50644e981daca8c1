// MergingIterator against a model: many sources as one, with turns at any point.

#include "lsm/merging_iterator.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::merging_iterator_test {
namespace {

using test::Random;
using Source = std::map<std::string, Timestamp, std::less<>>;

// Walks a map; may be told to fail at a key.
class MapIterator final : public SnapshotIterator {
 public:
  MapIterator(const Source* source, std::optional<std::string> fails_at) : source_(source), fails_at_(std::move(fails_at)) {}

  bool Valid() const override { return at_ != source_->end(); }
  void SeekToFirst() override { Settle(source_->begin()); }
  void SeekToLast() override { Settle(Before(source_->end())); }
  void Seek(std::string_view target) override { Settle(source_->lower_bound(target)); }
  void SeekForPrev(std::string_view target) override { Settle(Before(source_->lower_bound(target))); }
  void Next() override { Settle(std::next(at_)); }
  void Prev() override { Settle(Before(at_)); }
  std::string_view key() const override { return key_; }
  const VersionView& version() const override { return version_; }
  Status status() const override { return status_; }

 private:
  using Position = Source::const_iterator;
  Position Before(Position at) const { return at == source_->begin() ? source_->end() : std::prev(at); }
  void Settle(Position at) {
    at_ = at;
    status_ = {};
    key_ = std::string(100, 'x');  // what was seen before is gone
    if (at_ == source_->end()) return;
    if (at_->first == fails_at_) {
      status_ = Status(Code::kCorruption, "damaged");
      at_ = source_->end();
      return;
    }
    key_ = at_->first;
    version_.ts = at_->second;
  }

  const Source* const source_;
  const std::optional<std::string> fails_at_;
  Position at_ = source_->end();
  std::string key_;
  VersionView version_;
  Status status_;
};

std::unique_ptr<SnapshotIterator> Merge(const std::vector<Source>& sources,
                                        const std::optional<std::string>& fails_at = std::nullopt) {
  std::vector<std::unique_ptr<SnapshotIterator>> iterators;
  for (size_t i = 0; i < sources.size(); ++i) {
    const bool fails = i + 1 == sources.size();
    iterators.push_back(std::make_unique<MapIterator>(&sources[i], fails ? fails_at : std::nullopt));
  }
  return NewMergingIterator(std::move(iterators));
}

struct World {
  std::vector<Source> sources;  // newest first
  Source merged;
  std::vector<std::string> keys;  // some that are there and some that are not

  World(Random* random, size_t source_count, uint64_t key_count) {
    sources.resize(source_count);
    for (uint64_t i = 0; i < key_count; ++i) keys.push_back(test::HardKey(random));
    for (const std::string& key : keys) {
      for (size_t s = 0; s < source_count; ++s) {
        if (random->OneIn(2)) sources[s][key] = 1000 * (source_count - s) + random->Below(1000);
      }
    }
    for (size_t s = source_count; s-- > 0;) {
      for (const auto& [key, ts] : sources[s]) merged[key] = ts;
    }
  }
};

void ExpectAt(const SnapshotIterator& it, const Source& merged, Source::const_iterator at) {
  EXPECT_OK(it.status());
  EXPECT_EQ(it.Valid(), at != merged.end());
  if (!it.Valid() || at == merged.end()) return;
  EXPECT_EQ(it.key(), std::string_view(at->first));
  EXPECT_EQ(it.version().ts, at->second);
}

void Walk(Random* random, const World& world) {
  const auto it = Merge(world.sources);
  const Source& merged = world.merged;
  auto at = merged.end();
  const auto before = [&](Source::const_iterator from) { return from == merged.begin() ? merged.end() : std::prev(from); };
  for (int step = 0; step < 400; ++step) {
    const std::string target = world.keys.empty() ? "k" : world.keys[random->Below(world.keys.size())];
    switch (at == merged.end() ? random->Below(4) : random->Below(24)) {
      case 0:
        it->SeekToFirst();
        at = merged.begin();
        break;
      case 1:
        it->SeekToLast();
        at = before(merged.end());
        break;
      case 2:
        it->Seek(target);
        at = merged.lower_bound(target);
        break;
      case 3:
        it->SeekForPrev(target);
        at = before(merged.lower_bound(target));
        break;
      default:
        if (random->OneIn(2)) {
          it->Next();
          ++at;
        } else {
          it->Prev();
          at = before(at);
        }
    }
    ExpectAt(*it, merged, at);
  }
}

TEST("a merge of any number of sources shows what the newest of them have, forward, backward and back again") {
  Random random(test::Seed());
  for (int round = 0; round < 60; ++round) {
    const size_t sources = random.Below(7);
    const World world(&random, sources, random.Below(30));
    Walk(&random, world);
  }
}

TEST("a whole walk forward and one backward show each key once") {
  Random random(test::Seed());
  for (const size_t sources : {1u, 2u, 3u, 8u}) {
    const World world(&random, sources, 200);
    const auto it = Merge(world.sources);
    auto at = world.merged.begin();
    for (it->SeekToFirst(); it->Valid(); it->Next(), ++at) ExpectAt(*it, world.merged, at);
    EXPECT(at == world.merged.end());
    auto back = world.merged.rbegin();
    for (it->SeekToLast(); it->Valid(); it->Prev(), ++back) ExpectAt(*it, world.merged, std::prev(back.base()));
    EXPECT(back == world.merged.rend());
  }
}

TEST("one source is walked without anything around it") {
  const Source source{{"a", 1}};
  std::vector<std::unique_ptr<SnapshotIterator>> sources;
  sources.push_back(std::make_unique<MapIterator>(&source, std::nullopt));
  const SnapshotIterator* const alone = sources.front().get();
  EXPECT_EQ(NewMergingIterator(std::move(sources)).get(), alone);
}

TEST("a source that fails makes the merge invalid, with its status; a seek elsewhere goes on") {
  const std::vector<Source> sources{{{"a", 9}, {"c", 9}, {"e", 9}}, {{"b", 8}}, {{"a", 7}, {"d", 7}, {"e", 7}}};
  const auto it = Merge(sources, "d");
  it->SeekToFirst();
  EXPECT(it->Valid());
  it->Next();  // leaves "a" in all sources: the last one meets what is damaged
  EXPECT(!it->Valid());
  EXPECT_EQ(static_cast<int>(it->status().code()), static_cast<int>(Code::kCorruption));
  it->Seek("e");
  EXPECT_OK(it->status());
  EXPECT(it->Valid() && it->key() == "e" && it->version().ts == 9);
  it->Prev();
  EXPECT(!it->Valid() && !it->status().ok());
}

}  // namespace
}  // namespace sochdb::merging_iterator_test
