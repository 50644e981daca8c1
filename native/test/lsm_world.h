// A store of tables beside a model of everything that was ever written into it.

#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/path.h"
#include "lsm/compaction_policy.h"
#include "lsm/lsm_store.h"
#include "test/lsm_versions.h"
#include "test/sim_env.h"

namespace sochdb::test {

constexpr const char* kTablesDir = "/db/tables";

inline LsmOptions SmallTables() {
  LsmOptions options;
  options.table.compression = CompressionType::kNone;
  options.block_cache_bytes = 64 * 1024;
  options.target_file_bytes = 4 * 1024;
  options.base_level_bytes = 16 * 1024;
  return options;
}

inline Result<std::unique_ptr<LsmStore>> OpenStore(Env* env, const LsmOptions& options) {
  SOCHDB_TRY(env->CreateDir("/db"));
  SOCHDB_TRY(env->SyncDir("/"));
  return LsmStore::Open(env, kTablesDir, options);
}

// All versions of a key in the levels, as a reader meets them. In every run they must be older than in the run before.
inline Chain ChainIn(const LevelState& levels, std::string_view key) {
  Chain chain;
  for (const auto& level : levels.levels) {
    for (const SortedRun& run : level) {
      const size_t at = run.FileFor(key);
      if (at == run.files.size()) continue;
      bool stopped = false;
      EXPECT_OK(run.files[at]->table().VisitVersions(
          key, Table::FilterHash(key), kMaxTimestamp,
          [&](const VersionView& version) {
            if (!chain.empty()) EXPECT(chain.back().ts > version.ts);
            chain.push_back({version.ts, version.kind, version.expiry_ms, std::string(version.value)});
            return true;
          },
          &stopped));
    }
  }
  return chain;
}

// Everything in the levels.
inline History ContentsOf(const LevelState& levels) {
  std::vector<std::unique_ptr<VersionStream>> runs;
  History all;
  for (const auto& level : levels.levels) {
    for (const SortedRun& run : level) {
      for (const TableFilePtr& file : run.files) {
        for (auto& [key, chain] : Drain(file->table().NewVersionStream(false).get())) {
          Chain& whole = all[key];
          if (!whole.empty()) EXPECT(whole.back().ts > chain.front().ts);
          whole.insert(whole.end(), chain.begin(), chain.end());
        }
      }
    }
  }
  return all;
}

inline std::string Show(const LevelState& levels) {
  std::ostringstream out;
  for (size_t level = 0; level < levels.levels.size(); ++level) {
    for (const SortedRun& run : levels.levels[level]) {
      out << " L" << level << ':' << run.id << '(' << run.files.size() << " files, " << run.bytes << " bytes)";
    }
  }
  return out.str();
}

// The names below the directory that the store does not need.
inline std::vector<std::string> Leftovers(SimEnv* env, const LsmStore& store) {
  std::set<std::string> wanted = {"CURRENT"};
  for (const FileEntry& file : store.state().files) wanted.insert(NumberedFileName(file.number, "sst"));
  std::vector<std::string> left;
  size_t manifests = 0;
  const std::vector<std::string> names = env->ListDir(kTablesDir).value();
  for (const std::string& name : names) {
    if (name.rfind("MANIFEST-", 0) == 0 && ++manifests == 1) continue;
    if (wanted.erase(name) == 0) left.push_back(name);
  }
  for (const std::string& name : wanted) left.push_back("missing " + name);
  return left;
}

struct Told final : LevelListener {
  void OnLevels(TreeId tree, LevelStatePtr levels, const Memtable* flushed) override {
    latest[static_cast<size_t>(tree)] = std::move(levels);
    if (flushed != nullptr) memtables.push_back(flushed);
  }
  std::array<LevelStatePtr, kTreeCount> latest;
  std::vector<const Memtable*> memtables;
};

}  // namespace sochdb::test
