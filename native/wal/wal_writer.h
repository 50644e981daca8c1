// WalWriter: the log's writing end: encodes transactions into a buffer, writes the buffer to segment files, syncs them.
//
// Space comes before time: Reserve allocates as much disk space as a transaction may need, in the active segment and in
// "spares" (files that are segments to be, their names durable), so that Append, which runs once a timestamp is assigned, has
// nothing left that can fail but the writing itself. Space is taken in steps that double, so a small log stays small and a
// large one asks rarely. Spares are new files, or those of released segments: renamed to the next number and written over,
// which spares the file system the work of freeing blocks and finding others (wal_space.cc).
//
// A failed write or sync poisons the log: what the disk holds is unknown then, so every later call
// returns that error until the store is opened again.
//
// Durable up to an LSN means: the segment files up to it are synced, and their names are. Only ends of transactions (and of
// pads behind them) become synced LSNs.
//
// Where commits sync one by one, zeros are written a little ahead of the end, so that most syncs change neither the
// file's size nor its extents and cost one disk write (measured in docs/internals/wal-format.md).
//
// Thread safety: as wal.h says. `mutex_` guards everything but the getters' atomics; `syncing_` is held by the one thread
// that syncs, is taken before mutex_, and lets commits go on while the disk works.
// Limits: a buffer of buffer_bytes + max_record_bytes, allocated once; with compression, a scratch for the payload.

#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "env/sync.h"
#include "wal/wal.h"
#include "wal/wal_reader.h"

namespace sochdb {

class WalWriter final : public Wal {
 public:
  // Continues the log that recovery found. `tail` is the last segment when it goes on being written, or null.
  WalWriter(Env* env, std::string dir, const WalOptions& options, const WalContents& contents, std::unique_ptr<File> tail);
  ~WalWriter() override = default;

  Status Reserve(uint64_t payload_bytes) override;
  Result<Lsn> Append(Timestamp commit_ts, std::string_view payload) override;
  Status Flush() override;
  Status Sync() override;
  Status ReleaseBefore(Lsn lsn) override { return Release(lsn, true); }
  Status DeleteBefore(Lsn lsn) override { return Release(lsn, false); }
  void Seal() override;
  Status Trim() override;
  Lsn end_lsn() const override { return end_lsn_.load(std::memory_order_acquire); }
  Lsn flushed_lsn() const override { return flushed_lsn_.load(std::memory_order_acquire); }
  Lsn synced_lsn() const override { return synced_lsn_.load(std::memory_order_acquire); }
  Stats stats() const override;
  Status Close() override;

 private:
  struct Segment {
    uint64_t number = 0;
    uint32_t salt = 0;
    Lsn start_lsn = 0;
    uint64_t segment_bytes = 0;
    std::string path;
    std::unique_ptr<File> file;
    uint64_t written_bytes = 0;    // the file's size: real data, or zeros or an earlier life ahead of it
    uint64_t allocated_bytes = 0;  // disk space taken, from the beginning
    bool recycled = false;         // a spare with an earlier life
    bool sealed = false;           // go on in the next segment
  };
  using SegmentPtr = std::shared_ptr<Segment>;

  // A shorter payload is not worth the time.
  static constexpr uint64_t kMinCompressedBytes = 512;
  static constexpr uint64_t kFirstAllocationBytes = 1024 * 1024;

  // For the appender alone.
  bool MayCompress(uint64_t payload_bytes) const {
    return compression_ != CompressionType::kNone && payload_bytes >= kMinCompressedBytes;
  }
  std::string_view Compressed(std::string_view payload, CompressionType* compression);

  Status Release(Lsn lsn, bool recycle);

  // All below REQUIRE mutex_.
  uint64_t RoomInActive() const;
  // Of the active segment and the spares, in the order in which they will be written.
  bool HasRoomFor(uint64_t bytes) const;
  Status MakeRoom(uint64_t bytes);
  // Sees to it that the segment has disk space for its first `bytes` bytes.
  Status Allocate(Segment* segment, uint64_t bytes);
  Status AddSpare();
  void DropSparesBeyond(size_t count);
  // Makes the directory durable if a name in it changed. Nothing may rely on a name, or change another, before.
  Status SyncNames();
  // Makes the oldest segment's file the last spare, if it is worth keeping.
  Status RecycleOldest(bool* recycled);
  Status Roll();
  // Nothing more goes into the active segment: it is the last of finished_.
  Status FinishActive();
  Status FreeBehindEnd();
  void EncodeRecord(WalRecordType type, CompressionType compression, Timestamp commit_ts, std::string_view payload);
  Status AppendFragments(CompressionType compression, Timestamp commit_ts, std::string_view payload);
  void PadToSector();
  Status ZeroAhead();
  Status WriteBuffer();
  Status Poison(Status error);
  Status SyncOldestUnsynced();
  uint64_t LastNumber() const;

  Env* const env_;
  const std::string dir_;
  const uint64_t segment_bytes_;
  const uint64_t max_record_bytes_;
  const uint64_t buffer_bytes_;
  const uint64_t recycle_segments_;
  const CompressionType compression_;
  const int compression_level_;

  std::string scratch_;  // the appender's
  Mutex syncing_;
  mutable Mutex mutex_;
  Status status_;                         // why the log takes no more, once it does not
  SegmentPtr active_;                     // null until the first append in a fresh segment
  std::vector<SegmentPtr> spares_;        // in order
  std::deque<SegmentPtr> unsynced_;       // older than active_
  std::vector<WalSegmentInfo> finished_;  // of this log and read before, for release and statistics
  std::vector<char> buffer_;              // [flushed_lsn_, end_lsn_)
  size_t used_ = 0;
  uint64_t bytes_since_sync_ = 0;
  uint64_t entries_ = 0;
  uint64_t syncs_ = 0;
  uint64_t growth_bytes_ = kFirstAllocationBytes;  // of the next step
  bool names_changed_ = false;                     // and not made durable
  uint64_t recycled_segments_ = 0;
  uint64_t compressed_entries_ = 0;
  uint64_t compression_saved_bytes_ = 0;
  std::atomic<Lsn> end_lsn_;
  std::atomic<Lsn> flushed_lsn_;
  std::atomic<Lsn> synced_lsn_;
};

}  // namespace sochdb
