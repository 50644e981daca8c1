// The write-ahead log as the engine sees it: appended transactions, made durable up to an LSN, read back in order.
//
// Formats and the rule that makes a record valid stand in wal_format.h; segments, padding and syncing in
// wal_writer; the torn-tail rule in wal_reader.
//
// Thread safety: one appender at a time (the holder of the writer). Sync and the getters may run on any thread, beside the
// appender.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel_token.h"
#include "base/types.h"
#include "codec/compression.h"
#include "env/env.h"

namespace sochdb {

struct WalOptions {
  uint64_t segment_bytes = 64ull * 1024 * 1024;
  uint64_t max_record_bytes = 256 * 1024;                // a longer payload spans records
  uint64_t buffer_bytes = 1024 * 1024;                   // bytes kept in memory before they are written out, in SyncMode::kOff
  uint64_t recycle_segments = 2;                         // released segment files kept to be written again; 0 to 16
  CompressionType compression = CompressionType::kNone;  // of payloads that shrink; what is read needs no option
  int compression_level = 0;                             // ZSTD's; 0 is its default
  Lsn first_lsn = 0;                                     // the log must reach back to here; what is below is not read
};

// One transaction as it was logged: `payload` is what was handed to Append, reassembled.
struct WalEntry {
  Lsn lsn = 0;      // of its first record
  Lsn end_lsn = 0;  // one past its last record
  Timestamp commit_ts = 0;
  std::string_view payload;
};

struct WalChecksumError {
  Lsn lsn = 0;
  uint32_t expected = 0;
  uint32_t actual = 0;
  std::string file;
  uint64_t offset = 0;
};

// What reading the log found. `torn_bytes` were cut at the end of an unclean shutdown's log.
struct WalReport {
  uint64_t entries = 0;  // complete transactions; when the log is opened, those from first_lsn on
  uint64_t records = 0;
  uint64_t bytes = 0;
  Lsn oldest_lsn = 0;
  Lsn end_lsn = 0;  // where the next record goes
  Timestamp last_commit_ts = 0;
  bool torn = false;
  Lsn torn_lsn = 0;
  uint64_t torn_bytes = 0;
  std::vector<WalChecksumError> errors;  // filled by Verify, which reads on past them
};

class Wal {
 public:
  // Reads the log in `dir` in order, from options.first_lsn on, calling visit for each complete transaction. A torn tail is cut
  // (and reported); damage before acknowledged data is kCorruption with file, offset, expected, actual.
  // `synced_end_lsn` is the end recorded by a clean close, or 0: up to it every byte must be valid.
  // Afterwards the log is ready to append: where it ended after a clean close, in a fresh segment otherwise.
  static Result<std::unique_ptr<Wal>> Open(Env* env, const std::string& dir, const WalOptions& options, Lsn synced_end_lsn,
                                           const std::function<Status(const WalEntry&)>& visit, WalReport* report);
  // Reads everything, changes nothing, and goes on past errors.
  // A log that is open may be verified; `synced_end_lsn` is then its synced_lsn().
  using Progress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;  // may be empty
  static Result<WalReport> Verify(Env* env, const std::string& dir, Lsn synced_end_lsn, Lsn first_lsn = 0,
                                  const CancelToken* cancel = nullptr, const Progress& progress = {});

  virtual ~Wal() = default;

  // Makes room on disk for a transaction of payload_bytes before a timestamp is assigned: kDiskFull fails here, without a
  // trace.
  virtual Status Reserve(uint64_t payload_bytes) = 0;
  // Appends one transaction to the buffer. REQUIRES: Reserve succeeded for at least this many bytes. Returns its end LSN.
  virtual Result<Lsn> Append(Timestamp commit_ts, std::string_view payload) = 0;
  // Hands all that is buffered to the operating system: afterwards it survives the death of the process.
  virtual Status Flush() = 0;
  // Flushes, then makes everything appended before the call durable.
  virtual Status Sync() = 0;
  // Lets go of the segments that hold nothing at or above `lsn`: what they held is durable elsewhere. Of the newest one only
  // once it is sealed; whoever opens the log must then know where it was. A few of their files become the next segments
  // (WalOptions::recycle_segments), the others are deleted. Not beside Verify.
  virtual Status ReleaseBefore(Lsn lsn) = 0;
  // The same, and no file is kept.
  virtual Status DeleteBefore(Lsn lsn) = 0;
  // What is appended next begins a segment. REQUIRES, as Trim: nothing is reserved that was not appended.
  virtual void Seal() = 0;
  // Gives back the disk space that only waits for what may be appended: spares, and what is allocated behind the end. Not
  // beside Verify. What fails is not lost: it is tried again by the next call, or is cut by the next opening.
  virtual Status Trim() = 0;
  virtual Lsn end_lsn() const = 0;      // appended
  virtual Lsn flushed_lsn() const = 0;  // written to files
  virtual Lsn synced_lsn() const = 0;   // durable

  struct Stats {
    uint64_t total_bytes = 0;
    uint64_t active_bytes = 0;
    uint64_t segments = 0;
    uint64_t entries = 0;
    Lsn oldest_lsn = 0;
    Lsn newest_lsn = 0;
    uint64_t syncs = 0;
    uint64_t spare_segments = 0;      // files ready to become segments: preallocated, or released and kept
    uint64_t allocated_bytes = 0;     // disk space taken for what is still to be written
    uint64_t recycled_segments = 0;   // released files that were kept, since the log was opened
    uint64_t compressed_entries = 0;  // since the log was opened
    uint64_t compression_saved_bytes = 0;
  };
  virtual Stats stats() const = 0;
  // Syncs and releases the files. A Wal that is destroyed without it loses what was not flushed.
  virtual Status Close() = 0;
};

}  // namespace sochdb
