// Flusher: writes memtables into tables when memory is full, and lets go of the log that is no longer needed.
//
// A round takes the memtables that wait, syncs the log through their ends (else the tables would persist half of a
// transaction whose other half, in another tree, is still unsynced), and writes them with one edit of the manifest. Without a
// log a round takes every tree at one moment, since the manifest's edit is all that makes a transaction whole.
//
// The tables are written while the log is synced, and log that earlier rounds made needless is let go of: a table that no edit
// names yet is nothing, so only the edit has to wait for the sync.
//
// Failures. A full disk is tried again, for as long as it takes; other errors kMaxFailures times, each time into new files.
// Then, and when the log cannot be synced, the pipeline is poisoned. The memtables stay readable whatever happens.
//
// The log is let go of in parts as it gets long, its files kept to be written again. When a store rests (a checkpoint, a close,
// a few ticks without a commit), all is let go of that nothing needs, and the space that waits for what may be written.
//
// Thread safety: any thread; rounds of different trees run beside each other.
// Locks: release_mutex_, the commit mutex, mutex_, in this order; of these only the first is held while files are written.

#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "base/cancel_token.h"
#include "engine/history.h"
#include "engine/options.h"
#include "env/sync.h"
#include "lsm/lsm_store.h"
#include "txn/admission.h"
#include "txn/commit_pipeline.h"
#include "txn/trees.h"
#include "wal/wal.h"

namespace sochdb {

class Flusher final : public RotationHook {
 public:
  static constexpr int kMaxFailures = 5;
  static constexpr size_t kMaxWaitingOfTree = 4;
  static constexpr int kIdleTicks = 2;
  static constexpr uint64_t kRowsScanned = 64 * 1024;  // so many rows of a tree, taken from memory, are scanned much
  static constexpr uint64_t kScannedPart = 16;         // so much of the memory there may be, one in this, is a good deal

  struct Parts {
    Env* env = nullptr;
    Trees* trees = nullptr;
    CommitPipeline* pipeline = nullptr;
    Wal* wal = nullptr;
    LsmStore* store = nullptr;
    History* history = nullptr;
    uint64_t memtable_bytes = 0;
    uint64_t wal_limit_bytes = 0;
    uint64_t kept_segment_bytes = 0;  // a segment that nothing needs is gone on with while it is not longer
    bool wal_enabled = true;
    bool scans_tables_faster = false;  // there is a cache for what scans make of tables
    bool threads = false;              // the log may be synced and let go of beside the writing of tables
  };
  explicit Flusher(const Parts& parts);
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // wake: there is something to flush; may be called under the commit mutex. changed: a round has ended.
  void SetHooks(std::function<void()> wake, std::function<void()> changed) {
    wake_ = std::move(wake);
    changed_ = std::move(changed);
  }

  void OnMemtablesFull(uint64_t bytes) override;

  // One round: everything that waits and that no other thread is writing. *worked: there was something.
  Status FlushWaiting(bool* worked);
  // Everything committed so far is in tables afterwards, and nothing of later commits until `after` (may be null) has returned.
  // Where the log and the commits stood: *cut.
  struct Cut {
    Lsn lsn = 0;
    Timestamp ts = 0;
  };
  Status FlushAll(const CancelToken* cancel, Cut* cut, const std::function<void()>& after = nullptr);
  // Rotates the tree that keeps the log from being released, when the log is too long, and trees that are scanned much while a
  // good deal of them is in memory: scans of tables are several times as fast. Gives back the space of a log to which nothing
  // was appended for kIdleTicks calls.
  void OnTick();
  // Lets go of the log that no tree needs, once there is a good deal of it; unless somebody holds it, or is at it already.
  Status ReleaseLog();
  // Lets go of all the log that no tree needs, below `upto`. Where that is everything, nothing of it is left.
  Status ReleaseAllLog(Lsn upto = kNoLsn);
  // The same, but for a segment of at most kept_segment_bytes; and unless somebody commits meanwhile, gives back the space that
  // was taken for what is not written yet.
  Status ShrinkLog();
  // How much log an opening would replay.
  [[nodiscard]] uint64_t UnflushedLogBytes() const;
  // While it lives no part of the log goes away.
  class LogHold {
   public:
    explicit LogHold(Flusher* flusher) : lock_(&flusher->release_mutex_) {}

   private:
    MutexLock lock_;
  };

  // Waits for what is under way; later calls do nothing, or are kClosed.
  void Stop();

  struct Stats {
    uint64_t waiting_memtables = 0;
    uint64_t waiting_bytes = 0;
    uint64_t most_waiting_of_tree = 0;
    uint64_t failures = 0;
    Status last_failure;  // OK once a round went well again
  };
  [[nodiscard]] Stats stats() const;

 private:
  bool RotateLargest();
  void RotateAll();
  bool RotatePinning();
  bool RotateScanned();
  std::vector<FlushUnit> Collect(uint64_t but_trees) const;
  std::vector<FlushUnit> Take();
  [[nodiscard]] bool SomethingWaits() const;
  Status Write(const std::vector<FlushUnit>& units);
  void Finish(const Status& status);
  Status EnterAlone(const CancelToken* cancel);
  // Gives trees back, and lets others be alone; bad_alloc or not.
  class Busy;
  [[nodiscard]] Lsn FirstNeeded() const;
  void ShrinkIdleLog();
  Status CheckNotStopped() const;
  // Both REQUIRE release_mutex_.
  Status DeleteUnneeded(Lsn upto, uint64_t kept_bytes);
  Status RecordNeeded(Lsn needed);

  const Parts parts_;
  std::function<void()> wake_;
  std::function<void()> changed_;

  mutable Mutex mutex_;  // guards all below
  CondVar round_ended_;
  uint64_t busy_trees_ = 0;  // a bit for each that a round is writing
  bool alone_ = false;       // somebody flushes all: no other round may begin
  bool stopped_ = false;
  uint64_t failures_ = 0;
  int failures_in_a_row_ = 0;  // full disks not counted
  Status last_failure_;
  Lsn idle_lsn_ = 0;  // the log's end at the last tick
  int idle_ticks_ = 0;

  Mutex release_mutex_;  // held while the log is let go of; guards released_; before the commit mutex
  Lsn released_ = 0;
};

}  // namespace sochdb
