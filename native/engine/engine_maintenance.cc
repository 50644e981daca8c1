// The part of the engine that looks after what lies on disk: flushing, compacting, checkpoints, backups, verification.

#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "env/path.h"

namespace sochdb {
namespace {

// Entries of a memtable that are counted one by one; beyond, the rest is estimated.
constexpr uint64_t kCountedEntries = 4096;

Status NoSuchTree(TreeId tree) {
  return Status(Code::kInvalidArgument, "There is no tree " + std::to_string(static_cast<int>(tree)) + ".")
      .With("argument", "tree");
}

bool Meets(const TableFile& file, std::string_view lo, std::string_view hi) {
  return file.properties().largest_key >= lo && (hi.empty() || file.properties().smallest_key < hi);
}

}  // namespace

Status EngineImpl::Flush(const CancelToken* cancel) {
  SOCHDB_TRY(CheckWritable());
  Flusher::Cut cut;
  return flusher_.FlushAll(cancel, &cut);
}

Status EngineImpl::Compact(const CancelToken* cancel, const ProgressFn& progress) {
  SOCHDB_TRY(Flush(cancel));
  SOCHDB_TRY(compactor_.CompactAll(cancel, progress));
  (void)CollectRetired();
  ReapFiles();
  return flusher_.ShrinkLog();
}

Status EngineImpl::CompactLevel(int level, const CancelToken* cancel) {
  SOCHDB_TRY(CheckWritable());
  SOCHDB_TRY(compactor_.CompactLevel(level, cancel));
  (void)CollectRetired();
  ReapFiles();
  return {};
}

Result<CheckpointInfo> EngineImpl::Checkpoint(const CancelToken* cancel) {
  SOCHDB_TRY(CheckWritable());
  const uint64_t begun = parts_.env->MonotonicMicros();
  MutexLock lock(&backup_mutex_);
  Flusher::Cut cut;
  SOCHDB_TRY(flusher_.FlushAll(cancel, &cut));
  SOCHDB_TRY(RecordCheckpoint(cut.lsn));
  SOCHDB_TRY(flusher_.ShrinkLog());
  return CheckpointInfo{cut.lsn, cut.ts, parts_.env->MonotonicMicros() - begun};
}

Status EngineImpl::RecordCheckpoint(Lsn lsn) {
  ManifestEdit edit;
  edit.checkpoint_lsn = lsn;
  SOCHDB_TRY(store_->Record(edit));
  checkpoint_lsn_.store(lsn, std::memory_order_relaxed);
  checkpoint_at_ms_.store(parts_.env->NowMillis(), std::memory_order_relaxed);
  return {};
}

Result<BackupReport> EngineImpl::Backup(const std::string& to, const CancelToken* cancel, const ProgressFn& progress) {
  SOCHDB_TRY(CheckWritable());
  MutexLock lock(&backup_mutex_);
  Flusher::Cut cut;
  LsmStore::Picture picture;
  // Before later commits come into tables: of them the picture would hold some trees' parts only.
  SOCHDB_TRY(flusher_.FlushAll(cancel, &cut, [&] { picture = store_->TakePicture(); }));
  SOCHDB_TRY(RecordCheckpoint(cut.lsn));
  BackupReport report;
  SOCHDB_TRY(WriteBackup({parts_.env, &picture, parts_.blobs.get(), parts_.format, cut.lsn, std::max(hlc_->last(), cut.ts)}, to,
                         cancel, progress, &report));
  report.ts = cut.ts;
  return report;
}

Result<VerifyReport> EngineImpl::Verify(const CancelToken* cancel, const ProgressFn& progress) {
  if (pipeline_.closed()) return Status(Code::kClosed, "The database is closed.");
  MutexLock lock(&backup_mutex_);
  VerifyReport report;
  SOCHDB_TRY(VerifyFormatFiles(parts_.env, parts_.path, &report));
  Result<WalReport> wal = VerifyWal(cancel, {});
  if (wal.ok()) AddLogFaults(std::move(wal).value(), &report);
  else SOCHDB_TRY(FaultOrFailure(&report, "log", JoinPath(parts_.path, kWalDirName), wal.status()));
  SOCHDB_TRY(VerifyTables(store_, cancel, progress, &report));
  SOCHDB_TRY(VerifyDerived(parts_.env, parts_.path, cancel, &report));
  const LsmStore::Picture picture = store_->TakePicture();  // keeps the blobs
  SOCHDB_TRY(VerifyBlobs(*parts_.blobs, store_->LiveBlobs(), cancel, &report));
  return report;
}

Result<WalReport> EngineImpl::VerifyWal(const CancelToken* cancel, const ProgressFn& progress) {
  if (pipeline_.closed()) return Status(Code::kClosed, "The database is closed.");
  SOCHDB_TRY(parts_.options.read_only ? Status() : pipeline_.Flush());
  const Flusher::LogHold hold(&flusher_);
  const Lsn flushed = wal_->flushed_lsn();
  SOCHDB_ASSIGN(report, Wal::Verify(parts_.env, JoinPath(parts_.path, kWalDirName), wal_->synced_lsn(),
                                    FirstNeededLsn(store_->state()), cancel, progress));
  if (report.torn && report.torn_lsn >= flushed) {  // what was being written meanwhile
    report.torn = false;
    report.torn_lsn = 0;
    report.torn_bytes = 0;
  }
  return report;
}

Result<TruncateInfo> EngineImpl::TruncateWal(Lsn upto) {
  SOCHDB_TRY(CheckWritable());
  const Lsn checkpoint = checkpoint_lsn_.load(std::memory_order_relaxed);
  if (upto > checkpoint) {
    return Status(Code::kInvalidArgument,
                  checkpoint == 0
                      ? "The log cannot be truncated: there was no checkpoint yet. Take one first; nothing was changed."
                      : "The log cannot be truncated beyond the last checkpoint, at LSN " + std::to_string(checkpoint) +
                            ": what was logged since is nowhere else. Take a checkpoint first; nothing was changed.")
        .With("checkpointLsn", std::to_string(checkpoint))
        .With("upToLsn", std::to_string(upto));
  }
  const uint64_t before = wal_->stats().total_bytes;
  SOCHDB_TRY(flusher_.ReleaseAllLog(upto));
  const Wal::Stats after = wal_->stats();
  return TruncateInfo{after.oldest_lsn, before > after.total_bytes ? before - after.total_bytes : 0};
}

Result<SizeEstimate> EngineImpl::ApproximateSize(TreeId tree, std::string_view lo, std::string_view hi) {
  if (pipeline_.closed()) return Status(Code::kClosed, "The database is closed.");
  if (!Trees::IsTree(tree)) return NoSuchTree(tree);
  SizeEstimate out;
  const Tree* const data = trees_->Find(tree);
  if (data == nullptr || (!hi.empty() && hi <= lo)) return out;
  const SuperVersionRef version = data->Acquire();
  for (const auto& memtable : version->memtables()) {
    const std::unique_ptr<SnapshotIterator> entry = memtable->NewIterator(kMaxTimestamp);
    uint64_t counted = 0;
    uint64_t bytes = 0;
    for (entry->Seek(lo); entry->Valid() && (hi.empty() || entry->key() < hi) && counted < kCountedEntries; entry->Next()) {
      ++counted;
      bytes += entry->key().size() + entry->version().value.size();
    }
    const uint64_t all = memtable->key_count();
    const uint64_t entries = counted < kCountedEntries ? counted : std::max(counted, all / 2);
    out.entries += entries;
    out.bytes += counted == 0 ? 0 : bytes / counted * entries;
  }
  if (version->levels() == nullptr) return out;
  for (const auto& level : version->levels()->levels) {
    for (const SortedRun& run : level) {
      for (size_t i = run.FileFor(lo); i < run.files.size() && Meets(*run.files[i], lo, hi); ++i) {
        const TableProperties& properties = run.files[i]->properties();
        const uint64_t bytes = run.files[i]->table().ApproximateBytes(lo, hi);
        out.bytes += bytes;
        out.entries += properties.data_bytes == 0
                           ? 0
                           : static_cast<uint64_t>(static_cast<double>(properties.entries) * static_cast<double>(bytes) /
                                                   static_cast<double>(properties.data_bytes));
      }
    }
  }
  return out;
}

Status EngineImpl::SetIndexPolicy(TreeId tree, IndexPolicy policy) {
  SOCHDB_TRY(CheckWritable());
  if (!Trees::IsTree(tree)) return NoSuchTree(tree);
  if (static_cast<int>(policy) >= kIndexPolicyCount) {
    return Status(Code::kInvalidArgument, "There is no index policy " + std::to_string(static_cast<int>(policy)) + ".")
        .With("argument", "policy");
  }
  SOCHDB_TRY(store_->SetPolicy(tree, policy));
  const bool ordered = store_->settings(tree).ordered_memtable;
  {
    MutexLock lock(pipeline_.gate()->mutex());
    trees_->SetOrdered(tree, ordered);
  }
  if (background_ != nullptr) background_->HintCompaction();
  else throttle_.HintInlineWork();
  return {};
}

Result<IndexPolicy> EngineImpl::GetIndexPolicy(TreeId tree) const {
  if (!Trees::IsTree(tree)) return NoSuchTree(tree);
  return store_->settings(tree).policy;
}

}  // namespace sochdb
