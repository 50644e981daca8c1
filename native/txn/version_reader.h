// VersionReader: from versions to values: what a reader at a snapshot finds under a key.
//
// The newest version with ts <= read_ts decides. A plain value is handed out as it lies in the tree; a blob is fetched; merge
// operands are combined with the value below them. Expiry is judged by the snapshot's time. A merged value expires with
// the plain value below its operands, and operands that were committed before that moment expire with it.
//
// What is read comes from the SuperVersion that the caller holds (txn/tree_views.h), or has under an EpochGuard: `data`, null
// for a tree that nothing was ever written to.
//
// Thread safety: any thread; SetMergeOperator too.

#pragma once

#include <array>
#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "lsm/super_version.h"
#include "txn/merge_operator.h"
#include "txn/transaction.h"
#include "txn/write_set.h"
#include "wal/blob_store.h"

namespace sochdb {

struct ReadPoint {
  Timestamp ts = 0;
  uint64_t now_ms = 0;
};

class VersionReader {
 public:
  explicit VersionReader(const BlobStore* blobs) : blobs_(blobs) {}
  VersionReader(const VersionReader&) = delete;
  VersionReader& operator=(const VersionReader&) = delete;

  void SetMergeOperator(TreeId tree, const MergeOperator* op) {
    operators_[static_cast<size_t>(tree)].store(op, std::memory_order_release);
  }
  [[nodiscard]] const MergeOperator* merge_operator(TreeId tree) const {
    return operators_[static_cast<size_t>(tree)].load(std::memory_order_acquire);
  }

  // out->data lies in a memtable of `data`, in out->pin's block, or in out->owned.
  Status Get(const SuperVersion* data, TreeId tree, std::string_view key, const ReadPoint& at, ReadValue* out,
             bool* found) const;
  // As Get of each, into out->items[place]; *first_expiry is lowered to the first moment at which one of them expires.
  Status GetMany(const SuperVersion* data, TreeId tree, std::span<PointRead> reads, const ReadPoint& at, ReadValues* out,
                 ExpiryMs* first_expiry) const;
  // As Get, from the newest version at the snapshot, which the caller has found and keeps. keys_only: `out` need not hold the
  // value.
  Status Resolve(const SuperVersion* data, TreeId tree, std::string_view key, const VersionView& newest, const ReadPoint& at,
                 bool keys_only, ReadValue* out, bool* found) const;
  // With the transaction's own versions on top. `data` is read only where they are operands with nothing below.
  Status ResolveOwn(const SuperVersion* data, TreeId tree, std::string_view key, const OwnVersion* newest, const ReadPoint& at,
                    bool keys_only, ReadValue* out, bool* found) const;

  // What the own versions of a key come to, as the commit will log it: a put, a delete, or a list of operands. The value is
  // in *storage where it had to be made.
  Status Fold(TreeId tree, std::string_view key, const OwnVersion* newest, ValueKind* kind, ExpiryMs* expiry_ms,
              std::string* storage) const;

  Status ReadBlob(std::string_view ref, std::string* out) const;

 private:
  struct Chain;
  static Status Descend(const SuperVersion* data, std::string_view key, const ReadPoint& at, Chain* chain);
  Status Combine(TreeId tree, std::string_view key, const ReadPoint& at, Chain* chain, ReadValue* out, bool* found) const;

  const BlobStore* const blobs_;
  std::array<std::atomic<const MergeOperator*>, kTreeCount> operators_{};
};

}  // namespace sochdb
