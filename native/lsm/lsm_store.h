// LsmStore: the tables of all trees of a store: what is in them, how they come to be (flush), and how they are kept few
// (compaction).
//
// A directory tables/ with NNNNNNNNNN.sst, MANIFEST-NNNNNNNNNN and CURRENT. A table is written, synced and its name made
// durable before an edit of the manifest names it; it is deleted after an edit has removed it and its last reader is gone. What
// the manifest does not name at opening is left over from a crash, and is deleted.
//
// Failure. What cannot be written leaves no trace and may be tried again later (kDiskFull, kIoError, kCancelled, kTimeout,
// kLimit), with one exception: where the manifest's own writing fails nobody knows what the disk holds. That is kReadOnly, from
// the call that met it and from every later change (health() too): the engine must take no more writes until it is opened
// again. Reading goes on.
//
// Thread safety: any thread. Tables are written outside of all locks.
// Locks: the store's before the listener's (the trees' install locks, the commit mutex). Never call Flush, Run, SetPolicy or
// Record while holding those; the listener may call levels() and the other const functions.
// Ownership: outlives every LevelState and TableFile it gave out. Before it goes, call ReapFiles: what was not deleted by then
// is deleted at the next opening.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "lsm/index_policy.h"
#include "lsm/keep_rule.h"
#include "lsm/level_state.h"
#include "lsm/manifest.h"
#include "mem/memtable.h"
#include "sst/block_cache.h"

namespace sochdb {

struct LsmOptions {
  TableOptions table;
  uint64_t block_cache_bytes = 64ull * 1024 * 1024;
  uint64_t compaction_bytes_per_second = 0;  // 0: not limited
  uint64_t target_file_bytes = 0;            // 0: the policy's; tests make it small
  uint64_t base_level_bytes = 0;             // 0: the policy's
  bool read_only = false;
  bool threads = false;  // a flush may take a second thread to help it
};

// One memtable on its way into a table. REQUIRES: nobody writes to it any more, and the log up to end_lsn is synced
// by the time the flush is installed.
struct FlushUnit {
  TreeId tree = TreeId::kKeys;
  std::shared_ptr<const Memtable> memtable;
  Lsn end_lsn = 0;           // the log below is in this memtable or older
  Timestamp last_write = 0;  // newest commit in it
};

// Told of every change, in order, after it is durable.
class LevelListener {
 public:
  virtual ~LevelListener() = default;
  // flushed: the memtable that these levels have taken in; null after a compaction.
  virtual void OnLevels(TreeId tree, LevelStatePtr levels, const Memtable* flushed) = 0;
};

struct CompactionPick {
  TreeId tree = TreeId::kKeys;
  struct Input {
    int level = 0;
    uint64_t run_id = 0;
    std::vector<TableFilePtr> files;
  };
  std::vector<Input> inputs;  // newest first
  int output_level = 0;
  uint64_t output_run_id = 0;  // the run that takes the output in: of an input, or new
  bool bottom = false;         // nothing older of these keys lies outside of the inputs
  bool move_only = false;      // files change their level without being rewritten
  const char* reason = "";
};

struct LevelStats {
  uint64_t files = 0;
  uint64_t runs = 0;
  uint64_t bytes = 0;       // stored
  uint64_t data_bytes = 0;  // stored, of data blocks alone: the rest is index, filter and properties
  uint64_t raw_bytes = 0;   // of keys and values
  uint64_t entries = 0;
  uint64_t deletes = 0;
};
struct LsmStats {
  std::array<LevelStats, kLevels> levels{};
  uint64_t flushes = 0;
  uint64_t flushed_bytes = 0;
  uint64_t flush_micros = 0;
  uint64_t compactions = 0;
  uint64_t moves = 0;
  uint64_t compaction_read_bytes = 0;
  uint64_t compaction_written_bytes = 0;
  uint64_t compaction_micros = 0;
  uint64_t running_compactions = 0;
  uint64_t pending_compactions = 0;       // trees that a compaction is due in, beside those that run
  uint64_t pending_compaction_bytes = 0;  // what the policies would rewrite now
  uint64_t obsolete_files = 0;            // removed, still read by someone
  uint64_t obsolete_bytes = 0;
  uint64_t manifest_bytes = 0;
  KeepStats kept;
  BlockCache::Stats cache;
  uint64_t index_and_filter_bytes = 0;
};

class LsmStore {
 public:
  using Progress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

