#include "wal/wal_format.h"

#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace sochdb {
namespace {

constexpr std::string_view kWalMagic("SochWal\x01", 8);

std::string Hex(uint32_t v) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text.push_back(kDigits[(v >> shift) & 15]);
  return text;
}

}  // namespace

void EncodeWalSegmentHeader(const WalSegmentHeader& header, char* to) {
  std::memset(to, 0, kWalSegmentHeaderBytes);
  std::memcpy(to, kWalMagic.data(), kWalMagic.size());
  EncodeFixed32(to + 12, kWalFormatVersion);
  EncodeFixed32(to + 16, header.salt);
  EncodeFixed32(to + 20, header.previous_salt);
  EncodeFixed64(to + 24, header.number);
  EncodeFixed64(to + 32, header.start_lsn);
  EncodeFixed64(to + 40, header.synced_lsn);
  EncodeFixed64(to + 48, header.segment_bytes);
  EncodeFixed64(to + 56, header.stale_bytes);
  EncodeFixed32(to + 8, MaskCrc(Crc32c({to + 12, kWalSegmentHeaderBytes - 12})));
}

Status DecodeWalSegmentHeader(std::string_view bytes, WalSegmentHeader* out) {
  const auto damaged = [](std::string what, std::string expected, std::string actual) {
    return Status(Code::kCorruption, "A log segment's header is damaged: " + what + ".",
                  {{"expected", std::move(expected)}, {"actual", std::move(actual)}});
  };
  if (bytes.size() < kWalSegmentHeaderBytes) {
    return damaged("it is cut short", std::to_string(kWalSegmentHeaderBytes), std::to_string(bytes.size()));
  }
  const char* from = bytes.data();
  if (bytes.substr(0, kWalMagic.size()) != kWalMagic) return damaged("wrong magic", "SochWal", "another");
  const uint32_t stored = UnmaskCrc(DecodeFixed32(from + 8));
  const uint32_t computed = Crc32c({from + 12, kWalSegmentHeaderBytes - 12});
  if (stored != computed) return damaged("wrong checksum", Hex(stored), Hex(computed));
  const uint32_t version = DecodeFixed32(from + 12);
  if (version < kOldestWalFormatVersion || version > kWalFormatVersion) {
    return {Code::kFormatVersion, "The log was written in format " + std::to_string(version) + "; this version reads formats " +
                                      std::to_string(kOldestWalFormatVersion) + " to " + std::to_string(kWalFormatVersion) +
                                      "."};
  }
  out->salt = DecodeFixed32(from + 16);
  out->previous_salt = DecodeFixed32(from + 20);
  out->number = DecodeFixed64(from + 24);
  out->start_lsn = DecodeFixed64(from + 32);
  out->synced_lsn = DecodeFixed64(from + 40);
  out->segment_bytes = DecodeFixed64(from + 48);
  out->stale_bytes = DecodeFixed64(from + 56);
  if (out->segment_bytes > kMaxWalSegmentBytes || out->synced_lsn > out->start_lsn) {
    return damaged("its numbers cannot be", std::to_string(kMaxWalSegmentBytes), std::to_string(out->segment_bytes));
  }
  return {};
}

void EncodeWalRecordHeader(const WalRecordHeader& header, char* to) {
  EncodeFixed32(to + 4, header.length);
  EncodeFixed32(to + 8, header.salt);
  EncodeFixed32(to + 12, static_cast<uint32_t>(header.type) | static_cast<uint32_t>(header.compression) << 8);
  EncodeFixed64(to + 16, header.lsn);
  EncodeFixed64(to + 24, header.synced_lsn);
  EncodeFixed64(to + 32, header.commit_ts);
  EncodeFixed32(to, MaskCrc(Crc32c({to + 4, kWalRecordHeaderBytes - 4 + header.length})));
}

bool DecodeWalRecord(std::string_view bytes, WalRecordHeader* out, WalRecordCheck* check) {
  SOCHDB_DCHECK(bytes.size() >= kWalRecordHeaderBytes);
  const char* from = bytes.data();
  check->stored_crc = UnmaskCrc(DecodeFixed32(from));
  check->computed_crc = Crc32c(bytes.substr(4));
  if (check->stored_crc != check->computed_crc || !LooksLikeWalRecord(from)) return false;
  out->length = DecodeFixed32(from + 4);
  out->salt = DecodeFixed32(from + 8);
  out->type = static_cast<WalRecordType>(from[12]);
  out->compression = static_cast<CompressionType>(from[13]);
  out->lsn = DecodeFixed64(from + 16);
  out->synced_lsn = DecodeFixed64(from + 24);
  out->commit_ts = DecodeFixed64(from + 32);
  return out->length == bytes.size() - kWalRecordHeaderBytes && out->synced_lsn <= out->lsn;
}

uint32_t PeekWalRecordLength(const char* from) { return DecodeFixed32(from + 4); }
uint32_t PeekWalRecordSalt(const char* from) { return DecodeFixed32(from + 8); }
Lsn PeekWalRecordLsn(const char* from) { return DecodeFixed64(from + 16); }

bool LooksLikeWalRecord(const char* from) {
  const uint32_t bytes = DecodeFixed32(from + 12);
  const uint32_t type = bytes & 0xff;
  const uint32_t compression = bytes >> 8;
  if (compression != 0 && (compression > 0xff || !IsCompressionType(static_cast<uint8_t>(compression)))) return false;
  const bool may_compress = type < static_cast<uint32_t>(WalRecordType::kPad);
  return type >= static_cast<uint32_t>(WalRecordType::kFull) &&
         (may_compress || bytes == static_cast<uint32_t>(WalRecordType::kPad));
}

}  // namespace sochdb
