// What an engine says of itself: counts since it was opened, sizes of this moment, and how opening went. Every number is
// measured; docs/internals/statistics.md says where.
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <string>

#include "base/histogram.h"
#include "base/types.h"
#include "lsm/lsm_store.h"
#include "wal/wal.h"

namespace sochdb {

// How opening found the store.
struct RecoveryReport {
  bool was_clean = true;  // the previous shutdown recorded a synced end
  uint64_t replayed_entries = 0;
  WalReport wal;
  Lsn replayed_from = 0;                 // what lies below was in tables already
  uint64_t flushed_while_replaying = 0;  // times that memory was full
  uint64_t manifest_torn_bytes = 0;      // cut off the manifest's end
  uint64_t blobs_deleted = 0;            // files that nothing named
  bool read_only = false;
  bool log_skipped = false;  // read-only beside a process that has the store open: only what lies in tables is seen
  uint64_t holder_pid = 0;   // that process
  uint64_t micros = 0;       // that opening took
};

struct StallStats {
  uint64_t delayed_writes = 0;
  uint64_t delayed_micros = 0;
  uint64_t stopped_writes = 0;
  uint64_t stopped_micros = 0;
  uint64_t timeouts = 0;
};

// In nanoseconds. Reads, writes and scans are sampled (txn/latency.h); commits and syncs are all timed.
struct LatencyStats {
  LatencySummary get;
  LatencySummary put;  // autocommitted writes of one key
  LatencySummary commit;
  LatencySummary scan;  // one step of a cursor
  LatencySummary sync;
};

struct EngineStats {
  uint64_t active_transactions = 0;
  uint64_t committed_transactions = 0;
  uint64_t aborted_transactions = 0;
  uint64_t conflicts = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t bytes_read = 0;     // keys and values handed out
  uint64_t bytes_written = 0;  // keys and values of applied writes
  uint64_t key_count = 0;      // distinct keys of each memtable and table: an upper estimate of the live ones
  uint64_t memory_bytes = 0;   // memtables
  uint64_t waiting_memtables = 0;
  uint64_t waiting_bytes = 0;
  uint64_t active_snapshots = 0;
  Timestamp oldest_snapshot = 0;
  uint64_t snapshot_age_ms = 0;  // of the one that has been open longest
  uint64_t snapshot_bytes = 0;   // in tables, kept for snapshots alone (LsmStore::PinnedBytes)
  Timestamp history_floor = 0;   // reads as of an earlier moment are refused
  uint64_t uptime_ms = 0;

  uint64_t logical_bytes = 0;  // keys and values of all versions in tables, uncompressed
  uint64_t stored_bytes = 0;   // tables on disk
  uint64_t index_bytes = 0;    // of them, what is no data block
  uint64_t table_files = 0;
  uint64_t blob_files = 0;
  uint64_t blob_bytes = 0;
  Wal::Stats wal;
  LsmStats lsm;
  StallStats stalls;
  LatencyStats latency;

  Lsn checkpoint_lsn = 0;         // of the last checkpoint
  uint64_t checkpoint_at_ms = 0;  // 0: none since the store was opened
  uint64_t pending_compactions = 0;
  uint64_t flush_failures = 0;
  uint64_t compaction_failures = 0;
  uint64_t damaged_tables = 0;   // that a compaction could not read
  std::string background_error;  // the last one that has not been got over; empty: none
};

}  // namespace sochdb
