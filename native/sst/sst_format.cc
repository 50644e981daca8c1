#include "sst/sst_format.h"

#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace sochdb {

namespace {

// Over the payload with tag and raw size behind it, and what is not stored.
uint32_t BlockCrc(std::string_view payload_tag_size, uint64_t file_number, uint64_t offset) {
  char where[16];
  EncodeFixed64(where, file_number);
  EncodeFixed64(where + 8, offset);
  return MaskCrc(Crc32cExtend(Crc32c(payload_tag_size), {where, sizeof where}));
}

bool ExpandsTooMuch(uint64_t raw, uint64_t compressed) { return raw > compressed * kMaxExpansion + kExpansionSlack; }

// Whether `compressed` is worth keeping, and may be.
bool Keeps(size_t raw, size_t compressed) { return ShrinksEnough(raw, compressed) && !ExpandsTooMuch(raw, compressed); }

}  // namespace

std::string CrcText(uint32_t crc) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", crc);
  return text;
}

Status TableCorruption(const TableName& name, uint64_t offset, std::string_view what, std::string expected,
                       std::string actual) {
  return {Code::kCorruption,
          "Table " + name.path + " is damaged at offset " + std::to_string(offset) + ": " + std::string(what) + ".",
          {{"file", name.path},
           {"offset", std::to_string(offset)},
           {"expected", std::move(expected)},
           {"actual", std::move(actual)}}};
}

void TableFooter::EncodeTo(std::string* out) const {
  const size_t start = out->size();
  out->append(kTableMagic);
  PutFixed32(out, 0);
  PutFixed32(out, kTableFormatVersion);
  PutFixed64(out, file_number);
  PutFixed64(out, data_end);
  PutFixed32(out, filter_bytes);
  PutFixed32(out, index_bytes);
  PutFixed32(out, properties_bytes);
  PutFixed32(out, blocks);
  PutFixed64(out, file_bytes);
  PutFixed64(out, entries);
  SOCHDB_CHECK(out->size() - start == kTableFooterBytes);
  EncodeFixed32(out->data() + start + 8, MaskCrc(Crc32c(std::string_view(*out).substr(start + 12))));
}

Status DecodeTableFooter(const TableName& name, std::string_view bytes, uint64_t file_bytes, TableFooter* out) {
  SOCHDB_CHECK(bytes.size() == kTableFooterBytes && file_bytes >= kTableFooterBytes);
  const uint64_t offset = file_bytes - kTableFooterBytes;
  const char* at = bytes.data();
  if (bytes.substr(0, 8) != kTableMagic) {
    return TableCorruption(name, offset, "its last bytes are no footer of a table", "the magic of a table", "other bytes");
  }
  const uint32_t expected = DecodeFixed32(at + 8);
  const uint32_t actual = MaskCrc(Crc32c(bytes.substr(12)));
  if (expected != actual) {
    return TableCorruption(name, offset, "the footer's checksum is wrong", CrcText(expected), CrcText(actual));
  }
  const uint32_t version = DecodeFixed32(at + 12);
  if (version != kTableFormatVersion) {
    return Status(
        Code::kFormatVersion, "Table " + name.path + " was written by another version of the engine.",
        {{"file", name.path}, {"expected", std::to_string(kTableFormatVersion)}, {"actual", std::to_string(version)}});
  }
  *out = {.file_number = DecodeFixed64(at + 16),
          .data_end = DecodeFixed64(at + 24),
          .filter_bytes = DecodeFixed32(at + 32),
          .index_bytes = DecodeFixed32(at + 36),
          .properties_bytes = DecodeFixed32(at + 40),
          .blocks = DecodeFixed32(at + 44),
          .file_bytes = DecodeFixed64(at + 48),
          .entries = DecodeFixed64(at + 56)};
  if (out->file_number != name.number) {
    return TableCorruption(name, offset, "it is another table", "table " + std::to_string(name.number),
                           "table " + std::to_string(out->file_number));
  }
  if (out->file_bytes != file_bytes) {
    return TableCorruption(name, offset, "it has another length than it was written with",
                           std::to_string(out->file_bytes) + " bytes", std::to_string(file_bytes) + " bytes");
  }
  const uint64_t rest = uint64_t{out->filter_bytes} + out->index_bytes + out->properties_bytes;
  const bool filter_ok = out->filter_bytes == 0 || out->filter_bytes > kBlockTrailerBytes;
  if (out->data_end > offset || rest != offset - out->data_end || !filter_ok || out->index_bytes < kBlockTrailerBytes ||
      out->properties_bytes < kBlockTrailerBytes || out->blocks == 0 || out->data_end / kBlockTrailerBytes < out->blocks) {
    return TableCorruption(name, offset, "the parts that the footer names do not make up the file",
                           std::to_string(offset) + " bytes", std::to_string(out->data_end) + " + " + std::to_string(rest));
  }
  return {};
}

