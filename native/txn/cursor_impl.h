// CursorImpl: walks one tree at a snapshot, with a transaction's own writes merged in.
//
// Two sources in one order: the tree's iterator, and the write set at the sequence at which the cursor opened. Where both
// stand at a key, the own write decides, and operands among the own writes are combined with what lies in the tree. The
// stretch it has walked is registered with the transaction when the cursor skips, ends, or the transaction commits: keeping
// it costs nothing while rows go by.
//
// Thread safety: its transaction's thread.
// Lifetime: the transaction or snapshot must outlive it; once that has finished, the cursor answers kTransaction.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lsm/super_version.h"
#include "txn/transaction.h"
#include "txn/transaction_context.h"
#include "txn/write_set.h"

namespace sochdb {

class CursorImpl;

// What a cursor needs of the transaction it belongs to.
class CursorOwner {
 public:
  virtual ~CursorOwner() = default;
  virtual Status CheckUsable() = 0;
  virtual WriteSet* write_set() = 0;
  virtual void RegisterScan(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) = 0;
  virtual void RegisterExpiry(ExpiryMs expiry_ms) = 0;
  virtual void Forget(CursorImpl* cursor) = 0;
};

class CursorImpl final : public Cursor {
 public:
  struct Range {
    TreeId tree;
    std::string lo;
    std::string hi;  // empty: open
  };
  // owner: null for a snapshot's cursor. data: what it reads, null when nothing was ever written to the tree. The cursor holds
  // both, and the read point, until it dies.
  CursorImpl(const TransactionContext* context, CursorOwner* owner, Range range, const ScanOptions& options,
             const ReadPoint& at, SuperVersionRef data);
  ~CursorImpl() override;
  CursorImpl(const CursorImpl&) = delete;
  CursorImpl& operator=(const CursorImpl&) = delete;

  Status Next(bool* found) override;
  Status SeekNext(std::string_view key, bool* found) override;
  Status NextRun(uint32_t want, EntryRun* run, bool* found) override;
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_.data; }
  Timestamp timestamp() const override { return value_.ts; }

  // Where its owner's list has it: the owner's business.
  size_t place = 0;

  // For the owner: registers what has been read so far; keeps the current entry when the write set is about to lose
  // entries; and lets go of everything, when the transaction ends.
  void RegisterProgress();
  void KeepCurrent();
  void Detach() noexcept;

 private:
  enum class State : uint8_t { kFresh, kOnEntry, kDone };

  [[nodiscard]] Status CheckUsable() const;
  [[nodiscard]] bool RunBound(std::string_view* bound) const;
  Status Settle(bool* found);
  Status End(Status status);
  [[nodiscard]] const SuperVersion* data() const { return tree_ == nullptr ? nullptr : tree_->super_version().get(); }
  Status Show(bool* live);
  void Start();
  void Advance();
  void SeekOwn(std::string_view bound);
  void SettleOwn();
  void OwnBack();
  [[nodiscard]] bool InRangeStart(std::string_view key) const;
  [[nodiscard]] bool Precedes(std::string_view a, std::string_view b) const { return options_.reverse ? b < a : a < b; }
  [[nodiscard]] bool InRange(std::string_view key) const {
    return options_.reverse ? key >= range_.lo : (range_.hi.empty() || key < range_.hi);
  }

  const TransactionContext* const context_;
  CursorOwner* owner_;
  const Range range_;
  const ScanOptions options_;
  const ReadPoint at_;
  const SnapshotHold hold_;
  std::unique_ptr<TreeIterator> tree_;  // null while nothing was ever written to the tree
  State state_ = State::kFresh;

  const WriteSet* own_ = nullptr;
  WriteSequence pin_ = 0;
  uint64_t rollbacks_ = 0;  // of the write set, when own_position_ was taken
  WriteSet::Position own_position_;
  const OwnVersion* own_version_ = nullptr;  // null: no own entry is left

  Status failure_;            // why it is kDone before the end
  bool detached_ = false;     // the transaction has ended
  bool on_tree_ = false;      // the current entry is the tree's
  bool on_own_ = false;       // and/or an own one
  uint64_t memory_rows_ = 0;  // that came in runs from memtables
  std::string_view key_;
  ReadValue value_;
  std::string kept_key_;
  std::string segment_;          // where the stretch that is being walked began
  bool segment_is_edge_ = true;  // at the range's own edge
};

}  // namespace sochdb
