#include "wal/wal.h"

#include <algorithm>

#include "env/path.h"
#include "wal/wal_reader.h"
#include "wal/wal_writer.h"

namespace sochdb {
namespace {

std::string SegmentPath(const std::string& dir, uint64_t number) {
  return JoinPath(dir, NumberedFileName(number, kWalExtension));
}

// The last first, each deletion durable before the next: a crash in between leaves no gap in the numbers.
Status DeleteDropped(Env* env, const std::string& dir, const std::vector<uint64_t>& dropped) {
  for (auto number = dropped.rbegin(); number != dropped.rend(); ++number) {
    SOCHDB_TRY(env->DeleteFile(SegmentPath(dir, *number)));
    SOCHDB_TRY(env->SyncDir(dir));
  }
  return {};
}

// Makes what was read durable: a process that died may have left it in the system's cache only, and from now on
// records will state that it is synced. What stands behind the end of the last segment is cut off, with the space that was
// allocated there, unless a clean close did it.
Status Settle(Env* env, const std::string& dir, const WalContents& contents, Lsn synced_end_lsn) {
  for (const WalSegmentInfo& segment : contents.segments) {
    const uint64_t bytes = segment.end_lsn - segment.start_lsn;
    const bool is_last = segment.number == contents.segments.back().number;
    const bool too_long = is_last && (segment.file_bytes > bytes || contents.report.end_lsn != synced_end_lsn);
    if (segment.end_lsn <= contents.synced_lsn && !too_long) continue;
    SOCHDB_ASSIGN(file, env->OpenFile(SegmentPath(dir, segment.number), OpenMode::kReadWrite));
    if (too_long) SOCHDB_TRY(file->Truncate(std::min(segment.file_bytes, WalFileBytes(bytes, segment.segment_bytes))));
    SOCHDB_TRY(file->Sync());
  }
  return {};
}

// Only a segment that a clean close left is gone on with: nothing was ever written behind its end. A full one is not.
bool MayContinue(const WalContents& contents, Lsn synced_end_lsn) {
  if (contents.segments.empty() || contents.report.torn || contents.report.end_lsn != synced_end_lsn) return false;
  const WalSegmentInfo& last = contents.segments.back();
  const uint64_t bytes = last.end_lsn - last.start_lsn;
  return last.file_bytes == bytes && bytes % kWalSectorBytes == 0 && bytes + kMinWalSegmentBytes / 2 < last.segment_bytes;
}

}  // namespace

Result<std::unique_ptr<Wal>> Wal::Open(Env* env, const std::string& dir, const WalOptions& options, Lsn synced_end_lsn,
                                       const std::function<Status(const WalEntry&)>& visit, WalReport* report) {
  if (!CompressionAvailable(options.compression)) {
    std::string none;
    return Compress(options.compression, 0, {}, &none);  // says what is missing
  }
  if (!env->FileExists(dir)) {
    SOCHDB_TRY(env->CreateDir(dir));
    SOCHDB_TRY(env->SyncDir(ParentPath(dir)));
  }
  WalReader reader(env, dir, options.first_lsn, synced_end_lsn);
  SOCHDB_ASSIGN(contents, reader.Recover(visit));
  SOCHDB_TRY(DeleteDropped(env, dir, contents.dropped));
  SOCHDB_TRY(Settle(env, dir, contents, synced_end_lsn));
  std::unique_ptr<File> tail;
  if (MayContinue(contents, synced_end_lsn)) {
    SOCHDB_ASSIGN(file, env->OpenFile(SegmentPath(dir, contents.segments.back().number), OpenMode::kReadWrite));
    tail = std::move(file);
  }
  if (report != nullptr) *report = contents.report;
  return std::unique_ptr<Wal>(std::make_unique<WalWriter>(env, dir, options, contents, std::move(tail)));
}

Result<WalReport> Wal::Verify(Env* env, const std::string& dir, Lsn synced_end_lsn, Lsn first_lsn, const CancelToken* cancel,
                              const Progress& progress) {
  WalReader reader(env, dir, first_lsn, synced_end_lsn);
  reader.Watch(cancel, progress);
  return reader.Verify();
}

}  // namespace sochdb
