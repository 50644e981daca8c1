// The bytes of the write-ahead log.
//
// The log is a sequence of segment files, NNNNNNNNNN.wal, numbered without gaps. A log sequence number (LSN) is a
// byte position in the log: the first byte of a segment has the LSN its header states, and the header's bytes count.
// Numbers are little-endian. A segment is a header of one sector, then records back to back:
//
//   segment header, 512 bytes                       record header, 40 bytes, then the payload
//   +0   8  magic "SochWal\x01"                     +0   4  masked CRC-32C of everything after it
//   +8   4  masked CRC-32C of bytes 12..511         +4   4  payload length
//   +12  4  format version                          +8   4  salt of the segment
//   +16  4  salt                                    +12  1  type
//   +20  4  salt of the segment before, 0: none     +13  1  how the transaction is compressed
//                                                   +14  2  zero
//   +24  8  segment number                          +16  8  LSN of this record
//   +32  8  start LSN                               +24  8  synced LSN: everything below was durable
//   +40  8  synced LSN when the header was written          when this record was written
//   +48  8  segment size limit                      +32  8  commit timestamp
//   +56  8  bytes of an earlier life in the file    +40     payload
//   +64     zeros to 512
//
// A record is valid when its length keeps within the file, its CRC is right, its salt is its segment's, its LSN is
// where it stands, and its type fits its predecessor's: a transaction is one `full` record, or `first`, any number of `middle`,
// and `last`, on through later segments if need be. A transaction exists once its last record does.
//
// Compression (CompressionType, the same in all records of a transaction, 0 in pads): the transaction's bytes, put together,
// are then a varint, the raw size, and the compressed payload.
//
// A group that was synced ends on a sector boundary: a `pad` record fills the sector. What is written later then never touches
// a sector that holds acknowledged data, so a torn sector cannot damage it.
//
// A segment ends where the next one's start LSN says. Bytes behind that are nothing: preallocated, or cut
// by a recovery, or of an earlier life: the file of a released segment is renamed and written again. The salt, random
// for each segment, and the LSN keep them from being taken for records. Until its new header is written, such a file has the
// header of its earlier life, with a lower number than its name: it is a spare, and no part of the log.
//
// Why, and what happens when a record is not valid: docs/internals/wal-format.md and wal_reader.h.
//
// Thread safety: functions of their arguments.

#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "base/types.h"
#include "codec/compression.h"

namespace sochdb {

inline constexpr std::string_view kWalExtension = "wal";
inline constexpr uint32_t kWalFormatVersion = 2;
inline constexpr uint32_t kOldestWalFormatVersion = 1;  // 2 added compression and earlier lives
inline constexpr size_t kWalSectorBytes = 512;
inline constexpr uint64_t WalSectorsDown(uint64_t bytes) { return bytes / kWalSectorBytes * kWalSectorBytes; }
inline constexpr size_t kWalSegmentHeaderBytes = kWalSectorBytes;
inline constexpr size_t kWalRecordHeaderBytes = 40;
// How long the file of a segment stays that ends at `bytes`: where no pad fits any more, the last sector is left whole. It may
// have been acknowledged, and cutting a file inside of a sector writes that sector again.
inline constexpr uint64_t WalFileBytes(uint64_t bytes, uint64_t segment_bytes) {
  return bytes + kWalRecordHeaderBytes > segment_bytes ? std::max(bytes, segment_bytes) : bytes;
}
inline constexpr uint64_t kMinWalSegmentBytes = 8 * 1024;
inline constexpr uint64_t kMaxWalSegmentBytes = 1024ull * 1024 * 1024;
inline constexpr uint64_t kMinWalRecordPayload = 512;
inline constexpr uint64_t kMaxWalRecordPayload = 16 * 1024 * 1024;          // a longer length is damage
inline constexpr uint64_t kMaxWalTransactionBytes = 1024ull * 1024 * 1024;  // of one transaction, put together

enum class WalRecordType : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4, kPad = 5 };

struct WalSegmentHeader {
  uint32_t salt = 0;
  uint32_t previous_salt = 0;
  uint64_t number = 0;
  Lsn start_lsn = 0;
  Lsn synced_lsn = 0;
  uint64_t segment_bytes = 0;
  uint64_t stale_bytes = 0;  // what the file held when this life began; 0 for a new file
};

struct WalRecordHeader {
  uint32_t length = 0;
  uint32_t salt = 0;
  WalRecordType type = WalRecordType::kFull;
  CompressionType compression = CompressionType::kNone;
  Lsn lsn = 0;
  Lsn synced_lsn = 0;
  Timestamp commit_ts = 0;
};

// Writes kWalSegmentHeaderBytes at `to`.
void EncodeWalSegmentHeader(const WalSegmentHeader& header, char* to);
// OK, kCorruption (details: expected, actual), or kFormatVersion for a header that is sound but newer than this code.
Status DecodeWalSegmentHeader(std::string_view bytes, WalSegmentHeader* out);

// Writes the header, and the CRC over it and the payload. REQUIRES: header.length bytes of payload stand at
// to + kWalRecordHeaderBytes.
void EncodeWalRecordHeader(const WalRecordHeader& header, char* to);

// What the CRC says, and what it should.
struct WalRecordCheck {
  uint32_t stored_crc = 0;
  uint32_t computed_crc = 0;
};
// Checks what a record alone can tell: CRC, type, reserved bytes. REQUIRES: `bytes` is the header and the whole payload.
bool DecodeWalRecord(std::string_view bytes, WalRecordHeader* out, WalRecordCheck* check);

// For looking whether a record could begin here, before its length is trusted. REQUIRES: kWalRecordHeaderBytes at `from`.
uint32_t PeekWalRecordLength(const char* from);
uint32_t PeekWalRecordSalt(const char* from);
Lsn PeekWalRecordLsn(const char* from);
// Whether type and reserved bytes are those of a record.
bool LooksLikeWalRecord(const char* from);

}  // namespace sochdb
