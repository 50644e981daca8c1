#include "engine/recovery.h"

#include <algorithm>
#include <utility>

#include "engine/read_only_log.h"
#include "engine/store_format.h"
#include "env/path.h"
#include "txn/write_batch.h"
#include "wal/blob_store.h"
#include "wal/wal_format.h"
#include "wal/wal_reader.h"

namespace sochdb {
namespace {

// Calls visit for each operation that is not in tables.
template <typename Visit>
Status ForEachNew(const WalEntry& entry, const std::array<Lsn, kTreeCount>& flushed, const Visit& visit) {
  WriteBatchReader batch(entry.payload);
  SOCHDB_TRY(batch.Start());
  for (;;) {
    BatchOperation operation;
    bool found = false;
    SOCHDB_TRY(batch.Next(&operation, &found));
    if (!found) return {};
    if (entry.lsn < flushed[static_cast<size_t>(operation.tree)]) continue;
    SOCHDB_TRY(visit(operation));
  }
}

Status NoteBlob(const BatchOperation& operation, std::unordered_set<uint64_t>* named) {
  if (operation.kind != ValueKind::kBlob) return {};
  BlobRef blob;
  if (!BlobRef::Decode(operation.value, &blob)) {
    return {Code::kCorruption, "A logged reference to a blob file is malformed."};
  }
  named->insert(blob.file_number);
  return {};
}

Status SyncLogFiles(Env* env, const std::string& dir) {
  SOCHDB_ASSIGN(names, env->ListDir(dir));
  for (const std::string& name : names) {
    if (!ParseNumberedFileName(name, kWalExtension)) continue;
    SOCHDB_ASSIGN(file, env->OpenFile(JoinPath(dir, name), OpenMode::kReadWrite));
    SOCHDB_TRY(file->Sync());
  }
  return env->SyncDir(dir);
}

class Replay {
 public:
  Replay(const RecoveryInput& input, Recovered* out, RecoveryReport* report)
      : input_(input), flushed_(input.store->state().flushed), full_at_(input.memtable_bytes), out_(out), report_(report) {}

  Status Visit(const WalEntry& entry) {
    if (entry.commit_ts <= last_ts_) {
      return Status(Code::kCorruption, "The log is not in commit order. Restore a backup and report this.")
          .With("lsn", std::to_string(entry.lsn))
          .With("expected", "above " + std::to_string(last_ts_))
          .With("actual", std::to_string(entry.commit_ts));
    }
    last_ts_ = entry.commit_ts;
    out_->last_commit_ts = std::max(out_->last_commit_ts, last_ts_);
    bool any = false;
    Status status = ForEachNew(entry, flushed_, [&](const BatchOperation& operation) {
      any = true;
      return Apply(entry, operation);
    });
    if (!status.ok()) return status.With("lsn", std::to_string(entry.lsn));
    if (any) ++report_->replayed_entries;
    if (input_.read_only || input_.trees->usage().active() < full_at_) return {};
    return Flush();
  }

 private:
  Status Apply(const WalEntry& entry, const BatchOperation& operation) {
    SOCHDB_TRY(NoteBlob(operation, &out_->live_blobs));
    Tree* const tree = input_.trees->Ensure(operation.tree);
    tree->Add(operation.key, entry.commit_ts, operation.kind, operation.value, operation.expiry_ms);
    tree->NoteLog(entry.lsn, entry.end_lsn);
    Timestamp& last = out_->last_writes[static_cast<size_t>(operation.tree)];
    last = std::max(last, entry.commit_ts);
    return {};
  }

  Status Flush() {
    if (!log_synced_) SOCHDB_TRY(SyncLogFiles(input_.env, JoinPath(input_.path, kWalDirName)));
    log_synced_ = true;
    std::vector<FlushUnit> units;
    input_.trees->ForEach([&](Tree& tree) {
      (void)tree.Rotate();
      for (ImmutableMemtable& waiting : tree.Immutables()) {
        units.push_back({tree.id(), std::move(waiting.memtable), waiting.end_lsn, waiting.newest_ts});
      }
    });
    KeepRule rule;  // nobody reads yet, and retention keeps what it will
    rule.read_points = {last_ts_};
    rule.history_floor = input_.store->state().history_floor;
    const Status status = input_.store->Flush(units, rule);
    // On a full disk memory holds it, as long as there is some.
    if (status.code() == Code::kDiskFull) full_at_ += input_.memtable_bytes;
    else SOCHDB_TRY(status);
    if (status.ok()) ++report_->flushed_while_replaying;
    return {};
  }

  const RecoveryInput& input_;
  const std::array<Lsn, kTreeCount> flushed_;  // when the store was opened
  uint64_t full_at_;
  Recovered* const out_;
  RecoveryReport* const report_;
  Timestamp last_ts_ = 0;  // in the log
  bool log_synced_ = false;
};

}  // namespace

Lsn FirstNeededLsn(const ManifestState& state) { return *std::min_element(state.flushed.begin(), state.flushed.end()); }

Status Recover(const RecoveryInput& input, Recovered* out, RecoveryReport* report) {
  const ManifestState state = input.store->state();
  out->last_commit_ts = state.last_ts;
  out->last_writes = state.last_writes;
  report->replayed_from = FirstNeededLsn(state);
  WalOptions options = input.wal;
  options.first_lsn = report->replayed_from;
  const std::string dir = JoinPath(input.path, kWalDirName);
  Replay replay(input, out, report);
  const auto visit = [&replay](const WalEntry& entry) { return replay.Visit(entry); };
  if (!input.read_only) {
    SOCHDB_ASSIGN(wal, Wal::Open(input.env, dir, options, input.synced_end_lsn, visit, &report->wal));
    out->wal = std::move(wal);
    return {};
  }
  if (!input.skip_log) {
    WalReader reader(input.env, dir, options.first_lsn, input.synced_end_lsn);
    SOCHDB_ASSIGN(contents, reader.Recover(visit));
    report->wal = std::move(contents.report);
  }
  out->wal = std::make_unique<ReadOnlyLog>(report->wal);
  return {};
}

Status BlobsNamedByLog(Env* env, const std::string& path, Lsn synced_end_lsn, const ManifestState& state,
                       std::unordered_set<uint64_t>* named) {
  WalReader reader(env, JoinPath(path, kWalDirName), FirstNeededLsn(state), synced_end_lsn);
  return reader
      .Recover([&](const WalEntry& entry) {
        return ForEachNew(entry, state.flushed, [&](const BatchOperation& operation) { return NoteBlob(operation, named); });
      })
      .status();
}

}  // namespace sochdb
