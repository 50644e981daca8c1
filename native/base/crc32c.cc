#include "base/crc32c.h"

#include <array>
#include <cstring>

#include "base/bytes.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#endif

namespace sochdb {
namespace {

using ExtendFn = uint32_t (*)(uint32_t, std::string_view);

// tables[k][b] is the CRC of byte b followed by k zero bytes: eight look-ups advance over eight bytes at once.
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = MakeTables();

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) uint32_t ExtendAccelerated(uint32_t crc, std::string_view data) {
  const char* at = data.data();
  size_t left = data.size();
  uint64_t wide = ~crc;
  for (; left >= 8; at += 8, left -= 8) wide = _mm_crc32_u64(wide, DecodeFixed64(at));
  auto narrow = static_cast<uint32_t>(wide);
  for (; left > 0; ++at, --left) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*at));
  return ~narrow;
}
bool HasInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }

#elif defined(__aarch64__)

#if defined(__clang__)
#define SOCHDB_TARGET_CRC __attribute__((target("crc")))
#else
#define SOCHDB_TARGET_CRC __attribute__((target("+crc")))
#endif
SOCHDB_TARGET_CRC uint32_t ExtendAccelerated(uint32_t crc, std::string_view data) {
  const char* at = data.data();
  size_t left = data.size();
  uint32_t state = ~crc;
  for (; left >= 8; at += 8, left -= 8) {
    const uint64_t word = DecodeFixed64(at);
    __asm__("crc32cx %w0, %w0, %x1" : "+r"(state) : "r"(word));
  }
  for (; left > 0; ++at, --left) {
    const uint32_t byte = static_cast<uint8_t>(*at);
    __asm__("crc32cb %w0, %w0, %w1" : "+r"(state) : "r"(byte));
  }
  return ~state;
}
bool HasInstruction() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif defined(__APPLE__)
  return true;
#else
  return false;
#endif
}

#else

uint32_t ExtendAccelerated(uint32_t crc, std::string_view data) { return Crc32cExtendPortable(crc, data); }
bool HasInstruction() { return false; }

#endif

ExtendFn Chosen() {
  static const ExtendFn chosen = HasInstruction() ? &ExtendAccelerated : &Crc32cExtendPortable;
  return chosen;
}

}  // namespace

uint32_t Crc32cExtend(uint32_t crc, std::string_view data) { return Chosen()(crc, data); }

uint32_t Crc32cExtendPortable(uint32_t crc, std::string_view data) {
  const char* at = data.data();
  size_t left = data.size();
  crc = ~crc;
  for (; left >= 8; at += 8, left -= 8) {
    const uint64_t word = DecodeFixed64(at) ^ crc;
    crc = 0;
    for (size_t byte = 0; byte < 8; ++byte) crc ^= kTables[7 - byte][(word >> (8 * byte)) & 0xff];
  }
  for (; left > 0; ++at, --left) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff];
  return ~crc;
}

bool Crc32cIsAccelerated() { return Chosen() == &ExtendAccelerated && HasInstruction(); }

}  // namespace sochdb
