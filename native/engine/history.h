// History: what flush and compaction must keep: for readers of the present, and for those of the past that retention promises.
//
// Retention promises every moment since the history floor: now less retention_ms. The snapshot list keeps the floor, so that
// no reader slips below it (snapshot_list.h).
//
// Thread safety: any thread. Locks: mutex_ is a leaf, but for what a fold or a container list locks.

#pragma once

#include <functional>
#include <optional>

#include "base/hlc.h"
#include "base/status.h"
#include "base/types.h"
#include "engine/dead_containers.h"
#include "env/sync.h"
#include "lsm/keep_rule.h"
#include "txn/snapshot_list.h"

namespace sochdb {

class History {
 public:
  History(Env* env, Hlc* hlc, SnapshotList* snapshots, uint64_t retention_ms)
      : hlc_(hlc), snapshots_(snapshots), retention_ms_(retention_ms), mutex_(env) {}

  // What must be kept from now on; raises the floor. published: the newest timestamp that readers may begin at. Operands of
  // fold_tree are folded; of others they stay as they are.
  KeepRule Rule(const std::function<Timestamp()>& published, std::optional<TreeId> fold_tree = std::nullopt);
  // kLimit for a moment before what retention promises: what had expired by then may be gone.
  [[nodiscard]] Status CheckRemembered(Timestamp ts) const;

  // Null takes it away: it is not asked any more once this returns.
  void SetDeadContainers(const DeadContainers* dead);
  // How operands of a tree are folded; it may answer null.
  void SetFold(std::function<KeepRule::Fold(TreeId)> fold);

 private:
  // The earliest time by which a reader of the past may judge expiry.
  [[nodiscard]] uint64_t OldestMillis() const;

  Hlc* const hlc_;
  SnapshotList* const snapshots_;
  const uint64_t retention_ms_;
  Mutex mutex_;  // guards all below
  const DeadContainers* dead_ = nullptr;
  std::function<KeepRule::Fold(TreeId)> fold_;
};

}  // namespace sochdb
