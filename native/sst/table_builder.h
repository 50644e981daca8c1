// TableBuilder: writes one table (sst_format.h has the bytes), front to back.
//
// Thread safety: one thread, beside the one that it may start.
// Ownership: owns the file. A builder that is destroyed before Finish leaves a file that is no table: the caller deletes it.
// Limits: keys of at most kMaxTableKeyBytes, values of at most kMaxTableValueBytes (sst_format.h): kLimit. One block, the index
// and eight bytes a key are kept in memory, and up to 256 KiB that wait to be written; four blocks more where a
// second thread helps.

#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "env/env.h"
#include "mem/version.h"
#include "sst/table_properties.h"

namespace sochdb {

class TableBuilder {
 public:
  // file: new and empty. file_number seeds every checksum, so that a block of another file is noticed.
  // helper_env (may be null): a large table's blocks are compressed and written by a second thread, whose failures a later call
  // tells. The bytes are the same.
  TableBuilder(std::unique_ptr<File> file, std::string path, uint64_t file_number, const TableOptions& options,
               Env* helper_env = nullptr);
  ~TableBuilder();
  TableBuilder(const TableBuilder&) = delete;
  TableBuilder& operator=(const TableBuilder&) = delete;

  // Keys ascend; versions of a key come newest first, with different timestamps: otherwise kInternal. After a failure every
  // later call fails with the same status.
  Status Add(std::string_view key, const VersionView& version);
  // Writes what is left, and syncs the file (not its name). REQUIRES: something was added; called once.
  Status Finish(TableProperties* out);

  [[nodiscard]] uint64_t file_bytes() const;  // so far; blocks that are not written yet as they are uncompressed
  [[nodiscard]] uint64_t entries() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sochdb
