// CommitPipeline: the one way by which writes enter the store.
//
//   validate (up to a first point) -> gate -> validate the rest -> assign sequences -> encode -> reserve room in the log
//   -> timestamp -> append -> apply to the trees -> listeners -> publish
//
// What fails up to and including the reservation leaves no trace. A failure after it poisons the pipeline: nothing is
// published any more, later writes are kReadOnly with the cause, reads go on, until the store is reopened.
//
// Publishing moves visible_ts. SyncMode decides when: off and normal publish inside the gate (normal after the log has been
// handed to the operating system); full publishes after a sync covers the commit, so that no reader sees what a crash can
// undo. One thread syncs for all that wait.
//
// Thread safety: any thread, except where a method names the commit mutex (gate()->mutex()).
// Locks: the commit mutex before publish_mutex_.

#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/hlc.h"
#include "base/status.h"
#include "base/types.h"
#include "env/sync.h"
#include "mem/commit_ring.h"
#include "txn/admission.h"
#include "txn/commit_listener.h"
#include "txn/latency.h"
#include "txn/prepared_commit.h"
#include "txn/trees.h"
#include "txn/validator.h"
#include "txn/write_batch.h"
#include "txn/writer_gate.h"
#include "wal/wal.h"

namespace sochdb {

class CommitPipeline {
 public:
  struct Options {
    SyncMode sync_mode = SyncMode::kNormal;
    bool wal_enabled = true;
    bool group_commit = true;
    uint64_t memory_limit_bytes = 0;
    Latencies* latencies = nullptr;  // null: nothing is measured
  };
  struct Request {
    const void* writer = nullptr;  // the transaction, when it holds the writer: Commit gives it back
    ValidationRequest validation;
    ExpiryMs min_expiry_ms = kNeverExpires;  // the earliest expiry among what was seen alive; commits before it only
    uint64_t writes_at_begin = 0;            // applied_writes() when the transaction began
    uint64_t gate_timeout_ms = 0;
    bool await_published = true;  // false: returns once applied; AwaitPublished(ts) is the rest
  };

  CommitPipeline(Env* env, const Options& options, Trees* trees, Hlc* hlc, Wal* wal);
  CommitPipeline(const CommitPipeline&) = delete;
  CommitPipeline& operator=(const CommitPipeline&) = delete;

  // What recovery restored: everything up to ts is applied, durable and published.
  void Restore(Timestamp ts, const std::array<Timestamp, kTreeCount>& last_writes);

  Result<Timestamp> Commit(const Request& request, PreparedCommit* prepared);
  // An autocommitted write of one key. value is final: a blob is a reference.
  Result<Timestamp> CommitOne(const CommittedWrite& write, uint64_t gate_timeout_ms, bool await_published = true);

  // Waits until everything applied is published, or the pipeline is poisoned.
  void AwaitPublished();
  // Waits until the commit with this timestamp, which was applied, is published. Otherwise why it never will be.
  Status AwaitPublished(Timestamp ts);
  // Makes everything in the log durable. (Without a log that is nothing: see the engine.)
  Status Sync();
  // Hands what is buffered to the operating system: for SyncMode::kOff's own thread.
  Status Flush();
  // Nothing is published any more, and later writes are kReadOnly with this cause. Returns the cause.
  Status Poison(Status cause);

  // Refuses new commits, and waits for those under way; false when it was closed before. Sync still works.
  bool Close();
  // From now on the log is not touched any more.
  void Finish();
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }
  // OK, or why the store became read-only.
  [[nodiscard]] Status poisoned();
  // OK, or kReadOnly with that reason.
  [[nodiscard]] Status CheckNotPoisoned();

  Timestamp AddListener(CommitListener* listener);
  void RemoveListener(CommitListener* listener);

