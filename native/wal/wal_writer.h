// WalWriter: the log's writing end: encodes transactions into a buffer, writes the buffer to segment files, syncs them.
//
// Space comes before time: Reserve preallocates as many segments as a transaction may need ("spares": empty files
// with disk space, their names durable), so that Append, which runs once a timestamp is assigned, has nothing left that can
// fail but the writing itself. A failed write or sync poisons the log: what the disk holds is unknown then, so every later call
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
// Limits: a buffer of buffer_bytes + max_record_bytes, allocated once.

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
  Status ReleaseBefore(Lsn lsn) override;
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
    uint64_t written_bytes = 0;  // the file's size: real data, or zeros ahead of it
    bool allocated = false;
    bool sealed = false;  // the last sector cannot be padded: go on in the next segment
  };
  using SegmentPtr = std::shared_ptr<Segment>;

  // All below REQUIRE mutex_.
  uint64_t RoomInActive() const;
  bool HasRoomFor(uint64_t payload_bytes) const;
  Status AddSpare();
  void DropSparesBeyond(size_t count);
  Status Roll();
  Status FinishActive();
  void EncodeRecord(WalRecordType type, Timestamp commit_ts, std::string_view payload);
  Status AppendFragments(Timestamp commit_ts, std::string_view payload);
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
  std::atomic<Lsn> end_lsn_;
  std::atomic<Lsn> flushed_lsn_;
  std::atomic<Lsn> synced_lsn_;
};

}  // namespace sochdb
