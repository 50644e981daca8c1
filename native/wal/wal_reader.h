// WalReader: reads the whole log in order, and judges what it finds where the order breaks.
//
// The tail rule. Reading stops at the first byte that cannot go on: an invalid record, a blank, a transaction without its last
// record, a segment that is missing or has no sound header. Call its LSN the cut. Each record, and each segment
// header, states an LSN below which everything was durable when it was written; so does a clean close
// (synced_end_lsn). If any of them, anywhere behind the cut, lies above the cut, then acknowledged bytes are
// damaged: that is kCorruption, never a silent loss. Otherwise the cut is where a crash tore the log: nothing behind
// it was acknowledged as durable, and all of it is dropped, even what looks valid, since unsynced sectors reach the disk in any
// order. (A segment with a sound header and a gap in the numbers before it is always corruption: its name was made durable only
// after its predecessor's, and recovery deletes from the end. One with the right number but another predecessor's salt is of a
// life that a recovery dropped.)
//
// What lies below first_lsn is in tables: recovery does not read it, whatever became of it. Verify and Salvage do.
//
// Thread safety: one thread. Files are only read; wal.cc acts on what is found.
// Limits: one transaction of at most kMaxWalTransactionBytes is held in memory, and once more when it was compressed.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wal/wal.h"
#include "wal/wal_segment.h"

namespace sochdb {

// A segment that is part of the log.
struct WalSegmentInfo {
  uint64_t number = 0;
  uint32_t salt = 0;
  Lsn start_lsn = 0;
  Lsn end_lsn = 0;
  uint64_t file_bytes = 0;
  uint64_t segment_bytes = 0;
};

struct WalContents {
  WalReport report;
  std::vector<WalSegmentInfo> segments;  // in order, up to the cut
  std::vector<uint64_t> dropped;         // numbers of the segment files behind the cut, in order
  Lsn synced_lsn = 0;                    // what the log itself proves to be durable
};

class WalReader {
 public:
  using Visit = std::function<Status(const WalEntry&)>;

  // The log must reach from first_lsn (or below) to synced_end_lsn (or beyond).
  WalReader(Env* env, std::string dir, Lsn first_lsn, Lsn synced_end_lsn);

  // Before reading: how it is stopped (may be null), and whom it tells how far it is (may be empty).
  void Watch(const CancelToken* cancel, Wal::Progress progress) {
    cancel_ = cancel;
    progress_ = std::move(progress);
  }

  // Stops with kCorruption at the first damage, or with visit's error.
  Result<WalContents> Recover(const Visit& visit);
  // Records damage and reads on behind it. Fails only when files cannot be read at all.
  Result<WalReport> Verify();
  // The same; visit is called for each transaction that is whole, those behind damage too.
  Result<WalReport> Salvage(const Visit& visit);

 private:
  struct OpenTransaction {
    bool active = false;
    Lsn first_lsn = 0;
    Timestamp commit_ts = 0;
    CompressionType compression = CompressionType::kNone;
    uint64_t records = 0;
    std::string payload;  // as it was written: perhaps compressed
  };
  // Where and why reading could not go on.
  struct Break {
    std::string file;
    uint64_t offset = 0;
    WalRecordCheck check;
    std::string expected;
    std::string actual;
  };

  Status LoadSegments();
  Status Look(uint64_t offset);
  Status Run(const Visit& visit);
  // The segment's start fits what was read so far.
  bool Follows(size_t index) const;
  // Where the next segment says that this one ends; false when no next one says so.
  bool EndOffset(size_t index, uint64_t* end) const;
  // Whether segment `index` can be read next; *end when the log ends before it.
  Status EnterSegment(size_t index, bool* end);
  // Reads to the segment's end; *end when the log ends inside.
  Status ReadSegment(size_t index, const Visit& visit, bool* end);
  // Where to begin in a segment: behind what lies below first_lsn_.
  Status SkipToNeeded(size_t index, uint64_t limit, uint64_t* offset);
  Status ReadOne(size_t index, uint64_t limit, const Visit& visit, uint64_t* offset, bool* end);
  Status Accept(size_t index, const WalRecordRead& record, const Visit& visit, bool* accepted);
  bool FitsTransaction(const WalRecordHeader& record) const;
  Status Deliver(size_t index, const WalRecordRead& record, std::string_view payload, const Visit& visit);
  // Decompresses the open transaction's payload; *raw is valid until the next call.
  Status Expand(std::string_view payload, std::string_view* raw);
  Status NotExpanded(size_t index, const WalRecordRead& record, Status why);
  // A sound header whose number leaves a gap: a segment between is missing. (With the right number but another predecessor's
  // salt it is of a life that a recovery dropped, and proves no more than it states.) REQUIRES: index > 0.
  bool IsMisplaced(size_t index) const;
  // Judges a break by the tail rule: *damaged false is the end of the log; true, when verifying, has been noted.
  Status Judge(size_t index, const Break& found, bool* damaged);
  Status Prove(size_t index, uint64_t offset);
  Status ProveByRecords(WalSegmentReader* segment, uint64_t offset);
  Status Finish();
  std::string PathOf(uint64_t number) const;
  Lsn Cut() const { return open_.active ? open_.first_lsn : position_; }

  Env* const env_;
  const std::string dir_;
  const Lsn first_lsn_;
  const CancelToken* cancel_ = nullptr;
  Wal::Progress progress_;
  uint64_t total_bytes_ = 0;   // of all segments
  uint64_t passed_bytes_ = 0;  // of those that were read to their ends
  uint64_t next_look_ = 0;
  bool verify_ = false;
  bool resyncing_ = false;  // verifying, behind damage: what lost its beginning there is skipped
  std::vector<std::unique_ptr<WalSegmentReader>> segments_;
  OpenTransaction open_;
  std::string expanded_;
  Lsn position_;               // all below is read
  Lsn proven_lsn_;             // known to have been durable
  bool proof_sought_ = false;  // proven_lsn_ has taken in everything behind the first break
  WalContents contents_;
};

}  // namespace sochdb
