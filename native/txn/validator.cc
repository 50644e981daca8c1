#include "txn/validator.h"

#include <string>

#include "mem/key_record.h"

namespace sochdb {
namespace {

Status Conflict(TreeId tree, const char* what, const char* reason) {
  return Status(Code::kConflict, std::string("Another transaction has committed a write to ") + what +
                                     " since this one's snapshot. Nothing was written; run the transaction again.")
      .With("tree", std::to_string(static_cast<int>(tree)))
      .With("reason", reason);
}

}  // namespace

bool IsBlindMerge(const OwnVersion* newest) {
  for (; newest != nullptr; newest = newest->older) {
    if (newest->kind != ValueKind::kMerge) return false;
  }
  return true;
}

Status Validator::ReadConflict(TreeId tree) { return Conflict(tree, "data that this one had read", "read"); }
Status Validator::WriteConflict(TreeId tree) { return Conflict(tree, "a key that this one writes too", "write"); }
Status Validator::ExpiryConflict() {
  return Status(Code::kConflict,
                "An entry that this transaction had read has expired before the commit. Nothing was written; run the "
                "transaction again.")
      .With("reason", "expiry");
}

Status Validator::AgainstTrees(const ValidationRequest& request) const {
  if (request.reads != nullptr) SOCHDB_TRY(ReadsAgainstTrees(*request.reads));
  if (request.written != nullptr) SOCHDB_TRY(WritesAgainstTrees(*request.written, request.snapshot));
  return {};
}

Status Validator::ReadsAgainstTrees(const Footprint& reads) const {
  for (const Footprint::Point& point : reads.points()) {
    const Tree* const tree = trees_->Find(point.tree);
    if (tree == nullptr) continue;
    Timestamp newest = 0;
    SOCHDB_TRY(tree->NewestTimestamp(point.key, point.since, &newest));
    if (newest > point.since) return ReadConflict(point.tree);
  }
  for (const Footprint::Range& range : reads.ranges()) {
    const Tree* const tree = trees_->Find(range.tree);
    if (tree == nullptr) continue;
    Timestamp newest = 0;
    SOCHDB_TRY(tree->NewestTimestampInRange(range.lo, range.hi, range.since, &newest));
    if (newest > range.since) return ReadConflict(range.tree);
  }
  return {};
}

Status Validator::WritesAgainstTrees(const WriteSet& written, Timestamp snapshot) const {
  for (WriteSet::Position it = written.begin(); it != written.end(); ++it) {
    const Tree* const tree = trees_->Find(it->first.tree);
    if (tree == nullptr) continue;
    Timestamp newest = 0;
    SOCHDB_TRY(tree->NewestTimestamp(it->first.key, snapshot, &newest));
    if (newest <= snapshot) continue;
    if (!IsBlindMerge(it->second)) return WriteConflict(it->first.tree);
    bool conflict = false;
    SOCHDB_TRY(tree->VisitVersions(it->first.key, kMaxTimestamp, [&](const VersionView& version) {
      if (version.ts <= snapshot) return false;
      conflict = version.kind != ValueKind::kMerge;
      return !conflict;
    }));
    if (conflict) return WriteConflict(it->first.tree);
  }
  return {};
}

Status Validator::AgainstRing(const ValidationRequest& request, Timestamp from) const {
  Status conflict;
  const WalkResult walked = ring_->WalkSince(from, [&](Timestamp ts, const WrittenKey& written) {
    if (request.reads != nullptr && request.reads->InvalidatedBy(written.tree, written.key(), ts)) {
      conflict = ReadConflict(written.tree);
    } else if (request.written != nullptr && ts > request.snapshot) {
      const OwnVersion* const own = request.written->Find(written.tree, written.key(), kLatestSequence);
      const bool merges = own != nullptr && IsBlindMerge(own) && written.record->NewestAt(ts)->kind() == ValueKind::kMerge;
      if (own != nullptr && !merges) conflict = WriteConflict(written.tree);
    }
    return conflict.ok();
  });
  SOCHDB_CHECK(walked != WalkResult::kTooOld);
  return conflict;
}

}  // namespace sochdb
