// Manifest: the durable record of which tables make up the store, as a log of edits.
//
// CURRENT names the manifest file in force (written aside, synced, renamed, directory synced). Each record is one edit:
// checksum (seeded with file number and offset), length, body. An edit is applied whole or not at all; a torn last record is
// cut and reported, damage before it is kCorruption. When the file has grown far beyond the state it describes, a new one that
// begins with the whole state replaces it.
//
// Thread safety: one thread at a time (LsmStore's mutex).
// Limits: a record of at most kMaxManifestRecordBytes.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "lsm/index_policy.h"
#include "sst/table_properties.h"

namespace sochdb {

struct FileEntry {
  TreeId tree = TreeId::kKeys;
  uint8_t level = 0;
  uint64_t run_id = 0;
  uint64_t number = 0;
  TableProperties properties;
};

// Members that are empty change nothing.
struct ManifestEdit {
  std::vector<FileEntry> added;
  std::vector<std::pair<TreeId, uint64_t>> removed;       // tree, file number
  std::vector<std::pair<TreeId, Lsn>> flushed;            // the log below is in tables of that tree
  std::vector<std::pair<TreeId, Timestamp>> last_writes;  // newest commit in the tree's tables
  std::vector<std::pair<TreeId, IndexPolicy>> policies;
  std::optional<uint64_t> next_file_number;
  std::optional<uint64_t> next_run_id;
  std::optional<Timestamp> last_ts;        // newest commit in any table
  std::optional<Timestamp> history_floor;  // reads as of earlier than this find gaps: compaction has dropped versions
  std::optional<Lsn> checkpoint_lsn;       // the newest checkpoint covers the log up to here

  void EncodeTo(std::string* out) const;
  static Status Decode(std::string_view body, ManifestEdit* out);  // kCorruption
};

// All edits applied in order.
struct ManifestState {
  std::vector<FileEntry> files;
  std::array<Lsn, kTreeCount> flushed{};
  std::array<Timestamp, kTreeCount> last_writes{};
  std::array<IndexPolicy, kTreeCount> policies;  // balanced, unless an edit said otherwise
  uint64_t next_file_number = 1;
  uint64_t next_run_id = 1;
  Timestamp last_ts = 0;
  Timestamp history_floor = 0;
  Lsn checkpoint_lsn = 0;

  ManifestState() { policies.fill(IndexPolicy::kBalanced); }
  // kCorruption when the edit does not fit: a file added twice, one removed that is not there.
  Status Apply(const ManifestEdit& edit);
};

class Manifest {
 public:
  // Makes the first one when there is none (unless read_only: kNotFound). *torn_bytes were cut off its end.
  static Result<std::unique_ptr<Manifest>> Open(Env* env, const std::string& dir, bool read_only, ManifestState* out,
                                                uint64_t* torn_bytes);
  virtual ~Manifest() = default;
  // Durable when it returns. kDiskFull leaves no trace and may be tried again; any other failure is final.
  virtual Status Append(const ManifestEdit& edit, const ManifestState& after) = 0;
  [[nodiscard]] virtual uint64_t file_number() const = 0;
  [[nodiscard]] virtual uint64_t file_bytes() const = 0;
  // Writes a manifest of its own, of this state alone, with its CURRENT into another directory: for checkpoints and backups.
  static Status WriteTo(Env* env, const std::string& dir, const ManifestState& state);
};

}  // namespace sochdb
