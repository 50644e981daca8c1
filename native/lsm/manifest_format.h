// The bytes of CURRENT and of manifest files (manifest.h has the diagram).
//
// Thread safety: functions of their arguments.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "lsm/manifest.h"

namespace sochdb {

inline constexpr uint32_t kManifestVersion = 1;
inline constexpr size_t kManifestHeaderBytes = 32;
inline constexpr size_t kManifestRecordHeaderBytes = 16;
inline constexpr size_t kManifestSectorBytes = 512;  // what is synced ends on a multiple

enum class ManifestRecordType : uint8_t { kEdit = 1, kSeal = 2, kClosed = 3 };

// What every checksum of a manifest file starts from.
struct ManifestSeed {
  uint64_t file_number = 0;
  uint64_t salt = 0;
};

std::string ManifestFileName(uint64_t number);
std::optional<uint64_t> ParseManifestFileName(std::string_view name);
std::string EncodeCurrent(uint64_t number);
std::optional<uint64_t> DecodeCurrent(std::string_view contents);

std::string EncodeManifestHeader(const ManifestSeed& seed);
// Zeros to the end of the sector, for the body of an edit at `offset`: they read as the end of the edit.
void PadManifestBody(uint64_t offset, std::string* body);
// Appends a record that will stand at `offset`. REQUIRES: a body of at most kMaxManifestRecordBytes and its padding.
void AppendManifestRecord(const ManifestSeed& seed, uint64_t offset, ManifestRecordType type, std::string_view body,
                          std::string* out);
// The records of the whole state: of more than one, so that none grows without bound. They begin at kManifestHeaderBytes.
std::string EncodeManifestState(const ManifestSeed& seed, const ManifestState& state);

// A record or a header that is not what was written.
struct ManifestDamage {
  uint64_t offset = 0;
  std::string expected;
  std::string actual;
};

struct ManifestContents {
  ManifestSeed seed;
  uint64_t records = 0;    // edits
  uint64_t edits_end = 0;  // behind the last edit: where the next one goes
  uint64_t end = 0;        // behind the last valid record
  bool closed = false;     // the last record says that all before it is durable, and nothing follows it
  // The first invalid record, when one is there; and whether a valid one follows it, which proves it to be damage.
  std::optional<ManifestDamage> damage;
  bool valid_after_damage = false;
};
// Walks a file from the start and hands every edit's body to `edit`, whose failure ends the walk. kCorruption for a bad header,
// kFormatVersion for one of a newer version.
Status ReadManifest(std::string_view bytes, uint64_t file_number,
                    const std::function<Status(uint64_t offset, std::string_view body)>& edit, ManifestContents* out);

}  // namespace sochdb
