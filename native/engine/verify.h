// Verification: reads every byte of a store that data depends on, and says what is not as it was written.
//
// Checked are FORMAT and CLEAN, every record of the log, the manifest, every block of every table, every blob file that
// something names, and files of derived data (sealed_file.h), without which nothing is lost. Reading goes on behind a fault, so
// a report lists all that there are (at most kMaxFaults).
//
// Thread safety: any thread. Nothing is changed.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/cancel_token.h"
#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "lsm/lsm_store.h"
#include "wal/blob_store.h"
#include "wal/wal.h"

namespace sochdb {

struct StoreFault {
  std::string part;  // "format", "log", "manifest", "table", "blob", "derived"
  std::string file;
  uint64_t offset = 0;
  std::string expected;
  std::string actual;
};

struct VerifyReport {
  static constexpr size_t kMaxFaults = 10'000;

  std::vector<StoreFault> faults;
  bool truncated = false;  // there are more than kMaxFaults
  uint64_t tables = 0;
  uint64_t blobs = 0;
  uint64_t bytes = 0;
  WalReport wal;
  [[nodiscard]] bool sound() const { return faults.empty(); }
};

// How far long work has come; total may grow while it goes on.
using ProgressFn = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

// A store that nobody has open: takes its lock meanwhile. A fault is no failure: the status is that of reading at all.
Status VerifyStore(Env* env, const std::string& path, const CancelToken* cancel, const ProgressFn& progress,
                   VerifyReport* report);

// The parts, for stores that are open.
void AddFault(VerifyReport* report, StoreFault fault);
// As a fault when the status is kCorruption or kFormatVersion; other failures come back.
Status FaultOrFailure(VerifyReport* report, const char* part, const std::string& file, const Status& status);
Status VerifyFormatFiles(Env* env, const std::string& path, VerifyReport* report);
void AddLogFaults(WalReport found, VerifyReport* report);
Status VerifyLog(Env* env, const std::string& path, Lsn synced_end_lsn, Lsn first_lsn, const CancelToken* cancel,
                 VerifyReport* report);
Status VerifyTables(LsmStore* store, const CancelToken* cancel, const ProgressFn& progress, VerifyReport* report);
Status VerifyDerived(Env* env, const std::string& path, const CancelToken* cancel, VerifyReport* report);
Status VerifyBlobs(const BlobStore& blobs, const std::vector<uint64_t>& numbers, const CancelToken* cancel,
                   VerifyReport* report);

}  // namespace sochdb
