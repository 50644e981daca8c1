// TableRegistry: which tables exist: durably in the manifest, in memory as one LevelState a tree; and the step from one state
// to the next.
//
// Thread safety: any thread.
// Locks: install_mutex_ (one change at a time: manifest, memory, listener) before mutex_ (what readers look at). The listener
// is called with install_mutex_ alone, so it may ask for levels, and must not install.

#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "env/sync.h"
#include "lsm/file_reaper.h"
#include "lsm/level_state.h"
#include "lsm/lsm_store.h"
#include "lsm/manifest.h"

namespace sochdb {

class TableRegistry {
 public:
  struct Options {
    BlockCache* cache = nullptr;
    FileReaper* reaper = nullptr;
    bool read_only = false;
  };
  static Result<std::unique_ptr<TableRegistry>> Open(Env* env, const std::string& dir, const Options& options);
  ~TableRegistry();
  TableRegistry(const TableRegistry&) = delete;
  TableRegistry& operator=(const TableRegistry&) = delete;

  void SetListener(LevelListener* listener) { listener_ = listener; }

  [[nodiscard]] LevelStatePtr levels(TreeId tree) const;
  [[nodiscard]] std::array<LevelStatePtr, kTreeCount> all_levels() const;
  [[nodiscard]] ManifestState state() const;
  [[nodiscard]] IndexPolicy policy(TreeId tree) const;
  [[nodiscard]] Timestamp last_write(TreeId tree) const;  // newest commit in the tree's tables
  [[nodiscard]] LsmStore::Picture TakePicture() const;
  [[nodiscard]] const Manifest::OpenReport& open_report() const { return open_report_; }
  [[nodiscard]] uint64_t manifest_bytes() const { return manifest_bytes_.load(std::memory_order_relaxed); }

  uint64_t NewFileNumber() { return next_file_number_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t NewRunId() { return next_run_id_.fetch_add(1, std::memory_order_relaxed); }

  // Opens a table that was just written, or one that the manifest describes (Table::OpenOptions).
  Result<TableFilePtr> OpenTable(TreeId tree, uint64_t number, const PinnedVersions& pinned = {},
                                 const TableProperties* known = nullptr) const;

  // Makes the edit durable and shows it to everyone. `tables` are those that it adds and that were not there before; `flushed`
  // the memtables that it takes in. history_floor and last_ts never go back; counters are filled in here.
  // kReadOnly: see Manifest::Append; everything else has changed nothing.
  Status Install(ManifestEdit edit, std::span<const TableFilePtr> tables, std::span<const FlushUnit> flushed);
  // OK, or why nothing can be installed any more.
  [[nodiscard]] Status health() const;

  // Marks the manifest's end. Later changes are kClosed.
  Status Close();

  Status VerifyManifest(const std::function<void(const LsmStore::Fault&)>& visit);

 private:
  TableRegistry(Env* env, std::string dir, const Options& options);
  Status Load();
  Status LoadOnce();
  Status OpenTables();
  Status DeleteLeftovers();
  Result<LevelStatePtr> LevelsAfter(TreeId tree, const ManifestState& next, std::span<const TableFilePtr> tables) const;
  struct Change {
    TreeId tree;
    LevelStatePtr levels;
  };
  std::vector<TableFilePtr> GoneWith(const ManifestEdit& edit) const;
  void Announce(const std::vector<Change>& changes, std::span<const FlushUnit> flushed);

  Env* const env_;
  const std::string dir_;
  const Options options_;
  LevelListener* listener_ = nullptr;
  Manifest::OpenReport open_report_;
  std::atomic<uint64_t> next_file_number_{1};
  std::atomic<uint64_t> next_run_id_{1};
  std::atomic<uint64_t> manifest_bytes_{0};

  mutable Mutex install_mutex_;         // guards manifest_ and closed_
  std::unique_ptr<Manifest> manifest_;  // null: opened for reading where there is none yet
  bool closed_ = false;

  mutable Mutex mutex_;  // guards all below
  ManifestState state_;
  std::array<LevelStatePtr, kTreeCount> levels_;
  Status health_;
  // Made while there is memory.
  Status out_of_memory_{Code::kReadOnly,
                        "Memory ran out while a change of the store's tables was being recorded: the database takes no more "
                        "writes. Close and open it."};
};

}  // namespace sochdb