Status CompressBlock(std::string_view payload, CompressionType type, int level, std::string* scratch, StoredBlock* out) {
  if (payload.size() > kMaxBlockBytes) {
    return {Code::kLimit,
            "A block of a table would have " + std::to_string(payload.size()) + " bytes.",
            {{"limit", std::to_string(kMaxBlockBytes)}}};
  }
  CompressionType used = CompressionType::kNone;
  // What expands too much under ZSTD (long runs of one byte) does not under LZ4, by the nature of its format.
  for (const CompressionType attempt : {type, CompressionType::kLz4}) {
    if (type == CompressionType::kNone || used != CompressionType::kNone) break;
    scratch->clear();
    SOCHDB_TRY(Compress(attempt, level, payload, scratch));
    if (Keeps(payload.size(), scratch->size())) used = attempt;
    if (!ExpandsTooMuch(payload.size(), scratch->size())) break;
  }
  *out = {used == CompressionType::kNone ? payload : std::string_view(*scratch), used, static_cast<uint32_t>(payload.size())};
  return {};
}

void AppendBlock(uint64_t file_number, uint64_t offset, const StoredBlock& block, std::string* out) {
  const size_t start = out->size();
  out->append(block.bytes);
  PutByte(out, static_cast<uint8_t>(block.type));
  PutFixed32(out, block.raw_bytes);
  PutFixed32(out, BlockCrc(std::string_view(*out).substr(start), file_number, offset));
}

Status CheckBlock(const TableName& name, BlockHandle handle, const char* stored, BlockTrailer* out) {
  SOCHDB_CHECK(handle.stored >= kBlockTrailerBytes);
  const uint64_t payload = handle.stored - kBlockTrailerBytes;
  const auto tag = static_cast<uint8_t>(stored[payload]);
  out->type = static_cast<CompressionType>(tag);
  out->raw_bytes = DecodeFixed32(stored + payload + 1);
  out->expected_crc = DecodeFixed32(stored + payload + 5);
  out->actual_crc = BlockCrc({stored, static_cast<size_t>(payload) + 5}, name.number, handle.offset);
  if (!out->crc_ok()) {
    return TableCorruption(name, handle.offset, "a block's checksum is wrong", CrcText(out->expected_crc),
                           CrcText(out->actual_crc));
  }
  if (!IsCompressionType(tag)) {
    return TableCorruption(name, handle.offset, "a block is compressed in an unknown way", "tag 0 to 2", std::to_string(tag));
  }
  const bool sound = out->type == CompressionType::kNone
                         ? out->raw_bytes == payload
                         : out->raw_bytes <= kMaxBlockBytes && !ExpandsTooMuch(out->raw_bytes, payload);
  if (!sound) {
    return TableCorruption(name, handle.offset, "a block states an impossible size",
                           "what " + std::to_string(payload) + " stored bytes can hold",
                           std::to_string(out->raw_bytes) + " bytes");
  }
  return {};
}

Status ExpandBlock(const TableName& name, BlockHandle handle, const char* stored, const BlockTrailer& trailer, char* out) {
  const std::string_view payload(stored, static_cast<size_t>(handle.stored - kBlockTrailerBytes));
  Status status = Decompress(trailer.type, payload, out, trailer.raw_bytes);
  if (status.code() != Code::kCorruption) return status;
  return TableCorruption(name, handle.offset, "a block cannot be decompressed",
                         std::to_string(trailer.raw_bytes) + " bytes of " + std::string(CompressionName(trailer.type)),
                         "others");
}

}  // namespace sochdb
