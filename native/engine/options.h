// EngineOptions: how a store is opened. Every option is honoured or refused (CheckOptions).
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "base/types.h"
#include "codec/compression.h"
#include "lsm/index_policy.h"
#include "wal/wal.h"

namespace sochdb {

inline constexpr uint64_t kMinMemtableBytes = 16 * 1024;
inline constexpr uint32_t kMaxBackgroundThreads = 16;

struct EngineOptions {
  // Durability
  SyncMode sync_mode = SyncMode::kNormal;
  bool wal_enabled = true;   // false: durable at Flush, Sync and a clean close; all trees at once
  bool group_commit = true;  // false: each durable commit syncs alone
  WalOptions wal;
  uint64_t wal_limit_bytes = 0;  // past it the tree that pins the oldest of the log is flushed; 0: four times memtable_bytes

  // Opening
  bool create_if_missing = true;
  bool read_only = false;  // nothing on disk is changed; see RecoveryReport for what it could see

  // Transactions
  uint64_t max_transaction_bytes = kDefaultMaxTransactionBytes;
  uint64_t transaction_timeout_ms = 0;          // 0: none; an open transaction older than this is aborted at its next use
  uint64_t writer_timeout_ms = 5000;            // how long to wait for the writer
  uint64_t memory_limit_bytes = 0;              // 0: none; writes beyond it fail with kLimit
  uint64_t retention_ms = 24ull * 3600 * 1000;  // reads as of a moment within it find what was there

  // Memory
  uint64_t memtable_bytes = 64ull * 1024 * 1024;     // what is written is kept in memory up to this, over all trees
  uint64_t block_cache_bytes = 64ull * 1024 * 1024;  // 0: no cache
  uint64_t graph_cache_bytes = 64ull * 1024 * 1024;  // for GraphCache, which lies above the engine; 0: none

  // Tables
  CompressionType compression = CompressionType::kLz4;
  int compression_level = 0;                // of zstd; 0: its own
  std::optional<IndexPolicy> index_policy;  // of TreeId::kKeys; none: what the store has
  uint64_t target_file_bytes = 0;           // 0: the policy's
  uint64_t base_level_bytes = 0;            // 0: the policy's

  // Work in the background
  bool background = true;  // false: whoever writes does it, where a thread would have: for tests and small devices
  uint32_t flush_threads = 1;
  uint32_t compaction_threads = 1;
  uint64_t compaction_bytes_per_second = 0;  // 0: not limited
  uint64_t stall_timeout_ms = 30'000;        // how long a write waits for flushes and compactions to catch up: then kTimeout
};

// kInvalidArgument or kUnsupported, naming the option and what it takes.
Status CheckOptions(const EngineOptions& options);

struct TransactionOptions {
  IsolationLevel isolation = IsolationLevel::kSerializable;
  bool take_writer = false;  // a synchronous closure: alone until it ends; never conflicts
  uint64_t timeout_ms = 0;   // 0: the engine's
  // With take_writer: reads what was committed before, durable yet or not, instead of waiting until it is. So those that read,
  // write and commit one after the other share a sync. Nothing may be told of what was read until
  // AwaitPublished(read_ts()) has returned; its own commit, and Commit of one that wrote nothing, include that.
  bool read_applied = false;
};

}  // namespace sochdb
