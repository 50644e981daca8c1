#include "txn/unlogged.h"

namespace sochdb {

Status UnloggedWrites::Collect(const Trees& trees, const VersionReader& reader, BlobStore* blobs, const ReadPoint& at,
                               Timestamp logged_ts) {
  Status status;
  trees.ForEach([&](const Tree& tree) {
    if (!status.ok()) return;
    const std::unique_ptr<TreeIterator> it = tree.NewIterator(at.ts);
    for (it->SeekToFirst(); it->Valid() && status.ok(); it->Next()) {
      const VersionView& version = it->version();
      if (version.ts <= logged_ts) continue;
      if (version.kind == ValueKind::kMerge) status = AddMerged(tree, it->key(), version, reader, blobs, at, logged_ts);
      else writes_.push_back({tree.id(), version.kind, version.expiry_ms, it->key(), version.value});
    }
    if (status.ok()) status = it->status();
  });
  return status;
}

Status UnloggedWrites::AddMerged(const Tree& tree, std::string_view key, const VersionView& newest, const VersionReader& reader,
                                 BlobStore* blobs, const ReadPoint& at, Timestamp logged_ts) {
  std::vector<std::string_view> lists;  // newest first
  uint64_t bytes = 0;
  bool only_operands = true;
  SOCHDB_TRY(tree.VisitVersions(key, at.ts, [&](const VersionView& version) {
    if (version.ts <= logged_ts) return false;
    only_operands = version.kind == ValueKind::kMerge;
    lists.push_back(version.value);
    bytes += version.value.size();
    return only_operands;
  }));
  std::string& value = storage_.emplace_front();
  if (only_operands && bytes <= kBlobThresholdBytes) {
    for (auto list = lists.rbegin(); list != lists.rend(); ++list) value.append(*list);
    writes_.push_back({tree.id(), ValueKind::kMerge, kNeverExpires, key, value});
    return {};
  }
  ReadValue merged;
  bool found = false;
  SOCHDB_TRY(reader.Resolve(tree.id(), key, newest, at, false, &merged, &found));
  CommittedWrite write{tree.id(), found ? ValueKind::kValue : ValueKind::kDelete, kNeverExpires, key, {}};
  if (found) {
    write.expiry_ms = merged.expiry_ms;
    value = merged.data;
    if (value.size() > kBlobThresholdBytes) {
      SOCHDB_ASSIGN(ref, blobs->Write(value));
      write.kind = ValueKind::kBlob;
      value.clear();
      ref.EncodeTo(&value);
    }
    write.value = value;
  }
  writes_.push_back(write);
  return {};
}

}  // namespace sochdb
