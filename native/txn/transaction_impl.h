// TransactionImpl: one transaction: a snapshot, a write set on top of it, and a footprint of what it has read.
//
// Thread safety: one thread at a time. Closing the engine from another thread only makes its later calls fail.
// Ownership: the context outlives it; blobs it has written are deleted again when it does not commit.

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "txn/cursor_impl.h"
#include "txn/footprint.h"
#include "txn/transaction.h"
#include "txn/transaction_context.h"
#include "txn/tree_views.h"
#include "txn/write_set.h"

namespace sochdb {

struct TransactionSettings {
  IsolationLevel isolation = IsolationLevel::kSerializable;
  bool take_writer = false;
  uint64_t timeout_ms = 0;    // 0: the store's limits
  bool read_applied = false;  // TransactionOptions
};

class TransactionImpl final : public Transaction, public CursorOwner {
 public:
  // Waits for the writer, when it is to be taken.
  static Result<std::unique_ptr<Transaction>> Begin(const TransactionContext* context, const TransactionSettings& settings);
  ~TransactionImpl() override;

  Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) override;
  Status GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out) override;
  Result<std::unique_ptr<Cursor>> NewCursor(TreeId tree, std::string_view lo, std::string_view hi,
                                            const ScanOptions& options) override;
  Timestamp read_ts() const override { return at_.ts; }
  uint64_t now_ms() const override { return at_.now_ms; }

  Status Put(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) override;
  Status Delete(TreeId tree, std::string_view key) override;
  Status Merge(TreeId tree, std::string_view key, std::string_view operand) override;
  Status PutAssigned(TreeId tree, std::string_view key, std::string_view value, uint32_t value_offset,
                     std::string_view sequence_key) override;

  Status GetForConstraint(TreeId tree, std::string_view key, ReadValue* out, bool* found) override;
  void RegisterRangeRead(TreeId tree, std::string_view lo, std::string_view hi) override;
  void RegisterConstraintRange(TreeId tree, std::string_view lo, std::string_view hi) override;
  void RegisterReplacement(TreeId tree, std::string_view key) override;
  bool HasOwnWrites(TreeId tree, std::string_view lo, std::string_view hi) const override;
  Status VisitOwnWrites(TreeId tree, std::string_view lo, std::string_view hi, const OwnWriteVisitor& visit) const override;

  SavepointId BeginStatement() override;
  SavepointId SetSavepoint() override;
  Status RollbackTo(SavepointId savepoint) override;
  Status Release(SavepointId savepoint) override;

  Result<Timestamp> Commit() override { return CommitAs(true); }
  Result<Timestamp> CommitUnpublished() override { return CommitAs(false); }
  void Abort() override;

  uint64_t id() const override { return id_; }
  IsolationLevel isolation() const override { return settings_.isolation; }
  bool finished() const override { return state_ != State::kOpen; }
  bool holds_writer() const override { return holds_writer_; }
  uint64_t write_bytes() const override { return writes_.bytes(); }

 private:
  enum class State : uint8_t { kOpen, kCommitted, kAborted };

  TransactionImpl(const TransactionContext* context, const TransactionSettings& settings);
  Status Start();
  Status TakeWriter();
  void ReleaseWriter();

  Status CheckUsable() override;
  WriteSet* write_set() override { return &writes_; }
  void RegisterScan(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) override;
  void RegisterExpiry(ExpiryMs expiry_ms) override;
  void Forget(CursorImpl* cursor) override;

  Status Read(TreeId tree, std::string_view key, bool constraint, ReadValue* out, bool* found);
  // What the own versions of a key come to, as item i.
  Status ReadOwn(TreeId tree, std::string_view key, size_t i, const OwnVersion* own, ReadValues* out);
  Status Write(TreeId tree, std::string_view key, ValueKind kind, std::string_view value, ExpiryMs expiry_ms,
               const AssignedField* assigned);
  Status WriteBlob(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms);
  Status CheckRoom(std::string_view key, std::string_view value) const;
  // A fresh snapshot for a read-committed operation outside of statements.
  void RefreshOutsideStatement();
  void Refresh();
  Result<Timestamp> CommitAs(bool await_published);
  Result<Timestamp> CommitWrites(bool await_published);
  CommitPipeline::Request MakeRequest();
  std::vector<BlobRef> BlobsNotIn(const PreparedCommit& prepared) const;
  void DeleteBlobs() noexcept;
  void End(State state) noexcept;
  Status OutOfMemory();
  [[nodiscard]] bool tracks_reads() const {
    return !settings_.take_writer && settings_.isolation == IsolationLevel::kSerializable;
  }
  [[nodiscard]] bool validates() const { return !settings_.take_writer; }

  const TransactionContext* const context_;
  const TransactionSettings settings_;
  const uint64_t id_;
  const uint64_t deadline_micros_;  // 0: none
  State state_ = State::kAborted;   // until it has started
  bool holds_writer_ = false;
  bool in_statement_ = false;
  ReadPoint at_;
  uint64_t writes_at_begin_ = 0;
  TreeViews views_;  // what at_ reads
  WriteSet writes_;
  Footprint reads_;  // empty at weaker levels but for constraint reads
  ExpiryMs min_expiry_ms_ = kNeverExpires;
  SavepointId statement_ = 0;
  std::vector<CursorImpl*> cursors_;
  std::vector<BlobRef> blobs_;  // written by this transaction
};

// A plain snapshot.
class SnapshotImpl final : public Snapshot {
 public:
  explicit SnapshotImpl(const TransactionContext* context) : SnapshotImpl(context, AcquireReadPoint(*context), std::nullopt) {}
  // Of a moment of the past, which also decides what had expired. kInvalidArgument when it lies ahead, kLimit when its history
  // is gone.
  static Result<std::unique_ptr<Snapshot>> AsOf(const TransactionContext* context, Timestamp ts);
  ~SnapshotImpl() override { context_->snapshots->Release({at_.ts, since_ms_}); }
  SnapshotImpl(const SnapshotImpl&) = delete;
  SnapshotImpl& operator=(const SnapshotImpl&) = delete;

  Status Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) override;
  Status GetMany(TreeId tree, std::span<const std::string_view> keys, ReadValues* out) override;
  Result<std::unique_ptr<Cursor>> NewCursor(TreeId tree, std::string_view lo, std::string_view hi,
                                            const ScanOptions& options) override;
  Timestamp read_ts() const override { return at_.ts; }
  uint64_t now_ms() const override { return at_.now_ms; }

 private:
  // at: registered, at its own moment unless another is given; released with this.
  SnapshotImpl(const TransactionContext* context, const ReadPoint& at, std::optional<uint64_t> since_ms)
      : context_(context), at_(at), since_ms_(since_ms.value_or(at.now_ms)) {}

  const TransactionContext* const context_;
  const ReadPoint at_;
  const uint64_t since_ms_;
  TreeViews views_;
};

}  // namespace sochdb
