#include "txn/unlogged.h"

#include <utility>

#include "lsm/merging_iterator.h"

namespace sochdb {

Status UnloggedWrites::Collect(const Trees& trees, const VersionReader& reader, BlobStore* blobs, const ReadPoint& at,
                               Timestamp logged_ts) {
  Status status;
  trees.ForEach([&](const Tree& tree) {
    if (status.ok()) status = CollectTree(tree, reader, blobs, at, logged_ts);
  });
  return status;
}

Status UnloggedWrites::CollectTree(const Tree& tree, const VersionReader& reader, BlobStore* blobs, const ReadPoint& at,
                                   Timestamp logged_ts) {
  const SuperVersion& data = *held_.emplace_back(tree.Acquire());
  std::vector<std::unique_ptr<SnapshotIterator>> sources;
  for (const std::shared_ptr<Memtable>& memtable : data.memtables()) sources.push_back(memtable->NewIterator(at.ts));
  const std::unique_ptr<SnapshotIterator> it = NewMergingIterator(std::move(sources));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const VersionView& version = it->version();
    if (version.ts <= logged_ts) continue;
    if (version.kind == ValueKind::kMerge) {
      SOCHDB_TRY(AddMerged(tree.id(), data, it->key(), version, reader, blobs, at, logged_ts));
    } else {
      writes_.push_back({tree.id(), version.kind, version.expiry_ms, it->key(), version.value});
    }
  }
  return it->status();
}

namespace {

// The operands of a key that are not logged yet.
struct Operands {
  Timestamp logged_ts;
  std::vector<std::string_view> lists;  // newest first
  uint64_t bytes = 0;
  bool only_operands = true;
  bool more = true;

  bool See(const VersionView& version) {
    more = version.ts > logged_ts;
    if (!more) return false;
    only_operands = version.kind == ValueKind::kMerge;
    lists.push_back(version.value);
    bytes += version.value.size();
    more = only_operands;
    return more;
  }
};

}  // namespace

Status UnloggedWrites::AddMerged(TreeId tree, const SuperVersion& data, std::string_view key, const VersionView& newest,
                                 const VersionReader& reader, BlobStore* blobs, const ReadPoint& at, Timestamp logged_ts) {
  Operands operands{logged_ts, {}};
  for (const std::shared_ptr<Memtable>& memtable : data.memtables()) {
    if (!operands.more) break;
    memtable->VisitVersions(
        key, at.ts, [](void* to, const VersionView& version) { return static_cast<Operands*>(to)->See(version); }, &operands);
  }
  std::string& value = storage_.emplace_front();
  if (operands.only_operands && operands.bytes <= kBlobThresholdBytes) {
    for (auto list = operands.lists.rbegin(); list != operands.lists.rend(); ++list) value.append(*list);
    writes_.push_back({tree, ValueKind::kMerge, kNeverExpires, key, value});
    return {};
  }
  ReadValue merged;
  bool found = false;
  SOCHDB_TRY(reader.Resolve(&data, tree, key, newest, at, false, &merged, &found));
  CommittedWrite write{tree, found ? ValueKind::kValue : ValueKind::kDelete, kNeverExpires, key, {}};
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
