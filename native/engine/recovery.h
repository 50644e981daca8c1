// Recovery: rebuilds the trees from the log when a store is opened.
//
// Transactions are replayed whole and in order, so what is restored is the state after some commit: after the last one that
// was acknowledged as durable, or a later one.
//
// Thread safety: one thread; nobody else knows of the store yet.

#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/status.h"
#include "engine/engine.h"
#include "txn/trees.h"
#include "wal/wal.h"

namespace sochdb {

struct Recovered {
  std::unique_ptr<Wal> wal;
  Timestamp last_commit_ts = 0;
  std::array<Timestamp, kTreeCount> last_writes{};  // by tree
  std::unordered_set<uint64_t> live_blobs;          // that the log names
};

// synced_end_lsn: of the clean close before, 0 after a crash.
Status Recover(Env* env, const std::string& wal_dir, const WalOptions& options, Lsn synced_end_lsn, Trees* trees,
               Recovered* out, RecoveryReport* report);

}  // namespace sochdb