  [[nodiscard]] Timestamp visible_ts() const { return visible_ts_.load(std::memory_order_acquire); }
  // At least every published write's; a little ahead while one is being published.
  [[nodiscard]] Timestamp LastWrite(TreeId tree) const {
    return last_write_[static_cast<size_t>(tree)].load(std::memory_order_acquire);
  }
  // Of the newest commit that is in the trees, published or not.
  [[nodiscard]] Timestamp applied_ts() const { return applied_ts_.load(std::memory_order_acquire); }
  // Bytes of keys and values that were applied.
  [[nodiscard]] uint64_t applied_bytes() const { return applied_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t applied_writes() const { return applied_writes_.load(std::memory_order_relaxed); }
  // Commits by CommitOne.
  [[nodiscard]] uint64_t single_commits() const { return single_commits_.load(std::memory_order_relaxed); }
  [[nodiscard]] WriterGate* gate() { return &gate_; }

  // Transactions that will have to validate: while there are none, the ring stays empty.
  void AddValidating() { validating_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveValidating() { validating_.fetch_sub(1, std::memory_order_relaxed); }

  // Before the first commit; they outlive the pipeline's work. rotation is told when the memtables that are written to reach
  // limit_bytes.
  void SetAdmission(Admission* admission) { admission_ = admission; }
  void SetRotation(RotationHook* rotation, uint64_t limit_bytes) {
    rotation_ = rotation;
    rotation_limit_bytes_ = limit_bytes;
  }
  // Waits until a write of about so many bytes is admitted. For whoever is about to take the writer; commits do it themselves.
  Status Admit(uint64_t bytes, uint64_t timeout_ms) {
    if (admission_ == nullptr || !admission_->needed()) [[likely]]
      return {};
    return admission_->Admit(bytes, timeout_ms);
  }
  // Drops what the commit ring knows of commits up to ts: before a memtable dies whose newest version is of ts. From then on
  // transactions that began before are validated against the trees. REQUIRES: the commit mutex.
  void ForgetRing(Timestamp ts) {
    ring_.Forget(ts);
    NoteRingFloor();
  }

  // Called after the first append since the last Flush, under the commit mutex: wakes whoever flushes.
  void SetFlushHint(std::function<void()> hint) { flush_hint_ = std::move(hint); }

 private:
  struct Unpublished {
    Timestamp ts;
    Lsn end_lsn;
    uint64_t tree_mask;
  };

  Status ValidateBefore(const Request& request, Timestamp* checked) const;
  Status ValidateInside(const Request& request, Timestamp checked) const;
  Status ValidateAndApply(const Request& request, PreparedCommit* prepared, Timestamp* ts, Lsn* end_lsn);
  Status CheckRoom(std::span<const CommittedWrite> writes);
  Status LogAndApply(std::span<const CommittedWrite> writes, ExpiryMs min_expiry_ms, Timestamp* ts, Lsn* end_lsn);
  Status ReserveMemory(std::span<const CommittedWrite> writes);
  Status Append(Timestamp ts, Lsn* end_lsn);
  void Apply(Timestamp ts, std::span<const CommittedWrite> writes, uint64_t tree_mask, Lsn first_lsn, Lsn end_lsn);
  void RotateWhenFull();
  void NoteRingFloor() { ring_floor_.store(ring_.floor(), std::memory_order_relaxed); }
  void CallListeners(Timestamp ts, std::span<const CommittedWrite> writes, uint64_t tree_mask);
  Status AwaitDurable(Lsn end_lsn);
  Status SyncAsLeader();
  void PublishThrough(Lsn durable);
  void Publish(Timestamp ts, uint64_t tree_mask);
  Status PoisonLocked(Status cause);
  Status PoisonOutOfMemory();
  Status PoisonOutOfMemoryLocked();
  [[nodiscard]] bool publishes_after_sync() const { return options_.wal_enabled && options_.sync_mode == SyncMode::kFull; }

  const Options options_;
  Trees* const trees_;
  Hlc* const hlc_;
  Wal* const wal_;
  Env* const env_;
  const uint64_t writes_validated_inside_;  // so many since the snapshot; more are validated before the gate

  WriterGate gate_;
  // Guarded by the commit mutex:
  CommitRing ring_;
  Validator validator_;
  WriteBatchBuilder batch_;
  std::vector<CommitListener*> listeners_;
  std::vector<CommittedWrite> for_listener_;
  std::vector<WrittenKey> written_;  // of the commit that is being applied
  bool flush_hinted_ = false;
  std::function<void()> flush_hint_;
  Admission* admission_ = nullptr;  // set before the first commit, like the next two
  RotationHook* rotation_ = nullptr;
  uint64_t rotation_limit_bytes_ = 0;

  std::atomic<Timestamp> visible_ts_{0};
  std::atomic<Timestamp> applied_ts_{0};  // of the newest commit whose versions are all in the trees
  std::atomic<Lsn> applied_lsn_{0};
  std::atomic<uint64_t> applied_writes_{0};
  std::atomic<uint64_t> applied_bytes_{0};
  std::atomic<Timestamp> ring_floor_{0};  // of ring_, for a look from outside of the gate
  std::atomic<uint64_t> single_commits_{0};
  std::atomic<uint64_t> validating_{0};
  std::atomic<bool> closed_{false};
  std::atomic<bool> is_poisoned_{false};
  std::array<std::atomic<Timestamp>, kTreeCount> last_write_{};

  Mutex publish_mutex_;  // guards all below
  CondVar published_;
  std::deque<Unpublished> unpublished_;
  Lsn durable_lsn_ = 0;
  bool syncing_ = false;
  bool finished_ = false;  // nobody may start a sync any more
  Status poison_;
  Status out_of_memory_{Code::kOutOfMemory, "Memory ran out while a commit was being applied."};  // made while there is some
};

}  // namespace sochdb
