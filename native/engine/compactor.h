// Compactor: keeps a store's tables few, and by hand makes them as few as they can be.
//
// What a compaction cannot read is set aside: compactions that need it again stay reserved without being run, the rest of the
// store goes on being compacted, and what is sound stays readable. Statistics and `damage` tell of it.
//
// Thread safety: any thread. Locks: mutex_ is a leaf; neither it nor the commit mutex is held while tables are written.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/cancel_token.h"
#include "base/hlc.h"
#include "engine/history.h"
#include "env/sync.h"
#include "lsm/lsm_store.h"
#include "txn/commit_pipeline.h"
#include "txn/trees.h"

namespace sochdb {

class Compactor {
 public:
  struct Parts {
    Env* env = nullptr;
    Trees* trees = nullptr;
    Hlc* hlc = nullptr;
    CommitPipeline* pipeline = nullptr;
    LsmStore* store = nullptr;
    History* history = nullptr;
    std::function<void()> changed;  // a compaction has ended
  };
  explicit Compactor(Parts parts);
  ~Compactor();
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  // From which on a compaction is overdue: level 0, say, has so many times the runs that start one.
  static constexpr double kOverdue = 2;
  // The most urgent compaction, if one is due (kOverdue: if one is overdue). *worked: one was.
  Status RunOne(double least_urgency, bool* worked);
  // Everything in tables to its bottom; or what lies at a level to the one below. Others wait meanwhile.
  Status CompactAll(const CancelToken* cancel, const LsmStore::Progress& progress);
  Status CompactLevel(int level, const CancelToken* cancel);

  // Ends what RunOne is doing, and lets it do nothing more.
  void Stop();

  struct Stats {
    uint64_t running = 0;
    uint64_t failures = 0;
    uint64_t damaged_tables = 0;
    Status last_failure;  // OK once a compaction went well again
    Status damage;        // of one that could not be read
  };
  [[nodiscard]] Stats stats() const;

 private:
  class Running;
  class ByHand;

  Status Run(const CompactionPick& pick, const CancelToken* cancel, const LsmStore::Progress& progress);
  [[nodiscard]] Timestamp InMemoryFrom(TreeId tree) const;
  void Note(const CompactionPick& pick, const Status& status);
  [[nodiscard]] Status DamageOf(const CompactionPick& pick) const;
  [[nodiscard]] Status DamageOf(TreeId tree) const;
  bool SetAside(const CompactionPick& pick);
  [[nodiscard]] uint64_t BytesOf(TreeId tree) const;
  [[nodiscard]] Status CheckGoingOn(const CancelToken* cancel) const;
  Status CompactTrees(const CancelToken* cancel, const LsmStore::Progress& progress);
  Status CompactTree(TreeId tree, int level, const CancelToken* cancel, const LsmStore::Progress& progress);

  const Parts parts_;
  CancelToken stop_;
  mutable Mutex mutex_;  // guards all below
  CondVar idle_;
  bool stopped_ = false;
  uint64_t by_hand_ = 0;  // callers that want the store for themselves
  uint64_t running_ = 0;
  uint64_t failures_ = 0;
  Status last_failure_;
  std::map<uint64_t, Status> damaged_;  // by file number
  std::vector<CompactionPick> set_aside_;
};

}  // namespace sochdb
