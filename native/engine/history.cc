#include "engine/history.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sochdb {

uint64_t History::OldestMillis() const {
  const uint64_t now_ms = hlc_->NowMillis();
  return now_ms > retention_ms_ ? now_ms - retention_ms_ : 0;
}

Status History::CheckRemembered(Timestamp ts) const {
  const uint64_t oldest_ms = OldestMillis();
  if (HlcMillis(ts) >= oldest_ms) return {};
  return Status(Code::kLimit, "The history of that moment is gone: the database keeps what was committed in the last " +
                                  std::to_string(retention_ms_) +
                                  " ms. Name a later one; or open the database with a longer retentionMs, for what is "
                                  "written from then on.")
      .With("limit", "retentionMs")
      .With("asOf", std::to_string(ts))
      .With("earliest", std::to_string(HlcFromMillis(oldest_ms)));
}

KeepRule History::Rule(const std::function<Timestamp()>& published, std::optional<TreeId> fold_tree) {
  // In this order: a reader that registers later also takes its time later, and that is never before its timestamp's.
  const uint64_t oldest_ms = OldestMillis();
  const SnapshotList::Summary held = snapshots_->summary();
  // Without retention not even the moment that just passed is promised.
  ReadPoints taken = snapshots_->TakeReadPoints(published, retention_ms_ == 0 ? kMaxTimestamp : HlcFromMillis(oldest_ms));
  KeepRule rule;
  rule.read_points = std::move(taken.points);
  rule.history_floor = taken.history_floor;
  rule.expired_before_ms = held.count == 0 ? oldest_ms : std::min(oldest_ms, HlcMillis(held.oldest));
  MutexLock lock(&mutex_);
  if (dead_ != nullptr) rule.is_dead = dead_->DeadBy(std::min(rule.read_points.front(), rule.history_floor));
  if (fold_tree && fold_) rule.fold = fold_(*fold_tree);
  return rule;
}

void History::SetDeadContainers(const DeadContainers* dead) {
  MutexLock lock(&mutex_);
  dead_ = dead;
}

void History::SetFold(std::function<KeepRule::Fold(TreeId)> fold) {
  MutexLock lock(&mutex_);
  fold_ = std::move(fold);
}

}  // namespace sochdb