  // Opens every table that the manifest names; kCorruption names the file that is missing or damaged.
  static Result<std::unique_ptr<LsmStore>> Open(Env* env, const std::string& dir, const LsmOptions& options);
  virtual ~LsmStore() = default;

  // Before anything else; the trees outlive the store's work.
  virtual void SetListener(LevelListener* listener) = 0;

  [[nodiscard]] virtual LevelStatePtr levels(TreeId tree) const = 0;
  [[nodiscard]] virtual ManifestState state() const = 0;  // a copy
  [[nodiscard]] virtual PolicySettings settings(TreeId tree) const = 0;
  // Recorded durably; the next flushes and compactions follow it.
  virtual Status SetPolicy(TreeId tree, IndexPolicy policy) = 0;

  // Writes all units into tables at level 0 and installs them with one edit: all or none. Units of a tree come oldest first. A
  // unit of which the rule keeps nothing makes no table. What the rule says of other data (bottom, unseen_operands_from) is
  // worked out here, and in Run. The manifest's history floor rises to rule.floor() when a version is let go.
  // before_install (may be null): called when the tables are written; where it fails they go away.
  virtual Status Flush(std::span<const FlushUnit> units, const KeepRule& rule,
                       const std::function<Status()>& before_install = nullptr) = 0;

  // The most urgent compaction, over all trees; nothing when none is due. Its inputs are reserved until Run or Release.
  virtual std::optional<CompactionPick> PickCompaction(uint64_t now_ms, double least_urgency = 0) = 0;
  // The same by hand: everything of a tree into its bottom; or one level into the next. Nothing when there is nothing there, or
  // when a compaction that is under way holds a file that would be needed: ask again when it has ended.
  virtual std::optional<CompactionPick> PickWhole(TreeId tree) = 0;
  virtual std::optional<CompactionPick> PickLevel(TreeId tree, int level) = 0;
  virtual Status Run(const CompactionPick& pick, const KeepRule& rule, const CancelToken* cancel, const Progress& progress) = 0;
  virtual void Release(const CompactionPick& pick) = 0;

  virtual Status Record(const ManifestEdit& edit) = 0;  // e.g. the history floor, a checkpoint; no tables
  // Marks the end of the manifest, so that every later damage to it is found. Later changes are kClosed; reading goes on.
  virtual Status Close() = 0;
  // OK, or the kReadOnly that every change meets.
  [[nodiscard]] virtual Status health() const = 0;
  // How much of the manifest's end a crash had torn off at opening, and where.
  [[nodiscard]] virtual Manifest::OpenReport open_report() const = 0;

  // Reads and checks every block of every table, and the manifest; visit hears of each fault.
  struct Fault {
    std::string file;
    uint64_t offset = 0;
    std::string expected;
    std::string actual;
  };
  virtual Status Verify(const std::function<void(const Fault&)>& visit, const CancelToken* cancel,
                        const Progress& progress) = 0;
  // A consistent set of files for a checkpoint: kept on disk while the shares live.
  struct Picture {
    ManifestState state;
    std::vector<TableFilePtr> files;
  };
  [[nodiscard]] virtual Picture TakePicture() const = 0;

  // Deletes the files nobody needs any more. `blob_gone` is called with the numbers of blobs that only deleted tables named.
  virtual void ReapFiles(const std::function<void(std::span<const uint64_t>)>& blob_gone) = 0;
  // The numbers of all blobs that tables name.
  [[nodiscard]] virtual std::vector<uint64_t> LiveBlobs() const = 0;

  [[nodiscard]] virtual LsmStats stats() const = 0;
  [[nodiscard]] virtual LsmStats stats(TreeId tree) const = 0;  // levels only
  // About how many bytes of keys and values in tables are kept for readers alone, the oldest of whom is at this moment: as the
  // flushes and compactions that wrote the tables found. What compaction has not met yet counts nowhere.
  [[nodiscard]] virtual uint64_t PinnedBytes(Timestamp oldest_reader) const = 0;
  // How far behind compaction is for the tree that is worst off: runs a read must merge, beside its slowdown and stop marks.
  struct Pressure {
    uint32_t runs = 0;
    uint32_t slowdown = 0;
    uint32_t stop = 0;
  };
  [[nodiscard]] virtual Pressure pressure() const = 0;
  [[nodiscard]] virtual BlockCache* cache() const = 0;
};

}  // namespace sochdb
