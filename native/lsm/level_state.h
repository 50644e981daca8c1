// LevelState: which tables hold a tree's data, newest first: an immutable picture that readers keep while they use it.
//
// A level holds sorted runs; a run is tables whose key ranges do not overlap, ascending. Of any key, a run with a greater id,
// and any run of a lower level, holds newer versions than the others, so a reader takes the first version that its snapshot
// admits.
//
// Thread safety: immutable once published.
// Ownership: a TableFile's file is deleted when the last reference goes and it was marked obsolete (file_reaper.h). The
// LsmStore outlives all of this.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "sst/table.h"

namespace sochdb {

inline constexpr int kLevels = 7;

class FileReaper;

// What in a table readers alone keep: known while the process lives in which it was written, as those readers are of it too.
struct PinnedVersions {
  uint64_t bytes = 0;    // keys and values, uncompressed
  Timestamp before = 0;  // for who reads at an earlier moment than this
};

// A table that belongs to a tree.
class TableFile {
 public:
  TableFile(TreeId tree, std::unique_ptr<Table> table, FileReaper* reaper, const PinnedVersions& pinned = {});
  ~TableFile();
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  [[nodiscard]] TreeId tree() const { return tree_; }
  [[nodiscard]] uint64_t number() const { return table_->file_number(); }
  [[nodiscard]] const Table& table() const { return *table_; }
  [[nodiscard]] const TableProperties& properties() const { return table_->properties(); }
  [[nodiscard]] std::string_view smallest() const { return properties().smallest_key; }
  [[nodiscard]] std::string_view largest() const { return properties().largest_key; }
  // Whether it may hold keys in [lo, hi], both included.
  [[nodiscard]] bool Meets(std::string_view lo, std::string_view hi) const { return smallest() <= hi && lo <= largest(); }
  // Of it, as long as the oldest reader is at this moment.
  [[nodiscard]] uint64_t pinned_bytes(Timestamp oldest_reader) const {
    return oldest_reader < pinned_.before ? pinned_.bytes : 0;
  }
  // The manifest names it no more: the file is deleted once nobody reads it. Once.
  void MarkObsolete() const;

 private:
  const TreeId tree_;
  std::unique_ptr<Table> table_;
  FileReaper* const reaper_;
  const PinnedVersions pinned_;
  mutable std::atomic<bool> obsolete_{false};
};
using TableFilePtr = std::shared_ptr<const TableFile>;

struct SortedRun {
  uint64_t id = 0;
  std::vector<TableFilePtr> files;  // never empty
  uint64_t bytes = 0;
  uint64_t entries = 0;
  Timestamp min_ts = 0;
  Timestamp max_ts = 0;

  // The position of the first file whose largest key is >= key; files.size() when there is none.
  [[nodiscard]] size_t FileFor(std::string_view key) const;
};

struct LevelState {
  std::array<std::vector<SortedRun>, kLevels> levels;  // in each, newest first

  [[nodiscard]] uint64_t bytes() const;
  [[nodiscard]] uint64_t entries() const;
  [[nodiscard]] size_t runs() const;  // sources that a read merges
  [[nodiscard]] size_t files() const;
  [[nodiscard]] bool empty() const { return runs() == 0; }
};
using LevelStatePtr = std::shared_ptr<const LevelState>;

// Where a table stands.
struct PlacedFile {
  int level = 0;
  uint64_t run_id = 0;
  TableFilePtr file;
};
// The picture of one tree's tables. kCorruption when tables of one run overlap.
Result<LevelStatePtr> MakeLevelState(const std::vector<PlacedFile>& files);

}  // namespace sochdb
