// Recovery: rebuilds the memtables from the log when a store is opened.
//
// Of every tree the manifest knows up to which LSN its log is in tables; what was logged from there on is replayed.
// Transactions are replayed whole and in order, so what is restored is the state after some commit: after the last one that
// was acknowledged as durable, or a later one.
//
// When memory is full, all memtables are flushed with one edit of the manifest, after the log's files were synced: a process
// that died may have left its end in the system's cache only, and what is in tables must not be ahead of a log that the
// next power loss cuts.
//
// Thread safety: one thread; nobody else knows of the store yet.

#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/status.h"
#include "engine/stats.h"
#include "lsm/lsm_store.h"
#include "txn/trees.h"
#include "wal/wal.h"

namespace sochdb {

struct Recovered {
  std::unique_ptr<Wal> wal;
  Timestamp last_commit_ts = 0;                     // of all, in tables or in the log
  std::array<Timestamp, kTreeCount> last_writes{};  // by tree
  std::unordered_set<uint64_t> live_blobs;          // that what was replayed names
};

struct RecoveryInput {
  Env* env = nullptr;
  std::string path;
  WalOptions wal;
  Lsn synced_end_lsn = 0;  // of the clean close before, 0 after a crash
  Trees* trees = nullptr;
  LsmStore* store = nullptr;
  uint64_t memtable_bytes = 0;
  bool read_only = false;  // all is kept in memory; nothing on disk is touched
  bool skip_log = false;
};

Status Recover(const RecoveryInput& input, Recovered* out, RecoveryReport* report);

// The blobs that a log names above what is in tables, read without changing it.
Status BlobsNamedByLog(Env* env, const std::string& path, Lsn synced_end_lsn, const ManifestState& state,
                       std::unordered_set<uint64_t>* named);

// The LSN from which on the log of a store is needed.
Lsn FirstNeededLsn(const ManifestState& state);

}  // namespace sochdb
