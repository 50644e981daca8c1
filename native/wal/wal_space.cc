// Where the log's space comes from and where it goes: reservations, spares, release and recycling. The rest is wal_writer.cc.

#include <algorithm>
#include <new>

#include "base/bytes.h"
#include "env/path.h"
#include "wal/wal_writer.h"

namespace sochdb {
namespace {

// What a segment may lose besides records and their payload: its header, a pad, a record cut short at its end.
constexpr uint64_t kSegmentOverheadBytes = 2048;

// What records may take of a segment's first `bytes`, of which `used` are written.
uint64_t Usable(uint64_t bytes, uint64_t used) {
  return bytes > used + kSegmentOverheadBytes ? bytes - used - kSegmentOverheadBytes : 0;
}

}  // namespace

uint64_t WalWriter::LastNumber() const {
  if (!spares_.empty()) return spares_.back()->number;
  if (active_ != nullptr) return active_->number;
  return finished_.empty() ? 0 : finished_.back().number;
}

Status WalWriter::Reserve(uint64_t payload_bytes) {
  if (payload_bytes > kMaxWalTransactionBytes) {
    return {Code::kLimit,
            "A transaction of " + std::to_string(payload_bytes) + " bytes is more than the log takes at once. Split it.",
            {{"limit", std::to_string(kMaxWalTransactionBytes)}}};
  }
  if (MayCompress(payload_bytes)) {
    scratch_.reserve(CompressBound(compression_, static_cast<size_t>(payload_bytes)) + kMaxVarint64Bytes);
  }
  const uint64_t records = payload_bytes / max_record_bytes_ + 2;
  const uint64_t need = payload_bytes + records * kWalRecordHeaderBytes;
  const MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  if (RoomInActive() != 0 && end_lsn() > active_->start_lsn + kWalSegmentHeaderBytes && env_->Buggify("wal.roll-early")) {
    active_->sealed = true;
  }
  if (HasRoomFor(need) && !names_changed_) [[likely]]
    return {};
  const size_t had = spares_.size();
  Status made;
  try {
    made = MakeRoom(need);
  } catch (const std::bad_alloc&) {
    DropSparesBeyond(had);
    throw;
  }
  if (!made.ok()) DropSparesBeyond(had);
  SOCHDB_DCHECK(!made.ok() || HasRoomFor(need));
  return made;
}

bool WalWriter::HasRoomFor(uint64_t bytes) const {
  uint64_t room = 0;
  // A segment is filled to its end before the next is begun, so one that lacks space there shuts off those behind it.
  const auto ends_in = [&room, bytes](const Segment& segment, uint64_t used) {
    room += Usable(std::min(segment.allocated_bytes, segment.segment_bytes), used);
    return room >= bytes || segment.allocated_bytes < segment.segment_bytes;
  };
  if (active_ != nullptr && !active_->sealed && ends_in(*active_, end_lsn() - active_->start_lsn)) return room >= bytes;
  for (const SegmentPtr& spare : spares_) {
    if (ends_in(*spare, 0)) break;
  }
  return room >= bytes;
}

Status WalWriter::MakeRoom(uint64_t bytes) {
  // Names that a release changed: whether they are durable must never be in doubt.
  if (Status synced = SyncNames(); !synced.ok()) return Poison(std::move(synced));
  const bool open = active_ != nullptr && !active_->sealed;
  const uint64_t used = open ? end_lsn() - active_->start_lsn : 0;
  const uint64_t in_active = open ? Usable(active_->segment_bytes, used) : 0;
  if (open && bytes <= in_active) return Allocate(active_.get(), used + bytes + kSegmentOverheadBytes);
  uint64_t left = bytes - in_active;
  for (size_t i = 0; left > 0; ++i) {
    if (i == spares_.size()) SOCHDB_TRY(AddSpare());
    Segment* const spare = spares_[i].get();
    const uint64_t part = std::min(left, Usable(spare->segment_bytes, 0));
    SOCHDB_TRY(Allocate(spare, part + kSegmentOverheadBytes));
    left -= part;
  }
  SOCHDB_TRY(SyncNames());
  return open ? Allocate(active_.get(), active_->segment_bytes) : Status();
}

Status WalWriter::Allocate(Segment* segment, uint64_t bytes) {
  const uint64_t has = segment->allocated_bytes;
  bytes = std::min(bytes, segment->segment_bytes);
  if (has >= bytes) return {};
  const uint64_t generous = std::min(segment->segment_bytes, std::max(bytes, has + growth_bytes_));
  Status allocated = segment->file->Allocate(has, generous - has);
  segment->allocated_bytes = generous;
  if (allocated.code() == Code::kDiskFull && generous > bytes) {
    allocated = segment->file->Allocate(has, bytes - has);
    segment->allocated_bytes = bytes;
  }
  if (!allocated.ok()) segment->allocated_bytes = has;
  else growth_bytes_ = std::min(segment_bytes_, growth_bytes_ * 2);
  return allocated;
}

Status WalWriter::AddSpare() {
  auto spare = std::make_shared<Segment>();
  spare->number = LastNumber() + 1;
  spare->segment_bytes = env_->Buggify("wal.small-segment") ? kMinWalSegmentBytes : segment_bytes_;
  spare->path = JoinPath(dir_, NumberedFileName(spare->number, kWalExtension));
  spares_.reserve(spares_.size() + 1);
  SOCHDB_ASSIGN(file, env_->OpenFile(spare->path, OpenMode::kCreate));
  spare->file = std::move(file);
  spares_.push_back(spare);  // from here on it is dropped if anything fails
  names_changed_ = true;
  return spare->file->Truncate(0);
}

// The last first, so that names never have a gap. A file that cannot be deleted is no part of the log, and taken over later.
void WalWriter::DropSparesBeyond(size_t count) {
  while (spares_.size() > count) {
    const std::string path = std::move(spares_.back()->path);
    spares_.pop_back();
    try {
      (void)env_->DeleteFile(path);
    } catch (const std::bad_alloc&) {
    }
  }
}

Status WalWriter::SyncNames() {
  if (!names_changed_) return {};
  Status synced = env_->SyncDir(dir_);
  if (synced.ok()) names_changed_ = false;
  return synced;
}

// From the oldest on, each step durable before the next, so that a crash leaves no gap.
Status WalWriter::Release(Lsn lsn, bool recycle) {
  const MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  lsn = std::min(lsn, synced_lsn());
  if (active_ != nullptr && active_->sealed && end_lsn() <= lsn) SOCHDB_TRY(FinishActive());
  while (!finished_.empty() && finished_.front().end_lsn <= lsn) {
    if (Status synced = SyncNames(); !synced.ok()) return Poison(std::move(synced));
    bool recycled = false;
    if (recycle) SOCHDB_TRY(RecycleOldest(&recycled));
    if (!recycled) {
      SOCHDB_TRY(env_->DeleteFile(JoinPath(dir_, NumberedFileName(finished_.front().number, kWalExtension))));
      names_changed_ = true;
      finished_.erase(finished_.begin());
    }
  }
  Status synced = SyncNames();
  return synced.ok() ? Status() : Poison(std::move(synced));
}

void WalWriter::Seal() {
  const MutexLock lock(&mutex_);
  if (active_ != nullptr) active_->sealed = true;
}

Status WalWriter::Trim() {
  const MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  growth_bytes_ = kFirstAllocationBytes;
  if (active_ != nullptr && used_ == 0) SOCHDB_TRY(FreeBehindEnd());
  if (spares_.empty()) return {};
  if (Status synced = SyncNames(); !synced.ok()) return Poison(std::move(synced));
  names_changed_ = true;
  DropSparesBeyond(0);
  Status synced = SyncNames();
  return synced.ok() ? Status() : Poison(std::move(synced));
}

Status WalWriter::RecycleOldest(bool* recycled) {
  const auto kept = std::count_if(spares_.begin(), spares_.end(), [](const SegmentPtr& spare) { return spare->recycled; });
  if (static_cast<uint64_t>(kept) >= recycle_segments_ || env_->Buggify("wal.no-recycling")) return {};
  auto spare = std::make_shared<Segment>();
  spare->number = LastNumber() + 1;
  spare->path = JoinPath(dir_, NumberedFileName(spare->number, kWalExtension));
  spares_.reserve(spares_.size() + 1);
  const std::string old_path = JoinPath(dir_, NumberedFileName(finished_.front().number, kWalExtension));
  SOCHDB_ASSIGN(file, env_->OpenFile(old_path, OpenMode::kReadWrite));
  SOCHDB_ASSIGN(size, file->Size());
  // One that was ended early, by a recovery or with smaller segments, has too few blocks to be worth keeping.
  if (size > kMaxWalSegmentBytes || size < segment_bytes_ - segment_bytes_ / 8) return {};
  spare->file = std::move(file);
  spare->segment_bytes = std::min(segment_bytes_, WalSectorsDown(size));
  spare->written_bytes = size;
  spare->allocated_bytes = size;
  spare->recycled = true;
  SOCHDB_TRY(env_->RenameFile(old_path, spare->path));
  names_changed_ = true;
  spares_.push_back(std::move(spare));
  finished_.erase(finished_.begin());
  ++recycled_segments_;
  *recycled = true;
  return {};
}

}  // namespace sochdb
