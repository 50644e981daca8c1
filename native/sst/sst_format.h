// The bytes of a table file: NNNNNNNNNN.sst, written once, front to back, and never changed.
//
//   data block 0 | data block 1 | … | filter (may be missing) | index | properties | footer
//
// Blocks stand back to back from offset 0. Numbers are little-endian. Every block has a trailer:
//
//   block, as it is stored                             footer, the last 64 bytes
//   +0     the payload, maybe compressed               +0   8  magic "SochSst\x01"
//   +n     1  compression tag (codec/compression.h)    +8   4  masked CRC-32C of bytes 12..63
//   +n+1   4  size before compression                  +12  4  format version
//   +n+5   4  masked CRC-32C of: the payload, tag,     +16  8  file number
//             size before compression, file number     +24  8  where the data blocks end, and the filter begins
//             (8 bytes), offset of the block (8)       +32  4  stored bytes of the filter block, trailer included; 0: none
//                                                      +36  4  of the index block
// What is hashed in but not stored, the file number   +40  4  of the properties block
// and the offset, makes a block that was written       +44  4  data blocks
// to the wrong place fail its checksum.                +48  8  bytes of the whole file
//                                                      +56  8  entries
//
// What is inside: data blocks in data_block.h, the filter in bloom_filter.h, the index in table_index.h, the properties in
// table_properties.h. Why: docs/internals/table-format.md.
//
// Compressed blocks expand to at most kMaxExpansion times their stored size (what the builder cannot keep within that it stores
// otherwise), so a reader never takes much more memory than the file's size justifies.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/compression.h"

namespace sochdb {

inline constexpr std::string_view kTableMagic("SochSst\x01", 8);
inline constexpr uint32_t kTableFormatVersion = 1;
inline constexpr size_t kTableFooterBytes = 64;
inline constexpr size_t kBlockTrailerBytes = 9;
inline constexpr uint64_t kMaxExpansion = 255;
inline constexpr uint64_t kExpansionSlack = 64;
inline constexpr uint64_t kMaxBlockBytes = kMaxCompressedRawBytes;  // of any block, before compression
inline constexpr uint64_t kMaxTableKeyBytes = 16 * 1024 * 1024 - 1;
inline constexpr uint64_t kMaxTableValueBytes = 64ull * 1024 * 1024;
inline constexpr uint32_t kMaxRestartInterval = 1024;

struct TableFooter {
  uint64_t file_number = 0;
  uint64_t data_end = 0;
  uint32_t filter_bytes = 0;
  uint32_t index_bytes = 0;
  uint32_t properties_bytes = 0;
  uint32_t blocks = 0;
  uint64_t file_bytes = 0;
  uint64_t entries = 0;

  void EncodeTo(std::string* out) const;
};

// Which file a block belongs to: what its checksum and its errors are about.
struct TableName {
  std::string path;
  uint64_t number = 0;
};

// Where a block stands. `stored` includes the trailer.
struct BlockHandle {
  uint64_t offset = 0;
  uint64_t stored = 0;
};

// kCorruption with file, offset, expected and actual.
Status TableCorruption(const TableName& name, uint64_t offset, std::string_view what, std::string expected, std::string actual);
std::string CrcText(uint32_t crc);

// REQUIRES: kTableFooterBytes bytes, the last of a file of `file_bytes`. kCorruption, or kFormatVersion for a footer that is
// sound but newer than this code. What it gives back adds up: handles lie inside the file, one behind the other.
Status DecodeTableFooter(const TableName& name, std::string_view bytes, uint64_t file_bytes, TableFooter* out);

// A block as it is stored, but for its trailer.
struct StoredBlock {
  std::string_view bytes;
  CompressionType type = CompressionType::kNone;
  uint32_t raw_bytes = 0;
};
// Compresses when that is asked for and pays: *out is the payload, or in `scratch`, which is overwritten. kLimit when the
// payload is larger than kMaxBlockBytes, and what the codec says.
Status CompressBlock(std::string_view payload, CompressionType type, int level, std::string* scratch, StoredBlock* out);
// Appends it with its trailer.
void AppendBlock(uint64_t file_number, uint64_t offset, const StoredBlock& block, std::string* out);

// What the trailer of a block says.
struct BlockTrailer {
  CompressionType type = CompressionType::kNone;
  uint32_t raw_bytes = 0;
  uint32_t expected_crc = 0;
  uint32_t actual_crc = 0;
  [[nodiscard]] bool crc_ok() const { return expected_crc == actual_crc; }
};
// REQUIRES: handle.stored >= kBlockTrailerBytes bytes at `stored`. Checks checksum, tag and sizes; fills *out in any case.
Status CheckBlock(const TableName& name, BlockHandle handle, const char* stored, BlockTrailer* out);
// Writes trailer.raw_bytes bytes. REQUIRES: CheckBlock was content.
Status ExpandBlock(const TableName& name, BlockHandle handle, const char* stored, const BlockTrailer& trailer, char* out);

}  // namespace sochdb
