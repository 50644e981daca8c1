#include "index/vector/distance.h"

#include <bit>
#include <cstdint>
#include <initializer_list>

namespace sochdb {
namespace {

const DistanceKernels& Fastest() {
  for (const DistanceKernels* kernels : {Avx512Kernels(), Avx2Kernels(), NeonKernels()}) {
    if (kernels != nullptr) return *kernels;
  }
  return *ScalarKernels();
}

}  // namespace

const DistanceKernels& Kernels() {
  static const DistanceKernels& kernels = Fastest();
  return kernels;
}

bool AllFinite(const float* values, size_t length) {
  constexpr uint32_t kExponentBits = 0x7f800000u;
  uint32_t found = 0;
  for (size_t i = 0; i < length; ++i) {
    found |= static_cast<uint32_t>((std::bit_cast<uint32_t>(values[i]) & kExponentBits) == kExponentBits);
  }
  return found == 0;
}

}  // namespace sochdb
