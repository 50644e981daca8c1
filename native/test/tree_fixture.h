// Worlds for the tests of trees: memtables and tables made by hand, beside a model of every version.

#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/mem_env.h"
#include "lsm/file_reaper.h"
#include "lsm/keep_rule.h"
#include "lsm/level_state.h"
#include "lsm/tree.h"
#include "sst/table_builder.h"
#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::test {

struct TreeVersion {
  ValueKind kind = ValueKind::kValue;
  std::string value;
};
// Of every key its versions, newest first.
using TreeModel = std::map<std::string, std::map<Timestamp, TreeVersion, std::greater<>>, std::less<>>;

// Writes tables into an Env of its own, and opens them.
class TableMaker {
 public:
  TableMaker() : reaper_(&env_, "tables"), cache_(BlockCache::Create(&env_, 1 << 20)) {}

  // All of the stream as one run of files with about `keys_per_file` keys. The stream must hold something.
  SortedRun Run(VersionStream* stream, uint64_t keys_per_file = UINT64_MAX) {
    SortedRun run;
    run.id = ++runs_;
    run.min_ts = kMaxTimestamp;
    std::unique_ptr<TableBuilder> builder;
    std::string path;
    std::string last;
    uint64_t keys = 0;
    for (stream->SeekToFirst(); stream->Valid(); stream->Next()) {
      const bool new_key = builder == nullptr || stream->key() != last;
      if (new_key && builder != nullptr && keys >= keys_per_file) Finish(std::exchange(builder, nullptr), path, &run);
      if (builder == nullptr) {
        keys = 0;
        path = "tables/" + std::to_string(++files_) + ".sst";
        TableOptions options;
        options.block_bytes = 512;
        builder = std::make_unique<TableBuilder>(env_.OpenFile(path, OpenMode::kCreate).value(), path, files_, options);
      }
      if (new_key) ++keys;
      last = stream->key();
      EXPECT_OK(builder->Add(stream->key(), stream->version()));
    }
    EXPECT_OK(stream->status());
    if (builder != nullptr) Finish(std::move(builder), path, &run);
    return run;
  }

  void Damage(const std::string& path, uint64_t offset) {
    const std::unique_ptr<File> file = env_.OpenFile(path, OpenMode::kReadWrite).value();
    char byte = 0;
    size_t got = 0;
    EXPECT_OK(file->Read(offset, 1, &byte, &got));
    byte = static_cast<char>(byte ^ 0x10);
    EXPECT_OK(file->Write(offset, {&byte, 1}));
  }
  MemEnv* env() { return &env_; }

 private:
  void Finish(std::unique_ptr<TableBuilder> builder, const std::string& path, SortedRun* run) {
    TableProperties properties;
    EXPECT_OK(builder->Finish(&properties));
    auto table = Table::Open(&env_, path, files_, {.cache = cache_.get()});
    EXPECT_OK(table.status());
    run->files.push_back(std::make_shared<const TableFile>(TreeId::kKeys, std::move(table).value(), &reaper_));
    run->bytes += properties.file_bytes;
    run->entries += properties.entries;
    run->min_ts = std::min(run->min_ts, properties.min_ts);
    run->max_ts = std::max(run->max_ts, properties.max_ts);
  }

  MemEnv env_;
  FileReaper reaper_;
  std::unique_ptr<BlockCache> cache_;
  uint64_t files_ = 0;
  uint64_t runs_ = 0;
};

// The levels with one more run, the newest of its level; the same when the run holds nothing.
inline LevelStatePtr WithRun(const LevelStatePtr& levels, int level, SortedRun run) {
  auto next = levels == nullptr ? std::make_shared<LevelState>() : std::make_shared<LevelState>(*levels);
  std::vector<SortedRun>& runs = next->levels[static_cast<size_t>(level)];
  if (!run.files.empty()) runs.insert(runs.begin(), std::move(run));
  return next;
}

inline KeepRule KeepEverything() {
  KeepRule rule;
  rule.history_floor = 0;
  return rule;
}

// The oldest waiting memtable of the tree goes to a table at level 0, less what the rule lets go. `before` is called before the
// memtable is let go.
inline bool FlushOldest(Tree* tree, TableMaker* tables, uint64_t keys_per_file = UINT64_MAX,
                        const KeepRule& rule = KeepEverything(),
                        const std::function<void(const ImmutableMemtable&)>& before = {}) {
  const std::vector<ImmutableMemtable> waiting = tree->Immutables();
  if (waiting.empty()) return false;
  KeepStats stats;
  const auto stream = NewKeepFilter(waiting.front().memtable->NewVersionStream(), tree->id(), rule, &stats);
  SortedRun run = tables->Run(stream.get(), keys_per_file);
  const LevelStatePtr levels = tree->Acquire()->levels();
  if (before) before(waiting.front());
  tree->InstallLevels(WithRun(levels, 0, std::move(run)), waiting.front().memtable.get());
  return true;
}

// All tables of the tree become one run at the bottom, less what the rule lets go.
inline void CompactAll(Tree* tree, TableMaker* tables, KeepRule rule, uint64_t keys_per_file = UINT64_MAX) {
  const LevelStatePtr levels = tree->Acquire()->levels();
  if (levels == nullptr || levels->empty()) return;
  std::vector<std::unique_ptr<VersionStream>> inputs;
  for (const auto& level : levels->levels) {
    for (const SortedRun& run : level) {
      for (const TableFilePtr& file : run.files) inputs.push_back(file->table().NewVersionStream());
    }
  }
  rule.bottom = true;
  KeepStats stats;
  const auto stream = NewKeepFilter(NewMergedStream(std::move(inputs)), tree->id(), rule, &stats);
  tree->InstallLevels(WithRun(nullptr, kLevels - 1, tables->Run(stream.get(), keys_per_file)), nullptr);
}

}  // namespace sochdb::test
