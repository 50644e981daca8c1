// The FORMAT and CLEAN files of a store: what it is, and how it was last closed.
//
// A store is a directory:
//
//   FORMAT   what wrote it; made once, last, so a directory without it is no store yet
//   LOCK     held by the process that has it open
//   CLEAN    there only while the store is closed and was closed cleanly
//   wal/     the log         blobs/   large values
//   tables/  sorted tables and their manifest (lsm/lsm_store.h)
//
//   FORMAT, 56 bytes                                   CLEAN, 32 bytes
//   +0   8  magic "SochFmt\x01"                        +0   8  magic "SochCln\x01"
//   +8   4  masked CRC-32C of the bytes behind         +8   4  masked CRC-32C of the bytes behind
//   +12  4  format version                             +12  4  format version
//   +16  8  compatible feature bits                    +16  8  LSN up to which the log was synced: its end
//   +24  8  incompatible feature bits                  +24  8  the greatest timestamp given out
//   +32  16 uuid of the database
//   +48  8  made at, milliseconds since the epoch
//
// Numbers are little-endian. Code that does not know a compatible feature may read and write the store all the same;
// an unknown incompatible one, or a newer version, is kFormatVersion.
//
// Thread safety: functions of their arguments.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/types.h"
#include "env/env.h"

namespace sochdb {

inline constexpr const char* kFormatFileName = "FORMAT";
inline constexpr const char* kCleanFileName = "CLEAN";
inline constexpr const char* kLockFileName = "LOCK";
inline constexpr const char* kWalDirName = "wal";
inline constexpr const char* kBlobDirName = "blobs";
inline constexpr const char* kTablesDirName = "tables";
inline constexpr const char* kDerivedDirName = "derived";  // what can be made again of the rest (sealed_file.h)

// 1: all data in the log. 2: tables too.
inline constexpr uint32_t kStoreFormatVersion = 2;
inline constexpr uint64_t kKnownIncompatibleFeatures = 0;

struct StoreFormat {
  uint32_t version = kStoreFormatVersion;
  uint64_t compatible_features = 0;
  uint64_t incompatible_features = 0;
  std::array<uint8_t, 16> uuid{};
  uint64_t made_at_ms = 0;
};

struct CleanMarker {
  Lsn synced_end_lsn = 0;
  Timestamp high_water_mark = 0;
};

// Of a store that is being made: with a random uuid.
StoreFormat NewStoreFormat(Env* env);
std::string EncodeStoreFormat(const StoreFormat& format);
// kCorruption, or kFormatVersion for a sound file of a newer version.
Status DecodeStoreFormat(const std::string& file, std::string_view bytes, StoreFormat* out);
std::string EncodeCleanMarker(const CleanMarker& marker);
Status DecodeCleanMarker(const std::string& file, std::string_view bytes, CleanMarker* out);

// Makes the directory a store (*made), or reads what store it is. kNotFound when it is none and must not be made.
Status OpenStoreFormat(Env* env, const std::string& path, bool create_if_missing, StoreFormat* out, bool* made);
// Marks a store of an earlier version as one of this version, which can do what earlier ones cannot undo.
Status UpgradeStoreFormat(Env* env, const std::string& path, StoreFormat* format);
// *found false after an unclean shutdown.
Status ReadCleanMarker(Env* env, const std::string& path, CleanMarker* out, bool* found);
Status WriteCleanMarker(Env* env, const std::string& path, const CleanMarker& marker);
// Durably, so that a crash from now on is recognised.
Status RemoveCleanMarker(Env* env, const std::string& path);

}  // namespace sochdb
