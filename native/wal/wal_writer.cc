#include "wal/wal_writer.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "env/path.h"

namespace sochdb {
namespace {

// A fragment shorter than this is not worth a record at the end of a segment.
constexpr uint64_t kMinFragmentBytes = 64;
constexpr uint64_t kZeroAheadBytes = 256 * 1024;
// Syncs that cover less than this are taken for single commits.
constexpr uint64_t kSmallSyncBytes = 64 * 1024;
// Beyond that a commit waits until the oldest is synced. Flushes sync what memtables hold: three times four segments.
constexpr size_t kMaxUnsyncedSegments = 16;
// Room in the buffer for a segment header and a pad.
constexpr size_t kBufferSlackBytes = 4 * kWalSectorBytes;
constexpr uint64_t kMaxRecycledSegments = 16;
// A scratch that one large transaction made is not kept.
constexpr size_t kMaxKeptScratchBytes = 4 * 1024 * 1024;

}  // namespace

WalWriter::WalWriter(Env* env, std::string dir, const WalOptions& options, const WalContents& contents,
                     std::unique_ptr<File> tail)
    : env_(env),
      dir_(std::move(dir)),
      segment_bytes_(WalSectorsDown(std::clamp(options.segment_bytes, kMinWalSegmentBytes, kMaxWalSegmentBytes))),
      max_record_bytes_(std::clamp(options.max_record_bytes, kMinWalRecordPayload, kMaxWalRecordPayload)),
      buffer_bytes_(std::clamp<uint64_t>(options.buffer_bytes, kWalSectorBytes, kMaxWalSegmentBytes)),
      recycle_segments_(std::min(options.recycle_segments, kMaxRecycledSegments)),
      compression_(options.compression),
      compression_level_(options.compression_level),
      syncing_(env),
      mutex_(env),
      finished_(contents.segments),
      buffer_(static_cast<size_t>(buffer_bytes_ + max_record_bytes_) + kBufferSlackBytes),
      entries_(contents.report.entries),
      end_lsn_(contents.report.end_lsn),
      flushed_lsn_(contents.report.end_lsn),
      synced_lsn_(contents.report.end_lsn) {
  if (tail == nullptr) return;
  const WalSegmentInfo& last = finished_.back();
  active_ = std::make_shared<Segment>();
  active_->number = last.number;
  active_->salt = last.salt;
  active_->start_lsn = last.start_lsn;
  active_->segment_bytes = last.segment_bytes;
  active_->path = JoinPath(dir_, NumberedFileName(last.number, kWalExtension));
  active_->file = std::move(tail);
  active_->written_bytes = active_->allocated_bytes = last.end_lsn - last.start_lsn;
  finished_.pop_back();
}

uint64_t WalWriter::RoomInActive() const {
  if (active_ == nullptr || active_->sealed) return 0;
  return active_->segment_bytes - (end_lsn() - active_->start_lsn);
}

Status WalWriter::Poison(Status error) {
  SOCHDB_DCHECK(!error.ok());
  if (status_.ok()) status_ = std::move(error);
  return status_;
}

Status WalWriter::WriteBuffer() {
  if (used_ == 0) return {};
  const Lsn from = flushed_lsn();
  Status written = active_->file->Write(from - active_->start_lsn, {buffer_.data(), used_});
  if (!written.ok()) return Poison(std::move(written));
  used_ = 0;
  active_->written_bytes = std::max(active_->written_bytes, end_lsn() - active_->start_lsn);
  flushed_lsn_.store(end_lsn(), std::memory_order_release);
  return {};
}

// Cuts off what was prepared for more, and what an earlier life left.
Status WalWriter::FinishActive() {
  SOCHDB_TRY(WriteBuffer());
  const uint64_t size = WalFileBytes(end_lsn() - active_->start_lsn, active_->segment_bytes);
  if (active_->written_bytes > size) {
    Status cut = active_->file->Truncate(size);
    active_->written_bytes = size;
    if (!cut.ok()) return Poison(std::move(cut));
  }
  finished_.push_back(
      {active_->number, active_->salt, active_->start_lsn, end_lsn(), active_->written_bytes, active_->segment_bytes});
  if (end_lsn() > synced_lsn()) unsynced_.push_back(active_);
  active_ = nullptr;
  return {};
}

// What a crash brings back of this are zeros or an earlier life's records, and the next opening cuts them off.
Status WalWriter::FreeBehindEnd() {
  const uint64_t cut = WalFileBytes(end_lsn() - active_->start_lsn, active_->segment_bytes);
  const uint64_t size = std::min(cut, active_->written_bytes);
  if (active_->written_bytes == size && active_->allocated_bytes <= size) return {};
  active_->allocated_bytes = size;  // whether it fails or not: what is needed is asked for again
  SOCHDB_TRY(active_->file->Truncate(size));
  active_->written_bytes = size;
  return {};
}

Status WalWriter::SyncOldestUnsynced() {
  Status synced = unsynced_.front()->file->Sync();
  if (!synced.ok()) return Poison(std::move(synced));
  unsynced_.pop_front();
  return {};
}

// Goes on in the next segment: the first spare, whose header goes into the buffer before its records.
Status WalWriter::Roll() {
  Status made;
  if (spares_.empty()) {  // only when more was appended than reserved
    made = AddSpare();
    if (made.ok()) made = Allocate(spares_.back().get(), segment_bytes_);
  }
  if (made.ok()) made = SyncNames();
  if (!made.ok()) return Poison(std::move(made));
  if (active_ != nullptr) SOCHDB_TRY(FinishActive());
  if (unsynced_.size() > kMaxUnsyncedSegments || (!unsynced_.empty() && env_->Buggify("wal.sync-early"))) {
    SOCHDB_TRY(SyncOldestUnsynced());
  }
  const uint32_t previous_salt = finished_.empty() ? 0 : finished_.back().salt;
  active_ = spares_.front();
  spares_.erase(spares_.begin());
  active_->start_lsn = end_lsn();
  do {
    active_->salt = static_cast<uint32_t>(env_->Random64());
  } while (active_->salt == 0 || active_->salt == previous_salt);
  WalSegmentHeader header;
  header.salt = active_->salt;
  header.previous_salt = previous_salt;
  header.number = active_->number;
  header.start_lsn = active_->start_lsn;
  header.synced_lsn = synced_lsn();
  header.segment_bytes = active_->segment_bytes;
  header.stale_bytes = active_->written_bytes;
  EncodeWalSegmentHeader(header, buffer_.data());
  used_ = kWalSegmentHeaderBytes;
  end_lsn_.store(active_->start_lsn + kWalSegmentHeaderBytes, std::memory_order_release);
  return {};
}

void WalWriter::EncodeRecord(WalRecordType type, CompressionType compression, Timestamp commit_ts, std::string_view payload) {
  const Lsn lsn = end_lsn_.load(std::memory_order_relaxed);
  const size_t bytes = kWalRecordHeaderBytes + payload.size();
  SOCHDB_DCHECK(used_ + bytes <= buffer_.size());
  char* to = buffer_.data() + used_;
  if (!payload.empty()) std::memcpy(to + kWalRecordHeaderBytes, payload.data(), payload.size());
  WalRecordHeader header;
  header.length = static_cast<uint32_t>(payload.size());
  header.salt = active_->salt;
  header.type = type;
  header.compression = compression;
  header.lsn = lsn;
  header.synced_lsn = synced_lsn_.load(std::memory_order_relaxed);
  header.commit_ts = commit_ts;
  EncodeWalRecordHeader(header, to);
  used_ += bytes;
  bytes_since_sync_ += bytes;
  end_lsn_.store(lsn + bytes, std::memory_order_release);
}

Status WalWriter::AppendFragments(CompressionType compression, Timestamp commit_ts, std::string_view payload) {
  bool first = true;
  for (;;) {
    const uint64_t wanted = std::min<uint64_t>(payload.size(), kMinFragmentBytes);
    if (RoomInActive() < kWalRecordHeaderBytes + wanted) SOCHDB_TRY(Roll());
    const uint64_t room = std::min(RoomInActive() - kWalRecordHeaderBytes, max_record_bytes_);
    const auto n = static_cast<size_t>(std::min<uint64_t>(payload.size(), room));
    if (used_ + kWalRecordHeaderBytes + n + kBufferSlackBytes > buffer_.size()) SOCHDB_TRY(WriteBuffer());
    const bool last = n == payload.size();
    const WalRecordType type =
        first ? (last ? WalRecordType::kFull : WalRecordType::kFirst) : (last ? WalRecordType::kLast : WalRecordType::kMiddle);
    EncodeRecord(type, compression, commit_ts, payload.substr(0, n));
    if (last) return {};
    payload.remove_prefix(n);
    first = false;
  }
}

// The payload as it is written: smaller, or as it is. In the scratch that Reserve made, so that nothing is allocated here.
std::string_view WalWriter::Compressed(std::string_view payload, CompressionType* compression) {
  *compression = CompressionType::kNone;
  if (!MayCompress(payload.size())) return payload;
  scratch_.clear();
  PutVarint64(&scratch_, payload.size());
  if (!Compress(compression_, compression_level_, payload, &scratch_).ok()) return payload;
  if (!ShrinksEnough(payload.size(), scratch_.size())) return payload;
  *compression = compression_;
  return scratch_;
}

Result<Lsn> WalWriter::Append(Timestamp commit_ts, std::string_view payload) {
  CompressionType compression = CompressionType::kNone;
  const std::string_view bytes = Compressed(payload, &compression);  // the appender's own work: beside a sync
  const MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  SOCHDB_TRY(AppendFragments(compression, commit_ts, bytes));
  if (used_ >= buffer_bytes_ || env_->Buggify("wal.write-early")) SOCHDB_TRY(WriteBuffer());
  if (compression != CompressionType::kNone) {
    ++compressed_entries_;
    compression_saved_bytes_ += payload.size() - bytes.size();
  }
  if (scratch_.capacity() > kMaxKeptScratchBytes) std::string().swap(scratch_);
  ++entries_;
  return end_lsn();
}

Status WalWriter::Flush() {
  const MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  return WriteBuffer();
}

// Fills the last sector, so that what comes later leaves it alone.
void WalWriter::PadToSector() {
  const uint64_t offset = end_lsn() - active_->start_lsn;
  uint64_t gap = (kWalSectorBytes - offset % kWalSectorBytes) % kWalSectorBytes;
  if (gap == 0) return;
  if (gap < kWalRecordHeaderBytes) gap += kWalSectorBytes;
  if (offset + gap > active_->segment_bytes) {
    active_->sealed = true;
    return;
  }
  static constexpr char kZeros[2 * kWalSectorBytes] = {};
  EncodeRecord(WalRecordType::kPad, CompressionType::kNone, 0, {kZeros, static_cast<size_t>(gap - kWalRecordHeaderBytes)});
}

Status WalWriter::ZeroAhead() {
  const uint64_t offset = end_lsn() - active_->start_lsn;
  if (offset <= active_->written_bytes || bytes_since_sync_ > kSmallSyncBytes) return {};
  // Never beyond what is allocated: a disk that is full must not fail a sync.
  const uint64_t to = WalSectorsDown(std::min(active_->allocated_bytes, offset + kZeroAheadBytes));
  if (to <= offset) return {};
  Status written = active_->file->Write(offset, std::string(static_cast<size_t>(to - offset), '\0'));
  if (!written.ok()) return Poison(std::move(written));
  active_->written_bytes = to;
  return {};
}

Status WalWriter::Sync() {
  const Lsn wanted = end_lsn();
  const MutexLock syncing(&syncing_);
  std::vector<SegmentPtr> files;
  Lsn target = 0;
  {
    const MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    if (synced_lsn() >= wanted) return {};  // whoever synced while we waited covered us
    PadToSector();
    if (!env_->Buggify("wal.no-zeros-ahead")) SOCHDB_TRY(ZeroAhead());
    SOCHDB_TRY(WriteBuffer());
    files.assign(unsynced_.begin(), unsynced_.end());
    files.push_back(active_);
    target = end_lsn();
    bytes_since_sync_ = 0;
  }
  if (env_->Buggify("wal.slow-sync")) env_->SleepMicros(3000);
  Status synced;
  for (const SegmentPtr& segment : files) {
    synced = segment->file->Sync();
    if (!synced.ok()) break;
  }
  const MutexLock lock(&mutex_);
  if (!synced.ok()) return Poison(std::move(synced));
  if (!status_.ok()) return status_;
  ++syncs_;
  synced_lsn_.store(target, std::memory_order_release);
  const auto covered = [&files](const SegmentPtr& s) {
    return s != files.back() && std::find(files.begin(), files.end(), s) != files.end();
  };
  unsynced_.erase(std::remove_if(unsynced_.begin(), unsynced_.end(), covered), unsynced_.end());
  return {};
}

Wal::Stats WalWriter::stats() const {
  const MutexLock lock(&mutex_);
  Stats stats;
  stats.segments = finished_.size() + (active_ != nullptr ? 1 : 0);
  stats.newest_lsn = end_lsn();
  stats.oldest_lsn = !finished_.empty() ? finished_.front().start_lsn : active_ != nullptr ? active_->start_lsn : end_lsn();
  stats.total_bytes = stats.newest_lsn - stats.oldest_lsn;
  stats.active_bytes = active_ != nullptr ? end_lsn() - active_->start_lsn : 0;
  stats.entries = entries_;
  stats.syncs = syncs_;
  stats.spare_segments = spares_.size();
  if (active_ != nullptr && active_->allocated_bytes > stats.active_bytes) {
    stats.allocated_bytes = active_->allocated_bytes - stats.active_bytes;
  }
  for (const SegmentPtr& spare : spares_) stats.allocated_bytes += spare->allocated_bytes;
  stats.recycled_segments = recycled_segments_;
  stats.compressed_entries = compressed_entries_;
  stats.compression_saved_bytes = compression_saved_bytes_;
  return stats;
}

Status WalWriter::Close() {
  Status closed = Sync();
  const MutexLock syncing(&syncing_);
  const MutexLock lock(&mutex_);
  if (status_.code() == Code::kClosed) return {};
  DropSparesBeyond(0);  // one that comes back after a crash is empty or of an earlier life, and dropped by the next opening
  if (closed.ok() && active_ != nullptr) closed = FreeBehindEnd();
  if (active_ != nullptr) active_->file.reset();
  unsynced_.clear();
  if (status_.ok()) status_ = Status(Code::kClosed, "The log is closed.");
  return closed;
}

}  // namespace sochdb
