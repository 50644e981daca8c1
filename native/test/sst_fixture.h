// Worlds for the tests of sst/: tables in a MemEnv beside a model of what is in them, a map of maps.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/mem_env.h"
#include "sst/table.h"
#include "sst/table_builder.h"
#include "test/harness.h"
#include "test/mem_keys.h"

namespace sochdb::test {

struct ModelVersion {
  ValueKind kind = ValueKind::kValue;
  ExpiryMs expiry_ms = kNeverExpires;
  std::string value;
};

// Of every key its versions, newest first.
using ModelVersions = std::map<Timestamp, ModelVersion, std::greater<>>;
using Model = std::map<std::string, ModelVersions, std::less<>>;

inline VersionView ViewOf(Timestamp ts, const ModelVersion& version) {
  return {ts, version.kind, version.expiry_ms, version.value};
}
inline bool SameVersion(const VersionView& view, Timestamp ts, const ModelVersion& version) {
  return view.ts == ts && view.kind == version.kind && view.expiry_ms == version.expiry_ms && view.value == version.value;
}
// The newest version of a key at read_ts; null when there is none.
inline const ModelVersions::value_type* NewestAt(const ModelVersions& versions, Timestamp read_ts) {
  const auto at = versions.lower_bound(read_ts);
  return at == versions.end() ? nullptr : &*at;
}
// What a snapshot iterator shows.
inline std::vector<std::pair<std::string_view, const ModelVersions::value_type*>> ModelAt(const Model& model,
                                                                                          Timestamp read_ts) {
  std::vector<std::pair<std::string_view, const ModelVersions::value_type*>> seen;
  for (const auto& [key, versions] : model) {
    if (const auto* newest = NewestAt(versions, read_ts)) seen.emplace_back(key, newest);
  }
  return seen;
}

inline Status WriteTable(Env* env, const std::string& path, uint64_t number, const TableOptions& options, const Model& model,
                         TableProperties* properties) {
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kCreateExclusive));
  TableBuilder builder(std::move(file), path, number, options);
  for (const auto& [key, versions] : model) {
    for (const auto& [ts, version] : versions) SOCHDB_TRY(builder.Add(key, ViewOf(ts, version)));
  }
  return builder.Finish(properties);
}

// A table that was written and opened, with what it needs.
struct TableWorld {
  MemEnv env;
  std::unique_ptr<BlockCache> cache;
  TableProperties written;
  std::unique_ptr<Table> table;

  // cache_bytes 0: without a cache.
  static std::unique_ptr<TableWorld> Make(const Model& model, const TableOptions& options, uint64_t cache_bytes) {
    auto world = std::make_unique<TableWorld>();
    if (cache_bytes != 0) world->cache = BlockCache::Create(&world->env, cache_bytes);
    EXPECT_OK(WriteTable(&world->env, "t.sst", 7, options, model, &world->written));
    auto opened = Table::Open(&world->env, "t.sst", 7, {.cache = world->cache.get(), .check_all = true});
    EXPECT_OK(opened.status());
    if (opened.ok()) world->table = std::move(opened).value();
    return world;
  }
};

struct ModelShape {
  uint64_t keys = 300;
  uint64_t max_versions = 4;
  uint64_t max_value = 60;
  uint64_t max_ts = 1000;
  bool wide_ts = false;  // timestamps of all sizes
};

inline ModelVersion RandomVersion(Random* random, uint64_t max_value) {
  ModelVersion version;
  const uint64_t kind = random->Below(10);
  version.kind = kind == 0 ? ValueKind::kDelete : kind == 1 ? ValueKind::kMerge : ValueKind::kValue;
  if (random->OneIn(4)) version.expiry_ms = 1 + (random->Next() >> random->Below(64));
  if (version.kind == ValueKind::kDelete) return version;
  const uint64_t bytes = random->Below(max_value + 1);
  const bool noise = random->OneIn(2);
  for (uint64_t i = 0; i < bytes; ++i) version.value.push_back(static_cast<char>(noise ? random->Next() : 'v'));
  return version;
}

inline Model RandomModel(Random* random, const ModelShape& shape) {
  Model model;
  while (model.size() < shape.keys) {
    ModelVersions versions;
    const uint64_t count = 1 + (random->OneIn(20) ? random->Below(shape.max_versions * 20) : random->Below(shape.max_versions));
    for (uint64_t i = 0; i < count; ++i) {
      const Timestamp ts = shape.wide_ts ? random->Next() >> random->Below(64) : 1 + random->Below(shape.max_ts);
      versions[ts] = RandomVersion(random, shape.max_value);
    }
    model[HardKey(random)] = std::move(versions);
  }
  return model;
}

}  // namespace sochdb::test
