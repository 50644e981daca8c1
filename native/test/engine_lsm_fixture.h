// What tests of an engine with tables share: options so small that a few hundred writes fill memory, tables and levels.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/harness.h"
#include "test/sim_env.h"
#include "test/store_fixture.h"

namespace sochdb::test {

inline EngineOptions TinyOptions(bool background = false) {
  EngineOptions options;
  options.background = background;
  options.memtable_bytes = 32 * 1024;
  options.target_file_bytes = 8 * 1024;
  options.base_level_bytes = 32 * 1024;
  options.block_cache_bytes = 64 * 1024;
  options.wal.segment_bytes = 16 * 1024;
  options.wal_limit_bytes = 128 * 1024;
  return options;
}

inline std::string KeyOf(int i) {
  std::string number = std::to_string(i);
  return "key" + std::string(6 - number.size(), '0') + number;
}

// Incompressible enough that tables are as large as what is put into them.
inline std::string ValueOf(int i, size_t bytes = 100) {
  std::string value;
  uint64_t state = static_cast<uint64_t>(i) * 2654435761u + 1;
  while (value.size() < bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value.push_back(static_cast<char>('!' + (state >> 33) % 90));
  }
  return value;
}

inline void PutMany(Engine* engine, int from, int to, int salt = 0, TreeId tree = TreeId::kKeys) {
  for (int i = from; i < to; ++i) EXPECT_OK(engine->Put(tree, KeyOf(i), ValueOf(i + salt), kNeverExpires).status());
}

// Point reads and a scan in both directions find exactly the keys [from, to) with PutMany's values.
inline void ExpectMany(Engine* engine, int from, int to, int salt = 0, TreeId tree = TreeId::kKeys) {
  int wrong = 0;
  for (int i = from; i < to; ++i) wrong += GetOr(engine, KeyOf(i), tree) != ValueOf(i + salt);
  EXPECT_EQ(wrong, 0);
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
  EXPECT_OK(snapshot.status());
  for (const bool reverse : {false, true}) {
    ScanOptions options;
    options.reverse = reverse;
    Result<std::unique_ptr<Cursor>> cursor = (*snapshot)->NewCursor(tree, "key", "kez", options);
    EXPECT_OK(cursor.status());
    int at = reverse ? to - 1 : from;
    int seen = 0;
    for (bool found = true;;) {
      const Status status = (*cursor)->Next(&found);
      EXPECT_OK(status);
      if (!status.ok() || !found) break;
      wrong += (*cursor)->key() != KeyOf(at) || (*cursor)->value() != ValueOf(at + salt);
      at += reverse ? -1 : 1;
      ++seen;
    }
    EXPECT_EQ(seen, to - from);
  }
  EXPECT_EQ(wrong, 0);
}

inline std::vector<std::string> ListOf(Env* env, const std::string& dir) {
  Result<std::vector<std::string>> names = env->ListDir(dir);
  return names.ok() ? std::move(names).value() : std::vector<std::string>{};
}

inline uint64_t FilesIn(Env* env, const std::string& dir, const std::string& extension) {
  uint64_t count = 0;
  for (const std::string& name : ListOf(env, dir)) {
    count += name.size() > extension.size() && name.compare(name.size() - extension.size(), extension.size(), extension) == 0;
  }
  return count;
}

inline int CodeOf(const Status& status) { return static_cast<int>(status.code()); }
constexpr int AsInt(Code code) { return static_cast<int>(code); }

}  // namespace sochdb::test
