// ReadOnlyLog: the log of a store that was opened for reading: it takes nothing.
//
// Thread safety: any thread.

#pragma once

#include "wal/wal.h"

namespace sochdb {

inline Status OpenedReadOnly() {
  return {Code::kReadOnly, "The database was opened read-only. Open it without readOnly to write."};
}

class ReadOnlyLog final : public Wal {
 public:
  // found: what was read of the log.
  explicit ReadOnlyLog(const WalReport& found) : end_(found.end_lsn) {
    stats_.total_bytes = found.bytes;
    stats_.entries = found.entries;
    stats_.oldest_lsn = found.oldest_lsn;
    stats_.newest_lsn = found.end_lsn;
  }
  Status Reserve(uint64_t /*payload_bytes*/) override { return OpenedReadOnly(); }
  Result<Lsn> Append(Timestamp /*commit_ts*/, std::string_view /*payload*/) override { return OpenedReadOnly(); }
  Status Flush() override { return {}; }
  Status Sync() override { return {}; }
  Status ReleaseBefore(Lsn /*lsn*/) override { return OpenedReadOnly(); }
  Status DeleteBefore(Lsn /*lsn*/) override { return OpenedReadOnly(); }
  void Seal() override {}
  Status Trim() override { return OpenedReadOnly(); }
  [[nodiscard]] Lsn end_lsn() const override { return end_; }
  [[nodiscard]] Lsn flushed_lsn() const override { return end_; }
  [[nodiscard]] Lsn synced_lsn() const override { return end_; }
  [[nodiscard]] Stats stats() const override { return stats_; }
  Status Close() override { return {}; }

 private:
  const Lsn end_;
  Stats stats_;
};

}  // namespace sochdb
