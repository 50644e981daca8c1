#include "engine/recovery.h"

#include "txn/write_batch.h"
#include "wal/blob_store.h"

namespace sochdb {
namespace {

Status Replay(const WalEntry& entry, Trees* trees, Recovered* out) {
  WriteBatchReader batch(entry.payload);
  SOCHDB_TRY(batch.Start());
  for (;;) {
    BatchOperation operation;
    bool found = false;
    SOCHDB_TRY(batch.Next(&operation, &found));
    if (!found) break;
    if (operation.kind == ValueKind::kBlob) {
      BlobRef blob;
      if (!BlobRef::Decode(operation.value, &blob))
        return {Code::kCorruption, "A logged reference to a blob file is malformed."};
      out->live_blobs.insert(blob.file_number);
    }
    trees->Ensure(operation.tree)->Add(operation.key, entry.commit_ts, operation.kind, operation.value, operation.expiry_ms);
    out->last_writes[static_cast<size_t>(operation.tree)] = entry.commit_ts;
  }
  out->last_commit_ts = entry.commit_ts;
  return {};
}

}  // namespace

Status Recover(Env* env, const std::string& wal_dir, const WalOptions& options, Lsn synced_end_lsn, Trees* trees,
               Recovered* out, RecoveryReport* report) {
  const auto visit = [&](const WalEntry& entry) -> Status {
    if (entry.commit_ts <= out->last_commit_ts) {
      return Status(Code::kCorruption, "The log is not in commit order. Restore a backup and report this.")
          .With("lsn", std::to_string(entry.lsn))
          .With("expected", "above " + std::to_string(out->last_commit_ts))
          .With("actual", std::to_string(entry.commit_ts));
    }
    ++report->replayed_entries;
    Status status = Replay(entry, trees, out);
    return status.ok() ? status : status.With("lsn", std::to_string(entry.lsn));
  };
  SOCHDB_ASSIGN(wal, Wal::Open(env, wal_dir, options, synced_end_lsn, visit, &report->wal));
  out->wal = std::move(wal);
  return {};
}

}  // namespace sochdb
