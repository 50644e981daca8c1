// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78): the checksum of everything on disk.
//
// The processor's own instruction is used where it has one (SSE4.2, ARMv8 CRC), chosen once at run time; otherwise
// eight bytes at a time through tables. All give the same numbers: those of RFC 3720.
//
// Thread safety: any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sochdb {

// The checksum of what `crc` is the checksum of, followed by data.
uint32_t Crc32cExtend(uint32_t crc, std::string_view data);
inline uint32_t Crc32c(std::string_view data) { return Crc32cExtend(0, data); }

// A checksum stored beside the bytes it covers is stored masked: the CRC of bytes that contain their own CRC is a constant,
// and a run of zeros must not look like a valid empty record.
inline uint32_t MaskCrc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }
inline uint32_t UnmaskCrc(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

// The table version, for comparison in tests; and whether Crc32cExtend uses an instruction.
uint32_t Crc32cExtendPortable(uint32_t crc, std::string_view data);
bool Crc32cIsAccelerated();

}  // namespace sochdb
