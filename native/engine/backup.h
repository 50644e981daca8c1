// Backup: a copy of a store as it was at one moment, made while the store is in use.
//
// What was committed is first written into tables (a checkpoint); then the tables, which never change, and the blobs that they
// name are copied, and a manifest of exactly these tables is written beside them. The copy has an empty log that goes on where
// the checkpoint ended, and the mark of a clean close: it opens like any store. FORMAT is written last, so that an unfinished
// copy is no store. Before it counts as made it is opened read-only and every checksum in it is checked.
//
// Thread safety: any thread.

#pragma once

#include <string>

#include "base/cancel_token.h"
#include "base/status.h"
#include "engine/store_format.h"
#include "engine/verify.h"
#include "env/env.h"
#include "lsm/lsm_store.h"
#include "wal/blob_store.h"

namespace sochdb {

struct BackupSource {
  Env* env = nullptr;
  const LsmStore::Picture* picture = nullptr;  // with everything up to lsn in it
  const BlobStore* blobs = nullptr;
  StoreFormat format;
  Lsn lsn = 0;
  Timestamp high_water_mark = 0;
};

struct BackupReport {
  uint64_t tables = 0;
  uint64_t blobs = 0;
  uint64_t bytes = 0;
  Lsn lsn = 0;
  Timestamp ts = 0;  // the newest commit in it
};

// kInvalidArgument when `to` is a file, or a directory that is not empty. On failure nothing of the copy is left.
Status WriteBackup(const BackupSource& source, const std::string& to, const CancelToken* cancel, const ProgressFn& progress,
                   BackupReport* report);

}  // namespace sochdb
