// The small vocabulary that every layer of the engine shares.

#pragma once

#include <cstdint>
#include <limits>

namespace sochdb {

// Hybrid logical clock: 48 bits of milliseconds since the epoch, 16 bits of logical counter below.
// A commit's timestamp is the version of everything it wrote (base/hlc.h).
using Timestamp = uint64_t;
inline constexpr Timestamp kMaxTimestamp = std::numeric_limits<Timestamp>::max();
inline constexpr int kHlcLogicalBits = 16;
inline constexpr Timestamp HlcFromMillis(uint64_t millis) { return millis << kHlcLogicalBits; }
inline constexpr uint64_t HlcMillis(Timestamp ts) { return ts >> kHlcLogicalBits; }

// Log sequence number: a byte position in the log, monotonic for the life of the database.
using Lsn = uint64_t;

// Milliseconds since the epoch at which an entry expires; 0 is never.
using ExpiryMs = uint64_t;
inline constexpr ExpiryMs kNeverExpires = 0;

// Every data shape has a tree (column family) of its own under the one log. Numbers are on disk: never reuse one.
enum class TreeId : uint8_t {
  kKeys = 0,      // namespace id | user key
  kCatalog = 1,   // namespace id | kind | name
  kRows = 2,      // namespace id | table id | primary key
  kIndexes = 3,   // namespace id | table id | index id | columns | primary key
  kPostings = 4,  // namespace id | collection id | field id | term | document id
  kVectors = 5,   // namespace id | collection id | document id
  kNodes = 6,
  kEdgesOut = 7,
  kEdgesIn = 8,
  kTemporalEdges = 9,
  kServices = 10,
  kSequences = 11,  // counters that are assigned at commit
  kMetadata = 12,   // namespace id | collection id | field id | value | document id
  // Rows and indexes of tables under another index policy than `balanced`.
  kRowsWriteOptimized = 16,
  kRowsScanOptimized = 17,
  kRowsAppendOnly = 18,
  kIndexesWriteOptimized = 19,
  kIndexesScanOptimized = 20,
  kIndexesAppendOnly = 21,
};
inline constexpr int kTreeCount = 64;

enum class IsolationLevel : uint8_t { kSerializable = 0, kSnapshot = 1, kReadCommitted = 2 };
enum class SyncMode : uint8_t { kOff = 0, kNormal = 1, kFull = 2 };

// Limits on what a caller may hand in; passing one is a kInvalidArgument that names it.
inline constexpr uint64_t kMaxKeyBytes = 64 * 1024 + 4;  // the caller's 64 KiB behind a namespace id
inline constexpr uint64_t kMaxValueBytes = 512ull * 1024 * 1024;
inline constexpr uint64_t kBlobThresholdBytes = 1024 * 1024;  // larger values go to blob files
inline constexpr uint64_t kDefaultMaxTransactionBytes = 256ull * 1024 * 1024;

}  // namespace sochdb
