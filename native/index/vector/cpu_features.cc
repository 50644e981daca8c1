#include "index/vector/cpu_features.h"

#if defined(__x86_64__)

#include <cpuid.h>

#include <cstdint>

namespace sochdb {
namespace {

struct Features {
  bool avx2 = false;
  bool avx512 = false;
  bool vnni = false;
};

uint64_t SavedRegisters() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

Features Detect() {
  constexpr uint64_t kYmmSaved = 0x6;   // SSE and AVX state
  constexpr uint64_t kZmmSaved = 0xe6;  // and masks, upper halves, upper sixteen
  constexpr uint32_t kAvx512Bits = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  Features features;
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) return features;
  const bool fma = (ecx & bit_FMA) != 0;
  const uint64_t saved = SavedRegisters();
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return features;
  features.avx2 = fma && (ebx & bit_AVX2) != 0 && (saved & kYmmSaved) == kYmmSaved;
  features.avx512 = features.avx2 && (ebx & kAvx512Bits) == kAvx512Bits && (saved & kZmmSaved) == kZmmSaved;
  features.vnni = features.avx512 && (ecx & bit_AVX512VNNI) != 0;
  return features;
}

const Features& Detected() {
  static const Features features = Detect();
  return features;
}

}  // namespace

bool CpuHasAvx2() { return Detected().avx2; }
bool CpuHasAvx512() { return Detected().avx512; }
bool CpuHasAvx512Vnni() { return Detected().vnni; }

}  // namespace sochdb

#else

namespace sochdb {
bool CpuHasAvx2() { return false; }
bool CpuHasAvx512() { return false; }
bool CpuHasAvx512Vnni() { return false; }
}  // namespace sochdb

#endif
