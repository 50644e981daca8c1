// Manifest: the durable record of which tables make up the store, as a log of edits.
//
// CURRENT names the manifest file in force (written aside, synced, renamed, directory synced). An edit is applied whole or not
// at all; a torn last record is cut and reported, damage before it is kCorruption. When the file has grown far beyond the state
// it describes, a new one that begins with the whole state replaces it; so it is when a crash may have left something behind
// its end.
//
//   CURRENT := "MANIFEST-NNNNNNNNNN " and the CRC-32C of those 20 bytes as eight hexadecimal digits and a line feed
//
//   header, 32 bytes                                record header, 16 bytes, then the body
//   +0   8  magic "SochMan\x01"                     +0   4  masked CRC-32C of salt, file number, offset and +4..+15
//   +8   4  masked CRC-32C of bytes 12..31          +4   4  body length
//   +12  4  format version                          +8   4  type: edit 1, seal 2, closed 3
//   +16  8  file number                             +12  4  masked CRC-32C of the body, begun with the header's CRC input
//   +24  8  salt
//
// Each edit is synced before the next is written, so only the last can be torn; and it ends on a sector boundary, so that
// writing the next cannot tear it. A seal (an empty record) follows an edit that was synced, unsynced itself, until the next
// edit takes its place: where it arrived, damage to the edit before it cannot be taken for a torn end. A manifest that was
// closed ends with a synced `closed` record, and is written on; after a crash a new file with a new salt takes over, so that
// nothing that lay in unsynced sectors ever passes for a record.
//
// Why, and what is in an edit: docs/internals/manifest-format.md.
//
// Thread safety: one thread at a time (LsmStore's install mutex).
// Limits: a record of at most kMaxManifestRecordBytes.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/types.h"
#include "env/env.h"
#include "lsm/index_policy.h"
#include "sst/table_properties.h"

namespace sochdb {

inline constexpr uint64_t kMaxManifestRecordBytes = 256ull * 1024 * 1024;
inline constexpr std::string_view kCurrentFileName = "CURRENT";
inline constexpr std::string_view kManifestPrefix = "MANIFEST-";

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
  std::vector<FileEntry> files;  // in order of their numbers
  std::array<Lsn, kTreeCount> flushed{};
  std::array<Timestamp, kTreeCount> last_writes{};
  std::array<IndexPolicy, kTreeCount> policies;  // balanced, unless an edit said otherwise
  uint64_t next_file_number = 1;
  uint64_t next_run_id = 1;
  Timestamp last_ts = 0;
  Timestamp history_floor = 0;
  Lsn checkpoint_lsn = 0;

  ManifestState() { policies.fill(IndexPolicy::kBalanced); }
  // kCorruption when the edit does not fit (a file added twice, one removed that is not there): nothing has changed then. What
  // is removed goes before what is added, so an edit that removes and adds a file changes its place.
  Status Apply(const ManifestEdit& edit);

 private:
  Status ApplyFiles(const ManifestEdit& edit);
};

class Manifest {
 public:
  struct OpenReport {
    uint64_t torn_bytes = 0;   // cut off the end
    uint64_t torn_offset = 0;  // where they began
  };
  // Makes the first one when there is none (unless read_only: kNotFound).
  static Result<std::unique_ptr<Manifest>> Open(Env* env, const std::string& dir, bool read_only, ManifestState* out,
                                                OpenReport* report);
  // The same, for those who only want to know how much was torn.
  static Result<std::unique_ptr<Manifest>> Open(Env* env, const std::string& dir, bool read_only, ManifestState* out,
                                                uint64_t* torn_bytes) {
    OpenReport report;
    auto opened = Open(env, dir, read_only, out, &report);
    *torn_bytes = report.torn_bytes;
    return opened;
  }
  virtual ~Manifest() = default;

  // Durable when it returns. `after` is the state with the edit applied. kDiskFull and kLimit leave no trace and may be tried
  // again; any other failure is final: the edit may be on disk or not, later calls fail alike.
  virtual Status Append(const ManifestEdit& edit, const ManifestState& after) = 0;
  // Marks the end as it is as durable, so that every later damage is found. Nothing may be appended afterwards.
  virtual Status Close() = 0;
  [[nodiscard]] virtual uint64_t file_number() const = 0;
  [[nodiscard]] virtual uint64_t file_bytes() const = 0;
  [[nodiscard]] virtual std::string file_name() const = 0;
  // Reads everything again; visit hears of damage: offset, what was expected, what is there.
  using VisitFault = std::function<void(uint64_t offset, std::string expected, std::string actual)>;
  virtual Status Verify(const VisitFault& visit) const = 0;

  // Writes a manifest of this state alone, and CURRENT, which names it, into a directory that no manifest is open in: for
  // checkpoints, backups and repairs. There is none of this number.
  static Status WriteTo(Env* env, const std::string& dir, const ManifestState& state, uint64_t number = 1);
};

}  // namespace sochdb
